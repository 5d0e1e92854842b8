"""Outcomes: what a later people file says of those who were in a program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.criteria import MatchingSection
from domain.definition import Columns, Definition, Eligibility
from domain.outcomes import Later
from domain.people import Person
from store.people_file import PeopleFile, load_people
from store.tables import OutcomeRow, ParticipantRow, PersonRow


def read_later_people(path: Path, definition: Definition) -> PeopleFile:
    """The people in a people file of a later day, as a program's definition maps its columns.

    Only what says who somebody is and on which level is read: an export of a later year has no
    column for what they would like to learn, and managers in it may be left out.

    Raises:
        BadInput: with every problem found, each with its row and column.
    """
    mapped = definition.people.columns
    columns = Columns(id=mapped.id, name=mapped.name, email=mapped.email, level=mapped.level)
    people = definition.people.model_copy(update={"columns": columns, "identity": None})
    unmatched = MatchingSection(rules=(), preferences=())
    narrow = {"people": people, "matching": unmatched, "eligibility": Eligibility()}
    return load_people(path, definition.model_copy(update=narrow))


def load(session: Session, program: str) -> dict[str, Later]:
    """What the file that was imported last says, by person; empty if none was."""
    rows = session.scalars(
        select(OutcomeRow).where(OutcomeRow.program_id == program).order_by(OutcomeRow.person_id)
    )
    return {row.person_id: Later(present=row.present, level=row.level) for row in rows}


def save(session: Session, program: str, people: Mapping[str, Person]) -> dict[str, Later]:
    """Keep what a later people file says of everybody in a program, in place of an earlier one.

    Args:
        session: an open transaction.
        program: the program.
        people: the later file, by reference. Who is not in it counts as gone.
    """
    session.execute(delete(OutcomeRow).where(OutcomeRow.program_id == program))
    everybody = session.execute(
        select(PersonRow.id, PersonRow.reference)
        .join(ParticipantRow, ParticipantRow.person_id == PersonRow.id)
        .where(ParticipantRow.program_id == program, ParticipantRow.erased_at.is_(None))
        .order_by(PersonRow.id)
    )
    found: dict[str, Later] = {}
    for person, reference in everybody:
        now = people.get(reference)
        found[person] = Later(present=now is not None, level=now.level if now else None)
    session.add_all(
        OutcomeRow(program_id=program, person_id=person, present=later.present, level=later.level)
        for person, later in found.items()
    )
    return found
