"""What changes for a pair when a moment has come, and once its messages have gone out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from domain.escalation import LadderAction
from domain.journal import EventKind
from domain.lifecycle import PairState, move
from domain.pair import (
    Change,
    CheckInProgress,
    Happening,
    Moment,
    MomentKind,
    Pair,
    changed,
    including,
)
from domain.pair_next import reminder_at
from domain.people import Role
from domain.plan import PairPlan

MOST_AT_ONCE = 12
"""Moments that one round carries out. More never fall together in a pair's life."""


def after_moment(plan: PairPlan, pair: Pair, moment: Moment, now: datetime) -> Change:
    """The pair once `moment` has come, at `now`."""
    kind = moment.kind
    if kind is MomentKind.INTRODUCTION:
        data: dict[str, int | str] = {"sessions": plan.sessions, "needed": plan.needed}
        happening = Happening(kind=EventKind.PAIR_INTRODUCED, data=data)
        return changed(pair, happening, greeted=True)
    if kind is MomentKind.PREPARATION:
        return _enter_preparation(pair, moment, now)
    if kind is MomentKind.PREPARATION_REMINDER:
        return changed(pair, reminded=True)
    if kind is MomentKind.PREPARATION_OVERDUE:
        return changed(pair, Happening(kind=EventKind.PREPARATION_OVERDUE), overdue_told=True)
    if kind is MomentKind.CHECK_IN:
        sent = (*pair.check_ins, *_sent(moment, now))
        return changed(pair, *_check_ins_sent(moment), check_ins=sent)
    if kind is MomentKind.CHECK_IN_REMINDER:
        return _remind_of_check_in(pair, moment)
    if kind is MomentKind.LADDER_STEP:
        return _climb(plan, pair, moment, now)
    if kind is MomentKind.EVALUATION:
        return _enter_evaluation(pair, moment, now)
    if kind is MomentKind.FAREWELL:
        return _end(pair, moment)
    if kind is MomentKind.RETURN:
        return resume(plan, pair, now)
    if kind in _NEWS:
        return _tell_news(pair, moment)
    return _after_session_moment(plan, pair, moment, now)


def all_due(
    plan: PairPlan,
    pair: Pair,
    first: Moment,
    now: datetime,
    next_of: Callable[[Pair], Moment | None],
) -> tuple[Change, list[Moment]]:
    """The pair once `first` and all else that is due by `now` have come, and these moments.

    `next_of` says what is next for a pair: `next_moment` of the plan, as the caller asks it.

    Who is concerned by several of them gets one message. Pairs of 0.2.0 and before take one at a
    time, and what was held goes by itself.
    """
    change = after_moment(plan, pair, first, now)
    moments = [first]
    several = plan.generation > 1 and first.kind is not MomentKind.HELD
    while several and len(moments) < MOST_AT_ONCE:
        following = next_of(change.pair)
        if following is None or following.at > now or following.kind is MomentKind.HELD:
            break
        further = after_moment(plan, change.pair, following, now)
        happenings = (*change.happenings, *further.happenings)
        change = Change(pair=further.pair, happenings=happenings)
        moments.append(following)
    return change, moments


# --- The parts of a pair's life ------------------------------------------------------------------


def _enter_preparation(pair: Pair, moment: Moment, now: datetime) -> Change:
    prepared = pair.model_copy(
        update={
            "state": move(pair.state, PairState.PREPARING),
            "since": now,
            "check_ins": (*pair.check_ins, *_sent(moment, now)),
        }
    )
    ready = when_prepared(prepared, now)
    happenings = (Happening(kind=EventKind.PAIR_PREPARING), *_check_ins_sent(moment))
    return Change(pair=ready.pair, happenings=(*happenings, *ready.happenings))


def when_prepared(pair: Pair, now: datetime) -> Change:
    """The pair, meeting from now on if both have done all that comes before."""
    if pair.state is not PairState.PREPARING or not pair.is_prepared:
        return Change(pair=pair)
    return changed(
        pair,
        Happening(kind=EventKind.PAIR_MEETING),
        state=move(pair.state, PairState.MEETING),
        since=now,
    )


