"""Calendar invitations (iCalendar, RFC 5545; scheduling by RFC 5546)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from domain.definition import Contact
from domain.model import Value

PRODUCT = "-//reverse-mentoring//sessions//EN"


class Session(Value):
    """A booked session, as a calendar shows it."""

    pair: str
    number: int
    starts: datetime
    """In program time."""
    minutes: int
    sequence: int
    """Rises with each change; calendars keep the event with the highest."""
    place: str | None
    title: str
    description: str
    organizer: Contact
    attendees: tuple[Contact, ...]
    timezone: str


class Invitation(Value):
    """An iCalendar object and its method."""

    ics: str
    method: str


def invite(session: Session, stamp: datetime, domain: str) -> Invitation:
    """A request to meet. A later one with the same pair and number moves the event."""
    zone = ZoneInfo(session.timezone)
    event = Event()
    event.add("uid", f"{session.pair}-session-{session.number}@{domain}")
    event.add("sequence", session.sequence)
    event.add("dtstamp", stamp)
    event.add("dtstart", session.starts.astimezone(zone))
    event.add("dtend", (session.starts + timedelta(minutes=session.minutes)).astimezone(zone))
    event.add("summary", session.title)
    event.add("description", session.description)
    event.add("status", "CONFIRMED")
    if session.place:
        event.add("location", session.place)
    event.add("organizer", _person(session.organizer), encode=False)
    for attendee in session.attendees:
        guest = _person(attendee)
        guest.params["role"] = vText("REQ-PARTICIPANT")
        guest.params["partstat"] = vText("NEEDS-ACTION")
        guest.params["rsvp"] = vText("TRUE")
        event.add("attendee", guest, encode=False)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    calendar.add_component(event)
    year = session.starts.year
    calendar.add_missing_timezones(first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))
    return Invitation(ics=calendar.to_ical().decode(), method="REQUEST")


def _person(contact: Contact) -> vCalAddress:
    address = vCalAddress(f"mailto:{contact.email}")
    address.params["cn"] = vText(" ".join(contact.name.split()))
    return address
