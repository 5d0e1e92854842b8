"""Schemes: the definition and the people that a schedule makes programs of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.definition import Definition
from domain.model import Value
from domain.people import Person, Role
from domain.recurrence import Rhythm
from store import programs, retention
from store.programs import Entrant
from store.tables import PersonRow, SchemePersonRow, SchemeRow


class UnknownScheme(Exception):
    """Nothing is scheduled under that name in the store."""


class Scheme(Value):
    """A scheme whose programs a schedule opens."""

    id: str
    definition: Definition | None
    """None if what was stored is no valid definition any more, after an upgrade."""
    rhythm: Rhythm
    people: int
    """How many the next program takes in, all who have no role in it counted."""
    people_from: datetime
    """When they were last taken over from a file."""


def keep(
    session: Session,
    scheme: str,
    definition: Definition,
    rhythm: Rhythm,
    entrants: Sequence[Entrant],
    now: datetime,
) -> None:
    """Keep what the next programs of a scheme are made of, in place of what was kept before."""
    stored: dict[str, Any] = {
        "definition": definition.model_dump(mode="json"),
        "rhythm": rhythm.model_dump(mode="json"),
    }
    row = session.get(SchemeRow, scheme)
    if row is None:
        session.add(SchemeRow(id=scheme, people_from=now, **stored))
        session.flush()
    else:
        row.definition, row.rhythm = stored["definition"], stored["rhythm"]
    take_people(session, scheme, entrants, now)


def take_people(session: Session, scheme: str, entrants: Sequence[Entrant], now: datetime) -> None:
    """Keep these people for the next programs, and nobody else. Raises `UnknownScheme`.

    Whom no program has either is forgotten.
    """
    _row(session, scheme).people_from = now
    ids = programs.know(session, [entrant.person for entrant in entrants])
    before = _let_go(session, scheme)
    session.add_all(
        SchemePersonRow(
            scheme_id=scheme,
            person_id=ids[entrant.person.reference],
            profile=entrant.person.model_dump(mode="json"),
            eligible_roles=[role.value for role in entrant.roles],
        )
        for entrant in entrants
    )
    session.flush()
    retention.forget_people(session, before)


def get(session: Session, scheme: str) -> Scheme:
    """A scheme. Raises `UnknownScheme`."""
    row = _row(session, scheme)
    count = select(func.count()).where(SchemePersonRow.scheme_id == scheme)
    return Scheme(
        id=row.id,
        definition=_definition(row),
        rhythm=Rhythm.model_validate(row.rhythm),
        people=session.scalar(count) or 0,
        people_from=row.people_from,
    )


def people_from(session: Session, scheme: str) -> datetime | None:
    """When a scheme's people were last taken over; None if nothing is scheduled any more."""
    row = session.get(SchemeRow, scheme)
    return row.people_from if row else None


def people(session: Session, scheme: str) -> list[Entrant]:
    """Whom the next program takes in.

    Their names, addresses, languages and time zones are those of the newest file that had them,
    whatever it was for.
    """
    rows = session.execute(
        select(SchemePersonRow, PersonRow)
        .join(PersonRow, PersonRow.id == SchemePersonRow.person_id)
        .where(SchemePersonRow.scheme_id == scheme)
        .order_by(PersonRow.id)
    )
    return [
        Entrant(
            person=Person.model_validate(
                {
                    **row.profile,
                    "name": known.name,
                    "email": known.email,
                    "language": known.language,
                    "timezone": known.timezone,
                }
            ),
            roles=tuple(Role(role) for role in row.eligible_roles),
        )
        for row, known in rows
    ]


def all_ids(session: Session) -> list[str]:
    """The names of all schemes that are scheduled."""
    return list(session.scalars(select(SchemeRow.id).order_by(SchemeRow.id)))


def remove(session: Session, scheme: str) -> None:
    """Forget a scheme and its list of people. Its programs stay. Raises `UnknownScheme`."""
    row = _row(session, scheme)
    retention.forget_people(session, _let_go(session, scheme))
    session.delete(row)


def _let_go(session: Session, scheme: str) -> list[str]:
    """Empty the list of people of a scheme. Gives who was on it, by id."""
    gone = delete(SchemePersonRow).where(SchemePersonRow.scheme_id == scheme)
    return list(session.scalars(gone.returning(SchemePersonRow.person_id)))


def _row(session: Session, scheme: str) -> SchemeRow:
    row = session.get(SchemeRow, scheme)
    if row is None:
        raise UnknownScheme(scheme)
    return row


def _definition(row: SchemeRow) -> Definition | None:
    try:
        return Definition.model_validate(row.definition)
    except ValidationError:
        return None
