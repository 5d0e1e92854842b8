"""Whom HR chooses to be matched, of those who joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.journal import EventKind
from domain.model import Value
from store import programs
from store.programs import Participant
from store.tables import JournalRow, ParticipantRow


class NotOpen(Exception):
    """HR does not choose now: enrolment is still open, or the choice is made."""


class Choice(Value):
    """How many HR said yes and no to. Who they said nothing about is a yes."""

    selected: int
    not_selected: int


def candidates(session: Session, program: str) -> Sequence[Participant]:
    """Who may be chosen, by name: those who joined and to whom no line manager said no."""
    found = [
        person
        for person in programs.participants(session, program)
        if person.has_joined and person.approved is not False
    ]
    return sorted(found, key=lambda person: (person.person.name, person.id))


def is_open(session: Session, program: str) -> bool:
    """Whether HR is asked to choose."""
    return _happened(session, program, EventKind.ENROLMENT_CLOSED, selection=1) and not _happened(
        session, program, EventKind.PEOPLE_SELECTED
    )


def choose(session: Session, program: str, chosen: Mapping[str, bool]) -> Choice:
    """Take over HR's choice, by person id. Who is not in it stays as they are.

    Raises NotOpen.
    """
    rows = _locked(session, program)
    if not is_open(session, program) or any(row.selected for row in rows.values()):
        raise NotOpen
    for person, selected in chosen.items():
        rows[person].selected = None if selected else False
    session.flush()
    return _count(candidates(session, program))


def settle(session: Session, program: str) -> Choice:
    """Take the choice as made: who was not said no to is chosen. Doing it twice changes nothing."""
    rows = _locked(session, program)
    for person in candidates(session, program):
        row = rows[person.id]
        row.selected = row.selected is not False
    session.flush()
    return _count(candidates(session, program))


def who_know_that_they_are_out(
    session: Session, program: str, people: Sequence[Participant]
) -> set[str]:
    """Of these people, who has been told that they are not matched: by their manager's word, or
    HR's."""
    closed = _happened(session, program, EventKind.ENROLMENT_CLOSED)
    chosen = _happened(session, program, EventKind.PEOPLE_SELECTED)
    return {
        person.id
        for person in people
        if (closed and person.approved is False) or (chosen and person.selected is False)
    }


def _count(people: Sequence[Participant]) -> Choice:
    selected = sum(person.takes_part for person in people)
    return Choice(selected=selected, not_selected=len(people) - selected)


def _locked(session: Session, program: str) -> dict[str, ParticipantRow]:
    """A program's people, locked, so that a choice is made before it is settled or after."""
    rows = session.scalars(
        select(ParticipantRow)
        .where(ParticipantRow.program_id == program)
        .order_by(ParticipantRow.person_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.person_id: row for row in rows}


def _happened(
    session: Session, program: str, kind: EventKind, selection: int | None = None
) -> bool:
    """Whether something happened in a program."""
    data = session.scalars(
        select(JournalRow.data).where(
            JournalRow.program_id == program, JournalRow.kind == kind.value
        )
    ).all()
    return any(selection is None or found.get("selection") == selection for found in data)
