"""When messages may reach somebody: working days, public holidays, mail hours and time zones.

Not for workflows: time zones and holidays change with the packages that know them, and a workflow
must come to the same again. An activity works this out; workflows know the outcome, in
`domain/reach.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.calendar import ProgramCalendar
from domain.definition import Definition
from domain.people import Person
from domain.reach import OpenHours

LEAST_COMMON = 60
"""Minutes that somebody's working hours must share with the mail hours to be narrowed to them."""

KNOWN_AFTER_LEAVE = 28
"""Program days after somebody's return that are worked out, however long they are away."""

_DAY = 24 * 60
"""Minutes."""

Window = tuple[int, int]
"""Opens and closes, in minutes after a day's midnight; beyond 1,440 on the day after."""


def open_hours_of(
    definition: Definition,
    calendar: ProgramCalendar,
    person: Person | None,
    away_until: datetime | None,
    since: datetime,
    days: int,
) -> OpenHours:
    """When messages may reach a person, or coordinator and sponsor where there is none.

    From the day of `since` on, for so many program days. What the people file does not say of a
    person, the definition's calendar says. Nothing is open before the instant `away_until`.
    """
    general = definition.calendar
    window = window_of(general.mail_hours, person.working_hours if person else None)
    today = _midnight(calendar.to_program(since))
    back = calendar.to_program(away_until) if away_until and away_until > since else None
    first = _midnight(back) if back else today
    last = max(today + timedelta(days=days), first + timedelta(days=KNOWN_AFTER_LEAVE))
    spans = _spans(
        (person.timezone if person else None) or general.timezone,
        (person.working_days if person else ()) or general.working_days,
        window,
        (person.country if person else None) or general.holidays,
        first.date(),
        last.date(),
    )
    if back:
        spans = _from(spans, _minutes_between(first, back), _minutes_between(today, first))
    return OpenHours(
        base=calendar.to_instant(today),
        minute=calendar.day_seconds / _DAY,
        spans=spans,
        opens=window[0],
    )


def window_of(mail_hours: tuple[int, int], working_hours: tuple[int, int] | None) -> Window:
    """When a day is open to mails, on a person's own clock.

    Mails come in mail hours and, of those, in the working hours where these are known. Who works at
    other times altogether, at night, gets mail while at work.
    """
    mail = _forward(mail_hours)
    if working_hours is None:
        return mail
    own = _forward(working_hours)
    common = max(
        (
            (max(own[0], mail[0] + shift), min(own[1], mail[1] + shift))
            for shift in (0, _DAY, -_DAY)
        ),
        key=_length,
    )
    return common if _length(common) >= min(LEAST_COMMON, _length(mail), _length(own)) else own


def _forward(hours: tuple[int, int]) -> Window:
    opens, closes = hours
    return opens, closes if closes > opens else closes + _DAY


def _length(window: Window) -> int:
    return window[1] - window[0]


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _minutes_between(one: datetime, other: datetime) -> int:
    """Whole minutes, rounded up."""
    return -((one - other) // timedelta(minutes=1))


def _from(spans: tuple[int, ...], earliest: int, shift: int) -> tuple[int, ...]:
    """What of some spans is not before `earliest`, with everything moved by `shift`."""
    days = zip(spans[::2], spans[1::2], strict=True)
    return tuple(
        minutes + shift
        for opens, closes in days
        if closes > earliest
        for minutes in (max(opens, earliest), closes)
    )


@lru_cache(maxsize=512)
def _spans(
    zone: str,
    working_days: tuple[int, ...],
    window: Window,
    country: str | None,
    first: date,
    last: date,
) -> tuple[int, ...]:
    """The open spans from the midnight (UTC) in which `first` begins to that of `last`.

    In minutes after the former. A program's people have few zones, hours and countries among them:
    what was worked out for one holds for others.
    """
    start = datetime.combine(first, time())
    end = _minutes_between(start, datetime.combine(last, time()))
    found: list[int] = []
    for day in _days(first - timedelta(days=2), last + timedelta(days=1)):
        if day.weekday() not in working_days or _is_holiday(day, country):
            continue
        opens, closes = (
            datetime.combine(day, time()) + timedelta(minutes=minutes) for minutes in window
        )
        # Where clocks go forward or back, a time of day may not be, or be twice: then the narrower.
        opened = _minutes_between(start, max(_in_utc(opens, ZoneInfo(zone))))
        closed = (min(_in_utc(closes, ZoneInfo(zone))) - start) // timedelta(minutes=1)
        if opened < closed and closed > 0 and opened < end:
            found += (opened, closed)
    return tuple(found)


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _in_utc(clock: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The times in UTC, without a zone, at which a clock may be meant to show this."""
    for fold in (0, 1):
        offset = clock.replace(tzinfo=zone, fold=fold).utcoffset()
        yield clock - (offset or timedelta())


# --- Public holidays -----------------------------------------------------------------------------


def _is_holiday(day: date, country: str | None) -> bool:
    return country is not None and day in public_holidays(country, day.year)


@lru_cache(maxsize=512)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The days of a year on which a country, or a part of it, does not work.

    With those that are kept in place of one that falls on a weekend. `country` is a code like GB or
    GB-SCT. Of a country or part that is not known, there are none.
    """
    import holidays  # noqa: PLC0415 - a tenth of a second, for who needs it

    code, _, part = country.partition("-")
    try:
        return frozenset(holidays.country_holidays(code, subdiv=part or None, years=year))
    except NotImplementedError:
        return public_holidays(code, year) if part else frozenset()
