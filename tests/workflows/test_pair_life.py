"""The pair's workflow where several things fall together, are held, or go on after the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.signatures import PairMoment, PairRef, Sent
from domain.deeds import Deed, DeedKind, Wish
from domain.escalation import DEFAULT_LADDERS
from domain.ids import afterwards_workflow_id, pair_workflow_id
from domain.journal import EventKind
from domain.lifecycle import PairState
from domain.pair import MomentKind, Step
from domain.pair_orders import Order
from domain.people import Role
from domain.plan import GENERATION
from domain.sections import Afterwards
from tests.workflows.stage import PAIR_PLAN, Stage, on_stage
from tests.workflows.test_ladders import Answers, both, kinds_of, meets_once, one, prepare
from tests.workflows.test_pair import PAIR, PROGRAM, Two
from workflows.messages import CoordinatorDecision, HrOrder, PairInput, PairOutcome
from workflows.pair import PairWorkflow

PLAN = PAIR_PLAN.model_copy(
    update={
        "generation": GENERATION,
        "ladders": DEFAULT_LADDERS,
        "afterwards": Afterwards(mails=2, every=42),
    }
)


class HoldingStage(Stage):
    """A stage whose activities hold messages, or know of steps done before."""

    def __init__(self) -> None:
        super().__init__()
        self.holds: dict[MomentKind, timedelta] = {}
        self.done: dict[MomentKind, tuple[tuple[Role, Step], ...]] = {}

    def answer_to(self, moment: PairMoment) -> Sent:
        kind = moment.moment.kind
        hold = self.holds.get(kind)
        return Sent(
            sent=1,
            later=moment.now + hold if hold is not None else None,
            done=self.done.get(kind, ()),
        )


class World:
    """A pair's workflow on a server that skips time."""

    def __init__(self, environment: WorkflowEnvironment, task_queue: str) -> None:
        self.client = environment.client
        self.task_queue = task_queue
        self.stage = HoldingStage()
        self.two = Two(environment, self.stage)

    async def live(self, people: Answers, **plan: Any) -> PairOutcome:
        self.two.answers = people
        async with on_stage(self.client, self.task_queue, self.stage):
            return await self.client.execute_workflow(
                PairWorkflow.run,
                PairInput(program=PROGRAM, cohort=1, pair=PAIR, plan=PLAN.model_copy(update=plan)),
                id=pair_workflow_id(PROGRAM, PAIR),
                task_queue=self.task_queue,
            )


@pytest.fixture
async def world(time_skipping: WorkflowEnvironment, task_queue: str) -> World:
    return World(time_skipping, task_queue)


def hours_between(one: datetime, other: datetime) -> int:
    """Rounded: the server's clock goes on while it works."""
    return round((other - one) / timedelta(hours=1))


def until_the_end(wish: Wish) -> Answers:
    """Two who do all that they are asked, and answer at the end whether they go on."""

    def answers(moment: PairMoment) -> list[Deed]:
        kinds, session = kinds_of(moment), moment.moment.session
        if MomentKind.SESSION_DUE in kinds:
            number = next(m.session for m in (moment.moment, *moment.also) if m.session is not None)
            when = moment.now + timedelta(days=3)
            about = {"session": number, "booked_for": when}
            return [one(moment, DeedKind.SESSION_BOOKED, Role.MENTOR, **about)]
        if MomentKind.SESSION_FOLLOW_UP in kinds:
            return [one(moment, DeedKind.SESSION_HELD, Role.MENTEE, session=session)]
        if MomentKind.EVALUATION in kinds:
            return [
                *both(moment, DeedKind.SURVEY_ANSWERED, occasion="final:evaluation"),
                *both(moment, DeedKind.WISHED, wish=wish),
            ]
        return prepare(moment)

    return answers


async def test_what_falls_together_is_one_activity(world: World) -> None:
    await world.live(meets_once, every=1)
    together = [kinds_of(m) for m in world.stage.moments if m.also]
    assert any({MomentKind.CHECK_IN, MomentKind.SESSION_DUE} <= set(kinds) for kinds in together)


async def test_what_is_held_goes_out_when_it_may(world: World) -> None:
    world.stage.holds[MomentKind.SESSION_DUE] = timedelta(hours=14)
    await world.live(prepare)
    asked = next(m for m in world.stage.moments if m.moment.kind is MomentKind.SESSION_DUE)
    assert hours_between(asked.now, world.stage.held[0].now) == 14


async def test_a_pair_ends_only_when_what_was_held_has_gone_out(world: World) -> None:
    world.stage.holds[MomentKind.FAREWELL] = timedelta(days=2)
    await world.live(until_the_end(Wish.STOP))
    farewell = world.stage.moments[-1]
    assert farewell.moment.kind is MomentKind.FAREWELL
    assert hours_between(farewell.now, world.stage.held[-1].now) == 48


async def test_who_has_read_the_training_before_is_not_waited_for(world: World) -> None:
    def people(moment: PairMoment) -> list[Deed]:
        return [d for d in prepare(moment) if d.kind is not DeedKind.TRAINING_DONE]

    done = tuple((role, Step.GUIDE) for role in Role)
    world.stage.done[MomentKind.PREPARATION] = done
    await world.live(people)
    assert EventKind.PAIR_MEETING in world.stage.recorded


