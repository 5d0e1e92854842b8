"""The goals' page: written with help, rated, and looked at again."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from domain.journal import EventKind
from store.links import Purpose
from store.tables import AnswerRow, OutboxRow, ParticipantRow, ProgramRow
from tests.portal.scene import DEFINITION, PROGRAM, Scene
from tests.portal.test_pages import heading

HALF = "goals:share-50"
TWO = {"goal_1": "Read a dashboard", "rating_1": "2", "goal_3": "Use AI", "rating_3": "1"}


@pytest.fixture
def writes(scene: Scene) -> str:
    return scene.url(Purpose.GOALS, "p-theo")


@pytest.fixture
def reviews(scene: Scene) -> str:
    return scene.url(Purpose.GOALS, "p-theo", occasion=HALF)


def define(scene: Scene, **sections: dict[str, object]) -> None:
    """Change parts of the program's definition."""
    with scene.database.write() as session:
        row = session.get_one(ProgramRow, PROGRAM)
        changed = {key: {**row.definition[key], **value} for key, value in sections.items()}
        row.definition = {**row.definition, **changed}


def kept(scene: Scene, occasion: str = "goals") -> dict[str, object]:
    rows = (row for row in scene.rows(AnswerRow) if isinstance(row, AnswerRow))
    return next(dict(row.content) for row in rows if row.occasion == occasion)


def test_one_goal_is_enough_and_none_is_not(scene: Scene, browser: TestClient, writes: str) -> None:
    empty = browser.post(writes, data={"goal_1": " ", "goal_2": "", "goal_3": ""})
    assert empty.status_code == 422
    assert "at least one goal" in empty.text
    done = browser.post(writes, data={"goal_2": "Read a dashboard", "rating_2": "3"}).text
    assert "<li>Read a dashboard – you stand at 3 of 5</li>" in done
    assert "Mia can see them now" in done
    assert kept(scene) == {"goals": ["Read a dashboard"], "ratings": [3], "numbers": [2]}
    page = browser.get(writes).text
    assert 'name="goal_2" rows="2">\nRead a dashboard</textarea>' in page
    assert re.search(r'name="rating_2" value="3"[^>]* checked', page)


def test_a_goal_needs_a_rating_and_a_rating_alone_is_nothing(
    scene: Scene, browser: TestClient, writes: str
) -> None:
    answer = browser.post(writes, data={"goal_1": "Read a dashboard", "rating_2": "4"})
    assert answer.status_code == 422
    assert 'href="#f-rating_1"' in answer.text
    assert 'href="#f-rating_2"' not in answer.text
    assert "Read a dashboard</textarea>" in answer.text
    for wrong in ("0", "6", "²", "many"):
        data = {"goal_1": "Read a dashboard", "rating_1": wrong}
        assert browser.post(writes, data=data).status_code == 422
    browser.post(writes, data={"goal_1": "Read a dashboard", "rating_1": "1", "rating_2": "4"})
    assert kept(scene)["ratings"] == [1]


def test_a_goal_that_is_too_long_is_not_cut_off(browser: TestClient, writes: str) -> None:
    answer = browser.post(writes, data={"goal_1": "x" * 2001, "rating_1": "1"})
    assert answer.status_code == 422
    assert "under 2000 characters. It has 2001 now" in answer.text
    assert "x" * 2001 in answer.text


def test_there_is_room_for_as_many_goals_as_the_definition_says(
    scene: Scene, browser: TestClient, writes: str
) -> None:
    define(scene, goals={"most": 5})
    page = browser.get(writes).text
    assert page.count("<textarea") == 5
    assert "One to 5 goals" in page
    browser.post(writes, data={"goal_5": "Listen", "rating_5": "2"})
    define(scene, goals={"most": 1})
    page = browser.get(writes).text
    assert "One goal, in your own words" in page
    assert "Listen</textarea>" in page


def test_a_goal_keeps_its_number_and_its_first_rating_when_its_words_change(
    scene: Scene, browser: TestClient, writes: str
) -> None:
    browser.post(writes, data=TWO)
    page = browser.get(writes).text
    assert "Goal 1: where did you stand on it when you wrote it down?" in page
    assert "Goal 2: where do you stand on it today?" in page
    browser.post(writes, data={**TWO, "goal_1": "", "goal_3": "Use AI with care"})
    assert kept(scene) == {"goals": ["Use AI with care"], "ratings": [1], "numbers": [3]}


