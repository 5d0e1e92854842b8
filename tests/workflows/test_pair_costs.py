"""What a pair asks of the server, beyond what it can't do without: as little as it can."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from activities.signatures import PairMoment, PairRef
from bench.engine.counting import ACTIONS
from domain.deeds import Deed, DeedKind, Wish
from domain.ids import pair_workflow_id
from domain.pair import MomentKind
from domain.people import Role
from domain.reach import OpenHours, PairHours
from tests.workflows.test_ladders import kinds_of, one, prepare
from tests.workflows.test_pair import PAIR, PROGRAM
from tests.workflows.test_pair_life import World, until_the_end


@pytest.fixture
async def world(time_skipping: WorkflowEnvironment, task_queue: str) -> World:
    return World(time_skipping, task_queue)


async def asked_of_the_server(world: World) -> tuple[Counter[str], Counter[str]]:
    """Actions of the pair by kind, and its activities by name."""
    handle = world.client.get_workflow_handle(pair_workflow_id(PROGRAM, PAIR))
    events = [event async for event in handle.fetch_history_events()]
    actions = Counter(ACTIONS[e.event_type] for e in events if e.event_type in ACTIONS)
    scheduled = (
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    )
    return actions, Counter(scheduled)


def open_for_a_year(pair: PairRef) -> PairHours:
    hours = OpenHours(base=pair.now, minute=60, spans=(0, 365 * 24 * 60))
    return PairHours(mentor=hours, mentee=hours, program=hours)


async def test_its_activities_are_its_moments(world: World) -> None:
    world.stage.hours = open_for_a_year
    await world.live(until_the_end(Wish.STOP))
    _, activities = await asked_of_the_server(world)
    assert activities == {"send_pair_moment": len(world.stage.moments)}


async def test_a_deadline_that_moves_costs_no_timer(world: World) -> None:
    """One timer until the date is found, however long the two talk of it; and four for the rest."""

    def talks(moment: PairMoment) -> list[Deed]:
        kinds, number = kinds_of(moment), moment.moment.session
        propose = {"session": number, "proposal": 1}
        if MomentKind.SESSION_DUE in kinds:
            return [one(moment, DeedKind.SESSION_PROPOSED, Role.MENTOR, **propose)]
        if MomentKind.SESSION_PROPOSED in kinds:
            when = moment.now + timedelta(days=3)
            about = {"session": number, "booked_for": when}
            return [one(moment, DeedKind.SESSION_BOOKED, Role.MENTEE, **about)]
        return until_the_end(Wish.STOP)(moment)

    await world.live(until_the_end(Wish.STOP), sessions=2)
    booked_at_once, _ = await asked_of_the_server(world)
    world.stage.moments.clear()
    await world.live(talks, sessions=2)
    talked, _ = await asked_of_the_server(world)
    assert MomentKind.SESSION_PROPOSED in [m.moment.kind for m in world.stage.moments]
    assert talked["timers"] == booked_at_once["timers"]


async def test_climbing_the_ladder_writes_to_the_lists_once(world: World) -> None:
    """When it stalls. Which step it is at, the pair itself says."""
    await world.live(prepare)
    steps = [m for m in world.stage.moments if m.moment.kind is MomentKind.LADDER_STEP]
    actions, _ = await asked_of_the_server(world)
    assert len(steps) >= 3
    assert actions["search attributes"] <= len(("preparing", "meeting", "stalled", "closed"))
