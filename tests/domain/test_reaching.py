"""When messages may reach people: days, holidays, hours and zones, as a calendar would show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import calendar_of, epoch_for
from domain.definition import CalendarSection, Definition
from domain.people import Person, Role
from domain.reach import OpenHours
from domain.reaching import KNOWN_AFTER_LEAVE, open_hours_of, public_holidays, window_of
from tests.domain.definitions import definition_with
from tests.domain.examples import examples

START = datetime(2027, 1, 1, tzinfo=UTC)
LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")


def definition(**calendar: Any) -> Definition:
    section = CalendarSection.model_validate({"timezone": "Europe/London", **calendar})
    return definition_with().model_copy(update={"calendar": section})


def somebody(**known: Any) -> Person:
    return Person(
        reference="1", name="Some Body", email="s@example.com", roles=(Role.MENTOR,), **known
    )


def hours_of(
    person: Person | None,
    since: datetime,
    days: int = 30,
    away_until: datetime | None = None,
    **calendar: Any,
) -> OpenHours:
    plan = definition(**calendar)
    program = calendar_of(plan, epoch_for(plan, since))
    return open_hours_of(plan, program, person, away_until, since, days)


def days_of(
    hours: OpenHours, zone: ZoneInfo, count: int, since: datetime | None = None
) -> list[str]:
    """The first days as a person's calendar has them: “Mon 27 08:00-18:00”."""

    def local(minutes: int) -> datetime:
        return (hours.base + timedelta(minutes=minutes)).astimezone(zone)

    spans = zip(hours.spans[::2], hours.spans[1::2], strict=True)
    ahead = [(local(a), local(b)) for a, b in spans if since is None or local(b) > since]
    return [f"{opens:%a %d %H:%M}-{closes:%H:%M}" for opens, closes in ahead[:count]]


@pytest.mark.parametrize(
    ("person", "since", "calendar", "zone", "days"),
    [
        pytest.param(
            None,
            datetime(2027, 1, 15, 17, tzinfo=UTC),
            {},
            LONDON,
            ["Fri 15 08:00-18:00", "Mon 18 08:00-18:00", "Tue 19 08:00-18:00"],
            id="a weekend",
        ),
        pytest.param(
            None,
            datetime(2027, 12, 24, 9, tzinfo=UTC),
            {"holidays": "GB"},
            LONDON,
            ["Fri 24 08:00-18:00", "Wed 29 08:00-18:00", "Thu 30 08:00-18:00"],
            id="days in place of Christmas and Boxing Day, which fall on a weekend",
        ),
        pytest.param(
            None,
            datetime(2027, 12, 31, 9, tzinfo=UTC),
            {"holidays": "GB-SCT"},
            LONDON,
            ["Fri 31 08:00-18:00", "Wed 05 08:00-18:00"],
            id="holidays of the year after, and those of one part of a country",
        ),
        pytest.param(
            somebody(country="US", timezone="America/New_York"),
            datetime(2027, 12, 24, 9, tzinfo=UTC),
            {"holidays": "GB"},
            NEW_YORK,
            ["Mon 27 08:00-18:00", "Tue 28 08:00-18:00", "Wed 29 08:00-18:00"],
            id="a person's own country and time zone in place of the program's",
        ),
        pytest.param(
            somebody(working_days=(6, 0, 1, 2, 3)),
            datetime(2027, 1, 14, 9, tzinfo=UTC),
            {},
            LONDON,
            ["Thu 14 08:00-18:00", "Sun 17 08:00-18:00", "Mon 18 08:00-18:00"],
            id="a week from Sunday to Thursday",
        ),
        pytest.param(
            somebody(working_hours=(10 * 60, 20 * 60)),
            datetime(2027, 1, 11, 9, tzinfo=UTC),
            {},
            LONDON,
            ["Mon 11 10:00-18:00", "Tue 12 10:00-18:00"],
            id="working hours narrow the mail hours",
        ),
        pytest.param(
            somebody(working_hours=(22 * 60, 6 * 60)),
            datetime(2027, 1, 15, 3, tzinfo=UTC),
            {},
            LONDON,
            ["Thu 14 22:00-06:00", "Fri 15 22:00-06:00", "Mon 18 22:00-06:00"],
            id="a night shift gets mail at work",
        ),
        pytest.param(
            None,
            datetime(2027, 3, 26, 9, tzinfo=UTC),
            {},
            LONDON,
            ["Fri 26 08:00-18:00", "Mon 29 08:00-18:00"],
            id="clocks go forward in London",
        ),
        pytest.param(
            somebody(timezone="America/New_York"),
            datetime(2027, 11, 5, 9, tzinfo=UTC),
            {},
            NEW_YORK,
            ["Fri 05 08:00-18:00", "Mon 08 08:00-18:00"],
            id="clocks go back in New York",
        ),
        pytest.param(
            somebody(timezone="Pacific/Kiritimati"),
            datetime(2027, 1, 11, 20, tzinfo=UTC),
            {},
            ZoneInfo("Pacific/Kiritimati"),
            ["Tue 12 08:00-18:00", "Wed 13 08:00-18:00"],
            id="a day ahead of the program's",
        ),
        pytest.param(
            None,
            datetime(2027, 1, 11, 20, tzinfo=UTC),
            {"mail_hours": (0, 24 * 60), "working_days": (0, 1)},
            LONDON,
            ["Mon 11 00:00-00:00", "Tue 12 00:00-00:00", "Mon 18 00:00-00:00"],
            id="the whole day",
        ),
    ],
)
def test_days_and_hours_are_those_of_the_person(
    person: Person | None,
    since: datetime,
    calendar: dict[str, Any],
    zone: ZoneInfo,
    days: list[str],
) -> None:
    known = hours_of(person, since, **calendar)
    assert days_of(known, zone, len(days), since) == days


