"""What a later people file says of a program's people is kept, and only of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.outcomes import Later
from domain.people import Person
from domain.problems import BadInput
from store import outcomes
from store.database import Database
from store.outcomes import read_later_people
from store.personal_data import personal_data
from tests.domain.definitions import definition_with
from tests.store.test_programs import enter, entrant, ids


def people(*levels: tuple[int, str | None]) -> dict[str, Person]:
    """A later file: everybody's number in it, with their level."""
    found = [entrant(number, level=level).person for number, level in levels]
    return {person.reference: person for person in found}


def test_who_is_not_in_the_file_is_gone_and_strangers_are_passed_over(database: Database) -> None:
    enter(database, entrant(1), entrant(2), entrant(3))
    with database.write() as session:
        outcomes.save(session, "example", people((1, "B"), (2, None), (9, "A")))
    with database.read() as session:
        found = outcomes.load(session, "example")
    by_reference = ids(database)
    assert found == {
        by_reference["00001"]: Later(present=True, level="B"),
        by_reference["00002"]: Later(present=True),
        by_reference["00003"]: Later(present=False),
    }


def test_a_later_import_replaces_the_one_before_in_its_program_alone(database: Database) -> None:
    enter(database, entrant(1), entrant(2))
    enter(database, entrant(1), slug="another")
    for program in ("example", "another"):
        with database.write() as session:
            outcomes.save(session, program, people((1, "A")))
    with database.write() as session:
        outcomes.save(session, "example", people((2, "B")))
    one, other = (ids(database)[reference] for reference in ("00001", "00002"))
    with database.read() as session:
        assert outcomes.load(session, "example") == {
            one: Later(present=False),
            other: Later(present=True, level="B"),
        }
        assert outcomes.load(session, "another") == {one: Later(present=True, level="A")}


def test_it_is_among_what_is_held_about_somebody(sqlite_database: Database) -> None:
    enter(sqlite_database, entrant(1))
    (person,) = ids(sqlite_database).values()
    with sqlite_database.read() as session:
        assert personal_data(session, person).programs[0].later is None
    with sqlite_database.write() as session:
        outcomes.save(session, "example", people((1, "B")))
    with sqlite_database.read() as session:
        (part,) = personal_data(session, person).programs
    assert part.later is not None
    assert (part.later.present, part.later.level) == (True, "B")


DEFINITION = definition_with(
    level="Grade",
    manager="Boss",
    goals="Goals",
    extra={"gender": "Gender"},
    levels=["A", "B"],
    eligibility={"mentee": {"min_level": "B", "where": {"gender": ["x"]}}},
    matching={"rules": [{"rule": "no_shared_manager"}]},
    people={"identity": {"columns": ["gender"], "opt_in": "Use it"}, "vocabularies": ["workplace"]},
)


def test_a_later_file_needs_no_more_than_who_somebody_is_and_their_level(tmp_path: Path) -> None:
    file = tmp_path / "later.csv"
    file.write_text("ID,Name,Mail,Grade\n1,Ada,ada@example.com,b\n2,Bo,bo@example.com,\n")
    found = read_later_people(file, DEFINITION).people
    assert [(person.reference, person.level) for person in found] == [("1", "B"), ("2", None)]
    file.write_text("ID,Name,Mail\n1,Ada,ada@example.com\n")
    with pytest.raises(BadInput) as refused:
        read_later_people(file, DEFINITION)
    (problem,) = refused.value.problems
    assert "no column is headed “Grade”" in problem.message
