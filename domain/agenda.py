"""What a session could look like: its parts, how long each takes, and who leads.

A suggestion, for two people who may do as they like. The words stand in `content/`; here are ids
and minutes only.
"""

from __future__ import annotations

from enum import StrEnum

from domain.definition import Definition, Mode
from domain.model import Value
from domain.people import Role

ROUND_TO = 5
"""Minutes to which the parts of a session are rounded, where it is long enough."""

LONG_ENOUGH = 30
"""Minutes of a session whose parts are rounded."""


class PartKind(StrEnum):
    """What the two do in one part of a session."""

    WELCOME = "welcome"
    """Getting to know each other."""
    LOOK_BACK = "look_back"
    """At the step that was agreed last time."""
    TOPIC = "topic"
    TRY = "try"
    """The one who learns tries it, the other one watches and helps."""
    HALF = "half"
    """Topic and trying in one: a half of a session in which both teach."""
    NEXT_STEP = "next_step"
    REVIEW = "review"
    """What has changed since the first session."""
    GO_ON = "go_on"
    """What stays, and what the two do after the program."""


class Part(Value):
    """One part of a session."""

    kind: PartKind
    minutes: int
    teacher: Role | None = None
    """Who teaches in it, where one does."""


class Agenda(Value):
    """What a session could look like."""

    lead: Role | None
    """Who prepares it and keeps the time; None where each leads a half."""
    parts: tuple[Part, ...]
    topic: int
    """Which goal it is about, from 0 and on and on: the goals come up in turns."""


_Shares = tuple[tuple[PartKind, int], ...]
"""The parts of a session, and their shares of its time in hundredths."""

_FIRST: _Shares = (
    (PartKind.WELCOME, 30),
    (PartKind.TOPIC, 30),
    (PartKind.TRY, 20),
    (PartKind.NEXT_STEP, 20),
)
_MIDDLE: _Shares = (
    (PartKind.LOOK_BACK, 20),
    (PartKind.TOPIC, 30),
    (PartKind.TRY, 35),
    (PartKind.NEXT_STEP, 15),
)
_LAST: _Shares = (
    (PartKind.LOOK_BACK, 15),
    (PartKind.TOPIC, 25),
    (PartKind.TRY, 20),
    (PartKind.REVIEW, 25),
    (PartKind.GO_ON, 15),
)


def agenda_of(definition: Definition, session: int, count: int) -> Agenda:
    """The agenda of a session by its number, of `count`."""
    sessions = definition.sessions
    mutual = definition.program.mode is Mode.MUTUAL
    begins = sessions.led_by.of(session)
    shares = _FIRST if session == 1 else _LAST if session >= count else _MIDDLE
    if mutual:
        shares = _in_halves(shares)
    kinds = [kind for kind, _ in shares]
    minutes = _minutes(sessions.minutes, [share for _, share in shares])
    teachers = iter((begins, begins.other) if mutual else ())
    parts = []
    for kind, length in zip(kinds, minutes, strict=True):
        teacher = next(teachers) if kind is PartKind.HALF else None
        if not mutual and kind in (PartKind.TOPIC, PartKind.TRY):
            teacher = Role.MENTOR
        parts.append(Part(kind=kind, minutes=length, teacher=teacher))
    return Agenda(lead=None if mutual else begins, parts=tuple(parts), topic=session - 1)


def _in_halves(shares: _Shares) -> _Shares:
    """Topic and trying as one half for each of the two."""
    taught = sum(share for kind, share in shares if kind in (PartKind.TOPIC, PartKind.TRY))
    halves: list[tuple[PartKind, int]] = []
    for kind, share in shares:
        if kind is PartKind.TOPIC:
            halves += [(PartKind.HALF, taught // 2)] * 2
        elif kind is not PartKind.TRY:
            halves.append((kind, share))
    return tuple(halves)


def _minutes(total: int, shares: list[int]) -> list[int]:
    """Shares out so many minutes in round numbers, so that they add up and no part gets nothing.

    What rounding leaves over goes to the parts it took most from.
    """
    unit = ROUND_TO if total >= LONG_ENOUGH and total % ROUND_TO == 0 else 1
    units = total // unit
    exact = [units * share / sum(shares) for share in shares]
    given = [max(1, int(one)) for one in exact]
    while sum(given) < units:
        most = max(range(len(given)), key=lambda i: exact[i] - given[i])
        given[most] += 1
    while sum(given) > units:
        least = min(range(len(given)), key=lambda i: (exact[i] - given[i], -given[i]))
        given[least] -= 1
    return [one * unit for one in given]
