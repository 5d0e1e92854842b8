"""Being away for a while: what a date means, and which dates can be meant."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.calendar import ProgramCalendar

LONGEST = timedelta(days=366)
"""How long somebody may be away: beyond a year, the year is a slip of the finger."""


class Unfit(StrEnum):
    """Why a date can't be the one on which somebody is back."""

    PAST = "past"
    FAR = "far"


def back_on(calendar: ProgramCalendar, day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins for somebody: from then on they are back.

    The day is the program's, as people read it in their calendars.
    """
    return calendar.to_instant(datetime.combine(day, time.min, zone))


def unfit(calendar: ProgramCalendar, day: date, zone: ZoneInfo, now: datetime) -> Unfit | None:
    """Why somebody can't be away until this day, or None if they can."""
    present = calendar.to_program(now)
    begins = datetime.combine(day, time.min, zone)
    if begins <= present:
        return Unfit.PAST
    return Unfit.FAR if begins > present + LONGEST else None
