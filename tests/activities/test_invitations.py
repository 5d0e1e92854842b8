"""Calendar invitations, as a calendar reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar

from activities.invitations import Session, invite
from domain.definition import Contact
from domain.pair import MomentKind
from runtime.mailbox import Mail
from store import answers
from store.links import Link, Purpose
from tests.activities.conftest import NOW, Works
from tests.portal.scene import EXPIRES, PROGRAM

STARTS = datetime(2027, 3, 30, 12, 30, tzinfo=UTC)
SESSION = Session(
    pair="m-1",
    number=2,
    starts=STARTS,
    minutes=45,
    sequence=0,
    place=None,
    title="Reverse mentoring: Mia, Theo; and more",
    description="A session.",
    organizer=Contact(name="Cora Example", email="cora@example.com"),
    attendees=(
        Contact(name="Mia Example", email="mia@example.com"),
        Contact(name="Theo Example", email="theo@example.com"),
    ),
    timezone="Europe/Prague",
)


def event_of(ics: str) -> Any:
    calendar = Calendar.from_ical(ics)
    assert isinstance(calendar, Calendar)
    assert calendar["METHOD"] == "REQUEST"
    assert calendar["VERSION"] == "2.0"
    (event,) = calendar.events
    return event


def event(**changed: object) -> Any:
    session = SESSION.model_copy(update=changed)
    return event_of(invite(session, NOW, "example.com").ics)


def test_the_time_is_the_reader_s_own_and_the_length_is_right() -> None:
    made = event()
    assert made.start == STARTS
    assert isinstance(made.start, datetime)
    assert made.start.hour == 14  # summer time in Prague since two days
    assert made["DTSTART"].params["TZID"] == "Europe/Prague"
    assert made.end - made.start == timedelta(minutes=45)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"])
def test_any_time_zone_gives_the_same_instant(zone: str) -> None:
    ics = invite(SESSION.model_copy(update={"timezone": zone}), NOW, "example.com").ics
    assert event_of(ics).start == STARTS
    zones = [str(part["TZID"]) for part in Calendar.from_ical(ics).walk("VTIMEZONE")]
    assert zones == ([] if zone == "UTC" else [zone])
    assert len(ics) < 3_000


def test_organiser_and_guests_are_named_and_asked_to_answer() -> None:
    made = event()
    assert made["ORGANIZER"] == "mailto:cora@example.com"
    assert made["ORGANIZER"].params["CN"] == "Cora Example"
    guests = {str(guest): guest.params for guest in made["ATTENDEE"]}
    assert set(guests) == {"mailto:mia@example.com", "mailto:theo@example.com"}
    for params in guests.values():
        assert (params["PARTSTAT"], params["RSVP"]) == ("NEEDS-ACTION", "TRUE")


@pytest.mark.parametrize(
    "words",
    [
        '"Mia", the; first: one',
        "Mia\r\nORGANIZER:mailto:evil@example.com",
        "Žofie ^n 山田",
        "a=b,c\\n",
    ],
)
def test_words_of_people_stay_words(words: str) -> None:
    mia = Contact.model_construct(name=words, email="mia@example.com")
    made = event(attendees=(mia, SESSION.attendees[1]), place=words, title=words)
    assert made["ORGANIZER"] == "mailto:cora@example.com"
    assert [str(guest) for guest in made["ATTENDEE"]] == [
        "mailto:mia@example.com",
        "mailto:theo@example.com",
    ]
    assert " ".join(str(made["LOCATION"]).split()) == " ".join(words.split())
    assert '"' in words or made["ATTENDEE"][0].params["CN"] == " ".join(words.split())


def parts(works: Works, mail: Mail) -> dict[str, EmailMessage]:
    raw = works.post.mailbox.raw(mail.id)
    assert raw is not None
    return {part.get_content_type(): part for part in raw.walk() if isinstance(part, EmailMessage)}


def book(works: Works, starts: datetime, place: str) -> None:
    link = Link(
        purpose=Purpose.BOOK,
        program=PROGRAM,
        person="p-mia",
        pair="pair-1",
        session=1,
        expires=EXPIRES,
    )
    with works.scene.database.write() as session:
        answers.book_session(session, link, starts, place)


def test_a_session_that_moves_keeps_its_uid_and_raises_its_sequence(works: Works) -> None:
    moments = (NOW + timedelta(days=2), NOW + timedelta(days=3), NOW + timedelta(days=3))
    for attempt, (starts, place) in enumerate(zip(moments, ("A", "A", "B"), strict=True), 1):
        book(works, starts, place)
        works.of_pair(MomentKind.SESSION_INVITATION, session=1, attempt=attempt)
    for reader in ("mia@example.com", "theo@example.com"):
        events = []
        for mail in works.post.mails(reader):
            assert mail.attachments == ("invite.ics",)
            found = parts(works, mail)
            calendar = found["text/calendar"]
            assert calendar.get_param("method") == "REQUEST"
            inline = str(calendar.get_content())
            attached = found["application/ics"].get_payload(decode=True)
            assert isinstance(attached, bytes)
            assert inline.split() == attached.decode().split()
            events.append(event_of(inline))
        assert len({str(one["UID"]) for one in events}) == 1
        sequences = [one["SEQUENCE"] for one in events]
        assert sequences == sorted(set(sequences))
        assert [one.start for one in events] == list(moments)
        assert [str(one["LOCATION"]) for one in events] == ["A", "A", "B"]


def test_only_the_invitation_brings_a_calendar_file(on_sqlite: Works) -> None:
    book(on_sqlite, NOW + timedelta(days=2), "A")
    on_sqlite.of_pair(MomentKind.SESSION_REMINDER, session=1)
    assert [mail.attachments for mail in on_sqlite.post.mails()] == [(), ()]
