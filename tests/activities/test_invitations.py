"""Calendar invitations, as a calendar reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy.orm import Session as StoreSession

from activities.invitations import Invitation, Session, cancel, invite, uid_of_pair
from activities.mail import Mailer, MailServer, compose
from activities.pair_sessions import PairSession
from activities.writing import Writer
from domain.definition import Contact
from domain.pair import MomentKind
from domain.people import Role
from runtime.mailbox import Mail
from store import answers, programs
from store.content import MailText
from store.links import Link, Purpose
from store.tables import AnswerRow
from tests.activities.conftest import NOW, Works
from tests.portal.scene import EXPIRES, PROGRAM

STARTS = datetime(2027, 3, 30, 12, 30, tzinfo=UTC)
SESSION = Session(
    uid=uid_of_pair("m-1", 2),
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


def event_of(ics: str, method: str = "REQUEST") -> Any:
    calendar = Calendar.from_ical(ics)
    assert isinstance(calendar, Calendar)
    assert calendar["METHOD"] == method
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


@pytest.mark.parametrize("zone", ["Europe/Prague", "America/New_York", "Asia/Kolkata"])
def test_a_cancellation_says_what_it_takes_out_and_of_which_calendar(zone: str) -> None:
    session = SESSION.model_copy(update={"timezone": zone, "sequence": 3})
    asked = event_of(invite(session, NOW, "example.com").ics)
    made = cancel(session.model_copy(update={"sequence": 4}), NOW, "example.com")
    assert (made.method, made.filename) == ("CANCEL", "cancel.ics")
    gone = event_of(made.ics, "CANCEL")
    assert gone["UID"] == asked["UID"] == "m-1-session-2@example.com"
    assert (asked["SEQUENCE"], gone["SEQUENCE"]) == (3, 4)
    assert (asked["STATUS"], gone["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert gone["DTSTART"].params["TZID"] == asked["DTSTART"].params["TZID"] == zone
    assert (gone.start, gone.end) == (asked.start, asked.end)
    assert gone["ORGANIZER"] == asked["ORGANIZER"]
    assert list(gone["ATTENDEE"]) == list(asked["ATTENDEE"])
    assert "RSVP" not in gone["ATTENDEE"][0].params


@pytest.mark.parametrize("make", [invite, cancel])
def test_what_one_calendar_writes_another_reads_back_the_same(
    make: Callable[[Session, datetime, str], Invitation],
) -> None:
    """Each object has one of everything that RFC 5546 asks of a request and a cancellation."""
    made = make(SESSION.model_copy(update={"place": "Room 1, the “blue” one"}), NOW, "example.com")
    calendar = Calendar.from_ical(made.ics)
    assert calendar.to_ical().decode() == made.ics
    event = event_of(made.ics, made.method)
    for name in ("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "ORGANIZER"):
        assert name in event
        assert not isinstance(event[name], list)
    assert made.ics.splitlines(keepends=True)[0] == "BEGIN:VCALENDAR\r\n"
    assert all(len(line.encode()) <= 75 for line in made.ics.split("\r\n"))


def test_a_group_s_event_is_named_by_its_own_uid() -> None:
    assert event(uid="up-2026-supervision-2")["UID"] == "up-2026-supervision-2@example.com"


@pytest.mark.parametrize("make", [invite, cancel])
def test_the_mail_says_of_its_calendar_part_what_the_part_says_itself(
    make: Callable[[Session, datetime, str], Invitation],
) -> None:
    """As RFC 6047 (2.4) wants it, and as Outlook and Gmail look for it."""
    made = make(SESSION, NOW, "example.com")
    text = MailText(subject="S", text="T", html="<p>T</p>")
    server = MailServer(host="localhost", port=25)
    composed = compose(server, SESSION.organizer, text, "k", "<1@example.com>", NOW, made)
    read: Any = message_from_bytes(composed.as_bytes(policy=SMTP), policy=SMTP)
    assert read.get_content_type() == "multipart/mixed"
    alternatives, attached = read.get_payload()
    kinds = [part.get_content_type() for part in alternatives.get_payload()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    calendar = alternatives.get_payload()[-1]
    assert calendar.get_param("method") == made.method
    assert calendar.get_content_charset() == "utf-8"
    assert event_of(calendar.get_payload(decode=True).decode(), made.method)
    assert attached.get_content_type() == "application/ics"
    assert attached.get_payload(decode=True).decode() == made.ics


def test_both_are_told_of_each_change_in_an_order_that_calendars_follow(works: Works) -> None:
    """Booked by picking, moved, called off, booked anew: through the store and a mail server."""
    scene, mailer = works.scene, Mailer(works.post.server)
    days = [NOW + timedelta(days=n) for n in (2, 3, 4)]
    works.change_profile("theo", timezone="Europe/Prague")

    def do(deed: Callable[[StoreSession], object]) -> None:
        with scene.database.write() as session:
            deed(session)

    def tell(step: int) -> None:
        with scene.database.read() as session, mailer.connect() as outgoing:
            writer = Writer(programs.get(session, PROGRAM), scene.content, scene.links, NOW)
            pair = programs.pair(session, PROGRAM, "pair-1")
            assert pair is not None
            for role in Role:
                meeting = PairSession(session, writer, pair, 1)
                make = meeting.invitation if meeting.booked else meeting.cancellation
                made = make(role, NOW, works.post.server.domain)
                assert made is not None
                address = pair.who(role).address
                text = MailText(subject=str(step), text="T", html="<p>T</p>")
                name = f"<{step}.{role}@example.com>"
                outgoing.send(compose(mailer.server, address, text, "k", name, NOW, made))

    def link(who: str) -> Link:
        fields = {"program": PROGRAM, "pair": "pair-1", "session": 1, "expires": EXPIRES}
        return Link.model_validate({"purpose": Purpose.BOOK, "person": who, **fields})

    mia, theo = link("p-mia"), link("p-theo")
    do(lambda s: answers.propose_times(s, mia, days[:2], "Room 1"))
    do(lambda s: answers.pick_time(s, theo, 1, 0))
    tell(1)
    do(lambda s: answers.book_session(s, mia, days[2], "Room 2"))
    tell(2)
    do(lambda s: answers.cancel_session(s, theo, 1, "My train is late"))
    tell(3)
    do(lambda s: answers.book_session(s, theo, days[1], None))
    tell(4)

    zones = {"mia@example.com": "Europe/London", "theo@example.com": "Europe/Prague"}
    for reader, zone in zones.items():
        told = []
        for mail in works.post.mails(reader):
            calendar = parts(works, mail)["text/calendar"]
            method = str(calendar.get_param("method"))
            one = event_of(str(calendar.get_content()), method)
            assert one["DTSTART"].params["TZID"] == zone
            assert "My train" not in str(calendar.get_content())
            told.append((method, str(one["UID"]), one["SEQUENCE"], one.start))
        uid = told[0][1]
        assert told == [
            ("REQUEST", uid, 0, days[0]),
            ("REQUEST", uid, 1, days[2]),
            ("CANCEL", uid, 2, days[2]),
            ("REQUEST", uid, 3, days[1]),
        ]


def test_a_calendar_shows_the_agenda_and_nobodys_goals(on_sqlite: Works) -> None:
    scene = on_sqlite.scene
    with scene.database.write() as session:
        goals = AnswerRow(
            id=f"{PROGRAM}/pair-1/p-theo/goals",
            program_id=PROGRAM,
            pair_id="pair-1",
            person_id="p-theo",
            role="mentee",
            kind="goals",
            occasion="goals",
            version=1,
            content={"goals": ["Stop pretending that I can read a dashboard"]},
            answered_at=NOW,
        )
        session.add(goals)
    book(on_sqlite, NOW + timedelta(days=2), "A")
    with scene.database.read() as session:
        writer = Writer(programs.get(session, PROGRAM), scene.content, scene.links, NOW)
        pair = programs.pair(session, PROGRAM, "pair-1")
        assert pair is not None
        meeting = PairSession(session, writer, pair, 1)
        made = meeting.invitation(Role.MENTEE, NOW, "example.com")
        assert made is not None
        description = str(event_of(made.ics)["DESCRIPTION"])
        assert "Get to know each other" in description
        assert "pretending" not in made.ics
        values = meeting.values(Role.MENTEE)
        assert any("pretending" in line for line in values["agenda"])
        assert values["lead"] == "partner"


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
