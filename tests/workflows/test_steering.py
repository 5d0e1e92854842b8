"""HR postpones and extends a program, with time skipped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from activities.signatures import ProgramMomentKind
from domain.deeds import Deed, DeedKind
from domain.ids import pair_workflow_id, program_workflow_id
from domain.journal import EventKind
from domain.lifecycle import PairState
from domain.lifecycle import Stage as ProgramStage
from domain.people import Role
from domain.plan import GENERATION
from tests.workflows.stage import PAIR_PLAN, Stage, on_stage, program_plan, skip_to
from workflows.messages import (
    Extension,
    MatchesApproval,
    Postponement,
    ProgramInput,
    ProgramOutcome,
    ProgramView,
)
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow

PROGRAM = "test"

Handle = WorkflowHandle[ProgramWorkflow, ProgramOutcome]


class Play:
    """A program that starts in three days."""

    def __init__(
        self, environment: WorkflowEnvironment, stage: Stage, program: Handle, starts: datetime
    ) -> None:
        self.environment = environment
        self.stage = stage
        self.program = program
        self.starts = starts

    def day(self, number: float) -> datetime:
        """An instant on this day of the program, as it was planned first."""
        return self.starts + timedelta(days=number)

    async def until(self, day: float) -> ProgramView:
        """Skip time to this day."""
        await skip_to(self.environment, self.day(day))
        return await self.view()

    async def view(self) -> ProgramView:
        return await self.program.query(ProgramWorkflow.view)

    async def postpone(self, to: float, by: int) -> None:
        await self.program.execute_update(
            ProgramWorkflow.postpone, Postponement(until=self.day(to), days=by)
        )

    async def extend(self, days: int) -> None:
        await self.program.execute_update(ProgramWorkflow.extend, Extension(days=days))

    async def meet(self) -> None:
        """Go on until the pairs are formed, on day 15."""
        await self.until(15)
        await self.program.execute_update(
            ProgramWorkflow.approve_matches, MatchesApproval(number=1)
        )
        await self.until(16)

    async def hold_all_sessions(self) -> None:
        """Let every pair prepare and hold all of its sessions."""
        now = await self.environment.get_current_time()
        both = (DeedKind.ACCEPTED, DeedKind.TRAINING_DONE, DeedKind.AGREEMENT_SIGNED)
        deeds = [Deed(kind=kind, role=role, at=now) for kind in both for role in Role]
        deeds.append(Deed(kind=DeedKind.GOALS_WRITTEN, role=Role.MENTEE, at=now))
        for pair in self.stage.pairs:
            handle = self.environment.client.get_workflow_handle(pair_workflow_id(PROGRAM, pair))
            for deed in deeds:
                await handle.signal(PairWorkflow.person_did, deed)
            await self.environment.sleep(timedelta(hours=1))
            for session in range(1, PAIR_PLAN.sessions + 1):
                held = Deed(kind=DeedKind.SESSION_HELD, role=Role.MENTOR, at=now, session=session)
                await handle.signal(PairWorkflow.person_did, held)

    def sent(self, kind: ProgramMomentKind) -> list[float]:
        """On which days of the program something went out."""
        return [
            round((moment.now - self.starts) / timedelta(days=1), 1)
            for moment in self.stage.program_moments
            if moment.kind is kind
        ]

    async def pair(self, pair: str) -> PairState:
        handle = self.environment.client.get_workflow_handle(pair_workflow_id(PROGRAM, pair))
        return await handle.query(PairWorkflow.state)


@pytest.fixture
async def play(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> AsyncIterator[Play]:
    plan = PAIR_PLAN.model_copy(update={"ladders": (), "generation": GENERATION})
    async with on_stage(time_skipping.client, task_queue, stage):
        starts = await time_skipping.get_current_time() + timedelta(days=3)
        program = await time_skipping.client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=PROGRAM, plan=program_plan(starts, plan)),
            id=program_workflow_id(PROGRAM),
            task_queue=task_queue,
        )
        yield Play(time_skipping, stage, program, starts)


async def refused(play: Play, to: float, by: int) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await play.postpone(to, by)
    return str(error.value.cause)


# --- Postpone ------------------------------------------------------------------------------------


async def test_before_its_start_date_a_program_starts_later(play: Play) -> None:
    await play.until(-2)
    await play.postpone(to=14, by=14)
    assert (await play.until(13)).stage is ProgramStage.DEFINITION
    assert (await play.until(14.1)).stage is ProgramStage.MATCHING
    assert play.sent(ProgramMomentKind.INVITATION) == [14]
    assert play.sent(ProgramMomentKind.PROGRAM_POSTPONED) == []  # nobody had heard of it
    (noted,) = play.stage.postponed
    assert noted.starts == play.day(14)


async def test_a_program_can_be_postponed_twice_before_it_starts(play: Play) -> None:
    await play.until(-2)
    await play.postpone(to=14, by=14)
    assert "starts no earlier" in await refused(play, to=10, by=1)
    await play.postpone(to=21, by=7)
    await play.until(22)
    assert play.sent(ProgramMomentKind.INVITATION) == [21]


async def test_later_it_is_paused_until_the_date_and_goes_on_by_itself(play: Play) -> None:
    ends = (await play.until(5)).stage_ends
    await play.postpone(to=19, by=14)
    view = await play.until(18)
    assert (view.paused, view.paused_until) == (True, play.day(19))
    assert play.sent(ProgramMomentKind.PROGRAM_POSTPONED) == [5]
    assert play.sent(ProgramMomentKind.INVITATION_REMINDER) == []
    view = await play.until(19.1)
    assert (view.paused, view.paused_until) == (False, None)
    assert ends is not None
    assert view.stage_ends is not None
    assert abs(view.stage_ends - ends - timedelta(days=14)) < timedelta(minutes=5)
    await play.until(22)
    assert play.sent(ProgramMomentKind.INVITATION_REMINDER) == [21]
    kinds = play.stage.recorded
    begun = kinds.index(EventKind.PROGRAM_PAUSED)
    assert kinds[begun : begun + 3] == [
        EventKind.PROGRAM_PAUSED,
        EventKind.PROGRAM_POSTPONED,
        EventKind.PROGRAM_RESUMED,
    ]
    (told,) = [e for e in play.stage.events if e.kind is EventKind.PROGRAM_POSTPONED]
    assert told.data["days"] == 14


async def test_the_pairs_wait_until_then_too(play: Play) -> None:
    await play.meet()
    await play.postpone(to=60, by=44)
    await play.until(59)
    assert await play.pair("m-1") is PairState.PAUSED
    await play.until(61)
    assert await play.pair("m-1") is PairState.INTRODUCED


async def test_who_is_told_is_told_until_when(play: Play) -> None:
    await play.until(5)
    await play.program.execute_update(ProgramWorkflow.pause)
    await play.until(6)
    await play.program.execute_update(ProgramWorkflow.resume)
    await play.postpone(to=19, by=13)
    (moment,) = [
        moment
        for moment in play.stage.program_moments
        if moment.kind is ProgramMomentKind.PROGRAM_POSTPONED
    ]
    assert moment.until == play.day(19)


async def test_a_paused_program_can_be_given_a_date_on_which_it_goes_on(play: Play) -> None:
    await play.until(5)
    await play.program.execute_update(ProgramWorkflow.pause)
    await play.until(8)
    await play.postpone(to=12, by=4)
    assert (await play.until(11)).paused
    assert not (await play.until(12.1)).paused
    assert play.stage.recorded.count(EventKind.PROGRAM_PAUSED) == 1


async def test_a_postponed_program_can_be_postponed_further_and_resumed_early(play: Play) -> None:
    await play.until(5)
    await play.postpone(to=12, by=7)
    assert "paused until then or longer" in await refused(play, to=11, by=6)
    await play.postpone(to=26, by=14)
    assert (await play.until(20)).paused_until == play.day(26)
    await play.program.execute_update(ProgramWorkflow.resume)
    assert not (await play.until(21)).paused
    await play.until(27)
    assert play.stage.recorded.count(EventKind.PROGRAM_RESUMED) == 1


async def test_a_postponed_program_can_be_cancelled(play: Play) -> None:
    await play.until(5)
    await play.postpone(to=40, by=35)
    await play.program.execute_update(ProgramWorkflow.cancel)
    assert (await play.program.result()).stage is ProgramStage.CANCELLED


async def test_nothing_is_postponed_into_the_past(play: Play) -> None:
    await play.until(5)
    assert "still to come" in await refused(play, to=4, by=1)
    assert "still to come" in await refused(play, to=9, by=0)


# --- Extend --------------------------------------------------------------------------------------


async def test_the_meetings_end_later_for_the_program_and_its_pairs(play: Play) -> None:
    await play.meet()
    await play.until(40)
    before = await play.until(60)
    assert before.stage is ProgramStage.MEETINGS
    await play.extend(21)
    after = await play.view()
    assert before.stage_ends is not None
    assert after.stage_ends == before.stage_ends + timedelta(days=21)
    (noted,) = play.stage.extended
    assert noted.meetings == 126 + 21
    await play.program.result()
    (entered,) = [
        event.at
        for event in play.stage.events
        if event.kind is EventKind.STAGE_ENTERED and event.data["stage"] == "evaluation"
    ]
    assert entered - after.stage_ends < timedelta(hours=1)
    assert entered > before.stage_ends
    longer = [e for e in play.stage.events if e.kind is EventKind.PAIR_EXTENDED]
    assert [event.data for event in longer] == [{"days": 21}] * 2
    assert EventKind.PROGRAM_EXTENDED in play.stage.recorded


async def test_an_extension_before_there_are_pairs_holds_for_all_of_them(play: Play) -> None:
    await play.until(5)
    await play.extend(21)
    await play.meet()
    await play.until(60)
    view = await play.view()
    assert view.stage is ProgramStage.MEETINGS
    assert view.stage_ends is not None
    assert view.stage_ends > play.day(15 + 126 + 21)
    assert EventKind.PAIR_EXTENDED not in play.stage.recorded  # they began with it


async def test_the_evaluation_can_not_be_extended(play: Play) -> None:
    await play.meet()
    await play.hold_all_sessions()
    assert (await play.until(20)).stage is ProgramStage.EVALUATION
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await play.extend(7)
    assert "The meetings are over" in str(error.value.cause)
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await play.extend(0)
    assert "at least one day" in str(error.value.cause)
