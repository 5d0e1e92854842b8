"""Spans and dates as HR types them behind an option, and days as HR reads them."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from console.terminal import BAD_INPUT, fail
from domain.written import CalendarDate, Days


def days(option: str, text: str) -> int:
    """A span like “2 weeks”, as in a definition, in days."""
    return int(_read(option, Days, text))


def read_days(text: str) -> int:
    """The same for who has more to check. Raises ValueError with what is wrong."""
    return int(_validated(Days, text))


def a_date(option: str, text: str) -> date:
    """A date like 2027-01-11."""
    read = _read(option, CalendarDate, text)
    assert isinstance(read, date)  # noqa: S101 - what the type gives
    return read


def day_in_words(day: date) -> str:
    """A day like “Monday 11 January 2027”."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def _read(option: str, kind: Any, text: str) -> Any:
    try:
        return _validated(kind, text)
    except ValueError as wrong:
        fail(f"{option} {text}: {wrong}", BAD_INPUT)


def _validated(kind: Any, text: str) -> Any:
    try:
        return TypeAdapter(kind).validate_python(text)
    except ValidationError as wrong:
        said = wrong.errors()[0]["msg"].removeprefix("Value error, ")
        raise ValueError(said) from None
