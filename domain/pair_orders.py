"""What HR can do to a pair, and what changes then."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.escalation import Trigger
from domain.journal import EventKind
from domain.lifecycle import NotAllowed, PairState, move
from domain.pair import Change, EndReason, Happening, Pair, changed
from domain.pair_after import OFF_THE_LADDER, resume
from domain.pair_deeds import pause
from domain.plan import PairPlan


class Order(StrEnum):
    """What HR can do to a pair."""

    PAUSE = "pause"
    """Pause it with the whole program."""
    HOLD = "hold"
    """Pause this pair until HR resumes it, though the program is paused and resumed meanwhile; or
    until a date."""
    RESUME = "resume"
    EXTEND = "extend"
    """Give it more days for its meetings."""
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
    if order is Order.RESUME and not paused:
        return f"This pair is not paused: it is {pair.state}."
    if order is Order.EXTEND and pair.phase is PairState.EVALUATING:
        return "This pair has come to its evaluation: its meetings are over."
    return None


def after_order(
    plan: PairPlan,
    pair: Pair,
    order: Order,
    now: datetime,
    *,
    until: datetime | None = None,
    days: int = 0,
) -> Change:
    """The pair once HR's order was carried out. Raises `NotAllowed` where there is a `refusal`.

    `until` ends a hold by itself; `days` are program days to extend by.
    """
    if why := refusal(pair, order):
        raise NotAllowed(why)
    if order in (Order.PAUSE, Order.HOLD):
        paused = pause(pair, now)
        held = {"on_hold": True, "hold_until": until} if order is Order.HOLD else {}
        by_program = {"program_paused": True} if order is Order.PAUSE else {}
        return changed(paused.pair, *paused.happenings, **held, **by_program)
    if order is Order.RESUME:
        return resume(plan, pair, now)
    if order is Order.EXTEND:
        longer = Happening(kind=EventKind.PAIR_EXTENDED, data={"days": days})
        told = pair.greeted
        return changed(pair, longer, extended=pair.extended + days, extension_to_tell=told)
    ending, reason = _ENDED_BY_ORDER[order]
    return changed(
        pair,
        state=move(pair.state, ending),
        since=now,
        reason=reason,
        paused_at=None,
        **OFF_THE_LADDER,
    )


_ENDED_BY_ORDER = {
    Order.CLOSE: (PairState.CLOSED, EndReason.COORDINATOR),
    Order.REMATCH: (PairState.CLOSED, EndReason.REMATCH),
    Order.PART: (PairState.CLOSED, EndReason.PARTED),
    Order.CANCEL: (PairState.CANCELLED, None),
}


def after_program_order(plan: PairPlan, pair: Pair, order: Order, now: datetime) -> Change:
    """The pair once HR did something to the whole program; what can't be done to it is left.

    A pair that is paused for a reason of its own stays so when the program is resumed.
    """
    if order is Order.PAUSE and pair.state is PairState.PAUSED:
        return changed(pair, program_paused=True)
    if order is Order.RESUME and (pair.on_hold or pair.away):
        return changed(pair, program_paused=False)
    if refusal(pair, order) is not None:
        return Change(pair=pair)
    return after_order(plan, pair, order, now)


def after_snooze(pair: Pair, now: datetime, until: datetime) -> Change:
    """The pair whose coordinator is on it: the ladder waits until then."""
    if pair.state is not PairState.STALLED or until <= now:
        return Change(pair=pair)
    return changed(pair, snoozed_until=until)


def place_on_the_ladder(plan: PairPlan, pair: Pair) -> tuple[Trigger, int, int] | None:
    """Which ladder the pair is on, how many steps it has climbed, and of how many."""
    on = pair.ladder or Trigger.SILENCE
    if not pair.ladder_step:
        return None
    steps = next((len(one.steps) for one in plan.ladders if one.trigger is on), pair.ladder_step)
    return on, pair.ladder_step, steps
