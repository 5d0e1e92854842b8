"""The next run of a program is like the last, but for what was about that one alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from domain.definition import Definition
from domain.group_sessions import Move
from domain.next_run import next_run, run_on
from tests.domain.definitions import definition_with

TODAY = date(2027, 8, 2)


def earlier(**program: str) -> Definition:
    """A run from January 2027 on, with a workshop in its second month."""
    plan = definition_with(matching={"rules": [], "fixed": [["1", "2"]]}).model_dump()
    plan["program"] |= program
    plan["calendar"]["timezone"] = "Europe/London"
    plan["group_sessions"] = [
        {"id": "talk", "title": "Talk", "whom": "both", "dates": ["2027-03-17 12:30"]}
    ]
    return Definition.model_validate(plan)


def test_it_starts_a_year_later_on_the_same_day_of_the_week_with_its_group_sessions() -> None:
    plan = next_run(earlier(), "next", TODAY)
    assert plan.program.starts == date(2028, 1, 10)
    assert plan.program.starts.weekday() == earlier().program.starts.weekday()
    assert plan.group_sessions[0].dates == (datetime(2028, 3, 15, 12, 30),)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("today", "starts"),
    [
        (date(2027, 12, 20), date(2028, 1, 10)),
        (date(2027, 12, 21), date(2029, 1, 8)),
        (date(2030, 6, 1), date(2031, 1, 6)),
    ],
)
def test_three_weeks_are_left_to_prepare_it(today: date, starts: date) -> None:
    assert next_run(earlier(), "next", today).program.starts == starts


def test_the_first_run_names_the_scheme_and_the_others_keep_it() -> None:
    second = next_run(earlier(), "second", TODAY)
    assert (second.program.id, second.program.scheme) == ("second", "example")
    assert next_run(second, "third", TODAY).program.scheme == "example"
    assert next_run(earlier(scheme="leaders"), "second", TODAY).program.scheme == "leaders"


def test_everything_else_is_as_it_was_but_for_pairs_of_people() -> None:
    plan = next_run(earlier(), "next", TODAY)
    assert plan.program.title == "Example"
    assert next_run(earlier(), "next", TODAY, "Another").program.title == "Another"
    assert plan.matching.fixed == ()
    same = {"coordinator", "sponsor", "people", "stages", "sessions", "ladder", "success"}
    assert plan.model_dump(include=same) == earlier().model_dump(include=same)


def test_a_late_start_moved_the_group_sessions_and_a_break_did_not() -> None:
    postponed = earlier(starts="2027-01-25")  # two weeks after the first plan
    moves = [
        Move(at=datetime(2027, 1, 4, tzinfo=UTC), days=14),
        Move(at=datetime(2027, 3, 1, tzinfo=UTC), days=30),
    ]
    plan = next_run(postponed, "next", TODAY, moves=moves)
    assert plan.program.starts == date(2028, 1, 24)
    assert plan.group_sessions[0].dates == (datetime(2028, 3, 29, 12, 30),)  # noqa: DTZ001


def test_a_run_on_a_day_has_its_group_sessions_on_the_same_days_of_the_week() -> None:
    plan = run_on(earlier(), "leaders-2028", "leaders", date(2028, 1, 17))
    assert plan.program.starts == date(2028, 1, 17)
    assert plan.group_sessions[0].dates == (datetime(2028, 3, 22, 12, 30),)  # noqa: DTZ001
    assert datetime(2028, 3, 22, 12, 30).weekday() == datetime(2027, 3, 17).weekday()  # noqa: DTZ001
    assert (plan.program.id, plan.program.scheme) == ("leaders-2028", "leaders")
    assert plan.matching.fixed == ()
    assert Definition.model_validate(plan.model_dump(mode="json")) == plan


def test_no_group_session_comes_before_the_start() -> None:
    plan = earlier(starts="2027-03-17")  # the day of the talk
    moved = run_on(plan, "leaders-2028", "leaders", date(2028, 3, 17))  # a Friday
    assert moved.group_sessions[0].dates == (datetime(2028, 3, 22, 12, 30),)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("title", "then"),
    [
        ("Leaders 2027", "Leaders 2028"),
        ("Leaders", "Leaders"),
        ("Leaders 2027/28", "Leaders 2027/28"),
        ("Room 20270", "Room 20270"),
    ],
)
def test_a_title_that_names_the_year_names_that_of_the_run(title: str, then: str) -> None:
    plan = run_on(earlier(title=title), "leaders-2028", "leaders", date(2028, 1, 17))
    assert plan.program.title == then
