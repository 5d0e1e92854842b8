"""A line manager's page, and what who joins is told of it."""

from __future__ import annotations

import html

import pytest
from starlette.testclient import TestClient

from domain.journal import EventKind
from store import answers
from store.links import Purpose
from store.tables import AnswerRow, OutboxRow, PairRow, ParticipantRow, ProgramRow
from tests.portal.scene import DEFINITION, PROGRAM, Scene


def approval(scene: Scene, about: str = "p-mia", manager: str = "p-nils") -> str:
    return scene.url(Purpose.APPROVAL, manager, pair=None, occasion=about)


def text_of(page: str) -> str:
    return " ".join(html.unescape(page).split())


def mia(scene: Scene) -> ParticipantRow:
    with scene.database.read() as session:
        row = session.get_one(ParticipantRow, (PROGRAM, "p-mia"))
        session.expunge(row)
        return row


def change(scene: Scene, person: str, **fields: object) -> None:
    with scene.database.write() as session:
        row = session.get_one(ParticipantRow, (PROGRAM, person))
        for field, value in fields.items():
            setattr(row, field, value)


def ask_managers(scene: Scene) -> None:
    plan = DEFINITION.model_copy(
        update={"enrolment": DEFINITION.enrolment.model_copy(update={"manager_approval": True})}
    )
    with scene.database.write() as session:
        session.get_one(ProgramRow, PROGRAM).definition = plan.model_dump(mode="json")


def test_a_manager_reads_who_asks_and_what_it_takes(scene: Scene, browser: TestClient) -> None:
    page = text_of(browser.get(approval(scene)).text)
    assert "Do you agree that Mia Example takes part?" in page
    assert "Mia would be a mentor" in page
    assert "6 sessions of 60 minutes" in page
    assert "Your reason is read by Cora Example and nobody else." in page
    assert "Leave the program" not in page


def test_a_yes_is_kept_and_can_be_changed(scene: Scene, browser: TestClient) -> None:
    url = approval(scene)
    assert "Thank you, noted" in browser.post(url, data={"agrees": "yes"}).text
    assert mia(scene).approved is True
    assert "You agreed." in browser.get(url).text
    data = {"agrees": "no", "reason": "We are short of people."}
    assert "Thank you for telling us" in browser.post(url, data=data).text
    assert mia(scene).approved is False
    assert scene.events() == ["program_started", "manager_approved", "manager_declined"]
    (answer,) = scene.rows(AnswerRow)
    assert isinstance(answer, AnswerRow)
    assert answer.content == {"agrees": False, "reason": "We are short of people."}
    assert scene.rows(OutboxRow) == []


def test_a_reason_that_is_too_long_is_given_back_as_it_was_typed(
    scene: Scene, browser: TestClient
) -> None:
    reason = "x" * 10_001
    page = browser.post(approval(scene), data={"agrees": "no", "reason": reason})
    assert page.status_code == 422
    assert reason in page.text
    assert "Please keep it under" in page.text
    assert mia(scene).approved is None


def test_who_else_waits_stands_below_and_leads_on(scene: Scene, browser: TestClient) -> None:
    with scene.database.write() as session:
        row = session.get_one(ParticipantRow, (PROGRAM, "p-theo"))
        row.profile = {**row.profile, "manager": "p-nils"}
    assert "Others who wait for your answer" in browser.get(approval(scene)).text
    done = browser.post(approval(scene), data={"agrees": "yes"}).text
    assert "Theo Example" in done
    link = done.split('<li><a href="')[1].split('"')[0].removeprefix("http://testserver")
    assert "Do you agree that Theo Example" in browser.get(link).text
    browser.post(link, data={"agrees": "yes"})
    assert "Others who wait" not in browser.get(approval(scene)).text


