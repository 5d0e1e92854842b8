"""The training in the portal: what there is to read, how far somebody has come, what comes next."""

from __future__ import annotations

import re

import httpx
from starlette.testclient import TestClient

from demo.pages import Page
from demo.people import Crowd
from domain.calendar import calendar_of
from domain.definition import Mode
from domain.journal import EventKind
from store.links import Purpose
from store.tables import AnswerRow, OutboxRow, ProgramRow
from tests.portal.scene import DEFINITION, PROGRAM, STARTED, Scene

OF_MENTORS = ["relationship", "conversation", "feedback", "teaching_senior", "boundaries"]


def modules_on(scene: Scene, page: str) -> list[str | None]:
    """The ids of the modules in the list, in its order."""
    tokens = re.findall(r'<li>\s*<a href="http://testserver/training/([^"]+)"', page)
    return [scene.links.open(token, Purpose.TRAINING).occasion for token in tokens]


def button(page: str) -> tuple[str, str] | None:
    """Where the page's button leads, and what it says."""
    found = re.search(r'class="button" href="http://testserver([^"]+)">(.*?)</a>', page)
    return (found[1], found[2]) if found else None


def defined(scene: Scene, **changes: object) -> None:
    """Change the program's definition."""
    definition = DEFINITION.model_copy(update=changes)
    with scene.database.write() as session:
        row = session.get_one(ProgramRow, PROGRAM)
        row.definition = definition.model_dump(mode="json")


def test_the_list_has_the_modules_of_ones_role_with_their_minutes(
    scene: Scene, browser: TestClient
) -> None:
    page = browser.get(scene.url(Purpose.GUIDE)).text
    assert modules_on(scene, page) == OF_MENTORS
    assert "0 of 5 read" in page
    assert "About 20 minutes to go" in page
    assert page.count("4 minutes") == 5
    theirs = browser.get(scene.url(Purpose.GUIDE, "p-theo")).text
    assert modules_on(scene, theirs) == ["goals", "needs", "challenge"]


def test_one_page_leads_to_the_next_until_all_is_read(scene: Scene, browser: TestClient) -> None:
    step = button(browser.get(scene.url(Purpose.GUIDE)).text)
    headings = []
    while step is not None:
        page = browser.get(step[0]).text
        assert "<form" in page
        done = browser.post(step[0], data={"read": "yes"}).text
        headings.append(re.findall(r"<h1>(.*?)</h1>", done)[0])
        step = button(done)
    assert headings == [
        "1 of 5 read",
        "2 of 5 read",
        "3 of 5 read",
        "4 of 5 read",
        "You have read all of your training",
    ]
    assert scene.events()[1:] == ["training_read"] * 4 + ["training_done"]
    page = browser.get(scene.url(Purpose.GUIDE)).text
    assert "5 of 5 read" in page
    assert "You have read all of it" in page
    assert button(page) is None
    assert modules_on(scene, page) == OF_MENTORS


def test_modules_can_be_read_in_any_order_and_the_first_that_is_left_comes_next(
    scene: Scene, browser: TestClient
) -> None:
    browser.post(scene.url(Purpose.TRAINING, occasion="relationship"))
    done = browser.post(scene.url(Purpose.TRAINING, occasion="boundaries")).text
    step = button(done)
    assert step is not None
    assert step[1] == "Next: The developmental conversation"
    page = browser.get(scene.url(Purpose.GUIDE)).text
    assert page.count("· read") == 2


def test_a_module_that_was_read_can_be_read_again_and_asks_for_nothing(
    scene: Scene, browser: TestClient
) -> None:
    url = scene.url(Purpose.TRAINING, occasion="feedback")
    browser.post(url)
    page = browser.get(url).text
    assert "You have read this" in page
    assert "Ask whether it is welcome" in page
    assert "<form" not in page
    browser.post(url)
    assert len(scene.rows(AnswerRow)) == len(scene.rows(OutboxRow)) == 1


def test_somebody_in_two_pairs_reads_once(scene: Scene, browser: TestClient) -> None:
    scene.pair("pair-3", "p-mia", "p-vera")
    for module in OF_MENTORS:
        browser.post(scene.url(Purpose.TRAINING, occasion=module))
    assert "5 of 5 read" in browser.get(scene.url(Purpose.GUIDE, pair="pair-3")).text
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, pair="pair-3")
    overview = browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text
    assert "Read your training" not in overview
    assert "Your training" in overview


def test_what_is_for_the_other_role_or_for_other_programs_opens_nothing(
    scene: Scene, browser: TestClient
) -> None:
    for module in ("goals", "privacy", "nothing"):
        url = scene.url(Purpose.TRAINING, occasion=module)
        assert browser.get(url).status_code == 404
        assert browser.post(url).status_code == 404
    assert scene.rows(AnswerRow) == []


def test_in_mutual_mode_both_sides_are_read_and_it_says_why(
    scene: Scene, browser: TestClient
) -> None:
    defined(scene, program=DEFINITION.program.model_copy(update={"mode": Mode.MUTUAL}))
    for person in ("p-mia", "p-theo"):
        page = browser.get(scene.url(Purpose.GUIDE, person)).text
        assert "0 of 8 read" in page
        assert "The two of you teach each other" in page


def test_a_program_without_training_asks_for_none(scene: Scene, browser: TestClient) -> None:
    none = DEFINITION.training.model_copy(update={"modules": ()})
    defined(scene, training=none)
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING)
    assert "nothing for you to read" in browser.get(scene.url(Purpose.GUIDE)).text
    assert "raining" not in browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text


def test_who_still_has_the_guide_of_an_earlier_version_open_is_led_to_the_modules(
    scene: Scene, browser: TestClient
) -> None:
    before = scene.everything()
    page = browser.post(scene.url(Purpose.GUIDE), data={"read": "yes"}).text
    assert modules_on(scene, page) == OF_MENTORS
    assert scene.everything() == before


async def test_simulated_people_read_all_of_their_training(scene: Scene) -> None:
    transport = httpx.ASGITransport(scene.app())
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver", follow_redirects=True
    ) as web:
        crowd = Crowd(["mia@example.com"], "", calendar_of(DEFINITION, STARTED))
        page = Page.read((await web.get(scene.url(Purpose.GUIDE))).text)
        await crowd._read_training(web, page)
    assert scene.events()[-1] == "training_done"
    assert len(crowd.thanked) == 5
