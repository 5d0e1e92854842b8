"""Group sessions as the journal tells of them: their dates by now, who comes, and who came."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.calendar import ProgramCalendar, calendar_of
from domain.definition import Definition
from domain.group_sessions import Attendance, Move, attendance_of, dates_of
from domain.journal import EventKind
from domain.lifecycle import SUCCESSES
from domain.model import Value
from domain.people import Role
from domain.sections import GroupSession
from store.lateness import PAIR_ENDINGS
from store.programs import Program
from store.tables import JournalRow, PairRow

_SUCCESSES = frozenset(f"pair_{state}" for state in SUCCESSES)


class GroupSessionNow(Value):
    """A group session of a program, with the dates that it has by now."""

    session: GroupSession
    dates: tuple[datetime, ...]
    """In program time, by their numbers; the first is number 1."""
    next: datetime | None
    """The first that is still to come."""
    attendance: dict[str, Attendance]
    """How everybody stands who should come, by person."""

    @property
    def on_course(self) -> int:
        """How many of them came to as many dates as they should, or still can."""
        return sum(one.is_on_course for one in self.attendance.values())


def moves(session: Session, program: str, calendar: ProgramCalendar) -> tuple[Move, ...]:
    """The postponements of a program so far, in order."""
    rows = session.scalars(
        select(JournalRow)
        .where(
            JournalRow.program_id == program,
            JournalRow.kind == EventKind.PROGRAM_POSTPONED.value,
        )
        .order_by(JournalRow.position)
    )
    return tuple(Move(at=calendar.to_program(row.at), days=int(row.data["days"])) for row in rows)


def dates_now(
    session: Session, definition: Definition, epoch: datetime, group: GroupSession
) -> tuple[datetime, ...]:
    """The dates of a group session by now, in program time."""
    calendar = calendar_of(definition, epoch)
    return dates_of(definition, group, moves(session, definition.program.id, calendar))


def roles_in_living_pairs(
    session: Session, program: str, *, or_completed: bool = False
) -> dict[str, frozenset[Role]]:
    """Who is in a pair that goes on, or that did what it set out to do, and as what."""
    ended = _by_pair(session, program, [kind.value for kind in PAIR_ENDINGS])
    found: dict[str, frozenset[Role]] = {}
    for pair, mentor, mentee in _two_of_each(session, program):
        if pair in ended and not (or_completed and ended[pair].kind in _SUCCESSES):
            continue
        for person, role in ((mentor, Role.MENTOR), (mentee, Role.MENTEE)):
            found[person] = found.get(person, frozenset()) | {role}
    return found


def group_sessions_now(
    session: Session,
    program: Program,
    now: datetime,
    people: Collection[str] | None = None,
) -> tuple[GroupSessionNow, ...]:
    """Every group session of a program and how everybody, or some people, stand with it.

    `now` is an instant. Who should come is in a pair that goes on or has completed.
    """
    groups = program.definition.group_sessions
    if not groups:
        return ()
    calendar = program.calendar
    present = calendar.to_program(now)
    moved = moves(session, program.id, calendar)
    roles = roles_in_living_pairs(session, program.id, or_completed=True)
    said = _said(session, program.id)
    spans = _spans(session, program.id, calendar)
    found = []
    for group in groups:
        dates = dates_of(program.definition, group, moved)
        found.append(
            GroupSessionNow(
                session=group,
                dates=dates,
                next=min((one for one in dates if one > present), default=None),
                attendance={
                    person: attendance_of(
                        dates,
                        group.needed,
                        spans[person],
                        said.get((person, group.id), {}),
                        present,
                    )
                    for person, theirs in roles.items()
                    if theirs.intersection(group.whom.roles)
                    and person in spans
                    and (people is None or person in people)
                },
            )
        )
    return tuple(found)


def _said(session: Session, program: str) -> dict[tuple[str, str], dict[int, bool]]:
    """What people said of the dates that they were asked about; what was said last counts."""
    rows = session.scalars(
        select(JournalRow)
        .where(
            JournalRow.program_id == program,
            JournalRow.kind.in_([EventKind.ATTENDED.value, EventKind.MISSED_GROUP_SESSION.value]),
        )
        .order_by(JournalRow.position)
    )
    said: dict[tuple[str, str], dict[int, bool]] = {}
    for row in rows:
        key = (row.person_id or "", str(row.data["group"]))
        came = row.kind == EventKind.ATTENDED.value
        said.setdefault(key, {})[int(row.data["number"])] = came
    return said


def _spans(
    session: Session, program: str, calendar: ProgramCalendar
) -> dict[str, tuple[datetime, datetime | None]]:
    """When people first knew of a partner, and when the last pair of theirs ended, if all have.

    In program time.
    """
    introduced = _by_pair(session, program, [EventKind.PAIR_INTRODUCED.value])
    ended = _by_pair(session, program, [kind.value for kind in PAIR_ENDINGS])
    found: dict[str, tuple[datetime, datetime | None]] = {}
    for pair, mentor, mentee in _two_of_each(session, program):
        if pair not in introduced:
            continue
        begins = calendar.to_program(introduced[pair].at)
        ends = calendar.to_program(ended[pair].at) if pair in ended else None
        for person in (mentor, mentee):
            first, last = found.get(person, (begins, ends))
            found[person] = (min(first, begins), max(last, ends) if last and ends else None)
    return found


def _two_of_each(session: Session, program: str) -> list[tuple[str, str, str]]:
    rows = session.execute(
        select(PairRow.id, PairRow.mentor_id, PairRow.mentee_id).where(
            PairRow.program_id == program
        )
    )
    return [(pair, mentor, mentee) for pair, mentor, mentee in rows]


class _Happened(NamedTuple):
    kind: str
    at: datetime


def _by_pair(session: Session, program: str, kinds: Collection[str]) -> Mapping[str, _Happened]:
    rows = session.execute(
        select(JournalRow.pair_id, JournalRow.kind, JournalRow.at).where(
            JournalRow.program_id == program, JournalRow.kind.in_(kinds)
        )
    )
    return {pair: _Happened(kind, at) for pair, kind, at in rows if pair is not None}
