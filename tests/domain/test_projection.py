"""What the journal says, folded."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from domain.escalation import LadderAction
from domain.journal import EventKind, JournalEvent
from domain.lifecycle import PairState, Stage
from domain.people import Role
from domain.projection import (
    SIGNS_OF_LIFE,
    NextDue,
    NextStep,
    PairStatus,
    StallOutcome,
    project,
    states_over_time,
)
from tests.domain.examples import examples

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def event(
    kind: EventKind,
    day: float,
    pair: str | None = "a",
    *,
    person: str | None = None,
    role: Role | None = None,
    **data: int | str,
) -> JournalEvent:
    name = f"{pair}/{kind}/{day}/{person}/{sorted(data.items())}"
    return JournalEvent(
        id=name, kind=kind, at=at(day), pair=pair, person=person, role=role, data=data
    )


def until_meeting(pair: str = "a") -> list[JournalEvent]:
    return [
        event(EventKind.PAIR_INTRODUCED, 0, pair),
        event(EventKind.PAIR_PREPARING, 3, pair),
        event(EventKind.PAIR_MEETING, 9, pair),
    ]


def stall(day: float, pair: str = "a", steps: int = 1) -> list[JournalEvent]:
    actions = list(LadderAction)[:steps]
    return [
        event(EventKind.PAIR_STALLED, day, pair, step=1),
        *(
            event(EventKind.LADDER_CLIMBED, day + n, pair, step=n + 1, action=action)
            for n, action in enumerate(actions)
        ),
    ]


def only_pair(events: Iterable[JournalEvent]) -> PairStatus:
    (pair,) = project(events).pairs
    return pair


def test_an_empty_journal_is_a_program_at_its_definition() -> None:
    status = project([])
    assert status.stage is Stage.DEFINITION
    assert status.pairs == ()
    assert status.people.invited == 0
    assert not status.is_over


def test_the_program_is_at_the_stage_it_entered_last() -> None:
    events = [
        event(EventKind.PROGRAM_STARTED, 0, None),
        event(EventKind.STAGE_ENTERED, 0, None, stage="matching"),
        event(EventKind.STAGE_ENTERED, 5, None, stage="preparation"),
    ]
    status = project(events)
    assert status.stage is Stage.PREPARATION
    assert status.started_at == at(0)
    assert [entry.stage for entry in status.stages] == [Stage.MATCHING, Stage.PREPARATION]


@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        (EventKind.PROGRAM_COMPLETED, Stage.COMPLETED),
        (EventKind.PROGRAM_CANCELLED, Stage.CANCELLED),
    ],
)
def test_the_end_of_a_program_is_a_stage(kind: EventKind, stage: Stage) -> None:
    status = project([event(kind, 1, None)])
    assert status.stage is stage
    assert status.is_over


def test_a_resumed_program_is_not_paused() -> None:
    pause = event(EventKind.PROGRAM_PAUSED, 1, None)
    assert project([pause]).paused
    assert not project([pause, event(EventKind.PROGRAM_RESUMED, 2, None)]).paused


def test_a_program_that_is_postponed_while_it_runs_is_paused_until_a_date() -> None:
    runs = event(EventKind.STAGE_ENTERED, 0, None, stage="matching")
    paused = event(EventKind.PROGRAM_PAUSED, 1, None)
    postponed = event(EventKind.PROGRAM_POSTPONED, 1, None, days=14, until=at(15).isoformat())
    resumed = event(EventKind.PROGRAM_RESUMED, 15, None)
    assert project([runs, paused, postponed]).paused_until == at(15)
    assert project([runs, paused, postponed, resumed]).paused_until is None


def test_a_program_that_is_postponed_before_it_starts_is_not_paused() -> None:
    postponed = event(EventKind.PROGRAM_POSTPONED, 1, None, days=14, until=at(15).isoformat())
    assert not project([postponed]).paused
    assert project([postponed]).paused_until is None


def test_people_are_counted_by_their_last_word() -> None:
    events = [
        event(EventKind.PEOPLE_INVITED, 0, None, count=40),
        event(EventKind.PEOPLE_INVITED, 0.5, None, count=2),
        event(EventKind.STAYED_OUT, 1, None, person="x"),
        event(EventKind.JOINED, 2, None, person="x"),
        event(EventKind.JOINED, 2, None, person="y"),
        event(EventKind.STAYED_OUT, 3, None, person="y"),
        event(EventKind.JOINED, 3, None, person="z"),
        event(EventKind.WITHDREW, 9, None, person="z"),
    ]
    people = project(events).people
    assert (people.invited, people.joined, people.stayed_out, people.withdrew) == (42, 2, 1, 1)


def test_an_event_that_arrives_twice_counts_once() -> None:
    events = [event(EventKind.PEOPLE_INVITED, 0, None, count=40), *until_meeting(), *stall(20)]
    assert project([*events, *reversed(events)]) == project(events)


def test_a_session_that_both_logged_counts_once() -> None:
    held = [
        event(EventKind.SESSION_HELD, 12, role=role, person=role.value, session=1) for role in Role
    ]
    pair = only_pair([*until_meeting(), *held])
    assert pair.sessions_held == 1
    assert pair.last_sign_of_life == at(12)


def test_the_next_thing_due_follows_the_pair() -> None:
    events = until_meeting()
    assert only_pair(events[:1]).next_due == NextDue(step=NextStep.ANSWER_INTRODUCTION)
    assert only_pair(events[:2]).next_due == NextDue(step=NextStep.PREPARE)
    assert only_pair(events).next_due == NextDue(step=NextStep.BOOK_SESSION, session=1)
    booked = [*events, event(EventKind.SESSION_BOOKED, 10, session=1)]
    assert only_pair(booked).next_due == NextDue(step=NextStep.HOLD_SESSION, session=1)
    missed = [*booked, event(EventKind.SESSION_MISSED, 12, session=1)]
    assert only_pair(missed).next_due == NextDue(step=NextStep.BOOK_SESSION, session=1)
    held = [*booked, event(EventKind.SESSION_HELD, 12, session=1)]
    assert only_pair(held).next_due == NextDue(step=NextStep.BOOK_SESSION, session=2)
    evaluating = [*held, event(EventKind.PAIR_EVALUATING, 40)]
    assert only_pair(evaluating).next_due == NextDue(step=NextStep.ANSWER_SURVEY)
    assert only_pair([*evaluating, event(EventKind.PAIR_COMPLETED, 41)]).next_due is None


def test_a_stalled_pair_shows_the_last_step_of_the_ladder() -> None:
    pair = only_pair([*until_meeting(), *stall(20, steps=2)])
    assert pair.state is PairState.STALLED
    assert (pair.ladder_step, pair.ladder_action) == (2, LadderAction.NUDGE_BOTH)
    assert [s.outcome for s in pair.stalls] == [StallOutcome.OPEN]


@pytest.mark.parametrize("kind", sorted(SIGNS_OF_LIFE))
@pytest.mark.parametrize("before", [PairState.PREPARING, PairState.MEETING])
def test_any_deed_brings_a_stalled_pair_back_to_where_it_was(
    kind: EventKind, before: PairState
) -> None:
    events = until_meeting()[: 2 if before is PairState.PREPARING else 3]
    deed = event(kind, 30, session=1, survey="pulse", occasion="pulse:session-1")
    pair = only_pair([*events, *stall(20), deed])
    assert pair.state is before
    assert pair.ladder_step is None
    assert pair.stalls[0].outcome is StallOutcome.CAME_BACK
    assert pair.stalls[0].steps == (LadderAction.NUDGE_SCHEDULER,)
    assert pair.stalls[0].until == at(30)


def test_a_deed_from_before_the_stall_that_arrives_late_brings_nobody_back() -> None:
    deed = event(EventKind.SESSION_HELD, 15, session=1)
    pair = only_pair([*until_meeting(), *stall(20), deed])
    assert pair.state is PairState.STALLED
    assert pair.last_sign_of_life == at(15)
    assert pair.sessions_held == 1


def test_withdrawing_is_no_sign_of_life() -> None:
    withdrew = event(EventKind.WITHDREW, 30, person="x")
    assert only_pair([*until_meeting(), *stall(20), withdrew]).state is PairState.STALLED


def test_the_ladders_last_step_closes_the_pair() -> None:
    closed = event(EventKind.PAIR_CLOSED, 62, sessions=0, reason="ladder", step=5)
    pair = only_pair([*until_meeting(), *stall(20, steps=4), closed])
    assert pair.state is PairState.CLOSED
    assert pair.ended_because == "ladder"
    assert pair.stalls[0].outcome is StallOutcome.ENDED
    assert pair.stalls[0].steps[-1] is LadderAction.CLOSE


def test_a_pair_that_is_over_stays_over() -> None:
    late = [
        event(EventKind.SURVEY_ANSWERED, 70, survey="final"),
        event(EventKind.PAIR_CANCELLED, 71),
    ]
    pair = only_pair([*until_meeting(), event(EventKind.PAIR_COMPLETED, 60), *late])
    assert pair.state is PairState.COMPLETED


def test_a_resumed_pair_goes_on_where_it_was_paused() -> None:
    paused = [*until_meeting(), *stall(20), event(EventKind.PAIR_PAUSED, 22)]
    assert only_pair(paused).state is PairState.PAUSED
    pair = only_pair([*paused, event(EventKind.PAIR_RESUMED, 30)])
    assert pair.state is PairState.MEETING
    assert pair.stalls[0].outcome is StallOutcome.SET_ASIDE


def test_a_pair_that_declined_never_started() -> None:
    events = [event(EventKind.PAIR_INTRODUCED, 0), event(EventKind.PAIR_DECLINED, 2)]
    assert not only_pair(events).has_started
    assert only_pair(until_meeting()).has_started


def test_check_ins_count_who_was_asked_and_who_answered() -> None:
    occasion = "pulse:session-2"
    sent = [
        event(EventKind.CHECK_IN_SENT, 20, pair, survey="pulse", occasion=occasion, count=2)
        for pair in "ab"
    ]
    answered = [
        event(EventKind.SURVEY_ANSWERED, day, "a", person="x", survey="pulse", occasion=occasion)
        for day in (21, 22)
    ]
    (check_in,) = project([*sent, *answered]).check_ins
    assert (check_in.occasion, check_in.sent, check_in.answered) == ("session-2", 4, 1)


def test_new_pairs_wait_for_hr_until_they_are_approved_or_there_are_none() -> None:
    def new_pairs(kind: EventKind, day: float, pairs: int) -> JournalEvent:
        return event(kind, day, None, proposal=f"p-{day}", pairs=pairs)

    proposed = new_pairs(EventKind.NEW_PAIRS_PROPOSED, 1, 2)
    assert project([]).new_pairs is None
    waiting = project([proposed]).new_pairs
    assert waiting is not None
    assert (waiting.pairs, waiting.waiting) == (2, True)
    approved = project([proposed, new_pairs(EventKind.NEW_PAIRS_APPROVED, 2, 2)]).new_pairs
    assert approved is not None
    assert not approved.waiting
    assert project([proposed, new_pairs(EventKind.NEW_PAIRS_PROPOSED, 2, 0)]).new_pairs is None


def test_a_pair_knows_how_many_sessions_were_planned_for_it() -> None:
    late = only_pair([event(EventKind.PAIR_INTRODUCED, 1, sessions=3, needed=2)])
    assert (late.planned, late.needed) == (3, 2)
    before = only_pair([event(EventKind.PAIR_INTRODUCED, 1)])
    assert (before.planned, before.needed) == (None, None)


def test_states_over_time_are_those_at_each_instant() -> None:
    status = project([*until_meeting("a"), *until_meeting("b"), *stall(20, "b")])
    before, preparing, last = states_over_time(status.pairs, [at(-1), at(3), at(20)])
    assert before == Counter()
    assert preparing == Counter({PairState.PREPARING: 2})
    assert last == Counter({PairState.MEETING: 1, PairState.STALLED: 1})


_DATA: dict[str, int | str] = {
    "session": 1,
    "step": 1,
    "action": "nudge_both",
    "survey": "pulse",
    "occasion": "pulse:session-1",
    "count": 2,
    "stage": "meetings",
    "pairs": 3,
}
_moves = st.lists(
    st.tuples(st.sampled_from(list(EventKind)), st.sampled_from(["a", "b", "c"])), max_size=40
)


@seed(20260302)
@examples(150)
@given(_moves, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    moves: list[tuple[EventKind, str]], order: object
) -> None:
    events = [
        JournalEvent(id=f"{n}", kind=kind, at=at(n / 10), pair=pair, person=pair, data=_DATA)
        for n, (kind, pair) in enumerate(moves)
    ]
    mixed = list(events)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    assert project(mixed) == project(events)


@seed(20260303)
@examples(100)
@given(_moves)
def test_pairs_that_do_things_in_the_same_instant_do_not_disturb_each_other(
    moves: list[tuple[EventKind, str]],
) -> None:
    events = [
        JournalEvent(id=f"{n}", kind=kind, at=START, pair=pair, person=pair, data=_DATA)
        for n, (kind, pair) in enumerate(moves)
    ]
    one_after_the_other = sorted(events, key=lambda e: str(e.pair))
    assert project(one_after_the_other).pairs == project(events).pairs


@seed(20260304)
@examples(100)
@given(_moves)
def test_every_pair_is_counted_in_one_state(moves: list[tuple[EventKind, str]]) -> None:
    events = [
        JournalEvent(id=f"{n}", kind=kind, at=at(n), pair=pair, data=_DATA)
        for n, (kind, pair) in enumerate(moves)
    ]
    status = project(events)
    assert sum(status.counts.values()) == len(status.pairs)
    for pair in status.pairs:
        assert pair.history[-1].state is pair.state


def test_four_times_the_events_take_about_four_times_as_long() -> None:
    def fold(pairs: int) -> float:
        events = [
            moved
            for pair in range(pairs)
            for moved in (
                *until_meeting(f"{pair}"),
                *stall(20, f"{pair}", steps=2),
                *(
                    event(EventKind.SESSION_HELD, 30 + n, f"{pair}", person="x", session=n)
                    for n in range(14)
                ),
            )
        ]
        took = []
        for _ in range(3):
            begin = time.process_time()
            project(events)
            took.append(time.process_time() - begin)
        return min(took)

    # Work that grew with the square of the events would take sixteen times as long.
    assert fold(1_200) / fold(300) < 10


def test_a_program_that_is_over_stays_so_while_it_is_asked_how_things_are() -> None:
    over = [*until_meeting(), event(EventKind.PROGRAM_COMPLETED, 180, None)]
    later: dict[str, Any] = {"survey": "follow_up", "occasion": "follow_up:after-91"}
    asked = [
        event(EventKind.CHECK_IN_SENT, 271, None, count=4, **later),
        event(EventKind.SURVEY_ANSWERED, 272, None, person="x", **later),
        event(EventKind.SURVEY_ANSWERED, 273, None, person="y", **later),
        event(EventKind.SURVEY_ANSWERED, 274, None, person="y", **later),
        event(EventKind.FOLLOW_UP_CLOSED, 292, None, **later),
    ]
    before, after = project(over), project([*over, *asked])
    assert (after.stage, after.is_over, after.ended_at) == (Stage.COMPLETED, True, at(180))
    assert (after.stages, after.pairs) == (before.stages, before.pairs)
    assert after.updated_at == at(292)
    (check_in,) = after.check_ins
    assert (check_in.occasion, check_in.sent, check_in.answered) == ("after-91", 4, 2)


def test_a_program_that_runs_has_not_ended() -> None:
    assert project(until_meeting()).ended_at is None
