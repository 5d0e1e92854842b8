"""What people read some months after a program, and who of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient

from activities.signatures import PageSent, ProgramMomentKind, ProgramRef
from domain.journal import EventKind
from domain.people import Role
from domain.reach import OpenHours
from store import answers
from store.database import Database
from store.links import Link, Purpose
from store.programs import Participant, Program
from store.tables import ParticipantRow
from tests.activities.conftest import NOW, Works, make_works
from tests.activities.post_office import PostOffice
from tests.portal.scene import PROGRAM

K = ProgramMomentKind
OCCASION = "follow_up:after-91"
CLOSES = NOW + timedelta(days=21)


def write(works: Works, kind: ProgramMomentKind = K.FOLLOW_UP, **fields: object) -> PageSent:
    """Write one page about the first follow-up."""
    given = {"occasion": OCCASION, "survey": "follow_up", "until": CLOSES, **fields}
    return works.of_program(kind, **given)


def complete(works: Works) -> None:
    """Mia and Theo met, Nils and Vera said no to each other, and the program is over."""
    works.scene.happened(
        EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_COMPLETED
    )
    works.scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_DECLINED, pair="pair-2")
    works.scene.happened(EventKind.PROGRAM_COMPLETED, pair=None)


def change(works: Works, who: str, **fields: object) -> None:
    with works.scene.database.write() as session:
        row = session.get_one(ParticipantRow, (PROGRAM, f"p-{who}"))
        for name, value in fields.items():
            setattr(row, name, value)


def survey_links(works: Works, who: str) -> list[str]:
    """The links to the survey that somebody got."""
    mails = works.post.mails(f"{who}@example.com")
    return [link for mail in mails for link in mail.links if "/survey/" in link]


def opened(works: Works, who: str) -> Link:
    """What the latest of these links says."""
    token = survey_links(works, who)[-1].rsplit("/", 1)[1]
    return works.scene.links.open(token, Purpose.SURVEY)


def answer(works: Works, who: str, *, partial: bool = False) -> None:
    with works.scene.database.write() as session:
        answers.answer_survey(session, opened(works, who), 1, {"speaks_up": 4}, partial=partial)


def test_those_whose_pair_had_begun_are_asked_and_their_links_open(works: Works) -> None:
    complete(works)
    assert write(works).sent == 2
    assert sorted(works.post.kinds()) == [("mia", "follow_up"), ("theo", "follow_up")]
    (mail,) = works.post.mails("theo@example.com")
    assert "how is it now?" in mail.subject
    assert "takes about 2 minutes" in mail.text
    link = opened(works, "theo")
    assert (link.pair, link.role, link.survey) == (None, Role.MENTEE, "follow_up")
    assert link.occasion == OCCASION
    with TestClient(works.scene.app()) as browser:
        assert browser.get(survey_links(works, "theo")[0]).status_code == 200


def test_who_has_left_is_not_asked(on_sqlite: Works) -> None:
    complete(on_sqlite)
    change(on_sqlite, "theo", withdrew_at=NOW)
    assert write(on_sqlite).sent == 1
    assert on_sqlite.post.kinds() == [("mia", "follow_up")]


def test_the_reminder_is_for_those_who_have_not_answered(works: Works) -> None:
    complete(works)
    write(works)
    answer(works, "mia")
    answer(works, "theo", partial=True)
    assert write(works, K.FOLLOW_UP_REMINDER).sent == 1
    assert works.post.kinds()[2:] == [("theo", "follow_up_reminder")]
    assert "only reminder" in works.post.mails("theo@example.com")[-1].text


def test_nobody_is_reminded_of_what_has_not_reached_them(on_sqlite: Works) -> None:
    complete(on_sqlite)
    on_sqlite.post.turns_away["mia@example.com"] = "550 No such user"
    change(on_sqlite, "theo", withdrew_at=NOW)
    write(on_sqlite)
    change(on_sqlite, "theo", withdrew_at=None)
    reminded = write(on_sqlite, K.FOLLOW_UP_REMINDER)
    assert (reminded.sent, reminded.refused) == (0, 0)


def test_who_is_away_until_it_closes_is_left_in_peace(on_sqlite: Works) -> None:
    complete(on_sqlite)
    change(on_sqlite, "mia", away_until=CLOSES)
    change(on_sqlite, "theo", away_until=CLOSES - timedelta(days=2))
    write(on_sqlite)
    assert on_sqlite.ledger() == {"participant follow_up": "sent"}
    assert on_sqlite.post.kinds() == [("theo", "follow_up")]


def test_who_had_both_roles_is_asked_once_as_a_mentor(on_sqlite: Works) -> None:
    complete(on_sqlite)
    on_sqlite.scene.pair("pair-3", "p-theo", "p-vera")
    on_sqlite.scene.happened(EventKind.PAIR_PREPARING, EventKind.PAIR_CLOSED, pair="pair-3")
    assert write(on_sqlite).sent == 3
    assert opened(on_sqlite, "theo").role is Role.MENTOR
    assert opened(on_sqlite, "vera").role is Role.MENTEE


@pytest.mark.parametrize(("open_for", "works_for"), [(21, 90), (200, 200)])
def test_a_link_works_for_as_long_as_answers_are_welcome(
    on_sqlite: Works, open_for: int, works_for: int
) -> None:
    complete(on_sqlite)
    write(on_sqlite, until=NOW + timedelta(days=open_for))
    assert opened(on_sqlite, "mia").expires == NOW + timedelta(days=works_for)


def test_many_people_are_written_to_page_by_page(
    on_sqlite: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(on_sqlite)
    monkeypatch.setattr("activities.program_messages.PAGE", 1)
    after: str | None = ""
    pages = 0
    while after is not None:
        after = write(on_sqlite, after=after).next
        pages += 1
    assert pages == 5
    assert len(on_sqlite.post.kinds()) == 2


def at_night(_program: Program, _person: Participant | None, now: datetime) -> OpenHours:
    """Hours that open ten hours after the follow-up, for a day."""
    return OpenHours(base=NOW, minute=60, spans=(600, 2040))


def test_what_waited_for_the_morning_goes_out_though_the_program_is_over(
    sqlite_database: Database, post: PostOffice
) -> None:
    works = make_works(sqlite_database, post, at_night)
    complete(works)
    page = write(works)
    morning = NOW + timedelta(hours=10)
    assert (page.sent, page.held, page.later) == (0, 2, morning)
    change(works, "mia", withdrew_at=NOW)
    sent = works.program_messages.send_held_of_program(ProgramRef(program=PROGRAM, now=morning))
    assert (sent.sent, sent.later) == (1, None)
    assert works.post.kinds() == [("theo", "follow_up")]


def test_a_reminder_that_waited_does_not_reach_who_answered_meanwhile(
    sqlite_database: Database, post: PostOffice
) -> None:
    works = make_works(sqlite_database, post, at_night)
    complete(works)
    morning = NOW + timedelta(hours=10)
    write(works, now=morning)
    assert write(works, K.FOLLOW_UP_REMINDER).held == 2
    answer(works, "mia")
    works.program_messages.send_held_of_program(ProgramRef(program=PROGRAM, now=morning))
    assert works.post.kinds()[2:] == [("theo", "follow_up_reminder")]
