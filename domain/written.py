"""Lengths of time, dates, names and addresses, as people write them in a definition."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializationInfo,
    WithJsonSchema,
)

from domain.working_time import days_as_text, days_of_week, hours_as_text, hours_of_day

AS_WRITTEN = {"as_written": True}
"""The context of a dump whose values are to be as people write them: `model_dump(context=…)`."""


def written_as(write: Callable[[Any], Any]) -> PlainSerializer:
    """Has a value dumped as people write it where the dump is for them, and as it is elsewhere."""

    def serialize(value: Any, info: SerializationInfo) -> Any:
        return write(value) if info.context == AS_WRITTEN else value

    return PlainSerializer(serialize)


def count_as_text(count: int, unit: str) -> str:
    """A number of units: “1 day”, “10 days”."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def one_alone(values: tuple[Any, ...]) -> Any:
    """A list of one as the one."""
    return values[0] if len(values) == 1 else values


_SPAN = re.compile(r"\s*(\d{1,4})\s*(day|days|week|weeks)\s*", re.IGNORECASE)
_REAL = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(h|min|s)\s*", re.IGNORECASE)


def _read_days(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("this is not a span of time. Write it like “10 days” or “3 weeks”.")
    return int(match[1]) * (7 if match[2].lower().startswith("week") else 1)


Days = Annotated[
    int,
    BeforeValidator(_read_days),
    written_as(lambda days: count_as_text(days, "day")),
    Field(ge=0, le=1_100),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*\d{1,4}\s*([Dd]ays?|[Ww]eeks?)\s*$"},
                {"type": "integer", "minimum": 0, "maximum": 1_100},
            ],
            "examples": ["10 days", "3 weeks"],
        },
        mode="validation",
    ),
]
"""Program days, at most about three years. Written "10 days" or "3 weeks"."""


def _read_real_seconds(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    match = _REAL.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("this is not a length of time. Write it like “24h”, “2min” or “0.4s”.")
    return float(match[1]) * {"h": 3600, "min": 60, "s": 1}[match[2].lower()]


def _real_as_text(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


RealSeconds = Annotated[
    float,
    BeforeValidator(_read_real_seconds),
    written_as(_real_as_text),
    Field(gt=0, le=86_400),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([Hh]|[Mm]in|[Ss])\s*$"},
                {"type": "number", "exclusiveMinimum": 0, "maximum": 86_400},
            ],
            "examples": ["24h", "2min", "0.4s"],
        },
        mode="validation",
    ),
]
"""Seconds on a real clock. Written "24h", "2min" or "0.4s"."""

_NOT_IN_ADDRESS = r"@\s\x00-\x1f\x7f<>\",;:()\[\]\\"
EMAIL_PATTERN = rf"^[^{_NOT_IN_ADDRESS}]+@[^{_NOT_IN_ADDRESS}.]+(?:\.[^{_NOT_IN_ADDRESS}.]+)+$"
MAX_EMAIL = 254
"""Characters of an address (RFC 5321 leaves a path of 256 with its angle brackets)."""
EmailAddress = Annotated[str, Field(max_length=MAX_EMAIL, pattern=EMAIL_PATTERN)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{1,38})[a-z0-9]$")]


_UNSEEN = dict.fromkeys(
    (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
"""Control characters but tabs and line breaks, and those that turn the direction of a text over."""


def shown_as_it_reads(text: str) -> str:
    """A text without what is not seen and changes how the rest is seen.

    A name that turns the direction of writing over would turn over what we say behind it. Names in
    Arabic or Hebrew need no such characters: they bring their direction with them.
    """
    return text.translate(_UNSEEN)


_LOOKS_LIKE_AN_ADDRESS = re.compile(r"(?<=\w)[.@](?=\w\w)|(?<=:)/(?=/)")
_WORD_JOINER = "\u2060"


def no_address(name: str) -> str:
    """A name that no mail program makes a link of: “evil.example.com” is one to them, in any text.

    It looks the same; a sign of no width keeps its parts from being read as one address.
    """
    return _LOOKS_LIKE_AN_ADDRESS.sub(lambda found: found[0] + _WORD_JOINER, name)


def _one_line(value: str) -> str:
    """Names go into mail headers, where a line break would begin a header of its own."""
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise ValueError("this must be one line, without control characters.")
    if not value.strip():
        raise ValueError("this is empty.")
    return value.strip()


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]


def _read_date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    try:
        read = date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        read = None
    if read is None or not 2000 <= read.year < 2200:
        raise ValueError("there is no such date. Write it like 2027-01-11: year, month, day.")
    return read


CalendarDate = Annotated[date, BeforeValidator(_read_date)]


def _read_local_time(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    try:
        read = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        read = None
    if read is None or len(str(value).strip()) < len("2027-02-10 12:00"):
        raise ValueError("this is not a date with a time. Write it like 2027-02-10 12:00.")
    return read.replace(tzinfo=None, second=0, microsecond=0)


LocalTime = Annotated[
    datetime,
    BeforeValidator(_read_local_time),
    written_as(lambda moment: f"{moment:%Y-%m-%d %H:%M}"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?\s*$",
            "examples": ["2027-02-10 12:00"],
        },
        mode="validation",
    ),
]
"""A date and a time on the program's clock, without a zone. Written "2027-02-10 12:00"."""

_HOURS = re.compile(r"\s*(\d{1,3})\s*(?:h|hours?)\s*", re.IGNORECASE)


def _read_hours(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("this is not a number of hours. Write it like “48 hours”.")
    return int(match[1])


Hours = Annotated[
    int,
    BeforeValidator(_read_hours),
    written_as(lambda hours: count_as_text(hours, "hour")),
    Field(ge=1, le=720),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*\d{1,3}\s*([Hh]|[Hh]ours?)\s*$"},
                {"type": "integer", "minimum": 1, "maximum": 720},
            ],
            "examples": ["48 hours"],
        },
        mode="validation",
    ),
]
"""Hours, at most a month. Written "48 hours"."""


def _read_working_days(value: Any) -> Any:
    days = days_of_week(value) if isinstance(value, str) else value
    if not days:
        raise ValueError("these are not days of the week. Write them like “Mon-Fri”.")
    return days


WorkingDays = Annotated[
    tuple[int, ...],
    BeforeValidator(_read_working_days),
    written_as(days_as_text),
    Field(min_length=1, max_length=7),
    WithJsonSchema({"type": "string", "examples": ["Mon-Fri", "Sun-Thu"]}, mode="validation"),
]
"""Days of the week, Monday is 0. Written "Mon-Fri"."""


def _read_hours_of_day(value: Any) -> Any:
    return hours_of_day(value) if isinstance(value, str) else value


HoursOfDay = Annotated[
    tuple[int, int],
    BeforeValidator(_read_hours_of_day),
    written_as(hours_as_text),
    WithJsonSchema({"type": "string", "examples": ["08:00-18:00"]}, mode="validation"),
]
"""From and until, in minutes after midnight. Written "08:00-18:00"."""