def _enter_evaluation(pair: Pair, moment: Moment, now: datetime) -> Change:
    return changed(
        pair,
        Happening(kind=EventKind.PAIR_EVALUATING),
        *_check_ins_sent(moment),
        state=move(pair.state, PairState.EVALUATING),
        since=now,
        check_ins=(*(_closed(p) for p in pair.check_ins), *_sent(moment, now)),
        **OFF_THE_LADDER,
    )


_ENDED_AS = {
    PairState.COMPLETED: EventKind.PAIR_COMPLETED,
    PairState.CONTINUED: EventKind.PAIR_CONTINUED,
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
    return changed(
        pair,
        Happening(kind=_ENDED_AS[ending], data=data, role=pair.left_by),
        state=ending if pair.state is ending else move(pair.state, ending),
        under=None,
        reason=moment.reason,
        ended=True,
    )


# --- Sessions and check-ins ----------------------------------------------------------------------


def _after_session_moment(plan: PairPlan, pair: Pair, moment: Moment, now: datetime) -> Change:
    session = pair.session
    data: dict[str, int | str] = {"session": session.number, "attempt": session.attempt}
    if moment.kind is MomentKind.SESSION_DUE:
        asked = session.model_copy(update={"asked_at": now})
        return changed(pair, Happening(kind=EventKind.SESSION_DUE, data=data), session=asked)
    if moment.kind is MomentKind.SESSION_INVITATION:
        booked_for = session.booked_for
        soon = booked_for is not None and reminder_at(plan, pair, booked_for) <= now
        invited = session.model_copy(update={"invited": True, "reminded": soon})
        return changed(pair, Happening(kind=EventKind.SESSION_INVITED, data=data), session=invited)
    update: dict[MomentKind, dict[str, Any]] = {
        MomentKind.SESSION_PROPOSED: {"proposal_told": True, "proposed_at": now},
        MomentKind.ANSWER_REMINDER: {"answer_wanted": True},
        MomentKind.SESSION_CANCELLED: {"called_off": None},
        MomentKind.SESSION_REMINDER: {"reminded": True},
        MomentKind.SESSION_FOLLOW_UP: {"followed_up_at": now},
    }
    return changed(pair, session=session.model_copy(update=update[moment.kind]))


def _remind_of_check_in(pair: Pair, moment: Moment) -> Change:
    reminded = tuple(
        p.model_copy(update={"reminded": True}) if p.check_in in moment.check_ins else p
        for p in pair.check_ins
    )
    return changed(pair, check_ins=reminded)


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
                "count": len([role for role in moment.roles if role in check_in.roles]),
            },
        )
        for check_in in moment.check_ins
    )


# --- The ladder, and news ------------------------------------------------------------------------

OFF_THE_LADDER: dict[str, Any] = {
    "under": None,
    "ladder": None,
    "ladder_step": 0,
    "ladder_since": None,
    "snoozed_until": None,
}
"""What is so of a pair that is on no ladder."""

_TELLS_HR = (
    LadderAction.TELL_COORDINATOR,
    LadderAction.COORDINATOR_TASK,
    LadderAction.TELL_SPONSOR,
)


def _climb(plan: PairPlan, pair: Pair, moment: Moment, now: datetime) -> Change:
    step = moment.step or 0
    data: dict[str, int | str] = {"step": step, "action": "+".join(moment.actions)}
    if plan.generation > 1 and moment.trigger is not None:
        data["trigger"] = moment.trigger.value
    happenings = [Happening(kind=EventKind.LADDER_CLIMBED, data=data)]
    update: dict[str, Any] = {"ladder_step": step, "ladder": moment.trigger}
    if pair.state is not PairState.STALLED:
        stalled = {key: data[key] for key in ("step", "trigger") if key in data}
        happenings.insert(0, Happening(kind=EventKind.PAIR_STALLED, data=stalled))
        quiet = timedelta(0) if moment.days_quiet is None else plan.days(moment.days_quiet)
        update |= {
            "state": move(pair.state, PairState.STALLED),
            "under": pair.state,
            "ladder_since": moment.at - quiet,
        }
    if plan.generation > 1:
        update["hr_was_told"] = pair.hr_was_told or any(a in _TELLS_HR for a in moment.actions)
        update["climbed_at"] = now  # a step that came late is followed by no other at once
    if LadderAction.COORDINATOR_TASK in moment.actions:
        opened = {key: data[key] for key in ("step", "trigger") if key in data}
        happenings.append(Happening(kind=EventKind.TASK_OPENED, data=opened))
    if LadderAction.OFFER_REMATCH in moment.actions:
        happenings += _check_ins_sent(moment)
        update["offers"] = pair.offers + 1
        update["check_ins"] = (*pair.check_ins, *_sent(moment, now))
    return changed(pair, *happenings, **update)


