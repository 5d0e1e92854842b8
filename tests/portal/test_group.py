"""Group sessions in the portal: saying whether one was there, and seeing how one stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from domain.journal import EventKind, JournalEvent
from domain.people import Role
from store import journal, programs
from store.group_sessions import group_sessions_now, roles_in_living_pairs
from store.links import Purpose
from store.tables import AnswerRow, ParticipantRow, ProgramRow
from tests.portal.scene import PROGRAM, TODAY, Scene


@pytest.fixture
def on_course(scene: Scene) -> Scene:
    """Two pairs that meet; of three supervisions two are past."""
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_MEETING)
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_MEETING, pair="pair-2")
    with scene.database.write() as session:
        row = session.get_one(ProgramRow, PROGRAM)
        (group,) = row.definition["group_sessions"]
        dates = [f"{TODAY + timedelta(days=days)}T12:00:00" for days in (-20, -10, 14)]
        row.definition = {
            **row.definition,
            "group_sessions": [{**group, "dates": dates, "needed": 2}],
        }
    return scene


def page(scene: Scene, number: int = 1, person: str = "p-mia") -> str:
    return scene.url(Purpose.GROUP, person, pair=None, occasion=f"supervision:{number}")


def overview(scene: Scene, person: str = "p-mia") -> str:
    return scene.url(Purpose.OVERVIEW, person, pair=None)


def test_one_click_tells_that_somebody_was_there(on_course: Scene, browser: TestClient) -> None:
    asked = browser.get(page(on_course)).text
    assert "Were you at “Mentor supervision”?" in asked
    done = browser.post(page(on_course), data={"came": "yes"}).text
    assert "Good that you were there" in done
    assert "Mentor supervision: 1 of 2 attended, next on" in done
    with on_course.database.read() as session:
        (told,) = [e for _, e in journal.read(session, PROGRAM) if e.kind is EventKind.ATTENDED]
    assert told.person == "p-mia"
    assert told.data == {"group": "supervision", "number": 1}
    assert on_course.rows(AnswerRow)


def test_what_was_said_last_counts(on_course: Scene, browser: TestClient) -> None:
    for came in ("yes", "no"):
        browser.post(page(on_course), data={"came": came})
    assert "Mentor supervision: 0 of 2 attended" in browser.get(overview(on_course)).text
    assert "You said that you were not there." in browser.get(page(on_course)).text


def test_the_overview_offers_each_date_that_is_past_until_it_is_told_about(
    on_course: Scene, browser: TestClient
) -> None:
    before = browser.get(overview(on_course)).text
    assert before.count("Tell us whether you were at “Mentor supervision”") == 2
    browser.post(page(on_course, 2), data={"came": "no"})
    after = browser.get(overview(on_course)).text
    assert after.count("Tell us whether you were at “Mentor supervision”") == 1


def test_a_mentee_sees_nothing_of_the_mentors_supervision(
    on_course: Scene, browser: TestClient
) -> None:
    assert "supervision" not in browser.get(overview(on_course, "p-theo")).text


def test_before_a_date_there_is_nothing_to_say(on_course: Scene, browser: TestClient) -> None:
    shown = browser.get(page(on_course, 3)).text
    assert "Afterwards we ask you here" in shown
    assert "<button" not in shown
    assert browser.post(page(on_course, 3), data={"came": "yes"}).status_code == 422
    assert not on_course.rows(AnswerRow)


def test_it_can_still_be_told_once_the_program_is_over(
    on_course: Scene, browser: TestClient
) -> None:
    on_course.happened(EventKind.PAIR_COMPLETED)
    on_course.happened(EventKind.PROGRAM_COMPLETED, pair=None)
    assert browser.post(page(on_course), data={"came": "yes"}).status_code == 200
    assert len(on_course.rows(AnswerRow)) == 1


def test_who_has_left_is_asked_nothing(on_course: Scene, browser: TestClient) -> None:
    with on_course.database.write() as session:
        session.get_one(ParticipantRow, (PROGRAM, "p-mia")).withdrew_at = datetime.now(UTC)
    assert browser.get(page(on_course)).status_code == 410
    assert browser.post(page(on_course), data={"came": "yes"}).status_code == 410


@pytest.mark.parametrize("occasion", ["supervision:4", "workshop:1", "supervision", None])
def test_a_date_that_is_not_there_has_no_page(
    on_course: Scene, browser: TestClient, occasion: str | None
) -> None:
    url = on_course.url(Purpose.GROUP, pair=None, occasion=occasion)
    assert browser.get(url).status_code == 404


def test_a_postponement_shows_the_new_date(on_course: Scene, browser: TestClient) -> None:
    with on_course.database.write() as session:
        moved = JournalEvent(
            id="moved",
            kind=EventKind.PROGRAM_POSTPONED,
            at=datetime.now(UTC),
            data={"days": 21},
        )
        journal.append(session, PROGRAM, [moved])
    day = TODAY + timedelta(days=35)
    assert f"next on {day:%A} {day.day} {day:%B}" in browser.get(overview(on_course)).text


def test_hr_learns_how_many_are_on_course(on_course: Scene, browser: TestClient) -> None:
    for number in (1, 2):
        browser.post(page(on_course, number), data={"came": "no"})
        browser.post(page(on_course, number, "p-nils"), data={"came": "yes"})
    with on_course.database.read() as session:
        program = programs.get(session, PROGRAM)
        (found,) = group_sessions_now(session, program, datetime.now(UTC))
    assert sorted(found.attendance) == ["p-mia", "p-nils"]
    assert found.on_course == 1


def test_a_pair_that_ended_early_has_nobody_to_invite(on_course: Scene) -> None:
    on_course.happened(EventKind.PAIR_CLOSED)
    on_course.happened(EventKind.PAIR_COMPLETED, pair="pair-2")
    with on_course.database.read() as session:
        assert roles_in_living_pairs(session, PROGRAM) == {}
        completed = roles_in_living_pairs(session, PROGRAM, or_completed=True)
    assert completed == {"p-nils": {Role.MENTOR}, "p-vera": {Role.MENTEE}}
