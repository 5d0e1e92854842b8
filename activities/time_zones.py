"""Time zones as calendars want them (VTIMEZONE, RFC 5545, 3.6.5).

Outlook takes yearly rules and nothing else from a zone, and passes over lists of dates
(MS-STANOICAL, 2.2.47): an event whose zone it can't read is shown at the wrong time. So a zone is
described by the rules of the event's own year.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

LONG_AGO = 1970
"""The year from which on the rules are said to hold."""

CHANGES = 2
"""Changes of the clock that make a year of summer and winter time."""

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class _Change(NamedTuple):
    """A change of the clock."""

    wall: datetime
    """What clocks show until then."""
    before: timedelta
    after: timedelta
    name: str


@lru_cache(maxsize=256)
def zone_component(zone: ZoneInfo, year: int) -> Timezone | None:
    """A zone by the rules of one year; None for UTC, which needs none.

    A year in which the rules themselves change has none, and is described date by date.
    """
    if zone.key == "UTC":
        return None
    changes = list(_changes(zone, year))
    if len(changes) not in (0, CHANGES):
        return Timezone.from_tzinfo(zone, zone.key, date(year - 1, 1, 1), date(year + 2, 1, 1))
    component = Timezone()
    component.add("tzid", zone.key)
    for change in changes:
        summer = change.after > change.before
        part = TimezoneDaylight() if summer else TimezoneStandard()
        place = _place_in_month(change.wall.date())
        day = _DAYS[change.wall.weekday()]
        part.add("dtstart", _in_year(change.wall, place, LONG_AGO))
        part.add(
            "rrule", {"freq": "yearly", "bymonth": change.wall.month, "byday": f"{place}{day}"}
        )
        _describe(part, change.before, change.after, change.name)
        component.add_component(part)
    if not changes:
        always = datetime(year, 1, 1, tzinfo=zone)
        offset = always.utcoffset() or timedelta(0)
        part = TimezoneStandard()
        part.add("dtstart", datetime(LONG_AGO, 1, 1))  # noqa: DTZ001 - local, as the format wants
        _describe(part, offset, offset, always.tzname() or zone.key)
        component.add_component(part)
    return component


def _describe(
    part: TimezoneDaylight | TimezoneStandard, before: timedelta, after: timedelta, name: str
) -> None:
    part.add("tzoffsetfrom", before)
    part.add("tzoffsetto", after)
    part.add("tzname", name)


def _changes(zone: ZoneInfo, year: int) -> Iterator[_Change]:
    """When clocks change in a year."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    for day in range(monthrange(year, 2)[1] + 337):
        low, high = start + timedelta(days=day), start + timedelta(days=day + 1)
        before, after = _offset(low, zone), _offset(high, zone)
        if before == after:
            continue
        while high - low > timedelta(minutes=1):
            middle = low + (high - low) // 2
            middle = middle.replace(second=0, microsecond=0)
            middle = max(middle, low + timedelta(minutes=1))
            if _offset(middle, zone) == before:
                low = middle
            else:
                high = middle
        name = high.astimezone(zone).tzname() or zone.key
        yield _Change((high + before).replace(tzinfo=None), before, after, name)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def _place_in_month(day: date) -> int:
    """Which of its weekday a day is in its month: 1 for the first, -1 for the last."""
    is_last = day.day + 7 > monthrange(day.year, day.month)[1]
    return -1 if is_last else (day.day - 1) // 7 + 1


def _in_year(wall: datetime, place: int, year: int) -> datetime:
    """The same weekday of the same month in another year, at the same time."""
    first, length = monthrange(year, wall.month)
    day = 1 + (wall.weekday() - first) % 7 + 7 * (place - 1 if place > 0 else 0)
    while place < 0 and day + 7 <= length:
        day += 7
    return datetime.combine(date(year, wall.month, day), time(wall.hour, wall.minute))
