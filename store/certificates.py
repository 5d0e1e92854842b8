"""Who gets a certificate, and what it says."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.calendar import ProgramCalendar
from domain.definition import Definition
from domain.model import Value
from domain.people import Role
from store import journal
from store.group_sessions import group_sessions_now
from store.lateness import PAIR_COMPLETIONS
from store.programs import Program
from store.tables import JournalRow, PairRow, ProgramRow, SessionRow


class Certificate(Value):
    """What somebody did in a pair that completed."""

    role: Role
    sessions: int
    """How many were held."""
    minutes: int
    """How long they were in all, as planned."""
    first: datetime
    """When the first session was held, in program time."""
    last: datetime
    """When the last one was."""
    completed: datetime
    """When the pair completed, in program time."""


def certificate_of(
    session: Session, definition: Definition, calendar: ProgramCalendar, pair: str, person: str
) -> Certificate | None:
    """The certificate of one of a pair; None for who has not earned it, or not yet.

    It needs a pair that completed, and what `has_earned` asks for.
    """
    completed = session.scalar(
        select(JournalRow.at)
        .where(
            JournalRow.pair_id == pair,
            JournalRow.kind.in_([kind.value for kind in PAIR_COMPLETIONS]),
        )
        .order_by(JournalRow.position)
        .limit(1)
    )
    if completed is None or not has_earned(session, definition, pair, person):
        return None
    held = _held(session, pair)
    dates = sorted(one.booked_for or calendar.to_program(at) for one, at in held)
    return Certificate(
        role=_role_in(session.get_one(PairRow, pair), person),
        sessions=len(held),
        minutes=len(held) * definition.sessions.minutes,
        first=dates[0],
        last=dates[-1],
        completed=calendar.to_program(completed),
    )


def has_earned(session: Session, definition: Definition, pair: str, person: str) -> bool:
    """Whether somebody gets a certificate once their pair completes.

    They held at least one session, and came to as many group sessions as everybody should.
    """
    row = session.get_one(PairRow, pair)
    return bool(_held(session, pair)) and came_to_enough(session, definition, row, person)


def _held(session: Session, pair: str) -> list[tuple[SessionRow, datetime]]:
    """The sessions that took place, each with the instant at which that was said."""
    rows = session.scalars(select(SessionRow).where(SessionRow.pair_id == pair))
    return [(row, row.held_at) for row in rows if row.held_at is not None]


def came_to_enough(session: Session, definition: Definition, pair: PairRow, person: str) -> bool:
    """Whether somebody came to as many dates of each group session as they should."""
    role, epoch = _role_in(pair, person), session.get_one(ProgramRow, pair.program_id).epoch
    program = Program(id=pair.program_id, definition=definition, epoch=epoch)
    now = journal.now_of(session, pair.program_id)
    return all(
        group.attendance[person].is_enough
        for group in group_sessions_now(session, program, now, [person])
        if role in group.session.whom.roles and person in group.attendance
    )


def _role_in(pair: PairRow, person: str) -> Role:
    return Role.MENTOR if pair.mentor_id == person else Role.MENTEE
