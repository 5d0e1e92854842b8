"""Until when a program's personal data is kept, and deleting it when that is over.

What is left of a program afterwards: its definition without anybody's number, the surveys that were
asked, what the journal says of the program as a whole, holds, and how many rows were deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.calendar import program_days
from domain.definition import Definition
from domain.ids import WORKFLOW_PREFIX
from domain.journal import EventKind, JournalEvent
from domain.model import Value
from domain.retention import Term
from store import holds, journal
from store.lateness import PROGRAM_ENDINGS
from store.programs import UnknownProgram
from store.tables import (
    AnswerRow,
    AskedRow,
    Base,
    ConsentRow,
    DeletionRow,
    EditsRow,
    JournalRow,
    MessageRow,
    OutboxRow,
    OutcomeRow,
    PairRow,
    PairStandingRow,
    ParticipantRow,
    PersonRow,
    ProgramRow,
    ProposalRow,
    SchemePersonRow,
    SessionRow,
    SignatureRow,
)

AT_ONCE = 500
"""Keys whose rows one transaction deletes: others wait for no more than that."""


class Deletion(Value):
    """What was deleted of a program."""

    begun_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]
    """How many rows of each table."""


class NotOver(Exception):
    """The program has not ended, or the journal does not say when."""


def term_of(session: Session, program: str) -> Term:
    """Until when a program's personal data is kept. Raises `NotOver`, `UnknownProgram`."""
    row = session.get(ProgramRow, program)
    if row is None:
        raise UnknownProgram(program)
    endings = session.scalars(
        select(JournalRow.at).where(
            JournalRow.program_id == program,
            JournalRow.kind.in_([kind.value for kind in PROGRAM_ENDINGS]),
        )
    ).all()  # the first is found here: a database may look through all events for it
    if not endings:
        raise NotOver(program)
    definition = Definition.stored(row.definition)
    day = definition.calendar.day
    known = holds.history(session, program)
    gone = deletion_of(session, program)
    return Term(
        ends=min(endings) + program_days(definition.privacy.keep_days, day),
        day_seconds=day,
        held=any(hold.lifted_at is None for hold in known),
        lifted_at=max((hold.lifted_at for hold in known if hold.lifted_at), default=None),
        deleted=gone is not None and gone.finished_at is not None,
    )


def deletion_of(session: Session, program: str) -> Deletion | None:
    """What was deleted of a program; None while nothing was."""
    row = session.get(DeletionRow, program)
    if row is None:
        return None
    return Deletion(begun_at=row.begun_at, finished_at=row.finished_at, counts=row.counts)


def count_people(session: Session, program: str) -> int:
    """How many people a program holds data of."""
    query = select(func.count()).where(ParticipantRow.program_id == program)
    return session.scalar(query) or 0


def is_deleted(session: Session, program: str) -> bool:
    """Whether the deletion of a program's personal data has begun."""
    return session.get(DeletionRow, program) is not None


def is_watched(session: Session, program: str) -> bool:
    """Whether a workflow waits, or waited, for the end of the time for which data is kept."""
    return journal.has(session, program, EventKind.RETENTION_STARTED)


def delete_some(session: Session, program: str, now: datetime) -> bool:
    """Delete the next rows of a program that are personal. Gives whether there may be more.

    Meant to be called, each time in a transaction of its own, until nothing is left: what was
    deleted is counted with it, so that a crash in between loses no count. The journal then says
    what is gone, once. Raises `store.holds.OnHold`, with nothing deleted.
    """
    holds.must_be_free(session, program)
    row = session.get(DeletionRow, program)
    if row is None:
        row = DeletionRow(program_id=program, begun_at=now, finished_at=None, counts={})
        session.add(row)
    if row.finished_at is not None:
        return False
    for part in _parts(program):
        if gone := _delete(session, part):
            _count(row, part.table, len(gone))
            if part.table is ParticipantRow:
                _count(row, PersonRow, forget_people(session, gone))
            return True
    _name_nobody(session.get_one(ProgramRow, program))
    row.finished_at = now
    event = JournalEvent(
        id=f"{program}/personal-data-deleted",
        kind=EventKind.PERSONAL_DATA_DELETED,
        at=now,
        data=dict(sorted(row.counts.items())),
    )
    journal.append(session, program, [event])
    return False


