"""Whom mail does not reach: the addresses that a mail server refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from domain.model import Value
from store import programs
from store.ledger import CHANNEL, MessageState
from store.tables import MessageRow, PersonRow

MANAGER = "manager"
"""The recipient of what a line manager is asked about somebody."""


_AT_ONCE = 500
"""People in one query."""


class Refusing(Value):
    """An address to which the latest message was refused for good."""

    name: str
    """The person's name; of a line manager that of the person who is asked about."""
    reference: str | None
    """As in the people file; None for those who run the program."""
    email: str | None
    """As it is now; None for a line manager, whose row has it."""
    of_manager: bool
    code: int
    """What the mail server said, below 500 where it said “later” until we gave up."""
    messages: int
    """How many it refused in a row."""


def refusing(session: Session, program: str) -> list[Refusing]:
    """Whom the latest message of a program did not reach, by name.

    Who got one since, as under a corrected address, is not among them.
    """
    by_address: dict[tuple[str | None, str], list[MessageRow]] = {}
    settled = (MessageState.SENT.value, MessageState.REFUSED.value)
    rows = [
        row
        for whose in _who_refused_one(session, program)
        for row in session.scalars(
            select(MessageRow).where(
                MessageRow.program_id == program,
                MessageRow.recipient != CHANNEL,
                MessageRow.state.in_(settled),
                whose,
            )
        )
    ]
    for row in sorted(rows, key=lambda row: (row.queued_at, row.key)):
        side = row.recipient if row.person_id is None or row.recipient == MANAGER else ""
        by_address.setdefault((row.person_id, side), []).append(row)
    found = [
        _refusing(session, program, in_a_row)
        for messages in by_address.values()
        if (in_a_row := _refused_in_a_row(messages))
    ]
    return sorted(found, key=lambda one: (one.name, one.email or ""))


def _who_refused_one(session: Session, program: str) -> Iterator[ColumnElement[bool]]:
    """Whose messages have to be read, some people at a time: few, where most of them arrive."""
    refused = session.execute(
        select(MessageRow.person_id, MessageRow.recipient).where(
            MessageRow.program_id == program,
            MessageRow.state == MessageState.REFUSED.value,
        )
    ).all()
    people = sorted({person for person, _ in refused if person is not None})
    for first in range(0, len(people), _AT_ONCE):
        yield MessageRow.person_id.in_(people[first : first + _AT_ONCE])
    if contacts := sorted({recipient for person, recipient in refused if person is None}):
        yield MessageRow.person_id.is_(None) & MessageRow.recipient.in_(contacts)


def _refused_in_a_row(messages: Iterable[MessageRow]) -> list[MessageRow]:
    """The last messages, as far back as they were all refused."""
    refused: list[MessageRow] = []
    for row in messages:
        refused = [*refused, row] if row.state == MessageState.REFUSED.value else []
    return refused


def _refusing(session: Session, program: str, refused: list[MessageRow]) -> Refusing:
    last = refused[-1]
    code, count = int(last.error or 0), len(refused)
    if last.person_id is None:
        definition = programs.get(session, program).definition
        contacts = {"coordinator": definition.coordinator, "sponsor": definition.sponsor}
        contact = contacts.get(last.recipient, definition.safety_contact)
        return Refusing(
            name=contact.name,
            reference=None,
            email=contact.email,
            of_manager=False,
            code=code,
            messages=count,
        )
    person = session.get_one(PersonRow, last.person_id)
    of_manager = last.recipient == MANAGER
    return Refusing(
        name=person.name,
        reference=person.reference,
        email=None if of_manager else person.email,
        of_manager=of_manager,
        code=code,
        messages=count,
    )
