"""The lifecycle of a pair: every transition of the table is walked, and every other refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deeds import Deed, DeedKind, Verdict, Wish
from domain.escalation import DEFAULT_LADDERS
from domain.lifecycle import PAIR_TRANSITIONS, STAGE_TRANSITIONS, NotAllowed, PairState, Stage, move
from domain.pair import BOTH, Change, Moment, MomentKind, Pair, begin
from domain.pair_after import after_moment, all_due
from domain.pair_deeds import after_deed
from domain.pair_next import next_moment
from domain.pair_orders import Order, after_order, after_snooze, refusal
from domain.people import Role
from domain.plan import GENERATION, PairPlan, PlannedCheckIn
from domain.sections import CheckInPoint

S = PairState
START = datetime(2027, 1, 11, 9, tzinfo=UTC)
DAY = timedelta(days=1)

PLAN = PairPlan(
    day_seconds=86_400,
    introduction=7,
    preparation=14,
    meetings=63,
    evaluation=14,
    sessions=2,
    every=21,
    minutes=60,
    needed=1,
    scheduler=Role.MENTOR,
    check_ins=(
        PlannedCheckIn(survey="pair_fit", point=CheckInPoint.AFTER_SESSION, session=1),
        PlannedCheckIn(survey="final", point=CheckInPoint.EVALUATION),
    ),
    ladders=DEFAULT_LADDERS,
    generation=GENERATION,
)


class Walk:
    """A pair and the states it came through."""

    def __init__(self, plan: PairPlan = PLAN) -> None:
        self.plan = plan
        self.pair: Pair = begin(START)
        self.now = START

    def does(self, kind: DeedKind, role: Role = Role.MENTOR, **about: object) -> Walk:
        self.now += timedelta(hours=1)
        given = {"kind": kind, "role": role, "at": self.now, **about}
        self.pair = after_deed(self.plan, self.pair, Deed.model_validate(given)).pair
        return self

    def orders(self, order: Order) -> Walk:
        self.now += timedelta(hours=1)
        self.pair = after_order(self.plan, self.pair, order, self.now).pair
        return self

    def next(self) -> Moment | None:
        moment = next_moment(self.plan, self.pair)
        if moment is not None:
            self.now = max(self.now, moment.at)
            self.pair = after_moment(self.plan, self.pair, moment, self.now).pair
        return moment

    def all_due(self, first: Moment, now: datetime) -> tuple[Change, list[Moment]]:
        """What one round carries out, with the pair left as it is."""
        return all_due(self.plan, self.pair, first, now, partial(next_moment, self.plan))

    def until(self, state: PairState) -> Walk:
        for _ in range(80):
            if self.pair.state is state:
                return self
            assert self.next() is not None, f"nothing comes after {self.pair.state}"
        raise AssertionError(f"never came to {state}")

    def prepares(self) -> Walk:
        self.until(S.PREPARING)
        return self.does_all_that_comes_before()

    def does_all_that_comes_before(self) -> Walk:
        for role in BOTH:
            self.does(DeedKind.TRAINING_DONE, role)
            self.does(DeedKind.AGREEMENT_SIGNED, role, terms=1)
        return self.does(DeedKind.GOALS_WRITTEN, Role.MENTEE)

    def meets(self, session: int) -> Walk:
        return self.does(DeedKind.SESSION_HELD, session=session)


def pair_that_is(state: PairState) -> Walk:
    """A pair that came to a state by what really happens."""
    walk = Walk()
    if state is S.INTRODUCED:
        return walk
    if state is S.PREPARING:
        return walk.until(S.PREPARING)
    walk.prepares()
    if state is S.MEETING:
        return walk
    if state is S.STALLED:
        return walk.until(S.STALLED)
    if state is S.EVALUATING:
        return walk.meets(1).meets(2).until(S.EVALUATING)
    raise AssertionError(state)


def paused_while(state: PairState) -> Walk:
    return pair_that_is(state).orders(Order.HOLD)


def final_answers(walk: Walk, wish: Wish) -> Walk:
    for role in BOTH:
        walk.does(DeedKind.SURVEY_ANSWERED, role, occasion="final:evaluation")
        walk.does(DeedKind.WISHED, role, wish=wish)
    walk.next()
    return walk


def leaves(kind: DeedKind) -> Callable[[Walk], Walk]:
    return lambda walk: walk.does(kind, Role.MENTEE)


def ordered(order: Order) -> Callable[[Walk], Walk]:
    return lambda walk: walk.orders(order)


def pair_until_stalled_for_good() -> Walk:
    """On a ladder that ends before the window for meetings does."""
    walk = Walk(PLAN.model_copy(update={"ladders": DEFAULT_LADDERS[:1]}))
    steps = walk.plan.ladders[0].steps[:2]
    short = walk.plan.ladders[0].model_copy(update={"steps": steps})
    walk.plan = walk.plan.model_copy(update={"ladders": (short,)})
    return walk.prepares().until(S.STALLED)


LIVING = (S.INTRODUCED, S.PREPARING, S.MEETING, S.STALLED, S.EVALUATING)

WAYS: dict[tuple[PairState, PairState], tuple[Callable[[], Walk], Callable[[Walk], Walk]]] = {
    (S.INTRODUCED, S.PREPARING): (
        lambda: pair_that_is(S.INTRODUCED),
        lambda walk: walk.until(S.PREPARING),
    ),
    (S.INTRODUCED, S.DECLINED): (
        lambda: pair_that_is(S.INTRODUCED),
        leaves(DeedKind.DECLINED),
    ),
    (S.PREPARING, S.DECLINED): (lambda: pair_that_is(S.PREPARING), leaves(DeedKind.DECLINED)),
    (S.PAUSED, S.DECLINED): (lambda: paused_while(S.PREPARING), leaves(DeedKind.DECLINED)),
    (S.PREPARING, S.MEETING): (
        lambda: pair_that_is(S.PREPARING),
        lambda walk: walk.does_all_that_comes_before(),
    ),
    (S.PREPARING, S.STALLED): (
        lambda: pair_that_is(S.PREPARING),
        lambda walk: walk.until(S.STALLED),
    ),
    (S.MEETING, S.STALLED): (
        lambda: pair_that_is(S.MEETING),
        lambda walk: walk.until(S.STALLED),
    ),
    (S.STALLED, S.PREPARING): (
        lambda: pair_that_is(S.PREPARING).until(S.STALLED),
        lambda walk: walk.does(DeedKind.TRAINING_READ),
    ),
    (S.STALLED, S.MEETING): (
        lambda: pair_that_is(S.STALLED),
        lambda walk: walk.does(DeedKind.SESSION_PROPOSED, session=1, proposal=1),
    ),
    (S.MEETING, S.EVALUATING): (
        lambda: pair_that_is(S.MEETING).meets(1),
        lambda walk: walk.meets(2).until(S.EVALUATING),
    ),
    (S.STALLED, S.EVALUATING): (
        pair_until_stalled_for_good,
        lambda walk: walk.until(S.EVALUATING),
    ),
    (S.EVALUATING, S.COMPLETED): (
        lambda: pair_that_is(S.EVALUATING),
        lambda walk: final_answers(walk, Wish.STOP),
    ),
    (S.EVALUATING, S.CONTINUED): (
        lambda: pair_that_is(S.EVALUATING),
        lambda walk: final_answers(walk, Wish.GO_ON),
    ),
    **{(s, S.PAUSED): (partial(pair_that_is, s), ordered(Order.HOLD)) for s in LIVING},
    **{
        (S.PAUSED, s): (partial(paused_while, s), ordered(Order.RESUME))
        for s in LIVING
        if s is not S.STALLED
    },
    **{(s, S.CLOSED): (partial(pair_that_is, s), ordered(Order.CLOSE)) for s in LIVING},
    **{(s, S.CANCELLED): (partial(pair_that_is, s), ordered(Order.CANCEL)) for s in LIVING},
    **{(s, S.WITHDRAWN): (partial(pair_that_is, s), leaves(DeedKind.WITHDREW)) for s in LIVING},
    (S.PAUSED, S.CLOSED): (lambda: paused_while(S.MEETING), ordered(Order.CLOSE)),
    (S.PAUSED, S.CANCELLED): (lambda: paused_while(S.MEETING), ordered(Order.CANCEL)),
    (S.PAUSED, S.WITHDRAWN): (lambda: paused_while(S.MEETING), leaves(DeedKind.WITHDREW)),
}
"""For every transition: a pair that stands where it begins, and what makes it happen."""


def test_every_transition_of_the_table_has_a_way_here() -> None:
    assert WAYS.keys() == {(t.source, t.target) for t in PAIR_TRANSITIONS}


@pytest.mark.parametrize(("source", "target"), WAYS, ids=str)
def test_a_transition_is_walked(source: PairState, target: PairState) -> None:
    begins, happens = WAYS[source, target]
    walk = begins()
    assert walk.pair.state is source
    happens(walk)
    assert walk.pair.state is target


ALLOWED = {(t.source, t.target) for t in PAIR_TRANSITIONS}
STAGES_ALLOWED = {(t.source, t.target) for t in STAGE_TRANSITIONS}


@pytest.mark.parametrize(
    ("source", "target"), [two for two in product(PairState, repeat=2) if two not in ALLOWED]
)
def test_every_other_transition_of_a_pair_is_refused(source: PairState, target: PairState) -> None:
    with pytest.raises(NotAllowed):
        move(source, target)


@pytest.mark.parametrize(
    ("source", "target"), [two for two in product(Stage, repeat=2) if two not in STAGES_ALLOWED]
)
def test_every_other_transition_of_a_program_is_refused(source: Stage, target: Stage) -> None:
    with pytest.raises(NotAllowed):
        move(source, target)


# --- Whatever happens ----------------------------------------------------------------------------

ROLES = st.sampled_from(BOTH)
SESSIONS = st.integers(1, 3)


@st.composite
def deeds(draw: st.DrawFn) -> dict[str, object]:
    kind = draw(st.sampled_from(DeedKind))
    return {
        "kind": kind,
        "role": draw(ROLES),
        "session": draw(SESSIONS),
        "booking": draw(st.integers(0, 6)),
        "proposal": draw(st.integers(0, 6)),
        "terms": draw(st.integers(0, 3)),
        "occasion": draw(st.sampled_from(["pair_fit:session-1", "final:evaluation"])),
        "verdict": draw(st.sampled_from([None, *Verdict])),
        "look": draw(st.booleans()),
        "wish": draw(st.sampled_from(Wish)),
    }


HAPPENS = st.one_of(
    st.just("time"),
    st.just("time"),
    deeds(),
    st.sampled_from([o for o in Order if o is not Order.CANCEL]),
    st.just("snooze"),
)


@given(st.lists(HAPPENS, max_size=60), st.integers(1, GENERATION))
def test_whatever_happens_a_pair_only_takes_ways_of_the_table(
    happens: list[object], generation: int
) -> None:
    walk = Walk(PLAN.model_copy(update={"generation": generation}))
    for one in happens:
        before = walk.pair
        if one == "time":
            moment = walk.next()
            if moment is not None and moment.kind is not MomentKind.FAREWELL:
                assert not before.ended
        elif one == "snooze":
            walk.pair = after_snooze(walk.pair, walk.now, walk.now + 3 * DAY).pair
        elif isinstance(one, Order):
            if refusal(walk.pair, one) is None:
                walk.orders(one)
        elif isinstance(one, dict):
            in_days = timedelta(days=int(one["booking"]))
            walk.does(**one, booked_for=walk.now + in_days, until=walk.now + in_days)
        after = walk.pair.state
        assert before.state is after or (before.state, after) in ALLOWED
        if before.state.is_over:
            assert after is before.state, "what is over stays as it is"


@given(st.lists(HAPPENS, max_size=40))
def test_every_pair_comes_to_an_end_once_nothing_more_is_done(happens: list[object]) -> None:
    walk = Walk()
    for one in happens:
        if one == "time":
            walk.next()
        elif isinstance(one, dict):
            in_days = timedelta(days=int(one["booking"]))
            walk.does(**one, booked_for=walk.now + in_days, until=walk.now + in_days)
    if walk.pair.state is S.PAUSED and walk.pair.on_hold:
        walk.orders(Order.RESUME)  # somebody does not feel safe: HR looks
    for _ in range(120):
        if walk.next() is None:
            break
    assert walk.pair.ended
    assert walk.now - START < timedelta(days=400)
