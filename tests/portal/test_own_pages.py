"""The pages beyond the steps of the program: help, safety, being away, data, going on, the end."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from domain.calendar import calendar_of
from domain.definition import Contact, Definition, Mode
from domain.journal import EventKind
from store.links import Purpose
from store.tables import (
    AnswerRow,
    OutboxRow,
    ParticipantRow,
    PersonRow,
    ProgramRow,
    SessionRow,
)
from tests.portal.scene import DEFINITION, PROGRAM, STARTED, Scene

TODAY = datetime.now(UTC).date()
IN_TWO_WEEKS = TODAY + timedelta(days=14)


def heading(page: str) -> str:
    match = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert match is not None
    return match[1]


def define(scene: Scene, **changes: Any) -> None:
    """Change the program's definition."""
    with scene.database.write() as session:
        program = session.get_one(ProgramRow, PROGRAM)
        changed = DEFINITION.model_copy(update=changes)
        program.definition = Definition.model_validate(changed.model_dump()).model_dump(mode="json")


def second_pair(scene: Scene, *, introduced: bool = True) -> None:
    """Let Mia have a second pair, with Vera."""
    scene.pair("pair-3", "p-mia", "p-vera")
    if introduced:
        scene.happened(EventKind.PAIR_INTRODUCED, pair="pair-3")


def told(scene: Scene) -> list[dict[str, Any]]:
    """What workflows are told, oldest first."""
    rows = [row for row in scene.rows(OutboxRow) if isinstance(row, OutboxRow)]
    return [row.argument for row in sorted(rows, key=lambda row: row.position)]


# --- Help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", [Purpose.GUIDE, Purpose.OVERVIEW, Purpose.AWAY, Purpose.JOIN])
def test_every_page_leads_to_help_and_to_safety(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    pair = "pair-1" if purpose is Purpose.GUIDE else None
    page = browser.get(scene.url(purpose, pair=pair)).text
    footer = page.partition("<footer")[2]
    links = re.findall(r'href="http://testserver(/(?:help|safety)/[^"]+)"', footer)
    assert len(links) == 2
    for link in links:
        assert browser.get(link).status_code == 200


def test_a_page_of_what_has_ended_leads_there_too(scene: Scene, browser: TestClient) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_CLOSED)
    answer = browser.post(scene.url(Purpose.GUIDE), data={"read": "yes"})
    assert answer.status_code == 410
    assert "I don’t feel safe" in answer.text


def test_a_call_for_help_reaches_the_pairs_workflow_once_a_call(
    scene: Scene, browser: TestClient
) -> None:
    url = scene.url(Purpose.HELP)
    data = {"pair": "pair-1", "number": "1", "words": "We are stuck"}
    assert "Cora Example reads it" in browser.post(url, data=data).text
    browser.post(url, data=data)
    assert len(told(scene)) == 1
    assert 'name="number" value="2"' in browser.get(url).text
    browser.post(url, data={**data, "number": "2"})
    assert [deed["kind"] for deed in told(scene)] == ["help_asked"] * 2


def test_help_without_a_word_is_asked_for_one(scene: Scene, browser: TestClient) -> None:
    answer = browser.post(scene.url(Purpose.HELP), data={"pair": "pair-1", "words": " "})
    assert answer.status_code == 422
    assert "Please write a few words" in answer.text


def test_who_has_several_pairs_says_which_one_they_mean(scene: Scene, browser: TestClient) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED)
    second_pair(scene)
    url = scene.url(Purpose.HELP, pair=None)
    page = browser.get(url).text
    assert "My pair with Theo" in page
    assert "My pair with Vera" in page
    missing = browser.post(url, data={"words": "We are <stuck>"})
    assert missing.status_code == 422
    assert 'href="#f-pair"' in missing.text
    assert "We are &lt;stuck&gt;</textarea>" in missing.text
    browser.post(url, data={"pair": "pair-3", "words": "We are stuck"})
    (answer,) = scene.rows(AnswerRow)
    assert isinstance(answer, AnswerRow)
    assert answer.pair_id == "pair-3"


def test_a_page_of_a_pair_asks_about_that_pair_and_leads_to_the_others(
    scene: Scene, browser: TestClient
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED)
    second_pair(scene)
    page = browser.get(scene.url(Purpose.HELP)).text
    assert 'type="hidden" name="pair" value="pair-1"' in page
    other = re.search(r'href="http://testserver(/help/[^"]+)">It is about another pair', page)
    assert other is not None
    assert "My pair with Vera" in browser.get(other[1]).text


