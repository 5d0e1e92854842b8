"""Working hours that two people share, across time zones.

A week is a wheel of 10,080 minutes in UTC, on which everybody has a window for each of their
working days. Zones shift the windows against each other by the season, so a program looks at two
dates, its first day and half a year later, and believes the one that gives less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from domain.people import Person

DAY = 24 * 60
HALF_A_YEAR = timedelta(weeks=26)

USUAL_DAYS = (0, 1, 2, 3, 4)
"""Monday to Friday: of who has given no days."""
USUAL_HOURS = (9 * 60, 17 * 60)
"""From 9 to 17: of who has given no hours."""

Counts = NDArray[np.int16]


class WorkingTime(NamedTuple):
    """When somebody works: what all with the same working time have in common."""

    timezone: str
    start: int
    """Minutes after midnight on their own clock."""
    length: int
    """Minutes, up to 24 hours; a night shift belongs to the day on which it starts."""
    days: tuple[int, ...]
    """Of the week, Monday is 0."""


class Shared(NamedTuple):
    """What the working times of two people have in common."""

    minutes: int
    """In the longest overlap of two of their windows."""
    days: int
    """How many pairs of windows in a week overlap for so long."""


def working_time_of(person: Person, timezone: str) -> WorkingTime:
    """When a person works; `timezone` is that of people who have none of their own."""
    start, end = person.working_hours or USUAL_HOURS
    return WorkingTime(
        timezone=person.timezone or timezone,
        start=start,
        length=(end - start) % DAY or DAY,
        days=tuple(sorted(set(person.working_days or USUAL_DAYS))),
    )


def shared_minutes(
    ones: Sequence[WorkingTime], others: Sequence[WorkingTime], first_day: date
) -> Counts:
    """The longest overlap of two windows, in minutes: a row for each of `ones`."""
    return np.minimum(*(_longest(ones, others, on) for on in _dates(first_day)))


def shared_days(
    ones: Sequence[WorkingTime], others: Sequence[WorkingTime], first_day: date, hours: float
) -> Counts:
    """How many pairs of windows in a week overlap by at least `hours`: a row for each of `ones`."""
    least = minutes_of(hours)
    return np.minimum(*(_days(ones, others, on, least) for on in _dates(first_day)))


@lru_cache(maxsize=10_000)
def shared_time(one: WorkingTime, other: WorkingTime, first_day: date) -> Shared:
    """What two people share, for words: what the matrices say, in a hundredth of the time."""
    by_date = [_shared_windows(one, other, on) for on in _dates(first_day)]
    minutes = min(max(windows, default=0) for windows in by_date)
    if not minutes:
        return Shared(0, 0)
    return Shared(minutes, min(sum(w >= minutes for w in windows) for windows in by_date))


@lru_cache(maxsize=10_000)
def days_in_common(one: WorkingTime, other: WorkingTime, first_day: date, hours: float) -> int:
    """What `shared_days` says of two people, in a hundredth of the time."""
    least = minutes_of(hours)
    return min(
        sum(minutes >= least for minutes in _shared_windows(one, other, on))
        for on in _dates(first_day)
    )


def _shared_windows(one: WorkingTime, other: WorkingTime, on: date) -> list[int]:
    """Minutes that two windows share, for every two in a week that overlap; see `_overlaps`."""
    apart = _start(other, on) - _start(one, on)
    found: list[int] = []
    for distance in range(-3, 4):
        later = apart + distance * DAY
        minutes = min(one.length, later + other.length) - max(later, 0)
        if minutes > 0:
            found += [minutes for day in one.days if (day + distance) % 7 in other.days]
    return found


def minutes_of(hours: float) -> int:
    """Whole minutes that make up at least so many hours."""
    return math.ceil(round(hours * 60, 6))


def _dates(first_day: date) -> tuple[date, date]:
    return first_day, first_day + HALF_A_YEAR


def _longest(ones: Sequence[WorkingTime], others: Sequence[WorkingTime], on: date) -> Counts:
    longest = np.zeros((len(ones), len(others)), dtype=np.int16)
    for minutes, days in _overlaps(ones, others, on):
        np.maximum(longest, minutes * (days > 0), out=longest)
    return longest


def _days(
    ones: Sequence[WorkingTime], others: Sequence[WorkingTime], on: date, least: int
) -> Counts:
    found = np.zeros((len(ones), len(others)), dtype=np.int16)
    for minutes, days in _overlaps(ones, others, on):
        found += days * (minutes >= least)
    return found


def _overlaps(
    ones: Sequence[WorkingTime], others: Sequence[WorkingTime], on: date
) -> Iterator[tuple[Counts, Counts]]:
    """For each distance in days: minutes that windows so far apart share, and how many there are.

    A person's windows differ by whole days only, so that two windows overlap by the same whatever
    their days are, as long as these lie equally far apart. Two Mondays start at most 50 hours apart
    (24 by their clocks, 26 by their zones), so that no window reaches another from more than three
    days away.
    """
    mine, theirs = _starts(ones, on), _starts(others, on)
    my_length, their_length = _lengths(ones)[:, None], _lengths(others)[None, :]
    my_days, their_days = _day_marks(ones), _day_marks(others)
    for distance in range(-3, 4):
        later = theirs[None, :] - mine[:, None] + np.int16(distance * DAY)
        minutes = np.minimum(my_length, later + their_length) - np.maximum(later, 0)
        if (minutes > 0).any():
            yield minutes, (my_days @ np.roll(their_days, -distance, axis=1).T).astype(np.int16)


def _starts(times: Sequence[WorkingTime], on: date) -> Counts:
    return np.array([_start(working, on) for working in times], dtype=np.int16)


def _start(working: WorkingTime, on: date) -> int:
    """Minutes after Monday 0:00 UTC at which a Monday's window starts."""
    return working.start - _ahead_of_utc(working.timezone, on)


@lru_cache(maxsize=1_000)
def _ahead_of_utc(timezone: str, on: date) -> int:
    """Minutes that a zone's clocks are ahead at noon."""
    offset = datetime.combine(on, time(12), UTC).astimezone(ZoneInfo(timezone)).utcoffset()
    return int(offset.total_seconds()) // 60 if offset is not None else 0


def _lengths(times: Sequence[WorkingTime]) -> Counts:
    return np.array([working.length for working in times], dtype=np.int16)


def _day_marks(times: Sequence[WorkingTime]) -> NDArray[np.float32]:
    """1 for each working day, a row a person."""
    marks = np.zeros((len(times), 7), dtype=np.float32)
    for row, working in enumerate(times):
        marks[row, list(working.days)] = 1
    return marks
