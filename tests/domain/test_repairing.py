"""Repair: new partners for those who lost theirs, and everybody else left in peace."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from domain.background import Background
from domain.criteria import Objective
from domain.matching import match
from domain.repairing import Repaired, StandingPair, repair, settle
from domain.reserve import reserve_lists
from tests.domain.definitions import definition_with
from tests.domain.examples import examples
from tests.domain.programs import (
    MENTEE,
    MENTOR,
    Pair,
    Program,
    covered,
    keyed,
    pairs_of,
    person,
    programs,
)

tries = examples(120)
NO_RULES = definition_with(matching={"rules": []})
DIFFERENT = definition_with(matching={"rules": [{"rule": "different", "column": "department"}]})


def new_pairs(found: Repaired) -> list[Pair]:
    return [(pair.mentor, pair.mentee) for pair in found.new]


# --- What happens --------------------------------------------------------------------------------


def test_who_lost_their_partner_gets_the_free_one_with_score_and_reasons() -> None:
    people = keyed(
        person("m1", MENTOR),
        person("m2", MENTOR, skills=("AI",)),
        person("s1", MENTEE),
        person("s2", MENTEE, goals=("AI",)),
    )
    found = repair(NO_RULES, people, [StandingPair("m1", "s1")], apart=[("m1", "s2")])
    assert new_pairs(found) == [("m2", "s2")]
    assert found.new[0].score == 100
    assert found.new[0].reasons == ("the mentor can teach what the mentee wants to learn: AI",)
    assert (found.parted, found.unmatched) == ((), ())


def test_two_whose_pair_ended_are_never_paired_again() -> None:
    people = keyed(person("m1", MENTOR), person("s1", MENTEE))
    found = repair(NO_RULES, people, [], apart=[("s1", "m1")])
    assert found.new == ()
    assert [u.key for u in found.unmatched] == ["m1", "s1"]
    assert "kept apart" in found.unmatched[0].reasons[0]


def test_no_pair_is_parted_unless_hr_allows_it() -> None:
    people = keyed(
        person("m1", MENTOR, department="IT"),
        person("m2", MENTOR, department="HR"),
        person("s1", MENTEE, department="Law"),
        person("s2", MENTEE, department="HR"),
    )
    standing = [StandingPair("m1", "s1", changeable=True)]
    assert repair(DIFFERENT, people, standing).new == ()
    found = repair(DIFFERENT, people, standing, changes=1)
    assert (new_pairs(found), found.parted) == ([("m1", "s2"), ("m2", "s1")], (("m1", "s1"),))
    met_already = [StandingPair("m1", "s1", changeable=False)]
    assert repair(DIFFERENT, people, met_already, changes=1).new == ()


def test_who_has_a_partner_gets_no_second_one_for_the_sake_of_the_score() -> None:
    people = keyed(
        person("m1", MENTOR, capacity=3),
        person("m2", MENTOR, capacity=3, skills=("AI",)),
        person("s1", MENTEE, capacity=2, goals=("AI",)),
        person("s2", MENTEE, capacity=2, goals=("AI",)),
    )
    standing = [StandingPair("m1", "s1", changeable=True), StandingPair("m2", "s2")]
    assert repair(NO_RULES, people, standing, changes=2) == Repaired(
        new=(), parted=(), unmatched=()
    )


def test_a_mentor_with_a_free_place_takes_who_waits() -> None:
    people = keyed(person("m1", MENTOR, capacity=2), person("s1", MENTEE), person("s2", MENTEE))
    assert new_pairs(repair(NO_RULES, people, [StandingPair("m1", "s1")])) == [("m1", "s2")]


def test_the_first_on_the_reserve_list_gets_the_free_mentor_whatever_the_score() -> None:
    people = keyed(
        person("m1", MENTOR, skills=("AI",)),
        person("s1", MENTEE, goals=("AI",)),
        person("s2", MENTEE, goals=("slang",)),
    )
    assert new_pairs(repair(NO_RULES, people, [], background=Background(left_over={"s2": 1}))) == [
        ("m1", "s2")
    ]
    found = repair(NO_RULES, people, [], background=Background(left_over={"s1": 1}))
    assert new_pairs(found) == [("m1", "s1")]
    assert [(u.key, u.place) for u in found.unmatched] == [("s2", 1)]


def test_the_first_on_the_list_does_not_keep_two_others_from_their_partners() -> None:
    people = keyed(
        person("m1", MENTOR, department="IT"),
        person("m2", MENTOR, department="HR"),
        person("s1", MENTEE, department="HR"),  # may take m1 alone
        person("s2", MENTEE, department="IT"),  # may take m2 alone
        person("s3", MENTEE, department="Law"),
    )
    found = repair(DIFFERENT, people, [], background=Background(left_over={"s3": 2, "s2": 1}))
    assert new_pairs(found) == [("m1", "s3"), ("m2", "s2")]


def test_a_standing_pair_stays_though_a_rule_would_keep_the_two_apart_now() -> None:
    definition = definition_with(
        matching={"rules": [{"rule": "different", "column": "department"}]},
        levels=["A", "B"],
        eligibility={"mentor": {"max_level": "A"}},
    )
    people = keyed(
        person("m1", MENTOR, department="IT", level="A"),
        person("s1", MENTEE, department="IT"),
        person("m2", MENTOR, department="IT", level="B", capacity=2),  # no mentor any more
        person("s2", MENTEE, department="HR"),
        person("s3", MENTEE, department="HR"),
    )
    standing = [StandingPair("m1", "s1", changeable=True), StandingPair("m2", "s2")]
    found = repair(definition, people, standing)
    assert (found.new, found.parted) == ((), ())
    assert [u.key for u in found.unmatched] == ["s3"]


# --- What always holds ---------------------------------------------------------------------------


@st.composite
def broken_programs(
    draw: st.DrawFn, *, either: bool = True
) -> tuple[Program, list[StandingPair], list[Pair], int]:
    """A program some of whose pairs have ended, and how many changes HR allows."""
    program = draw(programs(either=either)).changed(objective=Objective.MOST_PEOPLE)
    proposal = match(program.definition, program.people, background=program.background)
    standing: list[StandingPair] = []
    ended: list[Pair] = []
    for pair in pairs_of(proposal):
        if draw(st.booleans()):
            ended.append(pair)
        else:
            standing.append(StandingPair(*pair, changeable=draw(st.booleans())))
    return program, standing, ended, draw(st.integers(0, 2))


def repaired(
    program: Program, standing: list[StandingPair], ended: list[Pair], changes: int
) -> Repaired:
    return repair(
        program.definition,
        program.people,
        standing,
        background=program.background,
        apart=ended,
        changes=changes,
    )


def ways(
    program: Program, standing: Sequence[StandingPair], ended: list[Pair], changes: int
) -> Iterator[frozenset[Pair]]:
    """All sets of pairs that a repair may come to."""
    pairs = [(pair.mentor, pair.mentee) for pair in standing]
    changeable = [(pair.mentor, pair.mentee) for pair in standing if pair.changeable]
    for count in range(min(changes, len(changeable)) + 1):
        for parted in itertools.combinations(changeable, count):
            never = {frozenset(pair) for pair in (*ended, *parted)}
            stay = frozenset(pairs) - set(parted)
            for choice in program.choices(stay):
                new = {frozenset(pair) for pair in choice - stay}
                if not new & never and covered(pairs) <= covered(choice):
                    yield choice


@tries
@given(broken_programs())
def test_a_repair_keeps_its_promises(
    broken: tuple[Program, list[StandingPair], list[Pair], int],
) -> None:
    program, standing, ended, changes = broken
    found = repaired(*broken)
    pairs = [(pair.mentor, pair.mentee) for pair in standing]
    after = (set(pairs) - set(found.parted)) | set(new_pairs(found))
    assert len(found.parted) <= changes
    assert all(pair.changeable for pair in standing if (pair.mentor, pair.mentee) in found.parted)
    assert covered(pairs) <= covered(after)
    never = {frozenset(pair) for pair in (*ended, *pairs)}
    for pair in new_pairs(found):
        assert program.permitted(*pair)
        assert frozenset(pair) not in never
    used = Counter(key for pair in after for key in pair)
    assert all(used[key] <= program.people[key].capacity for key in used)
    assert {u.key for u in found.unmatched} == program.people.keys() - used.keys()


@tries
@given(broken_programs())
def test_nobody_waits_whom_a_repair_could_have_covered(
    broken: tuple[Program, list[StandingPair], list[Pair], int],
) -> None:
    found = repaired(*broken)
    pairs = {(pair.mentor, pair.mentee) for pair in broken[1]}
    after = (pairs - set(found.parted)) | set(new_pairs(found))
    assert len(covered(after)) == max(len(covered(way)) for way in ways(*broken))
    assert bool(found.parted) <= bool(found.new)


@tries
@given(broken_programs(either=False))
def test_whoever_stands_first_on_the_list_is_covered_first(
    broken: tuple[Program, list[StandingPair], list[Pair], int],
) -> None:
    program, standing, ended, _ = broken
    pairs = {(pair.mentor, pair.mentee) for pair in standing}
    after = covered(pairs | set(new_pairs(repaired(program, standing, ended, 0))))
    waiting = {
        key: (p, p.roles[0]) for key, p in program.people.items() if key not in covered(pairs)
    }
    possible = [covered(way) for way in ways(program, standing, ended, 0)]
    for keys in reserve_lists(program.definition, waiting, program.background):
        assert [key in after for key in keys] == max(
            [key in way for key in keys] for way in possible
        )


def test_the_same_repair_comes_out_of_any_order() -> None:
    people = keyed(
        *(person(f"m{n}", MENTOR, skills=("AI",), capacity=2) for n in range(4)),
        *(person(f"s{n}", MENTEE, goals=("AI",)) for n in range(9)),
    )
    standing = [StandingPair("m0", "s3"), StandingPair("m1", "s4", changeable=True)]
    found = repair(NO_RULES, people, standing, changes=1)
    other = repair(NO_RULES, dict(reversed(people.items())), list(reversed(standing)), changes=1)
    assert other.model_dump_json() == found.model_dump_json()


# --- What still holds of a repair ----------------------------------------------------------------


def settled(
    new: str, parted: str = "", living: str = "", **places: int
) -> tuple[list[str], list[str]]:
    """`ax by` are two pairs; everybody has one place unless told otherwise."""

    def pairs(text: str) -> list[tuple[str, str]]:
        return [(pair[0], pair[1]) for pair in text.split()]

    everybody = {key for key in f"{new}{parted}{living}" if key != " "}
    room = {**dict.fromkeys(everybody, 1), **places}
    found = settle(pairs(new), pairs(parted), pairs(living), room)
    return ["".join(two) for two in found.new], ["".join(two) for two in found.parted]


def test_what_still_fits_is_made_as_it_was_proposed() -> None:
    assert settled("ay bx", "by", "by cz") == (["ay", "bx"], ["by"])


def test_nobody_is_parted_for_pairs_that_are_not_made() -> None:
    assert settled("", "by", "by") == ([], [])


def test_nobody_is_parted_who_would_be_left_alone() -> None:
    # y gets a; but nobody is left for b: their pair stays, and there is no place for a.
    assert settled("ay", "by", "by") == ([], [])


def test_a_pair_that_can_t_be_parted_any_more_keeps_its_places() -> None:
    assert settled("ay bx", "", "by") == ([], [])


def test_nobody_is_parted_where_there_is_room_without_it() -> None:
    assert settled("ay bx", "by", "by", b=2, y=2) == (["ay", "bx"], [])


def test_of_new_pairs_that_do_not_fit_together_the_first_is_made() -> None:
    assert settled("ax bx") == (["ax"], [])


def test_who_has_no_place_is_in_no_pair() -> None:
    assert settled("ax", a=0) == ([], [])


letters = st.sampled_from("abcd"), st.sampled_from("vxyz")
two = st.tuples(*letters)


@given(
    st.lists(two, unique=True),
    st.lists(two, unique=True),
    st.dictionaries(st.sampled_from("abcdvxyz"), st.integers(0, 3)),
)
def test_settling_never_takes_a_partner_from_anybody_nor_gives_more_than_there_is_room_for(
    new: list[tuple[str, str]], living: list[tuple[str, str]], room: dict[str, int]
) -> None:
    def count(pairs: Iterable[tuple[str, str]]) -> Counter[str]:
        return Counter(key for pair in pairs for key in pair)

    before = count(living)
    places = {key: max(room.get(key, 1), before[key]) for key in "abcdvxyz"}
    wanted = [pair for pair in new if pair not in living]
    found = settle(wanted, living, living, places)
    after = count([*(pair for pair in living if pair not in found.parted), *found.new])
    assert set(found.new) <= set(wanted)
    for key, pairs in after.items():
        assert pairs <= places[key]
    assert all(after[key] for key in before)
