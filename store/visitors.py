"""Whom a link is about: one question to the store for each page that somebody opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, and_, bindparam, case, or_, select
from sqlalchemy.orm import Session, aliased, defer

from domain.definition import Definition
from store import journal
from store.as_stored import as_stored, text_of
from store.links import Link
from store.tables import PairRow, ParticipantRow, PersonRow, ProgramRow


@dataclass(frozen=True)
class Visitor:
    """A participant, in the pair that the link names if it names one."""

    program: ProgramRow
    definition: Definition
    person: PersonRow
    participant: ParticipantRow
    pair: PairRow | None
    partner: PersonRow | None
    now: datetime
    """The program's present, as `store.journal.now_of` has it."""


_PARTNER = aliased(PersonRow)
_PROGRAM: BindParameter[str] = bindparam("program")
_PERSON: BindParameter[str] = bindparam("person")
_PAIR: BindParameter[str | None] = bindparam("pair")

_QUERY = (
    select(
        ProgramRow,
        text_of(ProgramRow.definition),
        PersonRow,
        ParticipantRow,
        PairRow,
        _PARTNER,
        journal.last_instant(_PROGRAM).scalar_subquery(),
    )
    .select_from(ParticipantRow)
    .join(ProgramRow, ProgramRow.id == ParticipantRow.program_id)
    .join(PersonRow, PersonRow.id == ParticipantRow.person_id)
    .outerjoin(
        PairRow,
        and_(
            PairRow.id == _PAIR,
            PairRow.program_id == ProgramRow.id,
            or_(PairRow.mentor_id == _PERSON, PairRow.mentee_id == _PERSON),
        ),
    )
    .outerjoin(
        _PARTNER,
        _PARTNER.id
        == case((PairRow.mentor_id == _PERSON, PairRow.mentee_id), else_=PairRow.mentor_id),
    )
    .where(ParticipantRow.program_id == _PROGRAM, ParticipantRow.person_id == _PERSON)
    .options(defer(ProgramRow.definition))
)
"""Written once: putting it together takes longer than asking."""


def find(session: Session, link: Link) -> Visitor | None:
    """Who it is. None if the link is about nobody, or about a pair that is not theirs."""
    about = {"program": link.program, "person": link.person, "pair": link.pair}
    found = session.execute(_QUERY, about).one_or_none()
    if found is None:
        return None
    program, definition, person, participant, pair, partner, last = found
    if link.pair is not None and pair is None:
        return None
    return Visitor(
        program=program,
        definition=as_stored(Definition, definition),
        person=person,
        participant=participant,
        pair=pair,
        partner=partner,
        now=journal.present(last),
    )
