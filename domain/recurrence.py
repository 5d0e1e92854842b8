"""Recurring programs: on which days a scheme's programs start, and when each is opened.

A scheme is what its programs are runs of. Each of them is opened some days before it starts, so
that HR can look at it and bring the people up to date.
"""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.calendar import DAY_BEGINS
from domain.definition import Definition
from domain.model import Value

LAST_DAY = 28
"""The last day of a month on which a program can start: every month has it."""

USUAL_NOTICE = 14
"""Days from the opening of a program to its start."""

LEAST_NOTICE = 7
"""Days that HR has at the least when a program is opened late, if it wants as many."""

LONGEST_NAME = 32
"""Letters of a scheme's name, so that there is room for the year and month in an id."""

MONTHS = tuple(name.casefold() for name in month_name)[1:]

_A_COMMON_YEAR = 2027
_FILLERS = frozenset({"every", "each", "on", "in", "and", "the", "of"})
_SPAN = re.compile(r"(?:(\d{1,2}) )?(month|months|year|quarter)")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?")
_YEAR_AT_THE_END = re.compile(r"-(?:19|20)\d\d(?:-\d\d)?$")
_HOW = "Write it like “January”, “15 January”, “January and July”, “6 months” or “year”."


class Rhythm(Value):
    """On which days of each year the programs of a scheme start."""

    months: tuple[int, ...] = Field(min_length=1, max_length=12)
    """In order, January is 1."""
    day: int = Field(ge=1, le=LAST_DAY)
    notice: int = Field(default=USUAL_NOTICE, ge=0)
    """Days before its start on which a program is opened."""

    @property
    def shortest(self) -> int:
        """Days from one start to the next, at the least."""
        following = (*self.months[1:], self.months[0] + 12)
        apart = min(later - month for month, later in zip(self.months, following, strict=True))
        return apart * LAST_DAY


class Opening(Value):
    """One program of a scheme, before it is there."""

    program: str
    """The id that it has."""
    planned: date
    """The day that the rhythm gives it."""
    opens: date
    """When it is opened, in the morning of the program's time zone."""
    starts: date
    """Its start date: the first of the program's working days from the planned one on."""


# --- What HR writes ------------------------------------------------------------------------------


def read_rhythm(every: str, starts: date, day: int | None, notice: int) -> Rhythm:
    """A rhythm in words: “January”, “15 January”, “January and July”, “6 months”, “year”.

    Args:
        every: the words.
        starts: the first start date, which says what the words leave open.
        day: the day of the month, where it stands beside the words.
        notice: days before its start on which a program is opened.

    Raises:
        ValueError: they can't be meant, with what can.
    """
    words = [word for word in re.split(r"[\s,]+", every.casefold()) if word not in _FILLERS]
    months, day_in_words = _months_and_day([word for word in words if word], starts)
    if not months:
        raise ValueError(f"this says no months. {_HOW}")
    if day is not None and day_in_words is not None and day != day_in_words:
        raise ValueError(f"this says day {day_in_words}, but --day says {day}.")
    chosen = day if day is not None else day_in_words
    if chosen is not None and not 1 <= chosen <= LAST_DAY:
        raise ValueError(f"choose a day from 1 to {LAST_DAY}: every month has those.")
    rhythm = Rhythm(months=months, day=chosen or min(starts.day, LAST_DAY), notice=notice)
    if notice >= rhythm.shortest:
        raise ValueError(
            f"{notice} days of notice are too many: there are only {rhythm.shortest} from one "
            "start to the next."
        )
    return rhythm


def _months_and_day(words: Sequence[str], starts: date) -> tuple[tuple[int, ...], int | None]:
    span = _SPAN.fullmatch(" ".join(words))
    if span is not None:
        return _months_of_span(int(span[1] or 1), span[2], starts.month), None
    months: set[int] = set()
    day: int | None = None
    for word in words:
        number = _DAY.fullmatch(word)
        if number is not None and day is None:
            day = int(number[1])
        elif (month := _month(word)) is not None:
            months.add(month)
        elif word != "year":
            raise ValueError(f"“{word}” is no month. {_HOW}")
    return tuple(sorted(months)), day


