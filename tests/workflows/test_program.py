"""The program's workflow over months, with time skipped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from activities.signatures import ProgramMoment, ProgramMomentKind
from domain.ids import pair_workflow_id, program_workflow_id
from domain.journal import EventKind
from domain.lifecycle import PairState
from domain.lifecycle import Stage as ProgramStage
from tests.workflows.stage import Stage, on_stage, program_plan
from workflows.messages import EditMatches, MatchesApproval, ProgramInput, ProgramOutcome
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow

PROGRAM = "test"

Handle = WorkflowHandle[ProgramWorkflow, ProgramOutcome]


@pytest.fixture
async def program(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> AsyncIterator[Handle]:
    """A program whose start date is in three days."""
    async with on_stage(time_skipping.client, task_queue, stage):
        starts = await time_skipping.get_current_time() + timedelta(days=3)
        yield await time_skipping.client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=PROGRAM, plan=program_plan(starts)),
            id=program_workflow_id(PROGRAM),
            task_queue=task_queue,
        )


async def until_proposed(environment: WorkflowEnvironment, program: Handle) -> None:
    """Skip time until HR is asked to approve."""
    while not (await program.query(ProgramWorkflow.view)).awaits_approval:
        await environment.sleep(timedelta(days=1))


def stages(stage: Stage) -> list[str]:
    return [
        str(event.data["stage"]) for event in stage.events if event.kind is EventKind.STAGE_ENTERED
    ]


def kinds(stage: Stage) -> list[ProgramMomentKind]:
    return [moment.kind for moment in stage.program_moments]


async def test_a_program_walks_through_its_stages_to_the_report(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    await until_proposed(time_skipping, program)
    approved = await program.execute_update(
        ProgramWorkflow.approve_matches, MatchesApproval(number=1)
    )
    assert approved == 2
    outcome = await program.result()
    assert outcome.stage is ProgramStage.COMPLETED
    assert outcome.pairs == {PairState.CLOSED: 2}  # nobody answers on this stage
    assert stages(stage) == [
        "definition",
        "matching",
        "preparation",
        "meetings",
        "evaluation",
        "completed",
    ]
    assert kinds(stage) == [
        ProgramMomentKind.INVITATION,
        ProgramMomentKind.INVITATION_REMINDER,
        ProgramMomentKind.MATCHES_READY,
        ProgramMomentKind.NOT_MATCHED,
        ProgramMomentKind.REPORT_READY,
    ]


async def test_invitations_go_out_on_the_start_date_and_not_before(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    await time_skipping.sleep(timedelta(days=2))
    assert kinds(stage) == []
    await time_skipping.sleep(timedelta(days=2))
    assert kinds(stage) == [ProgramMomentKind.INVITATION]
    closes = stage.program_moments[0].until
    assert closes is not None
    assert (closes - stage.program_moments[0].now).days == 14


async def test_hr_is_reminded_of_matches_until_they_are_approved(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    await until_proposed(time_skipping, program)
    await time_skipping.sleep(timedelta(days=15))
    assert kinds(stage).count(ProgramMomentKind.MATCHES_REMINDER) == 2


async def test_only_the_newest_proposal_can_be_approved(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    with pytest.raises(WorkflowUpdateFailedError) as early:
        await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
    assert "No matches wait for approval" in str(early.value.cause)
    await until_proposed(time_skipping, program)
    edited = await program.execute_update(
        ProgramWorkflow.edit_matches, EditMatches(draft="e-1", number=1)
    )
    assert (edited.number, edited.applied, edited.refused) == (2, 1, 1)
    with pytest.raises(WorkflowUpdateFailedError) as stale:
        await program.execute_update(
            ProgramWorkflow.edit_matches, EditMatches(draft="e-2", number=1)
        )
    assert "The proposal is number 2 now, not 1." in str(stale.value.cause)
    with pytest.raises(WorkflowUpdateFailedError) as old:
        await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
    assert "The proposal is number 2 now, not 1." in str(old.value.cause)
    assert await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=2))


async def test_enrolment_can_be_closed_early(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    await time_skipping.sleep(timedelta(days=4))
    await program.execute_update(ProgramWorkflow.close_enrolment)
    await time_skipping.sleep(timedelta(minutes=1))
    assert (await program.query(ProgramWorkflow.view)).awaits_approval
    assert ProgramMomentKind.INVITATION_REMINDER not in kinds(stage)


async def test_a_pause_makes_every_deadline_later_by_its_length(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    await time_skipping.sleep(timedelta(days=4))
    before = (await program.query(ProgramWorkflow.view)).stage_ends
    await program.execute_update(ProgramWorkflow.pause)
    await time_skipping.sleep(timedelta(days=60))
    assert kinds(stage) == [ProgramMomentKind.INVITATION]
    await program.execute_update(ProgramWorkflow.resume)
    after = (await program.query(ProgramWorkflow.view)).stage_ends
    assert before is not None
    assert after is not None
    assert (after - before).days == 60
    await until_proposed(time_skipping, program)
    now = await time_skipping.get_current_time()
    assert abs(now - after) < timedelta(days=1, hours=1)


async def test_a_pause_reaches_every_pair(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    await until_proposed(time_skipping, program)
    await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
    await time_skipping.sleep(timedelta(days=1))
    await program.execute_update(ProgramWorkflow.pause)
    await time_skipping.sleep(timedelta(days=30))
    pairs = [
        time_skipping.client.get_workflow_handle(pair_workflow_id(PROGRAM, pair))
        for pair in stage.pairs
    ]
    states = await asyncio.gather(*(pair.query(PairWorkflow.state) for pair in pairs))
    assert list(states) == [PairState.PAUSED] * 2
    assert stage.kinds == ["introduction"] * 2
    assert (await program.query(ProgramWorkflow.view)).stage is ProgramStage.PREPARATION
    await program.execute_update(ProgramWorkflow.resume)
    await time_skipping.sleep(timedelta(minutes=1))
    states = await asyncio.gather(*(pair.query(PairWorkflow.state) for pair in pairs))
    assert list(states) == [PairState.INTRODUCED] * 2
    assert (await program.query(ProgramWorkflow.view)).stage is ProgramStage.PREPARATION


async def test_a_pause_before_the_introductions_holds_them_back(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    loop = asyncio.get_running_loop()

    def pause_after_forming(moment: ProgramMoment) -> None:
        if moment.kind is ProgramMomentKind.NOT_MATCHED:
            update = program.execute_update(ProgramWorkflow.pause)
            asyncio.run_coroutine_threadsafe(update, loop).result()

    stage.on_program_moment = pause_after_forming
    await until_proposed(time_skipping, program)
    await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
    await time_skipping.sleep(timedelta(days=30))
    assert stage.kinds == []
    await program.execute_update(ProgramWorkflow.resume)
    await time_skipping.sleep(timedelta(minutes=1))
    assert stage.kinds == ["introduction"] * 2


async def test_cancelling_ends_every_pair_kindly(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    await until_proposed(time_skipping, program)
    await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
    await time_skipping.sleep(timedelta(days=10))
    await program.execute_update(ProgramWorkflow.cancel)
    outcome = await program.result()
    assert outcome.stage is ProgramStage.CANCELLED
    assert outcome.pairs == {PairState.CANCELLED: 2}
    assert stage.kinds[-2:] == ["farewell", "farewell"]
    assert kinds(stage)[-1] is ProgramMomentKind.FAREWELL_CANCELLED
    assert EventKind.PROGRAM_CANCELLED in stage.recorded


async def test_a_program_can_be_cancelled_before_it_begins(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    await time_skipping.sleep(timedelta(days=1))
    await program.execute_update(ProgramWorkflow.cancel)
    await program.result()
    assert kinds(stage) == []  # nobody was told of it, so nobody is told that it ends
    view = await program.query(ProgramWorkflow.view)
    assert view.stage is ProgramStage.CANCELLED


async def test_what_had_to_be_held_goes_out_at_its_time_until_nothing_is_held(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    starts = (await program.query(ProgramWorkflow.view)).stage_ends
    assert starts is not None
    monday, tuesday = starts + timedelta(days=2), starts + timedelta(days=3)
    stage.later = [monday, tuesday, None]
    await until_proposed(time_skipping, program)
    assert [held.now - starts for held in stage.held_of_program] == [
        pytest.approx(timedelta(days=2), abs=timedelta(seconds=5)),
        pytest.approx(timedelta(days=3), abs=timedelta(seconds=5)),
    ]
    assert kinds(stage)[:2] == [
        ProgramMomentKind.INVITATION,
        ProgramMomentKind.INVITATION_REMINDER,
    ]


async def test_what_is_held_waits_for_the_end_of_a_pause(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage
) -> None:
    starts = (await program.query(ProgramWorkflow.view)).stage_ends
    assert starts is not None
    stage.later = [starts + timedelta(days=2)]
    await time_skipping.sleep(timedelta(days=4))
    await program.execute_update(ProgramWorkflow.pause)
    await time_skipping.sleep(timedelta(days=10))
    assert stage.held_of_program == []
    await program.execute_update(ProgramWorkflow.resume)
    await time_skipping.sleep(timedelta(minutes=1))
    assert len(stage.held_of_program) == 1


@pytest.mark.parametrize(("held_for", "sent"), [(timedelta(days=3), 1), (timedelta(days=300), 0)])
async def test_a_program_that_is_over_waits_for_its_last_mails_but_not_for_ever(
    time_skipping: WorkflowEnvironment,
    program: Handle,
    stage: Stage,
    held_for: timedelta,
    sent: int,
) -> None:
    def hold_the_farewell(moment: ProgramMoment) -> None:
        if moment.kind is ProgramMomentKind.FAREWELL_CANCELLED:
            stage.later = [moment.now + held_for]

    stage.on_program_moment = hold_the_farewell
    await time_skipping.sleep(timedelta(days=5))
    cancelled = await time_skipping.get_current_time()
    await program.execute_update(ProgramWorkflow.pause)
    await program.execute_update(ProgramWorkflow.cancel)
    assert (await program.result()).stage is ProgramStage.CANCELLED
    assert len(stage.held_of_program) == sent
    closed = (await program.describe()).close_time
    assert closed is not None
    assert timedelta(days=2) < closed - cancelled < timedelta(days=15)


async def test_resuming_what_is_not_paused_is_refused(
    time_skipping: WorkflowEnvironment, program: Handle
) -> None:
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await program.execute_update(ProgramWorkflow.resume)
    assert "The program is not paused." in str(refused.value.cause)


@pytest.mark.parametrize("pairs", [()])
async def test_a_program_without_a_pair_still_comes_to_its_report(
    time_skipping: WorkflowEnvironment, program: Handle, stage: Stage, pairs: tuple[str, ...]
) -> None:
    stage.pairs = pairs
    await until_proposed(time_skipping, program)
    await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
    assert (await program.result()).stage is ProgramStage.COMPLETED
