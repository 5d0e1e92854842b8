"""What happened with one pair, and what the coordinator is asked for, read from the journal.

Mails, the coordinator's page and `starter.py pair … show` tell the same story. Here is which events
belong in it and what is said of each; the words stand in `content/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

from pydantic import Field

from domain.escalation import Ladder, LadderAction, LadderStep, Trigger
from domain.journal import EventKind, JournalEvent
from domain.lifecycle import ENDINGS, PairState
from domain.model import Value
from domain.pair_orders import Order
from domain.people import Role


class Line(Value):
    """One sentence of the story: its words, and what they speak of."""

    at: datetime
    key: str
    """Of the words, below `story`."""
    role: Role | None = None
    """Who of the two it is about; None where it is both, or nobody's name belongs in it."""
    person: str | None = None
    data: dict[str, int | str] = Field(default_factory=dict)


_BOTH = {
    EventKind.PAIR_INTRODUCED: "introduced",
    EventKind.PAIR_PREPARING: "preparing",
    EventKind.PREPARATION_OVERDUE: "preparation_overdue",
    EventKind.PAIR_MEETING: "meeting",
    EventKind.SESSION_DUE: "session_due",
    EventKind.SESSION_BOOKED: "session_booked",
    EventKind.SESSION_HELD: "session_held",
    EventKind.SESSION_MISSED: "session_missed",
    EventKind.CHECK_IN_SENT: "check_in_sent",
    EventKind.SURVEY_ANSWERED: "survey_answered",
    EventKind.CHECK_IN_FLAGGED: "check_in_flagged",
    EventKind.PAIR_RECOVERED: "recovered",
    EventKind.TASK_OPENED: "actions.coordinator_task",
    EventKind.PAIR_PAUSED: "paused",
    EventKind.PAIR_RESUMED: "resumed",
    EventKind.PAIR_EVALUATING: "evaluating",
    EventKind.PAIR_EXTENDED: "extended",
    EventKind.PAIR_COMPLETED: "completed",
    EventKind.PAIR_CONTINUED: "continued",
    EventKind.PAIR_DECLINED: "declined",
    EventKind.PAIR_CANCELLED: "cancelled",
}
"""What concerns both, or names nobody: who answered a check-in stays untold, so that an answer
which made the coordinator look can't be laid at somebody's door."""

_OF_ONE = {
    EventKind.INTRODUCTION_ACCEPTED: "introduction_accepted",
    EventKind.INTRODUCTION_DECLINED: "introduction_declined",
    EventKind.GUIDE_READ: "training_done",
    EventKind.TRAINING_DONE: "training_done",
    EventKind.AGREEMENT_SIGNED: "agreement_signed",
    EventKind.GOALS_WRITTEN: "goals_written",
    EventKind.SESSION_PROPOSED: "session_proposed",
    EventKind.SESSION_CANCELLED: "session_cancelled",
    EventKind.HELP_ASKED: "help_asked",
    EventKind.WENT_AWAY: "went_away",
    EventKind.CAME_BACK: "came_back",
}


def story_of(events: Iterable[JournalEvent]) -> list[Line]:
    """The events of one pair as lines, in the order in which they happened.

    What two events say of the same instant in the same words is said once.
    """
    lines: list[Line] = []
    for event in sorted(events, key=attrgetter("at")):
        for line in _lines(event):
            if line not in lines[-4:]:
                lines.append(line)
    return lines


def _lines(event: JournalEvent) -> Iterator[Line]:
    def line(key: str, *, named: bool = False) -> Line:
        return Line(
            at=event.at,
            key=key,
            role=event.role if named else None,
            person=event.person if named else None,
            data={} if key.startswith("actions.") else event.data,
        )

    kind, data = event.kind, event.data
    if kind in _BOTH:
        yield line(_BOTH[kind])
    elif kind in _OF_ONE:
        yield line(_OF_ONE[kind], named=True)
    elif kind is EventKind.PAIR_STALLED:
        yield line("stalled")
    elif kind is EventKind.LADDER_CLIMBED:
        for action in actions_of(event):
            yield line(f"actions.{action}")
    elif kind is EventKind.TASK_TAKEN:
        order, until = data.get("order"), "_until" if "until" in data else ""
        yield line(f"decided.{order}{until}" if order else "taken")
    elif kind is EventKind.PAIR_CLOSED:
        yield line("closed")
    elif kind is EventKind.PAIR_WITHDRAWN:
        yield line("withdrawn", named=True)


def actions_of(event: JournalEvent) -> tuple[LadderAction, ...]:
    """What a step of a ladder did; several actions stand in `action`, joined by “+”."""
    known = set(LadderAction)
    said = str(event.data.get("action", "")).split("+")
    return tuple(LadderAction(word) for word in said if word in known)


# --- What the coordinator is asked for -----------------------------------------------------------


class Ask(StrEnum):
    """Why the coordinator is asked to look after a pair."""

    HELP = "help"
    """One of the two asked for it."""
    FLAGGED = "flagged"
    """An answer to a check-in passed a threshold."""
    TASK = "task"
    """A step of a ladder."""


