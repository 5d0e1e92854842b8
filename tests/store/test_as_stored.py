"""What is kept in memory is never older than what the store holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from domain.definition import Definition
from domain.surveys import Survey
from store import as_stored as module
from store import visitors
from store.as_stored import as_stored, text_of
from store.database import Database, insert_new
from store.links import Link, Purpose
from store.tables import AskedRow, InstrumentRow, ProgramRow
from tests.portal.scene import DEFINITION, EXPIRES, PROGRAM, STARTED, Scene, fill
from tests.store.test_instruments import ask, english, survey

LINK = Link(purpose=Purpose.SURVEY, program=PROGRAM, person="p-mia", pair="pair-1", expires=EXPIRES)


def organisation(scene: Scene) -> str:
    with scene.database.read() as session:
        found = visitors.find(session, LINK)
        assert found is not None
        return found.definition.program.organisation


def replace(scene: Scene, row: type[Any], column: str, value: dict[str, Any]) -> None:
    with scene.database.write() as session:
        session.execute(update(row).values({column: value}))


def test_a_definition_that_is_replaced_counts_from_the_next_page_on(database: Database) -> None:
    scene = fill(database)
    assert organisation(scene) == "Example Ltd"
    other = DEFINITION.program.model_copy(update={"organisation": "Another Ltd"})
    changed = DEFINITION.model_copy(update={"program": other}).model_dump(mode="json")
    replace(scene, ProgramRow, "definition", changed)
    assert organisation(scene) == "Another Ltd"


def test_a_survey_as_it_was_asked_is_read_from_the_store_each_time(database: Database) -> None:
    scene = fill(database)
    ask(scene, english(survey(1)))
    assert ask(scene, english(None)) == survey(1)
    restored = survey(1, "How well?").model_dump(mode="json")
    replace(scene, InstrumentRow, "content", restored)
    assert ask(scene, english(None)) == survey(1, "How well?")


def test_what_is_read_a_second_time_is_not_made_a_second_time(database: Database) -> None:
    scene = fill(database)
    with scene.database.read() as session:
        first, second = visitors.find(session, LINK), visitors.find(session, LINK)
    assert first is not None
    assert second is not None
    assert first.definition is second.definition


def test_no_more_is_kept_than_there_is_room_for() -> None:
    first = survey(1, "Question 0").model_dump_json()
    kept = as_stored(Survey, first)
    for number in range(1, module.MOST_KEPT + 1):
        as_stored(Survey, survey(1, f"Question {number}").model_dump_json())
    assert module._made.cache_info().currsize == module.MOST_KEPT
    assert as_stored(Survey, first) is not kept
    assert as_stored(Survey, first) == kept


def test_a_text_is_no_other_kind_of_value() -> None:
    definition = DEFINITION.model_dump_json()
    assert isinstance(as_stored(Definition, definition), Definition)
    assert text_of(ProgramRow.definition).compile().string == "CAST(programs.definition AS TEXT)"


def test_of_rows_the_new_ones_are_written_and_named(database: Database) -> None:
    scene = fill(database)

    def asked(name: str) -> dict[str, object]:
        about = {"program_id": PROGRAM, "person_id": "p-mia", "survey": "ours", "version": 1}
        return {"id": name, "asked_at": STARTED, **about}

    with scene.database.write() as session:
        assert insert_new(session, AskedRow, [asked("one")], "id") == {"one"}
        assert insert_new(session, AskedRow, [asked("one")], "id") == set()
        several = [asked("one"), asked("two"), asked("three")]
        assert insert_new(session, AskedRow, several, "id") == {"two", "three"}
    assert len(scene.rows(AskedRow)) == 3