@pytest.mark.parametrize("purpose", [Purpose.HELP, Purpose.SAFETY])
def test_help_for_somebody_elses_pair_is_not_asked(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED)
    scene.happened(EventKind.PAIR_INTRODUCED, pair="pair-2")
    data = {"pair": "pair-2", "words": "x"}
    assert browser.post(scene.url(purpose, pair=None), data=data).status_code == 422
    assert scene.rows(AnswerRow) == []


def test_a_pair_that_nobody_was_told_of_is_not_offered(scene: Scene, browser: TestClient) -> None:
    assert "Theo" not in browser.get(scene.url(Purpose.HELP, pair=None)).text


def test_who_is_in_no_pair_is_given_the_coordinators_address(
    scene: Scene, browser: TestClient
) -> None:
    page = browser.get(scene.url(Purpose.HELP, pair=None)).text
    assert 'class="button" id="f-pair" href="mailto:cora@example.com"' in page
    assert "<form" not in page


@pytest.mark.parametrize("purpose", [Purpose.HELP, Purpose.SAFETY])
def test_what_was_written_is_shown_again_when_the_pair_has_ended_meanwhile(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_CLOSED)
    before = scene.everything()
    answer = browser.post(scene.url(purpose), data={"pair": "pair-1", "words": "We <are> stuck"})
    assert answer.status_code == 422
    assert "We &lt;are&gt; stuck" in answer.text
    assert "nothing could be sent" in answer.text
    assert scene.everything() == before


# --- Safety --------------------------------------------------------------------------------------


def test_who_does_not_feel_safe_reads_first_who_will_know(
    scene: Scene, browser: TestClient
) -> None:
    define(scene, safety=Contact(name="Sade Example", email="sade@example.com"))
    page = browser.get(scene.url(Purpose.SAFETY)).text
    assert "Only Sade Example." in page
    assert "Cora Example, who coordinates the program, does not either" in page
    assert "emergency number" in page
    assert "Other ways to get help" in page


def test_where_no_one_else_is_named_it_is_said_that_the_coordinator_reads_it(
    scene: Scene, browser: TestClient
) -> None:
    page = browser.get(scene.url(Purpose.SAFETY)).text
    assert "Cora Example also coordinates the program" in page
    assert "does not either" not in page


def test_one_button_is_enough_and_the_journal_never_hears_of_it(
    scene: Scene, browser: TestClient
) -> None:
    url = scene.url(Purpose.SAFETY)
    events = scene.events()
    done = browser.post(url, data={"pair": "pair-1", "number": "1", "words": ""})
    assert "messages about this pair have stopped" in done.text
    (deed,) = told(scene)
    assert deed["kind"] == "safety_raised"
    assert deed["role"] == "mentor"
    assert scene.events() == events
    browser.post(url, data={"pair": "pair-1", "number": "1", "words": ""})
    assert len(told(scene)) == 1


