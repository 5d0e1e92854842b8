"""Whom a link is about: one question to the store for each page that somebody opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from domain.definition import Definition
from store import journal
from store.as_stored import as_stored, text_of
from store.links import Link
from store.tables import JournalRow, PairRow, ParticipantRow, PersonRow, ProgramRow, table_of


@dataclass(frozen=True)
class ProgramInBrief:
    """The program that somebody takes part in, as pages name it."""

    id: str
    title: str
    epoch: datetime


@dataclass(frozen=True)
class Visitor:
    """A participant, as far as it takes to let them in."""

    program: ProgramInBrief
    definition: Definition
    language: str
    is_erased: bool
    mentor: str | None
    """Who is the mentor in the pair that the link names, by id; None if it names none."""
    now: datetime
    """The program's present, as `store.journal.now_of` has it."""


@dataclass(frozen=True)
class Rows:
    """All that the store holds of a participant, in the pair that the link names if it names one.

    Few forms need it, so it is a question of its own.
    """

    person: PersonRow
    participant: ParticipantRow
    pair: PairRow | None
    partner: PersonRow | None


_PARTNER = aliased(PersonRow)
_PROGRAM: BindParameter[str] = bindparam("program")
_PERSON: BindParameter[str] = bindparam("person")
_PAIR: BindParameter[str | None] = bindparam("pair")

_PROGRAMS, _PEOPLE = table_of(ProgramRow), table_of(PersonRow)
_PARTICIPANTS, _PAIRS, _JOURNAL = (
    table_of(ParticipantRow),
    table_of(PairRow),
    table_of(JournalRow),
)

# Written once: putting them together takes longer than asking.
_IN_BRIEF = (
    select(
        _PROGRAMS.c.title,
        _PROGRAMS.c.epoch,
        text_of(_PROGRAMS.c.definition),
        _PEOPLE.c.language,
        _PARTICIPANTS.c.erased_at,
        _PAIRS.c.mentor_id,
        select(func.max(_JOURNAL.c.at)).where(_JOURNAL.c.program_id == _PROGRAM).scalar_subquery(),
    )
    .select_from(_PARTICIPANTS)
    .join(_PROGRAMS, _PROGRAMS.c.id == _PARTICIPANTS.c.program_id)
    .join(_PEOPLE, _PEOPLE.c.id == _PARTICIPANTS.c.person_id)
    .outerjoin(
        _PAIRS,
        and_(
            _PAIRS.c.id == _PAIR,
            _PAIRS.c.program_id == _PROGRAMS.c.id,
            or_(_PAIRS.c.mentor_id == _PERSON, _PAIRS.c.mentee_id == _PERSON),
        ),
    )
    .where(_PARTICIPANTS.c.program_id == _PROGRAM, _PARTICIPANTS.c.person_id == _PERSON)
)
_ROWS = (
    select(PersonRow, ParticipantRow, PairRow, _PARTNER)
    .select_from(ParticipantRow)
    .join(PersonRow, PersonRow.id == ParticipantRow.person_id)
    .outerjoin(PairRow, PairRow.id == _PAIR)
    .outerjoin(
        _PARTNER,
        _PARTNER.id
        == case((PairRow.mentor_id == _PERSON, PairRow.mentee_id), else_=PairRow.mentor_id),
    )
    .where(ParticipantRow.program_id == _PROGRAM, ParticipantRow.person_id == _PERSON)
)


def find(session: Session, link: Link) -> Visitor | None:
    """Who it is. None if the link is about nobody, or about a pair that is not theirs."""
    found = session.execute(_IN_BRIEF, _about(link)).one_or_none()
    if found is None:
        return None
    title, epoch, definition, language, erased_at, mentor, last = found
    if link.pair is not None and mentor is None:
        return None
    return Visitor(
        program=ProgramInBrief(link.program, title, epoch),
        definition=as_stored(Definition, definition),
        language=language,
        is_erased=erased_at is not None,
        mentor=mentor,
        now=journal.present(last),
    )


def rows(session: Session, link: Link) -> Rows:
    """What is held of a visitor that `find` has found."""
    return Rows(*session.execute(_ROWS, _about(link)).one())


def _about(link: Link) -> dict[str, str | None]:
    return {"program": link.program, "person": link.person, "pair": link.pair}
