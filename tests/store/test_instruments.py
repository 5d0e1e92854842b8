"""Who was asked goes on with what they were asked, whatever becomes of the survey."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from domain.survey_versions import Instrument
from domain.surveys import Survey
from store import answers, instruments
from store.content import Content
from store.content_folders import SHIPPED
from store.database import Database
from store.instruments import Asking
from store.links import Link, Purpose
from store.tables import AnswerRow, AskedRow, InstrumentRow
from tests.portal.scene import EXPIRES, PROGRAM, STARTED, Scene, fill

LATER = STARTED + timedelta(days=3)
OCCASION = "ours:session-2"


def survey(version: int = 1, text: str = "All well?", **more: object) -> Survey:
    item = {"id": "well", "kind": "scale", "text": text, **more}
    head = {"id": "ours", "version": version, "title": text, "intro": "One.", "minutes": 1}
    return Survey.model_validate({**head, "items": [item]})


@dataclass
class Shelf:
    """Content in which an organisation has one survey or none, read in this language."""

    survey: Survey | None
    language: str = "en"

    def instrument(self, name: str) -> Instrument | None:
        if self.survey is None or name != self.survey.id:
            return None
        return Instrument(survey=self.survey, language=self.language)


def english(one: Survey | None) -> Shelf:
    return Shelf(one)


def write(folder: Path, one: Survey, language: str = "en") -> None:
    path = folder / language / "surveys" / "ours.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(one.model_dump_json(), encoding="utf-8")  # JSON is YAML


@pytest.fixture
def scene(sqlite_database: Database) -> Scene:
    """An example program, for what has nothing to do with which database it is."""
    return fill(sqlite_database)


@pytest.fixture
def on_both(database: Database) -> Scene:
    """An example program, on SQLite and on PostgreSQL."""
    return fill(database)


def ask(scene: Scene, content: Shelf, person: str = "p-mia", at: object = STARTED) -> Survey:
    """Ask somebody as a message does. Gives what they are asked."""
    with scene.database.write() as session:
        asking = instruments.to_ask(session, content, PROGRAM, "pair-1", person, OCCASION, "ours")
        assert asking is not None
        instruments.ask(session, PROGRAM, "pair-1", person, asking, at)  # type: ignore[arg-type]
    return asking.instrument.survey


def test_a_survey_changes_for_those_not_yet_asked_alone(on_both: Scene) -> None:
    scene = on_both
    assert ask(scene, english(survey(1))).version == 1
    newer = english(survey(2, "How well?"))
    assert ask(scene, newer, at=LATER) == survey(1)
    assert ask(scene, newer, "p-theo", LATER) == survey(2, "How well?")
    rows = [row for row in scene.rows(AskedRow) if isinstance(row, AskedRow)]
    asked = {row.person_id: (row.version, row.asked_at) for row in rows}
    assert asked == {"p-mia": (1, STARTED), "p-theo": (2, LATER)}


def test_under_the_same_version_what_was_asked_goes_on(scene: Scene, tmp_path: Path) -> None:
    ask(scene, english(survey(1)))
    assert ask(scene, english(survey(1, "How well?")), "p-theo") == survey(1)
    assert len(scene.rows(InstrumentRow)) == 1
    write(tmp_path, survey(1, "How well?"))
    with scene.database.read() as session:
        (found,) = instruments.changed(session, [tmp_path, SHIPPED])
        assert instruments.changed(session, [tmp_path, SHIPPED], "another-program") == []
    assert str(found) == (
        f"surveys/ours.yaml (en) was changed and is still version 1, which people in {PROGRAM} "
        "were asked: they go on with it as it was. Raise its version, so that who is asked from "
        "now on gets the new one."
    )


def test_a_survey_that_was_not_changed_or_was_raised_needs_no_look(
    scene: Scene, tmp_path: Path
) -> None:
    ask(scene, english(survey(1)))
    write(tmp_path, survey(1, "Alles gut?"), "de")  # nobody was asked in it
    for now in (survey(1), survey(2, "How well?")):
        write(tmp_path, now)
        with scene.database.read() as session:
            assert instruments.changed(session, [tmp_path, SHIPPED]) == []


def test_a_survey_that_content_no_longer_has_can_still_be_answered_and_read(scene: Scene) -> None:
    asked = survey(1, labels={1: "Never", 3: "Sometimes", 5: "Always"})
    ask(scene, english(asked))
    gone = english(None)
    assert ask(scene, gone) == asked
    with scene.database.read() as session:
        assert instruments.as_answered(session, gone, PROGRAM, "ours", 1) == asked
        nothing = instruments.to_ask(session, gone, PROGRAM, "pair-1", "p-theo", OCCASION, "ours")
        assert nothing is None


def test_answers_are_read_by_the_version_that_they_were_given_to(scene: Scene) -> None:
    ask(scene, english(survey(1)))
    with scene.database.write() as session:
        in_german = Instrument(survey=survey(1, "Alles gut?"), language="de")
        asking = Asking(occasion="ours:session-3", instrument=in_german)
        instruments.ask(session, PROGRAM, "pair-1", "p-theo", asking, STARTED)
    newer = english(survey(2, "How well?"))
    ask(scene, newer, "p-theo")
    with scene.database.read() as session:
        assert instruments.as_answered(session, newer, PROGRAM, "ours", 1) == survey(1)
        assert instruments.as_answered(session, newer, PROGRAM, "ours", 2) == newer.survey
        # Of a version that was not kept, nothing is known but what content has by now.
        assert instruments.as_answered(session, newer, PROGRAM, "ours", 3) == newer.survey
        assert instruments.load_instruments(session, PROGRAM, "en") == {
            ("ours", 1): survey(1),
            ("ours", 2): survey(2, "How well?"),
        }
        in_german_now = instruments.load_instruments(session, PROGRAM, "de")
        assert in_german_now["ours", 1] == survey(1, "Alles gut?")
        assert in_german_now["ours", 2] == survey(2, "How well?")


# --- What was first sent -------------------------------------------------------------------------


def answer(scene: Scene, content: dict[str, int | str], *, partial: bool = False) -> AnswerRow:
    link = Link(
        purpose=Purpose.SURVEY,
        program=PROGRAM,
        person="p-mia",
        pair="pair-1",
        survey="pulse",
        occasion="pulse:2",
        expires=EXPIRES,
    )
    with scene.database.write() as session:
        answers.answer_survey(session, link, 1, content, partial)
    (row,) = scene.rows(AnswerRow)
    assert isinstance(row, AnswerRow)
    return row


def test_what_was_first_sent_is_kept_once_it_is_changed(on_both: Scene) -> None:
    scene = on_both
    sent = answer(scene, {"useful": 3})
    assert (sent.first_content, sent.first_answered_at) == (None, None)
    for number in (4, 5):
        changed = answer(scene, {"useful": number})
        assert changed.content == {"useful": number}
        assert changed.first_content == {"useful": 3}
        assert changed.first_answered_at == sent.answered_at


def test_what_was_only_put_aside_was_not_sent_first(scene: Scene) -> None:
    answer(scene, {"useful": 1}, partial=True)
    answer(scene, {"useful": 2}, partial=True)
    sent = answer(scene, {"useful": 3})
    assert sent.first_content is None
    assert answer(scene, {"useful": 3}).first_content is None
    assert answer(scene, {"useful": 4}).first_content == {"useful": 3}


def test_an_instrument_says_in_which_language_it_is_written(tmp_path: Path) -> None:
    write(tmp_path, survey(1))
    content = Content([tmp_path, SHIPPED], "de")
    assert content.instrument("ours") == Instrument(survey=survey(1), language="en")
    pulse = content.instrument("pulse")
    assert pulse is not None
    assert pulse.language == "de"
    assert content.instrument("nothing") is None


def test_who_reads_another_language_by_now_has_that_kept_too(on_both: Scene) -> None:
    scene = on_both
    ask(scene, english(survey(1)))
    in_german = Shelf(survey(1, "Alles gut?"), "de")
    assert ask(scene, in_german, at=LATER) == survey(1, "Alles gut?")
    kept = {row.language for row in scene.rows(InstrumentRow) if isinstance(row, InstrumentRow)}
    assert kept == {"en", "de"}
    (asked,) = scene.rows(AskedRow)
    assert isinstance(asked, AskedRow)
    assert asked.asked_at == STARTED
