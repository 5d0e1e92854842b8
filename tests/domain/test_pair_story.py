"""A pair's story says what happened, and who was asked for what, but never who answered what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.escalation import DEFAULT_LADDERS, LadderAction, Trigger
from domain.journal import EventKind, JournalEvent
from domain.lifecycle import ENDINGS, PairState
from domain.pair_orders import Order
from domain.pair_story import Ask, Attention, attention_of, story_of
from domain.people import Role

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNTIL = START + timedelta(days=9)


def event(kind: EventKind, day: int, role: Role | None = None, **data: Any) -> JournalEvent:
    return JournalEvent(
        id=f"{kind}{day}{data}",
        kind=kind,
        at=START + timedelta(days=day),
        pair="m-1",
        role=role,
        person=f"p-{role}" if role else None,
        data=data,
    )


def after(*events: JournalEvent) -> Attention:
    return attention_of(events)["m-1"]


STALLED = event(EventKind.PAIR_STALLED, 21, step=1, trigger="cancellations")
CLIMBED = event(
    EventKind.LADDER_CLIMBED, 21, step=1, trigger="cancellations", action="coordinator_task"
)
OPENED = event(EventKind.TASK_OPENED, 21)


def test_the_story_is_in_the_order_of_what_happened_whatever_came_first() -> None:
    story = story_of(
        [event(EventKind.SESSION_HELD, 9, Role.MENTOR, session=1), event(EventKind.PAIR_MEETING, 2)]
    )
    assert [line.key for line in story] == ["meeting", "session_held"]


def test_what_two_events_say_of_the_same_instant_is_said_once() -> None:
    keys = [line.key for line in story_of([STALLED, CLIMBED, OPENED])]
    assert keys == ["stalled", "actions.coordinator_task"]


def test_several_actions_of_a_step_are_a_line_each() -> None:
    climbed = event(EventKind.LADDER_CLIMBED, 14, step=2, action="nudge_both+tell_coordinator")
    keys = [line.key for line in story_of([climbed])]
    assert keys == ["actions.nudge_both", "actions.tell_coordinator"]


def test_who_answered_a_check_in_stays_untold() -> None:
    answered = event(EventKind.SURVEY_ANSWERED, 5, Role.MENTEE, survey="pulse", look=1)
    (line,) = story_of([answered])
    assert (line.role, line.person) == (None, None)


def test_who_asked_for_help_is_told() -> None:
    (line,) = story_of([event(EventKind.HELP_ASKED, 5, Role.MENTEE)])
    assert (line.key, line.role, line.person) == ("help_asked", Role.MENTEE, "p-mentee")


@pytest.mark.parametrize("kind", [EventKind.WISHED, EventKind.TRAINING_READ])
def test_what_is_no_business_of_the_coordinator_or_too_small_is_left_out(kind: EventKind) -> None:
    assert story_of([event(kind, 5, Role.MENTEE)]) == []


def test_a_task_waits_until_somebody_takes_it() -> None:
    assert after(STALLED, CLIMBED, OPENED).asks == (Ask.TASK,)
    taken = event(EventKind.TASK_TAKEN, 22, by="coordinator", until=UNTIL.isoformat())
    stands = after(STALLED, CLIMBED, OPENED, taken)
    assert (stands.asks, stands.taken_until, stands.decisions) == ((), UNTIL, 1)
    assert stands.trigger is Trigger.CANCELLATIONS


def test_a_sign_of_life_settles_a_task_and_leaves_a_call_for_help() -> None:
    help_asked = event(EventKind.HELP_ASKED, 20, Role.MENTOR)
    stands = after(help_asked, STALLED, CLIMBED, event(EventKind.PAIR_RECOVERED, 23))
    assert (stands.trigger, stands.step, stands.asks) == (None, 0, (Ask.HELP,))


def test_a_session_settles_a_call_for_help() -> None:
    help_asked = event(EventKind.HELP_ASKED, 20, Role.MENTOR)
    assert after(help_asked, event(EventKind.SESSION_HELD, 24, session=2)).asks == ()


def test_the_next_step_is_that_of_the_ladder_the_pair_is_on() -> None:
    step = after(STALLED, CLIMBED).next_step(DEFAULT_LADDERS)
    assert step is not None
    assert (step.after.days, step.after.working) == (5, True)
    assert step.do == (LadderAction.COORDINATOR_TASK,)
    last = after(STALLED, event(EventKind.LADDER_CLIMBED, 60, step=4, action="close"))
    assert last.next_step(DEFAULT_LADDERS) is None
    assert Attention().next_step(DEFAULT_LADDERS) is None


def test_a_pair_of_an_older_release_is_on_the_ladder_of_silence() -> None:
    old = event(EventKind.LADDER_CLIMBED, 7, step=1, action="nudge_scheduler")
    assert after(old).trigger is Trigger.SILENCE


@pytest.mark.parametrize("state", ENDINGS)
def test_nothing_is_asked_about_a_pair_that_is_over(state: PairState) -> None:
    ended = event(EventKind(f"pair_{state.value}"), 30)
    late = event(EventKind.TASK_OPENED, 31)
    stands = after(STALLED, CLIMBED, OPENED, ended, late)
    assert (stands.ending, stands.asks, stands.trigger) == (state, (), None)


def test_what_was_decided_is_known_until_it_is_done() -> None:
    hold = event(EventKind.TASK_TAKEN, 22, by="sponsor", order="hold")
    assert after(STALLED, hold).ordered is Order.HOLD
    stands = after(STALLED, hold, event(EventKind.PAIR_PAUSED, 22))
    assert (stands.ordered, stands.paused) == (None, True)
    assert not after(STALLED, hold, event(EventKind.PAIR_PAUSED, 22), RESUMED).paused


RESUMED = event(EventKind.PAIR_RESUMED, 40)
