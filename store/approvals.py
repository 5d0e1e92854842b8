"""What line managers are asked, and what they answer.

Whom to ask is worked out anew each time, from who has joined. That a manager was asked about
somebody is an event in the journal, written with the message, so that nobody is asked twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from domain.enrolling import NotApproved
from domain.ids import answer_id
from domain.journal import EventKind, JournalEvent
from domain.model import Value
from store import journal, programs
from store.answers import AnswerKind, TooLate
from store.database import as_of_now
from store.lateness import enrolment_is_over
from store.links import Link
from store.programs import Participant
from store.tables import AnswerRow, JournalRow, ParticipantRow, PersonRow


class Asked(Value):
    """A line manager, and those of their people who are waiting for a word of theirs."""

    manager: Participant
    people: tuple[Participant, ...]


class Approval(Value):
    """How it stands with one person who would like to take part."""

    person: Participant
    manager: str
    """The manager's name."""
    asked: bool
    answered_at: datetime | None
    reason: str | None
    """What the manager wrote, for the coordinator."""


def manager_of(session: Session, program: str, person: str) -> str | None:
    """The id of somebody's line manager, if they stand in the program's people file."""
    row = session.execute(
        _people_and_managers(program).where(ParticipantRow.person_id == person)
    ).first()
    return None if row is None else str(row[1])


# --- Whom to ask ---------------------------------------------------------------------------------


def to_ask(
    session: Session, program: str, occasion: str, after: str, limit: int
) -> Sequence[Asked]:
    """The next managers, by id, after the given one, who have to be asked about somebody.

    About whom somebody was asked on this same occasion is among them, so that an activity which is
    tried again finds the same ones. A manager whose question went out hears of who joined since on
    the next occasion.
    """
    asked = _asked(program)
    now = set(session.scalars(asked.where(JournalRow.data["occasion"].as_string() == occasion)))
    before = asked.where(JournalRow.data["occasion"].as_string() != occasion)
    not_before = ParticipantRow.person_id.not_in(before)
    return [
        found.model_copy(update={"people": again}) if again else found
        for found in _page(session, program, not_before, after, limit)
        for again in [tuple(person for person in found.people if person.id in now)]
    ]


def to_remind(session: Session, program: str, after: str, limit: int) -> Sequence[Asked]:
    """The next managers, by id, after the given one, who were asked and have not answered."""
    asked = ParticipantRow.person_id.in_(_asked(program))
    return _page(session, program, asked, after, limit)


def waiting_for(session: Session, program: str, manager: str) -> Sequence[Participant]:
    """The people who wait for a word of this manager, by name."""
    rows = session.execute(
        _people_and_managers(program).where(_waits(), PersonRow.id == manager)
    ).all()
    found = programs.some_participants(session, program, [person for person, _ in rows])
    return sorted(found.values(), key=_name)


def _page(
    session: Session, program: str, which: ColumnElement[bool], after: str, limit: int
) -> Sequence[Asked]:
    open_ones = _people_and_managers(program).where(_waits(), which)
    managers = session.scalars(
        open_ones.with_only_columns(PersonRow.id)
        .where(PersonRow.id > after)
        .distinct()
        .order_by(PersonRow.id)
        .limit(limit)
    ).all()
    if not managers:
        return []
    rows = session.execute(
        open_ones.where(PersonRow.id.in_(managers)).order_by(PersonRow.id, ParticipantRow.person_id)
    ).all()
    keys = sorted({key for person, manager in rows for key in (person, manager)})
    known = programs.some_participants(session, program, keys)
    return [
        Asked(
            manager=known[manager],
            people=tuple(sorted((known[person] for person, _ in theirs), key=_name)),
        )
        for manager, theirs in groupby(rows, key=lambda row: str(row[1]))
    ]


def _people_and_managers(program: str) -> Select[str, str]:
    """Everybody who has a manager in the program's people file: their id and the manager's."""
    of_the_manager = aliased(ParticipantRow)
    return (
        select(ParticipantRow.person_id, PersonRow.id)
        .join(PersonRow, PersonRow.reference == ParticipantRow.profile["manager"].as_string())
        .join(of_the_manager, of_the_manager.person_id == PersonRow.id)
        .where(
            ParticipantRow.program_id == program,
            of_the_manager.program_id == program,
            of_the_manager.erased_at.is_(None),
            PersonRow.id != ParticipantRow.person_id,
        )
    )