def test_the_words_are_for_the_contact_and_stand_in_no_page_of_the_partner(
    scene: Scene, browser: TestClient
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    secret = "What happened on Tuesday"
    browser.post(scene.url(Purpose.SAFETY), data={"pair": "pair-1", "words": secret})
    assert secret not in str(told(scene))
    for purpose in (Purpose.OVERVIEW, Purpose.DATA, Purpose.HELP, Purpose.SAFETY):
        for pair in ("pair-1", None):
            theirs = browser.get(scene.url(purpose, "p-theo", pair=pair)).text
            assert secret not in theirs
            assert "You said that you don’t feel safe" not in theirs
    file = browser.post(scene.url(Purpose.DATA, "p-theo", pair=None)).text
    assert secret not in file
    assert "safety" not in file


def test_who_is_in_no_pair_is_given_the_contacts_address(scene: Scene, browser: TestClient) -> None:
    define(scene, safety=Contact(name="Sade Example", email="sade@example.com"))
    page = browser.get(scene.url(Purpose.SAFETY, pair=None)).text
    assert "mailto:sade@example.com" in page
    assert "<form" not in page


# --- Being away ----------------------------------------------------------------------------------


def test_away_until_a_date_means_until_that_day_begins_for_the_person(
    scene: Scene, browser: TestClient
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED)
    url = scene.url(Purpose.AWAY, "p-theo", pair=None)
    done = browser.post(url, data={"action": "away", "until": IN_TWO_WEEKS.isoformat()})
    assert heading(done.text) == "Enjoy your time away"
    (deed,) = told(scene)
    assert (deed["kind"], deed["role"]) == ("went_away", "mentee")
    with scene.database.read() as session:
        until = session.get_one(ParticipantRow, (PROGRAM, "p-theo")).away_until
        program = session.get_one(ProgramRow, PROGRAM)
        assert until is not None
        back = calendar_of(DEFINITION, program.epoch).to_program(until)
    assert back == datetime.combine(IN_TWO_WEEKS, time.min, ZoneInfo("Europe/Prague"))
    assert datetime.fromisoformat(deed["until"]) == until
    mine = browser.get(scene.url(Purpose.OVERVIEW, "p-theo", pair=None)).text
    assert "You are away until" in mine
    theirs = browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text
    assert "Theo is away until" in theirs


@pytest.mark.parametrize(
    ("until", "says"),
    [
        ("", "enter a date"),
        ("soon", "enter a date"),
        (TODAY.isoformat(), "a day after today"),
        ("2020-01-01", "a day after today"),
        ("2999-01-01", "more than a year away"),
    ],
)
def test_a_date_that_can_not_be_is_explained(
    scene: Scene, browser: TestClient, until: str, says: str
) -> None:
    before = scene.everything()
    url = scene.url(Purpose.AWAY, pair=None)
    answer = browser.post(url, data={"action": "away", "until": until})
    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{until}"' in answer.text
    assert scene.everything() == before


def test_who_is_back_early_says_so_with_one_click(scene: Scene, browser: TestClient) -> None:
    url = scene.url(Purpose.AWAY, pair=None)
    assert "I’m back" not in browser.get(url).text
    browser.post(url, data={"action": "away", "until": IN_TWO_WEEKS.isoformat()})
    assert "I’m back" in browser.get(url).text
    done = browser.post(url, data={"action": "back"})
    assert heading(done.text) == "Welcome back, Mia"
    assert [deed["kind"] for deed in told(scene)] == ["went_away", "came_back"]
    assert scene.events()[-2:] == ["went_away", "came_back"]


def test_calendar_invitations_can_be_switched_off_and_on(scene: Scene, browser: TestClient) -> None:
    url = scene.url(Purpose.AWAY, pair=None)
    assert re.search(r'name="calendar" value="yes" checked', browser.get(url).text)
    done = browser.post(url, data={"action": "calendar"})
    assert "without a calendar invitation" in done.text
    assert not re.search(r'name="calendar" value="yes" checked', browser.get(url).text)
    assert "now on calendar invitations come" in (
        browser.post(url, data={"action": "calendar", "calendar": "yes"}).text
    )
    assert told(scene) == []


# --- Data ----------------------------------------------------------------------------------------


def test_all_that_is_held_can_be_read_in_plain_words(scene: Scene, browser: TestClient) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING)
    browser.post(scene.url(Purpose.HELP), data={"pair": "pair-1", "words": "We are stuck"})
    survey = scene.url(Purpose.SURVEY, survey="pulse", occasion="pulse:2")
    browser.post(survey, data={"going_well": "4", "useful": "5", "note": "All <good>"})
    page = browser.get(scene.url(Purpose.DATA, pair=None)).text
    for words in (
        "mia@example.com",
        "Example Dept",
        "Your pair with Theo Example, in which you are the mentor",
        "We are stuck",
        "All &lt;good&gt;",
        scene.content.survey("pulse").title,
        "survey_answered",
        "random number p-mia",
    ):
        assert words in page


def test_only_the_button_gives_the_file(scene: Scene, browser: TestClient) -> None:
    url = scene.url(Purpose.DATA, pair=None)
    for query in ("", "?done=1", "?download=1"):
        assert browser.get(url + query).headers["content-type"].startswith("text/html")
    answer = browser.post(url)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(answer.text)["person"]["email"] == "mia@example.com"


def test_who_has_left_can_still_see_and_take_what_is_held(
    scene: Scene, browser: TestClient
) -> None:
    browser.post(scene.url(Purpose.OVERVIEW, pair=None), data={"action": "withdraw", "sure": "yes"})
    overview = browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text
    link = re.search(r'href="http://testserver(/data/[^"]+)"', overview)
    assert link is not None
    assert "Left the program" in browser.get(link[1]).text
    assert browser.post(link[1]).status_code == 200


# --- Going on ------------------------------------------------------------------------------------


def test_whether_to_go_on_can_be_changed_and_is_not_shown_to_the_partner(
    scene: Scene, browser: TestClient
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_MEETING, EventKind.PAIR_EVALUATING)
    url = scene.url(Purpose.CONTINUE)
    assert "3 mails that suggest to meet, 6 weeks apart" in browser.get(url).text
    assert "Good to hear" in browser.post(url, data={"wish": "go_on_with_mails"}).text
    assert "ends as planned" in browser.post(url, data={"wish": "stop"}).text
    assert [deed["wish"] for deed in told(scene)] == ["go_on_with_mails", "stop"]
    theirs = browser.get(scene.url(Purpose.CONTINUE, "p-theo")).text
    assert "checked" not in theirs
    assert "answered already" not in theirs