async def test_hours_are_asked_for_once_and_again_when_somebody_goes_away(world: World) -> None:
    asked: list[datetime] = []
    always_open = world.stage.hours

    def hours(pair: PairRef) -> Any:
        asked.append(pair.now)
        return always_open(pair)

    world.stage.hours = hours

    def people(moment: PairMoment) -> list[Deed]:
        if MomentKind.SESSION_DUE in kinds_of(moment):
            back = moment.now + timedelta(days=14)
            return [one(moment, DeedKind.WENT_AWAY, Role.MENTEE, until=back)]
        return meets_once(moment)

    await world.live(people, meetings=30)
    assert 3 <= len(asked) <= 6, "at the start, when somebody went, and when they were back"


async def test_two_who_go_on_are_reminded_after_the_program(
    dev_server: WorkflowEnvironment, task_queue: str
) -> None:
    """On a real server, with days of a twentieth of a second: the reminders outlive the pair.

    Each is held until a time that is past once the workflow hears of it.
    """
    world = World(dev_server, task_queue)
    world.stage.holds[MomentKind.CONTINUED_REMINDER] = timedelta(seconds=-1)
    day = timedelta(seconds=0.05)
    program = f"test-{uuid4()}"
    world.two.program = program

    def people(moment: PairMoment) -> list[Deed]:
        deeds = until_the_end(Wish.GO_ON_WITH_MAILS)(moment)
        soon = moment.now + 3 * day
        return [
            deed.model_copy(update={"booked_for": soon}) if deed.booked_for else deed
            for deed in deeds
        ]

    world.two.answers = people
    plan = PLAN.model_copy(update={"day_seconds": day.total_seconds()})
    async with on_stage(world.client, world.task_queue, world.stage):
        outcome = await world.client.execute_workflow(
            PairWorkflow.run,
            PairInput(program=program, cohort=1, pair=PAIR, plan=plan),
            id=pair_workflow_id(program, PAIR),
            task_queue=world.task_queue,
        )
        assert outcome.state is PairState.CONTINUED
        await world.client.get_workflow_handle(afterwards_workflow_id(program, PAIR)).result()
    reminders = [m for m in world.stage.moments if m.moment.kind is MomentKind.CONTINUED_REMINDER]
    assert [m.moment.attempt for m in reminders] == [1, 2]
    assert len(world.stage.held) == 2
    assert reminders[1].now - reminders[0].now >= 42 * day


async def test_two_who_go_on_by_themselves_get_no_mail(world: World) -> None:
    outcome = await world.live(until_the_end(Wish.GO_ON))
    assert outcome.state is PairState.CONTINUED
    assert MomentKind.CONTINUED_REMINDER not in [m.moment.kind for m in world.stage.moments]


async def test_the_coordinator_decides_from_the_task(world: World) -> None:
    handle = world.client.get_workflow_handle(pair_workflow_id(PROGRAM, PAIR))
    told: list[str] = []

    def people(moment: PairMoment) -> list[Deed]:
        task = any("coordinator_task" in m.actions for m in (moment.moment, *moment.also))
        if task and not told:
            told.append("on it")
            until = moment.now + timedelta(days=20)
            world.two.run(
                handle.signal(
                    PairWorkflow.coordinator_decided, CoordinatorDecision(snooze_until=until)
                )
            )
        return prepare(moment)

    await world.live(people)
    steps = [m for m in world.stage.moments if m.moment.step is not None]
    task = next(m for m in steps if "coordinator_task" in m.moment.actions)
    following = steps[steps.index(task) + 1]
    assert hours_between(task.now, following.now) == 20 * 24


async def test_the_coordinator_can_end_a_pair_from_the_task(world: World) -> None:
    handle = world.client.get_workflow_handle(pair_workflow_id(PROGRAM, PAIR))

    def people(moment: PairMoment) -> list[Deed]:
        if any("coordinator_task" in m.actions for m in (moment.moment, *moment.also)):
            decision = CoordinatorDecision(order=Order.REMATCH)
            world.two.run(handle.signal(PairWorkflow.coordinator_decided, decision))
        return prepare(moment)

    outcome = await world.live(people)
    assert outcome.state is PairState.CLOSED
    assert world.stage.events[-1].data["reason"] == "rematch"


async def test_hr_pauses_a_pair_until_a_date(world: World) -> None:
    handle = world.client.get_workflow_handle(pair_workflow_id(PROGRAM, PAIR))
    ordered: list[datetime] = []

    def people(moment: PairMoment) -> list[Deed]:
        if MomentKind.SESSION_DUE in kinds_of(moment) and not ordered:
            ordered.append(moment.now)
            hold = HrOrder(order=Order.HOLD, until=moment.now + timedelta(days=25))
            world.two.run(handle.execute_update(PairWorkflow.order, hold))
        return prepare(moment)

    await world.live(people)
    back = next(m for m in world.stage.moments if m.moment.kind is MomentKind.RETURN)
    assert hours_between(ordered[0], back.now) == 25 * 24