def _month(word: str) -> int | None:
    found = [n for n, name in enumerate(MONTHS, start=1) if name.startswith(word.rstrip("."))]
    return found[0] if len(found) == 1 and len(word) >= 3 else None


def _months_of_span(count: int, unit: str, first: int) -> tuple[int, ...]:
    step = count * {"year": 12, "quarter": 3}.get(unit, 1)
    if step == 0 or 12 % step:
        raise ValueError("every year must be alike. Write 1, 2, 3, 4, 6 or 12 months.")
    return tuple(sorted((first - 1 + step * n) % 12 + 1 for n in range(12 // step)))


def in_words(rhythm: Rhythm) -> str:
    """A rhythm as HR and operators read it: “every year on 15 January and 15 July”."""
    if len(rhythm.months) == 12:
        return f"every month on day {rhythm.day}"
    days = [f"{rhythm.day} {month_name[month]}" for month in rhythm.months]
    return f"every year on {' and '.join(filter(None, (', '.join(days[:-1]), days[-1])))}"


def scheme_of(definition: Definition) -> str:
    """The scheme that a definition is a run of: what it names, or its id without a year."""
    program = definition.program
    without = _YEAR_AT_THE_END.sub("", program.id)
    return program.scheme or (without if len(without) >= 3 else program.id)


# --- When ----------------------------------------------------------------------------------------


def planned_days(rhythm: Rhythm, since: date) -> Iterator[date]:
    """The days on which programs are planned to start, from `since` on. It has no end."""
    year = since.year
    while True:
        for month in rhythm.months:
            day = date(year, month, rhythm.day)
            if day >= since:
                yield day
        year += 1


def opened_for(scheme: str, rhythm: Rhythm, definition: Definition, at: datetime) -> Opening:
    """The program that is opened at an instant: the next that has not started by then.

    So whoever opens one by hand, ahead of its time, opens the next one, and once.
    """
    zone = ZoneInfo(definition.calendar.timezone)
    since = max(at.astimezone(zone).date(), definition.program.starts)
    return _opening(scheme, rhythm, definition, next(planned_days(rhythm, since)))


def upcoming(
    scheme: str, rhythm: Rhythm, definition: Definition, now: datetime
) -> Iterator[Opening]:
    """The programs that are still to be opened, the next first. It has no end."""
    for planned in planned_days(rhythm, definition.program.starts):
        opening = _opening(scheme, rhythm, definition, planned)
        if opens_at(definition, opening.opens) > now:
            yield opening


def opens_at(definition: Definition, day: date) -> datetime:
    """The instant at which a program is opened that opens on this day."""
    zone = ZoneInfo(definition.calendar.timezone)
    return datetime.combine(day, DAY_BEGINS, zone).astimezone(UTC)


def opens_on(rhythm: Rhythm, planned: date) -> date:
    """The day on which the program is opened that is planned for another.

    The same in every year: where a 29 February lies between the two, HR has a day more.
    """
    usual = date(_A_COMMON_YEAR, planned.month, planned.day) - timedelta(days=rhythm.notice)
    return usual.replace(year=planned.year + usual.year - _A_COMMON_YEAR)


def start_date(rhythm: Rhythm, definition: Definition, planned: date, opened: date) -> date:
    """The start date of a program that was opened on a day, in time or late.

    Late it may be after a breakdown: then it starts when HR has had the time to look at it.
    """
    day = max(planned, opened + timedelta(days=min(rhythm.notice, LEAST_NOTICE)))
    while day.weekday() not in definition.calendar.working_days:
        day += timedelta(days=1)
    return day


def _opening(scheme: str, rhythm: Rhythm, definition: Definition, planned: date) -> Opening:
    opens = opens_on(rhythm, planned)
    month = f"-{planned:%m}" if len(rhythm.months) > 1 else ""
    return Opening(
        program=f"{scheme}-{planned:%Y}{month}",
        planned=planned,
        opens=opens,
        starts=start_date(rhythm, definition, planned, opens),
    )
