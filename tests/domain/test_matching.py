"""Matching: as good as the data allows, never against a hard rule, the same every time."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.background import Background
from domain.criteria import Objective
from domain.definition import Mode
from domain.ground import Ground
from domain.matching import choose, match, proposal_of, rule_check, written_out
from domain.people import Person
from domain.proposal import Chosen, Proposal
from tests.domain.definitions import definition_with
from tests.domain.examples import examples
from tests.domain.programs import (
    EITHER,
    MENTEE,
    MENTOR,
    SKILLS,
    Program,
    covered,
    keyed,
    pairs_of,
    person,
    programs,
)

tries = examples(120)
NO_RULES = definition_with(matching={"rules": []})


def proposal_for(program: Program) -> Proposal:
    return match(program.definition, program.people, background=program.background)


# --- As good as possible -------------------------------------------------------------------------


@tries
@given(programs())
def test_no_other_choice_of_pairs_is_better(program: Program) -> None:
    best = max(map(program.reached, program.choices()))
    proposal = proposal_for(program)
    assert program.reached(frozenset(pairs_of(proposal))) == pytest.approx(best, abs=0.011)
    assert proposal.totals.people == len(covered(pairs_of(proposal)))


@tries
@given(programs())
def test_no_pair_breaks_a_rule_the_floor_a_capacity_or_comes_twice(program: Program) -> None:
    proposal = proposal_for(program)
    used: Counter[str] = Counter()
    for mentor, mentee in pairs_of(proposal):
        assert program.permitted(mentor, mentee), program.broken(mentor, mentee)
        used.update((mentor, mentee))
    assert all(used[key] <= program.people[key].capacity for key in used)
    together = [frozenset(pair) for pair in pairs_of(proposal)]
    assert len(set(together)) == len(together)
    assert {u.key for u in proposal.unmatched} == program.people.keys() - used.keys()
    assert all(u.reasons for u in proposal.unmatched)


@tries
@given(programs())
def test_a_pair_scores_the_weighted_mean_of_what_is_said_of_it(program: Program) -> None:
    for pair in proposal_for(program).pairs:
        assert pair.score == pytest.approx(program.score(pair.mentor, pair.mentee), abs=0.006)


@tries
@given(programs())
def test_a_pair_is_worth_the_same_by_itself_as_among_all(program: Program) -> None:
    ground = Ground(program.definition, program.people, program.background)
    for row, mentor in enumerate(ground.mentors.tolist()):
        for column, mentee in enumerate(ground.mentees.tolist()):
            if mentor != mentee:
                two = {ground.keys[n]: ground.people[n] for n in (mentor, mentee)}
                alone = Ground(program.definition, two, program.background)
                places = (alone.position[ground.keys[n]] for n in (mentor, mentee))
                assert alone.worth_of_pair(*places) == ground.worth[row, column]


@tries
@given(programs(), st.randoms(use_true_random=False))
def test_another_order_of_rows_gives_the_same_proposal(
    program: Program, chance: random.Random
) -> None:
    shuffled = list(program.people.items())
    chance.shuffle(shuffled)
    everybody = list(program.background.everybody)
    chance.shuffle(everybody)
    background = Background(everybody=tuple(everybody), met=program.background.met)
    other = match(program.definition, dict(shuffled), background=background)
    assert other.model_dump_json() == proposal_for(program).model_dump_json()


@tries
@given(programs())
def test_one_more_person_never_lowers_coverage(program: Program) -> None:
    program = program.changed(objective=Objective.MOST_PEOPLE)
    last = max(program.people)
    fewer = {key: p for key, p in program.people.items() if key != last}
    before = match(program.definition, fewer, background=program.background)
    assert proposal_for(program).totals.people >= before.totals.people


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
    proposal = match(NO_RULES, people)
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
    preferences = [{"prefer": "goals_meet_skills"}]
    both = {"rules": rules, "preferences": preferences}
    coverage = definition_with(matching={"objective": "most_people", **both})
    score = definition_with(matching={"objective": "best_score", "floor": 60, **both})
    assert pairs_of(match(coverage, people)) == [("m1", "s2"), ("m2", "s1")]
    assert pairs_of(match(score, people)) == [("m1", "s1")]


def test_the_frontier_runs_from_most_people_to_the_best_score() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",), department="IT"),
        person("m2", MENTOR, department="Sales"),
        person("s1", MENTEE, goals=("AI",), department="HR"),
        person("s2", MENTEE, goals=("slang",), department="Sales"),
    )
    definition = definition_with(
        matching={
            "rules": [{"rule": "different", "column": "department"}],
            "preferences": [{"prefer": "goals_meet_skills"}],
        }
    )
    proposal = match(definition, people)
    assert [(r.people, r.pairs, r.score) for r in proposal.frontier] == [(4, 2, 0), (2, 1, 100)]
    fixed = match(definition, people, fixed=[("m2", "s1")])
    assert [(r.people, r.pairs, r.score) for r in fixed.frontier] == [(4, 2, 0)]


def test_the_floor_keeps_weak_pairs_out_unless_hr_fixed_them() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",)),
        person("s1", MENTEE, goals=("slang", "AI")),
        person("s2", MENTEE, goals=("slang",)),
    )
    definition = definition_with(matching={"rules": [], "floor": 40})
    assert pairs_of(match(definition, people)) == []
    fixed = match(definition, people, fixed=[("m1", "s1")]).pairs[0]
    assert (fixed.score, fixed.overruled) == (33.33, ("scores 33.33, below the floor of 40",))


def test_a_preference_that_says_nothing_of_two_counts_neither_for_nor_against_them() -> None:
    definition = definition_with(
        matching={
            "rules": [],
            "preferences": [
                {"prefer": "goals_meet_skills", "weight": 5},
                {"prefer": "different", "column": "department", "weight": 1},
            ],
        }
    )
    mentor = person("m1", MENTOR, department="IT", skills=("AI",))
    no_goals = match(definition, keyed(mentor, person("s1", MENTEE, department="HR")))
    nothing = match(definition, keyed(mentor, person("s1", MENTEE)))
    assert (no_goals.pairs[0].score, nothing.pairs[0].score) == (100, 50)


def test_both_directions_count_alike_in_mutual_mode() -> None:
    definition = definition_with(
        mode="mutual", matching={"rules": [], "preferences": [{"prefer": "goals_meet_skills"}]}
    )
    teacher = person("a", EITHER, skills=("AI",), goals=("slang",))
    learner = person("b", EITHER, goals=("AI",))
    assert match(definition, keyed(teacher, learner)).pairs[0].score == 50


def test_earlier_goals_count_more() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",)),
        person("m2", MENTOR, skills=("slang",)),
        person("s1", MENTEE, goals=("slang", "AI")),
    )
    proposal = match(NO_RULES, people)
    assert pairs_of(proposal) == [("m2", "s1")]
    assert proposal.pairs[0].score == 66.67  # 1 of 1 + 1/2
    assert proposal.pairs[0].reasons == (
        "the mentor can teach what the mentee wants to learn: slang (1 of 2 goals)",
    )
    assert proposal.pairs[0].against == ("not covered: AI",)


def test_a_line_of_managers_through_somebody_who_takes_no_part_is_seen() -> None:
    junior = person("m1", MENTOR, manager="x")
    between = person("x", (), manager="s1")
    senior = person("s1", MENTEE)
    background = Background(everybody=(junior, between, senior))
    definition = definition_with(
        matching={"rules": [{"rule": "no_reporting_line", "depth": 2}]}, manager="Boss"
    )
    taking_part = keyed(junior, senior)
    assert match(definition, taking_part, background=background).pairs == ()
    near = definition_with(
        matching={"rules": [{"rule": "no_reporting_line", "depth": 1}]}, manager="Boss"
    )
    assert len(match(near, taking_part, background=background).pairs) == 1


# --- Pairs that are set --------------------------------------------------------------------------


def four_people() -> dict[str, Person]:
    return keyed(
        person("m1", MENTOR, skills=("AI",)),
        person("m2", MENTOR),
        person("s1", MENTEE, goals=("AI",)),
        person("s2", MENTEE),
    )


def test_fixed_pairs_stay_and_those_apart_stay_apart() -> None:
    people = four_people()
    kept = match(NO_RULES, people, fixed=[("m2", "s1")])
    assert [(p.mentor, p.mentee, p.fixed) for p in kept.pairs] == [
        ("m1", "s2", False),
        ("m2", "s1", True),
    ]
    assert ("m1", "s1") not in pairs_of(match(NO_RULES, people, apart=[("s1", "m1")]))


def test_the_pairs_that_the_definition_fixes_stay_too() -> None:
    definition = definition_with(matching={"rules": [], "fixed": [["m2", "s1"], ["m9", "s2"]]})
    people = {f"key-{key}": p for key, p in four_people().items()}
    proposal = match(definition, people)
    assert [(p.mentor, p.mentee, p.fixed) for p in proposal.pairs] == [
        ("key-m1", "key-s2", False),
        ("key-m2", "key-s1", True),
    ]


@pytest.mark.parametrize("declined", [("key-m2", "key-s1"), ("key-s1", "key-m2")])
def test_a_pair_that_declined_is_not_made_again_though_the_definition_fixes_it(
    declined: tuple[str, str],
) -> None:
    definition = definition_with(matching={"rules": [], "fixed": [["m2", "s1"]]})
    people = {f"key-{key}": p for key, p in four_people().items()}
    proposal = match(definition, people, apart=[declined])
    assert ("key-m2", "key-s1") not in pairs_of(proposal)
    assert not any(pair.fixed for pair in proposal.pairs)


def test_keys_are_the_callers() -> None:
    people = {"p-9": person("m1", MENTOR), "p-1": person("s1", MENTEE)}
    assert pairs_of(match(NO_RULES, people)) == [("p-9", "p-1")]


@pytest.mark.parametrize("mode", Mode)
def test_nobody_gives_an_empty_proposal(mode: Mode) -> None:
    proposal = match(definition_with(mode=mode.value), {})
    assert (proposal.pairs, proposal.unmatched, proposal.totals.lowest) == ((), (), None)


def test_a_proposal_survives_storage() -> None:
    people = keyed(person("m1", MENTOR), person("s1", MENTEE), person("x", ()))
    proposal = match(NO_RULES, people)
    assert Proposal.model_validate(proposal.model_dump(mode="json")) == proposal


def test_a_decided_proposal_has_its_scores_and_who_is_left() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",)),
        person("s1", MENTEE, goals=("AI",)),
        person("s2", MENTEE),
    )
    proposal = proposal_of(NO_RULES, people, [Chosen("m1", "s1", fixed=True, comment="sure")])
    assert (proposal.pairs[0].score, proposal.pairs[0].comment) == (100, "sure")
    assert [u.key for u in proposal.unmatched] == ["s2"]


def test_the_steps_come_to_what_match_gives() -> None:
    ground = Ground(NO_RULES, four_people())
    assert written_out(ground, choose(ground)) == match(NO_RULES, four_people())


@pytest.mark.parametrize(
    ("fixed", "why"),
    [
        (("m1", "s1"), "m1 as mentor of s1: having been a pair before: "),
        (("m2", "s2"), "m2 as mentor of s2: the two are kept apart: one of them said no"),
        (("m2", "gone"), "m2 as mentor of gone: gone takes no part."),
        (("s1", "m1"), "s1 as mentor of m1: not eligible as mentor: "),
    ],
)
def test_a_fixed_pair_that_cant_be_made_is_told_with_its_reason(
    fixed: tuple[str, str], why: str
) -> None:
    """The store knows of earlier programs and of who said no; the definition's check does not."""
    definition = definition_with(
        matching={"rules": [{"rule": "not_paired_before"}], "fixed": [fixed, ("m1", "s2")]}
    )
    people = keyed(
        *(person(m, MENTOR) for m in ("m1", "m2")), *(person(s, MENTEE) for s in ("s1", "s2"))
    )
    met = Background(met=frozenset({("m1", "s1")}))
    proposal = match(definition, people, background=met, apart=[("s2", "m2")])
    (told,) = proposal.fixed_not_made
    assert told.startswith(why)
    assert ("m1", "s2") in {(pair.mentor, pair.mentee) for pair in proposal.pairs}