def forget_people(session: Session, people: Sequence[str]) -> int:
    """Delete who these people are, of those whom no program and no scheme has. Gives how many."""
    found = 0
    for first in range(0, len(people), AT_ONCE):
        some = people[first : first + AT_ONCE]
        in_a_program = select(ParticipantRow.person_id).where(ParticipantRow.person_id.in_(some))
        in_a_scheme = select(SchemePersonRow.person_id).where(SchemePersonRow.person_id.in_(some))
        gone = session.scalars(
            delete(PersonRow)
            .where(
                PersonRow.id.in_(some),
                PersonRow.id.not_in(in_a_program),
                PersonRow.id.not_in(in_a_scheme),
            )
            .returning(PersonRow.id)
        )
        found += len(gone.all())
    return found


class _Part(NamedTuple):
    """Rows of a table that are personal, each to be found by a column of its key."""

    table: type[Base]
    key: InstrumentedAttribute[Any]
    where: ColumnElement[bool]


def _parts(program: str) -> tuple[_Part, ...]:
    """All that is personal in a program, each before what it points to."""
    pairs = select(PairRow.id).where(PairRow.program_id == program)
    of_people = JournalRow.person_id.is_not(None) | JournalRow.pair_id.is_not(None)
    to_pairs = OutboxRow.workflow_id.startswith(
        f"{WORKFLOW_PREFIX}/{program}/pair/", autoescape=True
    )
    return (
        _Part(SignatureRow, SignatureRow.id, SignatureRow.pair_id.in_(pairs)),
        _Part(SessionRow, SessionRow.pair_id, SessionRow.pair_id.in_(pairs)),
        _Part(AnswerRow, AnswerRow.id, AnswerRow.program_id == program),
        _Part(AskedRow, AskedRow.id, AskedRow.program_id == program),
        _Part(OutcomeRow, OutcomeRow.person_id, OutcomeRow.program_id == program),
        _Part(ConsentRow, ConsentRow.id, ConsentRow.program_id == program),
        _Part(MessageRow, MessageRow.key, MessageRow.program_id == program),
        _Part(EditsRow, EditsRow.id, EditsRow.program_id == program),
        _Part(ProposalRow, ProposalRow.id, ProposalRow.program_id == program),
        _Part(PairRow, PairRow.id, PairRow.program_id == program),
        _Part(PairStandingRow, PairStandingRow.pair_id, PairStandingRow.program_id == program),
        _Part(JournalRow, JournalRow.position, (JournalRow.program_id == program) & of_people),
        _Part(ParticipantRow, ParticipantRow.person_id, ParticipantRow.program_id == program),
        _Part(OutboxRow, OutboxRow.position, to_pairs),  # without an index: looked through last
    )


def _delete(session: Session, part: _Part) -> list[Any]:
    """Delete the next of these rows. Gives their keys, each as often as it was there."""
    some = select(part.key).where(part.where).limit(AT_ONCE)
    gone = delete(part.table).where(part.where, part.key.in_(some)).returning(part.key)
    return list(session.scalars(gone, execution_options={"synchronize_session": False}))


def _count(row: DeletionRow, table: type[Base], count: int) -> None:
    if count:
        name = table.__tablename__
        row.counts = {**row.counts, name: row.counts.get(name, 0) + count}


def _name_nobody(row: ProgramRow) -> None:
    """Take the numbers of people out of a definition: of pairs that HR had fixed."""
    matching = row.definition.get("matching") or {}
    if matching.get("fixed"):
        row.definition = {**row.definition, "matching": {**matching, "fixed": []}}
