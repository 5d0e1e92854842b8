"""Dates and times on the pages: read in the reader's own zone, shown in both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from domain.people import Person
from domain.reaching import public_holidays
from portal.pages.base import Form
from portal.visits import Visit, first_name
from store.answers import MOST_TIMES
from store.tables import ParticipantRow

LATEST = timedelta(days=366)
"""How far ahead a session may be booked: beyond a year, the year is a slip of the finger."""

LONGEST_PLACE = 300
"""Characters of a place. A meeting link may be long."""


@dataclass(frozen=True)
class Shown:
    """A moment as the page shows it."""

    mine: str
    theirs: str | None
    """For the partner, where their clocks show another time."""


def shown(visit: Visit, program_time: datetime) -> Shown:
    """A program time in the reader's zone, and in the partner's where that differs."""
    words = visit.words
    mine, theirs = visit.local(program_time), visit.local(program_time, visit.with_partner)
    if mine.utcoffset() == theirs.utcoffset():
        return Shown(words.moment(mine), None)
    name = first_name(visit.with_partner)
    return Shown(
        words.moment(mine), words("book.for_partner", partner=name, when=words.moment(theirs))
    )


def lines_of(visit: Visit, program_times: Iterable[datetime], place: str | None) -> list[str]:
    """Times and a place, a line each."""
    lines = []
    for program_time in program_times:
        one = shown(visit, program_time)
        lines += [one.mine, one.theirs] if one.theirs else [one.mine]
    return [*lines, place] if place else lines


def fields_of(moment: datetime | None, day: str = "date", clock: str = "time") -> dict[str, str]:
    """What to fill a date and a time field with."""
    if moment is None:
        return {}
    return {day: moment.date().isoformat(), clock: moment.strftime("%H:%M")}


def zones(visit: Visit) -> dict[str, str | None]:
    """What a form with dates says of today, of the reader's zone and of the partner's."""
    words, partner = visit.words, visit.with_partner
    now = visit.local_of(visit.now)
    differ = visit.zone_of(partner).key != visit.zone_of(visit.person).key
    theirs = _zone_name(visit.local_of(visit.now, partner))
    return {
        "today": words("book.today", day=words.day(now)),
        "zone": words("book.zone", zone=_zone_name(now), now=words.time(now)),
        "partner_zone": words("book.partner_zone", partner=first_name(partner), zone=theirs)
        if differ
        else None,
    }


def _zone_name(moment: datetime) -> str:
    return str(moment.tzinfo).replace("_", " ")


def read_place(visit: Visit, form: Form, problems: dict[str, str], field: str) -> str | None:
    """The place that was typed, on one line; None without one, or if it is too long."""
    place = " ".join(form.get(field, "").split())
    if len(place) > LONGEST_PLACE:
        words = visit.words
        problems[field] = words("problems.too_long", most=LONGEST_PLACE, now=len(place))
    return place or None


def read_times(visit: Visit, form: Form, problems: dict[str, str]) -> list[datetime]:
    """The times of a proposal, each once. The first is needed, the others may be left empty."""
    times: list[datetime] = []
    for number in range(1, MOST_TIMES + 1):
        day, clock = f"date_{number}", f"time_{number}"
        if number > 1 and not form.get(day, "").strip() and not form.get(clock, "").strip():
            continue
        moment = read_moment(visit, form, problems, day, clock)
        if moment is not None and moment not in times:
            times.append(moment)
    return times


def read_moment(
    visit: Visit,
    form: Form,
    problems: dict[str, str],
    day_field: str = "date",
    clock_field: str = "time",
) -> datetime | None:
    """The program time that was meant, or None and why not."""
    words = visit.words
    day = clock = None
    try:
        day = date.fromisoformat(form.get(day_field, "").strip())
    except ValueError:
        problems[day_field] = words("book.no_date")
    try:
        clock = time.fromisoformat(form.get(clock_field, "").strip())
    except ValueError:
        problems[clock_field] = words("book.no_time")
    if day is None or clock is None:
        return None
    zone = visit.zone_of(visit.person)
    meant = datetime.combine(day, clock.replace(tzinfo=None), zone)
    if meant.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != meant.replace(tzinfo=None):
        problems[clock_field] = words("book.no_such_time")  # the hour that summer time skips
        return None
    now = visit.calendar.to_program(visit.now)
    if meant < now - timedelta(days=1):
        problems[day_field] = words("book.past")
    elif meant > now + LATEST:
        problems[day_field] = words("book.far")
    return meant.astimezone(UTC)


def unusual(visit: Visit, program_times: Iterable[datetime]) -> list[str]:
    """A hint for each time at which the partner is probably not at work."""
    words, partner = visit.words, visit.with_partner
    row = visit.session.get_one(ParticipantRow, (visit.program.id, partner.id))
    person, general = Person.model_validate(row.profile), visit.definition.calendar
    days = person.working_days or general.working_days
    start, end = person.working_hours or general.mail_hours
    country = person.country or general.holidays
    hints = []
    for program_time in program_times:
        local = visit.local(program_time, partner)
        values = {"partner": first_name(partner), "when": words.moment(local)}
        minute = local.hour * 60 + local.minute
        at_work = start <= minute < end if start < end else minute >= start or minute < end
        if country is not None and local.date() in public_holidays(country, local.year):
            hints.append(words("propose.holiday", **values))
        elif local.weekday() not in days:
            hints.append(words("propose.day_off", **values))
        elif not at_work:
            hints.append(words("propose.hour_off", **values))
    return hints
