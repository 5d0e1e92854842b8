"""Personal data is deleted by a timer that lasts for months, with time skipped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.signatures import DeletedSome, ProgramRef
from domain.ids import program_workflow_id, retention_workflow_id
from domain.journal import EventKind
from domain.lifecycle import Stage as ProgramStage
from domain.retention import NOTICE, Term
from tests.workflows.stage import PAIR_PLAN, Stage, on_stage, program_plan
from workflows.messages import HoldSwitched, ProgramInput, RetentionInput, RetentionOutcome
from workflows.program import ProgramWorkflow
from workflows.retention import RetentionWorkflow

PROGRAM = "test"
KEEP = timedelta(days=400)
DAY = timedelta(days=1)

Handle = WorkflowHandle[RetentionWorkflow, RetentionOutcome]


class Kept:
    """What the store says, and what becomes of it."""

    def __init__(self, stage: Stage, ends: datetime, day: timedelta = DAY) -> None:
        self.stage = stage
        self.day_seconds = day.total_seconds()
        self.held = False
        self.looks = 0
        self.lifted_at: datetime | None = None
        self.deleted = False
        self.ends = ends
        stage.term = self.term
        stage.deletes = self.delete

    def term(self, _program: ProgramRef) -> Term:
        self.looks += 1
        return Term(
            ends=self.ends,
            day_seconds=self.day_seconds,
            held=self.held,
            lifted_at=self.lifted_at,
            deleted=self.deleted,
        )

    def delete(self, _program: ProgramRef) -> DeletedSome:
        if self.held:
            return DeletedSome(more=True, held=True)
        self.deleted = len(self.stage.deletions) > 1  # the first leaves some
        return DeletedSome(more=not self.deleted)

    async def switch(self, handle: Handle, now: datetime, *, held: bool) -> None:
        """As the command does: first in the store, then by a signal."""
        self.held = held
        if not held:
            self.lifted_at = now
        await handle.signal(RetentionWorkflow.hold_switched, HoldSwitched(held=held))

    @property
    def told(self) -> list[tuple[str, datetime]]:
        return [(moment.kind.value, moment.now) for moment in self.stage.program_moments]


async def start(environment: WorkflowEnvironment, task_queue: str) -> Handle:
    return await environment.client.start_workflow(
        RetentionWorkflow.run,
        RetentionInput(program=PROGRAM),
        id=retention_workflow_id(PROGRAM),
        task_queue=task_queue,
    )


def rounded(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


async def test_it_is_told_a_week_before_and_deleted_when_the_time_is_over(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    kept = Kept(stage, ends := await time_skipping.get_current_time() + KEEP)
    async with on_stage(time_skipping.client, task_queue, stage):
        handle = await start(time_skipping, task_queue)
        assert await handle.result() == RetentionOutcome(deleted=True)
    (ahead, said_when), (deleted, when) = kept.told
    assert (ahead, deleted) == ("deletion_ahead", "data_deleted")
    assert timedelta(0) <= said_when - (ends - NOTICE * DAY) < timedelta(minutes=1)
    assert [timedelta(0) <= one.now - ends < timedelta(minutes=1) for one in stage.deletions] == [
        True,
        True,
    ]
    assert when >= ends
    told_until = stage.program_moments[0].until
    assert told_until is not None
    assert timedelta(0) <= told_until - ends < timedelta(minutes=1)
    assert stage.recorded == [EventKind.RETENTION_STARTED]
    assert stage.events[0].data == {"until": ends.isoformat(timespec="seconds")}


async def test_while_it_is_on_hold_nothing_is_deleted_and_once_it_is_lifted_all_is(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    kept = Kept(stage, await time_skipping.get_current_time() + KEEP)
    async with on_stage(time_skipping.client, task_queue, stage):
        handle = await start(time_skipping, task_queue)
        await time_skipping.sleep(10 * DAY)
        await kept.switch(handle, await time_skipping.get_current_time(), held=True)
        await time_skipping.sleep(2 * KEEP)
        assert kept.told == []
        assert stage.deletions == []
        assert kept.looks == 2  # when it began, and when the hold was set
        lifted = await time_skipping.get_current_time()
        await kept.switch(handle, lifted, held=False)
        assert (await handle.result()).deleted
    assert [kind for kind, _ in kept.told] == ["data_deleted"]
    assert stage.deletions[0].now - lifted < DAY


async def test_a_hold_of_which_no_signal_tells_counts_all_the_same(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    kept = Kept(stage, await time_skipping.get_current_time() + KEEP)
    async with on_stage(time_skipping.client, task_queue, stage):
        handle = await start(time_skipping, task_queue)
        await time_skipping.sleep(KEEP - DAY)
        kept.held = True
        await time_skipping.sleep(KEEP)
        assert [kind for kind, _ in kept.told] == ["deletion_ahead"]
        assert not kept.deleted
        await kept.switch(handle, await time_skipping.get_current_time(), held=False)
        assert (await handle.result()).deleted


async def test_a_hold_that_comes_during_a_deletion_keeps_what_is_left(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    kept = Kept(stage, await time_skipping.get_current_time() + KEEP)

    def hold_after_some(program: ProgramRef) -> DeletedSome:
        done = kept.delete(program)
        kept.held = True
        return done

    stage.deletes = hold_after_some
    async with on_stage(time_skipping.client, task_queue, stage):
        handle = await start(time_skipping, task_queue)
        await time_skipping.sleep(2 * KEEP)
        assert len(stage.deletions) == 2
        assert not kept.deleted
        assert [kind for kind, _ in kept.told] == ["deletion_ahead"]
        stage.deletes = kept.delete
        await kept.switch(handle, await time_skipping.get_current_time(), held=False)
        assert (await handle.result()).deleted


async def test_one_that_is_started_too_late_gives_hr_its_week(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    now = await time_skipping.get_current_time()
    kept = Kept(stage, now - KEEP)
    async with on_stage(time_skipping.client, task_queue, stage):
        handle = await start(time_skipping, task_queue)
        await handle.result()
    assert rounded(kept.told[0][1]) - rounded(now) < DAY
    assert stage.deletions[0].now - kept.told[0][1] >= NOTICE * DAY


@pytest.mark.parametrize("deleted", [True, False])
async def test_where_nothing_is_to_be_deleted_it_ends(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage, deleted: bool
) -> None:
    if deleted:
        Kept(stage, await time_skipping.get_current_time()).deleted = True
    async with on_stage(time_skipping.client, task_queue, stage):
        handle = await start(time_skipping, task_queue)
        assert (await handle.result()).deleted is deleted
    assert stage.events == []
    assert stage.deletions == []


async def test_a_program_that_ends_has_its_data_deleted_though_it_was_cancelled(
    dev_server: WorkflowEnvironment, task_queue: str
) -> None:
    """On a real server, with days of a hundredth of a second: it outlives its program."""
    stage, name, day = Stage(), f"test-{uuid4()}", timedelta(seconds=0.01)
    pair = PAIR_PLAN.model_copy(update={"day_seconds": day.total_seconds()})
    kept = Kept(stage, datetime.now(UTC) + 50 * day, day)
    async with on_stage(dev_server.client, task_queue, stage):
        program = await dev_server.client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=name, plan=program_plan(datetime.now(UTC) + KEEP, pair)),
            id=program_workflow_id(name),
            task_queue=task_queue,
        )
        await program.execute_update(ProgramWorkflow.cancel)
        assert (await program.result()).stage is ProgramStage.CANCELLED
        handle: Handle = dev_server.client.get_workflow_handle_for(
            RetentionWorkflow.run, retention_workflow_id(name)
        )
        assert (await handle.result()).deleted
    assert [kind for kind, _ in kept.told] == ["deletion_ahead", "data_deleted"]
    assert stage.deletions[0].now >= kept.ends


async def test_a_program_goes_on_where_somebody_started_it_before(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with on_stage(time_skipping.client, task_queue, stage):
        starts = await time_skipping.get_current_time()
        Kept(stage, starts + KEEP)
        await start(time_skipping, task_queue)
        program = await time_skipping.client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=PROGRAM, plan=program_plan(starts + DAY)),
            id=program_workflow_id(PROGRAM),
            task_queue=task_queue,
        )
        await program.execute_update(ProgramWorkflow.cancel)
        assert (await program.result()).stage is ProgramStage.CANCELLED
    assert stage.recorded.count(EventKind.RETENTION_STARTED) == 1
