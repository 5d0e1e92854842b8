"""Working days and hours are read as people write them, and nothing else is taken for them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.working_time import DAY, LONGEST_NIGHT, days_of_week, hours_of_day


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon-Fri", (0, 1, 2, 3, 4)),
        ("Mon.–Fri.", (0, 1, 2, 3, 4)),
        ("Mon;Tue", (0, 1)),
        ("Monday to Thursday", (0, 1, 2, 3)),
        ("mon, wed and fri", (0, 2, 4)),
        ("TUES & THURS", (1, 3)),
        ("Mon Tue We", (0, 1, 2)),
        ("Tuesdays", (1,)),
        ("Sun-Thu", (0, 1, 2, 3, 6)),
        ("Fri until Mon", (0, 4, 5, 6)),
        ("Mon-Wed; Fri", (0, 1, 2, 4)),
        ("Weds / Mon / Wed", (0, 2)),
        ("weekdays", (0, 1, 2, 3, 4)),
        ("every day", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_days_are_read(text: str, days: tuple[int, ...]) -> None:
    assert days_of_week(text) == days


@pytest.mark.parametrize(
    "text", ["1-5", "M-F", "T", "Mon-", "-Fri", "Mon-Fri 9-17", "Mo-Do", "5", "sometimes", ";", ""]
)
def test_what_names_no_days_is_not_read(text: str) -> None:
    assert days_of_week(text) is None


def test_the_files_own_separator_stands_between_days() -> None:
    assert days_of_week("Mon|Wed", "|") == (0, 2)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("09:00-17:30", "9:00", "17:30"),
        ("9-17", "9:00", "17:00"),
        ("9.00 – 17.30", "9:00", "17:30"),
        ("0900-1730", "9:00", "17:30"),
        ("9h-17h30", "9:00", "17:30"),
        ("9am to 5pm", "9:00", "17:00"),
        ("8:30 a.m. - 12 p.m.", "8:30", "12:00"),
        ("12am-12pm", "0:00", "12:00"),
        ("09:00:00-17:30:00", "9:00", "17:30"),
        ("22:00-06:00", "22:00", "6:00"),
        ("16:00-00:00", "16:00", "24:00"),
        ("16-24", "16:00", "24:00"),
        ("0-24", "0:00", "24:00"),
    ],
)
def test_hours_are_read(text: str, start: str, end: str) -> None:
    def minutes(clock: str) -> int:
        hour, minute = clock.split(":")
        return int(hour) * 60 + int(minute)

    assert hours_of_day(text) == (minutes(start), minutes(end))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("9-5", "“9-5” would be 20 hours, over midnight."),
        ("8-8", "“8-8” ends when it begins."),
        ("24-8", "“24-8” can't be read as working hours."),
        ("9-25", "“9-25” can't be read as working hours."),
        ("9:75-17", "“9:75-17” can't be read as working hours."),
        ("13pm-14pm", "“13pm-14pm” can't be read as working hours."),
        ("0am-5am", "“0am-5am” can't be read as working hours."),
        ("09:00", "“09:00” can't be read as working hours."),
        ("flexible", "“flexible” can't be read as working hours."),
        ("9-12, 13-17", "“9-12, 13-17” can't be read as working hours."),
    ],
)
def test_what_names_no_hours_is_refused_with_the_reason(text: str, told: str) -> None:
    with pytest.raises(ValueError, match="“") as refused:
        hours_of_day(text)
    assert str(refused.value) == told


@given(start=st.integers(0, DAY - 1), end=st.integers(1, DAY))
def test_every_span_of_a_clock_is_read_back(start: int, end: int) -> None:
    text = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    if start == end or (start > end and DAY - start + end >= LONGEST_NIGHT):
        with pytest.raises(ValueError, match=r"ends|over midnight"):
            hours_of_day(text)
    else:
        assert hours_of_day(text) == (start, end)


@given(st.text(alphabet="0123456789:.-–hampto ;,&MonTueWedThuFriSat\u00a0", max_size=20))
def test_nonsense_is_read_within_bounds_or_refused(text: str) -> None:
    days = days_of_week(text)
    assert days is None or (days and list(days) == sorted(set(days) & set(range(7))))
    with suppress(ValueError):
        start, end = hours_of_day(text)
        assert 0 <= start < DAY
        assert 0 < end <= DAY
        assert start != end
