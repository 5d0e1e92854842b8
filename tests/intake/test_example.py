"""The example program works with the people that come with it."""

from __future__ import annotations

from pathlib import Path

from domain.matching import diagnose, match
from domain.people import Role
from store.definition_file import load_definition
from store.people_file import load_people

FOLDER = Path("examples/digital-leaders")
DEFINITION = load_definition(FOLDER / "definition.yaml")
PEOPLE = {
    person.reference: person for person in load_people(FOLDER / "people.csv", DEFINITION).people
}


def test_nothing_stands_out() -> None:
    assert diagnose(DEFINITION, PEOPLE.values()) == []


def test_twelve_pairs_are_possible_whichever_two_stay_out() -> None:
    mentors = [key for key, person in PEOPLE.items() if Role.MENTOR in person.roles]
    mentees = [key for key, person in PEOPLE.items() if Role.MENTEE in person.roles]
    assert (len(mentors), len(mentees)) == (14, 14)
    for mentor in mentors:
        for mentee in mentees:
            joined = {key: p for key, p in PEOPLE.items() if key not in (mentor, mentee)}
            pairs = match(DEFINITION, joined, everybody=PEOPLE.values()).pairs
            assert len(pairs) >= 12, (mentor, mentee)