def test_topics_that_the_people_file_names_are_offered_with_others_beside_them(
    scene: Scene, browser: TestClient, writes: str
) -> None:
    assert "Topics that you named" not in browser.get(writes).text
    define(scene, people={"vocabularies": ["digcomp-3.0", "workplace", "our-own.yaml"]})
    with scene.database.write() as session:
        row = session.get_one(ParticipantRow, (PROGRAM, "p-theo"))
        row.profile = {**row.profile, "goals": ["Spreadsheets", "Knitting & more"]}
    page = browser.get(writes).text
    assert "<li>Spreadsheets: know enough to ask the right questions.</li>" in page
    assert "<li>Knitting &amp; more: try it once in my own work" in page
    near = re.search(r"Close to them are: ([^<]+)\.", page)
    assert near is not None
    assert "Presentations" in near[1]
    assert "Spreadsheets" not in near[1]
    assert "Joint Research Centre" not in page


def test_a_vocabulary_whose_licence_asks_for_it_is_named(
    scene: Scene, browser: TestClient, writes: str
) -> None:
    from store.vocabulary_file import shipped_vocabulary

    term = next(t for t in shipped_vocabulary("digcomp-3.0", "en").terms if t.group)
    define(scene, people={"vocabularies": ["digcomp-3.0"]})
    with scene.database.write() as session:
        row = session.get_one(ParticipantRow, (PROGRAM, "p-theo"))
        row.profile = {**row.profile, "goals": [term.label]}
    assert "Joint Research Centre" in browser.get(writes).text


# --- Looking at them again -----------------------------------------------------------------------


def test_each_goal_is_shown_with_where_one_stood_and_rated_anew(
    scene: Scene, browser: TestClient, writes: str, reviews: str
) -> None:
    browser.post(writes, data=TWO)
    page = browser.get(reviews).text
    assert heading(page) == "Where do you stand on your goals now?"
    assert re.search(r"Read a dashboard</h2>\s*<ul>\s*<li>[^<]+: 2 of 5</li>", page)
    assert page.count("<fieldset") == 2
    told = {"rating_1": "4", "words_1": "I built one", "rating_3": "1"}
    done = browser.post(reviews, data=told).text
    assert "Read a dashboard – 2 → 4" in done
    assert "Use AI – 1 → 1" in done
    assert kept(scene, HALF) == {
        "goals": ["Read a dashboard", "Use AI"],
        "ratings": [4, 1],
        "numbers": [1, 3],
        "words": ["I built one", ""],
    }
    assert scene.events()[-2:] == ["goals_written", "survey_answered"]
    page = browser.get(reviews).text
    assert "You have answered already" in page
    assert re.search(r'name="rating_1" value="4"[^>]* checked', page)
    later = browser.get(scene.url(Purpose.GOALS, "p-theo", occasion="goals:evaluation")).text
    assert re.search(r": 2 of 5</li>\s*<li>[^<]+: 4 of 5</li>", later)


def test_a_review_wants_every_goal_rated_and_loses_nothing(
    scene: Scene, browser: TestClient, writes: str, reviews: str
) -> None:
    browser.post(writes, data=TWO)
    before = scene.everything()
    answer = browser.post(reviews, data={"rating_1": "4", "words_3": "Not <yet>"})
    assert answer.status_code == 422
    assert 'href="#f-rating_3"' in answer.text
    assert re.search(r'name="rating_1" value="4"[^>]* checked', answer.text)
    assert "Not &lt;yet&gt;</textarea>" in answer.text
    assert scene.everything() == before


def test_sending_a_review_twice_records_it_once_and_opening_it_nothing(
    scene: Scene, browser: TestClient, writes: str, reviews: str
) -> None:
    browser.post(writes, data=TWO)
    before = scene.everything()
    browser.get(reviews)
    browser.get(f"{reviews}?done=1")
    assert scene.everything() == before
    for _ in range(2):
        browser.post(reviews, data={"rating_1": "4", "rating_3": "2"})
    assert len(scene.rows(OutboxRow)) == 2


