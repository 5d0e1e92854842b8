"""Links of who was erased, and pages of those who were in a pair with them."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from domain.journal import EventKind
from store import erasing
from store.links import COORDINATOR, Purpose
from tests.portal.scene import Scene


@pytest.fixture(autouse=True)
def _erased(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING)
    with scene.database.write() as session:
        erasing.erase(session, "p-mia")


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.TASK])
def test_a_link_of_theirs_says_that_nothing_is_held_and_changes_nothing(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    before = scene.everything()
    url = scene.url(purpose, session=1, survey="pulse", occasion="pulse:1")
    for answer in (browser.get(url), browser.post(url, data={"accepts": "yes", "sure": "yes"})):
        assert answer.status_code == 410
        assert "We hold nothing about you any more" in answer.text
    assert scene.everything() == before


def test_the_same_in_german(scene: Scene, browser: TestClient) -> None:
    page = browser.get(scene.url(Purpose.OVERVIEW), headers={"Accept-Language": "de"})
    assert "Wir haben nichts mehr über Sie gespeichert" in page.text


@pytest.mark.parametrize(
    "purpose",
    [
        *(Purpose.OVERVIEW, Purpose.INTRODUCTION, Purpose.AGREEMENT, Purpose.GOALS, Purpose.BOOK),
        *(Purpose.HELP, Purpose.SAFETY, Purpose.DATA, Purpose.CONTINUE, Purpose.SURVEY),
    ],
)
def test_pages_of_the_partner_open_without_the_name(
    scene: Scene, browser: TestClient, purpose: Purpose
) -> None:
    scene.happened(EventKind.PAIR_MEETING)
    about = {"survey": "pulse", "occasion": "pulse:1"} if purpose is Purpose.SURVEY else {}
    page = browser.get(scene.url(purpose, "p-theo", session=1, **about))
    assert page.status_code == 200
    assert "Mia" not in page.text
    assert "(erased)" not in page.text


def test_the_partner_reads_your_partner(scene: Scene, browser: TestClient) -> None:
    assert "your partner" in browser.get(scene.url(Purpose.OVERVIEW, "p-theo")).text


def test_hr_reads_that_somebody_was_erased(scene: Scene, browser: TestClient) -> None:
    page = browser.get(scene.url(Purpose.TASK, COORDINATOR, occasion="task:0:0"))
    assert page.status_code == 200
    assert "(erased) and Theo Example" in page.text
