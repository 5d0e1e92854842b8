"""What changes for a pair when one of the two did something."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.deeds import Deed, DeedKind, Verdict
from domain.journal import EventKind
from domain.lifecycle import PairState, move
from domain.pair import (
    Away,
    Change,
    EndReason,
    Happening,
    Pair,
    SessionProgress,
    Step,
    Undecided,
    changed,
    including,
)
from domain.pair_after import OFF_THE_LADDER, resume, when_prepared
from domain.people import Role
from domain.plan import PairPlan

_STEP_OF_DEED = {
    DeedKind.GUIDE_READ: Step.GUIDE,
    DeedKind.TRAINING_DONE: Step.GUIDE,
    DeedKind.AGREEMENT_SIGNED: Step.AGREEMENT,
    DeedKind.GOALS_WRITTEN: Step.GOALS,
}


def after_deed(plan: PairPlan, pair: Pair, deed: Deed) -> Change:
    """The pair once the two of it, or one, did something. The same deed twice changes nothing more.

    Any deed is a sign of life and takes a stalled pair off the ladder. A pair that is over takes
    no more deeds, but for a call for safety until its workflow has ended.
    """
    if deed.kind is DeedKind.SAFETY_RAISED:
        return _set_aside(pair, deed)
    if pair.state.is_over:
        return Change(pair=pair)
    alive = pair.model_copy(update={"sign_of_life": max(pair.sign_of_life, deed.at)})
    happenings: tuple[Happening, ...] = ()
    if pair.state is PairState.STALLED and pair.under is not None:
        alive, happenings = _recovered(plan, alive, deed.at)
    change = _apply(plan, alive, deed)
    return Change(pair=change.pair, happenings=(*happenings, *change.happenings))


def _recovered(plan: PairPlan, pair: Pair, now: datetime) -> tuple[Pair, tuple[Happening, ...]]:
    under = pair.under or pair.state
    update = {
        **OFF_THE_LADDER,
        "state": move(pair.state, under),
        "recovered_at": now,
        "recovery_to_tell": pair.recovery_to_tell or pair.hr_was_told,
        "hr_was_told": False,
    }
    recovered = Happening(kind=EventKind.PAIR_RECOVERED, data={"step": pair.ladder_step})
    return pair.model_copy(update=update), (recovered,)


def _apply(plan: PairPlan, pair: Pair, deed: Deed) -> Change:
    kind = deed.kind
    if kind is DeedKind.ACCEPTED:
        return changed(pair, accepted=including(pair.accepted, deed.role))
    if kind is DeedKind.DECLINED:
        early = pair.phase in (PairState.INTRODUCED, PairState.PREPARING)
        return _leave(pair, PairState.DECLINED if early else PairState.WITHDRAWN, deed)
    if kind is DeedKind.WITHDREW:
        return _leave(pair, PairState.WITHDRAWN, deed)
    if kind is DeedKind.HELP_ASKED:
        return changed(pair, help_wanted=including(pair.help_wanted, deed.role))
    if kind is DeedKind.SURVEY_ANSWERED:
        return _answer(pair, deed)
    if kind is DeedKind.AGREEMENT_SIGNED and deed.terms:
        return _sign(pair, deed)
    if kind in _STEP_OF_DEED:
        done = pair.model_copy(
            update={"steps": including(pair.steps, (deed.role, _STEP_OF_DEED[kind]))}
        )
        return when_prepared(done, deed.at)
    if kind in (DeedKind.WENT_AWAY, DeedKind.CAME_BACK):
        return _go_away(plan, pair, deed)
    if kind is DeedKind.REACH_CHANGED:
        return changed(pair, hours=None)
    if kind is DeedKind.WISHED and deed.wish is not None:
        wishes = {**dict(pair.wishes), deed.role: deed.wish}
        return changed(pair, wishes=tuple((r, wishes[r]) for r in Role if r in wishes))
    return _session_deed(plan, pair, deed)


def _leave(pair: Pair, ending: PairState, deed: Deed) -> Change:
    left = {"under": None, "since": deed.at, "left_by": deed.role, "paused_at": None}
    return changed(pair, state=move(pair.state, ending), **left)


def _answer(pair: Pair, deed: Deed) -> Change:
    answered = tuple(
        p.model_copy(update={"answered": including(p.answered, deed.role)})
        if p.check_in.occasion == deed.occasion
        else p
        for p in pair.check_ins
    )
    update: dict[str, Any] = {"check_ins": answered}
    asked = {progress.check_in.occasion for progress in pair.check_ins}
    if deed.look and deed.occasion in asked:
        update["flagged"] = including(pair.flagged, (deed.role, deed.occasion))
    if deed.verdict is not None:
        others = tuple(one for one in pair.undecided if one.role is not deed.role)
        update["undecided"] = others
        if deed.verdict is Verdict.UNDECIDED:
            update["undecided"] = (*others, Undecided(role=deed.role, held=len(pair.held)))
    over = pair.phase is PairState.EVALUATING
    if deed.verdict is Verdict.NOT_GOOD and not over:
        ended = {
            "state": move(pair.state, PairState.CLOSED),
            "under": None,
            "since": deed.at,
            "reason": EndReason.NO_FIT,
            "paused_at": None,
        }
        return changed(pair, **(update | ended))
    return changed(pair, **update)


def _sign(pair: Pair, deed: Deed) -> Change:
    signed = {**dict(pair.signed), deed.role: deed.terms}
    if deed.terms < pair.terms:
        return Change(pair=pair)  # told of too late: the partner has changed it since
    update: dict[str, Any] = {"signed": tuple((r, signed[r]) for r in Role if r in signed)}
    if deed.terms > pair.terms:
        update["terms_at"] = deed.at
    return when_prepared(pair.model_copy(update=update), deed.at)


# --- Leave, and not feeling safe -----------------------------------------------------------------


def _set_aside(pair: Pair, deed: Deed) -> Change:
    """Nothing goes to the two any more until HR or the contact says so; only the contact is told.

    The pair is paused and not a word says why.
    """
    raised = including(pair.safety_raised, deed.role)
    if pair.state.is_over:
        return changed(pair, safety_raised=raised) if not pair.ended else Change(pair=pair)
    paused = pause(pair, deed.at)
    return changed(
        paused.pair, *paused.happenings, safety_raised=raised, on_hold=True, hold_until=None
    )


def pause(pair: Pair, now: datetime) -> Change:
    """The pair with its clock stopped; as it is, if it was paused before."""
    if pair.state is PairState.PAUSED:
        return Change(pair=pair)
    update = {
        **OFF_THE_LADDER,
        "state": move(pair.state, PairState.PAUSED),
        "under": pair.phase,
        "paused_at": now,
    }
    return changed(pair, Happening(kind=EventKind.PAIR_PAUSED), **update)


def _go_away(plan: PairPlan, pair: Pair, deed: Deed) -> Change:
    others = tuple(away for away in pair.away if away.role is not deed.role)
    if deed.kind is DeedKind.CAME_BACK or deed.until is None or deed.until <= deed.at:
        left = pair.model_copy(update={"away": others, "hours": None})
        waits = left.away or left.on_hold or left.program_paused
        if pair.state is not PairState.PAUSED or waits or not pair.away:
            return Change(pair=left)
        return resume(plan, left, deed.at)
    paused = pause(pair, deed.at)
    away = (*others, Away(role=deed.role, until=deed.until))
    return changed(paused.pair, *paused.happenings, away=away, hours=None)


# --- Sessions ------------------------------------------------------------------------------------


def _session_deed(plan: PairPlan, pair: Pair, deed: Deed) -> Change:
    if pair.phase not in (PairState.MEETING, PairState.EVALUATING) or deed.session is None:
        return Change(pair=pair)
    if deed.kind is DeedKind.SESSION_HELD:
        return _held(plan, pair, deed.session, deed.at)
    session = pair.session
    if deed.session != session.number:
        return Change(pair=pair)
    if deed.kind is DeedKind.SESSION_PROPOSED:
        return _proposed(pair, deed)
    if deed.kind is DeedKind.SESSION_BOOKED:
        return _booked(pair, deed)
    return _fell_through(plan, pair, deed)


def _held(plan: PairPlan, pair: Pair, number: int, now: datetime) -> Change:
    if number in pair.held or not 1 <= number <= plan.sessions:
        return Change(pair=pair)
    held = tuple(sorted((*pair.held, number)))
    update: dict[str, Any] = {"held": held, "last_held_at": now, "fell_through": 0}
    following = next((n for n in range(1, plan.sessions + 1) if n not in held), number)
    if following != pair.session.number:
        update["session"] = SessionProgress(number=following)
    return changed(pair, **update)


def _proposed(pair: Pair, deed: Deed) -> Change:
    session = pair.session
    if deed.proposal <= session.proposal:
        return Change(pair=pair)  # told of before
    proposed = session.model_copy(
        update={
            "asked_at": session.asked_at or deed.at,
            "proposal": deed.proposal,
            "proposed_by": deed.role,
            "proposed_at": deed.at,
            "proposal_told": False,
            "answer_wanted": False,
        }
    )
    return changed(pair, session=proposed)


def _booked(pair: Pair, deed: Deed) -> Change:
    session = pair.session
    if deed.booking <= session.booking:
        return Change(pair=pair)  # told of before
    moved = session.booked_for is not None
    booked = SessionProgress(
        number=session.number,
        attempt=session.attempt + moved,
        asked_at=session.asked_at or deed.at,
        proposal=session.proposal,
        booked_for=deed.booked_for,
        booking=deed.booking,
    )
    return changed(pair, session=booked)


def _fell_through(plan: PairPlan, pair: Pair, deed: Deed) -> Change:
    """Called off, or not held: it waits for another date, which is asked for."""
    session = pair.session
    cancelled = deed.kind is DeedKind.SESSION_CANCELLED
    ours = deed.booking >= session.booking if cancelled else deed.booking == session.booking
    if session.booked_for is None or not ours:
        return Change(pair=pair)  # told of before
    again = SessionProgress(
        number=session.number,
        attempt=session.attempt + 1,
        proposal=session.proposal,
        booking=max(session.booking, deed.booking),
        called_off=session.attempt if cancelled else None,
    )
    update: dict[str, Any] = {"session": again}
    if plan.generation > 1:
        update |= {"fell_through": pair.fell_through + 1, "fell_through_at": deed.at}
    return changed(pair, **update)
