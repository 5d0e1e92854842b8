"""Writing down that a program is later, or longer, and working out what that moves."""

from __future__ import annotations

from activities.signatures import ExtendProgram, PostponeProgram, Rescheduled
from activities.uninterrupted import uninterrupted
from domain.group_sessions import planned_dates
from store import group_sessions, journal, programs
from store.database import Database


class Rescheduling:
    """Keeps the definition in the store true when HR moves a program."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    def postpone_program(self, order: PostponeProgram) -> Rescheduled:
        """Note that a program is later, and work out when its group sessions are now.

        Noting it twice changes nothing the second time.
        """
        with self._database.write() as session:
            journal.append(session, order.program, order.events)
            if order.starts is not None:
                programs.start_on(session, order.program, order.starts)
            program = programs.get(session, order.program)
            moves = group_sessions.moves(session, program.id, program.calendar)
            dates = planned_dates(program.definition, program.calendar, moves)
        return Rescheduled(group_sessions=dates)

    @uninterrupted
    def extend_program(self, order: ExtendProgram) -> None:
        """Note that a program has more time for meetings."""
        with self._database.write() as session:
            journal.append(session, order.program, order.events)
            programs.meet_for(session, order.program, order.meetings)
