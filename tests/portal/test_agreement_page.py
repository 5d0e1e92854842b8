"""The agreement's page: one agreement for both, signed by both, and a change that both see."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from starlette.testclient import TestClient

from demo.pages import Page
from domain.journal import EventKind
from store.content import Content
from store.links import Purpose
from store.tables import AnswerRow, OutboxRow, ProgramRow, SignatureRow
from tests.portal.scene import CONTENT, DEFINITION, Scene
from tests.portal.test_pages import AGREES, heading

AS_IT_IS = {"how": "as_it_is", "seen": "1"}


@pytest.fixture
def mia(scene: Scene) -> str:
    return scene.url(Purpose.AGREEMENT)


@pytest.fixture
def theo(scene: Scene) -> str:
    return scene.url(Purpose.AGREEMENT, "p-theo")


def text_of(page: str) -> str:
    return " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())


def signatures(scene: Scene) -> list[tuple[str, int]]:
    rows = [row for row in scene.rows(SignatureRow) if isinstance(row, SignatureRow)]
    return sorted(((row.role, row.terms) for row in rows), key=lambda pair: pair[1])


def test_who_comes_second_signs_what_stands_with_one_click(
    browser: TestClient, mia: str, theo: str, scene: Scene
) -> None:
    assert "Nobody has signed yet" in browser.get(theo).text
    assert "Thank you, you have signed" in browser.post(mia, data=AGREES).text
    page = browser.get(theo).text
    assert "Mia signed this on" in page
    assert "What do we want to talk about? AI in our daily work" in text_of(page)
    assert "Where do we meet? By video" in text_of(page)
    assert "You have both signed" in browser.post(theo, data=AS_IT_IS).text
    assert signatures(scene) == [("mentor", 1), ("mentee", 1)]
    for url in (mia, theo):
        page = browser.get(url).text
        assert "You have both signed this" in page
        assert "as_it_is" not in page


def test_who_changes_something_is_told_that_it_needs_both_again(
    browser: TestClient, mia: str, theo: str, scene: Scene
) -> None:
    browser.post(mia, data=AGREES)
    page = browser.get(theo).text
    assert "A change needs both of you again" in page
    assert re.search(r'name="place" value="remote"[^>]* checked', page)
    assert not re.search(r'name="signs"[^>]* checked', page)
    changed = {**AGREES, "place": "in_person", "topics_out": "Pay", "seen": "1"}
    assert "Thank you, your change is signed" in browser.post(theo, data=changed).text
    assert "Mia has not signed it yet" in browser.get(theo).text
    page = browser.get(mia).text
    assert "Theo changed something on" in page
    (changes,) = BeautifulSoup(page, "html.parser").select("dl.changes")
    assert [" ".join(part.get_text(" ").split()) for part in changes.find_all(["dt", "dd"])] == [
        "What do we leave out?",
        "before (nothing)",
        "now Pay",
        "Where do we meet?",
        "before By video",
        "now In person",
    ]
    browser.post(mia, data={**AS_IT_IS, "seen": "2"})
    assert signatures(scene) == [("mentor", 1), ("mentee", 2), ("mentor", 2)]
    assert "You have both signed this" in browser.get(mia).text


def test_what_holds_can_be_changed_at_any_time_and_lapses_until_both_have_signed(
    browser: TestClient, mia: str, theo: str, scene: Scene
) -> None:
    browser.post(mia, data=AGREES)
    browser.post(theo, data=AS_IT_IS)
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    browser.post(theo, data={**AGREES, "notes": "shared", "seen": "1"})
    page = browser.get(mia).text
    assert "Theo changed something" in page
    overview = browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text
    assert '<li><a href="http://testserver/agreement/' in overview
    browser.post(mia, data={**AS_IT_IS, "seen": "2"})
    overview = browser.get(scene.url(Purpose.OVERVIEW, pair=None)).text
    assert '<li><a href="http://testserver/agreement/' not in overview


def test_nobody_signs_choices_that_they_were_not_shown(
    browser: TestClient, mia: str, theo: str, scene: Scene
) -> None:
    browser.post(mia, data=AGREES)
    browser.get(theo)
    browser.post(mia, data={**AGREES, "place": "in_person", "seen": "1"})
    answer = browser.post(theo, data=AS_IT_IS)
    assert answer.status_code == 422
    assert "Mia has signed other choices in the meantime" in answer.text
    assert "Where do we meet? In person" in text_of(answer.text)
    assert 'name="seen" value="2"' in answer.text
    assert 'id="f-seen"' in answer.text
    assert signatures(scene) == [("mentor", 1), ("mentor", 2)]


def test_of_two_who_propose_at_once_the_second_keeps_what_they_typed(
    browser: TestClient, mia: str, theo: str, scene: Scene
) -> None:
    browser.post(mia, data={**AGREES, "seen": "0"})
    mine = {**AGREES, "place": "in_person", "topics_out": "Football", "seen": "0"}
    answer = browser.post(theo, data=mine)
    assert answer.status_code == 422
    assert "Football</textarea>" in answer.text
    assert "<details open>" in answer.text
    assert "Where do we meet? By video" in text_of(answer.text)
    assert signatures(scene) == [("mentor", 1)]


def test_all_that_is_missing_is_told_at_once_and_what_was_typed_is_kept(
    scene: Scene, browser: TestClient, mia: str
) -> None:
    before = scene.everything()
    answer = browser.post(mia, data={"place": "remote", "topics_out": "My <last> job"})
    assert answer.status_code == 422
    page = answer.text
    for field in ("between_sessions", "notice", "notes", "signs"):
        assert f'href="#f-{field}"' in page
        assert f'id="f-{field}"' in page
        assert f'id="p-{field}"' in page
    assert 'href="#f-place"' not in page
    assert re.search(r'value="remote"[^>]* checked', page)
    assert "My &lt;last&gt; job</textarea>" in page
    assert "May we take notes? – Please answer this one." in page
    assert "<title>Not sent yet:" in page
    assert scene.everything() == before


def test_the_text_says_what_the_program_decides(
    scene: Scene, browser: TestClient, mia: str
) -> None:
    assert "6 sessions of 60 minutes" in browser.get(mia).text
    with scene.database.write() as session:
        row = session.get_one(ProgramRow, DEFINITION.program.id)
        program = {**row.definition["program"], "mode": "mutual"}
        row.definition = {
            **row.definition,
            "agreement": {"reply_within": 48},
            "program": program,
        }
    page = browser.get(mia).text
    assert "answers within 48 hours" in page
    assert "Each session has two halves" in page


def test_a_word_of_somebody_is_never_markup(
    scene: Scene, browser: TestClient, mia: str, theo: str
) -> None:
    words = "<script>alert(1)</script>\n# [x](javascript:alert(1)) *y* {{ 7*7 }}"
    browser.post(mia, data={**AGREES, "more": words})
    for url in (theo, f"{mia}?done=copy-1"):
        page = browser.get(url).text
        assert "<script>" not in page
        assert "# [x](javascript:alert(1)) *y* {{ 7*7 }}" in page


@pytest.mark.parametrize(("suggests", "terms"), [(False, 1), (True, 2)])
def test_the_people_of_the_demonstration_sign_what_there_is_to_sign(
    browser: TestClient, mia: str, theo: str, scene: Scene, suggests: bool, terms: int
) -> None:
    def choose(name: str, kind: str, options: list[str]) -> str:
        return options[0] if options else f"Something about {name}"

    def visit(url: str, *, suggests: bool = False) -> None:
        page = Page.read(browser.get(url).text)
        having = page.to_sign(suggests=suggests)
        assert having is not None
        assert "?done=" in str(browser.post(url, data=page.fill(choose, having)).url)

    browser.post(mia, data=AGREES)
    visit(theo, suggests=suggests)
    assert Page.read(browser.get(theo).text).to_sign(suggests=False) is None
    if suggests:
        visit(mia)
    assert {number for _, number in signatures(scene)[-2:]} == {terms}
    assert "You have both signed" in browser.get(mia).text


# --- Copies of what was signed -------------------------------------------------------------------


def test_each_signature_can_be_read_again_with_its_date(
    browser: TestClient, mia: str, theo: str
) -> None:
    browser.post(mia, data=AGREES)
    browser.post(mia, data={**AGREES, "place": "in_person", "seen": "1"})
    browser.post(theo, data={**AS_IT_IS, "seen": "2"})
    page = browser.get(mia).text
    copies = re.findall(r'href="(\?done=copy-\d+)"', page)
    assert copies == ["?done=copy-2", "?done=copy-1"]
    second, first = (browser.get(mia + copy).text for copy in copies)
    assert heading(first).startswith("What you signed on ")
    assert "Where do we meet? By video" in text_of(first)
    assert "Theo Example has not signed this one" in first
    assert "Where do we meet? In person" in text_of(second)
    assert "Theo Example signed the same on" in second
    assert "The mentoring agreement of Mia Example and Theo Example" in second
    assert "<form" not in first


def test_nobody_reads_a_copy_of_what_they_have_not_signed(
    browser: TestClient, mia: str, theo: str
) -> None:
    browser.post(mia, data=AGREES)
    assert heading(browser.get(f"{theo}?done=copy-1").text) == "Our mentoring agreement"
    assert heading(browser.get(f"{mia}?done=copy-7").text) == "Our mentoring agreement"


@pytest.fixture
def newer(scene: Scene, tmp_path: Path) -> Iterator[TestClient]:
    """The same portal after HR has replaced the agreement."""
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    (folder / "en" / "agreement.md").write_text(
        "---\ntitle: Our new agreement\nversion: 3\n---\nWe are kind.\n", encoding="utf-8"
    )
    choices = folder / "en" / "agreement.yaml"
    choices.write_text(
        choices.read_text("utf-8")
        .replace("version: 2", "version: 3")
        .replace("Where do we meet?", "Where shall we meet?"),
        encoding="utf-8",
    )
    with TestClient(Scene(scene.database, scene.links, Content(folder)).app()) as client:
        yield client


def test_what_was_signed_is_kept_word_for_word_after_the_content_changed(
    scene: Scene, browser: TestClient, newer: TestClient, mia: str, theo: str
) -> None:
    browser.post(mia, data=AGREES)
    browser.post(theo, data=AS_IT_IS)
    before = browser.get(f"{mia}?done=copy-1").text
    assert newer.get(f"{mia}?done=copy-1").text == before
    page = newer.get(mia).text
    assert "You have both signed this" in page
    assert "has been brought up to date" in page
    assert "Where do we meet? By video" in text_of(page)
    assert "We are kind." in page
    (first, second) = (row for row in scene.rows(SignatureRow) if isinstance(row, SignatureRow))
    assert first.text == second.text
    assert "What stays between us" in first.text


def test_the_new_text_is_signed_by_both_again(
    scene: Scene, browser: TestClient, newer: TestClient, mia: str, theo: str
) -> None:
    browser.post(mia, data=AGREES)
    assert newer.post(theo, data=AS_IT_IS).status_code == 422
    page = newer.get(theo).text
    assert "as_it_is" not in page
    assert "We are kind." in page
    assert "What stays between us" not in page
    newer.post(theo, data={**AGREES, "seen": "1"})
    page = newer.get(mia).text
    assert "Theo changed something" in page
    assert "The text is a newer one" in page
    newer.post(mia, data={**AS_IT_IS, "seen": "2"})
    assert "You have both signed this" in newer.get(mia).text
    assert signatures(scene) == [("mentor", 1), ("mentee", 2), ("mentor", 2)]


def test_what_was_signed_can_be_read_after_the_end_and_nothing_more_is_signed(
    scene: Scene, browser: TestClient, mia: str, theo: str
) -> None:
    browser.post(mia, data=AGREES)
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_CLOSED)
    page = browser.get(mia)
    assert page.status_code == 200
    assert "<form" not in page.text
    assert browser.get(f"{mia}?done=copy-1").status_code == 200
    assert browser.get(theo).status_code == 410
    assert browser.post(theo, data=AS_IT_IS).status_code == 410
    assert browser.post(mia, data={**AGREES, "place": "in_person"}).status_code == 410
    assert len(scene.rows(OutboxRow)) == 1


def test_a_signature_of_0_2_0_is_one_under_the_text_of_then(
    scene: Scene, browser: TestClient, mia: str, theo: str
) -> None:
    from store.tables import Base

    def kept(person: str, role: str) -> Base:
        return AnswerRow(
            id=f"{DEFINITION.program.id}/pair-1/{person}/agreement",
            program_id=DEFINITION.program.id,
            pair_id="pair-1",
            person_id=person,
            role=role,
            kind="agreement",
            occasion="agreement",
            version=1,
            content={"choices": {"place": "remote", "off_limits": "Pay"}},
            answered_at=scene_time(scene),
        )

    with scene.database.write() as session:
        session.add(kept("p-mia", "mentor"))
    page = browser.get(mia).text
    assert "Theo has not signed it yet" in page
    page = browser.get(theo).text
    assert "Mia signed this on" in page
    assert re.search(r'name="place" value="remote"[^>]* checked', page)
    with scene.database.write() as session:
        session.add(kept("p-theo", "mentee"))
    for url in (mia, theo):
        assert "You have both signed this" in browser.get(url).text
        assert browser.get(f"{url}?done=copy-1").status_code == 200


def scene_time(scene: Scene) -> datetime:
    with scene.database.read() as session:
        return session.get_one(ProgramRow, DEFINITION.program.id).created_at
