"""Which day HR means when they make a program later."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.calendar import calendar_of, epoch_for
from domain.definition import Definition
from domain.postponing import NewDate, new_date
from tests.domain.definitions import definition_with


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def asked(now: str, *, timezone: str = "Europe/London", **how: Any) -> NewDate:
    """A program that starts on Monday 11 January 2027 is postponed."""
    plain = definition_with().model_dump(mode="json")
    definition = Definition.model_validate({**plain, "calendar": {"timezone": timezone}})
    calendar = calendar_of(definition, epoch_for(definition, at("2026-12-01 09:00")))
    return new_date(definition, calendar, at(now), **{"begun": True, **how})


def test_before_it_starts_it_starts_so_much_later() -> None:
    found = asked("2026-12-20 15:00", begun=False, by=14)
    assert (found.day, found.days) == (date(2027, 1, 25), 14)
    assert found.until == at("2027-01-25 09:00")


def test_or_on_the_day_that_is_named() -> None:
    found = asked("2026-12-20 15:00", begun=False, to=date(2027, 6, 14))
    assert (found.days, found.until) == (154, at("2027-06-14 08:00"))  # summer time


def test_once_it_runs_it_goes_on_in_the_morning_of_the_day() -> None:
    found = asked("2027-03-01 15:00", by=14)
    assert (found.day, found.days, found.until) == (date(2027, 3, 15), 14, at("2027-03-15 09:00"))


def test_today_is_the_day_where_the_program_is_at_home() -> None:
    found = asked("2027-03-01 20:00", timezone="Asia/Tokyo", by=1)
    assert found.day == date(2027, 3, 3)


def test_a_further_postponement_counts_from_the_day_until_which_it_is_paused() -> None:
    found = asked("2027-03-01 15:00", paused_until=at("2027-03-15 09:00"), by=7)
    assert (found.day, found.days) == (date(2027, 3, 22), 7)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            {"begun": False, "to": date(2027, 1, 11)},
            "Choose a day after 2027-03-01: the program starts on 2027-01-11.",
        ),
        ({"to": date(2027, 3, 1)}, "Choose a day after today, 2027-03-01."),
        ({"by": 0}, "Choose a day after today, 2027-03-01."),
        (
            {"paused_until": at("2027-03-15 09:00"), "to": date(2027, 3, 10)},
            "Choose a day after 2027-03-15: the program is paused until then already.",
        ),
        (
            {"to": date(2037, 3, 10)},
            "2037-03-10 is more than three years later. Please check the year.",
        ),
    ],
)
def test_a_day_that_is_not_later_is_refused_in_words(how: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        asked("2027-03-01 15:00", **how)