def test_clocks_that_change_move_the_hours_in_utc() -> None:
    spring = hours_of(None, datetime(2027, 3, 26, 9, tzinfo=UTC))
    assert spring.next_open(datetime(2027, 3, 26, 19, tzinfo=UTC)) == (
        datetime(2027, 3, 29, 7, tzinfo=UTC)
    )
    autumn = hours_of(somebody(timezone="America/New_York"), datetime(2027, 11, 5, 9, tzinfo=UTC))
    assert autumn.is_open(datetime(2027, 11, 5, 12, tzinfo=UTC))
    assert autumn.next_open(datetime(2027, 11, 6, 12, tzinfo=UTC)) == (
        datetime(2027, 11, 8, 13, tzinfo=UTC)
    )


def test_an_hour_that_a_clock_skips_or_shows_twice_is_no_harm() -> None:
    nights = (1 * 60, 2 * 60)
    every_day = tuple(range(7))
    for since in (datetime(2027, 3, 26, tzinfo=UTC), datetime(2027, 10, 29, tzinfo=UTC)):
        known = hours_of(None, since, mail_hours=nights, working_days=every_day)
        assert list(known.spans) == sorted(set(known.spans))
        assert days_of(known, LONDON, 2) == [
            f"{since:%a %d} 01:00-02:00",
            f"{since + timedelta(days=1):%a %d} 01:00-02:00",
        ]


# --- Leave ---------------------------------------------------------------------------------------


def test_nothing_is_open_before_somebody_is_back() -> None:
    since = datetime(2027, 1, 11, 9, tzinfo=UTC)
    back = datetime(2027, 1, 26, 12, 0, 30, tzinfo=UTC)
    known = hours_of(somebody(), since, away_until=back)
    assert known.base == datetime(2027, 1, 11, tzinfo=UTC)
    assert known.next_open(since) == datetime(2027, 1, 26, 12, 1, tzinfo=UTC)
    assert days_of(known, LONDON, 2) == ["Tue 26 12:01-18:00", "Wed 27 08:00-18:00"]
    assert known.after_working_days(since, 2) == datetime(2027, 1, 27, 8, tzinfo=UTC)


def test_who_is_back_at_a_closed_hour_is_written_to_when_it_opens() -> None:
    since = datetime(2027, 1, 11, 9, tzinfo=UTC)
    known = hours_of(somebody(), since, away_until=datetime(2027, 1, 23, tzinfo=UTC))
    assert known.next_open(since) == datetime(2027, 1, 25, 8, tzinfo=UTC)


def test_a_leave_that_outlasts_what_was_asked_is_known_to_its_end() -> None:
    since = datetime(2027, 1, 11, 9, tzinfo=UTC)
    back = datetime(2028, 1, 11, 9, tzinfo=UTC)
    known = hours_of(somebody(), since, days=30, away_until=back)
    assert known.next_open(since) == back
    assert known.known_until > back + timedelta(days=KNOWN_AFTER_LEAVE - 4)
    assert len(known.spans) < 2 * KNOWN_AFTER_LEAVE


def test_a_leave_that_is_over_changes_nothing() -> None:
    since = datetime(2027, 1, 13, 9, tzinfo=UTC)
    over = since - timedelta(hours=1)
    assert hours_of(somebody(), since, away_until=over) == hours_of(somebody(), since)


