"""A pair's life, moment by moment, without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.deeds import Deed, DeedKind
from domain.escalation import Ladder, LadderAction
from domain.journal import EventKind
from domain.lifecycle import NotAllowed, PairState
from domain.pair import BOTH, EndReason, Moment, MomentKind, Pair, begin
from domain.pair_after import after_delivery, after_moment
from domain.pair_deeds import after_deed
from domain.pair_next import next_moment
from domain.pair_orders import Order, after_order, refusal
from domain.people import Role
from domain.plan import PairPlan, PlannedCheckIn
from domain.sections import CheckInPoint

START = datetime(2027, 1, 11, 9, tzinfo=UTC)

LADDERS = (
    Ladder.model_validate(
        {
            "steps": [
                {"after": 7, "do": "nudge_scheduler"},
                {"after": 14, "do": "nudge_both"},
                {"after": 21, "do": "tell_coordinator"},
                {"after": 28, "do": "tell_sponsor"},
                {"after": 42, "do": "close"},
            ]
        }
    ),
)

PLAN = PairPlan(
    day_seconds=86_400,
    introduction=7,
    preparation=14,
    meetings=126,
    evaluation=14,
    sessions=3,
    every=21,
    minutes=60,
    needed=2,
    scheduler=Role.MENTOR,
    check_ins=(
        PlannedCheckIn(survey="pulse", point=CheckInPoint.AFTER_SESSION, session=2),
        PlannedCheckIn(survey="final", point=CheckInPoint.EVALUATION),
    ),
    ladders=LADDERS,
)


class Life:
    """A pair that is lived through: waits for what is due, and lets people do things."""

    def __init__(self, plan: PairPlan = PLAN) -> None:
        self.plan = plan
        self.pair: Pair = begin(START)
        self.now = START
        self.log: list[tuple[int, str]] = []
        self.events: list[EventKind] = []

    def stands(self) -> PairState:
        return self.pair.state

    @property
    def day(self) -> int:
        return (self.now - START).days

    def next(self) -> Moment:
        moment = next_moment(self.plan, self.pair)
        assert moment is not None
        self.now = max(self.now, moment.at)
        change = after_moment(self.plan, self.pair, moment, self.now)
        self.pair = change.pair
        self.events += [h.kind for h in change.happenings]
        self.log.append((self.day, moment.kind.value))
        return moment

    def until(self, kind: MomentKind) -> Moment:
        for _ in range(60):
            moment = self.next()
            if moment.kind is kind:
                return moment
        raise AssertionError(f"{kind} never came: {self.log}")

    def live_on(self) -> None:
        while not self.pair.ended:
            self.next()

    def does(
        self,
        kind: DeedKind,
        role: Role = Role.MENTOR,
        *,
        after_days: float = 0,
        session: int | None = None,
        in_days: float | None = None,
        occasion: str | None = None,
        booking: int = 0,
    ) -> None:
        self.now += timedelta(days=after_days)
        booked_for = self.now + timedelta(days=in_days) if in_days is not None else None
        deed = Deed(
            kind=kind,
            role=role,
            at=self.now,
            session=session,
            booked_for=booked_for,
            occasion=occasion,
            booking=booking,
        )
        change = after_deed(self.plan, self.pair, deed)
        self.pair = change.pair
        self.events += [h.kind for h in change.happenings]

    def prepare(self) -> None:
        self.until(MomentKind.INTRODUCTION)
        for role in BOTH:
            self.does(DeedKind.ACCEPTED, role)
        self.until(MomentKind.PREPARATION)
        for role in BOTH:
            self.does(DeedKind.GUIDE_READ, role)
            self.does(DeedKind.AGREEMENT_SIGNED, role)
        self.does(DeedKind.GOALS_WRITTEN, Role.MENTEE)

    def hold(self, session: int) -> None:
        self.until(MomentKind.SESSION_DUE)
        self.does(DeedKind.SESSION_BOOKED, session=session, after_days=1, in_days=3)
        self.until(MomentKind.SESSION_FOLLOW_UP)
        self.does(DeedKind.SESSION_HELD, session=session)


def test_a_prompt_pair_is_introduced_prepared_meets_and_completes() -> None:
    life = Life()
    life.prepare()
    assert life.stands() is PairState.MEETING
    for session in (1, 2, 3):
        life.hold(session)
    life.until(MomentKind.EVALUATION)
    for role in BOTH:
        life.does(DeedKind.SURVEY_ANSWERED, role, occasion="final:evaluation")
    life.live_on()
    assert life.stands() is PairState.COMPLETED
    assert [kind for _, kind in life.log] == [
        "introduction",
        "preparation",
        *("session_due", "session_invitation", "session_reminder", "session_follow_up") * 2,
        "check_in",
        "check_in_reminder",
        *("session_due", "session_invitation", "session_reminder", "session_follow_up"),
        "evaluation",
        "farewell",
    ]


def test_nobody_who_stays_silent_is_taken_to_say_no() -> None:
    life = Life()
    life.until(MomentKind.INTRODUCTION)
    life.next()
    assert life.log[-1] == (7, "preparation")
    assert life.stands() is PairState.PREPARING


@pytest.mark.parametrize("role", BOTH)
def test_either_may_decline_and_the_pair_ends(role: Role) -> None:
    life = Life()
    life.until(MomentKind.INTRODUCTION)
    life.does(DeedKind.DECLINED, role, after_days=2)
    farewell = life.next()
    assert farewell.kind is MomentKind.FAREWELL
    assert farewell.ending is PairState.DECLINED
    assert farewell.left_by is role
    assert life.pair.ended


def test_a_silent_pair_climbs_the_whole_ladder_and_is_closed_without_fault() -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.SESSION_DUE)
    asked = life.day
    climbed = []
    while not life.pair.ended:
        moment = life.next()
        climbed.append((life.day - asked, moment.action))
    assert climbed == [
        (7, LadderAction.NUDGE_SCHEDULER),
        (14, LadderAction.NUDGE_BOTH),
        (21, LadderAction.TELL_COORDINATOR),
        (28, LadderAction.TELL_SPONSOR),
        (42, LadderAction.CLOSE),
    ]
    assert life.stands() is PairState.CLOSED
    assert life.pair.reason is EndReason.LADDER


def test_steps_of_the_ladder_keep_their_distance_when_a_server_was_down() -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.SESSION_DUE)
    first = life.next()
    life.now += timedelta(days=30)  # so long does the nudge take to get out
    life.pair = after_delivery(life.pair, first, life.now)
    delivered = life.day
    second = life.next()
    assert second.action is LadderAction.NUDGE_BOTH
    assert life.day - delivered == 7


def test_who_is_asked_late_has_the_full_time_to_answer() -> None:
    life = Life()
    life.prepare()
    asked = life.until(MomentKind.SESSION_DUE)
    life.now += timedelta(days=30)
    life.pair = after_delivery(life.pair, asked, life.now)
    delivered = life.day
    assert life.next().action is LadderAction.NUDGE_SCHEDULER
    assert life.day - delivered == 7


def test_a_sign_of_life_takes_the_pair_off_the_ladder() -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.LADDER_STEP)
    life.until(MomentKind.LADDER_STEP)
    assert life.stands() is PairState.STALLED
    assert life.pair.ladder_step == 2
    life.does(DeedKind.SESSION_BOOKED, session=1, after_days=1, in_days=3)
    assert life.stands() is PairState.MEETING
    assert life.pair.ladder_step == 0
    assert EventKind.PAIR_RECOVERED in life.events
    assert life.next().kind is MomentKind.SESSION_INVITATION


def test_a_pair_with_a_booked_session_is_not_nudged_before_it() -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.SESSION_DUE)
    life.does(DeedKind.SESSION_BOOKED, session=1, in_days=30)
    assert [life.next().kind for _ in range(3)] == [
        MomentKind.SESSION_INVITATION,
        MomentKind.SESSION_REMINDER,
        MomentKind.SESSION_FOLLOW_UP,
    ]


def test_silence_after_a_booked_session_climbs_the_ladder_from_its_end() -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.SESSION_DUE)
    life.does(DeedKind.SESSION_BOOKED, session=1, in_days=3)
    life.until(MomentKind.SESSION_FOLLOW_UP)
    met = life.day
    life.until(MomentKind.LADDER_STEP)
    assert life.day - met == 7


def test_a_session_that_did_not_happen_is_asked_for_again() -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.SESSION_DUE)
    life.does(DeedKind.SESSION_BOOKED, session=1, in_days=3)
    life.until(MomentKind.SESSION_FOLLOW_UP)
    life.does(DeedKind.SESSION_MISSED, session=1)
    again = life.next()
    assert again.kind is MomentKind.SESSION_DUE
    assert (again.session, again.attempt) == (1, 2)


def test_a_moved_session_is_invited_again() -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.SESSION_DUE)
    life.does(DeedKind.SESSION_BOOKED, session=1, in_days=3)
    first = life.next()
    life.does(DeedKind.SESSION_BOOKED, session=1, in_days=9, booking=1)
    second = life.next()
    assert [first.kind, second.kind] == [MomentKind.SESSION_INVITATION] * 2
    assert (first.attempt, second.attempt) == (1, 2)


def test_a_new_place_is_invited_again_though_the_time_stays() -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.SESSION_DUE)
    when = life.now + timedelta(days=3)
    for booking in (0, 1):
        deed = Deed(
            kind=DeedKind.SESSION_BOOKED,
            role=Role.MENTOR,
            at=life.now,
            session=1,
            booked_for=when,
            booking=booking,
        )
        life.pair = after_deed(PLAN, life.pair, deed).pair
        assert life.next().kind is MomentKind.SESSION_INVITATION


def test_deeds_that_are_told_again_from_the_start_change_nothing() -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.SESSION_DUE)

    def deed(kind: DeedKind, booking: int) -> Deed:
        when = life.now + timedelta(days=3 + booking)
        about = {"session": 1, "booked_for": when, "booking": booking}
        return Deed.model_validate({"kind": kind, "role": Role.MENTOR, "at": life.now, **about})

    told = [
        deed(DeedKind.SESSION_BOOKED, 0),
        deed(DeedKind.SESSION_MISSED, 0),
        deed(DeedKind.SESSION_BOOKED, 1),
    ]
    for one in told:
        life.pair = after_deed(PLAN, life.pair, one).pair
    before = life.pair
    for one in told:
        life.pair = after_deed(PLAN, life.pair, one).pair
    assert life.pair == before


def test_a_call_for_help_is_heard_in_a_pause() -> None:
    life = Life()
    life.prepare()
    life.pair = after_order(PLAN, life.pair, Order.PAUSE, life.now).pair
    life.does(DeedKind.HELP_ASKED, Role.MENTEE)
    assert life.next().kind is MomentKind.HELP
    assert next_moment(PLAN, life.pair) is None


@pytest.mark.parametrize("kind", list(DeedKind))
def test_the_same_deed_twice_changes_nothing_more(kind: DeedKind) -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.SESSION_DUE)
    life.does(DeedKind.SESSION_BOOKED, session=1, in_days=3)
    life.until(MomentKind.SESSION_FOLLOW_UP)
    deed = Deed(
        kind=kind,
        role=Role.MENTEE,
        at=life.now,
        session=1,
        booked_for=life.now + timedelta(days=5),
        occasion="pulse:session-2",
    )
    once = after_deed(PLAN, life.pair, deed)
    twice = after_deed(PLAN, once.pair, deed)
    assert twice.pair == once.pair
    assert twice.happenings == ()


def test_too_few_sessions_end_without_fault_after_the_window() -> None:
    quiet = PLAN.model_copy(update={"ladders": ()})
    life = Life(quiet)
    life.prepare()
    life.hold(1)
    life.live_on()
    assert life.stands() is PairState.CLOSED
    assert life.pair.reason is EndReason.TOO_FEW_SESSIONS


def test_a_session_told_of_late_still_counts() -> None:
    quiet = PLAN.model_copy(update={"ladders": ()})
    life = Life(quiet)
    life.prepare()
    life.hold(1)
    life.until(MomentKind.EVALUATION)
    life.does(DeedKind.SESSION_HELD, session=2)
    life.live_on()
    assert life.stands() is PairState.COMPLETED


def test_a_pair_that_never_prepares_is_told_of_and_closed() -> None:
    quiet = PLAN.model_copy(update={"ladders": ()})
    life = Life(quiet)
    overdue = life.until(MomentKind.PREPARATION_OVERDUE)
    assert (life.day, overdue.roles) == (21, BOTH)
    life.live_on()
    assert life.pair.reason is EndReason.NEVER_PREPARED


def test_a_pause_makes_everything_later_by_its_length() -> None:
    life = Life()
    life.prepare()
    life.until(MomentKind.SESSION_DUE)
    before = next_moment(PLAN, life.pair)
    assert before is not None
    life.now += timedelta(days=2)
    life.pair = after_order(PLAN, life.pair, Order.PAUSE, life.now).pair
    assert next_moment(PLAN, life.pair) is None
    life.now += timedelta(days=30)
    life.pair = after_order(PLAN, life.pair, Order.RESUME, life.now).pair
    after = next_moment(PLAN, life.pair)
    assert after is not None
    assert after.at == life.now + timedelta(days=7)
    assert after.at >= before.at + timedelta(days=30)


def test_what_people_do_while_the_pair_is_paused_is_kept() -> None:
    life = Life()
    life.until(MomentKind.INTRODUCTION)
    for role in BOTH:
        life.does(DeedKind.ACCEPTED, role)
    life.until(MomentKind.PREPARATION)
    life.pair = after_order(PLAN, life.pair, Order.PAUSE, life.now).pair
    for role in BOTH:
        life.does(DeedKind.GUIDE_READ, role)
        life.does(DeedKind.AGREEMENT_SIGNED, role)
    life.does(DeedKind.GOALS_WRITTEN, Role.MENTEE)
    assert life.stands() is PairState.PAUSED
    life.pair = after_order(PLAN, life.pair, Order.RESUME, life.now).pair
    assert life.stands() is PairState.MEETING


def test_orders_that_make_no_sense_are_refused_with_a_reason() -> None:
    pair = begin(START)
    assert refusal(pair, Order.RESUME) == "This pair is not paused: it is introduced."
    paused = after_order(PLAN, pair, Order.PAUSE, START).pair
    assert refusal(paused, Order.PAUSE) == "This pair is paused already."
    closed = after_order(PLAN, paused, Order.CLOSE, START).pair
    assert refusal(closed, Order.CANCEL) == "This pair is over: it is closed."
    with pytest.raises(NotAllowed):
        after_order(PLAN, closed, Order.CANCEL, START)


def test_withdrawing_tells_both_and_the_coordinator_once() -> None:
    life = Life()
    life.prepare()
    life.does(DeedKind.WITHDREW, Role.MENTEE)
    farewell = life.next()
    assert (farewell.ending, farewell.left_by) == (PairState.WITHDRAWN, Role.MENTEE)
    assert life.pair.ended