class Attention(Value):
    """Which ladder a pair is on, and what it wants of who runs the program."""

    trigger: Trigger | None = None
    """None while it is on no ladder."""
    step: int = 0
    """The last step taken, from 1."""
    asks: tuple[Ask, ...] = ()
    """What waits for the coordinator."""
    taken_until: datetime | None = None
    """Until when somebody said that they are on it."""
    paused: bool = False
    ending: PairState | None = None
    """How it ended, once it is over."""
    ordered: Order | None = None
    """What was decided and is not done yet."""
    decisions: int = 0
    """How often somebody decided something by their page."""

    def next_step(self, ladders: Sequence[Ladder]) -> LadderStep | None:
        """The step that follows if nothing is done; None on no ladder, and after the last."""
        ladder = next((one for one in ladders if one.trigger is self.trigger), None)
        if ladder is None or self.step >= len(ladder.steps):
            return None
        return ladder.steps[self.step]


def attention_of(events: Iterable[JournalEvent]) -> dict[str, Attention]:
    """How the pairs of a program stand with the coordinator, by pair id.

    Events count in the order in which they were written: what a workflow does because of a decision
    comes after it, whatever their clocks say.
    """
    found: dict[str, Attention] = {}
    for event in events:
        if event.pair is not None:
            found[event.pair] = attention_after(found.get(event.pair, Attention()), event)
    return found


def attention_after(before: Attention, event: JournalEvent) -> Attention:
    """How a pair stands with the coordinator after the next event of it that was written."""
    effect = _EFFECTS.get(event.kind)
    return before if effect is None else effect(before, event)


def _changed(before: Attention, **update: object) -> Attention:
    return before if before.ending is not None else before.model_copy(update=update)


_NO_LADDER = {"trigger": None, "step": 0, "taken_until": None}


def _without(asks: tuple[Ask, ...], *gone: Ask) -> tuple[Ask, ...]:
    return tuple(ask for ask in asks if ask not in gone)


def _asked(before: Attention, ask: Ask) -> tuple[Ask, ...]:
    return (*_without(before.asks, ask), ask)


def trigger_in(data: Mapping[str, int | str]) -> Trigger:
    """The trigger that an event names; 0.2.0 and before knew silence only and named none."""
    said = data.get("trigger")
    return Trigger(str(said)) if said in set(Trigger) else Trigger.SILENCE


def _step(event: JournalEvent, otherwise: int) -> int:
    said = event.data.get("step", otherwise)
    return said if isinstance(said, int) else otherwise


def _instant(said: int | str) -> datetime | None:
    try:
        return datetime.fromisoformat(str(said))
    except ValueError:
        return None


def _on_stalled(before: Attention, event: JournalEvent) -> Attention:
    step = max(before.step, _step(event, 0))
    return _changed(before, trigger=trigger_in(event.data), step=step)


def _on_climbed(before: Attention, event: JournalEvent) -> Attention:
    trigger = trigger_in(event.data) if "trigger" in event.data else before.trigger
    asks = before.asks
    if LadderAction.COORDINATOR_TASK in actions_of(event):
        asks = _asked(before, Ask.TASK)
    return _changed(
        before,
        trigger=trigger or Trigger.SILENCE,
        step=_step(event, before.step),
        asks=asks,
    )


def _on_taken(before: Attention, event: JournalEvent) -> Attention:
    until, order = event.data.get("until"), event.data.get("order")
    return _changed(
        before,
        asks=(),
        taken_until=_instant(until) if until and not order else None,
        ordered=Order(str(order)) if order in set(Order) else None,
        decisions=before.decisions + 1,
    )


def _on_recovered(before: Attention, _event: JournalEvent) -> Attention:
    return _changed(before, **_NO_LADDER, asks=_without(before.asks, Ask.TASK))


def _on_held(before: Attention, _event: JournalEvent) -> Attention:
    return _changed(before, asks=_without(before.asks, Ask.HELP))


def _on_paused(before: Attention, _event: JournalEvent) -> Attention:
    return _changed(before, **_NO_LADDER, asks=(), paused=True, ordered=None)


def _on_resumed(before: Attention, _event: JournalEvent) -> Attention:
    return _changed(before, paused=False, ordered=None)


def _on_ended(before: Attention, event: JournalEvent) -> Attention:
    ending = PairState(event.kind.value.removeprefix("pair_"))
    return _changed(before, **_NO_LADDER, asks=(), paused=False, ordered=None, ending=ending)


_EFFECTS: dict[EventKind, Callable[[Attention, JournalEvent], Attention]] = {
    EventKind.PAIR_STALLED: _on_stalled,
    EventKind.LADDER_CLIMBED: _on_climbed,
    EventKind.PAIR_RECOVERED: _on_recovered,
    EventKind.PAIR_EVALUATING: _on_recovered,
    EventKind.TASK_OPENED: lambda before, _: _changed(before, asks=_asked(before, Ask.TASK)),
    EventKind.HELP_ASKED: lambda before, _: _changed(before, asks=_asked(before, Ask.HELP)),
    EventKind.CHECK_IN_FLAGGED: lambda before, _: _changed(
        before, asks=_asked(before, Ask.FLAGGED)
    ),
    EventKind.TASK_TAKEN: _on_taken,
    EventKind.SESSION_HELD: _on_held,
    EventKind.PAIR_PAUSED: _on_paused,
    EventKind.PAIR_RESUMED: _on_resumed,
    **{EventKind(f"pair_{state.value}"): _on_ended for state in ENDINGS},
}


def pair_commands(program: str, pair: str) -> list[str]:
    """What can be typed about a pair, as mails and pages show it."""
    start = f"python starter.py pair {program} {pair}"
    return [f"{start} {action}" for action in ("show", "pause", "resume", "rematch", "close")]
