"""Group sessions: when people are told and asked, what a postponement moves, who is on course."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.calendar import calendar_of, epoch_for
from domain.definition import Definition
from domain.group_sessions import (
    Move,
    NextGroupMails,
    PlannedGroupDate,
    attendance_of,
    dates_of,
    next_group_mails,
    planned_dates,
    read_occasion,
)
from domain.plan import plan_of
from tests.domain.definitions import definition_with

SUPERVISION: dict[str, Any] = {
    "id": "supervision",
    "title": "Mentor supervision",
    "whom": "mentor",
    "dates": ["2027-02-26 12:30", "2027-03-26 12:30", "2027-04-30 12:30"],
    "needed": 2,
}


def program(*groups: dict[str, Any], timezone: str = "Europe/London") -> Definition:
    """A program that starts on Monday 11 January 2027."""
    plain = definition_with().model_dump(mode="json")
    return Definition.model_validate(
        {**plain, "group_sessions": groups, "calendar": {"timezone": timezone}}
    )


def planned(*groups: dict[str, Any], moves: tuple[Move, ...] = ()) -> tuple[PlannedGroupDate, ...]:
    definition = program(*(groups or (SUPERVISION,)))
    epoch = epoch_for(definition, datetime(2027, 1, 1, tzinfo=UTC))
    return planned_dates(definition, calendar_of(definition, epoch), moves)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- When people are told and asked --------------------------------------------------------------


def test_people_are_invited_a_week_before_and_asked_on_the_next_working_day() -> None:
    first = planned()[0]  # a Friday
    assert first.invite_at == at("2027-02-19 09:00")
    assert first.starts_at == at("2027-02-26 12:30")
    assert first.ask_at == at("2027-03-01 09:00")  # the Monday


def test_a_date_keeps_its_time_of_day_when_clocks_change() -> None:
    march, april = planned()[1:]
    assert march.starts_at == at("2027-03-26 12:30")
    assert april.starts_at == at("2027-04-30 11:30")


def test_the_dates_of_all_group_sessions_come_in_their_order() -> None:
    workshop = {"id": "workshop", "title": "W", "whom": "both", "dates": ["2027-03-01 10:00"]}
    names = [one.name for one in planned(SUPERVISION, workshop)]
    assert names == ["supervision:1", "workshop:1", "supervision:2", "supervision:3"]


def test_short_days_shorten_the_way_to_a_date_too() -> None:
    definition = program(SUPERVISION).model_copy(
        update={"calendar": program().calendar.model_copy(update={"day": 60.0})}
    )
    begun = at("2026-12-01 10:00")
    first = plan_of(definition, epoch_for(definition, begun)).group_sessions[0]
    assert first.starts_at - begun == timedelta(minutes=46 + 3.5 / 24)


def test_a_program_without_group_sessions_plans_none() -> None:
    assert plan_of(definition_with(), at("2027-01-11 09:00")).group_sessions == ()


# --- What is next --------------------------------------------------------------------------------

BEGAN = at("2027-02-01 09:00")


def following(
    now: str, invited: str = "", asked: str = "", not_before: datetime = BEGAN
) -> NextGroupMails | None:
    return next_group_mails(planned(), invited.split(), asked.split(), at(now), not_before)


def names(dates: tuple[PlannedGroupDate, ...]) -> list[str]:
    return [one.name for one in dates]


def test_the_first_thing_is_the_invitation_to_the_first_date() -> None:
    found = following("2027-02-01 09:00")
    assert found is not None
    assert found.at == at("2027-02-19 09:00")
    assert names(found.invite) == ["supervision:1"]
    assert found.ask == ()


def test_who_begins_within_the_week_is_invited_at_once() -> None:
    found = following("2027-02-24 09:00", not_before=at("2027-02-24 09:00"))
    assert found is not None
    assert found.at == at("2027-02-24 09:00")
    assert names(found.invite) == ["supervision:1"]


def test_a_date_that_came_before_anybody_could_be_invited_is_let_go() -> None:
    found = following("2027-02-27 09:00", not_before=at("2027-02-27 09:00"))
    assert found is not None
    assert names(found.invite) == ["supervision:2"]
    assert found.at == at("2027-03-19 09:00")


def test_after_a_date_people_are_asked_before_the_next_one_is_announced() -> None:
    found = following("2027-02-26 18:00", invited="supervision:1")
    assert found is not None
    assert (names(found.ask), found.invite) == (["supervision:1"], ())
    assert found.at == at("2027-03-01 09:00")


def test_a_round_of_invitations_goes_to_newcomers_for_every_date_that_was_announced() -> None:
    workshop = {"id": "workshop", "title": "W", "whom": "both", "dates": ["2027-02-24 10:00"]}
    dates = planned(SUPERVISION, workshop)
    found = next_group_mails(dates, ["workshop:1"], [], at("2027-02-18 09:00"), BEGAN)
    assert found is not None
    assert names(found.invite) == ["supervision:1", "workshop:1"]


def test_nothing_is_left_once_everybody_was_asked_about_everything() -> None:
    every = "supervision:1 supervision:2 supervision:3"
    assert following("2027-05-10 09:00", invited=every, asked=every) is None
    assert following("2027-05-10 09:00") is None  # nobody was invited to any


# --- A postponement ------------------------------------------------------------------------------


def test_a_postponement_moves_the_dates_that_are_still_to_come_and_no_other() -> None:
    definition = program(SUPERVISION)
    moved = dates_of(
        definition, definition.group_sessions[0], [Move(at=at("2027-03-01 09:00"), days=14)]
    )
    assert moved == (at("2027-02-26 12:30"), at("2027-04-09 11:30"), at("2027-05-14 11:30"))


def test_two_postponements_add_up() -> None:
    moves = (Move(at=at("2027-03-01 09:00"), days=14), Move(at=at("2027-04-01 09:00"), days=7))
    assert [one.starts_at.date() for one in planned(moves=moves)] == [
        date(2027, 2, 26),
        date(2027, 4, 16),
        date(2027, 5, 21),
    ]


# --- Who is on course ----------------------------------------------------------------------------

DATES = (at("2027-02-26 12:30"), at("2027-03-26 12:30"), at("2027-04-30 12:30"))


@pytest.mark.parametrize(
    ("now", "said", "attended", "on_course", "enough"),
    [
        ("2027-02-20 09:00", {}, 0, True, False),
        ("2027-02-27 09:00", {1: True}, 1, True, False),
        ("2027-02-27 09:00", {1: False}, 0, True, False),
        ("2027-03-28 09:00", {1: False}, 0, True, False),  # has yet to say about the second
        ("2027-03-28 09:00", {1: False, 2: False}, 0, False, False),
        ("2027-04-20 09:00", {1: False}, 0, False, False),  # never said about the second
        ("2027-04-20 09:00", {1: True, 2: True}, 2, True, True),
        ("2027-06-01 09:00", {1: True}, 1, False, False),
    ],
)
def test_who_can_still_come_to_enough_is_on_course(
    now: str, said: dict[int, bool], attended: int, on_course: bool, enough: bool
) -> None:
    found = attendance_of(DATES, 2, (BEGAN, None), said, at(now))
    assert (found.attended, found.needed) == (attended, 2)
    assert (found.is_on_course, found.is_enough) == (on_course, enough)


def test_who_begins_late_needs_no_more_dates_than_are_left() -> None:
    found = attendance_of(DATES, 2, (at("2027-04-01 09:00"), None), {}, at("2027-04-02 09:00"))
    assert (found.needed, found.next) == (1, DATES[2])
    assert found.is_on_course


def test_who_came_to_an_end_early_needs_no_more_dates_than_there_were() -> None:
    ended = at("2027-03-01 09:00")
    found = attendance_of(DATES, 2, (BEGAN, ended), {1: True}, at("2027-03-02 09:00"))
    assert (found.needed, found.is_enough, found.next) == (1, True, None)


def test_dates_that_are_past_wait_to_be_told_about() -> None:
    assert attendance_of(DATES, 2, (BEGAN, None), {1: True}, at("2027-04-20 09:00")).untold == (2,)


def test_without_a_quota_everybody_has_come_to_enough() -> None:
    found = attendance_of(DATES, 0, (BEGAN, None), {}, at("2027-06-01 09:00"))
    assert found.is_enough
    assert found.next is None


# --- Names and slips -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("occasion", "read"),
    [
        ("supervision:2", ("supervision", 2)),
        ("supervision", None),
        ("supervision:x", None),
        (":1", None),
        ("", None),
    ],
)
def test_an_occasion_names_a_date(occasion: str, read: tuple[str, int] | None) -> None:
    assert read_occasion(occasion) == read


def test_dates_outside_the_program_and_names_used_twice_are_told() -> None:
    late = {**SUPERVISION, "dates": ["2027-01-08 10:00", "2027-09-30 10:00"]}
    told = program(SUPERVISION, late).contradictions()
    found = [one for one in told if one[0][0] == "group_sessions"]
    assert found == [
        (("group_sessions", 1, "id"), "there are two called “supervision”."),
        (
            ("group_sessions", 1, "dates", 0),
            "2027-01-08 is before the program starts (2027-01-11).",
        ),
        (
            ("group_sessions", 1, "dates", 1),
            "2027-09-30 is after the program has ended (2027-07-12).",
        ),
    ]
