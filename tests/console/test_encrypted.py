"""Commands where what Temporal holds is encrypted."""

from __future__ import annotations

import dataclasses

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.ids import program_workflow_id
from domain.lifecycle import Stage
from runtime.payload_codec import ENCODING
from runtime.payload_keys import key_id
from runtime.settings import load_settings
from runtime.temporal import connect
from tests.console.conftest import PEOPLE
from tests.console.test_with_server import Office, office, typed
from tests.payload_keys import A, text_of

__all__ = ["office"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_program_is_steered_with_the_key_and_not_without(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = office.environment.client
    monkeypatch.setenv("PAYLOAD_KEYS", text_of(A))
    client = await connect(load_settings())
    with_key = dataclasses.replace(office, environment=WorkflowEnvironment.from_client(client))
    async with with_key.worker():
        assert (await typed("start", office.definition, PEOPLE)).code == 0
        await with_key.until(lambda view: view.stage is Stage.MATCHING)
        assert (await typed("pause", office.program)).code == 0
        refused = await typed("pause", office.program)
        assert "paused" in refused.err  # the workflow's reason, which was sealed
        history = await plain.get_workflow_handle(
            program_workflow_id(office.program)
        ).fetch_history()
        given = history.events[0].workflow_execution_started_event_attributes.input
        assert [payload.metadata["encoding"] for payload in given.payloads] == [ENCODING]

        monkeypatch.delenv("PAYLOAD_KEYS")
        without = await typed("resume", office.program)
        assert (without.code, without.out) == (2, "")
        assert f"encrypted with a key that is missing here: {key_id(A)}" in without.err
