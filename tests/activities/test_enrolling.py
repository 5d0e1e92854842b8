"""What managers, who joined and HR are written before matching, through a real mail server."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from activities.signatures import ProgramMomentKind, ProgramRef, Selected
from domain.journal import EventKind, JournalEvent
from domain.reach import OpenHours
from store import approvals, journal, selections
from store.database import Database
from store.links import Link, Purpose
from store.programs import Participant, Program
from store.tables import MessageRow, PairRow, ParticipantRow, ProgramRow
from tests.activities.conftest import NOW, Works, make_works
from tests.activities.post_office import PostOffice
from tests.portal.scene import DEFINITION, EXPIRES, PROGRAM

K = ProgramMomentKind
UNTIL = NOW + timedelta(days=14)


def set_up(works: Works, **enrolment: bool) -> None:
    """A program in enrolment: nobody is paired. Mia and Theo have a manager, the others none."""
    plan = DEFINITION.model_copy(
        update={"enrolment": DEFINITION.enrolment.model_copy(update=enrolment)}
    )
    with works.scene.database.write() as session:
        session.get_one(ProgramRow, PROGRAM).definition = plan.model_dump(mode="json")
    works.change_profile("theo", manager="p-nils")


def answer(works: Works, about: str, agrees: bool, manager: str = "p-nils") -> None:
    link = Link(
        purpose=Purpose.APPROVAL,
        program=PROGRAM,
        person=manager,
        occasion=f"p-{about}",
        expires=EXPIRES,
    )
    with works.scene.database.write() as session:
        approvals.answer(session, link, agrees)


def happened(works: Works, kind: EventKind, **data: Any) -> None:
    with works.scene.database.write() as session:
        event = JournalEvent(id=f"{kind}/{data}", kind=kind, at=NOW, data=data)
        journal.append(session, PROGRAM, [event])


def asked_about(works: Works) -> list[str]:
    with works.scene.database.read() as session:
        return [
            str(event.person)
            for _, event in journal.read(session, PROGRAM)
            if event.kind is EventKind.MANAGER_ASKED
        ]


def test_a_manager_gets_one_mail_about_all_of_their_people_with_links_that_open(
    works: Works,
) -> None:
    set_up(works, manager_approval=True)
    page = works.of_program(K.APPROVAL_REQUEST, until=UNTIL)
    assert (page.sent, page.next) == (1, None)
    assert works.post.kinds() == [("nils", "approval_request")]
    (mail,) = works.post.mails()
    assert mail.subject == (
        "2 of your people would like to take part in Looking Up 2026: do you agree?"
    )
    assert "Mia Example" in mail.text
    assert "6 sessions of 60 minutes" in " ".join(mail.text.split())
    assert "because somebody who reports to you" in " ".join(mail.text.split())
    links = [link for link in mail.links if "/approval/" in link]
    assert len(links) == 2
    with TestClient(works.scene.app()) as browser:
        for link in links:
            assert browser.get(link.removeprefix("http://testserver")).status_code == 200
    assert sorted(asked_about(works)) == ["p-mia", "p-theo"]


def test_nobody_is_asked_twice_and_the_ledger_knows_whom(works: Works) -> None:
    set_up(works, manager_approval=True)
    works.of_program(K.APPROVAL_REQUEST, until=UNTIL, occasion="1")
    works.of_program(K.APPROVAL_REQUEST, until=UNTIL, occasion="1")
    assert works.of_program(K.APPROVAL_REQUEST, until=UNTIL, occasion="2").sent == 0
    assert works.post.kinds() == [("nils", "approval_request")]
    (row,) = works.scene.rows(MessageRow)
    assert isinstance(row, MessageRow)
    assert (row.recipient, row.person_id, row.pair_id) == ("manager", "p-nils", None)


def test_who_has_answered_is_not_reminded(works: Works) -> None:
    set_up(works, manager_approval=True)
    works.of_program(K.APPROVAL_REQUEST, until=UNTIL)
    answer(works, "theo", True)
    works.of_program(K.APPROVAL_REQUEST_REMINDER, until=UNTIL)
    reminder = works.post.mails()[-1]
    assert reminder.kind == "approval_request_reminder"
    assert "about Mia is wanted by" in reminder.subject
    assert "Theo" not in reminder.text
    answer(works, "mia", False)
    assert works.of_program(K.APPROVAL_REQUEST_REMINDER, until=UNTIL, occasion="2").sent == 0


def test_at_the_closing_date_who_has_no_yes_is_told_and_not_matched(works: Works) -> None:
    set_up(works, manager_approval=True)
    works.of_program(K.APPROVAL_REQUEST, until=UNTIL)
    answer(works, "theo", False)
    happened(works, EventKind.ENROLMENT_CLOSED, selection=0)
    before = len(works.post.mails())
    for _ in range(2):
        works.of_program(K.NOT_APPROVED)
    told = {mail.to[0]: mail.text for mail in works.post.mails()[before:]}
    assert set(told) == {"mia@example.com", "theo@example.com"}
    assert "nobody has said no" in " ".join(told["mia@example.com"].split())
    assert "answered “not at this time”" in " ".join(told["theo@example.com"].split())
    rows = [row for row in works.scene.rows(ParticipantRow) if isinstance(row, ParticipantRow)]
    assert {row.person_id for row in rows if row.approved is False} == {"p-mia", "p-theo"}


@pytest.mark.parametrize("kind", [K.NOT_MATCHED, K.FAREWELL_CANCELLED])
def test_who_was_told_before_is_not_written_to_again(works: Works, kind: K) -> None:
    set_up(works, manager_approval=True, selection=True)
    with works.scene.database.write() as session:
        for who, fields in (("mia", {"approved": False}), ("theo", {"selected": False})):
            row = session.get_one(ParticipantRow, (PROGRAM, f"p-{who}"))
            for field, value in fields.items():
                setattr(row, field, value)
    with works.scene.database.write() as session:
        for pair in ("pair-1", "pair-2"):
            session.delete(session.get_one(PairRow, pair))
    happened(works, EventKind.ENROLMENT_CLOSED, selection=1)
    happened(works, EventKind.PEOPLE_SELECTED, selected=2, not_selected=1)
    works.of_program(kind)
    assert [who for who, _ in works.post.kinds()] == ["nils", "vera"]


def test_hr_is_asked_to_choose_with_the_commands_for_it(works: Works) -> None:
    set_up(works, selection=True)
    works.of_program(K.SELECTION_READY)
    works.of_program(K.SELECTION_REMINDER)
    assert works.post.kinds() == [("cora", "selection_ready"), ("cora", "selection_reminder")]
    for mail in works.post.mails():
        assert "4 people" in mail.subject
        assert f"python starter.py selection {PROGRAM} confirm" in mail.text


def test_who_is_not_selected_is_told_once_hr_confirmed(works: Works) -> None:
    set_up(works, selection=True)
    happened(works, EventKind.ENROLMENT_CLOSED, selection=1)
    with works.scene.database.write() as session:
        selections.choose(session, PROGRAM, {"p-theo": False, "p-mia": True})
    chosen = works.matching.settle_selection(ProgramRef(program=PROGRAM, now=NOW))
    assert chosen == Selected(selected=3, not_selected=1)
    works.of_program(K.NOT_SELECTED)
    assert works.post.kinds() == [("theo", "not_selected")]


def test_a_question_that_waits_for_the_morning_goes_only_if_it_still_has_a_point(
    sqlite_database: Database, post: PostOffice
) -> None:
    tomorrow = NOW + timedelta(hours=20)

    def at_night(_program: Program, _person: Participant | None, now: datetime) -> OpenHours:
        opens = 20 * 60 if now < tomorrow else 0
        return OpenHours(base=now, minute=60, spans=(opens, opens + 60))

    works = make_works(sqlite_database, post, at_night)
    set_up(works, manager_approval=True)
    page = works.of_program(K.APPROVAL_REQUEST, until=UNTIL)
    assert (page.sent, page.held, page.later) == (0, 1, tomorrow)
    answer(works, "mia", True)
    answer(works, "theo", False)
    sent = works.program_messages.send_held_of_program(ProgramRef(program=PROGRAM, now=tomorrow))
    assert (sent.sent, sent.later) == (0, None)
    assert works.post.mails() == []
