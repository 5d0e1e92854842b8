"""A pair's life: what comes next and when, and what changes when something happens.

`next_moment` says which moment is due next. `after_moment` and `after_deed` say how the pair stands
once a moment has come or a person did something, and what is worth writing in the journal.
All are pure, so that the workflow only waits, calls and listens.

A moment changes the pair first and is carried out then: what a person does while a message is on
its way meets the pair as it will be.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field

from domain.deeds import Deed, DeedKind
from domain.escalation import LadderAction
from domain.journal import EventKind
from domain.lifecycle import NotAllowed, PairState, move
from domain.model import Value
from domain.people import Role
from domain.plan import REMIND_CHECK_IN_AFTER, PairPlan, PlannedCheckIn
from domain.sections import CheckInPoint

BOTH = (Role.MENTOR, Role.MENTEE)


class Step(StrEnum):
    """What one of a pair does to be prepared."""

    GUIDE = "guide"
    AGREEMENT = "agreement"
    GOALS = "goals"


STEPS_OF: dict[Role, tuple[Step, ...]] = {
    Role.MENTOR: (Step.GUIDE, Step.AGREEMENT),
    Role.MENTEE: (Step.GUIDE, Step.AGREEMENT, Step.GOALS),
}

_STEP_OF_DEED = {
    DeedKind.GUIDE_READ: Step.GUIDE,
    DeedKind.AGREEMENT_SIGNED: Step.AGREEMENT,
    DeedKind.GOALS_WRITTEN: Step.GOALS,
}


class MomentKind(StrEnum):
    """Something that the service does for a pair at a point in time."""

    INTRODUCTION = "introduction"
    PREPARATION = "preparation"
    PREPARATION_REMINDER = "preparation_reminder"
    PREPARATION_OVERDUE = "preparation_overdue"
    SESSION_DUE = "session_due"
    SESSION_INVITATION = "session_invitation"
    SESSION_REMINDER = "session_reminder"
    SESSION_FOLLOW_UP = "session_follow_up"
    CHECK_IN = "check_in"
    CHECK_IN_REMINDER = "check_in_reminder"
    LADDER_STEP = "ladder_step"
    HELP = "help"
    EVALUATION = "evaluation"
    FAREWELL = "farewell"


class EndReason(StrEnum):
    """Why a pair was closed without fault."""

    LADDER = "ladder"
    TOO_FEW_SESSIONS = "too_few_sessions"
    NEVER_PREPARED = "never_prepared"
    COORDINATOR = "coordinator"
    REMATCH = "rematch"
    """So that both can have another partner."""
    PARTED = "parted"
    """So that somebody who lost their partner can have one of the two, and the other as well."""


class Moment(Value):
    """What is due for a pair, and when."""

    kind: MomentKind
    at: datetime
    roles: tuple[Role, ...] = BOTH
    """Whom of the two it concerns."""
    session: int | None = None
    attempt: int = 1
    """Which asking or booking of that session."""
    check_ins: tuple[PlannedCheckIn, ...] = ()
    """Surveys that go out with it."""
    until: datetime | None = None
    """By when what it asks for is wanted."""
    step: int | None = None
    """Which step of the ladder, from 1."""
    action: LadderAction | None = None
    days_quiet: int | None = None
    """Program days without a sign of life."""
    ending: PairState | None = None
    reason: EndReason | None = None
    left_by: Role | None = None
    """Who of the two declined or withdrew."""


class CheckInProgress(Value):
    """A check-in that was sent."""

    check_in: PlannedCheckIn
    sent_at: datetime
    reminded: bool = False
    answered: tuple[Role, ...] = ()

    @property
    def open_roles(self) -> tuple[Role, ...]:
        """Who has yet to answer."""
        return tuple(role for role in BOTH if role not in self.answered)


class SessionProgress(Value):
    """The session that a pair is at: asked for, booked, held."""

    number: int
    attempt: int = 1
    """Rises when a booked session did not happen, or is moved."""
    asked_at: datetime | None = None
    booked_for: datetime | None = None
    booking: int = -1
    """The last booking of it that the pair was told of; -1 before the first."""
    invited: bool = False
    reminded: bool = False
    followed_up_at: datetime | None = None


class Pair(Value):
    """How a pair stands. Immutable: every change makes a new one."""

    state: PairState
    started_at: datetime
    since: datetime
    """When the part of its life began that it is in: introduction, preparation, …"""
    sign_of_life: datetime
    under: PairState | None = None
    """The state under `stalled` or `paused`, to which the pair returns."""
    greeted: bool = False
    accepted: tuple[Role, ...] = ()
    steps: tuple[tuple[Role, Step], ...] = ()
    reminded: bool = False
    overdue_told: bool = False
    session: SessionProgress = SessionProgress(number=1)
    held: tuple[int, ...] = ()
    check_ins: tuple[CheckInProgress, ...] = ()
    ladder_step: int = 0
    """How many steps of the ladder the pair has climbed."""
    climbed_at: datetime | None = None
    """When the last of them was carried out."""
    help_wanted: tuple[Role, ...] = ()
    paused_at: datetime | None = None
    on_hold: bool = False
    """Whether only HR's order to this very pair resumes it."""
    reason: EndReason | None = None
    left_by: Role | None = None
    """Who declined or withdrew."""
    ended: bool = False
    """Over, and everybody told."""

    @property
    def phase(self) -> PairState:
        """The part of life the pair is in, also while it is stalled or paused."""
        return self.under or self.state

    def open_steps(self, role: Role) -> tuple[Step, ...]:
        """What this one has yet to do to be prepared."""
        return tuple(step for step in STEPS_OF[role] if (role, step) not in self.steps)

    @property
    def is_prepared(self) -> bool:
        """Whether both have done everything that comes before the first session."""
        return not any(self.open_steps(role) for role in BOTH)


