"""In which language somebody reads: their own, and of whom nothing is known, their browser's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from domain.journal import EventKind
from portal.languages import as_asked
from store.links import Purpose
from store.tables import PersonRow, SessionRow
from tests import shipped
from tests.portal.scene import STARTED, Scene

ENGLISH = shipped.CONTENT


def speaks(scene: Scene, language: str, person: str = "p-mia") -> None:
    with scene.database.write() as session:
        session.get_one(PersonRow, person).language = language


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("DE-de", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("en;q=0.1, de;q=0.8", "de"),
        ("xx,de;q=0.3", "de"),
        ("xx", "en"),
        ("*", "en"),
        ("de;q=0", "en"),
        ("de;q=high,en", "en"),
        (";;,,=;q", "en"),
        ("../../etc", "en"),
    ],
)
def test_a_browser_is_answered_in_the_language_that_it_likes_best(asked: str, got: str) -> None:
    assert as_asked(ENGLISH, asked).language == got


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/nothing", 404), ("/join/nonsense", 404)]
)
def test_who_is_unknown_reads_their_browsers_language(
    browser: TestClient, path: str, status: int
) -> None:
    answer = browser.get(path, headers={"Accept-Language": "de-CH, en;q=0.4"})
    assert answer.status_code == status
    assert '<html lang="de">' in answer.text
    assert "Bitte öffnen Sie" in answer.text
    assert '<html lang="en">' in browser.get(path, headers={"Accept-Language": "fr"}).text


def test_a_link_that_has_expired_says_so_in_the_browsers_language(
    scene: Scene, browser: TestClient
) -> None:
    url = scene.url(Purpose.JOIN, pair=None, expires=STARTED)
    answer = browser.get(url, headers={"Accept-Language": "de"})
    assert answer.status_code == 410
    assert "<h1>Dieser Link ist nicht mehr gültig</h1>" in answer.text


def test_what_is_refused_at_the_door_says_so_in_the_browsers_language(
    scene: Scene, browser: TestClient
) -> None:
    german = {"Accept-Language": "de"}
    url = scene.url(Purpose.GUIDE)
    assert "<h1>Das geht hier nicht</h1>" in browser.put(url, headers=german).text
    foreign = {**german, "Sec-Fetch-Site": "cross-site"}
    assert "<h1>Das kam nicht von unserer Seite</h1>" in browser.post(url, headers=foreign).text
    large = browser.post(url, data={"words": "x" * 70_000}, headers=german).text
    assert "<h1>Das war mehr, als wir annehmen können</h1>" in large


def test_who_is_known_reads_their_own_language_whatever_the_browser_says(
    scene: Scene, browser: TestClient
) -> None:
    speaks(scene, "de")
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    when = datetime(2030, 3, 4, 13, 30, tzinfo=UTC)
    with scene.database.write() as session:
        session.add(SessionRow(pair_id="pair-1", number=1, booked_for=when, place="Raum 5"))
    headers = {"Accept-Language": "en"}
    overview = browser.get(scene.url(Purpose.OVERVIEW, pair=None), headers=headers).text
    assert '<html lang="de">' in overview
    assert "<h1>Guten Tag, Mia</h1>" in overview
    assert "Treffen 1: Montag, 4. März 2030, " in overview
    assert " Uhr (" in overview
    theirs = browser.get(scene.url(Purpose.OVERVIEW, "p-theo", pair=None), headers=headers).text
    assert "<h1>Hello Theo</h1>" in theirs


def test_problems_of_a_form_are_told_in_ones_own_language(
    scene: Scene, browser: TestClient
) -> None:
    speaks(scene, "de-AT")
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    answer = browser.post(scene.url(Purpose.SURVEY, survey="pulse", occasion="pulse:x"), data={})
    assert answer.status_code == 422
    assert "Bitte beantworten Sie diese Frage." in answer.text
    assert "In meinem Tandem läuft es gut." in answer.text
