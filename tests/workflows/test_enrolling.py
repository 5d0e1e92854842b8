"""What comes between the invitations and matching, with time skipped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from activities.signatures import ProgramMoment, ProgramMomentKind, Selected
from domain.ids import program_workflow_id
from domain.journal import EventKind
from tests.workflows.stage import Stage, on_stage, program_plan
from workflows.messages import MatchesApproval, ProgramInput, ProgramOutcome, ProgramView
from workflows.program import ProgramWorkflow

PROGRAM = "test"
K = ProgramMomentKind

Handle = WorkflowHandle[ProgramWorkflow, ProgramOutcome]
Start = Callable[..., Awaitable[Handle]]


@pytest.fixture
async def start(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> AsyncIterator[Start]:
    """Starts a program whose start date is now."""
    async with on_stage(time_skipping.client, task_queue, stage):

        async def begin(*, manager_approval: bool = False, selection: bool = False) -> Handle:
            now = await time_skipping.get_current_time()
            plan = program_plan(now, manager_approval=manager_approval, selection=selection)
            return await time_skipping.client.start_workflow(
                ProgramWorkflow.run,
                ProgramInput(program=PROGRAM, plan=plan),
                id=program_workflow_id(PROGRAM),
                task_queue=task_queue,
            )

        yield begin


async def until(
    environment: WorkflowEnvironment, program: Handle, reached: Callable[[ProgramView], bool]
) -> None:
    while not reached(await program.query(ProgramWorkflow.view)):
        await environment.sleep(timedelta(hours=12))


def days(stage: Stage, kind: ProgramMomentKind) -> list[int]:
    """On which days of the program something went out."""
    begun = stage.program_moments[0].now
    return [round((m.now - begun) / timedelta(days=1)) for m in moments(stage, kind)]


def moments(stage: Stage, kind: ProgramMomentKind) -> list[ProgramMoment]:
    return [moment for moment in stage.program_moments if moment.kind is kind]


def kinds(stage: Stage) -> list[ProgramMomentKind]:
    return [moment.kind for moment in stage.program_moments]


async def test_managers_are_asked_each_day_reminded_once_and_then_it_is_over(
    time_skipping: WorkflowEnvironment, start: Start, stage: Stage
) -> None:
    program = await start(manager_approval=True)
    await until(time_skipping, program, lambda view: view.awaits_approval)
    assert days(stage, K.APPROVAL_REQUEST) == list(range(1, 14))
    assert days(stage, K.APPROVAL_REQUEST_REMINDER) == [11]
    assert days(stage, K.INVITATION_REMINDER) == [7]
    assert days(stage, K.NOT_APPROVED) == [14]
    asked = moments(stage, K.APPROVAL_REQUEST)
    assert len({moment.occasion for moment in asked}) == len(asked)
    assert {moment.until for moment in asked} == {stage.program_moments[0].until}
    closed = stage.recorded.index(EventKind.ENROLMENT_CLOSED)
    assert closed < stage.recorded.index(EventKind.MATCHES_PROPOSED)


async def test_who_joins_late_is_asked_about_until_enrolment_is_closed_early(
    time_skipping: WorkflowEnvironment, start: Start, stage: Stage
) -> None:
    program = await start(manager_approval=True)
    await time_skipping.sleep(timedelta(days=2, hours=1))
    await program.execute_update(ProgramWorkflow.close_enrolment)
    await until(time_skipping, program, lambda view: view.awaits_approval)
    assert kinds(stage) == [
        K.INVITATION,
        K.APPROVAL_REQUEST,
        K.APPROVAL_REQUEST,
        K.NOT_APPROVED,
        K.MATCHES_READY,
    ]


async def test_matching_waits_for_the_selection_and_hr_is_reminded(
    time_skipping: WorkflowEnvironment, start: Start, stage: Stage
) -> None:
    program = await start(selection=True)
    await until(time_skipping, program, lambda view: view.awaits_selection)
    await time_skipping.sleep(timedelta(days=15))
    view = await program.query(ProgramWorkflow.view)
    assert view.awaits_selection
    assert not view.awaits_approval
    assert kinds(stage)[2:] == [K.SELECTION_READY, K.SELECTION_REMINDER, K.SELECTION_REMINDER]
    with pytest.raises(WorkflowUpdateFailedError):
        await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
    chosen = await program.execute_update(ProgramWorkflow.confirm_selection)
    assert chosen == stage.selected
    await until(time_skipping, program, lambda view: view.awaits_approval)
    assert kinds(stage)[5:] == [K.NOT_SELECTED, K.MATCHES_READY]
    (event,) = [e for e in stage.events if e.kind is EventKind.PEOPLE_SELECTED]
    assert event.data == {"selected": 4, "not_selected": 1}
    with pytest.raises(WorkflowUpdateFailedError) as late:
        await program.execute_update(ProgramWorkflow.confirm_selection)
    assert "No selection waits for you" in str(late.value.cause)


async def test_nobody_is_written_to_where_hr_chose_all(
    time_skipping: WorkflowEnvironment, start: Start, stage: Stage
) -> None:
    stage.selected = Selected(selected=5, not_selected=0)
    program = await start(manager_approval=True, selection=True)
    await until(time_skipping, program, lambda view: view.awaits_selection)
    await program.execute_update(ProgramWorkflow.confirm_selection)
    await until(time_skipping, program, lambda view: view.awaits_approval)
    assert kinds(stage)[-3:] == [K.NOT_APPROVED, K.SELECTION_READY, K.MATCHES_READY]


async def test_a_paused_program_takes_no_selection_and_a_cancelled_one_waits_for_none(
    time_skipping: WorkflowEnvironment, start: Start, stage: Stage
) -> None:
    program = await start(selection=True)
    await until(time_skipping, program, lambda view: view.awaits_selection)
    await program.execute_update(ProgramWorkflow.pause)
    await time_skipping.sleep(timedelta(days=30))
    assert K.SELECTION_REMINDER not in kinds(stage)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await program.execute_update(ProgramWorkflow.confirm_selection)
    assert "The program is paused. Resume it first." in str(refused.value.cause)
    await program.execute_update(ProgramWorkflow.cancel)
    await program.result()
    assert kinds(stage)[-1] is K.FAREWELL_CANCELLED
    assert not (await program.query(ProgramWorkflow.view)).awaits_selection


async def test_a_program_that_asks_for_neither_goes_on_as_before(
    time_skipping: WorkflowEnvironment, start: Start, stage: Stage
) -> None:
    program = await start()
    await until(time_skipping, program, lambda view: view.awaits_approval)
    assert kinds(stage) == [K.INVITATION, K.INVITATION_REMINDER, K.MATCHES_READY]
    assert EventKind.ENROLMENT_CLOSED not in stage.recorded
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await program.execute_update(ProgramWorkflow.confirm_selection)
    assert "No selection waits for you" in str(refused.value.cause)
