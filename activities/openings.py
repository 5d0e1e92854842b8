"""Making the next program of a scheme from what HR left for it in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from temporalio.exceptions import ApplicationError

from activities.signatures import Opened, OpenProgram
from activities.uninterrupted import uninterrupted
from activities.writing import Writer
from domain.acts import Through
from domain.calendar import epoch_for
from domain.definition import Definition
from domain.next_run import run_on
from domain.people import Role
from domain.plan import plan_of
from domain.recurrence import opened_for, start_date
from store import acts, journal, programs, schemes
from store.database import Database
from store.definition_file import problems_with
from store.schemes import Scheme, UnknownScheme


class Openings:
    """Puts programs into the store that nobody types a command for."""

    def __init__(self, database: Database, content: Sequence[Path]) -> None:
        self._database = database
        self._content = content

    @uninterrupted
    def open_program(self, order: OpenProgram) -> Opened:
        """Put the program of a scheme whose turn it is into the store, unless it is there.

        What does not fit is tried again until HR has given it anew; the failure says how.
        """
        with self._database.read() as session:
            try:
                scheme = schemes.get(session, order.scheme)
            except UnknownScheme:
                raise _gone(order.scheme) from None
            entrants = schemes.people(session, order.scheme)
        if scheme.definition is None:
            raise _unfit(order.scheme, "The definition is not valid in this version any more.")
        now = max(order.now, datetime.now(UTC))  # this may be a try some weeks after the first
        program, definition = _next(scheme, scheme.definition, order.scheduled, now)
        with self._database.write() as session:
            if not programs.exists(session, program):
                self._check(order.scheme, definition)
                if missing := [
                    role.value for role in Role if not any(role in one.roles for one in entrants)
                ]:
                    raise _unfit(order.scheme, f"No {' and no '.join(missing)} is left in it.")
                programs.enter(session, definition, entrants, epoch_for(definition, now), now)
                acts.add_done(session, order.scheme, Through.SCHEDULE, "start", program=program)
            stored = programs.get(session, program)
            began = bool(journal.read(session, program))
        return Opened(
            program=program, plan=None if began else plan_of(stored.definition, stored.epoch)
        )

    def _check(self, scheme: str, definition: Definition) -> None:
        if found := problems_with(definition, self._content):
            fields = sorted({".".join(map(str, one.where)) for one in found})
            raise _unfit(scheme, f"The definition does not fit any more: {', '.join(fields)}.")


def facts_of_opened(session: Session, writer: Writer) -> dict[str, Any]:
    """What the coordinator reads about a program that a schedule has opened."""
    program, definition = writer.program, writer.program.definition
    scheme = definition.program.scheme or program.id
    since = schemes.people_from(session, scheme)
    zone = ZoneInfo(definition.calendar.timezone)
    words = writer.content_for(None).words
    people = programs.participants(session, program.id)
    update = f"python starter.py schedule {scheme} people people.xlsx"
    return {
        "count": sum(bool(person.eligible_roles) for person in people),
        "starts": words.day(definition.program.starts),
        "people_from": words.day(since.astimezone(zone).date()) if since else None,
        "commands": [
            *([update] if since else []),
            f"python starter.py status {program.id}",
            f'python starter.py postpone {program.id} --by "2 weeks"',
            f"python starter.py cancel {program.id}",
        ],
    }


def _next(
    scheme: Scheme, definition: Definition, scheduled: datetime, now: datetime
) -> tuple[str, Definition]:
    """The program that is meant, and its definition."""
    opening = opened_for(scheme.id, scheme.rhythm, definition, scheduled)
    today = now.astimezone(ZoneInfo(definition.calendar.timezone)).date()
    starts = start_date(scheme.rhythm, definition, opening.planned, today)
    return opening.program, run_on(definition, opening.program, scheme.id, starts)


def _gone(scheme: str) -> ApplicationError:
    return ApplicationError(
        f"Nothing is scheduled as “{scheme}” in the store, so no program was opened. If it should "
        "be: python starter.py schedule DEFINITION PEOPLE --every … If not, delete the schedule.",
        type="UnknownScheme",
        non_retryable=True,
    )


def _unfit(scheme: str, why: str) -> ApplicationError:
    return ApplicationError(
        f"The next program of “{scheme}” can't be opened. {why} Give definition and people anew: "
        "python starter.py schedule DEFINITION PEOPLE --every … Tried again until then.",
        type="UnfitScheme",
    )
