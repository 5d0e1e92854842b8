"""What people say they are: forgotten once it has served its purpose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.definition import Definition
from domain.journal import EventKind, JournalEvent
from domain.pairing_words import says_identity
from domain.people import Person
from domain.privacy import IdentityKept
from store import journal
from store.tables import ParticipantRow, ProgramRow, ProposalRow, SchemePersonRow


def columns_to_forget(definition: Definition) -> frozenset[str]:
    """Where people say what they are, if that is deleted once the matches are approved."""
    identity = definition.people.identity
    if identity is None or identity.keep is not IdentityKept.UNTIL_MATCHED:
        return frozenset()
    return frozenset(identity.columns)


def is_forgotten(session: Session, program: str) -> bool:
    """Whether the matches are approved, so that nothing of this kind is taken in any more."""
    return journal.has(session, program, EventKind.MATCHES_APPROVED)


def without(person: Person, columns: Collection[str]) -> Person:
    """Somebody without what they say in these columns."""
    if not columns & person.extra.keys():
        return person
    kept = {column: value for column, value in person.extra.items() if column not in columns}
    return person.model_copy(update={"extra": kept})


def without_all(people: Iterable[Person], columns: Collection[str]) -> list[Person]:
    """The same of several."""
    return [without(person, columns) for person in people]


def forget_matched(session: Session, program: str, proposal: str) -> None:
    """Delete what the people of a program said they are, now that this proposal is approved.

    Unless the definition keeps it until the end. The journal says of how many people, each time
    that there was something.
    """
    row = session.get_one(ProgramRow, program)
    definition = Definition.stored(row.definition)
    if not columns_to_forget(definition):
        return
    if count := forget(session, program):
        event = JournalEvent(
            id=f"{proposal}/{EventKind.IDENTITY_DELETED}",
            kind=EventKind.IDENTITY_DELETED,
            at=journal.now_of(session, program),
            data={"count": count},
        )
        journal.append(session, program, [event])


def forget(session: Session, program: str, people: Collection[str] | None = None) -> int:
    """Delete what these people of a program, or all, said they are. Gives how many had said it.

    Their profiles lose it, here and in what is kept for the next programs of the scheme: they are
    asked anew for those. For all, proposals lose what they tell HR of who asked to be matched by
    it. That they opted in stays a fact.
    """
    row = session.get_one(ProgramRow, program)
    definition = Definition.stored(row.definition)
    identity = definition.people.identity
    if identity is None:
        return 0
    columns = frozenset(identity.columns)
    query = select(ParticipantRow).where(ParticipantRow.program_id == program)
    if people is not None:
        query = query.where(ParticipantRow.person_id.in_(people))
    found = {
        one.person_id for one in session.scalars(query.with_for_update()) if _cut(one, columns)
    }
    _forget_for_later(session, definition, columns, people)
    if people is None:
        _forget_in_proposals(session, program)
    session.flush()
    return len(found)


def _cut(row: ParticipantRow | SchemePersonRow, columns: Collection[str]) -> bool:
    extra: Mapping[str, Any] = row.profile.get("extra") or {}
    if not columns & extra.keys():
        return False
    kept = {column: value for column, value in extra.items() if column not in columns}
    row.profile = {**row.profile, "extra": kept}
    return True


def _forget_for_later(
    session: Session,
    definition: Definition,
    columns: Collection[str],
    people: Collection[str] | None,
) -> None:
    scheme = definition.program.scheme
    if scheme is None:
        return
    query = select(SchemePersonRow).where(SchemePersonRow.scheme_id == scheme)
    if people is not None:
        query = query.where(SchemePersonRow.person_id.in_(people))
    for row in session.scalars(query):
        _cut(row, columns)


def _forget_in_proposals(session: Session, program: str) -> None:
    rows = session.scalars(select(ProposalRow).where(ProposalRow.program_id == program))
    for row in rows:
        pairs = [
            {
                **pair,
                **{
                    part: [words for words in pair.get(part) or [] if not says_identity(words)]
                    for part in ("reasons", "for_hr", "against")
                },
            }
            for pair in row.content["pairs"]
        ]
        if pairs != row.content["pairs"]:
            row.content = {**row.content, "pairs": pairs}
