"""Working hours that two people share, across time zones and seasons."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.hours import (
    Shared,
    WorkingTime,
    shared_days,
    shared_minutes,
    shared_time,
    working_time_of,
)
from domain.people import Person

JANUARY = date(2027, 1, 11)
WEEK = 7 * 24 * 60


def working(timezone: str = "Europe/London", **values: Any) -> WorkingTime:
    person = Person(
        reference="1", name="Example", email="e@example.com", roles=(), timezone=timezone, **values
    )
    return working_time_of(person, "UTC")


def test_who_gives_nothing_works_from_nine_to_five_on_weekdays() -> None:
    assert working() == WorkingTime("Europe/London", 540, 480, (0, 1, 2, 3, 4))


def test_who_has_no_zone_has_the_programs() -> None:
    person = Person(reference="1", name="Example", email="e@example.com", roles=())
    assert working_time_of(person, "Asia/Tokyo").timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (working(), working(), Shared(480, 5)),
        (working(), working("America/New_York"), Shared(180, 5)),
        (working(), working("Asia/Tokyo"), Shared(0, 0)),
        (working(), working(working_days=(5, 6)), Shared(0, 0)),
        (working(), working(working_days=(3, 4, 5)), Shared(480, 2)),
        (working(), working(working_hours=(900, 1200)), Shared(120, 5)),
        # Over midnight: Sunday's shift reaches into Monday morning.
        (
            working(working_hours=(1320, 360), working_days=(6,)),
            working(working_hours=(300, 720), working_days=(0,)),
            Shared(60, 1),
        ),
        # Monday morning in Auckland is Sunday in Honolulu.
        (
            working("Pacific/Auckland", working_days=(0,)),
            working("Pacific/Honolulu", working_days=(6,)),
            Shared(360, 1),
        ),
        (working("Pacific/Auckland"), working("Pacific/Honolulu"), Shared(360, 4)),
    ],
)
def test_two_people_share(one: WorkingTime, other: WorkingTime, shared: Shared) -> None:
    assert shared_time(one, other, JANUARY) == shared


def test_the_season_that_gives_less_counts() -> None:
    """Arizona keeps its clocks as they are: an hour less is left to London in summer."""
    london, arizona = working(working_hours=(540, 1080)), working("America/Phoenix")
    assert shared_time(london, arizona, JANUARY) == Shared(60, 5)
    assert shared_time(london, arizona, date(2027, 7, 12)) == Shared(60, 5)
    assert shared_time(london, working("Africa/Abidjan"), JANUARY) == Shared(480, 5)


def test_days_are_counted_from_so_many_hours_on() -> None:
    part_time = working(working_hours=(540, 720))
    assert shared_days([working()], [part_time], JANUARY, 3).tolist() == [[5]]
    assert shared_days([working()], [part_time], JANUARY, 3.01).tolist() == [[0]]


working_times = st.builds(
    WorkingTime,
    timezone=st.sampled_from(
        [
            "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
            "Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Auckland", "America/St_Johns",
        ]
    ),
    start=st.integers(0, 95).map(lambda quarter: quarter * 15),
    length=st.integers(1, 96).map(lambda quarter: quarter * 15),
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
)  # fmt: skip


def overlaps(one: WorkingTime, other: WorkingTime, on: date) -> list[int]:
    """Minutes that each two windows have in common, a quarter of an hour at a time."""

    def windows(working_time: WorkingTime) -> list[set[int]]:
        noon = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        offset = noon.astimezone(ZoneInfo(working_time.timezone)).utcoffset() or timedelta()
        monday = working_time.start - int(offset.total_seconds()) // 60
        return [
            {(monday + day * 1440 + at) % WEEK for at in range(0, working_time.length, 15)}
            for day in working_time.days
        ]

    return [15 * len(a & b) for a in windows(one) for b in windows(other)]


@given(
    st.lists(working_times, min_size=1, max_size=3),
    st.lists(working_times, min_size=1, max_size=3),
    st.dates(date(2026, 1, 1), date(2029, 1, 1)),
    st.integers(1, 40),
)
def test_a_wheel_of_quarter_hours_says_the_same(
    ones: list[WorkingTime], others: list[WorkingTime], first_day: date, quarters: int
) -> None:
    dates = (first_day, first_day + timedelta(weeks=26))
    minutes = shared_minutes(ones, others, first_day)
    days = shared_days(ones, others, first_day, quarters / 4)
    for row, one in enumerate(ones):
        for column, other in enumerate(others):
            found = [overlaps(one, other, on) for on in dates]
            assert minutes[row, column] == min(max(pairs) for pairs in found)
            assert days[row, column] == min(
                sum(shared >= quarters * 15 for shared in pairs) for pairs in found
            )
            both = shared_time(one, other, first_day)
            assert both.minutes == minutes[row, column]
            if both.minutes:
                often = shared_days([one], [other], first_day, both.minutes / 60)
                assert both.days == often[0, 0]
    assert np.array_equal(minutes.T, shared_minutes(others, ones, first_day))
    assert np.array_equal(days.T, shared_days(others, ones, first_day, quarters / 4))
