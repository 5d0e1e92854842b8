"""What comes next for a pair, and when."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.escalation import Ladder, LadderAction, Trigger, Wait
from domain.lifecycle import PairState
from domain.messages import messages_of
from domain.model import Value
from domain.pair import BOTH, EndReason, Moment, MomentKind, Pair, Step
from domain.people import Role
from domain.plan import PAIR_FIT, REMIND_CHECK_IN_AFTER, PairPlan, PlannedCheckIn
from domain.reach import next_common
from domain.sections import CheckInPoint

AT_ONCE = frozenset(
    {
        MomentKind.HELP,
        MomentKind.SAFETY,
        MomentKind.SESSION_INVITATION,
        MomentKind.SESSION_CANCELLED,
        MomentKind.HELD,
        MomentKind.RETURN,
    }
)
"""Moments that wait for no open hours: a call, and what answers a click and keeps calendars right.
What is held has waited already."""

DEADLINES = frozenset(
    {
        MomentKind.PREPARATION,
        MomentKind.PREPARATION_REMINDER,
        MomentKind.PREPARATION_OVERDUE,
        MomentKind.ANSWER_REMINDER,
        MomentKind.CHECK_IN_REMINDER,
        MomentKind.LADDER_STEP,
        MomentKind.EVALUATION,
        MomentKind.FAREWELL,
    }
)
"""Moments that come only if somebody does nothing until then. Mostly they don't."""

BEFORE_ASKING_AGAIN = 1
"""Program days after a session fell through: most pairs find another date by themselves."""

LONGEST_SEARCH = 4
"""Program days in which an hour is looked for that is open to all whom a moment concerns. Where
there is none, it comes when the first can be reached, and the others' messages are held."""


def next_moment(plan: PairPlan, pair: Pair) -> Moment | None:
    """The moment that is due next, or None when nothing is: in a pause, or at the end.

    A moment whose `at` is past is due now. Of several at the same instant, the one that ends
    something goes before the one that asks for something. Every moment comes when whom it concerns
    may be written to.
    """
    first: tuple[datetime, int, Moment] | None = None
    in_order = sorted(enumerate(_moments(plan, pair)), key=lambda one: one[1].at)
    for place, moment in in_order:
        if first is not None and moment.at > first[0]:
            break  # to be reached can only take longer
        reached = _reachable(plan, pair, moment)
        if first is None or (reached.at, place) < first[:2]:
            first = (reached.at, place, reached)
    return first[2] if first is not None else None


def serves(alarm: datetime | None, moment: Moment) -> bool:
    """Whether an alarm that is set to this instant, if it is, will do for a moment.

    One that is set too early does for a deadline, which moves with all that people do: most are
    over before they come. For any other moment it would ring in vain.
    """
    if alarm is None or alarm > moment.at:
        return False
    return alarm == moment.at or moment.kind in DEADLINES


