"""Working days and hours as people write them in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

DAY = 24 * 60
"""Minutes."""

LONGEST_NIGHT = 16 * 60
"""Hours over midnight that are longer were hardly meant: “9-5” would be 20 hours."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEVERAL = {
    "weekdays": range(5),
    "working days": range(5),
    "weekend": range(5, 7),
    "weekends": range(5, 7),
    "every day": range(7),
    "daily": range(7),
}
_TO = r"(?:-|–|—|\bto\b|\buntil\b|\btill\b|\bthrough\b)"
_RANGE = re.compile(rf"([a-z]+)\.?\s*{_TO}\s*([a-z]+)\.?")
_BETWEEN = re.compile(r"[;,/&+\n]|\band\b")

_TIME = r"(\d{1,2})(?:[:.h]?([0-5]\d))?(?::00)?\s*(h|am|pm|a\.m\.|p\.m\.)?"
_HOURS = re.compile(rf"{_TIME}\s*{_TO}\s*{_TIME}")


def days_of_week(text: str, separator: str = ";") -> tuple[int, ...] | None:
    """The days that a text like “Mon-Fri”, “Mon;Tue” or “Monday to Thursday” names.

    Monday is 0. A range may go over the weekend: “Sun-Thu”. None where the text can't be read.
    """
    found: set[int] = set()
    for entry in _BETWEEN.split(text.casefold().replace(separator, ";")):
        days = _some_days(entry.strip())
        if days is None:
            return None
        found |= days
    return tuple(sorted(found)) or None


def days_as_text(days: Sequence[int]) -> str:
    """Days of the week as `days_of_week` reads them: “Mon-Fri”, “Sun-Thu” or “Mon;Wed”."""
    names = [name[:3].capitalize() for name in _DAYS]
    following = [day for day in days if (day - 1) % 7 not in days]
    if len(following) == 1 and len(days) > 1:
        (first,) = following
        return f"{names[first]}-{names[(first + len(days) - 1) % 7]}"
    return "Mon-Sun" if len(days) == 7 else ";".join(names[day] for day in sorted(days))


def _some_days(entry: str) -> set[int] | None:
    if not entry:
        return set()
    if entry in _SEVERAL:
        return set(_SEVERAL[entry])
    between = _RANGE.fullmatch(entry)
    if between:
        first, last = _day(between[1]), _day(between[2])
        if first is None or last is None:
            return None
        return {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    days = [_day(word.rstrip(".")) for word in entry.split()]
    return None if None in days else {day for day in days if day is not None}


def _day(word: str) -> int | None:
    """A day by its name, one in the plural, or the first two or more letters."""
    if word == "weds":
        return 2
    for number, name in enumerate(_DAYS):
        if (len(word) >= 2 and name.startswith(word)) or word == f"{name}s":
            return number
    return None


def hours_of_day(text: str) -> tuple[int, int]:
    """From and until, in minutes after midnight, of a text like “09:00-17:30” or “9am to 5pm”.

    `until` is the smaller number where the hours go over midnight, and 1,440 for midnight itself.

    Raises:
        ValueError: the text can't be read so, with what is wrong in words.
    """
    match = _HOURS.fullmatch(text.casefold().strip())
    start = _minutes(*match.groups()[:3]) if match else None
    end = _minutes(*match.groups()[3:]) if match else None
    if start is None or end is None or start == DAY:
        raise ValueError(f"“{text[:60]}” can't be read as working hours.")
    end = end or DAY
    length = (end - start) % DAY or DAY
    if start == end:
        raise ValueError(f"“{text}” ends when it begins.")
    if start > end and length >= LONGEST_NIGHT:
        raise ValueError(f"“{text}” would be {length / 60:g} hours, over midnight.")
    return start, end


def hours_as_text(hours: tuple[int, int]) -> str:
    """Hours of a day as `hours_of_day` reads them: “09:00-17:30”."""
    return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in hours)


def _minutes(hour: str, minute: str | None, half: str | None) -> int | None:
    """Minutes after midnight, or None if the clock never shows this."""
    hours, minutes = int(hour), int(minute or 0)
    if half and half != "h":
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half.startswith("p") else 0)
    total = hours * 60 + minutes
    return total if total <= DAY else None
