"""How all programs stand, as numbers: for watchers, who ask every few seconds.

`domain.projection` reads a journal whole, which would be too slow for that, and the rows of
`store.standings` may have to be made anew, which is a write. Here only the last events are read
that a pair's state hangs on; a test holds the outcome against the projection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.orm import Session

from domain.journal import EventKind
from domain.lifecycle import ENDINGS, PairState, Stage
from domain.model import Value
from domain.projection import SIGNS_OF_LIFE, STATE_EVENTS
from store import outbox
from store.ledger import MessageState
from store.tables import JournalRow, MessageRow, ProgramRow

_AT_ONCE = 1_000
"""Pairs in one query."""

_OVER = (Stage.COMPLETED, Stage.CANCELLED)

_STAGE_EVENTS = {
    EventKind.STAGE_ENTERED: None,
    EventKind.PROGRAM_COMPLETED: Stage.COMPLETED,
    EventKind.PROGRAM_CANCELLED: Stage.CANCELLED,
}

_BEGINNINGS = [kind for kind, state in STATE_EVENTS.items() if state not in ENDINGS]
"""What a pair goes back to after a pause or a stall."""

_CHANGES = [
    *(kind for kind, state in STATE_EVENTS.items() if state in ENDINGS),
    EventKind.PAIR_STALLED,
    EventKind.PAIR_RECOVERED,
    EventKind.PAIR_PAUSED,
    EventKind.PAIR_RESUMED,
]


class Overview(Value):
    """How all programs stand. Pairs are those of programs that are not over."""

    programs: dict[Stage, int]
    """Every stage has an entry."""
    pairs: dict[str, dict[PairState, int]]
    """By program; every state has an entry."""
    on_ladder: dict[str, dict[int, int]]
    """By program, how many stalled pairs are on which step of their ladder."""
    signals: int
    """What the outbox holds that its workflow has yet to be told."""
    oldest_signal: timedelta
    """How long the first of them has been waiting."""
    waiting: int
    """Messages of these programs that wait for a time at which they may go out."""


class _Latest(NamedTuple):
    """An event, ordered as the projection orders them."""

    at: datetime
    position: int
    kind: EventKind
    step: int


def overview(session: Session) -> Overview:
    """How all programs stand now."""
    stages = _stages(session)
    running = sorted(program for program, stage in stages.items() if stage not in _OVER)
    pairs = {program: Counter[PairState]() for program in running}
    on_ladder = {program: Counter[int]() for program in running}
    for program, state, step in _pairs(session, running):
        pairs[program][state] += 1
        if state is PairState.STALLED:
            on_ladder[program][step] += 1
    counted = Counter(stages.values())
    held = (MessageRow.program_id.in_(running), MessageRow.state == MessageState.HELD.value)
    return Overview(
        programs={stage: counted[stage] for stage in Stage},
        pairs={one: {state: found[state] for state in PairState} for one, found in pairs.items()},
        on_ladder={one: dict(found) for one, found in on_ladder.items()},
        signals=outbox.size(session),
        oldest_signal=outbox.age(session) or timedelta(0),
        waiting=session.scalar(select(func.count()).select_from(MessageRow).where(*held)) or 0,
    )


def _stages(session: Session) -> dict[str, Stage]:
    """The stage of every program."""
    stages = dict.fromkeys(session.scalars(select(ProgramRow.id)), Stage.DEFINITION)
    rows = session.execute(
        select(JournalRow.program_id, JournalRow.kind, JournalRow.data)
        .where(JournalRow.program_id.in_(select(ProgramRow.id)), JournalRow.kind.in_(_STAGE_EVENTS))
        .order_by(JournalRow.at, JournalRow.position)
    )
    for program, kind, data in rows:
        word = _STAGE_EVENTS[EventKind(kind)] or data.get("stage")
        if word in tuple(Stage):
            stages[program] = Stage(word)
    return stages


def _pairs(session: Session, programs: Sequence[str]) -> Iterator[tuple[str, PairState, int]]:
    """Every pair's program, state, and last step on a ladder."""
    of_pair: dict[tuple[str, str], dict[str, _Latest]] = {}
    for program in programs:
        for pair, group, latest in _last_events(session, program):
            of_pair.setdefault((program, pair), {})[group] = latest
    stalled = [
        pair for (_, pair), found in of_pair.items() if _newer(found).kind is EventKind.PAIR_STALLED
    ]
    signs = dict(_last_signs(session, stalled))
    for (program, pair), found in of_pair.items():
        climbed = found.get("climbed", _newer(found))
        yield program, _state(found, signs.get(pair)), climbed.step


def _newer(found: dict[str, _Latest]) -> _Latest:
    """What changed the pair's state last."""
    return max(latest for group, latest in found.items() if group != "climbed")


def _state(found: dict[str, _Latest], sign: _Latest | None) -> PairState:
    last, began = _newer(found), found.get("began")
    if last.kind in STATE_EVENTS:
        return STATE_EVENTS[last.kind]
    if last.kind is EventKind.PAIR_PAUSED:
        return PairState.PAUSED
    if last.kind is EventKind.PAIR_STALLED and (sign is None or sign < last):
        return PairState.STALLED
    return STATE_EVENTS[began.kind] if began else PairState.INTRODUCED


def _last_events(session: Session, program: str) -> Iterator[tuple[str, str, _Latest]]:
    """Of each pair the last event that began a part of its life, that changed it, that climbed."""
    group = case(
        (JournalRow.kind.in_(_BEGINNINGS), "began"),
        (JournalRow.kind == EventKind.LADDER_CLIMBED, "climbed"),
        else_="changed",
    )
    kinds = (*_BEGINNINGS, *_CHANGES, EventKind.LADDER_CLIMBED)
    yield from _last(session, group, kinds, JournalRow.program_id == program)


def _last_signs(session: Session, pairs: Sequence[str]) -> Iterator[tuple[str, _Latest]]:
    """Of each of these pairs the last sign of life."""
    for first in range(0, len(pairs), _AT_ONCE):
        some = JournalRow.pair_id.in_(pairs[first : first + _AT_ONCE])
        for pair, _, latest in _last(session, literal("sign"), SIGNS_OF_LIFE, some):
            yield pair, latest


def _last(
    session: Session,
    group: ColumnElement[str],
    kinds: Collection[EventKind],
    condition: ColumnElement[bool],
) -> Iterator[tuple[str, str, _Latest]]:
    """The last event of these kinds, of each pair and each group."""
    newest_first = func.row_number().over(
        partition_by=(JournalRow.pair_id, group),
        order_by=(JournalRow.at.desc(), JournalRow.position.desc()),
    )
    ranked = (
        select(
            JournalRow.pair_id,
            group.label("of"),
            JournalRow.at,
            JournalRow.position,
            JournalRow.kind,
            JournalRow.data,
            newest_first.label("rank"),
        )
        .where(condition, JournalRow.kind.in_(sorted(kinds)), JournalRow.pair_id.is_not(None))
        .subquery()
    )
    for pair, of, at, position, kind, data, _ in session.execute(
        select(ranked).where(ranked.c.rank == 1)
    ):
        step = data.get("step", 0)
        yield pair, of, _Latest(at, position, EventKind(kind), step if isinstance(step, int) else 0)