def test_who_has_no_goals_is_led_to_write_some(
    scene: Scene, browser: TestClient, reviews: str
) -> None:
    page = browser.get(reviews).text
    match = re.search(r'class="button" href="http://testserver(/goals/[^"]+)"', page)
    assert match is not None
    assert heading(browser.get(match[1]).text) == "What would you like to learn?"
    assert browser.post(reviews, data={"rating_1": "4"}).status_code == 422
    scene.happened(EventKind.PAIR_CLOSED)
    assert browser.get(reviews).status_code == 410


def test_goals_without_ratings_from_0_2_0_can_be_looked_at(
    scene: Scene, browser: TestClient, writes: str, reviews: str
) -> None:
    browser.post(writes, data=TWO)
    with scene.database.write() as session:
        row = session.get_one(AnswerRow, f"{PROGRAM}/pair-1/p-theo/goals")
        row.content = {"goals": ["Read a dashboard", "Use AI"]}
    assert "Read a dashboard</h2>" in browser.get(reviews).text
    assert (
        "Use AI – you stand at 2 of 5"
        in browser.post(reviews, data={"rating_1": "4", "rating_2": "2"}).text
    )


def test_a_link_to_another_occasion_opens_no_review(scene: Scene, browser: TestClient) -> None:
    url = scene.url(Purpose.GOALS, "p-theo", occasion="pulse:share-50")
    assert browser.get(url).status_code == 404


# --- On the overview -----------------------------------------------------------------------------


def test_how_goals_moved_is_for_their_owner_alone(
    scene: Scene, browser: TestClient, writes: str, reviews: str
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    browser.post(writes, data=TWO)
    browser.post(reviews, data={"rating_1": "4", "rating_3": "2"})
    mine = browser.get(scene.url(Purpose.OVERVIEW, "p-theo", pair=None)).text
    theirs = browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text
    assert "What you would like to learn" in mine
    assert "<li>Read a dashboard – 2 → 4</li>" in mine
    assert "What Theo would like to learn" in theirs
    assert "<li>Read a dashboard</li>" in theirs
    assert "→ 4" not in theirs


def test_a_review_is_open_for_who_learns_until_it_is_done(
    scene: Scene, browser: TestClient, writes: str
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    scene.happened(EventKind.CHECK_IN_SENT, survey="goals", occasion=HALF)
    browser.post(writes, data=TWO)
    mine = scene.url(Purpose.OVERVIEW, "p-theo", pair=None)
    page = browser.get(mine).text
    found = re.search(r'href="http://testserver(/goals/[^"]+)"[^>]*>Look at your goals again', page)
    assert found is not None
    browser.post(found[1], data={"rating_1": "4", "rating_3": "2"})
    assert "Look at your goals again" not in browser.get(mine).text
    theirs = scene.url(Purpose.OVERVIEW, pair=None)
    assert "Look at your goals again" not in browser.get(theirs).text
    define(scene, program={"mode": "mutual"})
    assert "Look at your goals again" in browser.get(theirs).text


def test_where_both_learn_each_has_goals_that_the_other_sees(
    scene: Scene, browser: TestClient, writes: str
) -> None:
    define(scene, program={"mode": "mutual"})
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING)
    overview = scene.url(Purpose.OVERVIEW, pair=None)
    assert "Write down your goals" in browser.get(overview).text
    browser.post(scene.url(Purpose.GOALS), data={"goal_1": "Lead a meeting", "rating_1": "2"})
    browser.post(writes, data=TWO)
    page = browser.get(overview).text
    assert "<li>Lead a meeting – you stand at 2 of 5</li>" in page
    assert "<li>Read a dashboard</li>" in page


def test_the_page_says_who_sees_what(
    scene: Scene, browser: TestClient, writes: str, reviews: str
) -> None:
    threshold = DEFINITION.privacy.anonymity_threshold
    says = f"only for groups of {threshold} or more"
    assert says in browser.get(writes).text
    browser.post(writes, data=TWO)
    assert says in browser.get(reviews).text
