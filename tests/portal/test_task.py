"""The coordinator's page of a pair: what happened, and a button for each thing to be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from domain.acts import Outcome, Through
from domain.journal import EventKind
from store import acts, answers
from store.links import COORDINATOR, SPONSOR, Link, Purpose
from store.tables import OutboxRow
from tests.portal.scene import EXPIRES, PROGRAM, Scene
from tests.portal.test_pages import heading

TODAY = datetime.now(UTC).date()


def task(scene: Scene, person: str = COORDINATOR, **about: object) -> str:
    return scene.url(Purpose.TASK, person, **{"occasion": "silence:3:1", **about})


def stalled(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    scene.happened(EventKind.PAIR_STALLED, step=1, trigger="silence")
    scene.happened(EventKind.LADDER_CLIMBED, step=3, trigger="silence", action="coordinator_task")


def orders(scene: Scene) -> list[object]:
    rows = [row for row in scene.rows(OutboxRow) if isinstance(row, OutboxRow)]
    return [row.argument["order"] for row in rows if row.signal == "coordinator_decided"]


def test_it_tells_what_happened_and_what_comes_by_itself(scene: Scene, browser: TestClient) -> None:
    stalled(scene)
    page = browser.get(task(scene)).text
    assert heading(page) == "Mia Example and Theo Example"
    assert "no sign of life for a while" in page
    assert "The two were introduced." in page
    assert "both are asked whether they would rather have another partner once" in page
    assert "mailto:theo@example.com" in page
    assert f"python starter.py pair {PROGRAM} pair-1 rematch" in page


def test_a_call_for_help_is_read_here_in_its_own_words(scene: Scene, browser: TestClient) -> None:
    stalled(scene)
    link = Link(
        purpose=Purpose.OVERVIEW, program=PROGRAM, person="p-mia", pair="pair-1", expires=EXPIRES
    )
    with scene.database.write() as session:
        answers.ask_help(session, link, "We <never> find a date.", 1)
    page = browser.get(task(scene)).text
    assert "One of the two has asked for help." in page
    assert "We &lt;never&gt; find a date." in page
    to_sponsor = browser.get(task(scene, SPONSOR)).text
    assert "Mia Example asked for help." in to_sponsor
    assert "find a date" not in to_sponsor


@pytest.mark.parametrize("days", ["3", "5", "10"])
def test_who_is_on_it_has_so_many_working_days(
    scene: Scene, browser: TestClient, days: str
) -> None:
    stalled(scene)
    url = task(scene)
    done = browser.post(url, data={"action": "snooze", "days": days}).text
    assert heading(done) == "Thank you for looking after them"
    (row,) = scene.rows(OutboxRow)
    assert isinstance(row, OutboxRow)
    until = datetime.fromisoformat(row.argument["snooze_until"])
    span = range(1, (until.date() - TODAY).days + 1)
    working = [d for d in span if (TODAY + timedelta(days=d)).weekday() < 5]
    assert len(working) == int(days)
    assert "Somebody is on it until" in browser.get(url).text


@pytest.mark.parametrize("order", ["close", "rematch"])
def test_what_can_t_be_undone_is_asked_twice(scene: Scene, browser: TestClient, order: str) -> None:
    stalled(scene)
    url, before = task(scene), scene.everything()
    asked = browser.post(url, data={"action": order})
    assert "can’t be undone" in asked.text
    assert scene.everything() == before
    done = browser.post(url, data={"action": order, "sure": "yes"})
    assert 'class="next"' in done.text
    assert orders(scene) == [order]
    page = browser.get(url).text
    assert "There is nothing left to do here" in page
    assert "<form" not in page


def test_a_second_decision_to_end_it_is_told_kindly(scene: Scene, browser: TestClient) -> None:
    stalled(scene)
    url = task(scene)
    browser.post(url, data={"action": "close", "sure": "yes"})
    for data in (
        {"action": "close", "sure": "yes"},
        {"action": "rematch"},
        {"action": "hold"},
        {"action": "snooze", "days": "5"},
    ):
        again = browser.post(task(scene, SPONSOR), data=data)
        assert again.status_code == 200
        assert heading(again.text) == "This was settled before"
    assert orders(scene) == ["close"]


def test_a_pair_that_is_over_is_told_of_and_left_alone(scene: Scene, browser: TestClient) -> None:
    stalled(scene)
    scene.happened(EventKind.PAIR_CLOSED, reason="ladder")
    before = scene.everything()
    url = task(scene)
    assert "This pair has come to its end" in browser.get(url).text
    assert heading(browser.post(url, data={"action": "close"}).text) == "This was settled before"
    assert scene.everything() == before


def test_a_pause_may_have_a_last_day(scene: Scene, browser: TestClient) -> None:
    stalled(scene)
    url = task(scene)
    until = (TODAY + timedelta(days=30)).isoformat()
    done = browser.post(url, data={"action": "hold", "until": until}).text
    assert heading(done) == "The pair is paused"
    (row,) = scene.rows(OutboxRow)
    assert isinstance(row, OutboxRow)
    assert row.argument["until"].startswith(until)
    scene.happened(EventKind.PAIR_PAUSED)
    page = browser.get(url).text
    assert "This pair is paused" in page
    assert "Let them go on" in page
    assert heading(browser.post(url, data={"action": "resume"}).text) == "The pause is over"
    assert orders(scene) == ["hold", "resume"]


def test_each_decision_says_in_the_record_by_whose_link_it_was_made(
    scene: Scene, browser: TestClient
) -> None:
    stalled(scene)
    browser.get(task(scene))
    browser.post(task(scene), data={"action": "snooze", "days": "5"})
    browser.post(task(scene, SPONSOR), data={"action": "hold"})
    browser.post(task(scene, SPONSOR), data={"action": "hold"})
    browser.post(task(scene), data={"action": "close"})
    browser.post(task(scene), data={"action": "close", "sure": "yes"})
    with scene.database.read() as session:
        found = acts.read(session, program=PROGRAM, pair="pair-1")
    assert [(one.who, one.through, one.act, one.outcome) for one in found] == [
        ("coordinator", Through.PAGE, "pair take-on", Outcome.DONE),
        ("sponsor", Through.PAGE, "pair pause", Outcome.DONE),
        ("coordinator", Through.PAGE, "pair close", Outcome.DONE),
    ]


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("soon", "Please choose a date"),
        (TODAY.isoformat(), "from tomorrow on"),
        ((TODAY + timedelta(days=900)).isoformat(), "more than a year away"),
    ],
)
def test_a_date_that_can_t_be_meant_is_refused(
    scene: Scene, browser: TestClient, until: str, said: str
) -> None:
    refused = browser.post(task(scene), data={"action": "hold", "until": until})
    assert refused.status_code == 422
    assert said in refused.text
    assert f'value="{until}"' in refused.text
    assert orders(scene) == []


def test_an_action_that_there_is_not_changes_nothing(scene: Scene, browser: TestClient) -> None:
    for data in ({}, {"action": "cancel"}, {"action": "snooze", "days": "400"}):
        assert browser.post(task(scene), data=data).status_code == 422
    assert orders(scene) == []


@pytest.mark.parametrize("what", ["sure-close", "sure-hold", "close", "hold", "snooze", "over"])
def test_an_address_that_says_done_does_nothing(
    scene: Scene, browser: TestClient, what: str
) -> None:
    stalled(scene)
    before = scene.everything()
    assert browser.get(f"{task(scene)}?done={what}").status_code == 200
    assert scene.everything() == before


# --- Who may come --------------------------------------------------------------------------------


def test_a_participant_can_t_come_even_with_a_token_that_we_signed(
    scene: Scene, browser: TestClient
) -> None:
    for person in ("p-mia", "p-theo", "p-vera", "somebody"):
        url = task(scene, person)
        assert browser.get(url).status_code == 404
        assert browser.post(url, data={"action": "close", "sure": "yes"}).status_code == 404
    assert orders(scene) == []


def test_the_coordinators_token_opens_no_page_of_a_participant(
    scene: Scene, browser: TestClient
) -> None:
    for purpose in set(Purpose) - {Purpose.TASK}:
        assert browser.get(scene.url(purpose, COORDINATOR, session=1)).status_code == 404


@pytest.mark.parametrize("pair", [None, "pair-9"])
def test_a_pair_that_is_not_the_programs_is_not_shown(
    scene: Scene, browser: TestClient, pair: str | None
) -> None:
    assert browser.get(task(scene, pair=pair)).status_code == 404


def test_the_sponsor_may_decide_as_well_and_is_named(scene: Scene, browser: TestClient) -> None:
    stalled(scene)
    url = task(scene, SPONSOR)
    page = browser.get(url).text
    assert "Cora Example is glad to help" in page
    assert "Cora Example is glad to help" not in browser.get(task(scene)).text
    browser.post(url, data={"action": "rematch", "sure": "yes"})
    assert "The sponsor decided to look for other partners" in browser.get(url).text
