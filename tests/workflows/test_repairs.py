"""New partners for who loses theirs, over months, with time skipped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from activities.signatures import BrokenPairs, ProgramMomentKind
from domain.deeds import Deed, DeedKind
from domain.ids import pair_workflow_id, program_workflow_id
from domain.journal import EventKind
from domain.lifecycle import PairState
from domain.lifecycle import Stage as ProgramStage
from domain.pair import EndReason
from domain.pair_orders import Order
from domain.people import Role
from domain.plan import PairPlan, RepairPlan
from tests.workflows.stage import PAIR_PLAN, REPAIR, Stage, on_stage, program_plan
from workflows.messages import EditMatches, HrOrder, MatchesApproval, ProgramInput, ProgramOutcome
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow

PROGRAM = "test"

Handle = WorkflowHandle[ProgramWorkflow, ProgramOutcome]


class Running:
    """A program whose two pairs were introduced just now."""

    def __init__(self, environment: WorkflowEnvironment, handle: Handle, stage: Stage) -> None:
        self.environment = environment
        self.handle = handle
        self.stage = stage

    async def days(self, days: float) -> None:
        await self.environment.sleep(timedelta(days=days))

    async def deed(self, pair: str, kind: DeedKind) -> None:
        """The mentor of a pair does something."""
        now = await self.environment.get_current_time()
        deed = Deed(kind=kind, role=Role.MENTOR, at=now)
        await self.pair(pair).signal(PairWorkflow.person_did, deed)

    def pair(self, pair: str) -> WorkflowHandle[PairWorkflow, object]:
        return self.environment.client.get_workflow_handle(pair_workflow_id(PROGRAM, pair))

    async def order(self, pair: str, order: Order) -> None:
        await self.pair(pair).execute_update(PairWorkflow.order, HrOrder(order=order))

    async def state(self, pair: str) -> PairState:
        return await self.pair(pair).query(PairWorkflow.state)

    async def approve(self, number: int) -> int:
        approval = MatchesApproval(number=number)
        return await self.handle.execute_update(ProgramWorkflow.approve_matches, approval)

    async def awaits_approval(self) -> bool:
        return (await self.handle.query(ProgramWorkflow.view)).awaits_approval

    def told(self, kind: ProgramMomentKind) -> int:
        return [moment.kind for moment in self.stage.program_moments].count(kind)

    def introduced(self) -> list[str]:
        return [m.pair for m in self.stage.moments if m.moment.kind.value == "introduction"]


@pytest.fixture
def repair() -> RepairPlan | None:
    return REPAIR


@pytest.fixture
def pair_plan() -> PairPlan:
    return PAIR_PLAN


@pytest.fixture
async def running(
    time_skipping: WorkflowEnvironment,
    task_queue: str,
    pair_plan: PairPlan,
    repair: RepairPlan | None,
) -> AsyncIterator[Running]:
    stage = Stage()
    async with on_stage(time_skipping.client, task_queue, stage):
        starts = await time_skipping.get_current_time()
        handle = await time_skipping.client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=PROGRAM, plan=program_plan(starts, pair_plan, repair)),
            id=program_workflow_id(PROGRAM),
            task_queue=task_queue,
        )
        program = Running(time_skipping, handle, stage)
        while not await program.awaits_approval():
            await program.days(1)
        await program.approve(1)
        await program.days(1)
        yield program


async def test_who_lost_their_partner_is_introduced_to_another_once_hr_agrees(
    running: Running,
) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(1)
    assert not running.stage.repairs  # others may lose theirs as well
    await running.days(2)
    assert running.told(ProgramMomentKind.NEW_PAIRS_READY) == 1
    assert await running.awaits_approval()
    assert await running.approve(2) == 1
    await running.days(1)
    assert sorted(running.introduced()) == ["m-1", "m-2", "m-3"]
    assert await running.state("m-3") is PairState.INTRODUCED
    assert not await running.awaits_approval()
    assert EventKind.NEW_PAIRS_APPROVED in running.stage.recorded


async def test_two_who_leave_within_the_wait_are_looked_after_together(running: Running) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(1)
    await running.deed("m-2", DeedKind.WITHDREW)
    await running.days(3)
    assert len(running.stage.repairs) == 1
    assert running.told(ProgramMomentKind.NEW_PAIRS_READY) == 1


async def test_hr_hears_nothing_where_nobody_can_be_found(running: Running) -> None:
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(4)
    assert len(running.stage.repairs) == 1
    assert running.told(ProgramMomentKind.NEW_PAIRS_READY) == 0
    assert not await running.awaits_approval()


async def test_hr_hears_when_there_is_nobody_for_who_is_left(running: Running) -> None:
    running.stage.waiting = 1
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(4)
    assert running.told(ProgramMomentKind.NOBODY_FOUND) == 1


@pytest.mark.parametrize("pair_plan", [PAIR_PLAN.model_copy(update={"sessions": 6, "needed": 4})])
async def test_a_pair_that_begins_late_has_the_sessions_there_is_time_for(
    running: Running,
) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.order("m-1", Order.PAUSE)
    await running.order("m-2", Order.PAUSE)
    await running.days(60)
    await running.order("m-2", Order.REMATCH)
    await running.days(3)
    await running.approve(2)
    await running.days(1)
    assert running.stage.orders[-1].sessions == 3  # of the 126 days for meetings 61 are left
    await running.order("m-1", Order.RESUME)
    assert (await running.handle.result()).stage is ProgramStage.COMPLETED


@pytest.mark.parametrize("repair", [REPAIR.model_copy(update={"approve": False})])
async def test_without_approval_new_pairs_are_introduced_at_once(running: Running) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(4)
    assert "m-3" in running.introduced()
    assert running.told(ProgramMomentKind.NEW_PAIRS_READY) == 0


async def test_a_pair_that_is_parted_for_it_ends(running: Running) -> None:
    running.stage.new_pairs, running.stage.parted = [("m-3", "m-4")], ("m-2",)
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(4)
    await running.approve(2)
    await running.days(1)
    assert await running.state("m-2") is PairState.CLOSED
    farewell = next(
        m.moment
        for m in running.stage.moments
        if m.pair == "m-2" and m.moment.kind.value == "farewell"
    )
    assert farewell.reason is EndReason.PARTED
    assert sorted(running.introduced()) == ["m-1", "m-2", "m-3", "m-4"]


async def test_new_pairs_are_looked_at_once_more_before_they_are_made(running: Running) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(4)
    await running.approve(2)
    await running.days(1)
    assert [request.proposal for request in running.stage.settled] == ["p-2"]


async def test_in_a_pause_nobody_is_parted_or_introduced(running: Running) -> None:
    running.stage.new_pairs, running.stage.parted = [("m-3",)], ("m-2",)
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(4)
    await running.approve(2)
    await running.handle.execute_update(ProgramWorkflow.pause)
    introduced = sorted(running.introduced())
    await running.days(20)
    assert sorted(running.introduced()) == introduced
    await running.handle.execute_update(ProgramWorkflow.resume)
    await running.days(1)
    assert "m-3" in running.introduced()


@pytest.mark.parametrize("repair", [REPAIR.model_copy(update={"approve": False})])
async def test_a_pause_in_the_middle_of_a_search_holds_what_was_found_back(
    running: Running,
) -> None:
    loop = asyncio.get_running_loop()
    running.stage.new_pairs = [("m-3",)]

    def pause() -> None:
        update = running.handle.execute_update(ProgramWorkflow.pause)
        asyncio.run_coroutine_threadsafe(update, loop).result()

    running.stage.on_search = pause
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(10)
    assert len(running.stage.repairs) == 1
    assert "m-3" not in running.introduced()
    await running.handle.execute_update(ProgramWorkflow.resume)
    await running.days(1)
    assert "m-3" in running.introduced()


async def test_new_pairs_can_be_edited(running: Running) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(4)
    edit = EditMatches(draft="e-1", number=2)
    edited = await running.handle.execute_update(ProgramWorkflow.edit_matches, edit)
    assert edited.number == 3
    assert EventKind.MATCHES_CHANGED not in running.stage.recorded  # the first ones stand
    await running.approve(3)
    await running.days(1)
    assert running.stage.orders[-1].proposal == "p-3"


async def test_cancelling_reaches_the_new_pairs_too(running: Running) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(4)
    await running.approve(2)
    await running.days(1)
    await running.handle.execute_update(ProgramWorkflow.cancel)
    outcome = await running.handle.result()
    assert outcome.pairs == {PairState.DECLINED: 1, PairState.CANCELLED: 2}


async def test_hr_is_reminded_of_new_pairs_too(running: Running) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(3 + 15)
    assert running.told(ProgramMomentKind.MATCHES_REMINDER) == 2


async def test_only_the_latest_new_pairs_can_be_approved(running: Running) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(4)
    await running.deed("m-2", DeedKind.DECLINED)
    await running.days(4)
    with pytest.raises(WorkflowUpdateFailedError) as old:
        await running.approve(2)
    assert "The proposal is number 3 now, not 2." in str(old.value.cause)
    assert await running.approve(3) == 1


async def test_near_the_end_nobody_is_introduced_any_more(running: Running) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.order("m-1", Order.PAUSE)
    await running.order("m-2", Order.PAUSE)
    await running.days(110)  # less than one step of three weeks before the meetings end
    await running.order("m-2", Order.REMATCH)
    await running.days(4)
    assert not running.stage.repairs


async def test_a_program_whose_last_pair_declines_waits_for_hr_and_not_for_ever(
    running: Running,
) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.deed("m-1", DeedKind.DECLINED)
    await running.deed("m-2", DeedKind.DECLINED)
    await running.days(5)
    assert await running.awaits_approval()
    outcome = await running.handle.result()
    assert outcome.stage is ProgramStage.COMPLETED
    assert outcome.pairs == {PairState.DECLINED: 2}


@pytest.mark.parametrize("repair", [None])
async def test_a_program_from_before_there_were_repairs_goes_on_as_it_began(
    running: Running,
) -> None:
    running.stage.new_pairs = [("m-3",)]
    await running.deed("m-1", DeedKind.DECLINED)
    await running.days(10)
    assert not running.stage.repairs


async def test_a_pair_that_breaks_a_rule_during_a_pause_stays_behind_when_it_ends(
    running: Running,
) -> None:
    running.stage.broken = BrokenPairs(stop=("m-1",))
    await running.handle.execute_update(ProgramWorkflow.pause)
    await running.handle.execute_update(ProgramWorkflow.check_pairs)
    await running.handle.execute_update(ProgramWorkflow.resume)
    await running.days(1)
    assert await running.state("m-1") is PairState.PAUSED
    assert await running.state("m-2") is PairState.INTRODUCED


async def test_a_pair_that_breaks_a_rule_now_is_paused_and_hr_is_told(running: Running) -> None:
    running.stage.broken = BrokenPairs(stop=("m-1",), tell=("m-2",))
    checked = await running.handle.execute_update(ProgramWorkflow.check_pairs)
    assert (checked.paused, checked.told) == (1, 1)
    assert await running.state("m-1") is PairState.PAUSED
    assert EventKind.PAIR_PAUSED in running.stage.recorded  # so that status shows it
    assert await running.state("m-2") is PairState.INTRODUCED
    await running.handle.execute_update(ProgramWorkflow.pause)
    await running.handle.execute_update(ProgramWorkflow.resume)
    await running.days(1)
    assert await running.state("m-1") is PairState.PAUSED  # until HR resumes this very pair
    await running.order("m-1", Order.RESUME)
    assert await running.state("m-1") is PairState.INTRODUCED
    moment = running.stage.program_moments[-1]
    assert (moment.kind, moment.pairs) == (ProgramMomentKind.RULES_BROKEN, ("m-1", "m-2"))
