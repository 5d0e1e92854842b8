"""When a message goes out: by hours, by what the day has seen, and by when it comes too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from domain.posting import (
    GIVE_UP_AFTER,
    MOST_A_DAY,
    Day,
    goes_out_at,
    is_given_up,
    outlives_its_pair,
    try_again_after,
    urgent_goes_out_at,
)
from domain.reach import OpenHours

MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = OpenHours(
    base=MIDNIGHT,
    minute=60,
    spans=tuple(60 * hour for day in range(5) for hour in (24 * day + 8, 24 * day + 18)),
)
"""From 8 to 18, five days long."""

TOMORROW = MIDNIGHT + timedelta(days=1)
EMPTY = Day(ends=TOMORROW, mails=0)
FULL = Day(ends=TOMORROW, mails=MOST_A_DAY)


def at(hour: float) -> datetime:
    return MIDNIGHT + hour * HOUR


@pytest.mark.parametrize(
    ("now", "day", "goes"),
    [
        (10, EMPTY, 10),
        (8, EMPTY, 8),
        (7, EMPTY, 8),
        (18, EMPTY, 32),
        (10, FULL, 32),
        (20, FULL, 32),
        (10, Day(ends=TOMORROW, mails=9, most=None), 10),
    ],
)
def test_a_message_waits_for_open_hours_and_for_a_day_with_room(
    now: float, day: Day, goes: float
) -> None:
    assert goes_out_at(at(now), HOURS, day) == at(goes)


@pytest.mark.parametrize("day", [EMPTY, FULL])
def test_what_would_come_too_late_by_waiting_goes_at_once(day: Day) -> None:
    assert goes_out_at(at(20), HOURS, day, useful_until=at(31)) == at(20)
    assert goes_out_at(at(20), HOURS, day, useful_until=at(32)) == at(20)
    assert goes_out_at(at(20), HOURS, day, useful_until=at(33)) == at(32)


def test_what_is_urgent_waits_for_no_hour_but_for_who_is_away() -> None:
    assert urgent_goes_out_at(at(23), HOURS, None) == at(23)
    assert urgent_goes_out_at(at(23), HOURS, away_until=at(22)) == at(23)
    assert urgent_goes_out_at(at(23), HOURS, away_until=at(48)) == at(56)
    assert urgent_goes_out_at(at(23), HOURS, at(48), useful_until=at(57)) == at(56)
    assert urgent_goes_out_at(at(23), HOURS, at(48), useful_until=at(50)) == at(23)


def test_a_server_that_puts_off_is_asked_at_growing_intervals_and_then_given_up() -> None:
    first = now = at(10)
    asked = []
    while not is_given_up(first, now, 86_400):
        asked.append(now)
        now += try_again_after(len(asked), 86_400)
    waits = [after - before for before, after in pairwise(asked)]
    assert waits[:3] == [HOUR / 4, HOUR / 2, HOUR]
    assert max(waits) == timedelta(hours=12)
    assert waits == sorted(waits)
    assert now - first >= timedelta(days=GIVE_UP_AFTER)


def test_waits_are_program_time() -> None:
    assert try_again_after(3, 0.4) == HOUR * (0.4 / 86_400)
    assert is_given_up(at(0), at(0) + timedelta(seconds=1.2), 0.4)
    assert try_again_after(10_000, 86_400) == timedelta(hours=12)


def test_farewells_and_news_of_a_pause_outlive_a_pair() -> None:
    assert outlives_its_pair("farewell_completed")
    assert outlives_its_pair("partner_away")
    assert not outlives_its_pair("session_due")