@pytest.mark.parametrize(
    "what", ["closed", "matched", "withdrew", "stays out", "another manager", "over"]
)
def test_an_answer_that_nobody_needs_any_more_is_not_asked_for(
    scene: Scene, browser: TestClient, what: str
) -> None:
    match what:
        case "closed":
            scene.happened(EventKind.ENROLMENT_CLOSED, pair=None, selection=0)
        case "matched":
            scene.happened(EventKind.MATCHES_PROPOSED, pair=None)
        case "over":
            scene.happened(EventKind.PROGRAM_CANCELLED, pair=None)
        case "withdrew":
            with scene.database.write() as session:
                answers.withdraw(session, PROGRAM, "p-mia")
        case "stays out":
            change(scene, "p-mia", joined=False)
        case _:
            change(scene, "p-mia", profile={**mia(scene).profile, "manager": "p-theo"})
    before = scene.everything()
    for answer in (
        browser.get(approval(scene)),
        browser.post(approval(scene), data={"agrees": "yes"}),
    ):
        assert answer.status_code == 410
        assert "Your answer is not needed any more" in text_of(answer.text)
    assert scene.everything() == before


@pytest.mark.parametrize("about", ["p-nobody", None])
def test_a_link_about_nobody_is_not_found(
    scene: Scene, browser: TestClient, about: str | None
) -> None:
    url = scene.url(Purpose.APPROVAL, "p-nils", pair=None, occasion=about)
    assert browser.get(url).status_code == 404


def test_who_joins_is_told_that_their_manager_is_asked(scene: Scene, browser: TestClient) -> None:
    change(scene, "p-mia", joined=None)
    url = scene.url(Purpose.JOIN, pair=None)
    assert "Nothing goes to your line manager" in browser.get(url).text
    ask_managers(scene)
    page = text_of(browser.get(url).text)
    assert "Nothing goes to your line manager" not in page
    assert "Your line manager is asked once" in page
    assert "we ask your line manager" in text_of(browser.post(url, data={"joins": "yes"}).text)


def test_who_has_no_manager_in_the_file_reads_nothing_of_it(
    scene: Scene, browser: TestClient
) -> None:
    ask_managers(scene)
    url = scene.url(Purpose.JOIN, "p-theo", pair=None)
    page = browser.get(url).text
    assert "Nothing goes to your line manager" in page
    assert "Next we look for a partner" in browser.get(url + "?done=1").text


def overview(scene: Scene, browser: TestClient, person: str = "p-mia") -> str:
    return text_of(browser.get(scene.url(Purpose.OVERVIEW, person, pair=None)).text)


def without_pairs(scene: Scene) -> None:
    with scene.database.write() as session:
        for pair in ("pair-1", "pair-2"):
            session.delete(session.get_one(PairRow, pair))


def test_the_overview_says_what_somebody_waits_for(scene: Scene, browser: TestClient) -> None:
    without_pairs(scene)
    assert "looking for a partner" in overview(scene, browser)
    ask_managers(scene)
    assert "Your line manager is asked" in overview(scene, browser)
    assert "looking for a partner" in overview(scene, browser, "p-theo")
    browser.post(approval(scene), data={"agrees": "no"})
    assert "Your line manager is asked" in overview(scene, browser)  # told at the closing date
    scene.happened(EventKind.ENROLMENT_CLOSED, pair=None, selection=1)
    assert "You are not in this round" in overview(scene, browser)


def test_what_hr_chose_shows_once_they_confirmed_it(scene: Scene, browser: TestClient) -> None:
    without_pairs(scene)
    scene.happened(EventKind.ENROLMENT_CLOSED, pair=None, selection=1)
    change(scene, "p-theo", selected=False)
    assert "looking for a partner" in overview(scene, browser, "p-theo")
    scene.happened(EventKind.PEOPLE_SELECTED, pair=None, selected=3, not_selected=1)
    assert "You are not in this round" in overview(scene, browser, "p-theo")
    assert "looking for a partner" in overview(scene, browser)


def test_the_ways_to_help_are_a_participants_and_not_a_managers(
    scene: Scene, browser: TestClient
) -> None:
    assert "I don’t feel safe" not in text_of(browser.get(approval(scene)).text)
