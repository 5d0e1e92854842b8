"""How long personal data is kept, and its deletion when that time is over."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy.orm import Session

from activities.signatures import (
    DeletedSome,
    ProgramMoment,
    ProgramMomentKind,
    ProgramRef,
    Retained,
)
from activities.uninterrupted import uninterrupted
from activities.writing import Writer
from store import retention
from store.database import Database
from store.holds import OnHold
from store.programs import UnknownProgram
from store.tables import ParticipantRow

ABOUT_RETENTION = (ProgramMomentKind.DELETION_AHEAD, ProgramMomentKind.DATA_DELETED)

AT_A_TIME = 60.0
"""Seconds after which a deletion makes way, and goes on in an activity of its own."""


class Retention:
    """Knows until when personal data is kept, and deletes it: in the store, and nowhere else."""

    def __init__(self, database: Database, at_a_time: float = AT_A_TIME) -> None:
        self._database = database
        self._at_a_time = at_a_time

    @uninterrupted
    def look_at_retention(self, program: ProgramRef) -> Retained:
        """Until when a program's personal data is kept, and whether a hold is on."""
        with self._database.read() as session:
            try:
                return Retained(term=retention.term_of(session, program.program))
            except (retention.NotOver, UnknownProgram):
                return Retained(term=None)

    @uninterrupted
    def delete_personal_data(self, program: ProgramRef) -> DeletedSome:
        """Delete what is personal in a program, or as much of it as a minute allows.

        Each few hundred rows are a transaction of their own, so that nobody waits for long, and one
        that fails is made again. A hold that comes in between keeps what is left.
        """
        give_way = time.monotonic() + self._at_a_time
        while True:
            try:
                with self._database.write() as session:
                    more = retention.delete_some(session, program.program, program.now)
            except OnHold:
                return DeletedSome(more=True, held=True)
            if not more or time.monotonic() > give_way:
                return DeletedSome(more=more)


def facts_of_retention(session: Session, writer: Writer, moment: ProgramMoment) -> dict[str, Any]:
    """What the coordinator reads before personal data is deleted, and after."""
    slug = moment.program
    if moment.kind is ProgramMomentKind.DELETION_AHEAD:
        return {
            "count": retention.count_people(session, slug),
            "until": writer.day(moment.until, None),
            "report": f"python starter.py report {slug} --out report",
            "hold": f'python starter.py hold {slug} --reference "…"',
        }
    gone = retention.deletion_of(session, slug)
    return {"count": gone.counts.get(ParticipantRow.__tablename__, 0) if gone else 0}
