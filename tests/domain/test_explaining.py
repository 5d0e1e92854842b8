"""Saying why: what shut somebody out, what would have helped, who would rather have each other."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from hypothesis import given

from domain import explaining
from domain.background import Background
from domain.criteria import Objective
from domain.definition import Definition
from domain.matching import match, proposal_of, why_not_these
from domain.pairing_rules import rule_in_words, rule_with_name
from domain.people import Person
from domain.proposal import Chosen, Proposal
from tests.domain.definitions import definition_with
from tests.domain.examples import examples
from tests.domain.programs import (
    EITHER,
    MENTEE,
    MENTOR,
    Program,
    covered,
    keyed,
    pairs_of,
    person,
    programs,
)

tries = examples(120)
DIFFERENT = {"rule": "different", "column": "department"}


def proposal_for(program: Program) -> Proposal:
    return match(program.definition, program.people, background=program.background)


def relaxed(definition: Definition, people: dict[str, Person]) -> dict[str, tuple[str, ...]]:
    return {u.key: u.relaxations for u in match(definition, people).unmatched}


# --- What shut somebody out ----------------------------------------------------------------------


def test_the_unmatched_are_told_which_rule_shut_them_out() -> None:
    people = keyed(
        person("m1", MENTOR, department="IT"),
        person("m2", MENTOR, department="Sales"),
        person("s1", MENTEE, department="IT"),
        person("x", (), department="IT"),
    )
    definition = definition_with(matching={"rules": [DIFFERENT]})
    told = {u.key: u for u in match(definition, people).unmatched}
    assert told["m1"].reasons == ("1 of 1 mentees is shut out by the same department.",)
    assert told["x"].role is None
    assert told["x"].reasons == ("the people file gives no role.",)


def test_those_whose_partners_went_to_others_are_told_so() -> None:
    people = keyed(person("m1", MENTOR), person("s1", MENTEE, goals=("AI",)), person("s2", MENTEE))
    definition = definition_with(matching={"rules": []})
    (left,) = match(definition, people, fixed=[("m1", "s1")]).unmatched
    assert left.reasons == (
        "the hard rules leave 1 of 1 mentors, but their places went to others.",
    )
    (mentor, *_) = proposal_of(definition, people, []).unmatched
    assert mentor.reasons == ("the hard rules leave 2 of 2 mentees, 2 of them with a free place.",)


def test_the_floor_and_those_who_declined_are_named_among_what_shuts_out() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",)),
        person("m2", MENTOR, skills=("AI",)),
        person("s1", MENTEE, goals=("slang", "AI")),
    )
    definition = definition_with(matching={"rules": [], "floor": 40})
    proposal = match(definition, people, apart=[("m2", "s1")])
    assert {u.key: u.reasons for u in proposal.unmatched}["s1"] == (
        "1 of 2 mentors is kept apart from them: one of the two declined, or their pair ended.",
        "the floor of 40 shuts out 1 of 2 mentors: the best of them would score 33.33.",
    )


def test_somebody_of_either_role_is_told_about_both() -> None:
    people = keyed(person("a", EITHER, department="IT"), person("b", MENTOR, department="IT"))
    definition = definition_with(matching={"rules": [DIFFERENT]})
    told = {u.key: u for u in match(definition, people).unmatched}
    assert told["a"].reasons == (
        "as mentor: nobody else may be a mentee.",
        "as mentee: 1 of 1 mentors is shut out by the same department.",
    )


# --- What would have helped ----------------------------------------------------------------------


def test_the_smallest_gap_that_would_do_is_named() -> None:
    definition = definition_with(
        matching={"rules": [{"rule": "level_gap", "min": 3}]}, levels=list("ABCD")
    )
    people = keyed(person("m1", MENTOR, level="A"), person("s1", MENTEE, level="C"))
    assert relaxed(definition, people)["s1"] == (
        "ruling out a level gap below 2 instead of a level gap below 3 (level_gap)",
    )
    people["s1"] = person("s1", MENTEE, level=None)
    assert relaxed(definition, people)["s1"] == ("allowing a level gap below 3 (level_gap)",)


def test_the_highest_floor_that_would_do_is_named() -> None:
    definition = definition_with(matching={"rules": [], "floor": 60})
    people = keyed(
        person("m1", MENTOR, skills=("AI",)), person("s1", MENTEE, goals=("slang", "AI"))
    )
    assert relaxed(definition, people)["s1"] == ("a floor of 33 in place of 60",)


def test_one_more_place_is_named_where_all_are_taken() -> None:
    definition = definition_with(matching={"rules": []})
    people = keyed(person("m1", MENTOR), person("s1", MENTEE), person("s2", MENTEE))
    ((found,),) = relaxed(definition, people).values()
    assert found == "one more place for a mentor: the only one whom the rules leave them"


def test_a_chain_of_changes_is_followed() -> None:
    """s3 may take nobody but m1, whose mentee may take m2, whose mentee could then take m3."""
    people = keyed(
        person("m1", MENTOR, level="A", department="1", skills=("AI",)),
        person("m2", MENTOR, level="A", department="2", skills=("slang",)),
        person("m3", MENTOR, level="B", department="2"),
        person("s1", MENTEE, level="B", department="1", goals=("slang",)),
        person("s2", MENTEE, level="B", department="3", goals=("AI",)),
        person("s3", MENTEE, level="B", department="2", goals=("photos",)),
    )
    definition = definition_with(
        matching={"rules": [{"rule": "level_gap", "min": 1}, DIFFERENT]}, levels=["A", "B"]
    )
    assert pairs_of(match(definition, people)) == [("m1", "s2"), ("m2", "s1")]
    assert relaxed(definition, people)["s3"] == (
        "ruling out a level gap below 0 instead of a level gap below 1 (level_gap)",
        "one more place for a mentor: the only one whom the rules leave them",
    )


def test_somebody_with_two_partners_can_spare_one() -> None:
    """s2 could take m1 but for their department; s1 then still has m2."""
    people = keyed(
        person("m1", MENTOR, department="IT"),
        person("m2", MENTOR, department="HR", location="x"),
        person("s1", MENTEE, department="Law", capacity=2),
        person("s2", MENTEE, department="IT", location="x"),
    )
    rules = [DIFFERENT, {"rule": "different", "column": "location"}]
    definition = definition_with(matching={"rules": rules})
    assert pairs_of(match(definition, people)) == [("m1", "s1"), ("m2", "s1")]
    assert relaxed(definition, people)["s2"] == (
        "allowing the same department (different department)",
        "allowing the same location (different location)",
    )


def test_whom_best_score_leaves_out_learns_that_most_people_would_not() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",), department="IT"),
        person("m2", MENTOR, department="Sales"),
        person("s1", MENTEE, goals=("AI",), department="HR"),
        person("s2", MENTEE, goals=("AI",), department="Sales"),
    )
    definition = definition_with(
        matching={
            "objective": "best_score",
            "rules": [DIFFERENT],
            "preferences": [{"prefer": "goals_meet_skills"}],
        }
    )
    only = proposal_of(definition, people, [Chosen("m1", "s1")])
    assert {u.relaxations for u in only.unmatched} == {("most_people as the objective",)}


def test_relaxations_are_sought_for_the_first_who_wait_and_the_others_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(explaining, "LOOKED_AT", 3)
    definition = definition_with(matching={"rules": []})
    people = keyed(person("m", MENTOR), *(person(f"s{n}", MENTEE) for n in range(6)))
    proposal = match(definition, people)
    assert [bool(u.relaxations) for u in proposal.unmatched] == [True, True, True, False, False]
    assert proposal.not_looked_at == 2


def carried_out(program: Program, words: str, key: str) -> list[Program]:
    """The programs in which a relaxation was done; for a place, one for each who might have it."""
    matching = program.definition.matching
    if words.startswith(("none is needed", "most_people")):
        return [program]
    if place := re.match(r"one more place for a (mentor|mentee)", words):
        roomier: list[Program] = []
        for other, other_person in program.people.items():
            ways = {"mentor": (other, key), "mentee": (key, other)}
            if program.permitted(*ways[place[1]]):
                more = other_person.model_copy(update={"capacity": other_person.capacity + 1})
                roomier.append(replace(program, people={**program.people, other: more}))
        return roomier
    if floor := re.fullmatch(r"(?:a floor of (\d+)|no floor) in place of .*", words):
        return [program.changed(floor=float(floor[1]) if floor[1] else None)]
    for number, rule in enumerate(matching.rules):
        before, after = matching.rules[:number], matching.rules[number + 1 :]
        if words == f"allowing {rule_with_name(rule)}":
            return [program.changed(rules=(*before, *after))]
        weaker, _, stricter = words.removeprefix("ruling out ").partition(" instead of ")
        if stricter == rule_with_name(rule):
            numbers = dict(re.findall(r"(below|above|up to|than) (\d+)", weaker))
            numbers |= {"up to": "1"} if "1 step" in weaker else {}
            numbers |= {"than": "1"} if weaker.startswith("no ") else {}
            names = {"below": "min", "than": "min", "above": "max", "up to": "depth"}
            changed = rule.model_copy(update={names[k]: int(v) for k, v in numbers.items()})
            assert rule_in_words(changed) == weaker
            return [program.changed(rules=(*before, changed, *after))]
    raise AssertionError(words)


@tries
@given(programs())
def test_each_relaxation_finds_a_partner_and_costs_nobody_theirs(program: Program) -> None:
    proposal = proposal_for(program)
    have = covered(pairs_of(proposal))
    for unmatched in proposal.unmatched:
        for words in unmatched.relaxations:
            changed = carried_out(program, words, unmatched.key)
            assert changed
            for other in changed:
                assert other.can_cover(have | {unmatched.key}), words


@tries
@given(programs(either=False, most=7))
def test_no_rule_that_would_have_helped_goes_unsaid(program: Program) -> None:
    proposal = proposal_for(program)
    have = covered(pairs_of(proposal))
    rules = program.definition.matching.rules
    for unmatched in proposal.unmatched:
        without_change = program.can_cover(have | {unmatched.key})
        assert without_change == ("most_people as the objective" in unmatched.relaxations), (
            unmatched
        )
        for number, rule in enumerate(rules):
            without = program.changed(rules=(*rules[:number], *rules[number + 1 :]))
            helps = without.can_cover(have | {unmatched.key}) and not without_change
            said = any(words.endswith(rule_with_name(rule)) for words in unmatched.relaxations)
            assert said == helps, (unmatched, rule)


# --- Who would rather have each other ------------------------------------------------------------


@tries
@given(programs())
def test_blocking_pairs_are_just_those_who_would_both_gain(program: Program) -> None:
    # Of a proposal that HR made, so that there are some.
    first = proposal_for(program).pairs[:1]
    proposal = proposal_of(
        program.definition,
        program.people,
        [Chosen(p.mentor, p.mentee) for p in first],
        background=program.background,
    )
    pairs = pairs_of(proposal)

    def wants(key: str, score: float) -> bool:
        scores = [p.score for p in proposal.pairs if key in (p.mentor, p.mentee)]
        return len(scores) < program.people[key].capacity or score > min(scores)

    expected = {
        frozenset((one, other))
        for one in program.people
        for other in program.people
        if program.permitted(one, other) and not {(one, other), (other, one)} & set(pairs)
        for score in [round(program.score(one, other), 2)]
        if wants(one, score) and wants(other, score)
    }
    assert {frozenset((b.mentor, b.mentee)) for b in proposal.blocking} == expected
    assert proposal.blocking_count == len(expected)


def test_pairs_that_hr_fixed_are_not_up_for_exchange() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",)),
        person("m2", MENTOR),
        person("s1", MENTEE, goals=("AI",)),
        person("s2", MENTEE, goals=("AI", "slang")),
    )
    definition = definition_with(matching={"rules": []})

    def blocking(*, fixed: bool) -> list[tuple[str, str, float]]:
        chosen = [Chosen("m1", "s2", fixed=fixed), Chosen("m2", "s1")]
        proposal = proposal_of(definition, people, chosen)
        return [(b.mentor, b.mentee, b.score) for b in proposal.blocking]

    assert blocking(fixed=False) == [("m1", "s1", 100)]
    assert blocking(fixed=True) == []


def test_the_twenty_that_would_gain_most_are_listed_and_all_counted() -> None:
    skills = [f"skill {n}" for n in range(30)]
    people = keyed(
        *(person(f"m{n:02}", MENTOR, skills=tuple(skills[: n + 1])) for n in range(30)),
        person("s1", MENTEE, goals=tuple(skills)),
    )
    definition = definition_with(matching={"rules": []})
    proposal = proposal_of(definition, people, [Chosen("m00", "s1")])
    assert proposal.blocking_count == 29
    assert [b.mentor for b in proposal.blocking] == [f"m{n:02}" for n in range(29, 9, -1)]


# --- Why not these two ---------------------------------------------------------------------------


def three_and_three() -> tuple[Definition, dict[str, Person]]:
    people = keyed(
        person("m1", MENTOR, department="IT", skills=("AI", "slang")),
        person("m2", MENTOR, department="Sales", skills=("AI",)),
        person("m3", MENTOR, department="IT"),
        person("s1", MENTEE, department="HR", goals=("AI", "slang")),
        person("s2", MENTEE, department="HR", goals=("AI",)),
        person("s3", MENTEE, department="Sales", goals=("photos",)),
    )
    return definition_with(matching={"rules": [DIFFERENT]}), people


def why_not(one: str, other: str, **matching: object) -> tuple[str, ...]:
    definition, people = three_and_three()
    changed = definition.matching.model_copy(update=matching)
    definition = definition.model_copy(update={"matching": changed})
    return why_not_these(definition, people, match(definition, people), one, other)


def test_why_not_says_that_they_are_a_pair() -> None:
    assert why_not("s1", "m1")[0] == "they are a pair: it scores 100."


def test_why_not_names_each_broken_rule() -> None:
    assert why_not("s3", "m2") == ("the same department: both have “Sales”.",)


def test_why_not_says_who_may_not_take_which_role() -> None:
    assert why_not("m1", "m2") == (
        "Example m1 (m1) is not eligible as mentee: the people file does not say mentee.",
        "Example m2 (m2) is not eligible as mentee: the people file does not say mentee.",
    )


def test_why_not_names_the_floor() -> None:
    assert why_not("m3", "s1", floor=30) == ("they would score 0, below the floor of 30.",)


def test_why_not_says_with_whom_they_are_and_what_it_would_cost() -> None:
    assert why_not("m1", "s2") == (
        "the rules allow it: they would score 100.",
        "Example m1 (m1) is with Example s1 (s1) (100).",
        "Example s2 (s2) is with Example m2 (m2) (100).",
        "put together, with the others matched anew, the total would fall by 33.33.",
    )


def test_why_not_counts_who_would_lose_their_partner() -> None:
    definition, people = three_and_three()
    del people["m3"]
    proposal = match(definition, people)
    assert pairs_of(proposal) == [("m1", "s1"), ("m2", "s2")]
    people["s3"] = person("s3", MENTEE, department="Sales", goals=("photos",))
    del people["s1"]
    proposal = match(definition, people)
    assert pairs_of(proposal) == [("m1", "s3"), ("m2", "s2")]
    assert why_not_these(definition, people, proposal, "s2", "m1")[-1] == (
        "put together, with the others matched anew, 2 people fewer would have a partner."
    )


def test_why_not_of_unknown_people_and_of_one_person() -> None:
    assert why_not("m1", "nobody") == ("“nobody” takes no part in this program.",)
    assert why_not("m1", "m1") == ("nobody is paired with themselves.",)


def test_why_not_keeps_what_hr_fixed() -> None:
    definition, people = three_and_three()
    proposal = match(definition, people, fixed=[("m1", "s3")])
    assert why_not_these(definition, people, proposal, "m1", "s1")[-1] == (
        "HR fixed the pairs that take all places of Example m1 (m1)."
    )


@tries
@given(programs())
def test_what_a_pair_would_cost_is_what_it_costs(program: Program) -> None:
    program = program.changed(objective=Objective.MOST_PEOPLE)
    proposal = proposal_for(program)
    keys = list(program.people)
    for one, other in itertools.pairwise(keys):
        told = why_not_these(
            program.definition,
            program.people,
            proposal,
            one,
            other,
            background=program.background,
        )
        ways = [way for way in ((one, other), (other, one)) if program.permitted(*way)]
        if not told[0].startswith("the rules allow it"):
            assert not ways or told[0].startswith("they are a pair")
            continue
        best = max(
            len(covered(choice)) for way in ways for choice in program.choices(frozenset([way]))
        )
        fewer = proposal.totals.people - best
        said = re.search(r"(\d+) (?:person|people) fewer", told[-1])
        assert (int(said[1]) if said else 0) == fewer


def test_lines_of_managers_in_the_background_count() -> None:
    junior, between = person("m1", MENTOR, manager="x"), person("x", (), manager="s1")
    senior = person("s1", MENTEE)
    definition = definition_with(
        matching={"rules": [{"rule": "no_reporting_line", "depth": 2}]}, manager="Boss"
    )
    background = Background(everybody=(junior, between, senior))
    people = keyed(junior, senior)
    proposal = match(definition, people, background=background)
    (why,) = why_not_these(definition, people, proposal, "s1", "m1", background=background)
    assert why.startswith("a reporting line of up to 2 steps:")
    assert proposal.unmatched[0].relaxations == (
        "ruling out a reporting line of 1 step instead of a reporting line of up to 2 steps "
        "(no_reporting_line)",
    )
