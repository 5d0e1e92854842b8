"""Encryption is switched on, and its key changed, while a program runs on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from google.protobuf.message import Message
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload, SearchAttributes
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from activities.signatures import PairMoment
from domain.deeds import Deed, DeedKind
from domain.ids import cohort_workflow_id, pair_workflow_id, program_workflow_id
from domain.lifecycle import PairState
from domain.lifecycle import Stage as ProgramStage
from domain.people import Role
from runtime.payload_codec import ENCODING, KEY_ID, data_converter
from runtime.payload_keys import key_id
from runtime.settings import Settings
from tests.payload_keys import A, B, text_of
from tests.workflows.stage import PAIR_PLAN, Stage, on_stage, program_plan
from worker import WORKFLOWS, workflow_runner
from workflows.messages import MatchesApproval, PairInput, ProgramInput
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHORT = PAIR_PLAN.model_copy(update={"day_seconds": 0.02, "introduction": 75, "ladders": ()})
"""Introduced for long enough to exchange the worker while nothing happens: a task that is handed to
one that goes is tried again by the server after ten seconds only."""

LONG = PAIR_PLAN.model_copy(update={"day_seconds": 60.0})


def with_keys(*keys: bytes) -> Settings:
    return Settings(payload_keys=tuple(SecretStr(text_of(key)) for key in keys))


def client_with(environment: WorkflowEnvironment, *keys: bytes) -> Client:
    config = environment.client.config()
    config["data_converter"] = data_converter(with_keys(*keys) if keys else Settings())
    return Client(**config)


@dataclass(frozen=True)
class Left:
    """What a program left in Temporal, as somebody without keys reads it."""

    name: str
    outcome: Any
    program: WorkflowHistory
    cohort: WorkflowHistory
    pair: WorkflowHistory

    @property
    def all(self) -> tuple[WorkflowHistory, ...]:
        return self.program, self.cohort, self.pair


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def left(dev_server: WorkflowEnvironment) -> Left:
    """Started without a key; the pairs introduced under A; the rest lived under B."""
    stage, name, queue = Stage(), f"secret-{uuid4().hex[:8]}", f"test-{uuid4()}"
    introduced, loop = asyncio.Event(), asyncio.get_running_loop()
    failed: list[str] = []

    def note(moment: PairMoment) -> None:
        if len(stage.moments) == len(stage.pairs):
            loop.call_soon_threadsafe(introduced.set)
        if len(stage.moments) > len(stage.pairs) and not failed:
            failed.append(moment.pair)
            raise ApplicationError(f"Pair {moment.pair} is not in the store.", type="Unknown")

    stage.on_pair_moment = note
    plain, a, b = client_with(dev_server), client_with(dev_server, A), client_with(dev_server, B, A)
    plan = program_plan(datetime.now(UTC), SHORT, repair=None)
    async with on_stage(plain, queue, stage):
        program = await plain.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=name, plan=plan.model_copy(update={"approval": 500})),
            id=program_workflow_id(name),
            task_queue=queue,
            static_summary=f"Program {name}",
        )
        while not (await program.query(ProgramWorkflow.view)).awaits_approval:
            await asyncio.sleep(0.02)
        await until_quiet(program)
    async with on_stage(a, queue, stage):
        handle = a.get_workflow_handle(program_workflow_id(name))
        await handle.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
        await introduced.wait()
        for pair in stage.pairs:
            await until_quiet(a.get_workflow_handle(pair_workflow_id(name, pair)))
        await until_quiet(a.get_workflow_handle(cohort_workflow_id(name, 1)))
        await until_quiet(handle)
    async with on_stage(b, queue, stage):
        handle = b.get_workflow_handle_for(ProgramWorkflow.run, program_workflow_id(name))
        outcome = await handle.result()

    async def history(workflow: str) -> WorkflowHistory:
        return await plain.get_workflow_handle(workflow).fetch_history()

    return Left(
        name=name,
        outcome=outcome,
        program=await history(program_workflow_id(name)),
        cohort=await history(cohort_workflow_id(name, 1)),
        pair=await history(pair_workflow_id(name, failed[0])),
    )


async def until_quiet(handle: WorkflowHandle[Any, Any]) -> None:
    """Wait until nothing but timers and others is waited for. Nothing announces it."""
    while True:
        found = (await handle.describe()).raw_description
        if not (found.pending_activities or found.HasField("pending_workflow_task")):
            return
        await asyncio.sleep(0.02)


def inside(message: Message) -> Iterator[Message]:
    """Every message in it. Search attributes are left out: the server reads them."""
    if isinstance(message, SearchAttributes):
        return
    yield message
    for _, value in message.ListFields():
        held = value.values() if isinstance(value, Mapping) else value
        several = held if isinstance(held, Iterable) and not isinstance(held, Message) else [held]
        for one in several:
            if isinstance(one, Message):
                yield from inside(one)


def payloads(events: list[HistoryEvent]) -> list[Payload]:
    return [one for event in events for one in inside(event) if isinstance(one, Payload)]


def names_a_patch(event: HistoryEvent) -> bool:
    """Whether the SDK itself wrote it, past the codec: which change of the code a run lives by."""
    return event.marker_recorded_event_attributes.marker_name == "core_patch"


def keys_of(history: WorkflowHistory) -> list[str]:
    """The keys that a history was sealed with in turn, “plain” where it was not."""
    named = [
        payload.metadata[KEY_ID].decode() if payload.metadata["encoding"] == ENCODING else "plain"
        for event in history.events
        for payload in payloads([event])
        if not names_a_patch(event)
    ]
    return [name for before, name in zip([None, *named], named, strict=False) if name != before]


async def test_a_program_outlives_a_start_of_encryption_and_a_change_of_keys(left: Left) -> None:
    assert left.outcome.stage is ProgramStage.COMPLETED
    assert left.outcome.pairs == {PairState.CLOSED: 2}
    assert keys_of(left.program) == ["plain", key_id(A), key_id(B)]
    assert keys_of(left.pair) == [key_id(A), key_id(B)]


async def test_what_was_written_with_a_key_shows_no_id_and_no_summary(left: Left) -> None:
    for history in (left.cohort, left.pair):
        found = payloads([event for event in history.events if not names_a_patch(event)])
        assert len(found) > 5
        for payload in found:
            assert payload.metadata["encoding"] == ENCODING
            assert not any(word in payload.data for word in (b"m-1", b"m-2", left.name.encode()))
    summaries = [event for event in left.pair.events if event.user_metadata.HasField("summary")]
    assert len(summaries) > 5


async def test_a_failure_tells_its_kind_and_no_id(left: Left) -> None:
    failures = [
        one for event in left.pair.events for one in inside(event) if isinstance(one, Failure)
    ]
    assert [failure.application_failure_info.type for failure in failures] == ["Unknown"]
    [failure] = failures
    assert failure.message == "Encoded failure"
    assert not failure.stack_trace


async def test_it_replays_with_both_keys_and_not_without_the_old_one(left: Left) -> None:
    def replayer(*keys: bytes) -> Replayer:
        return Replayer(
            workflows=WORKFLOWS,
            data_converter=data_converter(with_keys(*keys)),
            workflow_runner=workflow_runner(),
        )

    for history in left.all:
        await replayer(B, A).replay_workflow(history)
    gone = await replayer(B).replay_workflow(left.pair, raise_on_replay_failure=False)
    assert gone.replay_failure is not None


async def test_an_answer_that_a_worker_without_the_key_gets_is_not_lost(
    dev_server: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    program, pair = f"secret-{uuid4().hex[:8]}", "m-7"
    mute, a = client_with(dev_server), client_with(dev_server, A)
    async with on_stage(mute, task_queue, stage):
        handle = await mute.start_workflow(
            PairWorkflow.run,
            PairInput(program=program, cohort=1, pair=pair, plan=LONG),
            id=pair_workflow_id(program, pair),
            task_queue=task_queue,
            task_timeout=timedelta(seconds=1),
        )
        while not stage.moments:
            await asyncio.sleep(0.02)
        for role in (Role.MENTOR, Role.MENTEE):
            deed = Deed(kind=DeedKind.ACCEPTED, role=role, at=datetime.now(UTC))
            await a.get_workflow_handle(handle.id).signal(PairWorkflow.person_did, deed)
        told = await first_failed_task(handle)
        assert key_id(A) in told.message
        assert pair not in told.message
    async with on_stage(a, task_queue, stage):
        here = a.get_workflow_handle(handle.id)
        while await here.query("state", result_type=PairState) is PairState.INTRODUCED:
            await asyncio.sleep(0.05)
    await handle.terminate()


async def first_failed_task(handle: WorkflowHandle[Any, Any]) -> Failure:
    async with asyncio.timeout(20):
        async for event in handle.fetch_history_events(wait_new_event=True):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                return event.workflow_task_failed_event_attributes.failure
    raise AssertionError("it ended")
