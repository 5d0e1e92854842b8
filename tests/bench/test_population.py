"""Made-up people are the same each time, and are what a definition can read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.civil_service_sample import civil_service_sample
from bench.population import DEFINITIONS, GRADES, Kind, Size, population, write_people
from store.definition_file import load_definition
from store.people_file import load_people

SIZE = Size(mentors=40, mentees=30)


@pytest.mark.parametrize("kind", Kind)
def test_the_same_seed_gives_the_same_people_and_another_seed_gives_others(kind: Kind) -> None:
    assert population(kind, SIZE, seed=3) == population(kind, SIZE, seed=3)
    assert population(kind, SIZE, seed=3) != population(kind, SIZE, seed=4)


@pytest.mark.parametrize("kind", Kind)
def test_a_population_is_read_by_its_definition_with_so_many_on_each_side(
    kind: Kind, tmp_path: Path
) -> None:
    write_people(tmp_path / "people.csv", population(kind, SIZE, seed=3))
    shutil.copyfile(DEFINITIONS / f"{kind.value}.yaml", tmp_path / "definition.yaml")
    read = load_people(tmp_path / "people.csv", load_definition(tmp_path / "definition.yaml"))
    assert (read.mentors, read.mentees) == (SIZE.mentors, SIZE.mentees)


def test_a_large_employer_has_places_on_both_sides_and_managers_who_take_no_part() -> None:
    rows = population(Kind.ORGANISATION, Size(200, 200), seed=1)
    places = {
        role: {row["Number of pairs"] for row in rows if row["Role in program"] == role}
        for role in ("Teaches", "Learns")
    }
    assert places == {"Teaches": {"1", "2", "3"}, "Learns": {"1", "2"}}
    managers = {row["Manager ID"] for row in rows}
    assert any(row["Employee ID"] in managers for row in rows if not row["Role in program"])


def test_in_the_sample_who_is_at_grade_6_or_below_teaches_who_is_at_grade_7_or_above_learns() -> (
    None
):
    sample = civil_service_sample()
    grades = {
        role: [GRADES.index(row["grade"]) for row in sample if row["role"] == role]
        for role in ("mentor", "mentee")
    }
    assert (len(grades["mentor"]), len(grades["mentee"])) == (44, 38)
    assert max(grades["mentor"]) == GRADES.index("Grade 6")
    assert min(grades["mentee"]) == GRADES.index("Grade 7")


def test_the_sample_is_read_by_the_basic_definition(tmp_path: Path) -> None:
    write_people(tmp_path / "people.csv", civil_service_sample())
    read = load_people(tmp_path / "people.csv", load_definition(DEFINITIONS / "basic.yaml"))
    assert (read.mentors, read.mentees) == (44, 38)
