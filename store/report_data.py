"""What a report is made of, read from the store into pure values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.calendar import ProgramCalendar
from domain.definition import Definition
from domain.evaluation import Response
from domain.model import Value
from domain.people import Role
from domain.projection import ProgramStatus, project
from store import journal, programs
from store.answers import AnswerKind
from store.tables import AnswerRow, MessageRow, PairRow, ParticipantRow, PersonRow


class PairMembers(Value):
    """Who meets whom, by opaque person ids."""

    pair: str
    mentor: str
    mentee: str


class Participant(Value):
    """Somebody in the people file, as far as a report may count them."""

    person: str
    department: str | None
    level: str | None
    eligible: bool
    joined: bool


class MessageCount(Value):
    """How many messages of a kind got how far."""

    kind: str
    state: str
    count: int


class ReportData(Value):
    """All that a report is made of. The same journal and answers give the same value.

    `names` are those of the participants and of who runs the program: they are here to be masked
    in what people wrote, and stand in no report.
    """

    program: str
    definition: Definition
    calendar: ProgramCalendar
    status: ProgramStatus
    responses: tuple[Response, ...]
    members: tuple[PairMembers, ...]
    participants: tuple[Participant, ...]
    messages: tuple[MessageCount, ...]
    names: tuple[str, ...]


def load_report_data(session: Session, program: str) -> ReportData:
    """Read what a report on `program` is made of. Raises `UnknownProgram`."""
    found = programs.get(session, program)
    return ReportData(
        program=program,
        definition=found.definition,
        calendar=found.calendar,
        status=project(event for _, event in journal.read(session, program)),
        responses=load_responses(session, program),
        members=_members(session, program),
        participants=_participants(session, program),
        messages=_messages(session, program),
        names=_names(session, program, found.definition),
    )


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
    )


def _members(session: Session, program: str) -> tuple[PairMembers, ...]:
    rows = session.scalars(
        select(PairRow).where(PairRow.program_id == program).order_by(PairRow.id)
    )
    return tuple(
        PairMembers(pair=row.id, mentor=row.mentor_id, mentee=row.mentee_id) for row in rows
    )


def _participants(session: Session, program: str) -> tuple[Participant, ...]:
    rows = session.scalars(
        select(ParticipantRow)
        .where(ParticipantRow.program_id == program)
        .order_by(ParticipantRow.person_id)
    )
    return tuple(
        Participant(
            person=row.person_id,
            department=_word(row.profile, "department"),
            level=_word(row.profile, "level"),
            eligible=bool(row.eligible_roles),
            joined=bool(row.joined),
        )
        for row in rows
    )


def _word(profile: Mapping[str, Any], key: str) -> str | None:
    value = profile.get(key)
    return value.strip() or None if isinstance(value, str) else None


def _messages(session: Session, program: str) -> tuple[MessageCount, ...]:
    rows = session.execute(
        select(MessageRow.kind, MessageRow.state, func.count())
        .where(MessageRow.program_id == program)
        .group_by(MessageRow.kind, MessageRow.state)
        .order_by(MessageRow.kind, MessageRow.state)
    )
    return tuple(MessageCount(kind=kind, state=state, count=count) for kind, state, count in rows)


def _names(session: Session, program: str, definition: Definition) -> tuple[str, ...]:
    of_people = session.scalars(
        select(PersonRow.name)
        .join(ParticipantRow, ParticipantRow.person_id == PersonRow.id)
        .where(ParticipantRow.program_id == program)
    )
    return tuple(sorted({*of_people, definition.coordinator.name, definition.sponsor.name}))
