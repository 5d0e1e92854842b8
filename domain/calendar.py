"""Program time: what people read in their calendars, and the instants at which it really happens.

A program day really takes `calendar.day` of the definition: 24 hours, where program time and real
time are the same, or less in a demonstration, where half a year passes in minutes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.definition import Definition
from domain.model import Value

REAL_DAY = 86_400.0
"""Seconds in a real day."""

DAY_BEGINS = time(9, 0)
"""When a program day begins where the program is at home: mails go out in the morning."""


class ProgramCalendar(Value):
    """Maps instants to program time and back."""

    epoch: datetime
    """The instant at which program day 0 began."""
    first: datetime
    """The same moment in program time."""
    day_seconds: float

    def to_program(self, instant: datetime) -> datetime:
        """The program time at an instant, in UTC."""
        return self.first + (instant - self.epoch) * (REAL_DAY / self.day_seconds)

    def to_instant(self, program_time: datetime) -> datetime:
        """The instant at which it will be that program time."""
        return self.epoch + (program_time - self.first) * (self.day_seconds / REAL_DAY)


def first_morning(definition: Definition) -> datetime:
    """When the program's first day begins, in program time."""
    return morning_of(definition, definition.program.starts)


def morning_of(definition: Definition, day: date) -> datetime:
    """When a day begins where the program is at home, in program time."""
    zone = ZoneInfo(definition.calendar.timezone)
    return datetime.combine(day, DAY_BEGINS, zone).astimezone(UTC)


def after_working_days(definition: Definition, moment: datetime, days: int) -> datetime:
    """The morning on which so many of the program's working days after `moment` have passed.

    Both in program time. The day of `moment` does not count: five working days after a Friday are
    over on the next Friday. Public holidays count like other days.
    """
    working = definition.calendar.working_days
    day = moment.astimezone(ZoneInfo(definition.calendar.timezone)).date()
    left = days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() in working
    return morning_of(definition, day)


def calendar_of(definition: Definition, epoch: datetime) -> ProgramCalendar:
    """The calendar of a program whose day 0 began at `epoch`."""
    return ProgramCalendar(
        epoch=epoch, first=first_morning(definition), day_seconds=definition.calendar.day
    )


def epoch_for(definition: Definition, started: datetime) -> datetime:
    """When day 0 of a program begins that is started at `started`.

    On its start date, where days are real (at once if that date is past: program dates are real
    dates); at once in a demonstration.
    """
    return first_morning(definition) if definition.calendar.day == REAL_DAY else started


def program_days(days: float, day_seconds: float) -> timedelta:
    """How long so many program days really take."""
    return timedelta(seconds=days * day_seconds)