_NEWS = frozenset(
    {
        MomentKind.AGREEMENT_CHANGED,
        MomentKind.FLAGGED,
        MomentKind.RECOVERED,
        MomentKind.HELP,
        MomentKind.SAFETY,
        MomentKind.AWAY,
        MomentKind.EXTENDED,
        MomentKind.HELD,
    }
)


def _tell_news(pair: Pair, moment: Moment) -> Change:
    kind = moment.kind
    if kind is MomentKind.FLAGGED:
        occasion = moment.check_ins[0].occasion if moment.check_ins else ""
        role = moment.roles[0]
        flagged = Happening(kind=EventKind.CHECK_IN_FLAGGED, data={"occasion": occasion})
        left = tuple(one for one in pair.flagged if one != (role, occasion))
        return changed(pair, flagged, flagged=left)
    if kind is MomentKind.AWAY:
        told = tuple(
            away.model_copy(update={"told": True}) if away.role.other in moment.roles else away
            for away in pair.away
        )
        return changed(pair, away=told)
    if kind is MomentKind.AGREEMENT_CHANGED:
        return changed(pair, terms_told=pair.terms)
    update: dict[MomentKind, dict[str, Any]] = {
        MomentKind.RECOVERED: {"recovery_to_tell": False},
        MomentKind.HELP: {"help_wanted": ()},
        MomentKind.SAFETY: {"safety_raised": ()},
        MomentKind.EXTENDED: {"extension_to_tell": False},
        MomentKind.HELD: {"held_until": None},
    }
    return changed(pair, **update[kind])


# --- The end of a pause --------------------------------------------------------------------------


def resume(plan: PairPlan, pair: Pair, now: datetime) -> Change:
    """The pair goes on where it was, everything that was due later by the length of the pause."""
    paused_for = now - pair.paused_at if pair.paused_at else timedelta(0)
    phase = pair.phase

    def later(instant: datetime | None) -> datetime | None:
        return instant + paused_for if instant else None

    session = pair.session
    resumed = pair.model_copy(
        update={
            **OFF_THE_LADDER,
            "state": move(pair.state, phase),
            "program_paused": False,
            "on_hold": False,
            "hold_until": None,
            "away": (),
            "paused_at": None,
            "hours": None,
            "held_until": now if plan.generation > 1 else pair.held_until,
            "started_at": pair.started_at + paused_for,
            "since": pair.since + paused_for,
            "last_held_at": later(pair.last_held_at),
            "recovered_at": later(pair.recovered_at),
            "terms_at": later(pair.terms_at),
            "sign_of_life": now,
            "session": session.model_copy(
                update={
                    "asked_at": later(session.asked_at),
                    "proposed_at": later(session.proposed_at),
                }
            ),
            "check_ins": tuple(
                p.model_copy(update={"sent_at": p.sent_at + paused_for}) for p in pair.check_ins
            ),
        }
    )
    ready = when_prepared(resumed, now)
    happenings = (Happening(kind=EventKind.PAIR_RESUMED), *ready.happenings)
    return Change(pair=ready.pair, happenings=happenings)


# --- Once the messages have gone out -------------------------------------------------------------


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
    if moment.check_ins and kind in _ASKS:
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

_ASKS = frozenset({MomentKind.PREPARATION, MomentKind.CHECK_IN, MomentKind.EVALUATION})
"""Moments that ask the questions of a check-in, and don't only remind of them."""


def with_steps_done(pair: Pair, done: tuple[tuple[Role, Any], ...], now: datetime) -> Change:
    """The pair once it is known what one of the two had done before: in another pair of theirs."""
    steps = pair.steps
    for one in done:
        steps = including(steps, one)
    return when_prepared(pair.model_copy(update={"steps": steps}), now)
