"""Consents as facts of their own: who agreed to what, when, and to which words."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.definition import Definition
from domain.journal import EventKind, JournalEvent
from domain.model import Value
from domain.people import Person
from store import identity, journal
from store.tables import ConsentRow


class ConsentKind(StrEnum):
    """To what somebody agrees."""

    PROCESSING = "processing"
    """That their data is processed, where that is what it rests on (`privacy.lawful_basis`)."""
    IDENTITY = "identity"
    """That what they say they are is used to match them."""


class ConsentSource(StrEnum):
    """How we know."""

    PERSON = "person"
    PEOPLE_FILE = "people_file"
    """HR has it on record."""


class Read(Value):
    """What somebody agreed to, as they read it."""

    text: str
    language: str

    @property
    def version(self) -> str:
        """Tells this wording from others."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]


class Consent(Value):
    """One time that somebody gave a consent, or took it back."""

    kind: ConsentKind
    given: bool
    at: datetime
    source: ConsentSource
    version: str | None = None
    language: str | None = None
    text: str | None = None


def history(session: Session, program: str, person: str) -> list[Consent]:
    """Every consent that somebody gave or took back in a program, the first one first."""
    rows = session.scalars(
        select(ConsentRow)
        .where(ConsentRow.program_id == program, ConsentRow.person_id == person)
        .order_by(ConsentRow.at, ConsentRow.id)
    )
    return [
        Consent(
            kind=ConsentKind(row.kind),
            given=row.given,
            at=row.at,
            source=ConsentSource(row.source),
            version=row.version,
            language=row.language,
            text=row.text,
        )
        for row in rows
    ]


def latest(session: Session, program: str, person: str) -> dict[ConsentKind, Consent]:
    """What somebody said last of each consent: that they give it, or take it back."""
    return {one.kind: one for one in history(session, program, person)}


def stands(session: Session, program: str, person: str, kind: ConsentKind) -> bool:
    """Whether a consent was given and has not been taken back."""
    found = latest(session, program, person).get(kind)
    return found is not None and found.given


def give(session: Session, program: str, person: str, kind: ConsentKind, read: Read) -> bool:
    """Keep that somebody agrees, and to which words. Gives whether that is new."""
    if stands(session, program, person, kind):
        return False
    _add(session, program, person, kind, given=True, read=read)
    return True


def withdraw(session: Session, program: str, person: str, kind: ConsentKind) -> bool:
    """Keep that somebody takes a consent back. Gives whether there was one.

    Of `IDENTITY`, what they said they are is gone with it, also from what is kept for the next
    programs of a scheme. What else follows is the caller's.
    """
    if not stands(session, program, person, kind):
        return False
    _add(session, program, person, kind, given=False)
    if kind is ConsentKind.IDENTITY:
        identity.forget(session, program, [person])
    return True


def withdrawn(session: Session, program: str) -> list[str]:
    """Who took back their consent to the processing, and still stands in the program, by id."""
    latest = (
        select(ConsentRow.person_id, func.max(ConsentRow.id).label("id"))
        .where(
            ConsentRow.program_id == program,
            ConsentRow.kind == ConsentKind.PROCESSING.value,
        )
        .group_by(ConsentRow.person_id)
        .subquery()
    )
    return list(
        session.scalars(
            select(ConsentRow.person_id)
            .join(latest, latest.c.id == ConsentRow.id)
            .where(ConsentRow.given.is_(False))
            .order_by(ConsentRow.person_id)
        )
    )


def drop(session: Session, program: str, people: Collection[str] | None = None) -> None:
    """Keep nothing of these people, or of all, whom a program that never began does not take in."""
    gone = delete(ConsentRow).where(ConsentRow.program_id == program)
    if people is not None:
        gone = gone.where(ConsentRow.person_id.in_(people))
    session.execute(gone)


def take_down(
    session: Session,
    program: str,
    definition: Definition,
    people: Iterable[tuple[str, Person]],
    at: datetime,
) -> None:
    """Keep what a people file says of who opted in to what they say they are, by id.

    What it said before is not said again.
    """
    if definition.people.identity is None:
        return
    kind, source = ConsentKind.IDENTITY, ConsentSource.PEOPLE_FILE
    before = _of_everybody(session, program, kind)
    for person, described in people:
        times, stood = before.get(person, (0, False))
        given = described.opted_in is True
        if given is not stood:
            one = Consent(kind=kind, given=given, at=at, source=source)
            session.add(_row(program, person, times + 1, one))


def _of_everybody(
    session: Session, program: str, kind: ConsentKind
) -> Mapping[str, tuple[int, bool]]:
    """Of everybody, how often they gave or took back a consent, and whether it stands."""
    found: dict[str, tuple[int, bool]] = {}
    rows = session.execute(
        select(ConsentRow.person_id, ConsentRow.given)
        .where(ConsentRow.program_id == program, ConsentRow.kind == kind.value)
        .order_by(ConsentRow.at, ConsentRow.id)
    )
    for person, given in rows:
        found[person] = (found.get(person, (0, False))[0] + 1, given)
    return found


def _row(program: str, person: str, number: int, one: Consent) -> ConsentRow:
    """The row of what somebody said of a consent for the `number`th time."""
    return ConsentRow(
        id=f"{program}/{person}/{one.kind.value}/{number:04}",
        program_id=program,
        person_id=person,
        kind=one.kind.value,
        given=one.given,
        at=one.at,
        source=one.source.value,
        version=one.version,
        language=one.language,
        text=one.text,
    )


def _add(
    session: Session,
    program: str,
    person: str,
    kind: ConsentKind,
    *,
    given: bool,
    read: Read | None = None,
) -> None:
    at = journal.now_of(session, program)
    words = {"version": read.version, **read.model_dump()} if read else {}
    one = Consent(kind=kind, given=given, at=at, source=ConsentSource.PERSON, **words)
    times = sum(before.kind is kind for before in history(session, program, person))
    row = _row(program, person, times + 1, one)
    session.add(row)
    happened = EventKind.CONSENTED if given else EventKind.CONSENT_WITHDRAWN
    event = JournalEvent(id=row.id, kind=happened, at=at, person=person, data={"kind": kind.value})
    journal.append(session, program, [event])
    session.flush()
