"""Who is erased is held nowhere any more, and others keep what is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.journal import EventKind
from domain.people import Person
from store import erasing, programs
from store.database import Database
from store.erasing import Erased
from store.personal_data import personal_data
from store.report_data import load_record
from store.scanning import Scan, scan_tables
from store.tables import (
    AnswerRow,
    Base,
    MessageRow,
    OutboxRow,
    ParticipantRow,
    PersonRow,
    ProposalRow,
    SessionRow,
    SignatureRow,
)
from tests.erasing import (
    EMAIL,
    NAME,
    PLACE,
    REFERENCE,
    SECRET,
    TELLING,
    WHO,
    everything_in_words,
    hold_everything,
)
from tests.portal.scene import PROGRAM, Scene, fill, make_scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """An example program with somebody who is named everywhere."""
    made = make_scene(tmp_path)
    hold_everything(made)
    yield made
    made.database.close()


def erase(scene: Scene, person: str = WHO) -> Erased:
    with scene.database.write() as session:
        return erasing.erase(session, person)


def erase_and_look(scene: Scene) -> Scan:
    with scene.database.read() as session:
        traces = erasing.traces_of(session, [WHO], words=True)
    erase(scene)
    with scene.database.engine.connect() as connection:
        return scan_tables(connection, traces, [WHO])


def test_nothing_that_names_them_is_left_on_any_database(database: Database) -> None:
    scene = fill(database)
    hold_everything(scene)
    before = everything_in_words(scene)
    assert [telling for telling in TELLING if telling not in before] == []
    scan = erase_and_look(scene)
    after = everything_in_words(scene)
    assert [telling for telling in TELLING if telling.lower() in after.lower()] == []
    assert scan.left == ()
    assert scan.tables == len(Base.metadata.tables)


@pytest.mark.parametrize(
    ("left_out", "where"),
    [
        ("_answers", "answers.content"),
        ("_answers_of_others", "answers.content"),
        ("_signatures_of_others", "signatures.text"),
        ("_sessions", "sessions.place"),
        ("_proposals", "proposals.content"),
        ("_edits", "edits.content"),
        ("_letters", "messages.letter"),
        ("_definition", "programs.definition"),
        ("_empty_participants", "participants.profile"),
        ("_rows", "outcomes.person_id"),
        ("erase_if_alone", "people.name"),
    ],
)
def test_a_table_that_is_left_out_is_found_by_the_scan(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, left_out: str, where: str
) -> None:
    monkeypatch.setattr(erasing, left_out, lambda *_: 0)
    assert where in {left.where for left in erase_and_look(scene).left}


def test_a_table_that_nobody_has_thought_of_is_looked_through(scene: Scene) -> None:
    with scene.database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE phones (person_id TEXT, note TEXT)")
        connection.exec_driver_sql("INSERT INTO phones VALUES (?, ?)", (WHO, f"of {NAME}"))
    found = {left.where for left in erase_and_look(scene).left}
    assert found == {"phones.person_id", "phones.note"}


def test_what_was_taken_out_is_counted(scene: Scene) -> None:
    erased = erase(scene)
    assert erased.identity
    assert erased.schemes == ("looking-up",)
    assert erased.programs[PROGRAM] == {
        "participants": 2,  # hers, and that of Vera, whose manager she was
        "answers": 5,  # the pulse, help, safety, a wish, and what her manager said of her
        "answers of others": 3,
        "signatures": 1,
        "signatures of others": 1,
        "asked": 1,
        "consents": 1,
        "outcomes": 1,
        "pairs": 1,
        "sessions": 2,
        "proposals": 1,
        "edits": 1,
        "messages": 4,
        "programs": 1,
    }


def test_others_keep_what_is_theirs(scene: Scene) -> None:
    erase(scene)
    with scene.database.read() as session:
        theo = {row.kind: row for row in session.query(AnswerRow).filter_by(person_id="p-theo")}
        assert theo["survey"].content == {"note": "Glad of […]", "useful": 3}
        assert theo["survey"].first_content == {"note": "[…] was late", "useful": 2}
        assert theo["cancel"].content["words"] == "Sorry, […], I am ill"
        (signature,) = session.query(SignatureRow)
        assert signature.text == "[…] and Theo agree: no falconry with […]."
        held = session.get_one(SessionRow, ("pair-1", 2))
        assert held.held_at is not None
        vera = session.get_one(ParticipantRow, (PROGRAM, "p-vera"))
        assert vera.profile["name"] == "Vera Example"
        assert vera.profile["manager"] == f"erased-{WHO}"
        others = session.query(ProposalRow).one().content["pairs"][1]
        assert (others["reasons"], others["comment"]) == (["Both like tea."], "Not […], please")
        letters = {row.key.rpartition("/")[2]: row for row in session.query(MessageRow)}
        assert letters["theirs"].state == letters["hers"].state == "dropped"
        assert letters["anothers"].state == letters["hrs"].state == "held"


def test_the_workflows_are_told_that_they_left(scene: Scene) -> None:
    erase(scene)
    assert scene.events()[-1] == EventKind.WITHDREW.value
    rows = [row for row in scene.rows(OutboxRow) if isinstance(row, OutboxRow)]
    last = max(rows, key=lambda row: row.position)
    assert (last.workflow_id, last.argument["kind"]) == (
        f"program/{PROGRAM}/pair/pair-1",
        "withdrew",
    )


def test_a_program_that_is_over_is_told_nothing(scene: Scene) -> None:
    scene.happened(EventKind.PROGRAM_COMPLETED, pair=None)
    told = len(scene.rows(OutboxRow))
    with scene.database.write() as session:
        everybody = [one.id for one in programs.participants(session, PROGRAM)]
        erasing.erase_in_program(session, PROGRAM, *everybody)
        alone = [person for person in everybody if erasing.erase_if_alone(session, person)]
    assert scene.events()[-1] == EventKind.PROGRAM_COMPLETED.value
    assert len(scene.rows(OutboxRow)) == told
    assert sorted(alone) == ["p-nils", "p-theo"], "a scheme still has Mia and Vera"


def test_erasing_again_changes_nothing(scene: Scene) -> None:
    erase(scene)
    before = scene.everything()
    assert not erase(scene).is_anything
    assert scene.everything() == before


def test_the_report_can_be_made_without_them(scene: Scene) -> None:
    erase(scene)
    with scene.database.read() as session:
        record = load_record(session, PROGRAM)
    assert {response.person for response in record.responses} == {"p-theo"}
    assert erasing.ERASED_NAME not in record.names


def test_they_can_join_again_as_somebody_new(scene: Scene) -> None:
    erase(scene)
    again = Person(reference=REFERENCE, name=NAME, email=EMAIL, roles=())
    with scene.database.write() as session:
        ids = programs.know(session, [again])
    assert ids[REFERENCE] != WHO


def test_somebody_of_the_same_name_keeps_it(scene: Scene) -> None:
    with scene.database.write() as session:
        session.get_one(PersonRow, "p-nils").name = f"Anna {NAME}"
    with scene.database.read() as session:
        traces = erasing.traces_of(session, [WHO])
    assert traces.shared == {NAME}
    erase(scene)
    with scene.database.read() as session:
        assert session.get_one(PersonRow, "p-nils").name == f"Anna {NAME}"


# --- Every column has an answer ------------------------------------------------------------------

PERSONAL = {
    "people": {"reference", "name", "email", "language", "timezone"},
    "participants": {
        *("profile", "eligible_roles", "joined", "answered_at", "withdrew_at", "approved"),
        *("approved_at", "selected", "away_until", "preferences"),
    },
    "scheme_people": {"scheme_id", "profile", "eligible_roles"},
    "pairs": {"reasons"},
    "sessions": {"number", "booked_for", "place", "held_at", "proposed_times", "proposed_place"},
    "answers": {
        *("kind", "occasion", "pair_id", "role", "version", "content", "answered_at"),
        *("first_content", "first_answered_at"),
    },
    "outcomes": {"present", "level"},
    "asked": {"survey", "version", "asked_at"},
    "consents": {"kind", "given", "at", "source", "version", "language", "text"},
    "signatures": {
        *("pair_id", "role", "terms", "version", "language", "choices", "text", "signed_at"),
    },
    "messages": {"kind", "pair_id", "state", "queued_at", "sent_at"},
    "journal": {"kind", "at", "pair_id", "data"},
    "proposals": {"content", "number", "made_by", "created_at"},
}
"""What is told about a person: `store.personal_data` gives it to them."""

NOT_GIVEN = {
    "an opaque id, or the place of a row": {
        "people": {"id"},
        "participants": {"program_id", "person_id"},
        "scheme_people": {"person_id"},
        "pairs": {"id", "program_id", "cohort", "mentor_id", "mentee_id"},
        "sessions": {"pair_id"},
        "answers": {"id", "program_id", "person_id"},
        "outcomes": {"program_id", "person_id"},
        "asked": {"id", "program_id", "person_id"},
        "consents": {"id", "program_id", "person_id"},
        "signatures": {"id", "person_id"},
        "messages": {"key", "program_id", "person_id"},
        "journal": {"position", "id", "program_id", "person_id", "role"},
        "proposals": {"id", "program_id"},
    },
    "how a message or a date is kept in step with calendars and mail servers": {
        "sessions": {"sequence", "proposal", "proposed_by", "cancelled"},
        "messages": {
            *("recipient", "message_id", "attempts", "error", "send_after"),
        },
    },
    "on its way to them; emptied when it has gone": {"messages": {"letter"}},
    "of two people at once, for HR": {"pairs": {"score", "sessions", "broken"}},
    "HR's working notes on matching, about others as well": {
        "edits": {"id", "program_id", "content", "outcome", "created_at"},
    },
    "there once nothing is held": {
        "people": {"erased_at"},
        "participants": {"erased_at"},
        "erasures": {"id", "person_id", "at", "proof", "digest"},
    },
    "signals of opaque ids and enums, told already by the journal": {
        "outbox": {
            *("position", "workflow_id", "signal", "argument", "created_at", "delivered_at"),
            "outcome",
        },
    },
    "made of the journal, which is given": {
        "pair_standings": {
            *("program_id", "pair_id", "events", "position", "at", "fold", "state", "rank", "kept"),
        },
    },
    "what HR did, with nothing but their opaque id": {
        "acts": {
            *("position", "at", "who", "through", "act", "program_id", "pair_id", "person_id"),
            *("data", "outcome", "ended_at"),
        },
    },
    "about a program, not a person; a pair that HR fixed is taken out of it": {
        "programs": {"id", "title", "definition", "epoch", "created_at"},
        "schemes": {"id", "definition", "rhythm", "people_from"},
        "instruments": {"program_id", "survey", "version", "language", "content"},
        "holds": {"id", "program_id", "set_at", "set_by", "reference", "lifted_at", "lifted_by"},
        "deletions": {"program_id", "begun_at", "finished_at", "counts"},
    },
}
"""What is not given to them, by the reason."""


def test_every_column_is_given_to_the_person_or_has_a_reason_not_to_be() -> None:
    answered: dict[str, set[str]] = {table: set(columns) for table, columns in PERSONAL.items()}
    for tables in NOT_GIVEN.values():
        for table, columns in tables.items():
            assert answered.get(table, set()).isdisjoint(columns), f"{table}: both"
            answered.setdefault(table, set()).update(columns)
    there = {name: set(table.columns.keys()) for name, table in Base.metadata.tables.items()}
    assert answered == there, "say above what becomes of the new column, and do it"


def test_everything_personal_is_in_the_export(scene: Scene) -> None:
    with scene.database.read() as session:
        document = personal_data(session, WHO).as_json()
    for telling in (NAME, EMAIL, REFERENCE, SECRET, f"{SECRET}!", PLACE, "falconry", "senior"):
        assert telling in document, telling
    with scene.database.read() as session:
        part: Any = personal_data(session, WHO).programs[0]
    empty = [name for name, value in part.model_dump().items() if value in (None, (), {}, [])]
    assert empty == ["withdrew_at"], "the scene has something for each field"
