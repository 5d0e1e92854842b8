"""What is found in open hours, whatever they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.reach import BEFORE_CLOSING, OpenHours, PairHours, next_common

MONDAY = datetime(2027, 1, 11, tzinfo=UTC)
DAY = 24 * 60

WEEKS = OpenHours(
    base=MONDAY,
    minute=60,
    spans=tuple(
        minute
        for week in range(3)
        for day in range(5)
        for minute in ((week * 7 + day) * DAY + 480, (week * 7 + day) * DAY + 1080)
    ),
    opens=480,
)
"""Three weeks of Monday to Friday, 8 to 18."""


moments = st.integers(0, 10**14).map(lambda given: MONDAY + timedelta(microseconds=given))


@st.composite
def hours(draw: st.DrawFn) -> OpenHours:
    """Open hours of any kind, in days as long as real ones or as short as a demonstration's."""
    steps = draw(st.lists(st.integers(0, 3 * DAY), max_size=40))
    place = draw(st.integers(-DAY, DAY))
    ends = []
    for number, step in enumerate(steps[: len(steps) // 2 * 2]):
        place += max(step, number % 2)  # a span has some length
        ends.append(place)
    return OpenHours(
        base=draw(moments),
        minute=draw(st.sampled_from([60.0, 0.4 / DAY, 1 / DAY, 2.5])),
        spans=tuple(ends),
        opens=draw(st.integers(0, DAY)),
    )


@st.composite
def hours_and_moment(draw: st.DrawFn) -> tuple[OpenHours, datetime]:
    """Open hours, and an instant near them; often right where a span begins or ends."""
    found = draw(hours())
    minutes = draw(st.sampled_from(found.spans) if found.spans else st.just(0))
    near = found.base + timedelta(seconds=minutes * found.minute)
    shift = draw(st.one_of(st.integers(-1, 1).map(float), st.floats(-4e9, 4e9)))
    return found, near + timedelta(microseconds=round(shift * found.minute / 60))


def week(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the three weeks; day 0 is the first Monday."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


# --- Open or not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "then"),
    [
        (week(0, 7, 59), week(0, 8)),
        (week(0, 8), week(0, 8)),
        (week(0, 17, 59), week(0, 17, 59)),
        (week(0, 18), week(1, 8)),
        (week(4, 18), week(7, 8)),
        (week(-3, 12), week(0, 8)),
        (week(40, 3), week(40, 3)),
    ],
)
def test_what_comes_at_a_closed_hour_waits_until_it_opens(at: datetime, then: datetime) -> None:
    assert WEEKS.next_open(at) == then
    assert WEEKS.is_open(at) == (at == then)


@pytest.mark.parametrize(
    ("at", "before"),
    [
        (week(1, 12), week(1, 12)),
        (week(1, 7), week(0, 17)),
        (week(5, 12), week(4, 17)),
        (week(0, 7), week(0, 7)),
        (week(40, 3), week(40, 3)),
    ],
)
def test_what_must_come_before_goes_an_hour_before_the_last_day_ends(
    at: datetime, before: datetime
) -> None:
    assert WEEKS.last_open(at) == before


@given(hours_and_moment())
def test_the_next_open_instant_is_open_and_never_earlier(asked: tuple[OpenHours, datetime]) -> None:
    known, at = asked
    then = known.next_open(at)
    assert then >= at
    assert known.is_open(then)
    assert known.next_open(then) == then


@given(hours_and_moment())
def test_the_last_open_instant_is_never_later(asked: tuple[OpenHours, datetime]) -> None:
    known, at = asked
    before = known.last_open(at)
    assert before <= at
    assert before == at or (known.is_open(before) and not known.is_open(at))


@given(hours_and_moment())
def test_every_instant_of_a_span_is_open_and_none_between_spans(
    asked: tuple[OpenHours, datetime],
) -> None:
    known, at = asked
    assume(known.spans and at < known.known_until)

    def instant(minutes: int) -> datetime:
        return known.base + timedelta(seconds=minutes * known.minute)

    spans = zip(known.spans[::2], known.spans[1::2], strict=True)
    assert known.is_open(at) == any(instant(a) <= at < instant(b) for a, b in spans)


@given(moments)
def test_without_any_span_every_time_is_open(at: datetime) -> None:
    always = OpenHours(base=MONDAY, minute=60, spans=())
    assert always.is_open(at)
    assert always.last_open(at) == at


def test_a_day_that_ends_as_the_next_begins_leaves_no_gap() -> None:
    known = OpenHours(base=MONDAY, minute=60, spans=(0, DAY, DAY, 2 * DAY))
    midnight = MONDAY + timedelta(days=1)
    assert all(known.is_open(midnight + timedelta(minutes=near)) for near in (-1, 0, 1))
    assert known.after_working_days(MONDAY + timedelta(hours=5), 1) == midnight


def test_a_short_day_has_room_before_it_closes() -> None:
    known = OpenHours(base=MONDAY, minute=60, spans=(480, 480 + BEFORE_CLOSING // 2))
    ahead = OpenHours(base=MONDAY, minute=60, spans=(*known.spans, 2000, 2100))
    assert ahead.last_open(week(0, 12)) == week(0, 8)


# --- Working days --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "days", "then"),
    [
        (week(4, 14), 5, week(11, 8)),
        (week(4, 14), 1, week(7, 8)),
        (week(4, 7), 1, week(7, 8)),
        (week(4, 0), 1, week(7, 8)),
        (week(3, 23, 59), 1, week(4, 8)),
        (week(4, 19), 1, week(7, 8)),
        (week(5, 12), 1, week(7, 8)),
        (week(5, 12), 5, week(11, 8)),
        (week(0, 9), 0, week(0, 9)),
        (week(5, 9), 0, week(7, 8)),
    ],
)
def test_working_days_are_counted_from_the_day_after(
    at: datetime, days: int, then: datetime
) -> None:
    assert WEEKS.after_working_days(at, days) == then


def test_beyond_what_is_known_five_working_days_take_a_week() -> None:
    friday = week(18, 14)
    assert WEEKS.after_working_days(friday, 5) == WEEKS.known_until + timedelta(days=7)
    assert WEEKS.after_working_days(week(17, 14), 6) == WEEKS.known_until + timedelta(days=7)
    assert WEEKS.after_working_days(week(40, 9), 5) == week(47, 9)
    assert OpenHours(base=MONDAY, minute=60, spans=()).after_working_days(friday, 10) == (
        friday + timedelta(days=14)
    )


def test_a_short_program_day_makes_short_working_days() -> None:
    quick = WEEKS.model_copy(update={"minute": 0.4 / DAY})
    after = quick.after_working_days(quick.known_until, 5) - quick.known_until
    assert after == timedelta(seconds=0.4 * 7)


@given(hours_and_moment(), st.integers(0, 30))
def test_more_working_days_take_longer(asked: tuple[OpenHours, datetime], days: int) -> None:
    known, at = asked
    then = known.after_working_days(at, days)
    assert at <= then <= known.after_working_days(at, days + 1)
    assert days == 0 or known.is_open(then)


# --- Of several ----------------------------------------------------------------------------------


@given(hours_and_moment(), hours())
def test_an_instant_that_suits_all_is_open_to_all(
    asked: tuple[OpenHours, datetime], other: OpenHours
) -> None:
    one, at = asked
    within = timedelta(days=60)
    common = next_common((one, other), at, within)
    if common is None:
        assert one.next_open(at) > at or other.next_open(at) > at
    else:
        assert at <= common <= at + within
        assert one.is_open(common)
        assert other.is_open(common)


def test_who_is_never_open_together_is_told_so() -> None:
    nights = OpenHours(base=MONDAY, minute=60, spans=(1200, 1400, 2640, 2840))
    days = OpenHours(base=MONDAY, minute=60, spans=(480, 1080, 1920, 2520, 3360, 3960))
    assert next_common((nights, days), MONDAY, timedelta(days=1)) is None
    assert next_common((nights, nights), MONDAY, timedelta(days=1)) == week(0, 20)


def test_what_is_known_of_a_pair_ends_with_what_is_known_of_one() -> None:
    short = WEEKS.model_copy(update={"spans": WEEKS.spans[:10]})
    pair = PairHours(mentor=WEEKS, mentee=short, program=WEEKS)
    assert pair.known_until == week(4, 18)
    assert pair.of(None) is pair.program