def test_no_reminders_are_offered_where_the_program_has_none(
    scene: Scene, browser: TestClient
) -> None:
    define(scene, afterwards=DEFINITION.afterwards.model_copy(update={"mails": 0}))
    url = scene.url(Purpose.CONTINUE)
    assert "go_on_with_mails" not in browser.get(url).text
    assert browser.post(url, data={"wish": "go_on_with_mails"}).status_code == 422
    assert browser.post(url, data={}).status_code == 422


def test_once_the_pair_has_ended_the_same_link_stops_the_reminders(
    scene: Scene, browser: TestClient
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_EVALUATING)
    url = scene.url(Purpose.CONTINUE)
    browser.post(url, data={"wish": "go_on_with_mails"})
    scene.happened(EventKind.PAIR_CONTINUED)
    assert "Stop the reminders" in browser.get(url).text
    overview = browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text
    assert "Reminders to meet" in overview
    assert browser.post(url, data={"wish": "stop"}).status_code == 422
    done = browser.post(url, data={"stop": "yes"}).text
    assert "no more reminders" in done
    assert [deed["wish"] for deed in told(scene)] == ["go_on_with_mails", "go_on"]
    browser.post(url, data={"stop": "yes"})
    assert len(told(scene)) == 2


def test_who_never_said_is_asked_nothing_after_the_end(scene: Scene, browser: TestClient) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_CONTINUED)
    url = scene.url(Purpose.CONTINUE)
    assert browser.get(url).status_code == 410
    assert browser.post(url, data={"stop": "yes"}).status_code == 410


# --- The certificate -----------------------------------------------------------------------------


def held(scene: Scene, count: int) -> None:
    """Let the pair have held so many sessions, a week apart."""
    with scene.database.write() as session:
        for number in range(1, count + 1):
            at = STARTED + timedelta(days=7 * number)
            session.add(SessionRow(pair_id="pair-1", number=number, booked_for=at, held_at=at))


@pytest.mark.parametrize("ending", [EventKind.PAIR_COMPLETED, EventKind.PAIR_CONTINUED])
def test_who_completed_has_a_certificate(
    scene: Scene, browser: TestClient, ending: EventKind
) -> None:
    held(scene, 3)
    scene.happened(EventKind.PAIR_INTRODUCED, ending)
    page = browser.get(scene.url(Purpose.CERTIFICATE)).text
    assert heading(page) == "Mia Example"
    for words in ("as a mentor", "Looking Up 2026", "Example Ltd", "3 sessions · 3 hours", "Cora"):
        assert words in page
    assert "as a mentee" in browser.get(scene.url(Purpose.CERTIFICATE, "p-theo")).text
    overview = browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text
    assert "My certificate" in overview


def test_in_a_mutual_program_both_taught_and_learned(scene: Scene, browser: TestClient) -> None:
    held(scene, 1)
    define(scene, program=DEFINITION.program.model_copy(update={"mode": Mode.MUTUAL}))
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_COMPLETED)
    page = browser.get(scene.url(Purpose.CERTIFICATE)).text
    assert "taught and learned" in page
    assert "One session · 1 hour" in page


@pytest.mark.parametrize(
    "happened",
    [
        (EventKind.PAIR_INTRODUCED, EventKind.PAIR_EVALUATING),
        (EventKind.PAIR_INTRODUCED, EventKind.PAIR_CLOSED),
    ],
)
def test_who_has_not_completed_has_no_certificate(
    scene: Scene, browser: TestClient, happened: tuple[EventKind, ...]
) -> None:
    held(scene, 3)
    scene.happened(*happened)
    assert "no certificate yet" in browser.get(scene.url(Purpose.CERTIFICATE)).text
    assert "My certificate" not in browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text


def test_a_name_on_a_certificate_is_text_and_never_markup(
    scene: Scene, browser: TestClient
) -> None:
    held(scene, 1)
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_COMPLETED)
    with scene.database.write() as session:
        session.get_one(PersonRow, "p-mia").name = "<b>Mia</b> & Söhne"
    page = browser.get(scene.url(Purpose.CERTIFICATE)).text
    assert "<b>" not in page
    assert "&lt;b&gt;Mia&lt;/b&gt; &amp; Söhne" in page


# --- The overview --------------------------------------------------------------------------------


def test_the_overview_has_pairs_that_go_on_first_and_ended_ones_last(
    scene: Scene, browser: TestClient
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_CLOSED)
    second_pair(scene)
    page = browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text
    assert page.index("Vera Example") < page.index("Earlier pairs") < page.index("Theo Example")


def test_an_ended_pair_still_asks_how_it_was(scene: Scene, browser: TestClient) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED)
    scene.happened(EventKind.CHECK_IN_SENT, survey="exit", occasion="exit:closed")
    scene.happened(EventKind.PAIR_CLOSED)
    page = browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text
    assert scene.content.survey("exit").title in page.partition("Earlier pairs")[2]
