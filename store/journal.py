"""Appending to the journal and reading it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import BindParameter, Select, bindparam, func, select
from sqlalchemy.orm import Session

from domain.journal import EventKind, JournalEvent
from domain.people import Role
from store import standings
from store.database import insert_new
from store.tables import JournalRow, table_of
from store.written import note


def append(session: Session, program: str, events: Iterable[JournalEvent]) -> None:
    """Write events in the session's transaction. An event whose id is known is left as it is."""
    told: dict[str, JournalEvent] = {}
    for event in events:
        told.setdefault(event.id, event)
    rows = [
        {
            "id": event.id,
            "program_id": program,
            "kind": event.kind.value,
            "at": event.at,
            "pair_id": event.pair,
            "person_id": event.person,
            "role": event.role.value if event.role else None,
            "data": event.data,
        }
        for event in told.values()
    ]
    if rows:
        new = insert_new(session, JournalRow, rows, "id")
        written = [event for event in told.values() if event.id in new]
        standings.follow(session, program, written)
        note(session, written)


def read(session: Session, program: str, after: int = 0) -> Sequence[tuple[int, JournalEvent]]:
    """A program's events in the order they were written, each with its position."""
    rows = session.scalars(
        select(JournalRow)
        .where(JournalRow.program_id == program, JournalRow.position > after)
        .order_by(JournalRow.position)
    )
    return [(row.position, _event(row)) for row in rows]


def read_pair(session: Session, program: str, pair: str) -> list[JournalEvent]:
    """The events of one pair in the order they were written."""
    rows = session.scalars(
        select(JournalRow)
        .where(JournalRow.pair_id == pair, JournalRow.program_id == program)
        .order_by(JournalRow.position)
    )
    return [_event(row) for row in rows]


def read_kinds(session: Session, program: str, kinds: Collection[EventKind]) -> list[JournalEvent]:
    """A program's events of some kinds, in the order in which they happened."""
    rows = session.scalars(
        select(JournalRow).where(
            JournalRow.program_id == program, JournalRow.kind.in_(sorted(kinds))
        )
    )  # put in order here: a database that is asked to may look through all events for it
    return [_event(row) for row in sorted(rows, key=lambda row: (row.at, row.position))]


def now_of(session: Session, program: str) -> datetime:
    """The program's present: the real time, or the journal's last instant where that is later.

    Later it is when a test skips time: then the workflow's clock is ahead of the machine's.
    """
    session.flush()
    return present(session.scalar(_LAST_INSTANT, {"program": program}))


def last_instant(program: str | BindParameter[str]) -> Select[datetime]:
    """The query for when the last thing happened in a program."""
    return select(func.max(_JOURNAL.c.at)).where(_JOURNAL.c.program_id == program)


_JOURNAL = table_of(JournalRow)
_LAST_INSTANT = last_instant(bindparam("program"))


def present(last: datetime | None) -> datetime:
    """The present of a program in which the last thing happened at this instant, if any did."""
    now = datetime.now(UTC)
    return now if last is None else max(now, last)


def has(session: Session, program: str, kind: EventKind) -> bool:
    """Whether something of this kind has happened in a program."""
    query = select(JournalRow.id).where(
        JournalRow.program_id == program, JournalRow.kind == kind.value
    )
    return session.scalar(query.limit(1)) is not None


def pair_is_paused(session: Session, pair: str) -> bool:
    """Whether a pair was paused and has not gone on yet."""
    pauses = (EventKind.PAIR_PAUSED.value, EventKind.PAIR_RESUMED.value)
    last = session.scalar(
        select(JournalRow.kind)
        .where(JournalRow.pair_id == pair, JournalRow.kind.in_(pauses))
        .order_by(JournalRow.position.desc())
        .limit(1)
    )
    return last == EventKind.PAIR_PAUSED.value


def _event(row: JournalRow) -> JournalEvent:
    return JournalEvent(
        id=row.id,
        kind=EventKind(row.kind),
        at=row.at,
        pair=row.pair_id,
        person=row.person_id,
        role=Role(row.role) if row.role else None,
        data=row.data,
    )