def _moments(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    if pair.ended:
        yield from _held(pair)
    elif pair.state is PairState.PAUSED:
        yield from _in_a_pause(pair)
    elif pair.state.is_over:
        yield from _safety(pair)
        yield Moment(
            kind=MomentKind.FAREWELL,
            at=pair.since,
            ending=pair.state,
            reason=pair.reason,
            left_by=pair.left_by,
        )
    else:
        yield from _calls(pair)
        yield from _part_of_life(plan, pair)
        yield from _check_in_reminders(plan, pair)
        yield from _news(plan, pair)
        yield from _held(pair)


def _part_of_life(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    phase = pair.phase
    if phase is PairState.INTRODUCED:
        yield from _introduction(plan, pair)
    elif phase is PairState.PREPARING:
        yield from _preparation(plan, pair)
    elif phase is PairState.MEETING:
        yield from _meetings(plan, pair)
    elif phase is PairState.EVALUATING:
        yield from _evaluation(plan, pair)


# --- What can come at any time -------------------------------------------------------------------


def _safety(pair: Pair) -> Iterator[Moment]:
    if pair.safety_raised:
        yield Moment(kind=MomentKind.SAFETY, at=pair.since, roles=pair.safety_raised)


def _calls(pair: Pair) -> Iterator[Moment]:
    yield from _safety(pair)
    if pair.help_wanted:
        yield Moment(kind=MomentKind.HELP, at=pair.sign_of_life, roles=pair.help_wanted)


def _in_a_pause(pair: Pair) -> Iterator[Moment]:
    """A pause stops the clock, and nobody's call."""
    yield from _calls(pair)
    stopped = pair.paused_at or pair.since
    told = pair.greeted and not (pair.on_hold or pair.program_paused)
    for away in pair.away:
        if told and not away.told:
            yield Moment(
                kind=MomentKind.AWAY, at=stopped, roles=(away.role.other,), until=away.until
            )
    if (ends := pair.resumes_at) is not None:
        yield Moment(kind=MomentKind.RETURN, at=ends)


def _news(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    """What one did and the other, or the coordinator, should know."""
    now = pair.sign_of_life
    again = tuple(role for role in BOTH if not pair.has_signed(role) and _signed_before(pair, role))
    if again and pair.terms_told < pair.terms:
        yield Moment(kind=MomentKind.AGREEMENT_CHANGED, at=now, roles=again)
    for role, occasion in pair.flagged:
        flagged = (p.check_in for p in pair.check_ins if p.check_in.occasion == occasion)
        yield Moment(kind=MomentKind.FLAGGED, at=now, roles=(role,), check_ins=tuple(flagged))
    if pair.recovery_to_tell:
        yield Moment(kind=MomentKind.RECOVERED, at=now)
    if pair.extension_to_tell:
        yield Moment(kind=MomentKind.EXTENDED, at=pair.since, until=meetings_end(plan, pair))


def _signed_before(pair: Pair, role: Role) -> bool:
    return any(who is role for who, _ in pair.signed) or (role, Step.AGREEMENT) in pair.steps


def _held(pair: Pair) -> Iterator[Moment]:
    if pair.held_until is not None:
        yield Moment(kind=MomentKind.HELD, at=pair.held_until)


# --- The parts of a pair's life ------------------------------------------------------------------


def _introduction(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    deadline = pair.since + plan.days(plan.introduction)
    if not pair.greeted:
        yield Moment(kind=MomentKind.INTRODUCTION, at=pair.since, until=deadline)
        return
    both_said_yes = all(role in pair.accepted for role in BOTH)
    at = pair.sign_of_life if both_said_yes else deadline
    yield Moment(
        kind=MomentKind.PREPARATION,
        at=at,
        until=at + plan.days(plan.preparation),
        check_ins=plan.check_ins_at(CheckInPoint.PREPARATION),
    )


def _preparation(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    late = tuple(role for role in BOTH if pair.open_steps(role))
    yield Moment(
        kind=MomentKind.FAREWELL,
        at=meetings_end(plan, pair),
        ending=PairState.CLOSED,
        reason=EndReason.NEVER_PREPARED,
    )
    deadline = pair.since + plan.days(plan.preparation)
    if not pair.reminded:
        halfway = pair.since + plan.days(plan.preparation / 2)
        yield Moment(kind=MomentKind.PREPARATION_REMINDER, at=halfway, roles=late, until=deadline)
    if not pair.overdue_told:
        yield Moment(kind=MomentKind.PREPARATION_OVERDUE, at=deadline, roles=late)
    waits = {Trigger.SILENCE: Waiting(since=max(pair.sign_of_life, pair.since), roles=late)}
    unsigned = tuple(role for role in BOTH if Step.AGREEMENT in pair.open_steps(role))
    if unsigned:
        since = max(pair.since, pair.terms_at or pair.since)
        waits[Trigger.AGREEMENT_UNSIGNED] = Waiting(since=since, roles=unsigned)
    yield from _ladders(plan, pair, waits | _overdue(pair))


def _meetings(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    all_held = len(pair.held) == plan.sessions
    end = pair.sign_of_life if all_held else meetings_end(plan, pair)
    yield Moment(
        kind=MomentKind.EVALUATION,
        at=end,
        until=end + plan.days(plan.evaluation),
        check_ins=plan.check_ins_at(CheckInPoint.EVALUATION),
    )
    for check_in in _open_check_ins(plan, pair):
        if check_in.point is CheckInPoint.AFTER_SESSION:
            if len(pair.held) >= (check_in.session or 0):
                yield Moment(kind=MomentKind.CHECK_IN, at=pair.sign_of_life, check_ins=(check_in,))
        else:
            window = meetings_end(plan, pair) - pair.since
            due = pair.since + (check_in.share or 0) * window
            yield Moment(kind=MomentKind.CHECK_IN, at=due, check_ins=(check_in,))
    if not all_held:
        yield from _session(plan, pair)


def _open_check_ins(plan: PairPlan, pair: Pair) -> Iterator[PlannedCheckIn]:
    sent = {progress.check_in.occasion for progress in pair.check_ins}
    for point in (CheckInPoint.AFTER_SESSION, CheckInPoint.SHARE):
        for check_in in plan.check_ins_at(point):
            if check_in.occasion not in sent:
                yield check_in
                sent.add(check_in.occasion)
    undecided = tuple(one.role for one in pair.undecided if one.held < len(pair.held))
    if undecided:
        again = PlannedCheckIn(
            survey=PAIR_FIT,
            point=CheckInPoint.AFTER_SESSION,
            session=len(pair.held),
            roles=undecided,
        )
        if again.occasion not in sent:
            yield again


def _session(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    session = pair.session
    waits = _overdue(pair) | _drift(plan, pair)

    def moment(kind: MomentKind, at: datetime, **more: object) -> Moment:
        given = {"kind": kind, "at": at, "session": session.number, "attempt": session.attempt}
        return Moment.model_validate({**given, **more})

    if session.called_off is not None:
        yield moment(MomentKind.SESSION_CANCELLED, pair.fell_through_at or pair.since).model_copy(
            update={"attempt": session.called_off}
        )
    if session.proposed_by is not None and session.proposed_at is not None:
        asked = (session.proposed_by.other,)
        about = {"roles": asked, "proposal": session.proposal}
        if not session.proposal_told:
            yield moment(MomentKind.SESSION_PROPOSED, session.proposed_at, **about)
        elif plan.reply_within is not None and not session.answer_wanted:
            answer_by = _answer_by(plan, pair, session.proposed_at, plan.reply_within)
            yield moment(MomentKind.ANSWER_REMINDER, answer_by, **about)
        waits[Trigger.NO_ANSWER] = Waiting(since=session.proposed_at, roles=asked)
    if session.booked_for is None:
        if session.asked_at is None:
            turn = pair.since + plan.days((session.number - 1) * plan.every)
            if session.attempt > 1 and pair.fell_through_at is not None:
                turn = max(turn, pair.fell_through_at + plan.days(BEFORE_ASKING_AGAIN))
            yield moment(MomentKind.SESSION_DUE, turn, roles=(plan.scheduler,))
        else:
            quiet_since = max(pair.sign_of_life, session.asked_at)
            waits[Trigger.SILENCE] = Waiting(since=quiet_since)
            if session.proposed_by is None:
                asked_at = session.asked_at
                waits[Trigger.NOT_BOOKED] = Waiting(since=asked_at)
            yield from _ladders(plan, pair, waits)
            return
        yield from _ladders(plan, pair, waits)
        return
    over = session.booked_for + plan.session_length
    if not session.invited:
        yield moment(MomentKind.SESSION_INVITATION, pair.sign_of_life)
    elif not session.reminded:
        yield moment(MomentKind.SESSION_REMINDER, reminder_at(plan, pair, session.booked_for))
    elif session.followed_up_at is None:
        yield moment(MomentKind.SESSION_FOLLOW_UP, over)
    asked_at = max(over, session.followed_up_at or over)
    waits[Trigger.SILENCE] = Waiting(since=max(pair.sign_of_life, asked_at))
    waits[Trigger.NOT_HELD] = Waiting(since=asked_at)
    yield from _ladders(plan, pair, waits)


def _answer_by(plan: PairPlan, pair: Pair, asked_at: datetime, hours: int) -> datetime:
    """When the hours are over in which the two promised to answer: days off don't count."""
    answer_by = asked_at + plan.days(hours / 24)
    if pair.hours is None:
        return answer_by
    return max(answer_by, pair.hours.program.after_working_days(asked_at, math.ceil(hours / 24)))


def reminder_at(plan: PairPlan, pair: Pair, booked_for: datetime) -> datetime:
    """When the two are reminded of a session: the day before, or the last open hours before that.

    A Friday, for a session on a Monday.
    """
    at = booked_for - plan.days(1)
    if pair.hours is None:
        return at
    return min(pair.hours.of(role).last_open(at) for role in BOTH)


def _evaluation(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    final = {check_in.occasion for check_in in plan.check_ins_at(CheckInPoint.EVALUATION)}
    waiting = any(p.open_roles for p in pair.check_ins if p.check_in.occasion in final)
    enough = len(pair.held) >= plan.needed
    if plan.generation > 1 and enough:
        wished = {role for role, _ in pair.wishes}
        waiting = waiting or wished != set(BOTH)
    completed = PairState.CONTINUED if pair.goes_on else PairState.COMPLETED
    yield Moment(
        kind=MomentKind.FAREWELL,
        at=pair.since + plan.days(plan.evaluation) if waiting else pair.sign_of_life,
        ending=completed if enough else PairState.CLOSED,
        reason=None if enough else EndReason.TOO_FEW_SESSIONS,
    )


def _check_in_reminders(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    for progress in pair.check_ins:
        if not progress.reminded and progress.open_roles:
            yield Moment(
                kind=MomentKind.CHECK_IN_REMINDER,
                at=progress.sent_at + plan.days(REMIND_CHECK_IN_AFTER),
                roles=progress.open_roles,
                check_ins=(progress.check_in,),
            )


def meetings_end(plan: PairPlan, pair: Pair) -> datetime:
    """When the window for sessions closes, however early or late the pair was prepared."""
    days = plan.introduction + plan.preparation + plan.meetings + pair.extended
    return pair.started_at + plan.days(days)


# --- The ladders ---------------------------------------------------------------------------------


class Waiting(Value):
    """Since when a ladder's trigger is there, and who is waited for."""

    since: datetime
    roles: tuple[Role, ...] = BOTH


def _overdue(pair: Pair) -> dict[Trigger, Waiting]:
    """The trigger of the check-in that has waited for an answer the longest, if one does."""
    open_ones = [progress for progress in pair.check_ins if progress.open_roles]
    waits: dict[Trigger, Waiting] = {}
    if open_ones:
        oldest = min(open_ones, key=lambda progress: progress.sent_at)
        waits[Trigger.SURVEY_OVERDUE] = Waiting(since=oldest.sent_at, roles=oldest.open_roles)
    return waits


def _drift(plan: PairPlan, pair: Pair) -> dict[Trigger, Waiting]:
    """The triggers of a pair that is in touch and does not meet."""
    waits: dict[Trigger, Waiting] = {}
    for ladder in plan.ladders:
        if ladder.trigger is Trigger.GAP:
            since = max(pair.last_held_at or pair.since, pair.recovered_at or pair.since)
            since += plan.days(ladder.times * plan.every)
            booked = pair.session.booked_for
            if booked is not None:
                since = max(since, booked + plan.session_length)
            waits[Trigger.GAP] = Waiting(since=since)
        fell_through_at = pair.fell_through_at
        if (
            ladder.trigger is Trigger.CANCELLATIONS
            and fell_through_at is not None
            and pair.fell_through >= ladder.times
            and pair.sign_of_life <= fell_through_at
        ):
            waits[Trigger.CANCELLATIONS] = Waiting(since=fell_through_at)
    terms_at = pair.terms_at
    unsigned = tuple(role for role in BOTH if not pair.has_signed(role))
    if unsigned and terms_at is not None:
        waits[Trigger.AGREEMENT_UNSIGNED] = Waiting(since=terms_at, roles=unsigned)
    return waits


def _ladders(plan: PairPlan, pair: Pair, waits: Mapping[Trigger, Waiting]) -> Iterator[Moment]:
    """The next step of the ladder that the pair is on, or the first of each it may come onto."""
    on = pair.ladder or (Trigger.SILENCE if pair.ladder_step else None)
    for ladder in plan.ladders:
        waiting = waits.get(ladder.trigger)
        if on is not None and ladder.trigger is not on:
            continue
        if on is not None and waiting is None and pair.ladder_since is not None:
            waiting = Waiting(since=pair.ladder_since)
        if on is None and waiting is not None and pair.recovered_at is not None:
            # Off the ladder, the two have the whole time again.
            since = max(waiting.since, pair.recovered_at)
            waiting = waiting.model_copy(update={"since": since})
        if waiting is not None and pair.ladder_step < len(ladder.steps):
            yield _climb(plan, pair, ladder, waiting)


def _climb(plan: PairPlan, pair: Pair, ladder: Ladder, waiting: Waiting) -> Moment:
    step = ladder.steps[pair.ladder_step]
    if pair.ladder_step and pair.ladder_since is not None and ladder.trigger is not Trigger.SILENCE:
        waiting = waiting.model_copy(update={"since": pair.ladder_since})
    at = _waited(plan, pair, waiting.since, step.after)
    if pair.ladder_step and pair.climbed_at:
        # Steps keep their distance, also when one came late because a server was down.
        before = ladder.steps[pair.ladder_step - 1].after
        at = max(at, _waited(plan, pair, pair.climbed_at, step.after.less(before)))
    if pair.snoozed_until is not None:
        at = max(at, pair.snoozed_until)
    offers = LadderAction.OFFER_REMATCH in step.do
    climb = Moment(
        kind=MomentKind.LADDER_STEP,
        at=at,
        roles=waiting.roles,
        session=pair.session.number if pair.phase is PairState.MEETING else None,
        attempt=pair.session.attempt,
        step=pair.ladder_step + 1,
        trigger=ladder.trigger,
        action=step.do[0],
        also=step.do[1:],
        has_a_date=pair.session.booked_for is not None,
        days_quiet=round((at - waiting.since) / plan.days(1)),
        check_ins=(_offer(pair),) if offers else _check_ins_of(pair, ladder.trigger),
    )
    if not step.ends_the_pair:
        return climb
    ending = {
        "kind": MomentKind.FAREWELL,
        "roles": BOTH,
        "check_ins": (),
        "ending": PairState.CLOSED,
        "reason": EndReason.REMATCH if LadderAction.REMATCH in step.do else EndReason.LADDER,
    }
    return climb.model_copy(update=ending)


def _check_ins_of(pair: Pair, trigger: Trigger) -> tuple[PlannedCheckIn, ...]:
    """The check-ins that a nudge asks for."""
    if trigger is not Trigger.SURVEY_OVERDUE:
        return ()
    open_ones = sorted((p for p in pair.check_ins if p.open_roles), key=lambda p: p.sent_at)
    return tuple(progress.check_in for progress in open_ones[:1])


def _offer(pair: Pair) -> PlannedCheckIn:
    """The question whether the two would rather have other partners."""
    return PlannedCheckIn(survey=PAIR_FIT, point=CheckInPoint.OFFER, session=pair.offers + 1)


def _waited(plan: PairPlan, pair: Pair, since: datetime, wait: Wait) -> datetime:
    """When a wait that began at `since` is over."""
    if wait.working and pair.hours is not None:
        return pair.hours.program.after_working_days(since, wait.days)
    return since + plan.days(wait.at_least)


# --- When people can be reached ------------------------------------------------------------------


def _reachable(plan: PairPlan, pair: Pair, moment: Moment) -> Moment:
    """The same moment at the first time when whom it concerns may be written to."""
    hours = pair.hours
    if hours is None or moment.kind in AT_ONCE or pair.state.is_over:
        return moment  # what has ended has ended; its messages are held until they may go out
    if moment.kind is MomentKind.SESSION_REMINDER:
        return moment  # comes before the session, at a time that is open already
    whom = {message.role for message in messages_of(moment, plan.scheduler)}
    if not whom:
        return moment
    ordered = [hours.of(role) for role in (Role.MENTOR, Role.MENTEE, None) if role in whom]
    at = next_common(ordered, moment.at, within=plan.days(LONGEST_SEARCH))
    if at is None:
        at = min(one.next_open(moment.at) for one in ordered)
    return moment.model_copy(update={"at": at}) if at != moment.at else moment


def needs_hours(plan: PairPlan, pair: Pair, now: datetime) -> bool:
    """Whether it must be worked out, or worked out anew, when messages may reach the two."""
    if plan.generation == 1 or pair.ended:
        return False
    if pair.hours is None:
        return True
    long_ago = pair.hours_asked_at is None or now - pair.hours_asked_at > plan.days(AHEAD / 2)
    return long_ago and pair.hours.known_until - now < plan.days(AHEAD)


AHEAD = 28
"""Program days for which the hours should be known in advance."""
