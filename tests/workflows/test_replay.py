"""Workflow code of today replays the histories of every release, whole ones and those half-way."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from runtime.version import VERSION
from tests.histories.record import read, recorded
from worker import WORKFLOWS, workflow_runner

RECORDED = recorded()

WHAT_TO_DO = (
    "This change to a workflow breaks runs in flight. Keep the old path behind workflow.patched(), "
    "or undo it. New histories are recorded with “make histories”, never to make this test pass."
)


def _name(file: Path) -> str:
    return file.name.split(".")[0]


def _history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(_name(file), read(file))


def _replayer() -> Replayer:
    return Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=workflow_runner(),
    )


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: f"{file.parent.name}/{_name(file)}")
async def test_a_recorded_run_replays(file: Path) -> None:
    result = await _replayer().replay_workflow(_history(file), raise_on_replay_failure=False)
    assert result.replay_failure is None, f"{WHAT_TO_DO}\n{result.replay_failure}"


def test_there_are_histories_of_every_workflow_of_this_version() -> None:
    names = {_name(file) for file in RECORDED if file.parent.name == VERSION}
    wanted = {"program", "cohort"}
    assert {f"{when}-{name}" for when in ("midway", "whole") for name in wanted} <= names
    assert {"shared-whole-program", "whole-afterwards", "whole-follow-up", "whole-opening"} <= names
    endings = {name for name in names if name.startswith("whole-pair-")}
    assert len(endings) >= 5, f"only {sorted(endings)}: run make histories"


async def test_a_run_that_did_something_else_does_not_replay() -> None:
    """Shows that the test above can fail."""
    file = next(file for file in RECORDED if _name(file) == "whole-pair-completed")
    text = read(file).replace("send_pair_moment", "send_something_else")
    history = WorkflowHistory.from_json(_name(file), text)
    result = await _replayer().replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is not None
    assert "send_something_else" in str(result.replay_failure)
