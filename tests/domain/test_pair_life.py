"""What can come about for a pair besides the straight way: second thoughts, leave, going on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.calendar import ProgramCalendar
from domain.deeds import DeedKind, Verdict, Wish
from domain.journal import EventKind
from domain.lifecycle import PairState
from domain.messages import Recipient, messages_of
from domain.pair import BOTH, EndReason, Moment, MomentKind
from domain.pair_next import next_moment
from domain.pair_orders import Order, after_order, after_program_order, after_snooze, refusal
from domain.people import Role
from domain.reach import PairHours
from domain.reaching import open_hours_of
from tests.domain.definitions import definition_with
from tests.domain.test_lifecycle import DAY, PLAN, START, Walk, pair_that_is

MENTOR, MENTEE = Role.MENTOR, Role.MENTEE


def until(walk: Walk, kind: MomentKind) -> Moment:
    for _ in range(60):
        moment = walk.next()
        assert moment is not None
        if moment.kind is kind:
            return moment
    raise AssertionError(f"{kind} never came")


def kinds_to_come(walk: Walk) -> list[MomentKind]:
    kinds = []
    while (moment := walk.next()) is not None:
        kinds.append(moment.kind)
    return kinds


def told(moment: Moment) -> set[tuple[str, str]]:
    return {(one.to.value, one.template) for one in messages_of(moment, MENTOR)}


def meeting() -> Walk:
    walk = pair_that_is(PairState.MEETING)
    until(walk, MomentKind.SESSION_DUE)
    return walk


def met_once() -> Walk:
    walk = meeting().meets(1)
    until(walk, MomentKind.CHECK_IN)
    return walk


def answers_fit(walk: Walk, role: Role, verdict: Verdict, occasion: str) -> Walk:
    return walk.does(DeedKind.SURVEY_ANSWERED, role, occasion=occasion, verdict=verdict)


# --- The agreement -------------------------------------------------------------------------------


def test_a_change_of_the_agreement_needs_both_again() -> None:
    walk = pair_that_is(PairState.PREPARING)
    walk.does(DeedKind.AGREEMENT_SIGNED, MENTOR, terms=1)
    walk.does(DeedKind.AGREEMENT_SIGNED, MENTEE, terms=2)
    assert not walk.pair.has_signed(MENTOR)
    assert walk.pair.has_signed(MENTEE)
    changed = until(walk, MomentKind.AGREEMENT_CHANGED)
    assert told(changed) == {("mentor", "agreement_changed")}
    walk.does(DeedKind.AGREEMENT_SIGNED, MENTOR, terms=2)
    assert all(walk.pair.has_signed(role) for role in BOTH)
    assert MomentKind.AGREEMENT_CHANGED not in kinds_to_come(walk)


def test_a_change_while_the_two_meet_keeps_them_meeting() -> None:
    walk = meeting().does(DeedKind.AGREEMENT_SIGNED, MENTEE, terms=2)
    assert walk.pair.state is PairState.MEETING
    assert until(walk, MomentKind.AGREEMENT_CHANGED).roles == (MENTOR,)


def test_a_signature_told_of_late_does_not_bring_older_terms_back() -> None:
    walk = meeting().does(DeedKind.AGREEMENT_SIGNED, MENTEE, terms=3)
    walk.does(DeedKind.AGREEMENT_SIGNED, MENTOR, terms=2)
    assert walk.pair.terms == 3
    assert not walk.pair.has_signed(MENTOR)


def test_who_signed_before_terms_were_counted_has_signed_the_first() -> None:
    walk = pair_that_is(PairState.PREPARING)
    walk.does(DeedKind.AGREEMENT_SIGNED, MENTOR)
    walk.does(DeedKind.AGREEMENT_SIGNED, MENTEE, terms=1)
    assert all(walk.pair.has_signed(role) for role in BOTH)


# --- Sessions ------------------------------------------------------------------------------------


def test_times_are_told_to_the_partner_and_a_pick_invites_both() -> None:
    walk = meeting().does(DeedKind.SESSION_PROPOSED, MENTOR, session=1, proposal=1)
    proposed = until(walk, MomentKind.SESSION_PROPOSED)
    assert told(proposed) == {("mentee", "session_proposed")}
    walk.does(DeedKind.SESSION_BOOKED, MENTEE, session=1, booked_for=walk.now + 5 * DAY)
    assert until(walk, MomentKind.SESSION_INVITATION).roles == BOTH
    assert walk.pair.session.proposed_by is None


def test_proposing_back_asks_the_other_one() -> None:
    walk = meeting().does(DeedKind.SESSION_PROPOSED, MENTOR, session=1, proposal=1)
    until(walk, MomentKind.SESSION_PROPOSED)
    walk.does(DeedKind.SESSION_PROPOSED, MENTEE, session=1, proposal=2)
    assert until(walk, MomentKind.SESSION_PROPOSED).roles == (MENTOR,)


def test_who_promised_to_answer_within_two_days_is_reminded_once_of_it() -> None:
    walk = Walk(PLAN.model_copy(update={"reply_within": 48})).prepares()
    until(walk, MomentKind.SESSION_DUE)
    walk.does(DeedKind.SESSION_PROPOSED, MENTOR, session=1, proposal=1)
    proposed = walk.now
    reminder = until(walk, MomentKind.ANSWER_REMINDER)
    assert reminder.at - proposed == timedelta(hours=48)
    assert told(reminder) == {("mentee", "nudge_answer")}
    assert MomentKind.ANSWER_REMINDER not in kinds_to_come(walk)


def test_an_answer_within_two_days_is_due_two_working_days_after_the_mail() -> None:
    walk = Walk(PLAN.model_copy(update={"reply_within": 48})).prepares()
    until(walk, MomentKind.SESSION_DUE)
    calendar = ProgramCalendar(epoch=START, first=START, day_seconds=86_400)
    hours = open_hours_of(definition_with(), calendar, None, None, START, 120)
    walk.now += timedelta(days=(5 - walk.now.weekday()) % 7)
    walk.does(DeedKind.SESSION_PROPOSED, MENTOR, session=1, proposal=1)
    assert f"{walk.now:%A}" == "Saturday"
    pair_hours = PairHours(mentor=hours, mentee=hours, program=hours)
    walk.pair = walk.pair.model_copy(update={"hours": pair_hours})
    assert f"{until(walk, MomentKind.SESSION_PROPOSED).at:%A}" == "Monday"
    assert f"{until(walk, MomentKind.ANSWER_REMINDER).at:%A}" == "Wednesday"


def test_a_session_that_is_called_off_leaves_both_calendars_and_is_asked_for_again() -> None:
    walk = meeting()
    walk.does(DeedKind.SESSION_BOOKED, MENTOR, session=1, booked_for=walk.now + 5 * DAY)
    until(walk, MomentKind.SESSION_INVITATION)
    walk.does(DeedKind.SESSION_CANCELLED, MENTEE, session=1, booking=1)
    off = until(walk, MomentKind.SESSION_CANCELLED)
    assert (off.session, off.attempt) == (1, 1)
    assert all(one.calendar == "cancellation" for one in messages_of(off, MENTOR))
    again = until(walk, MomentKind.SESSION_DUE)
    assert (again.session, again.attempt) == (1, 2)


def test_a_session_that_is_booked_anew_at_once_moves_and_is_not_taken_out() -> None:
    walk = meeting()
    walk.does(DeedKind.SESSION_BOOKED, MENTOR, session=1, booked_for=walk.now + 5 * DAY)
    until(walk, MomentKind.SESSION_INVITATION)
    walk.does(DeedKind.SESSION_CANCELLED, MENTEE, session=1, booking=1)
    when = walk.now + 6 * DAY
    walk.does(DeedKind.SESSION_BOOKED, MENTOR, session=1, booked_for=when, booking=2)
    moment = walk.next()
    assert moment is not None
    assert moment.kind is MomentKind.SESSION_INVITATION


def test_a_session_that_takes_place_ends_a_row_of_cancellations() -> None:
    walk = meeting()
    walk.does(DeedKind.SESSION_BOOKED, MENTOR, session=1, booked_for=walk.now + 5 * DAY)
    walk.does(DeedKind.SESSION_CANCELLED, MENTEE, session=1, booking=1)
    assert walk.pair.fell_through == 1
    assert walk.meets(1).pair.fell_through == 0


# --- Does it fit ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", BOTH)
def test_not_a_good_fit_from_either_side_ends_the_pair_and_tells_nobody_who(role: Role) -> None:
    walk = answers_fit(met_once(), role, Verdict.NOT_GOOD, "pair_fit:session-1")
    farewell = walk.next()
    assert farewell is not None
    assert (farewell.ending, farewell.reason) == (PairState.CLOSED, EndReason.NO_FIT)
    assert farewell.left_by is None
    assert told(farewell) == {
        ("mentor", "farewell_no_fit"),
        ("mentee", "farewell_no_fit"),
        ("coordinator", "pair_ended"),
    }


def test_who_is_undecided_is_asked_again_after_the_next_session_and_nobody_else() -> None:
    walk = Walk(PLAN.model_copy(update={"sessions": 3})).prepares().meets(1)
    until(walk, MomentKind.CHECK_IN)
    answers_fit(walk, MENTOR, Verdict.GOOD, "pair_fit:session-1")
    answers_fit(walk, MENTEE, Verdict.UNDECIDED, "pair_fit:session-1")
    walk.meets(2)
    again = until(walk, MomentKind.CHECK_IN)
    (asked,) = again.check_ins
    assert (asked.occasion, asked.roles) == ("pair_fit:session-2", (MENTEE,))
    assert told(again) == {("mentee", "check_in")}
    answers_fit(walk, MENTEE, Verdict.GOOD, "pair_fit:session-2")
    assert MomentKind.CHECK_IN not in kinds_to_come(walk)


def test_an_answer_beyond_a_threshold_reaches_the_coordinator_once() -> None:
    walk = met_once()
    for _ in range(2):
        walk.does(DeedKind.SURVEY_ANSWERED, MENTEE, occasion="pair_fit:session-1", look=True)
    flagged = walk.next()
    assert flagged is not None
    assert told(flagged) == {("coordinator", "check_in_flagged")}
    assert MomentKind.FLAGGED not in kinds_to_come(walk)


def test_another_partner_is_offered_to_each_alone_and_no_answer_closes_the_pair() -> None:
    walk = meeting()
    offer = next(
        m for m in iter(walk.next, None) if m.action is not None and m.action == "offer_rematch"
    )
    assert told(offer) == {("mentor", "offer_rematch"), ("mentee", "offer_rematch")}
    (asked,) = {one.check_in for one in messages_of(offer, MENTOR)}
    assert asked is not None
    assert asked.occasion == "pair_fit:offer-1"
    assert walk.until(PairState.CLOSED).pair.reason is EndReason.LADDER


def test_a_good_word_on_the_offer_takes_the_pair_off_the_ladder() -> None:
    walk = meeting()
    until_offer = (m for m in iter(walk.next, None) if m.action == "offer_rematch")
    next(until_offer)
    answers_fit(walk, MENTEE, Verdict.GOOD, "pair_fit:offer-1")
    assert walk.pair.state is PairState.MEETING
    assert walk.pair.ladder is None


# --- The coordinator -----------------------------------------------------------------------------


def test_a_coordinator_who_is_on_it_holds_the_ladder() -> None:
    walk = meeting()
    task = next(m for m in iter(walk.next, None) if m.action == "coordinator_task")
    until_then = walk.now + 10 * DAY
    walk.pair = after_snooze(walk.pair, walk.now, until_then).pair
    following = next_moment(walk.plan, walk.pair)
    assert following is not None
    assert (following.step, following.at) == ((task.step or 0) + 1, until_then)


def test_a_sign_of_life_ends_the_snooze_as_well() -> None:
    walk = meeting().until(PairState.STALLED)
    walk.pair = after_snooze(walk.pair, walk.now, walk.now + 10 * DAY).pair
    walk.does(DeedKind.TRAINING_READ)
    assert walk.pair.snoozed_until is None


# --- Not feeling safe ----------------------------------------------------------------------------


@pytest.mark.parametrize("state", [s for s in PairState if not s.is_over and s is not s.PAUSED])
def test_who_does_not_feel_safe_reaches_the_contact_and_silences_the_pair(
    state: PairState,
) -> None:
    walk = pair_that_is(state).does(DeedKind.SAFETY_RAISED, MENTEE)
    call = walk.next()
    assert call is not None
    assert told(call) == {(Recipient.SAFETY_CONTACT.value, "safety_raised")}
    assert walk.pair.state is PairState.PAUSED
    assert walk.next() is None, "nothing goes out to the two"


def test_only_hr_lets_a_pair_go_on_in_which_somebody_did_not_feel_safe() -> None:
    walk = meeting().does(DeedKind.SAFETY_RAISED, MENTEE)
    walk.next()
    walk.does(DeedKind.TRAINING_READ, MENTOR)
    walk.pair = after_program_order(walk.plan, walk.pair, Order.PAUSE, walk.now).pair
    walk.pair = after_program_order(walk.plan, walk.pair, Order.RESUME, walk.now).pair
    assert walk.pair.state is PairState.PAUSED
    assert walk.orders(Order.RESUME).pair.state is PairState.MEETING


# --- Leave ---------------------------------------------------------------------------------------


def test_while_one_is_away_the_other_is_told_once_and_nobody_is_nudged() -> None:
    walk = meeting()
    back = walk.now + 30 * DAY
    walk.does(DeedKind.WENT_AWAY, MENTEE, until=back)
    away = walk.next()
    assert away is not None
    assert told(away) == {("mentor", "partner_away")}
    ends = walk.next()
    assert ends is not None
    assert (ends.kind, ends.at) == (MomentKind.RETURN, back)
    assert told(ends) == {("mentor", "welcome_back"), ("mentee", "welcome_back")}
    assert walk.pair.state is PairState.MEETING


def test_a_leave_shifts_all_that_was_due() -> None:
    walk = meeting()
    due = next_moment(walk.plan, walk.pair)
    assert due is not None
    left = due.at - walk.now
    walk.does(DeedKind.WENT_AWAY, MENTEE, until=walk.now + 30 * DAY)
    until(walk, MomentKind.RETURN)
    until(walk, MomentKind.HELD)
    later = next_moment(walk.plan, walk.pair)
    assert later is not None
    assert later.kind is due.kind
    assert later.at - walk.now >= left


def test_two_who_are_away_are_back_with_the_later_one() -> None:
    walk = meeting()
    walk.does(DeedKind.WENT_AWAY, MENTEE, until=walk.now + 10 * DAY)
    later = walk.now + 20 * DAY
    walk.does(DeedKind.WENT_AWAY, MENTOR, until=later)
    assert until(walk, MomentKind.RETURN).at == later


def test_coming_back_early_ends_the_pause() -> None:
    walk = meeting().does(DeedKind.WENT_AWAY, MENTEE, until=meeting().now + 40 * DAY)
    assert walk.pair.state is PairState.PAUSED
    assert walk.does(DeedKind.CAME_BACK, MENTEE).pair.state is PairState.MEETING


def test_a_program_that_goes_on_leaves_who_is_away_in_peace() -> None:
    walk = meeting()
    walk.does(DeedKind.WENT_AWAY, MENTEE, until=walk.now + 40 * DAY)
    walk.pair = after_program_order(walk.plan, walk.pair, Order.PAUSE, walk.now).pair
    walk.pair = after_program_order(walk.plan, walk.pair, Order.RESUME, walk.now).pair
    assert walk.pair.state is PairState.PAUSED
    assert until(walk, MomentKind.RETURN) is not None


def test_a_pair_on_hold_until_a_date_goes_on_by_itself() -> None:
    walk = meeting()
    back = walk.now + 15 * DAY
    change = after_order(walk.plan, walk.pair, Order.HOLD, walk.now, until=back)
    walk.pair = change.pair
    ends = walk.next()
    assert ends is not None
    assert (ends.kind, ends.at) == (MomentKind.RETURN, back)


# --- Longer, and on ------------------------------------------------------------------------------


def test_more_time_for_meetings_is_told_to_both_and_moves_the_end() -> None:
    walk = meeting()
    before = walk.pair
    change = after_order(walk.plan, before, Order.EXTEND, walk.now, days=21)
    walk.pair = change.pair
    assert [h.kind for h in change.happenings] == [EventKind.PAIR_EXTENDED]
    longer = walk.next()
    assert longer is not None
    assert told(longer) == {("mentor", "program_extended"), ("mentee", "program_extended")}


def test_a_pair_that_looks_back_gets_no_more_time() -> None:
    pair = pair_that_is(PairState.EVALUATING).pair
    assert refusal(pair, Order.EXTEND) is not None


@pytest.mark.parametrize(
    ("mentor", "mentee", "ending"),
    [
        (Wish.GO_ON, Wish.GO_ON_WITH_MAILS, PairState.CONTINUED),
        (Wish.GO_ON, Wish.STOP, PairState.COMPLETED),
        (Wish.STOP, Wish.GO_ON_WITH_MAILS, PairState.COMPLETED),
        (Wish.STOP, Wish.STOP, PairState.COMPLETED),
    ],
)
def test_a_pair_goes_on_when_both_wish_to(mentor: Wish, mentee: Wish, ending: PairState) -> None:
    walk = pair_that_is(PairState.EVALUATING)
    for role, wish in ((MENTOR, mentor), (MENTEE, mentee)):
        walk.does(DeedKind.SURVEY_ANSWERED, role, occasion="final:evaluation")
        walk.does(DeedKind.WISHED, role, wish=wish)
    walk.next()
    assert walk.pair.state is ending


def test_who_says_nothing_has_the_whole_time_for_it() -> None:
    walk = pair_that_is(PairState.EVALUATING)
    began = walk.pair.since
    for role in BOTH:
        walk.does(DeedKind.SURVEY_ANSWERED, role, occasion="final:evaluation")
    farewell = until(walk, MomentKind.FAREWELL)
    assert farewell.at - began == walk.plan.days(walk.plan.evaluation)


# --- Several at once -----------------------------------------------------------------------------


def test_what_is_due_at_one_time_is_carried_out_in_one_round() -> None:
    walk = Walk(PLAN.model_copy(update={"sessions": 3, "every": 1})).prepares().meets(1)
    first = next_moment(walk.plan, walk.pair)
    assert first is not None
    _, moments = walk.all_due(first, walk.now + 2 * DAY)
    assert {m.kind for m in moments} >= {MomentKind.CHECK_IN, MomentKind.SESSION_DUE}


def test_after_a_long_outage_no_pair_falls_up_the_whole_ladder_at_once() -> None:
    walk = meeting()
    nudge = next_moment(walk.plan, walk.pair)
    assert nudge is not None
    assert nudge.kind is MomentKind.LADDER_STEP
    back = nudge.at + 30 * DAY
    change, moments = walk.all_due(nudge, back)
    assert [one.step for one in moments if one.step] == [1]
    following = next_moment(walk.plan, change.pair)
    assert following is not None
    assert following.step == 2
    assert following.at >= back + 7 * DAY


def test_pairs_of_earlier_releases_take_one_moment_at_a_time() -> None:
    plan = PLAN.model_copy(update={"sessions": 3, "every": 1, "generation": 1})
    walk = Walk(plan).prepares().meets(1)
    first = next_moment(walk.plan, walk.pair)
    assert first is not None
    _, moments = walk.all_due(first, walk.now + 2 * DAY)
    assert len(moments) == 1


def test_what_was_held_goes_by_itself_and_nothing_gets_lost_beside_it() -> None:
    walk = Walk(PLAN.model_copy(update={"sessions": 3, "every": 1})).prepares().meets(1)
    walk.pair = walk.pair.model_copy(update={"held_until": walk.now - DAY})
    held = next_moment(walk.plan, walk.pair)
    assert held is not None
    assert held.kind is MomentKind.HELD
    change, moments = walk.all_due(held, walk.now + 2 * DAY)
    assert moments == [held]
    assert next_moment(walk.plan, change.pair) is not None


def test_silence_after_a_date_asks_whether_the_two_have_met() -> None:
    walk = meeting()
    walk.does(DeedKind.SESSION_BOOKED, MENTOR, session=1, booked_for=walk.now + 2 * DAY)
    nudge = until(walk, MomentKind.LADDER_STEP)
    assert told(nudge) == {("mentor", "nudge_report")}
