"""Where every pair stands, kept beside the journal so that nobody reads all of it to know.

The journal is the truth. A pair's row here is right when it counts as many events as the journal
has of the pair, and was made by this version of the fold; any other is made anew from the journal,
as is one that is missing. So the table may be thrown away, and a version that writes to the journal
without knowing of it does no harm.

`store.journal.append` has the rows follow at the end of its transaction, or soon after it where
that is put off. Whoever reads calls `catch_up` first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import BindParameter, Table, bindparam, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from domain.journal import EventKind, JournalEvent
from domain.lifecycle import PairState
from domain.standing import FOLD, LOOKED_AFTER, Standing
from store.database import Database, at_the_end, insert_new
from store.tables import JournalRow, PairStandingRow

AT_ONCE = 200
"""Pairs that one transaction makes anew: others wait for no more than that."""

_KNOWN = {kind.value: kind for kind in EventKind}


class _Read(NamedTuple):
    """An event as the fold wants it."""

    position: int
    event: JournalEvent | None
    """None where this version does not know its kind."""
    id: str
    at: datetime


class _Kept(NamedTuple):
    """How far a pair has been read."""

    events: int
    position: int
    at: datetime | None
    fold: int
    kept: Mapping[str, Any]


_IN_JOURNAL = ("pair_id", "position", "id", "kind", "at", "data")

_NOTHING = _Kept(0, 0, None, FOLD, {})


# Made once: an event costs less than making the words for the database would.

_TABLE = cast("Table", PairStandingRow.__table__)
_OF_PAIRS: BindParameter[Any] = bindparam("pairs", expanding=True)

_ROWS = (
    select(*(_TABLE.c[name] for name in ("pair_id", *_Kept._fields)))
    .where(_TABLE.c.program_id == bindparam("program"), _TABLE.c.pair_id.in_(_OF_PAIRS))
    .order_by(_TABLE.c.pair_id)
    .with_for_update()
)

_LATER = (
    select(*(JournalRow.__table__.c[name] for name in _IN_JOURNAL))
    .where(
        JournalRow.__table__.c.program_id == bindparam("program"),
        JournalRow.__table__.c.pair_id.in_(_OF_PAIRS),
        JournalRow.__table__.c.position > bindparam("first"),
    )
    .order_by(JournalRow.__table__.c.position)
)

_CHANGE = (
    update(_TABLE)
    .where(_TABLE.c.program_id == bindparam("program"), _TABLE.c.pair_id == bindparam("pair"))
    .values({name: bindparam(name) for name in (*_Kept._fields, "state", "rank")})
)


# --- Writing -------------------------------------------------------------------------------------


class _Following:
    """What a transaction wrote to the journal, by program and pair."""

    def __init__(self) -> None:
        self._new: dict[str, dict[str, set[str]]] = {}

    def add(self, program: str, pair: str, event: str) -> None:
        self._new.setdefault(program, {}).setdefault(pair, set()).add(event)

    def join(self, other: _Following) -> None:
        for program, pairs in other._new.items():
            for pair, events in pairs.items():
                self._new.setdefault(program, {}).setdefault(pair, set()).update(events)

    def __call__(self, session: Session) -> None:
        for program in sorted(self._new):
            _follow(session, program, self._new[program])


def follow(session: Session, program: str, events: Iterable[JournalEvent]) -> None:
    """Have the pairs' rows follow these events, just written, when the transaction ends.

    At its end and in the order of their ids, so that two who write of the same pairs wait for each
    other briefly, and never both.
    """
    for event in events:
        if event.pair is not None:
            at_the_end(session, "standings", _Following).add(program, event.pair, event.id)


def catch_up(database: Database, program: str) -> int:
    """Bring the rows of a program up to its journal, where they are not. Gives how many were not.

    In several transactions; who is cut off goes on the next time.
    """
    with database.read() as session:
        behind = _behind(session, program)
    for first in range(0, len(behind), AT_ONCE):
        with database.write() as session:
            _follow(session, program, dict.fromkeys(behind[first : first + AT_ONCE], frozenset()))
    return len(behind)


def catch_up_all(database: Database) -> int:
    """The same for every program that the journal knows. Gives how many rows were not right."""
    with database.read() as session:
        programs = session.scalars(select(JournalRow.program_id).distinct()).all()
    return sum(catch_up(database, program) for program in sorted(programs))


def forget(session: Session, pairs: AbstractSet[tuple[str, str]]) -> None:
    """Throw rows away whose journal is about to be cut, each of a program and a pair."""
    ordered = sorted(pairs)
    for first in range(0, len(ordered), AT_ONCE):
        some = ordered[first : first + AT_ONCE]
        key = tuple_(PairStandingRow.program_id, PairStandingRow.pair_id)
        session.execute(
            delete(PairStandingRow).where(key.in_(some)).execution_options(**_UNWATCHED)
        )


def _behind(session: Session, program: str) -> Sequence[str]:
    """The pairs whose rows are not right."""
    of_pairs = (JournalRow.program_id == program, JournalRow.pair_id.is_not(None))
    ours = (PairStandingRow.program_id == program, PairStandingRow.fold == FOLD)
    written = session.scalar(select(func.count()).where(*of_pairs)) or 0
    folded = session.scalar(select(func.sum(PairStandingRow.events)).where(*ours)) or 0
    strange = session.scalar(
        select(func.count()).where(PairStandingRow.program_id == program).where(~ours[1])
    )
    if written == folded and not strange:
        return ()
    in_journal = {
        pair: count
        for pair, count in session.execute(
            select(JournalRow.pair_id, func.count()).where(*of_pairs).group_by(JournalRow.pair_id)
        )
        if pair is not None
    }
    rows = session.execute(select(PairStandingRow.pair_id, PairStandingRow.events).where(*ours))
    here = {pair: count for pair, count in rows}  # noqa: C416 - a row is no pair to a type checker
    others = session.scalars(
        select(PairStandingRow.pair_id).where(PairStandingRow.program_id == program, ~ours[1])
    )
    wrong = {pair for pair in in_journal.keys() | here if in_journal.get(pair) != here.get(pair)}
    return sorted(wrong.union(others))


_UNWATCHED: dict[str, Any] = {"synchronize_session": False}
"""Nobody holds these rows as objects."""


def _follow(session: Session, program: str, pairs: Mapping[str, AbstractSet[str]]) -> None:
    """Bring these pairs' rows up to the journal, each by what is new in it if that is enough.

    `pairs` are the events of each that were just written. Nothing new means: make it anew.
    """
    locked = _locked(session, program, pairs)
    kept = {
        pair: locked[pair] if _may_go_on(locked[pair], new) else _NOTHING
        for pair, new in pairs.items()
    }
    events = _events(session, program, {pair: one.position for pair, one in kept.items()})
    again = [pair for pair, new in pairs.items() if not _follows(kept[pair], events[pair], new)]
    if again:
        kept |= dict.fromkeys(again, _NOTHING)
        events |= _events(session, program, dict.fromkeys(again, 0))
    rows = [_fold(pair, kept[pair], events[pair]) for pair in sorted(pairs)]
    whole = [row | {"program": program} for row in rows if row["events"]]
    if whole:
        session.connection().execute(_CHANGE, whole)
    forget(session, {(program, row["pair"]) for row in rows if not row["events"]})


def _may_go_on(kept: _Kept, new: AbstractSet[str]) -> bool:
    return bool(new) and kept.events > 0 and kept.fold == FOLD


def _follows(kept: _Kept, later: Sequence[_Read], new: AbstractSet[str]) -> bool:
    """Whether what was written after the last event that a row has is all that it misses."""
    return new <= {one.id for one in later} and all(
        kept.at is None or one.at >= kept.at for one in later
    )


def _locked(session: Session, program: str, pairs: Iterable[str]) -> dict[str, _Kept]:
    """These pairs' rows, which nobody else can change before this transaction ends.

    Rows that are missing are made, empty, so that they can be locked as well: who does so at the
    same time waits here.
    """
    wanted = sorted(pairs)
    found = _rows(session, program, wanted)
    missing = [pair for pair in wanted if pair not in found]
    if missing:
        empty = {
            "program_id": program,
            "events": 0,
            "position": 0,
            "at": None,
            "fold": FOLD,
            "state": PairState.INTRODUCED.value,
            "rank": LOOKED_AFTER,
            "kept": {},
        }
        rows = [empty | {"pair_id": pair} for pair in missing]
        insert_new(session, PairStandingRow, rows, "program_id", "pair_id")
        found |= _rows(session, program, missing)
    return dict.fromkeys(wanted, _NOTHING) | found


def _rows(session: Session, program: str, pairs: Sequence[str]) -> dict[str, _Kept]:
    rows = session.connection().execute(_ROWS, {"program": program, "pairs": pairs})
    return {pair: _Kept(*rest) for pair, *rest in rows}


def _events(session: Session, program: str, after: Mapping[str, int]) -> dict[str, Sequence[_Read]]:
    """What the journal has of these pairs, of each after a position, in the order of positions."""
    first = min(after.values(), default=0)
    wanted = {"program": program, "pairs": list(after), "first": first}
    found: dict[str, list[_Read]] = {pair: [] for pair in after}
    for pair, position, identity, kind, at, data in session.connection().execute(_LATER, wanted):
        if position > after[pair]:
            event = None
            if kind in _KNOWN:  # what is in the store was checked when it was written
                event = JournalEvent.model_construct(
                    id=identity, kind=_KNOWN[kind], at=at, pair=pair, data=data
                )
            found[pair].append(_Read(position, event, identity, at))
    return dict(found)


def _fold(pair: str, kept: _Kept, later: Sequence[_Read]) -> dict[str, Any]:
    """Go on from what is kept of a pair; gives the row as it is then."""
    standing = Standing.taken_up(pair, kept.kept)
    standing.read((one.position, one.event) for one in later if one.event is not None)
    return {
        "pair": pair,
        "events": kept.events + len(later),
        "position": max((one.position for one in later), default=kept.position),
        "at": max((one.at for one in later), default=kept.at),
        "fold": FOLD,
        "state": standing.state.value,
        "rank": standing.rank,
        "kept": standing.put_away(),
    }
