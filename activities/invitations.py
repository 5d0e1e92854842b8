"""Calendar invitations (iCalendar, RFC 5545; scheduling by RFC 5546; in mail by RFC 6047).

A session keeps its UID for good. Each change sends a request with a higher SEQUENCE, which moves
the event; calling it off sends a cancellation with a higher one still. Calendars go by these two.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from activities.time_zones import zone_component
from domain.definition import Contact
from domain.model import Value
from domain.written import shown_as_it_reads

PRODUCT = "-//reverse-mentoring//sessions//EN"

REQUEST, CANCEL = "REQUEST", "CANCEL"
"""What an iCalendar object asks of a calendar."""


class Session(Value):
    """A session with a date, as a calendar shows it. Of a pair or of a group: `uid` tells which."""

    uid: str
    """Names the event in every calendar; the domain is added. Never changes."""
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
    """Of the reader."""


class Invitation(Value):
    """An iCalendar object and its method."""

    ics: str
    method: str

    @property
    def filename(self) -> str:
        """What to call it where it is attached."""
        return "cancel.ics" if self.method == CANCEL else "invite.ics"


def uid_of_pair(pair: str, number: int) -> str:
    """The `uid` of a pair's session."""
    return f"{pair}-session-{number}"


def invite(session: Session, stamp: datetime, domain: str) -> Invitation:
    """A request to meet. A later one with the same uid and a higher sequence moves the event."""
    return _object(session, stamp, domain, REQUEST)


def cancel(session: Session, stamp: datetime, domain: str) -> Invitation:
    """Takes an event out of the calendars. `sequence` must be above that of the last request.

    `starts` is when it would have been: some programs show nothing without it.
    """
    return _object(session, stamp, domain, CANCEL)


def _object(session: Session, stamp: datetime, domain: str, method: str) -> Invitation:
    zone = ZoneInfo(session.timezone)
    event = Event()
    event.add("uid", f"{session.uid}@{domain}")
    event.add("sequence", session.sequence)
    event.add("dtstamp", stamp)
    event.add("dtstart", session.starts.astimezone(zone))
    event.add("dtend", (session.starts + timedelta(minutes=session.minutes)).astimezone(zone))
    event.add("summary", shown_as_it_reads(session.title))
    event.add("description", shown_as_it_reads(session.description))
    event.add("status", "CANCELLED" if method == CANCEL else "CONFIRMED")
    if session.place:
        event.add("location", shown_as_it_reads(session.place))
    event.add("organizer", _person(session.organizer), encode=False)
    for attendee in session.attendees:
        guest = _person(attendee)
        guest.params["role"] = vText("REQ-PARTICIPANT")
        if method == REQUEST:
            guest.params["partstat"] = vText("NEEDS-ACTION")
            guest.params["rsvp"] = vText("TRUE")
        event.add("attendee", guest, encode=False)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    zone_of_event = zone_component(zone, session.starts.astimezone(zone).year)
    if zone_of_event is not None:
        calendar.add_component(zone_of_event)
    calendar.add_component(event)
    return Invitation(ics=calendar.to_ical().decode(), method=method)


def _person(contact: Contact) -> vCalAddress:
    address = vCalAddress(f"mailto:{contact.email}")
    address.params["cn"] = vText(shown_as_it_reads(" ".join(contact.name.split())))
    return address
