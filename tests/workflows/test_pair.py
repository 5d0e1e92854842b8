"""The pair's workflow over months, with time skipped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from activities.signatures import PairMoment
from domain.deeds import Deed, DeedKind
from domain.escalation import LadderAction
from domain.ids import pair_workflow_id
from domain.journal import EventKind
from domain.lifecycle import PairState
from domain.pair import MomentKind
from domain.pair_orders import Order
from domain.people import Role
from tests.workflows.stage import PAIR_PLAN, Stage, on_stage
from workflows.messages import HrOrder, PairInput, PairOutcome
from workflows.pair import PairWorkflow

PROGRAM, PAIR = "test", "m-1"
BOTH = (Role.MENTOR, Role.MENTEE)

Handle = WorkflowHandle[PairWorkflow, PairOutcome]


class Two:
    """The two of a pair, who answer each moment as soon as it comes."""

    def __init__(self, environment: WorkflowEnvironment, stage: Stage) -> None:
        self._client = environment.client
        self._loop = asyncio.get_running_loop()
        self.program = PROGRAM
        self.answers: Callable[[PairMoment], list[Deed]] = lambda _moment: []
        stage.on_pair_moment = self._answer

    def _answer(self, moment: PairMoment) -> None:
        for deed in self.answers(moment):
            self.run(self._tell(deed))

    def run(self, told: Coroutine[Any, Any, Any]) -> None:
        """Tell a workflow something from the thread of an activity."""
        asyncio.run_coroutine_threadsafe(told, self._loop).result()

    async def _tell(self, deed: Deed) -> None:
        handle = self._client.get_workflow_handle(pair_workflow_id(self.program, PAIR))
        await handle.signal(PairWorkflow.person_did, deed)


def prompt(moment: PairMoment) -> list[Deed]:
    """What two prompt people do at a moment."""
    now, number = moment.now, moment.moment.session

    def both(kind: DeedKind, **more: object) -> list[Deed]:
        return [Deed.model_validate({"kind": kind, "role": r, "at": now, **more}) for r in BOTH]

    match moment.moment.kind:
        case MomentKind.INTRODUCTION:
            return both(DeedKind.ACCEPTED)
        case MomentKind.PREPARATION:
            goals = Deed(kind=DeedKind.GOALS_WRITTEN, role=Role.MENTEE, at=now)
            return [*both(DeedKind.GUIDE_READ), *both(DeedKind.AGREEMENT_SIGNED), goals]
        case MomentKind.SESSION_DUE:
            when = now + timedelta(days=3)
            return both(DeedKind.SESSION_BOOKED, session=number, booked_for=when)
        case MomentKind.SESSION_FOLLOW_UP:
            return both(DeedKind.SESSION_HELD, session=number)
        case MomentKind.CHECK_IN | MomentKind.EVALUATION:
            occasion = moment.moment.check_ins[0].occasion
            return both(DeedKind.SURVEY_ANSWERED, occasion=occasion)
    return []


async def start(environment: WorkflowEnvironment, task_queue: str) -> Handle:
    return await environment.client.start_workflow(
        PairWorkflow.run,
        PairInput(program=PROGRAM, cohort=1, pair=PAIR, plan=PAIR_PLAN),
        id=pair_workflow_id(PROGRAM, PAIR),
        task_queue=task_queue,
    )


Run = Callable[[Callable[[PairMoment], list[Deed]]], Awaitable[PairOutcome]]


@pytest.fixture
async def live(time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage) -> Run:
    async def run(answers: Callable[[PairMoment], list[Deed]]) -> PairOutcome:
        Two(time_skipping, stage).answers = answers
        async with on_stage(time_skipping.client, task_queue, stage):
            handle = await start(time_skipping, task_queue)
            return await handle.result()

    return run


async def test_a_prompt_pair_lives_half_a_year_and_completes(live: Run, stage: Stage) -> None:
    outcome = await live(prompt)
    assert (outcome.state, outcome.sessions_held) == (PairState.COMPLETED, 2)
    assert stage.kinds == [
        "introduction",
        "preparation",
        *("session_due", "session_invitation", "session_reminder", "session_follow_up"),
        "check_in",
        *("session_due", "session_invitation", "session_reminder", "session_follow_up"),
        "evaluation",
        "farewell",
    ]
    assert stage.recorded == [
        EventKind.PAIR_INTRODUCED,
        EventKind.PAIR_PREPARING,
        EventKind.PAIR_MEETING,
        EventKind.SESSION_DUE,
        EventKind.SESSION_INVITED,
        EventKind.CHECK_IN_SENT,
        EventKind.SESSION_DUE,
        EventKind.SESSION_INVITED,
        EventKind.PAIR_EVALUATING,
        EventKind.CHECK_IN_SENT,
        EventKind.PAIR_COMPLETED,
    ]


async def test_a_pair_that_falls_silent_climbs_the_ladder_to_a_kind_end(
    live: Run, stage: Stage
) -> None:
    def silent_after_the_first_session(moment: PairMoment) -> list[Deed]:
        return [] if moment.sessions_held else prompt(moment)

    outcome = await live(silent_after_the_first_session)
    assert outcome.state is PairState.CLOSED
    steps = [m.moment.action for m in stage.moments if m.moment.kind is MomentKind.LADDER_STEP]
    assert steps == [
        LadderAction.NUDGE_SCHEDULER,
        LadderAction.NUDGE_BOTH,
        LadderAction.TELL_COORDINATOR,
        LadderAction.TELL_SPONSOR,
    ]
    asked = next(m for m in stage.moments if m.moment.session == 2)
    assert (stage.moments[-1].now - asked.now).days == 42


async def test_a_sign_of_life_stops_the_ladder(live: Run, stage: Stage) -> None:
    nudged: list[PairMoment] = []

    def drifts(moment: PairMoment) -> list[Deed]:
        if moment.moment.kind is MomentKind.LADDER_STEP:
            nudged.append(moment)
            if len(nudged) == 2:
                when = moment.now + timedelta(days=2)
                booked = {"session": moment.moment.session, "booked_for": when}
                deed = {"kind": DeedKind.SESSION_BOOKED, "role": Role.MENTEE, "at": moment.now}
                return [Deed.model_validate(deed | booked)]
            return []
        if moment.moment.kind is MomentKind.SESSION_DUE and moment.moment.session == 2:
            return []
        return prompt(moment)

    outcome = await live(drifts)
    assert outcome.state is PairState.COMPLETED
    assert len(nudged) == 2
    assert stage.recorded.count(EventKind.PAIR_RECOVERED) == 1


async def test_an_event_has_the_same_id_however_often_it_is_written(
    live: Run, stage: Stage
) -> None:
    await live(prompt)
    ids = [event.id for event in stage.events]
    assert ids == [f"{pair_workflow_id(PROGRAM, PAIR)}#{n}" for n in range(1, len(ids) + 1)]


async def test_hr_pauses_and_resumes_a_pair_and_is_refused_what_makes_no_sense(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with on_stage(time_skipping.client, task_queue, stage):
        handle = await start(time_skipping, task_queue)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(PairWorkflow.order, HrOrder(order=Order.RESUME))
        assert "This pair is not paused" in str(refused.value.cause)
        state = await handle.execute_update(PairWorkflow.order, HrOrder(order=Order.PAUSE))
        assert state is PairState.PAUSED
        await time_skipping.sleep(timedelta(days=60))
        assert stage.kinds == ["introduction"]
        state = await handle.execute_update(PairWorkflow.order, HrOrder(order=Order.RESUME))
        assert state is PairState.INTRODUCED
        state = await handle.execute_update(PairWorkflow.order, HrOrder(order=Order.CLOSE))
        assert (await handle.result()).state is PairState.CLOSED
    assert EventKind.PAIR_PAUSED in stage.recorded
    assert stage.recorded[-1] is EventKind.PAIR_CLOSED
