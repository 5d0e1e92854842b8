"""Which day somebody can be away until, and when that day begins."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.absence import Unfit, back_on, unfit
from domain.calendar import ProgramCalendar

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
REAL = ProgramCalendar(epoch=START, first=START, day_seconds=86_400)
SHORT = ProgramCalendar(epoch=START, first=START, day_seconds=60)
TOKYO = ZoneInfo("Asia/Tokyo")


def test_somebody_is_back_when_the_day_begins_where_they_live() -> None:
    assert back_on(REAL, date(2026, 3, 16), TOKYO) == datetime(2026, 3, 15, 15, tzinfo=UTC)


def test_in_a_demonstration_the_day_is_the_programs() -> None:
    back = back_on(SHORT, date(2026, 3, 12), ZoneInfo("UTC"))
    assert (back - START).total_seconds() == pytest.approx((10 - 9 / 24) * 60)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 3, 1), Unfit.PAST),
        (date(2026, 3, 2), Unfit.PAST),
        (date(2026, 3, 3), None),
        (date(2027, 3, 3), None),
        (date(2027, 3, 4), Unfit.FAR),
    ],
)
def test_a_day_must_lie_ahead_and_within_a_year(day: date, why: Unfit | None) -> None:
    assert unfit(REAL, day, TOKYO, START) is why
