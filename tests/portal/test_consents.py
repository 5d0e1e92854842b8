"""Consent to the processing is asked beside taking part, and taken back as easily."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.definition import Contact
from domain.journal import EventKind
from domain.privacy import LawfulBasis
from store import consents, journal
from store.consents import Consent, ConsentKind
from store.links import Purpose
from store.tables import OutboxRow, ParticipantRow, ProgramRow
from tests.portal.scene import DEFINITION, PROGRAM, Scene

MIA = "p-mia"


def rests_on(scene: Scene, basis: LawfulBasis | None, **privacy: Any) -> None:
    values = {"lawful_basis": basis, **privacy}
    changed = DEFINITION.privacy.model_copy(update=values)
    definition = DEFINITION.model_copy(update={"privacy": changed})
    with scene.database.write() as session:
        session.get_one(ProgramRow, PROGRAM).definition = definition.model_dump(mode="json")


def nobody_has_answered(scene: Scene) -> None:
    with scene.database.write() as session:
        for row in session.query(ParticipantRow):
            row.joined = row.answered_at = None


def participant(scene: Scene, person: str = MIA) -> ParticipantRow:
    with scene.database.read() as session:
        return session.get_one(ParticipantRow, (PROGRAM, person))


def given(scene: Scene, person: str = MIA) -> list[Consent]:
    with scene.database.read() as session:
        return consents.history(session, PROGRAM, person)


def join(scene: Scene, browser: TestClient, **form: str) -> Any:
    return browser.post(scene.url(Purpose.JOIN, pair=None), data=form)


@pytest.fixture
def asked(scene: Scene) -> Scene:
    """A program that rests on consent, in which nobody has said anything yet."""
    rests_on(scene, LawfulBasis.CONSENT)
    nobody_has_answered(scene)
    return scene


def test_the_box_is_not_ticked_and_without_it_nobody_joins(
    asked: Scene, browser: TestClient
) -> None:
    page = browser.get(asked.url(Purpose.JOIN, pair=None)).text
    (box,) = re.findall(r'<input type="checkbox"[^>]*>', page)
    assert 'name="consents"' in box
    assert "checked" not in box
    refused = join(asked, browser, joins="yes")
    assert refused.status_code == 422
    assert "please tick that you agree" in refused.text
    assert participant(asked).joined is None
    assert given(asked) == []


def test_a_consent_is_a_fact_of_its_own_with_the_words_that_were_read(
    asked: Scene, browser: TestClient
) -> None:
    join(asked, browser, joins="yes", consents="yes")
    assert participant(asked).joined
    (one,) = given(asked)
    assert (one.kind, one.given) == (ConsentKind.PROCESSING, True)
    assert one.text is not None
    assert one.text.startswith("I agree that Example Ltd processes")
    assert one.text in browser.get(asked.url(Purpose.DATA, pair=None)).text.replace("&#39;", "'")
    assert re.fullmatch("[0-9a-f]{12}", one.version or "")
    with asked.database.read() as session:
        kinds = [e.kind for _, e in journal.read(session, PROGRAM) if e.person == MIA]
    assert kinds == [EventKind.CONSENTED, EventKind.JOINED]


def test_who_says_no_is_asked_for_no_consent_and_who_gave_it_not_twice(
    asked: Scene, browser: TestClient
) -> None:
    join(asked, browser, joins="no", consents="yes")
    assert given(asked) == []
    join(asked, browser, joins="yes", consents="yes")
    join(asked, browser, joins="no")
    assert "checkbox" not in browser.get(asked.url(Purpose.JOIN, pair=None)).text
    join(asked, browser, joins="yes")
    assert participant(asked).joined
    assert len(given(asked)) == 1


def test_taking_it_back_takes_a_tick_and_a_click_and_ends_the_part_kindly(
    asked: Scene, browser: TestClient
) -> None:
    asked.happened(EventKind.PAIR_INTRODUCED)
    join(asked, browser, joins="yes", consents="yes")
    url = asked.url(Purpose.DATA, pair=None)
    assert "your part in the program ends" in browser.get(url).text
    unsure = browser.post(url, data={"withdraws": "processing"})
    assert unsure.status_code == 422
    assert participant(asked).withdrew_at is None
    done = browser.post(url, data={"withdraws": "processing", "sure": "yes"})
    assert "You have taken back your consent" in done.text
    assert "Cora Example answers questions." in done.text
    assert participant(asked).withdrew_at is not None
    assert [one.given for one in given(asked)] == [True, False]
    told = [row.argument["kind"] for row in asked.rows(OutboxRow) if isinstance(row, OutboxRow)]
    assert told == ["withdrew"]
    again = browser.post(url, data={"withdraws": "processing", "sure": "yes"})
    assert again.status_code == 200
    assert len(given(asked)) == 2
    assert "taken back on" in browser.get(url).text


def test_opening_a_page_takes_nothing_back(asked: Scene, browser: TestClient) -> None:
    join(asked, browser, joins="yes", consents="yes")
    before = asked.everything()
    browser.get(asked.url(Purpose.DATA, pair=None) + "?withdraws=processing&sure=yes")
    assert asked.everything() == before


def test_what_is_not_known_is_taken_back_by_nobody(asked: Scene, browser: TestClient) -> None:
    url = asked.url(Purpose.DATA, pair=None)
    assert browser.post(url, data={"withdraws": "everything", "sure": "yes"}).status_code == 422


@pytest.mark.parametrize("basis", [one for one in LawfulBasis if one is not LawfulBasis.CONSENT])
def test_on_another_basis_nobody_is_asked_for_consent_and_all_are_told_the_basis(
    scene: Scene, browser: TestClient, basis: LawfulBasis
) -> None:
    contact = Contact(name="Dana Protector", email="dana@example.com")
    rests_on(scene, basis, contact=contact, keep_days=30)
    nobody_has_answered(scene)
    for purpose in (Purpose.JOIN, Purpose.DATA):
        page = browser.get(scene.url(purpose, pair=None)).text
        assert scene.content.words(f"privacy.basis.{basis}", organisation="Example Ltd") in page
        assert "is deleted 30 days after its end" in page
        assert "Dana Protector (dana@example.com)" in page
        assert "checkbox" not in page
    join(scene, browser, joins="yes")
    assert participant(scene).joined
    assert given(scene) == []


def test_where_hr_does_not_say_no_basis_is_made_up(scene: Scene, browser: TestClient) -> None:
    nobody_has_answered(scene)
    page = browser.get(scene.url(Purpose.JOIN, pair=None)).text
    assert "GDPR" not in page
    assert "is deleted 400 days after its end" in page
    assert "Cora Example (cora@example.com)" in page


def test_each_right_to_object_is_told(scene: Scene) -> None:
    for basis in LawfulBasis:
        words = scene.content.words(f"privacy.basis.{basis}", organisation="Example Ltd")
        assert ("You may object" in words) is basis.may_object