# --- Short days ----------------------------------------------------------------------------------


def test_a_demonstration_keeps_the_same_days_in_short() -> None:
    since = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
    plan = definition(day=0.4)
    program = calendar_of(plan, epoch_for(plan, since))
    known = open_hours_of(plan, program, None, None, since, 30)
    # It begins as it is Monday, 11 January 2027, 9:00 in the program.
    assert known.is_open(since)
    saturday = program.to_instant(datetime(2027, 1, 16, 12, tzinfo=UTC))
    monday = program.to_program(known.next_open(saturday))
    assert abs(monday - datetime(2027, 1, 18, 8, tzinfo=UTC)) < timedelta(seconds=1)
    assert known.known_until - since < timedelta(seconds=0.4 * 31)


# --- Hours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mail", "own", "window"),
    [
        ((480, 1080), None, (480, 1080)),
        ((480, 1080), (540, 1050), (540, 1050)),
        ((480, 1080), (1050, 1440), (1050, 1440)),
        ((480, 1080), (1020, 1440), (1020, 1080)),
        ((480, 1080), (1320, 360), (1320, 1800)),
        ((480, 1080), (1320, 600), (1920, 2040)),
        ((1200, 240), None, (1200, 1680)),
        ((1200, 240), (0, 480), (0, 240)),
        ((540, 570), (480, 1020), (540, 570)),
    ],
)
def test_mails_come_in_working_hours_that_are_mail_hours(
    mail: tuple[int, int], own: tuple[int, int] | None, window: tuple[int, int]
) -> None:
    assert window_of(mail, own) == window


# --- Holidays ------------------------------------------------------------------------------------


def test_holidays_are_those_of_a_part_of_a_country_where_it_is_named() -> None:
    easter_monday = date(2027, 3, 29)
    assert easter_monday in public_holidays("GB-ENG", 2027)
    assert easter_monday not in public_holidays("GB-SCT", 2027)


def test_a_place_that_is_not_known_any_more_has_no_holidays_of_its_own() -> None:
    assert public_holidays("GB-XXX", 2027) == public_holidays("GB", 2027)
    assert public_holidays("XX", 2027) == frozenset()


# --- Whatever the calendar -----------------------------------------------------------------------

windows = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(
    lambda hours: hours[0] != hours[1] and (hours[1] > hours[0] or hours[0] - hours[1] > 480)
)


@examples(60)
@given(
    zone=st.sampled_from(
        [
            "UTC",
            "Europe/London",
            "America/New_York",
            "Asia/Kolkata",
            "Asia/Beirut",
            "Pacific/Apia",
            "Australia/Lord_Howe",
            "America/Havana",
        ]
    ),
    mail=windows,
    own=st.none() | windows,
    working=st.sets(st.integers(0, 6), min_size=1),
    country=st.sampled_from([None, "GB", "US", "JP", "IL"]),
    since=st.integers(0, 60_000_000).map(lambda seconds: START + timedelta(seconds=seconds)),
    day=st.sampled_from([86_400.0, 0.4]),
    away=st.none() | st.integers(0, 100),
)
def test_open_hours_are_working_days_and_hours_on_the_persons_clock(
    zone: str,
    mail: tuple[int, int],
    own: tuple[int, int] | None,
    working: set[int],
    country: str | None,
    since: datetime,
    day: float,
    away: int | None,
) -> None:
    plan = definition(day=day, mail_hours=mail)
    program = calendar_of(plan, epoch_for(plan, since))
    person = somebody(
        timezone=zone, working_hours=own, working_days=tuple(working), country=country
    )
    back = since + timedelta(seconds=away * day) if away is not None else None
    known = open_hours_of(plan, program, person, back, since, 60)
    opens, closes = window_of(mail, own)
    assert list(known.spans) == sorted(known.spans)
    first = program.to_program(known.base)
    for opened, closed in zip(known.spans[::2], known.spans[1::2], strict=True):
        assert opened < closed
        for minute in (opened, (opened + closed) // 2, closed - 1):
            clock = (first + timedelta(minutes=minute)).astimezone(ZoneInfo(zone))
            since_midnight = clock.hour * 60 + clock.minute
            on_days = [
                clock.date() - timedelta(days=late)
                for late in (0, 1, 2)
                if opens <= since_midnight + late * 1440 <= closes
            ]
            assert any(
                one.weekday() in working
                and (country is None or one not in public_holidays(country, one.year))
                for one in on_days
            )
    if back is not None and known.spans:
        assert known.next_open(since) >= back
