"""When messages may reach people. Workflows ask once for a pair's whole life."""

from __future__ import annotations

from datetime import datetime

from activities.failures import unknown_pair
from activities.signatures import PairActivities, PairRef
from activities.uninterrupted import uninterrupted
from domain.definition import Stages
from domain.reach import OpenHours, PairHours
from domain.reaching import open_hours_of
from store import programs
from store.database import Database
from store.programs import PairPeople, Participant, Program

SOON = 28
"""Program days ahead that are worked out for who wants to send something now."""

MORE_THAN_PLANNED = 60
"""Program days: a pair may be paused, and a program postponed."""

LONGEST = 400
"""Program days that are worked out at once. Two numbers a working day become event history; a
workflow asks again in time."""


class Reach(PairActivities):
    """Works out when messages may reach somebody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    def pair_hours(self, pair: PairRef) -> PairHours:
        """When messages may reach the two of a pair, and those who run the program."""
        with self._database.read() as session:
            program = programs.get(session, pair.program)
            two = programs.pair(session, pair.program, pair.pair)
        if two is None:
            raise unknown_pair(pair.pair)
        return hours_of_pair(program, two, pair.now)


def hours_of_pair(program: Program, two: PairPeople, now: datetime) -> PairHours:
    """When messages may reach the two of a pair, and those who run the program."""
    days = min(_life(program.definition.stages) + MORE_THAN_PLANNED, LONGEST)
    return PairHours(
        mentor=reach_of(program, two.mentor, now, days),
        mentee=reach_of(program, two.mentee, now, days),
        program=reach_of(program, None, now, days),
    )


def reach_of(
    program: Program, who: Participant | None, now: datetime, days: int = SOON
) -> OpenHours:
    """When messages may reach somebody, or coordinator and sponsor where it is nobody in the
    program, for so many program days from that of `now` on.

    Cheap: what was worked out for one holds for all who have the same days, hours, country and
    zone.
    """
    return open_hours_of(
        program.definition,
        program.calendar,
        who.person if who else None,
        who.away_until if who else None,
        now,
        days,
    )


def _life(stages: Stages) -> int:
    """Program days of a pair, as planned."""
    return stages.introduction + stages.preparation + stages.meetings + stages.evaluation
