"""Matching: as good as the data allows, never against a hard rule, the same every time."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.definition import Definition, Mode, Objective
from domain.matching import (
    Chosen,
    Proposal,
    broken_rules,
    diagnose,
    match,
    proposal_of,
    worth_of,
)
from domain.people import Person, Role
from tests.domain.definitions import definition_with

MENTOR, MENTEE, EITHER = (Role.MENTOR,), (Role.MENTEE,), (Role.MENTOR, Role.MENTEE)
SKILLS = ("AI", "chat tools", "slang", "photos")


def person(reference: str, roles: tuple[Role, ...], **more: object) -> Person:
    values = {"name": f"Example {reference}", "email": f"{reference}@example.com", **more}
    return Person.model_validate({"reference": reference, "roles": roles, **values})


def keyed(*people: Person) -> dict[str, Person]:
    return {p.reference: p for p in people}


def pairs_of(proposal: Proposal) -> list[tuple[str, str]]:
    return [(pair.mentor, pair.mentee) for pair in proposal.pairs]


# --- As good as possible -------------------------------------------------------------------------


@st.composite
def small_programs(draw: st.DrawFn) -> tuple[Definition, dict[str, Person]]:
    mode = draw(st.sampled_from(Mode))
    roles = [EITHER] if mode is Mode.MUTUAL else [MENTOR, MENTEE, EITHER]
    people = [
        person(
            f"{number:02}",
            draw(st.sampled_from(roles)),
            level=draw(st.sampled_from("ABC")),
            department=draw(st.sampled_from(["IT", "Sales", None])),
            manager=draw(st.sampled_from([None, *(f"{n:02}" for n in range(number))])),
            skills=tuple(draw(st.lists(st.sampled_from(SKILLS), max_size=3, unique=True))),
            goals=tuple(draw(st.lists(st.sampled_from(SKILLS), max_size=3, unique=True))),
            capacity=draw(st.integers(1, 3)),
        )
        for number in range(draw(st.integers(2, 6)))
    ]
    rules = draw(
        st.lists(
            st.sampled_from(
                [
                    {"rule": "level_gap", "min": 1},
                    {"rule": "different", "column": "department"},
                    {"rule": "no_reporting_line", "depth": 2},
                ]
            ),
            max_size=2,
        )
    )
    definition = definition_with(
        mode=mode.value,
        matching={"objective": draw(st.sampled_from(Objective)).value, "rules": rules},
        levels=["A", "B", "C"],
    )
    return definition, keyed(*people)


def reached(definition: Definition, people: Mapping[str, Person], pairs: object) -> tuple[int, int]:
    """People covered and total worth, in the order that the objective puts them."""
    chosen = list(pairs)  # type: ignore[call-overload]
    covered = len({key for pair in chosen for key in pair})
    worth = sum(
        int(worth_of(definition, [people[mentor]], [people[mentee]])[0, 0])
        for mentor, mentee in chosen
    )
    most_people = definition.matching.objective is Objective.MOST_PEOPLE
    return (covered, worth) if most_people else (worth, covered)


def best_by_trying_all(definition: Definition, people: Mapping[str, Person]) -> tuple[int, int]:
    possible: list[tuple[str, str]] = []
    for one, other in itertools.combinations(people, 2):
        ways = [
            (mentor, mentee)
            for mentor, mentee in ((one, other), (other, one))
            if not broken_rules(
                definition, people[mentor], people[mentee], everybody=people.values()
            )
        ]
        if ways:
            possible.append(max(ways, key=lambda pair: reached(definition, people, [pair])))
    best = (0, 0)

    def extend(number: int, chosen: list[tuple[str, str]], used: Counter[str]) -> None:
        nonlocal best
        best = max(best, reached(definition, people, chosen))
        for following in range(number, len(possible)):
            one, other = possible[following]
            if used[one] < people[one].capacity and used[other] < people[other].capacity:
                extend(following + 1, [*chosen, (one, other)], used + Counter((one, other)))

    extend(0, [], Counter())
    return best


@settings(max_examples=150, deadline=None, derandomize=True, print_blob=True)
@given(small_programs())
def test_no_other_choice_of_pairs_is_better(program: tuple[Definition, dict[str, Person]]) -> None:
    definition, people = program
    proposal = match(definition, people)
    assert reached(definition, people, pairs_of(proposal)) == best_by_trying_all(definition, people)


@settings(max_examples=150, deadline=None, derandomize=True, print_blob=True)
@given(small_programs())
def test_no_pair_breaks_a_rule_a_capacity_or_comes_twice(
    program: tuple[Definition, dict[str, Person]],
) -> None:
    definition, people = program
    proposal = match(definition, people)
    used: Counter[str] = Counter()
    for mentor, mentee in pairs_of(proposal):
        assert not broken_rules(
            definition, people[mentor], people[mentee], everybody=people.values()
        )
        used += Counter((mentor, mentee))
    assert all(used[key] <= people[key].capacity for key in used)
    together = [frozenset(pair) for pair in pairs_of(proposal)]
    assert len(set(together)) == len(together)
    assert {u.key for u in proposal.unmatched} == people.keys() - used.keys()
    assert all(u.reasons for u in proposal.unmatched)


@settings(max_examples=60, deadline=None, derandomize=True, print_blob=True)
@given(small_programs(), st.randoms(use_true_random=False))
def test_another_order_of_rows_gives_the_same_proposal(
    program: tuple[Definition, dict[str, Person]], chance: random.Random
) -> None:
    definition, people = program
    shuffled = list(people.items())
    chance.shuffle(shuffled)
    assert (
        match(definition, dict(shuffled)).model_dump_json()
        == match(definition, people).model_dump_json()
    )


@pytest.mark.parametrize("mentor_places", [1, 2])
@pytest.mark.parametrize("mentee_places", [1, 2])
def test_a_larger_program_is_solved_by_each_method_alike(
    mentor_places: int, mentee_places: int
) -> None:
    """120 people without rules: nobody is left over but whom the other side has no place for."""
    chance = np.random.default_rng(7)
    people = keyed(
        *(
            person(
                f"m{n:03}",
                MENTOR,
                skills=tuple(chance.choice(SKILLS, 2, replace=False)),
                capacity=mentor_places,
            )
            for n in range(50)
        ),
        *(
            person(
                f"s{n:03}",
                MENTEE,
                goals=tuple(chance.choice(SKILLS, 2, replace=False)),
                capacity=mentee_places,
            )
            for n in range(70)
        ),
    )
    proposal = match(definition_with(matching={"rules": []}), people)
    assert proposal.totals.people == min(120, 50 + 50 * mentor_places, 70 + 70 * mentee_places)


# --- What HR can set -----------------------------------------------------------------------------


def test_most_people_gives_up_the_best_pair_where_that_covers_more() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",), department="IT"),
        person("m2", MENTOR, department="Sales"),
        person("s1", MENTEE, goals=("AI",), department="HR"),
        person("s2", MENTEE, department="Sales"),
    )
    # m2 may only meet s1, and s1 is also the one whom m1 could teach most.
    rules = [{"rule": "different", "column": "department"}]
    coverage = definition_with(matching={"objective": "most_people", "rules": rules})
    score = definition_with(matching={"objective": "best_score", "rules": rules})
    assert pairs_of(match(coverage, people)) == [("m1", "s2"), ("m2", "s1")]
    assert ("m1", "s1") in pairs_of(match(score, people))


def test_earlier_goals_count_more() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",)),
        person("m2", MENTOR, skills=("slang",)),
        person("s1", MENTEE, goals=("slang", "AI")),
    )
    proposal = match(definition_with(matching={"rules": []}), people)
    assert pairs_of(proposal) == [("m2", "s1")]
    assert proposal.pairs[0].score == 66.67  # 1 of 1 + 1/2
    assert proposal.pairs[0].reasons == ("the mentor can teach 1 of the mentee's 2 goals: slang",)
    assert proposal.pairs[0].against == ("not covered: AI",)


def test_a_line_of_managers_through_somebody_who_takes_no_part_is_seen() -> None:
    junior = person("m1", MENTOR, manager="x")
    between = person("x", (), manager="s1")
    senior = person("s1", MENTEE)
    definition = definition_with(
        matching={"rules": [{"rule": "no_reporting_line", "depth": 2}]}, manager="Boss"
    )
    taking_part = keyed(junior, senior)
    assert match(definition, taking_part, everybody=[junior, between, senior]).pairs == ()
    near = definition_with(
        matching={"rules": [{"rule": "no_reporting_line", "depth": 1}]}, manager="Boss"
    )
    assert len(match(near, taking_part, everybody=[junior, between, senior]).pairs) == 1


def test_fixed_pairs_stay_and_those_apart_stay_apart() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",)),
        person("m2", MENTOR),
        person("s1", MENTEE, goals=("AI",)),
        person("s2", MENTEE),
    )
    definition = definition_with(matching={"rules": []})
    kept = match(definition, people, fixed=[("m2", "s1")])
    assert [(p.mentor, p.mentee, p.fixed) for p in kept.pairs] == [
        ("m1", "s2", False),
        ("m2", "s1", True),
    ]
    assert ("m1", "s1") not in pairs_of(match(definition, people, apart=[("s1", "m1")]))


def test_keys_are_the_callers() -> None:
    people = {"p-9": person("m1", MENTOR), "p-1": person("s1", MENTEE)}
    assert pairs_of(match(definition_with(matching={"rules": []}), people)) == [("p-9", "p-1")]


def test_nobody_gives_an_empty_proposal() -> None:
    proposal = match(definition_with(), {})
    assert (proposal.pairs, proposal.unmatched, proposal.totals.lowest) == ((), (), None)


def test_a_proposal_survives_storage() -> None:
    people = keyed(person("m1", MENTOR), person("s1", MENTEE), person("x", ()))
    proposal = match(definition_with(matching={"rules": []}), people)
    assert Proposal.model_validate(proposal.model_dump(mode="json")) == proposal


# --- Saying why ----------------------------------------------------------------------------------


def test_the_unmatched_are_told_which_rule_shut_them_out() -> None:
    people = keyed(
        person("m1", MENTOR, department="IT"),
        person("m2", MENTOR, department="Sales"),
        person("s1", MENTEE, department="IT"),
        person("x", (), department="IT"),
    )
    rules = [{"rule": "different", "column": "department"}]
    told = {u.key: u for u in match(definition_with(matching={"rules": rules}), people).unmatched}
    assert told["m1"].reasons == ("different department shuts out 1 of 1 mentees.",)
    assert told["x"].role is None
    assert told["x"].reasons == ("the people file gives no role.",)


def test_broken_rules_are_said_in_words() -> None:
    mentor = person("m1", MENTOR, level="B", department="IT", manager="s1")
    mentee = person("s1", MENTEE, level="B", department="IT")
    definition = definition_with(
        matching={
            "rules": [
                {"rule": "level_gap", "min": 1},
                {"rule": "different", "column": "department"},
                {"rule": "no_reporting_line"},
                {"rule": "not_these_pairs", "pairs": [["s1", "m1"]]},
            ]
        },
        levels=["A", "B"],
    )
    assert broken_rules(definition, mentor, mentee) == [
        "level_gap (at least 1): the mentee stands 0 levels above the mentor.",
        "different department: both have “IT”.",
        "no_reporting_line (depth 2): one is above the other in the line of managers.",
        "not_these_pairs: the definition keeps the two apart.",
    ]
    assert broken_rules(definition, mentee, mentor)[:2] == [
        "not eligible as mentor: the people file does not say mentor.",
        "not eligible as mentee: the people file does not say mentee.",
    ]


def test_a_decided_proposal_has_its_scores_and_who_is_left() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",)),
        person("s1", MENTEE, goals=("AI",)),
        person("s2", MENTEE),
    )
    definition = definition_with(matching={"rules": []})
    proposal = proposal_of(definition, people, [Chosen("m1", "s1", fixed=True, comment="sure")])
    assert (proposal.pairs[0].score, proposal.pairs[0].comment) == (100, "sure")
    assert [u.key for u in proposal.unmatched] == ["s2"]


def test_diagnosis_names_the_rule_that_leaves_nobody_and_what_would_leave_some() -> None:
    people = [person("m1", MENTOR, level="B"), person("s1", MENTEE, level="C")]
    definition = definition_with(
        matching={"rules": [{"rule": "level_gap", "min": 2}]}, levels=["A", "B", "C"]
    )
    assert diagnose(definition, people) == [
        "level_gap (at least 2) leaves 0 of 1 pairs. A gap of 1 would leave 1."
    ]


def test_diagnosis_counts_those_who_will_be_left_over() -> None:
    people = [person("m1", MENTOR, capacity=2), *(person(f"s{n}", MENTEE) for n in range(5))]
    assert diagnose(definition_with(matching={"rules": []}), people) == [
        "5 may be a mentee, but the other side has room for 2 pairs: at least 3 will be left over."
    ]


def test_diagnosis_says_when_a_role_is_empty() -> None:
    assert diagnose(definition_with(), [person("m1", MENTOR)]) == [
        "nobody may be a mentee: check people.role_words and eligibility."
    ]
