"""Recurring programs: what HR may write, and on which days which program is opened."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import islice

import pytest

from domain.definition import Definition
from domain.recurrence import (
    LONGEST_NAME,
    Opening,
    Rhythm,
    in_words,
    opened_for,
    opens_on,
    planned_days,
    read_rhythm,
    scheme_of,
    start_date,
    upcoming,
)
from tests.domain.definitions import definition_with

STARTS = date(2027, 1, 11)
JANUARY = Rhythm(months=(1,), day=15)


def plan(**program: str) -> Definition:
    """A definition whose day begins in Sydney, where it is tomorrow before it is elsewhere."""
    made = definition_with().model_dump()
    made["program"] |= program
    made["calendar"]["timezone"] = "Australia/Sydney"
    return Definition.model_validate(made)


@pytest.mark.parametrize(
    ("every", "months", "day"),
    [
        ("January", (1,), 11),
        ("every January", (1,), 11),
        ("jan", (1,), 11),
        ("15 January", (1,), 15),
        ("year on 15 January", (1,), 15),
        ("January 15th", (1,), 15),
        ("January and July", (1, 7), 11),
        ("Sept., Mar.", (3, 9), 11),
        ("year", (1,), 11),
        ("6 months", (1, 7), 11),
        ("3 months", (1, 4, 7, 10), 11),
        ("quarter", (1, 4, 7, 10), 11),
        ("month", tuple(range(1, 13)), 11),
    ],
)
def test_hr_writes_it_as_it_is_said(every: str, months: tuple[int, ...], day: int) -> None:
    rhythm = read_rhythm(every, STARTS, None, 14)
    assert (rhythm.months, rhythm.day, rhythm.notice) == (months, day, 14)


@pytest.mark.parametrize(
    ("every", "day", "notice", "said"),
    [
        ("Janury", None, 14, "“janury” is no month. Write it like “January”"),
        ("Ju", None, 14, "“ju” is no month."),
        ("", None, 14, "this says no months."),
        ("15", None, 14, "this says no months."),
        ("5 months", None, 14, "every year must be alike."),
        ("0 months", None, 14, "every year must be alike."),
        ("31 January", None, 14, "choose a day from 1 to 28"),
        ("January", 0, 14, "choose a day from 1 to 28"),
        ("15 January", 16, 14, "this says day 15, but --day says 16."),
        ("month", None, 28, "28 days of notice are too many: there are only 28"),
        ("December and January", None, 30, "30 days of notice are too many"),
    ],
)
def test_what_can_not_be_meant_is_said(every: str, day: int | None, notice: int, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as wrong:
        read_rhythm(every, STARTS, day, notice)
    assert said in str(wrong.value)


def test_a_start_at_the_end_of_a_month_recurs_on_its_28th() -> None:
    assert read_rhythm("year", date(2027, 1, 31), None, 14).day == 28


def test_a_rhythm_in_words() -> None:
    assert in_words(JANUARY) == "every year on 15 January"
    twice = Rhythm(months=(1, 7), day=1)
    assert in_words(twice) == "every year on 1 January and 1 July"
    assert in_words(Rhythm(months=(1, 4, 7), day=1)).endswith("1 January, 1 April and 1 July")
    assert in_words(Rhythm(months=tuple(range(1, 13)), day=3)) == "every month on day 3"


@pytest.mark.parametrize(
    ("program", "scheme"),
    [
        ({"id": "leaders-2027"}, "leaders"),
        ({"id": "leaders-2027-07"}, "leaders"),
        ({"id": "leaders"}, "leaders"),
        ({"id": "ab-2027"}, "ab-2027"),
        ({"id": "leaders-2027", "scheme": "digital-leaders"}, "digital-leaders"),
    ],
)
def test_a_scheme_is_named_by_the_definition_or_by_its_id(
    program: dict[str, str], scheme: str
) -> None:
    assert scheme_of(plan(**program)) == scheme


def test_the_longest_name_leaves_room_for_year_and_month() -> None:
    assert len(f"{'x' * LONGEST_NAME}-2027-07") == 40


def test_the_programs_to_come_have_their_year_in_their_id_and_start_on_working_days() -> None:
    now = datetime(2027, 1, 5, tzinfo=UTC)
    assert list(islice(upcoming("leaders", JANUARY, plan(), now), 2)) == [
        Opening(
            program="leaders-2028",
            planned=date(2028, 1, 15),
            opens=date(2028, 1, 1),
            starts=date(2028, 1, 17),  # the 15th is a Saturday
        ),
        Opening(
            program="leaders-2029",
            planned=date(2029, 1, 15),
            opens=date(2029, 1, 1),
            starts=date(2029, 1, 15),
        ),
    ]


def test_none_comes_before_the_start_date_of_the_definition() -> None:
    first = next(upcoming("leaders", JANUARY, plan(starts="2030-01-16"), datetime.now(UTC)))
    assert first.program == "leaders-2031"
    again = opened_for("leaders", JANUARY, plan(starts="2030-01-16"), datetime.now(UTC))
    assert again == first


def test_where_there_are_several_a_year_the_id_has_the_month() -> None:
    twice = Rhythm(months=(1, 7), day=15)
    now = datetime(2027, 1, 5, tzinfo=UTC)
    ids = [one.program for one in islice(upcoming("leaders", twice, plan(), now), 3)]
    assert ids == ["leaders-2027-07", "leaders-2028-01", "leaders-2028-07"]


def test_opened_by_hand_it_is_the_next_one_and_at_its_own_time_the_one_that_is_meant() -> None:
    def at(day: datetime) -> str:
        return opened_for("leaders", JANUARY, plan(), day).program

    assert at(datetime(2027, 8, 1, tzinfo=UTC)) == "leaders-2028"
    assert at(datetime(2027, 12, 31, 22, tzinfo=UTC)) == "leaders-2028"  # 09:00 in Sydney
    assert at(datetime(2028, 1, 14, tzinfo=UTC)) == "leaders-2028"
    assert at(datetime(2028, 1, 15, 14, tzinfo=UTC)) == "leaders-2029"  # the 16th in Sydney


@pytest.mark.parametrize("months", [(1,), (1, 7), (1, 12), tuple(range(1, 13))])
@pytest.mark.parametrize("day", [1, 15, 28])
@pytest.mark.parametrize("notice", [0, 14, 27])
def test_each_opening_finds_its_own_program(months: tuple[int, ...], day: int, notice: int) -> None:
    """Over leap years too: on the day it opens, the next planned day is the one it is for."""
    rhythm = Rhythm(months=months, day=day, notice=notice)
    for planned in islice(planned_days(rhythm, date(2027, 1, 1)), 60):
        opens = opens_on(rhythm, planned)
        assert next(planned_days(rhythm, opens)) == planned
        assert notice <= (planned - opens).days <= notice + 1


@pytest.mark.parametrize(
    ("opened", "starts"),
    [
        (date(2028, 1, 1), date(2028, 1, 17)),  # in time
        (date(2028, 1, 9), date(2028, 1, 17)),  # late, with a week left
        (date(2028, 1, 14), date(2028, 1, 21)),  # later: HR has a week
        (date(2028, 3, 4), date(2028, 3, 13)),  # very late, and over a weekend
    ],
)
def test_what_is_opened_late_leaves_hr_a_week(opened: date, starts: date) -> None:
    assert start_date(JANUARY, plan(), date(2028, 1, 15), opened) == starts


def test_who_wants_no_notice_gets_none() -> None:
    at_once = Rhythm(months=(1,), day=15, notice=0)
    assert start_date(at_once, plan(), date(2029, 1, 15), date(2029, 1, 16)) == date(2029, 1, 16)
