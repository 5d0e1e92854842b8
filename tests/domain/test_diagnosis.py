"""What HR hears before the run: rules that contradict each other or shut people out."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from domain.background import Background
from domain.diagnosis import diagnose, wrong_fixed_pairs
from domain.people import Person
from tests.domain.definitions import definition_with
from tests.domain.programs import EITHER, MENTEE, MENTOR, keyed, person

DIFFERENT = {"rule": "different", "column": "department"}
SAME = {"rule": "same", "column": "department"}
LEVELS = list("ABCDEFGHIJK")


def told(people: Iterable[Person], *, mode: str = "one_way", **matching: object) -> list[str]:
    definition = definition_with(mode=mode, matching={"rules": [], **matching}, levels=LEVELS)
    return diagnose(definition, people)


def test_nothing_is_said_of_people_who_can_all_be_matched() -> None:
    assert told([person("m1", MENTOR), person("s1", MENTEE, goals=("AI",))]) == []


def test_an_empty_role_is_named() -> None:
    assert told([person("m1", MENTOR)]) == [
        "nobody may be a mentee: check people.role_words and eligibility."
    ]


def test_a_gap_that_leaves_nobody_is_named_with_one_that_would_leave_some() -> None:
    people = [
        *(person(f"m{n}", MENTOR, level="A", goals=("AI",)) for n in range(3)),
        *(person(f"s{n}", MENTEE, level=level, goals=("AI",)) for n, level in enumerate("ACB")),
    ]
    assert told(people, rules=[{"rule": "level_gap", "min": 4}]) == [
        "ruling out a level gap below 4 (level_gap) leaves 0 of 9 pairs; the scale has 11 levels. "
        "Ruling out a level gap below 2 instead would leave 3."
    ]


def test_a_rule_without_milder_kinds_that_leaves_nobody_is_named() -> None:
    people = [
        person("m1", MENTOR, department="IT"),
        person("s1", MENTEE, department="IT", goals=("AI",)),
    ]
    assert told(people, rules=[DIFFERENT]) == [
        "ruling out the same department (different department) leaves 0 of 1 pairs."
    ]


def test_rules_that_leave_nobody_together_are_told_with_the_one_that_costs_most() -> None:
    people = [
        person("m1", MENTOR, level="A", department="IT"),
        person("m2", MENTOR, level="A", department="Sales"),
        *(person(f"s{n}", MENTEE, level="B", department="IT", goals=("AI",)) for n in range(2)),
        person("s2", MENTEE, level="C", department="Sales", goals=("AI",)),
    ]
    found = told(people, rules=[SAME, DIFFERENT, {"rule": "level_gap", "min": 1}])
    assert found == [
        "the hard rules together leave 0 of 6 pairs, though none of them alone does. "
        "Allowing a different department (same department) would leave 3."
    ]
    gap = [{"rule": "level_gap", "min": 2}, {"rule": "same", "column": "department"}]
    people[4] = person("s2", MENTEE, level="C", department="HR", goals=("AI",))
    assert told(people, rules=gap) == [
        "the hard rules together leave 0 of 6 pairs, though none of them alone does. "
        "Allowing a level gap below 2 (level_gap) would leave 2; ruling out a level gap below 1 "
        "instead would leave 2."
    ]


def test_those_without_anybody_are_counted_with_the_rule_that_costs_most() -> None:
    people = [
        person("m1", MENTOR, department="IT", capacity=9),
        person("m2", MENTOR, department="IT", capacity=9),
        person("s1", MENTEE, department="HR", goals=("AI",)),
        *(person(f"t{n:02}", MENTEE, department="IT", goals=("AI",)) for n in range(12)),
    ]
    assert told(people, rules=[DIFFERENT]) == [
        "the hard rules leave no partner for 12 of 13 who may be a mentee: t00, t01, t02, t03, "
        "t04, t05, t06, t07, t08, t09 and 2 more. Allowing the same department (different "
        "department) would leave 12 of them somebody."
    ]


def test_in_mutual_mode_somebody_is_alone_who_is_so_in_both_roles() -> None:
    people = [
        person("a", EITHER, level="A", goals=("AI",)),
        person("b", EITHER, level="B", goals=("AI",)),
        person("c", EITHER, level=None, goals=("AI",)),
    ]
    assert told(people, mode="mutual", rules=[{"rule": "level_gap", "min": 1}]) == [
        "the hard rules leave no partner for 1 of 3 who take part: c. Allowing a level gap below 1 "
        "(level_gap) would leave 1 of them somebody."
    ]


def test_those_who_will_be_left_over_are_counted() -> None:
    people = [
        person("m1", MENTOR, capacity=2),
        *(person(f"s{n}", MENTEE, goals=("AI",)) for n in range(5)),
    ]
    assert told(people) == [
        "5 may be a mentee, but the other side has room for 2 pairs: at least 3 will be left over."
    ]


def test_a_floor_above_the_best_score_is_told() -> None:
    people = [
        person("m1", MENTOR, skills=("AI",)),
        person("s1", MENTEE, goals=("slang", "AI")),
    ]
    assert told(people, floor=70) == [
        "the floor of 70 is above the best score of all pairs that the hard rules leave, 33.33: "
        "nobody would be matched."
    ]


def test_those_whom_only_the_floor_leaves_alone_are_named() -> None:
    people = [
        person("m1", MENTOR, skills=("AI",), capacity=2),
        person("s1", MENTEE, goals=("AI",)),
        person("s2", MENTEE, goals=("slang",)),
    ]
    assert told(people, floor=70) == [
        "the floor of 70 leaves no partner for 1 of 2 who may be a mentee: s2."
    ]


def test_a_preference_that_compares_empty_columns_is_told() -> None:
    people = [person("m1", MENTOR, skills=("AI",)), person("s1", MENTEE)]
    preferences = [{"prefer": "goals_meet_skills"}, {"prefer": "same", "column": "location"}]
    assert told(people, preferences=preferences) == [
        f"the preference {name} says nothing of anybody, so that its weight counts for nothing: "
        "are the columns it compares empty?"
        for name in ("goals_meet_skills", "same location")
    ]


# --- Fixed pairs ---------------------------------------------------------------------------------


def wrong(*fixed: tuple[str, str]) -> list[tuple[int, str]]:
    definition = definition_with(matching={"rules": [DIFFERENT], "fixed": fixed})
    people = keyed(
        person("m1", MENTOR, department="IT"),
        person("m2", MENTOR, department="HR", capacity=2),
        person("s1", MENTEE, department="IT"),
        person("s2", MENTEE, department="Sales"),
    )
    left = person("x9", (), department="Law")
    return wrong_fixed_pairs(definition, people, Background(everybody=(left,)))


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        (("m1", "s22"), "nobody has the id “s22”. Did you mean “s2”?"),
        (("m1", "x9"), "x9 takes no part."),
        (("m1", "s1"), "the same department: both have “IT”."),
        (("s2", "m1"), "not eligible as mentor: the people file does not say mentor."),
    ],
)
def test_a_fixed_pair_that_can_not_be_is_told_with_its_number(
    pair: tuple[str, str], why: str
) -> None:
    found = wrong(("m2", "s1"), pair)
    assert found[0] == (1, why)
    assert all(number == 1 for number, _ in found)


def test_fixed_pairs_beyond_the_places_or_twice_are_told() -> None:
    assert wrong(("m2", "s1"), ("m2", "s2")) == []
    assert wrong(("m2", "s1"), ("m1", "s2"), ("m2", "s2"), ("m2", "s1")) == [
        (2, "s2 would be in 2 pairs, but has room for 1."),
        (3, "the same two as number 1."),
    ]


# --- What nobody has -----------------------------------------------------------------------------


def test_a_value_that_eligibility_admits_and_nobody_has_is_named_with_the_nearest() -> None:
    definition = definition_with(
        eligibility={"mentor": {"where": {"department": ["Finanace", "it"]}}}, department="Unit"
    )
    people = [
        person("m1", MENTOR, department="Finance"),
        person("s1", MENTEE, department="IT", goals=("AI",)),
    ]
    assert diagnose(definition, people) == [
        "nobody may be a mentor: check people.role_words and eligibility.",
        "eligibility.mentor.where: nobody has “Finanace” in department. Did you mean “Finance”?",
    ]


def test_what_people_say_of_themselves_is_not_suggested() -> None:
    definition = definition_with(
        eligibility={"mentor": {"where": {"gender": ["zebras"]}}},
        people={"identity": {"columns": ["gender"], "opt_in": "Use"}},
        extra={"gender": "Gender"},
    )
    found = diagnose(definition, [person("m1", MENTOR, extra={"gender": "zebra"})])
    assert "eligibility.mentor.where: nobody has “zebras” in gender." in found


def test_a_kept_apart_id_and_a_column_that_nobody_has_are_named() -> None:
    people = [person("m1", MENTOR), person("s1", MENTEE, goals=("AI",))]
    exclusion = {"rule": "not_these_pairs", "pairs": [["m1", "s11"]]}
    assert told(people, rules=[SAME, exclusion])[1:] == [
        "nobody has anything in department, which the rule same names.",
        "not_these_pairs: nobody has the id “s11”. Did you mean “s1”?",
    ]
