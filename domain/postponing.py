"""Making a program later: to which day, by how many days, and from which instant on it goes on."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.calendar import ProgramCalendar, morning_of
from domain.definition import Definition
from domain.model import Value

FARTHEST = 3 * 365
"""Days by which a program can be made later. More is a slip of the finger."""


class NewDate(Value):
    """The day on which a program starts now, or goes on."""

    day: date
    days: int
    """By how many days that is later."""
    until: datetime
    """The instant: in the morning of that day, where the program is at home."""


def new_date(
    definition: Definition,
    calendar: ProgramCalendar,
    now: datetime,
    *,
    begun: bool,
    paused_until: datetime | None = None,
    by: int | None = None,
    to: date | None = None,
) -> NewDate:
    """The day that HR means by “so many days later”, or by a date.

    A program that has not begun starts later than its start date. One that has begun goes on later
    than today, or than the day until which it is paused already.

    Raises:
        ValueError: that is not later, or too far away; in words.
    """
    zone = ZoneInfo(definition.calendar.timezone)
    present = calendar.to_program(paused_until or now).astimezone(zone).date()
    first = present if begun else definition.program.starts
    day = to if to is not None else first + timedelta(days=by or 0)
    days = (day - first).days
    today = calendar.to_program(now).astimezone(zone).date()
    if days < 1 or day <= today:
        raise ValueError(_too_early(first, today, begun=begun, waits=paused_until is not None))
    if days > FARTHEST:
        raise ValueError(f"{day} is more than three years later. Please check the year.")
    until = calendar.to_instant(morning_of(definition, day))
    return NewDate(day=day, days=days, until=until)


def _too_early(first: date, today: date, *, begun: bool, waits: bool) -> str:
    if not begun:
        return f"Choose a day after {max(first, today)}: the program starts on {first}."
    if waits:
        return f"Choose a day after {first}: the program is paused until then already."
    return f"Choose a day after today, {today}."
