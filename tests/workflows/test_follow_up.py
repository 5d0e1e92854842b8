"""What is asked after a program, with time skipped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.signatures import ProgramMoment, ProgramMomentKind
from domain.ids import follow_up_workflow_id, program_workflow_id
from domain.journal import EventKind, JournalEvent
from domain.lifecycle import Stage as ProgramStage
from domain.sections import FollowUp
from tests.workflows.stage import PAIR_PLAN, Stage, on_stage, program_plan
from workflows.follow_up import FollowUpWorkflow
from workflows.messages import FollowUpInput, MatchesApproval, ProgramInput
from workflows.program import ProgramWorkflow

PROGRAM = "test"
TWICE = (FollowUp(after=91), FollowUp(survey="our_own", after=364, open=14))


def days(since: datetime, instant: datetime | None) -> float:
    assert instant is not None
    return round((instant - since) / timedelta(days=1), 1)


def asked(stage: Stage, since: datetime) -> list[tuple[str, str | None, str, float, float]]:
    """What was written: kind, survey and occasion; the day of it, and of the closing date."""
    return [
        (m.kind.value, m.survey, m.occasion, days(since, m.now), days(since, m.until))
        for m in stage.program_moments
        if m.survey is not None
    ]


def noted(stage: Stage, since: datetime) -> list[tuple[EventKind, dict[str, int | str], float]]:
    kinds = (EventKind.CHECK_IN_SENT, EventKind.FOLLOW_UP_CLOSED)
    found: list[JournalEvent] = [event for event in stage.events if event.kind in kinds]
    return [(event.kind, event.data, days(since, event.at)) for event in found]


async def follow_up(environment: WorkflowEnvironment, task_queue: str) -> datetime:
    """Carry out two follow-ups. Gives the instant from which their days count."""
    completed = await environment.get_current_time()
    await environment.client.execute_workflow(
        FollowUpWorkflow.run,
        FollowUpInput(
            program=PROGRAM,
            follow_ups=TWICE,
            completed_at=completed,
            day_seconds=PAIR_PLAN.day_seconds,
        ),
        id=follow_up_workflow_id(PROGRAM),
        task_queue=task_queue,
    )
    return completed


async def test_people_are_asked_reminded_once_and_then_it_is_closed(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with on_stage(time_skipping.client, task_queue, stage):
        completed = await follow_up(time_skipping, task_queue)
    assert asked(stage, completed) == [
        ("follow_up", "follow_up", "follow_up:after-91", 91, 112),
        ("follow_up_reminder", "follow_up", "follow_up:after-91", 96, 112),
        ("follow_up", "our_own", "our_own:after-364", 364, 378),
        ("follow_up_reminder", "our_own", "our_own:after-364", 369, 378),
    ]
    first = {"survey": "follow_up", "occasion": "follow_up:after-91"}
    second = {"survey": "our_own", "occasion": "our_own:after-364"}
    assert noted(stage, completed) == [
        (EventKind.CHECK_IN_SENT, {**first, "count": 1}, 91),
        (EventKind.FOLLOW_UP_CLOSED, first, 112),
        (EventKind.CHECK_IN_SENT, {**second, "count": 1}, 364),
        (EventKind.FOLLOW_UP_CLOSED, second, 378),
    ]
    assert len({event.id for event in stage.events}) == 4


async def test_what_can_not_go_yet_goes_at_its_time_and_who_is_asked_late_can_answer_as_long(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    tries: list[datetime] = []

    def a_mail_server_that_is_down(moment: ProgramMoment) -> None:
        if moment.kind is not ProgramMomentKind.FOLLOW_UP:
            return
        tries.append(moment.now)
        if len(tries) == 1:
            stage.later = [moment.now + timedelta(days=2)]
        elif len(tries) < 60:
            raise RuntimeError("The mail server takes nothing now.")

    stage.on_program_moment = a_mail_server_that_is_down
    async with on_stage(time_skipping.client, task_queue, stage):
        completed = await follow_up(time_skipping, task_queue)
    assert [days(completed, held.now) for held in stage.held_of_program] == [93]
    closed = [day for kind, _, day in noted(stage, completed) if kind is EventKind.FOLLOW_UP_CLOSED]
    assert closed[0] == 112
    assert 378 < closed[1] < 379


async def test_a_program_that_completes_has_them_and_does_not_wait_for_them(
    dev_server: WorkflowEnvironment, task_queue: str
) -> None:
    """On a real server, with days of a fiftieth of a second: the follow-up outlives its program."""
    stage = Stage(pairs=())
    name, day = f"test-{uuid4()}", timedelta(seconds=0.02)
    pair = PAIR_PLAN.model_copy(update={"day_seconds": day.total_seconds()})
    soon = (FollowUp(after=30, open=10),)
    ready, loop = asyncio.Event(), asyncio.get_running_loop()

    def look(moment: ProgramMoment) -> None:
        if moment.kind is ProgramMomentKind.MATCHES_READY:
            loop.call_soon_threadsafe(ready.set)

    stage.on_program_moment = look
    async with on_stage(dev_server.client, task_queue, stage):
        program = await dev_server.client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=name, plan=program_plan(datetime.now(UTC), pair, follow_ups=soon)),
            id=program_workflow_id(name),
            task_queue=task_queue,
        )
        await ready.wait()
        await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
        assert (await program.result()).stage is ProgramStage.COMPLETED
        assert EventKind.CHECK_IN_SENT not in stage.recorded
        after = dev_server.client.get_workflow_handle(follow_up_workflow_id(name))
        await after.result()
    (completed,) = (e.at for e in stage.events if e.kind is EventKind.PROGRAM_COMPLETED)
    first = next(m for m in stage.program_moments if m.kind is ProgramMomentKind.FOLLOW_UP)
    assert first.now - completed >= 30 * day
    assert stage.recorded[-2:] == [EventKind.CHECK_IN_SENT, EventKind.FOLLOW_UP_CLOSED]


async def test_a_program_that_is_cancelled_has_none(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with on_stage(time_skipping.client, task_queue, stage):
        starts = await time_skipping.get_current_time()
        program = await time_skipping.client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=PROGRAM, plan=program_plan(starts, follow_ups=TWICE)),
            id=program_workflow_id(PROGRAM),
            task_queue=task_queue,
        )
        await time_skipping.sleep(timedelta(days=15))
        await program.execute_update(ProgramWorkflow.cancel)
        assert (await program.result()).stage is ProgramStage.CANCELLED
        after = time_skipping.client.get_workflow_handle(follow_up_workflow_id(PROGRAM))
        with pytest.raises(RPCError) as unknown:
            await after.describe()
    assert unknown.value.status is RPCStatusCode.NOT_FOUND
