"""What people get about group sessions and a program that is later, and who of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from activities.mail import Mailer
from activities.post import Post
from activities.program_messages import ProgramMessages
from activities.rescheduling import Rescheduling
from activities.signatures import (
    ExtendProgram,
    GroupDate,
    PageSent,
    PostponeProgram,
    ProgramMomentKind,
    ProgramRef,
)
from domain.journal import EventKind, JournalEvent
from domain.reach import OpenHours
from store import answers, programs
from store.database import Database
from store.links import Link, Purpose
from store.programs import Participant, Program
from store.tables import ParticipantRow, ProgramRow
from tests.activities.conftest import NOW, Works, make_works
from tests.activities.post_office import PostOffice
from tests.portal.scene import DEFINITION, EXPIRES, PROGRAM, fill

K = ProgramMomentKind
STARTS = NOW + timedelta(days=7)
LATER = timedelta(days=14)


def write(works: Works, kind: ProgramMomentKind, moved: int = 0, **fields: Any) -> PageSent:
    """Write to everybody whom the second supervision concerns."""
    date = GroupDate(group="supervision", number=2, starts=STARTS + moved * LATER, moved=moved)
    return works.of_program(kind, **{"occasion": "supervision:2", "group": date, **fields})


def events(works: Works, to: str = "mia") -> list[tuple[str, str, Any, Any]]:
    """What the calendar of somebody is told, in order: method, UID, SEQUENCE and start."""
    found: list[tuple[str, str, Any, Any]] = []
    for mail in works.post.mails(f"{to}@example.com"):
        raw = works.post.mailbox.raw(mail.id)
        assert raw is not None
        for part in raw.walk():
            if part.get_content_type() == "text/calendar":
                calendar = Calendar.from_ical(part.get_content())
                assert isinstance(calendar, Calendar)
                (event,) = calendar.events
                method = str(part.get_param("method"))
                found.append((method, str(event["UID"]), event["SEQUENCE"], event.start))
    return found


def withdraw(works: Works, who: str) -> None:
    with works.scene.database.write() as session:
        session.get_one(ParticipantRow, (PROGRAM, f"p-{who}")).withdrew_at = NOW


# --- Invitations ---------------------------------------------------------------------------------


def test_mentors_in_living_pairs_are_invited(works: Works) -> None:
    assert write(works, K.GROUP_SESSION).sent == 2
    assert sorted(works.post.kinds()) == [("mia", "group_session"), ("nils", "group_session")]
    mail = works.post.mails("mia@example.com")[0]
    assert "date 2 of 2" in mail.text
    assert "Where: Room 3" in mail.text
    assert mail.attachments == ("invite.ics",)


def test_who_left_or_whose_pair_is_over_is_not(works: Works) -> None:
    works.scene.happened(EventKind.PAIR_CLOSED)
    withdraw(works, "nils")
    assert write(works, K.GROUP_SESSION).sent == 0


def test_a_further_round_reaches_who_was_not_invited_before(works: Works) -> None:
    withdraw(works, "nils")
    write(works, K.GROUP_SESSION)
    with works.scene.database.write() as session:
        session.get_one(ParticipantRow, (PROGRAM, "p-nils")).withdrew_at = None
    write(works, K.GROUP_SESSION)
    assert works.post.kinds() == [("mia", "group_session"), ("nils", "group_session")]


def test_many_people_are_written_to_page_by_page(
    on_sqlite: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.program_messages.PAGE", 1)
    after: str | None = ""
    pages = 0
    while after is not None:
        after = write(on_sqlite, K.GROUP_SESSION, after=after).next
        pages += 1
    assert pages == 5
    assert len(on_sqlite.post.kinds()) == 2


def test_who_wants_no_calendar_invitation_reads_of_none(on_sqlite: Works) -> None:
    with on_sqlite.scene.database.write() as session:
        row = session.get_one(ParticipantRow, (PROGRAM, "p-mia"))
        row.preferences = {"calendar": False}
    write(on_sqlite, K.GROUP_SESSION)
    (mail,) = on_sqlite.post.mails("mia@example.com")
    assert "attached" not in mail.text
    assert mail.attachments == ()


def test_nobody_sees_who_else_is_invited(on_sqlite: Works) -> None:
    write(on_sqlite, K.GROUP_SESSION)
    raw = on_sqlite.post.mailbox.raw(on_sqlite.post.mails("mia@example.com")[0].id)
    assert b"nils" not in (raw.as_bytes() if raw else b"").lower()


# --- A date that moves, or is called off ---------------------------------------------------------


def test_calendars_follow_a_date_that_moves_and_is_called_off(works: Works) -> None:
    write(works, K.GROUP_SESSION)
    write(works, K.GROUP_SESSION, moved=1)
    write(works, K.GROUP_SESSION_CANCELLED, moved=1)
    uid = f"{PROGRAM}-supervision-2@example.com"
    assert events(works) == [
        ("REQUEST", uid, 0, STARTS),
        ("REQUEST", uid, 1, STARTS + LATER),
        ("CANCEL", uid, 2, STARTS + LATER),
    ]
    subjects = [mail.subject.partition(",")[0] for mail in works.post.mails("mia@example.com")]
    assert subjects[:2] == ["Mentor supervision", "New date: Mentor supervision"]
    assert subjects[2].startswith("Mentor supervision on")


def test_who_comes_after_it_moved_is_told_of_no_old_date(on_sqlite: Works) -> None:
    write(on_sqlite, K.GROUP_SESSION, moved=1)
    (mail,) = on_sqlite.post.mails("mia@example.com")
    assert "New date" not in mail.subject
    assert "You are invited" in mail.text


def test_a_date_of_which_nobody_heard_is_called_off_for_nobody(on_sqlite: Works) -> None:
    assert write(on_sqlite, K.GROUP_SESSION_CANCELLED).sent == 0


def closed(_program: Program, _person: Participant | None, _now: datetime) -> OpenHours:
    """Hours that open ten hours from the beginning."""
    return OpenHours(base=NOW, minute=60, spans=(600, 1200))


def test_an_invitation_that_still_waits_goes_out_with_the_new_date_only(
    sqlite_database: Database, post: PostOffice
) -> None:
    works = make_works(sqlite_database, post, closed)
    assert write(works, K.GROUP_SESSION).held == 2
    assert write(works, K.GROUP_SESSION, moved=1).held == 2
    later = NOW + timedelta(hours=10)
    works.program_messages.send_held_of_program(ProgramRef(program=PROGRAM, now=later))
    assert [(method, starts) for method, _, _, starts in events(works)] == [
        ("REQUEST", STARTS + LATER)
    ]


def test_an_invitation_that_still_waits_when_it_is_called_off_never_goes_out(
    sqlite_database: Database, post: PostOffice
) -> None:
    works = make_works(sqlite_database, post, closed)
    write(works, K.GROUP_SESSION)
    write(works, K.GROUP_SESSION_CANCELLED)
    assert works.ledger() == {"participant group_session": "dropped"}


def test_that_a_date_is_called_off_is_told_at_any_hour_and_when_the_program_is_over(
    sqlite_database: Database, post: PostOffice
) -> None:
    works = make_works(sqlite_database, post)
    write(works, K.GROUP_SESSION)
    works.scene.happened(EventKind.PROGRAM_CANCELLED, pair=None)
    at_night = make_works_again(works, sqlite_database, post)
    assert write(at_night, K.GROUP_SESSION_CANCELLED).sent == 2


def make_works_again(works: Works, database: Database, post: PostOffice) -> Works:
    """The same program, with hours that are closed."""
    scene = works.scene
    mailer = Mailer(post.server)
    sender = Post(database, mailer, scene.content, scene.links, closed)
    messages = ProgramMessages(database, scene.content, scene.links, sender)
    return Works(scene, post, mailer, works.pair_messages, messages, works.matching)


# --- Were you there? -----------------------------------------------------------------------------


def test_who_was_invited_is_asked_whether_they_came(works: Works) -> None:
    withdraw(works, "nils")
    write(works, K.GROUP_SESSION)
    with works.scene.database.write() as session:
        session.get_one(ParticipantRow, (PROGRAM, "p-nils")).withdrew_at = None
    write(works, K.GROUP_SESSION_FOLLOW_UP, now=STARTS + timedelta(days=1))
    assert works.post.kinds()[1:] == [("mia", "group_session_follow_up")]
    (link,) = [link for link in works.post.mails()[-1].links if "/group/" in link]
    read = works.scene.links.open(link.rsplit("/", 1)[1], Purpose.GROUP)
    assert read.occasion == "supervision:2"


def test_who_has_said_so_by_themselves_is_not_asked(on_sqlite: Works) -> None:
    write(on_sqlite, K.GROUP_SESSION)
    link = Link(purpose=Purpose.GROUP, program=PROGRAM, person="p-mia", expires=EXPIRES)
    with on_sqlite.scene.database.write() as session:
        answers.attend(session, link, "supervision", 2, came=True)
    write(on_sqlite, K.GROUP_SESSION_FOLLOW_UP, now=STARTS + timedelta(days=1))
    assert on_sqlite.post.kinds()[2:] == [("nils", "group_session_follow_up")]


# --- A program that is later, or longer ----------------------------------------------------------


def test_that_it_is_postponed_is_told_to_those_who_meet_or_wait(works: Works) -> None:
    works.scene.happened(EventKind.MATCHES_PROPOSED, pair=None)
    works.scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_CLOSED, pair="pair-2")
    works.of_program(K.PROGRAM_POSTPONED, until=NOW + timedelta(days=14))
    assert sorted(to for to, _ in works.post.kinds()) == ["mia", "theo"]
    day = NOW + timedelta(days=14)
    assert f"{day.day} {day:%B}" in works.post.mails()[0].text


def test_while_people_enrol_all_hear_of_it_who_did_not_say_no(works: Works) -> None:
    with works.scene.database.write() as session:
        session.get_one(ParticipantRow, (PROGRAM, "p-mia")).joined = None
        session.get_one(ParticipantRow, (PROGRAM, "p-theo")).joined = False
    works.of_program(K.PROGRAM_POSTPONED, until=NOW + timedelta(days=14))
    assert sorted(to for to, _ in works.post.kinds()) == ["mia", "nils", "vera"]


def postponed(days: int) -> JournalEvent:
    return JournalEvent(
        id="postponed", kind=EventKind.PROGRAM_POSTPONED, at=NOW, data={"days": days}
    )


def test_noting_twice_that_a_program_is_later_changes_it_once(database: Database) -> None:
    fill(database)
    with database.read() as session:
        before = programs.get(session, PROGRAM)
    order = PostponeProgram(
        program=PROGRAM, starts=before.epoch + timedelta(days=14), events=(postponed(14),)
    )
    first = Rescheduling(database).postpone_program(order)
    assert Rescheduling(database).postpone_program(order) == first
    with database.read() as session:
        after = programs.get(session, PROGRAM)
    assert after.epoch == before.epoch + timedelta(days=14)
    moved = after.definition.program.starts - DEFINITION.program.starts
    assert moved == timedelta(days=14)
    assert after.calendar.to_program(NOW) == before.calendar.to_program(NOW)
    dates = [one.starts_at.date() for one in first.group_sessions]
    written = [one.date() for one in DEFINITION.group_sessions[0].dates]
    assert dates[1] - written[1] == timedelta(days=14)


def test_an_extension_is_kept_in_the_definition(database: Database) -> None:
    fill(database)
    extended = JournalEvent(
        id="extended", kind=EventKind.PROGRAM_EXTENDED, at=NOW, data={"days": 21}
    )
    order = ExtendProgram(program=PROGRAM, meetings=147, events=(extended,))
    for _ in range(2):
        Rescheduling(database).extend_program(order)
    with database.read() as session:
        assert programs.get(session, PROGRAM).definition.stages.meetings == 147
        assert session.get_one(ProgramRow, PROGRAM).definition["sessions"]["count"] == 6