def _waits() -> ColumnElement[bool]:
    return (
        ParticipantRow.joined.is_(True)
        & ParticipantRow.approved.is_(None)
        & ParticipantRow.withdrew_at.is_(None)
    )


def _asked(program: str) -> Select[str | None]:
    """The people about whom a manager was asked."""
    return select(JournalRow.person_id).where(
        JournalRow.program_id == program,
        JournalRow.kind == EventKind.MANAGER_ASKED.value,
        JournalRow.person_id.is_not(None),
    )


def _name(participant: Participant) -> tuple[str, str]:
    return participant.person.name, participant.id


# --- What they answer ----------------------------------------------------------------------------


def occasion_of(person: str) -> str:
    """The occasion of a manager's answer about somebody."""
    return f"approval:{person}"


def answer(session: Session, link: Link, agrees: bool, reason: str | None = None) -> bool:
    """Agree that somebody takes part, or not; can be changed until enrolment is over.

    The reason is for the coordinator and stays in the store. Returns whether it is new. Raises
    TooLate.
    """
    person = link.occasion or ""
    at = journal.now_of(session, link.program)
    row = as_of_now(session, ParticipantRow, (link.program, person))
    if (
        row is None
        or not row.joined
        or row.withdrew_at is not None
        or manager_of(session, link.program, person) != link.person
        or enrolment_is_over(session, link.program)
    ):
        raise TooLate
    name = answer_id(link.program, None, link.person, occasion_of(person))
    content = {"agrees": agrees, "reason": reason}
    written = session.get(AnswerRow, name, populate_existing=True)
    if written is None:
        written = AnswerRow(
            id=name,
            program_id=link.program,
            pair_id=None,
            person_id=link.person,
            role=None,
            occasion=occasion_of(person),
        )
        session.add(written)
    elif written.content == content:
        return False
    written.kind, written.version, written.answered_at = AnswerKind.APPROVAL.value, 1, at
    written.content = content
    if row.approved is agrees:
        return True  # only the reason is another
    row.approved, row.approved_at = agrees, at
    kind = EventKind.MANAGER_APPROVED if agrees else EventKind.MANAGER_DECLINED
    event = JournalEvent(id=f"{name}#{at.isoformat()}", kind=kind, at=at, person=person)
    journal.append(session, link.program, [event])
    return True


def asked_events(program: str, asked: Asked, occasion: str, at: datetime) -> list[JournalEvent]:
    """That a manager is asked about their people, to be written with the message."""
    return [
        JournalEvent(
            id=answer_id(program, None, person.id, "approval-asked"),
            kind=EventKind.MANAGER_ASKED,
            at=at,
            person=person.id,
            data={"occasion": occasion},
        )
        for person in asked.people
    ]


# --- The closing date ----------------------------------------------------------------------------


def close(session: Session, program: str, people: Collection[str]) -> None:
    """Take no answer for a no, of these people, now that the closing date is past."""
    wait = session.execute(
        _people_and_managers(program).where(_waits(), ParticipantRow.person_id.in_(people))
    ).all()
    for person, _ in wait:
        session.get_one(ParticipantRow, (program, person)).approved = False


def why_not(session: Session, program: str, person: Participant) -> NotApproved:
    """Why somebody has no yes of their manager, now that the closing date is past."""
    row = session.get_one(ParticipantRow, (program, person.id))
    if row.approved_at is not None:
        return NotApproved.SAID_NO
    asked = session.scalar(_asked(program).where(JournalRow.person_id == person.id))
    return NotApproved.NOT_ASKED if asked is None else NotApproved.NO_ANSWER


def approvals(session: Session, program: str) -> Sequence[Approval]:
    """How it stands with everybody who joined and has a manager to be asked, by name."""
    everybody = {p.id: p for p in programs.participants(session, program)}
    asked = set(session.scalars(_asked(program)))
    said = {
        row.occasion: row
        for row in session.scalars(
            select(AnswerRow).where(
                AnswerRow.program_id == program, AnswerRow.kind == AnswerKind.APPROVAL.value
            )
        )
    }
    found: list[Approval] = []
    for person, manager in session.execute(_people_and_managers(program)).all():
        if not everybody[person].has_joined:
            continue
        answered = said.get(occasion_of(person))
        found.append(
            Approval(
                person=everybody[person],
                manager=everybody[manager].person.name,
                asked=person in asked,
                answered_at=answered.answered_at if answered else None,
                reason=answered.content.get("reason") if answered else None,
            )
        )
    return sorted(found, key=lambda approval: _name(approval.person))
