"""The example program works with the people that come with it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from console.intake import read_intake
from domain.diagnosis import diagnose
from domain.matching import match
from domain.people import Role

FOLDER = Path("examples/digital-leaders")
INTAKE = read_intake(FOLDER / "definition.yaml", FOLDER / "people.csv")
DEFINITION = INTAKE.definition
PEOPLE = {person.reference: person for person in INTAKE.people}


def test_nothing_stands_out() -> None:
    assert diagnose(DEFINITION, PEOPLE.values()) == []
    assert INTAKE.notes == ()


def test_thirteen_pairs_are_proposed_of_28_people() -> None:
    proposal = match(DEFINITION, INTAKE.candidates, background=INTAKE.background)
    assert (len(INTAKE.people), len(INTAKE.candidates), len(proposal.pairs)) == (28, 26, 13)
    assert proposal.unmatched == ()


def test_what_is_new_to_a_reader_is_shown() -> None:
    diego = PEOPLE["2011"]
    assert diego.skill_levels == {"Social media": "expert", "Short video": "good"}
    assert diego.languages == ("es", "en")
    assert (diego.working_days, diego.working_hours) == ((0, 1, 2, 3, 4), (9 * 60, 18 * 60))


def test_twelve_pairs_are_possible_whichever_two_stay_out() -> None:
    mentors = [key for key, person in PEOPLE.items() if Role.MENTOR in person.roles]
    mentees = [key for key, person in PEOPLE.items() if Role.MENTEE in person.roles]
    assert (len(mentors), len(mentees)) == (14, 14)
    for mentor in mentors:
        for mentee in mentees:
            joined = {key: p for key, p in PEOPLE.items() if key not in (mentor, mentee)}
            pairs = match(DEFINITION, joined, background=INTAKE.background).pairs
            assert len(pairs) >= 12, (mentor, mentee)


@pytest.mark.parametrize(
    ("name", "people", "pairs"), [("mutual-exchange", 16, 8), ("shared-mentees", 18, 12)]
)
def test_the_other_examples_give_everybody_a_partner(name: str, people: int, pairs: int) -> None:
    folder = Path("examples") / name
    intake = read_intake(folder / "definition.yaml", folder / "people.csv")
    proposal = match(intake.definition, intake.candidates, background=intake.background)
    assert intake.notes == ()
    assert (len(intake.candidates), len(proposal.pairs)) == (people, pairs)
    assert proposal.unmatched == ()


def test_each_mentee_of_the_hospital_is_shared_by_two_mentors() -> None:
    folder = Path("examples/shared-mentees")
    intake = read_intake(folder / "definition.yaml", folder / "people.csv")
    pairs = match(intake.definition, intake.candidates, background=intake.background).pairs
    assert set(Counter(pair.mentee for pair in pairs).values()) == {2}


def test_pairs_of_the_mutual_example_are_two_levels_apart() -> None:
    folder = Path("examples/mutual-exchange")
    intake = read_intake(folder / "definition.yaml", folder / "people.csv")
    levels = intake.definition.people.levels
    people = {person.reference: person for person in intake.people}
    for pair in match(intake.definition, intake.candidates, background=intake.background).pairs:
        mentor, mentee = (levels.index(people[key].level or "") for key in pair.two)
        assert mentee - mentor >= 2


def test_people_of_the_mutual_example_in_berlin_read_german() -> None:
    folder = Path("examples/mutual-exchange")
    people = read_intake(folder / "definition.yaml", folder / "people.csv").people
    assert {person.location for person in people if person.language == "de"} == {"Berlin"}
    assert {person.language for person in people if person.location != "Berlin"} == {"en"}
