"""Orders to a workflow that can't take them yet."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
import typer
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from console.session import order
from console.stores import told


class Recovering:
    """A workflow that takes no orders until its worker is itself again."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.asked: list[str] = []
        self.handle = cast("WorkflowHandle[Any, Any]", self)

    async def execute_update(self, _name: str, *, id: str, **_: object) -> str:  # noqa: A002 - the SDK's name
        self.asked.append(id)
        if len(self.asked) <= self.refusals:
            reason = (
                "Unable to perform workflow execution update due to Workflow Task in failed state."
            )
            raise RPCError(reason, RPCStatusCode.FAILED_PRECONDITION, b"")
        return "done"


def test_an_order_is_given_again_to_a_workflow_that_recovers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("console.session.ASK_AGAIN_SECONDS", 0)
    workflow = Recovering(refusals=3)
    assert asyncio.run(order(workflow.handle, "rematch")) == "done"
    assert len(workflow.asked) == 4
    assert len(set(workflow.asked)) == 1, "the same order, so that it is carried out once"


def test_an_order_that_nobody_takes_ends_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("console.session.ASK_AGAIN_SECONDS", 0)
    monkeypatch.setattr("console.session.ANSWER_SECONDS", 0.05)
    workflow = Recovering(refusals=10**9)
    with pytest.raises(typer.Exit), told():
        asyncio.run(order(workflow.handle, "rematch"))
    assert "The worker has not answered" in capsys.readouterr().err