def test_fixed_pairs_beyond_somebodys_places_are_told() -> None:
    definition = definition_with(
        matching={"rules": [], "fixed": [("m1", "s1"), ("m1", "s2"), ("m2", "s2")]}
    )
    people = keyed(
        *(person(m, MENTOR) for m in ("m1", "m2")), *(person(s, MENTEE) for s in ("s1", "s2"))
    )
    assert match(definition, people).fixed_not_made == (
        "m1 as mentor of s2: m1 has no place left: other pairs that you set take 1 of 1. "
        "s2 has no place left: other pairs that you set take 1 of 1.",
    )
    repaired = proposal_of(definition, people, [Chosen("m2", "s1")])
    assert repaired.fixed_not_made == ()


# --- Rules in words ------------------------------------------------------------------------------


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
    check = rule_check(definition, Background(everybody=(mentor, mentee)))
    assert check(mentor, mentee) == [
        "a level gap below 1: the two stand on the same level.",
        "the same department: both have “IT”.",
        "a reporting line of up to 2 steps: one is above the other in the line of managers.",
        "a named exclusion: the definition keeps the two apart.",
    ]
    assert check(mentee, mentor)[:2] == [
        "not eligible as mentor: the people file does not say mentor.",
        "not eligible as mentee: the people file does not say mentee.",
    ]
    assert check(mentor, mentor) == ["nobody is paired with themselves."]


@tries
@given(programs())
def test_a_rule_is_said_to_be_broken_just_when_it_is(program: Program) -> None:
    check = rule_check(program.definition, program.background)
    for mentor in program.people:
        for mentee in program.people:
            broken = check(program.people[mentor], program.people[mentee])
            assert bool(broken) == bool(program.broken(mentor, mentee))
