"""The bench's own judge counts, adds up and finds what is wrong."""

from __future__ import annotations

import itertools
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bench.comparison import DEFINITION, our_scores
from bench.population import Kind, Row, Size, population, write_people
from bench.yardstick import POINT_OF_HUNDRED, Rules, Yardstick, most_points
from store.definition_file import load_definition


def person(key: str, role: str, grade: str, **columns: str) -> Row:
    plain = {
        "id": key,
        "role": role,
        "grade": grade,
        "organisation": f"Department of {key}",
        "profession": "Policy",
        "manager": "",
        "location": "Leeds",
        "generation": "Millennials",
        "languages": "English",
        "can teach": "Podcasts",
        "wants to learn": "Podcasts;Gaming",
        "interests": "chess",
    }
    return {**plain, **columns}


JUNIOR = person("junior", "mentor", "HEO")
SENIOR = person("senior", "mentee", "Grade 6")


def test_points_add_up_by_the_basic_rules() -> None:
    near = Yardstick(Rules.BASIC, [JUNIOR, SENIOR])
    assert near.points("junior", "senior") == 10 - 3 + 10
    other = Yardstick(Rules.BASIC, [JUNIOR, {**SENIOR, "profession": "HR"}])
    assert other.points("junior", "senior") == 10 - 3


def test_points_add_up_by_the_rules_of_a_program() -> None:
    same = Yardstick(Rules.PROGRAM, [JUNIOR, SENIOR])
    assert same.points("junior", "senior") == (10 - 3) + 10 + 5 + 3
    apart = {
        "location": "Cardiff",
        "generation": "Generation X",
        "wants to learn": "Gaming;Podcasts",
    }
    other = Yardstick(Rules.PROGRAM, [JUNIOR, {**SENIOR, **apart, "interests": "music"}])
    assert other.points("junior", "senior") == (10 - 3) + 5 + 5 + 4 + 3


@pytest.mark.parametrize(
    ("junior", "senior", "why"),
    [
        ({"organisation": "one"}, {"organisation": "one"}, "same organisation"),
        ({"grade": "SEO"}, {"grade": "Grade 7"}, "level gap"),
        ({"grade": "AA"}, {"grade": "SCS1"}, "level gap"),
        ({"languages": "Welsh"}, {}, "no language in common"),
        ({"manager": "chief"}, {"manager": "chief"}, "same manager"),
        ({"manager": "senior"}, {}, "reporting line"),
        ({"manager": "boss"}, {}, "reporting line"),
    ],
)
def test_a_broken_rule_is_found(junior: dict[str, str], senior: dict[str, str], why: str) -> None:
    boss = person("boss", "mentee", "SCS1", manager="senior")
    rows = [{**JUNIOR, **junior}, {**SENIOR, **senior}, boss]
    assert Yardstick(Rules.PROGRAM, rows).broken("junior", "senior") == [why]


def test_a_verdict_counts_pairs_points_and_everybody_who_is_in_two() -> None:
    rows = [JUNIOR, SENIOR, person("second", "mentee", "Grade 7", profession="HR")]
    verdict = Yardstick(Rules.BASIC, rows).judge([("junior", "senior"), ("junior", "second")])
    assert (verdict.pairs, verdict.points) == (2, 17 + 8)
    assert verdict.broken == ("junior is in 2 pairs",)


def test_most_points_is_what_trying_every_choice_finds() -> None:
    random = Random(5)
    for _ in range(30):
        worth = np.array([[random.choice([-1e9, 1, 4, 9]) for _ in range(4)] for _ in range(3)])
        for pairs in (1, 2, 3):
            totals = [
                sum(worth[r, c] for r, c in zip(rows, columns, strict=True))
                for rows in itertools.combinations(range(3), pairs)
                for columns in itertools.permutations(range(4), pairs)
            ]
            best = max(totals)
            assert most_points(worth, pairs) == (None if best < 0 else best)


@pytest.mark.parametrize("rules", Rules)
def test_the_definition_scores_and_forbids_as_the_yardstick_does(
    rules: Rules, tmp_path: Path
) -> None:
    rows = population(Kind.CIVIL_SERVICE, Size(15, 15), seed=2)
    write_people(tmp_path / "people.csv", rows)
    yardstick = Yardstick(rules, rows)
    plain = {
        (one, other): None
        if yardstick.broken(one, other)
        else yardstick.points(one, other) * POINT_OF_HUNDRED[rules]
        for one in yardstick.mentors
        for other in yardstick.mentees
    }
    assert our_scores(DEFINITION[rules], tmp_path / "people.csv") == plain
    assert any(points is None for points in plain.values())


@pytest.mark.parametrize("rules", Rules)
def test_a_point_is_its_share_of_the_definitions_weights(rules: Rules) -> None:
    preferences = load_definition(DEFINITION[rules]).matching.preferences
    assert sum(one.weight for one in preferences) * POINT_OF_HUNDRED[rules] == 100
