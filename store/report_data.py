"""The record of a program, read from the store into pure values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.definition import Definition
from domain.organisation import Organisation, organisation_of
from domain.pair_health import PairMembers
from domain.pairing_rules import share_of_two
from domain.participation import Participant
from domain.people import Person, Role
from domain.projection import project
from domain.record import GroupAttendance, MessageCount, Record
from domain.responses import Response
from store import holds, journal, outcomes, programs, retention
from store.answers import AnswerKind
from store.group_sessions import group_sessions_now
from store.instruments import load_instruments
from store.programs import Program
from store.tables import AnswerRow, MessageRow, PairRow, ParticipantRow, PersonRow, ProgramRow

MOST_EARLIER_RUNS = 5
"""How many earlier runs of a scheme a report compares with."""


def load_record(session: Session, program: str, *, with_earlier: bool = True) -> Record:
    """Read all that a report on `program` is made of. Raises `UnknownProgram`."""
    found = programs.get(session, program)
    language = found.definition.program.language
    status = project(event for _, event in journal.read(session, program))
    people = {
        row.person_id: (row, Person.model_validate(row.profile)) for row in _rows(session, program)
    }
    return Record(
        program=program,
        definition=found.definition,
        calendar=found.calendar,
        status=status,
        responses=load_responses(session, program),
        members=_members(session, found, {key: person for key, (_, person) in people.items()}),
        participants=tuple(_participant(row, person) for row, person in people.values()),
        messages=_messages(session, program),
        group_sessions=_group_sessions(session, found, status.updated_at),
        later=outcomes.load(session, program),
        asked=tuple(load_instruments(session, program, language).values()),
        names=_names(session, program, found.definition),
        kept_until=_kept_until(session, program),
        on_hold=holds.current(session, program) is not None,
        earlier=_earlier(session, found.definition) if with_earlier else (),
    )


def _kept_until(session: Session, program: str) -> datetime | None:
    try:
        return retention.term_of(session, program).ends
    except retention.NotOver:
        return None


def _earlier(session: Session, definition: Definition) -> tuple[Record, ...]:
    """The records of earlier runs of the same scheme that are over, the latest first.

    Of a run whose personal data is deleted nothing is left to compare with.
    """
    program = definition.program
    if program.scheme is None:
        return ()
    others = [
        (other.program.starts, row.id)
        for row in session.scalars(select(ProgramRow))
        if not retention.is_deleted(session, row.id)
        and _scheme_of(other := Definition.stored(row.definition)) == program.scheme
        and other.program.starts < program.starts
    ]
    records = (
        load_record(session, other, with_earlier=False) for _, other in sorted(others, reverse=True)
    )
    over = (record for record in records if record.status.ended_at is not None)
    return tuple(islice(over, MOST_EARLIER_RUNS))


def _scheme_of(definition: Definition) -> str:
    """What a program is one run of. The first run may have none: its id names it for the next."""
    return definition.program.scheme or definition.program.id


def load_responses(session: Session, program: str) -> tuple[Response, ...]:
    """What people answered in the surveys of `program`, in the order of the answers' ids."""
    rows = session.scalars(
        select(AnswerRow)
        .where(AnswerRow.program_id == program, AnswerRow.kind == AnswerKind.SURVEY.value)
        .order_by(AnswerRow.id)
    )
    return tuple(_response(row) for row in rows)


def _response(row: AnswerRow) -> Response:
    survey, _, occasion = row.occasion.partition(":")
    return Response(
        survey=survey,
        occasion=occasion,
        version=row.version,
        role=Role(row.role) if row.role else None,
        person=row.person_id,
        pair=row.pair_id,
        answers=row.content,
        answered_at=row.answered_at,
        first_answers=row.first_content,
        first_at=row.first_answered_at,
    )


def _rows(session: Session, program: str) -> Iterable[ParticipantRow]:
    return session.scalars(
        select(ParticipantRow)
        .where(ParticipantRow.program_id == program)
        .order_by(ParticipantRow.person_id)
    )


def _participant(row: ParticipantRow, person: Person) -> Participant:
    return Participant(
        person=row.person_id,
        department=person.department,
        level=person.level,
        location=person.location,
        eligible=bool(row.eligible_roles),
        joined=bool(row.joined),
    )


def _members(
    session: Session, program: Program, people: dict[str, Person]
) -> tuple[PairMembers, ...]:
    rows = session.scalars(
        select(PairRow).where(PairRow.program_id == program.id).order_by(PairRow.id)
    )
    organisation = organisation_of(program.definition, people.values())
    return tuple(
        PairMembers(
            pair=row.id,
            mentor=row.mentor_id,
            mentee=row.mentee_id,
            score=row.score,
            likings=_likings(
                program.definition, organisation, people[row.mentor_id], people[row.mentee_id]
            ),
        )
        for row in rows
    )


def _likings(
    definition: Definition, organisation: Organisation, mentor: Person, mentee: Person
) -> tuple[float | None, ...]:
    """How well each preference was met, but for those about what people say that they are."""
    return tuple(
        None
        if getattr(preference, "column", None) in organisation.identity
        else share_of_two(preference, mentor, mentee, organisation)
        for preference in definition.matching.preferences
    )


def _messages(session: Session, program: str) -> tuple[MessageCount, ...]:
    rows = session.execute(
        select(MessageRow.kind, MessageRow.state, func.count())
        .where(MessageRow.program_id == program)
        .group_by(MessageRow.kind, MessageRow.state)
        .order_by(MessageRow.kind, MessageRow.state)
    )
    return tuple(MessageCount(kind=kind, state=state, count=count) for kind, state, count in rows)


def _group_sessions(
    session: Session, program: Program, now: datetime | None
) -> tuple[GroupAttendance, ...]:
    if now is None:
        return ()
    return tuple(
        GroupAttendance(
            title=one.session.title,
            dates=len(one.dates),
            needed=one.session.needed,
            people=len(one.attendance),
            came=sum(1 for person in one.attendance.values() if person.attended),
            came_to_enough=sum(1 for person in one.attendance.values() if person.is_enough),
        )
        for one in group_sessions_now(session, program, now)
    )


def _names(session: Session, program: str, definition: Definition) -> tuple[str, ...]:
    of_people = session.scalars(
        select(PersonRow.name)
        .join(ParticipantRow, ParticipantRow.person_id == PersonRow.id)
        .where(ParticipantRow.program_id == program, ParticipantRow.erased_at.is_(None))
    )
    return tuple(sorted({*of_people, definition.coordinator.name, definition.sponsor.name}))