class Happening(Value):
    """Something for the journal."""

    kind: EventKind
    data: dict[str, int | str] = Field(default_factory=dict)
    role: Role | None = None


class Change(Value):
    """A pair after something happened, and what to write down about it."""

    pair: Pair
    happenings: tuple[Happening, ...] = ()


def begin(now: datetime) -> Pair:
    """A pair on the day it is introduced."""
    return Pair(state=PairState.INTRODUCED, started_at=now, since=now, sign_of_life=now)


# --- What comes next -----------------------------------------------------------------------------


def next_moment(plan: PairPlan, pair: Pair) -> Moment | None:
    """The moment that is due next, or None when nothing is: in a pause, or at the end.

    A moment whose `at` is past is due now. Of several at the same instant, the one that ends
    something goes before the one that asks for something.
    """
    if pair.ended:
        return None
    if pair.state is PairState.PAUSED:
        return _call_for_help(pair)  # a pause stops the clock, and nobody's call for help
    if pair.state.is_over:
        return Moment(
            kind=MomentKind.FAREWELL,
            at=pair.since,
            ending=pair.state,
            reason=pair.reason,
            left_by=pair.left_by,
        )
    return min(_moments(plan, pair), key=lambda moment: moment.at)


def _moments(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    if (call := _call_for_help(pair)) is not None:
        yield call
    phase = pair.phase
    if phase is PairState.INTRODUCED:
        yield from _introduction(plan, pair)
    elif phase is PairState.PREPARING:
        yield from _preparation(plan, pair)
    elif phase is PairState.MEETING:
        yield from _meetings(plan, pair)
    elif phase is PairState.EVALUATING:
        yield from _evaluation(plan, pair)
    yield from _check_in_reminders(plan, pair)


def _call_for_help(pair: Pair) -> Moment | None:
    if not pair.help_wanted:
        return None
    return Moment(kind=MomentKind.HELP, at=pair.sign_of_life, roles=pair.help_wanted)


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
    yield from _ladder(plan, pair, max(pair.sign_of_life, pair.since), late)


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


def _session(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    session = pair.session

    def moment(kind: MomentKind, at: datetime) -> Moment:
        return Moment(kind=kind, at=at, session=session.number, attempt=session.attempt)

    if session.booked_for is None:
        if session.asked_at is None:
            turn = pair.since + plan.days((session.number - 1) * plan.every)
            ask = moment(MomentKind.SESSION_DUE, turn)
            yield ask.model_copy(update={"roles": (plan.scheduler,)})
        else:
            quiet_since = max(pair.sign_of_life, session.asked_at)
            yield from _ladder(plan, pair, quiet_since, BOTH)
        return
    over = session.booked_for + plan.session_length
    if not session.invited:
        yield moment(MomentKind.SESSION_INVITATION, pair.sign_of_life)
    elif not session.reminded:
        yield moment(MomentKind.SESSION_REMINDER, session.booked_for - plan.days(1))
    elif session.followed_up_at is None:
        yield moment(MomentKind.SESSION_FOLLOW_UP, over)
    asked_at = max(over, session.followed_up_at or over)
    yield from _ladder(plan, pair, max(pair.sign_of_life, asked_at), BOTH)


def _ladder(
    plan: PairPlan, pair: Pair, quiet_since: datetime, roles: tuple[Role, ...]
) -> Iterator[Moment]:
    steps = plan.ladders[0].steps if plan.ladders else ()
    if pair.ladder_step >= len(steps):
        return
    step = steps[pair.ladder_step]
    at = quiet_since + plan.days(step.after.days)
    if pair.ladder_step and pair.climbed_at:
        # Steps keep their distance, also when one came late because a server was down.
        before = steps[pair.ladder_step - 1]
        at = max(at, pair.climbed_at + plan.days(step.after.days - before.after.days))
    climb = Moment(
        kind=MomentKind.LADDER_STEP,
        at=at,
        roles=roles,
        session=pair.session.number if pair.phase is PairState.MEETING else None,
        attempt=pair.session.attempt,
        step=pair.ladder_step + 1,
        action=step.do[0],
        days_quiet=step.after.days,
    )
    if step.ends_the_pair:
        ending = {
            "kind": MomentKind.FAREWELL,
            "roles": BOTH,
            "ending": PairState.CLOSED,
            "reason": EndReason.LADDER,
        }
        climb = climb.model_copy(update=ending)
    yield climb


def _evaluation(plan: PairPlan, pair: Pair) -> Iterator[Moment]:
    final = {check_in.occasion for check_in in plan.check_ins_at(CheckInPoint.EVALUATION)}
    waiting = any(p.open_roles for p in pair.check_ins if p.check_in.occasion in final)
    enough = len(pair.held) >= plan.needed
    yield Moment(
        kind=MomentKind.FAREWELL,
        at=pair.since + plan.days(plan.evaluation) if waiting else pair.sign_of_life,
        ending=PairState.COMPLETED if enough else PairState.CLOSED,
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
    return pair.started_at + plan.days(plan.introduction + plan.preparation + plan.meetings)


# --- What changes when a moment has come ----------------------------------------------------------


def after_moment(plan: PairPlan, pair: Pair, moment: Moment, now: datetime) -> Change:
    """The pair once `moment` has come, at `now`."""
    kind = moment.kind
    if kind is MomentKind.INTRODUCTION:
        data: dict[str, int | str] = {"sessions": plan.sessions, "needed": plan.needed}
        happening = Happening(kind=EventKind.PAIR_INTRODUCED, data=data)
        return _changed(pair, happening, greeted=True)
    if kind is MomentKind.PREPARATION:
        return _enter_preparation(pair, moment, now)
    if kind is MomentKind.PREPARATION_REMINDER:
        return _changed(pair, reminded=True)
    if kind is MomentKind.PREPARATION_OVERDUE:
        return _changed(pair, Happening(kind=EventKind.PREPARATION_OVERDUE), overdue_told=True)
    if kind is MomentKind.CHECK_IN:
        sent = (*pair.check_ins, *_sent(moment, now))
        return _changed(pair, *_check_ins_sent(moment), check_ins=sent)
    if kind is MomentKind.CHECK_IN_REMINDER:
        return _remind_of_check_in(pair, moment)
    if kind is MomentKind.LADDER_STEP:
        return _climb(pair, moment)
    if kind is MomentKind.HELP:
        return _changed(pair, help_wanted=())
    if kind is MomentKind.EVALUATION:
        return _enter_evaluation(pair, moment, now)
    if kind is MomentKind.FAREWELL:
        return _end(pair, moment)
    return _after_session_moment(plan, pair, moment, now)


def _enter_preparation(pair: Pair, moment: Moment, now: datetime) -> Change:
    prepared = pair.model_copy(
        update={
            "state": move(pair.state, PairState.PREPARING),
            "since": now,
            "check_ins": (*pair.check_ins, *_sent(moment, now)),
        }
    )
    ready = _when_prepared(prepared, now)
    happenings = (Happening(kind=EventKind.PAIR_PREPARING), *_check_ins_sent(moment))
    return Change(pair=ready.pair, happenings=(*happenings, *ready.happenings))


def _remind_of_check_in(pair: Pair, moment: Moment) -> Change:
    reminded = tuple(
        p.model_copy(update={"reminded": True}) if p.check_in in moment.check_ins else p
        for p in pair.check_ins
    )
    return _changed(pair, check_ins=reminded)


def _climb(pair: Pair, moment: Moment) -> Change:
    step = moment.step or 0
    climbed = Happening(
        kind=EventKind.LADDER_CLIMBED, data={"step": step, "action": str(moment.action)}
    )
    if pair.state is PairState.STALLED:
        return _changed(pair, climbed, ladder_step=step)
    return _changed(
        pair,
        Happening(kind=EventKind.PAIR_STALLED, data={"step": step}),
        climbed,
        state=move(pair.state, PairState.STALLED),
        under=pair.state,
        ladder_step=step,
    )


def _enter_evaluation(pair: Pair, moment: Moment, now: datetime) -> Change:
    return _changed(
        pair,
        Happening(kind=EventKind.PAIR_EVALUATING),
        *_check_ins_sent(moment),
        state=move(pair.state, PairState.EVALUATING),
        under=None,
        ladder_step=0,
        since=now,
        check_ins=(*(_closed(p) for p in pair.check_ins), *_sent(moment, now)),
    )


_ENDED_AS = {
    PairState.COMPLETED: EventKind.PAIR_COMPLETED,
    PairState.CLOSED: EventKind.PAIR_CLOSED,
    PairState.DECLINED: EventKind.PAIR_DECLINED,
    PairState.WITHDRAWN: EventKind.PAIR_WITHDRAWN,
    PairState.CANCELLED: EventKind.PAIR_CANCELLED,
}


def _end(pair: Pair, moment: Moment) -> Change:
    ending = moment.ending
    if ending is None:
        raise ValueError("a farewell without an ending")
    data: dict[str, int | str] = {"sessions": len(pair.held)}
    if moment.reason:
        data["reason"] = moment.reason.value
    if moment.step:
        data["step"] = moment.step
    return _changed(
        pair,
        Happening(kind=_ENDED_AS[ending], data=data, role=pair.left_by),
        state=ending if pair.state is ending else move(pair.state, ending),
        under=None,
        reason=moment.reason,
        ended=True,
    )


def _after_session_moment(plan: PairPlan, pair: Pair, moment: Moment, now: datetime) -> Change:
    session = pair.session
    data: dict[str, int | str] = {"session": session.number, "attempt": session.attempt}
    if moment.kind is MomentKind.SESSION_DUE:
        asked = session.model_copy(update={"asked_at": now})
        return _changed(pair, Happening(kind=EventKind.SESSION_DUE, data=data), session=asked)
    if moment.kind is MomentKind.SESSION_INVITATION:
        booked_for = session.booked_for
        soon = booked_for is not None and booked_for - plan.days(1) <= now
        invited = session.model_copy(update={"invited": True, "reminded": soon})
        return _changed(pair, Happening(kind=EventKind.SESSION_INVITED, data=data), session=invited)
    if moment.kind is MomentKind.SESSION_REMINDER:
        return _changed(pair, session=session.model_copy(update={"reminded": True}))
    return _changed(pair, session=session.model_copy(update={"followed_up_at": now}))


def after_delivery(pair: Pair, moment: Moment, now: datetime) -> Pair:
    """The pair once a moment's messages have gone out, at `now`.

    Whoever is asked something late, because a server was down, has the full time to answer it.
    """
    kind, session = moment.kind, pair.session
    if kind is MomentKind.LADDER_STEP and moment.step == pair.ladder_step:
        return pair.model_copy(update={"climbed_at": now})
    if moment.session is not None and (moment.session, moment.attempt) == (
        session.number,
        session.attempt,
    ):
        if kind is MomentKind.SESSION_DUE and session.asked_at is not None:
            asked = session.model_copy(update={"asked_at": now})
            return pair.model_copy(update={"session": asked})
        if kind is MomentKind.SESSION_FOLLOW_UP and session.followed_up_at is not None:
            asked = session.model_copy(update={"followed_up_at": now})
            return pair.model_copy(update={"session": asked})
        return pair
    begun = _BEGINS.get(kind)
    sent = tuple(
        p.model_copy(update={"sent_at": now}) if p.check_in in moment.check_ins else p
        for p in pair.check_ins
    )
    update: dict[str, Any] = {}
    if moment.check_ins and kind is not MomentKind.CHECK_IN_REMINDER:
        update["check_ins"] = sent
    if begun is not None and pair.phase is begun:
        update["since"] = now
    return pair.model_copy(update=update) if update else pair


_BEGINS = {
    MomentKind.INTRODUCTION: PairState.INTRODUCED,
    MomentKind.PREPARATION: PairState.PREPARING,
    MomentKind.EVALUATION: PairState.EVALUATING,
}
"""The part of a pair's life that begins with a message."""


# --- What changes when a person does something ---------------------------------------------------


def after_deed(plan: PairPlan, pair: Pair, deed: Deed) -> Change:
    """The pair once the two of it, or one, did something. The same deed twice changes nothing more.

    Any deed is a sign of life and takes a stalled pair off the ladder. A pair that is over takes
    no more deeds.
    """
    if pair.state.is_over:
        return Change(pair=pair)
    alive = pair.model_copy(update={"sign_of_life": max(pair.sign_of_life, deed.at)})
    happenings: tuple[Happening, ...] = ()
    if pair.state is PairState.STALLED and pair.under is not None:
        alive = alive.model_copy(
            update={"state": move(pair.state, pair.under), "under": None, "ladder_step": 0}
        )
        happenings = (Happening(kind=EventKind.PAIR_RECOVERED, data={"step": pair.ladder_step}),)
    change = _apply(plan, alive, deed)
    return Change(pair=change.pair, happenings=(*happenings, *change.happenings))


def _apply(plan: PairPlan, pair: Pair, deed: Deed) -> Change:
    kind = deed.kind
    if kind is DeedKind.ACCEPTED:
        return _changed(pair, accepted=_with(pair.accepted, deed.role))
    if kind is DeedKind.DECLINED:
        early = pair.phase in (PairState.INTRODUCED, PairState.PREPARING)
        return _leave(pair, PairState.DECLINED if early else PairState.WITHDRAWN, deed)
    if kind is DeedKind.WITHDREW:
        return _leave(pair, PairState.WITHDRAWN, deed)
    if kind is DeedKind.HELP_ASKED:
        return _changed(pair, help_wanted=_with(pair.help_wanted, deed.role))
    if kind is DeedKind.SURVEY_ANSWERED:
        answered = tuple(
            p.model_copy(update={"answered": _with(p.answered, deed.role)})
            if p.check_in.occasion == deed.occasion
            else p
            for p in pair.check_ins
        )
        return _changed(pair, check_ins=answered)
    if kind in _STEP_OF_DEED:
        done = pair.model_copy(
            update={"steps": _with(pair.steps, (deed.role, _STEP_OF_DEED[kind]))}
        )
        return _when_prepared(done, deed.at)
    return _session_deed(plan, pair, deed)


def _when_prepared(pair: Pair, now: datetime) -> Change:
    if pair.state is not PairState.PREPARING or not pair.is_prepared:
        return Change(pair=pair)
    return _changed(
        pair,
        Happening(kind=EventKind.PAIR_MEETING),
        state=move(pair.state, PairState.MEETING),
        since=now,
    )


def _leave(pair: Pair, ending: PairState, deed: Deed) -> Change:
    left = {"under": None, "since": deed.at, "left_by": deed.role, "paused_at": None}
    return _changed(pair, state=move(pair.state, ending), **left)


def _session_deed(plan: PairPlan, pair: Pair, deed: Deed) -> Change:
    session = pair.session
    if pair.phase not in (PairState.MEETING, PairState.EVALUATING) or deed.session is None:
        return Change(pair=pair)
    if deed.kind is DeedKind.SESSION_HELD:
        if deed.session in pair.held or not 1 <= deed.session <= plan.sessions:
            return Change(pair=pair)
        held = tuple(sorted((*pair.held, deed.session)))
        following = next((n for n in range(1, plan.sessions + 1) if n not in held), deed.session)
        if following == session.number:
            return _changed(pair, held=held)
        return _changed(pair, held=held, session=SessionProgress(number=following))
    if deed.session != session.number:
        return Change(pair=pair)
    if deed.kind is DeedKind.SESSION_BOOKED:
        if deed.booking <= session.booking:
            return Change(pair=pair)  # told of before
        moved = session.booked_for is not None
        booked = SessionProgress(
            number=session.number,
            attempt=session.attempt + moved,
            asked_at=session.asked_at or deed.at,
            booked_for=deed.booked_for,
            booking=deed.booking,
        )
        return _changed(pair, session=booked)
    if session.booked_for is None or deed.booking != session.booking:
        return Change(pair=pair)  # told of before
    again = SessionProgress(
        number=session.number, attempt=session.attempt + 1, booking=session.booking
    )
    return _changed(pair, session=again)


# --- What HR does --------------------------------------------------------------------------------


class Order(StrEnum):
    """What HR can do to a pair."""

    PAUSE = "pause"
    HOLD = "hold"
    """Pause this pair until HR resumes it, though the program is paused and resumed meanwhile."""
    RESUME = "resume"
    CLOSE = "close"
    REMATCH = "rematch"
    """End the pair; both are matched anew."""
    PART = "part"
    """End the pair; both are in a new one already."""
    CANCEL = "cancel"


def refusal(pair: Pair, order: Order) -> str | None:
    """Why HR's order can't be carried out, or None if it can."""
    if pair.state.is_over:
        return f"This pair is over: it is {pair.state}."
    paused = pair.state is PairState.PAUSED
    if (order is Order.PAUSE and paused) or (order is Order.HOLD and pair.on_hold):
        return "This pair is paused already."
    if order is Order.RESUME and pair.state is not PairState.PAUSED:
        return f"This pair is not paused: it is {pair.state}."
    return None


def after_order(plan: PairPlan, pair: Pair, order: Order, now: datetime) -> Change:
    """The pair once HR's order was carried out. Raises `NotAllowed` where there is a `refusal`."""
    if why := refusal(pair, order):
        raise NotAllowed(why)
    if order is Order.HOLD and pair.state is PairState.PAUSED:
        return _changed(pair, on_hold=True)
    if order in (Order.PAUSE, Order.HOLD):
        return _changed(
            pair,
            Happening(kind=EventKind.PAIR_PAUSED),
            on_hold=order is Order.HOLD,
            state=move(pair.state, PairState.PAUSED),
            under=pair.phase,
            ladder_step=0,
            paused_at=now,
        )
    if order is Order.RESUME:
        return _resume(plan, pair, now)
    ending, reason = _ENDED_BY_ORDER[order]
    return _changed(
        pair, state=move(pair.state, ending), under=None, since=now, reason=reason, paused_at=None
    )


_ENDED_BY_ORDER = {
    Order.CLOSE: (PairState.CLOSED, EndReason.COORDINATOR),
    Order.REMATCH: (PairState.CLOSED, EndReason.REMATCH),
    Order.PART: (PairState.CLOSED, EndReason.PARTED),
    Order.CANCEL: (PairState.CANCELLED, None),
}


def _resume(plan: PairPlan, pair: Pair, now: datetime) -> Change:
    paused_for = now - pair.paused_at if pair.paused_at else timedelta(0)
    phase = pair.phase

    def later(instant: datetime | None) -> datetime | None:
        return instant + paused_for if instant else None

    resumed = pair.model_copy(
        update={
            "state": move(pair.state, phase),
            "under": None,
            "on_hold": False,
            "paused_at": None,
            "started_at": pair.started_at + paused_for,
            "since": pair.since + paused_for,
            "sign_of_life": now,
            "session": pair.session.model_copy(update={"asked_at": later(pair.session.asked_at)}),
            "check_ins": tuple(
                p.model_copy(update={"sent_at": p.sent_at + paused_for}) for p in pair.check_ins
            ),
        }
    )
    ready = _when_prepared(resumed, now)
    happenings = (Happening(kind=EventKind.PAIR_RESUMED), *ready.happenings)
    return Change(pair=ready.pair, happenings=happenings)


# --- Small things --------------------------------------------------------------------------------


def _changed(pair: Pair, *happenings: Happening, **update: Any) -> Change:
    return Change(pair=pair.model_copy(update=update), happenings=happenings)


def _with(values: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    return values if value in values else (*values, value)


def _sent(moment: Moment, now: datetime) -> tuple[CheckInProgress, ...]:
    return tuple(CheckInProgress(check_in=check_in, sent_at=now) for check_in in moment.check_ins)


def _closed(progress: CheckInProgress) -> CheckInProgress:
    """No reminder any more: the final survey is what counts now."""
    return progress.model_copy(update={"reminded": True})


def _check_ins_sent(moment: Moment) -> tuple[Happening, ...]:
    return tuple(
        Happening(
            kind=EventKind.CHECK_IN_SENT,
            data={
                "survey": check_in.survey,
                "occasion": check_in.occasion,
                "count": len(moment.roles),
            },
        )
        for check_in in moment.check_ins
    )
