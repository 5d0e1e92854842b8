"""Surveys of an organisation's own, as people meet them: shown, answered and scored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from domain.journal import EventKind
from domain.people import Role
from domain.surveys import score_of
from store.content import Content
from store.content_folders import SHIPPED
from store.links import Purpose
from store.report_data import load_responses
from store.tables import AnswerRow
from tests.content.test_survey_files import CONTENT as OURS
from tests.portal.scene import PROGRAM, Scene, make_scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """An example program of an organisation with content of its own."""
    made = make_scene(tmp_path)
    made.content = OURS
    yield made
    made.database.close()


@pytest.mark.parametrize("name", ["statements_12", "statements_21"])
def test_an_instrument_is_shown_with_the_words_of_every_point(
    scene: Scene, browser: TestClient, name: str
) -> None:
    survey = OURS.survey(name)
    page = browser.get(scene.url(Purpose.SURVEY, survey=name, occasion=f"{name}:x")).text
    assert page.count("<fieldset") == len(survey.items)
    first = survey.items[0]
    for number in range(first.low, first.high + 1):
        row = f'value="{number}"'
        assert page.count(row) == len(survey.items)
        assert page.count(f'<span class="point">{first.label_of(number)}</span>') == len(
            survey.items
        )
    assert survey.citation in page
    assert f"Licence: {survey.licence}" in page


def test_what_was_answered_to_an_instrument_is_scored(scene: Scene, browser: TestClient) -> None:
    url = scene.url(Purpose.SURVEY, survey="statements_21", occasion="statements_21:x")
    numbers = [6, 0, 3, 1, 5, 2, 4, 0, 6, 2, 3, 1, 5, 6, 4, 2, 0, 1, 3, 6, 5]
    form = {f"statement_{place}": str(number) for place, number in enumerate(numbers, 1)}
    assert browser.post(url, data=form, follow_redirects=False).status_code == 303
    with scene.database.read() as session:
        (response,) = load_responses(session, PROGRAM)
    survey = OURS.survey("statements_21")
    total = survey.scale("all")
    assert total is not None
    assert response.version == survey.version
    # By hand: see tests/content/test_survey_files.py.
    assert score_of(survey, total, response.answers, Role.MENTOR) == 21 + 26 + 16


def pulse(folder: Path, version: int, question: str) -> Content:
    """Content in which the pulse asks one question of an organisation's own."""
    path = folder / "en" / "surveys" / "pulse.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"id: pulse\nversion: {version}\ntitle: Pulse {version}\nintro: One question.\n"
        f"minutes: 1\nitems:\n  - {{id: well, kind: scale, text: {question}}}\n",
        encoding="utf-8",
    )
    return Content([folder, SHIPPED])


def test_a_survey_that_is_changed_stays_as_it_was_for_who_has_begun(
    scene: Scene, tmp_path: Path
) -> None:
    about = {"survey": "pulse", "occasion": "pulse:2"}
    mias, theos = (scene.url(Purpose.SURVEY, person, **about) for person in ("p-mia", "p-theo"))
    scene.content = pulse(tmp_path / "own", 7, "All well?")
    with TestClient(scene.app()) as browser:
        assert "All well?" in browser.get(mias).text
        browser.post(mias, data={"well": "2"})
    scene.happened(EventKind.PAIR_INTRODUCED)
    scene.happened(EventKind.CHECK_IN_SENT, **about)
    scene.content = pulse(tmp_path / "own", 8, "How well?")
    with TestClient(scene.app()) as browser:
        assert "How well?" in browser.get(theos).text
        page = browser.get(mias).text
        assert "All well?" in page
        assert 'value="2" checked' in page
        browser.post(mias, data={"well": "4"})
        assert "All well?" in browser.get(scene.url(Purpose.DATA, pair=None)).text
        overview = browser.get(scene.url(Purpose.OVERVIEW, "p-theo", pair=None)).text
        assert "Pulse 8" in overview
    (row,) = (row for row in scene.rows(AnswerRow) if isinstance(row, AnswerRow))
    assert (row.version, row.content, row.first_content) == (7, {"well": 4}, {"well": 2})


def test_opening_a_survey_does_not_decide_what_is_asked(scene: Scene, browser: TestClient) -> None:
    before = scene.everything()
    browser.get(scene.url(Purpose.SURVEY, survey="pulse", occasion="pulse:2"))
    assert scene.everything() == before


def test_what_was_first_sent_can_be_read_where_all_that_is_held_stands(
    scene: Scene, browser: TestClient
) -> None:
    url = scene.url(Purpose.SURVEY, survey="pulse", occasion="pulse:2")
    for note in ("At first so", "Now like this"):
        browser.post(url, data={"going_well": "4", "useful": "5", "note": note})
    page = browser.get(scene.url(Purpose.DATA, pair=None)).text
    assert page.index("Answers, as you first sent them") < page.index("At first so")
    assert "Now like this" in page
    assert "One survey that you were asked" in page
    held = browser.post(scene.url(Purpose.DATA, pair=None)).json()["programs"][0]
    assert held["answers"][0]["first_content"]["note"] == "At first so"
    assert [(one["survey"], one["version"]) for one in held["asked"]] == [("pulse", 1)]
