"""Nothing about fewer people than the threshold, attacked by somebody with a solver."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from domain.disclosure import (
    Gate,
    Group,
    Unit,
    admit_together,
    batches,
    joined_until_told,
    told_together,
)
from tests.domain.attack import Attacker
from tests.domain.examples import examples


def group(*numbers: int) -> Group:
    return frozenset(Unit(str(number)) for number in numbers)


def first(count: int) -> Group:
    return group(*range(count))


def test_a_group_below_the_threshold_is_not_told_of() -> None:
    gate = Gate(5)
    assert not gate.admit(first(4))
    assert gate.admit(first(5))
    assert not Gate(5).admit(frozenset())


def test_a_group_is_not_told_of_where_few_are_left_beside_it() -> None:
    gate = Gate(5)
    assert gate.admit(first(12))
    assert not gate.admit(first(8))
    assert gate.admit(first(7))
    assert sorted(map(len, gate.cells)) == [5, 7]


def test_what_was_refused_leaves_no_trace() -> None:
    gate = Gate(5)
    gate.admit(first(12))
    gate.admit(first(8))
    assert gate.cells == (first(12),)


def test_the_same_group_may_be_told_of_again() -> None:
    gate = Gate(5)
    assert gate.admit(first(6))
    assert gate.admit(first(6))


def test_a_person_with_several_answers_is_one_person() -> None:
    several = frozenset(Unit("same", str(number)) for number in range(6))
    assert not Gate(5).admit(several)
    assert Gate(5).admit(several | first(4))


def test_of_two_that_belong_together_neither_goes_through_alone() -> None:
    one, other = Gate(5), Gate(5)
    other.admit(first(10))
    assert not admit_together([(one, first(8)), (other, first(8))])
    assert one.cells == ()
    assert admit_together([(one, first(8)), (other, first(5))])


def by_person(*numbers: int) -> dict[str, Group]:
    return {str(number): group(number) for number in numbers}


def test_who_would_leave_too_few_beside_them_is_set_aside_until_they_are_enough() -> None:
    gate = Gate(5)
    gate.admit(first(12))
    told = told_together([(gate, by_person(*range(10)))])
    assert len(told) == 7
    assert told < {str(number) for number in range(10)}
    assert told == told_together([(gate, by_person(*range(10)))])


def test_all_gates_are_minded_when_somebody_is_set_aside() -> None:
    one, other = Gate(5), Gate(5)
    one.admit(first(12))
    other.admit(group(*range(6, 18)))
    wanted = [(gate, by_person(*range(6, 12))) for gate in (one, other)]
    told = told_together(wanted)
    assert len(told) == 6
    assert told_together([(one, by_person(*range(4)))]) == frozenset()


def test_where_nobody_need_be_set_aside_nobody_is() -> None:
    gate = Gate(5)
    assert told_together([(gate, by_person(*range(6)))]) == {str(n) for n in range(6)}


# --- While answers are coming --------------------------------------------------------------------


def arrivals(*roles: str) -> list[tuple[Unit, str | None]]:
    return [(Unit(str(number)), role) for number, role in enumerate(roles)]


def test_answers_are_told_of_only_while_as_many_more_are_in_hand() -> None:
    assert batches(arrivals(*"a" * 9), 5) == []
    assert batches(arrivals(*"a" * 10), 5) == [first(5)]
    assert batches(arrivals(*"a" * 14), 5) == [first(5)]
    assert batches(arrivals(*"a" * 15), 5) == [first(5), group(*range(5, 10))]


def test_a_batch_has_enough_people_of_each_role_in_it() -> None:
    (told,) = batches(arrivals(*"abaaaaa", *"bbbbabbbb"), 5)
    assert told == first(11)


@seed(21)
@examples(100)
@given(st.lists(st.sampled_from("ab"), max_size=40), st.integers(3, 6), st.data())
def test_a_later_report_adds_whole_batches_to_an_earlier_one(
    roles: list[str], threshold: int, data: st.DataObject
) -> None:
    earlier = data.draw(st.integers(0, len(roles)))
    before = batches(arrivals(*roles[:earlier]), threshold)
    after = batches(arrivals(*roles), threshold)
    assert after[: len(before)] == before
    told = frozenset[Unit]().union(*before)
    rest = {unit for unit, _ in arrivals(*roles)} - told
    assert not told or len(rest) >= threshold
    assert all(len(batch) >= threshold for batch in after)


# --- Tables side by side -------------------------------------------------------------------------


def test_small_groups_are_joined_until_they_are_enough() -> None:
    gate = Gate(5)
    gate.admit(first(20))
    groups = {
        "big": group(*range(12)),
        "small": group(*range(12, 15)),
        "smaller": group(*range(15, 17)),
        "last": group(*range(17, 20)),
    }
    parts = joined_until_told(groups, list(groups), gate)
    assert parts == [
        (("big",), group(*range(12))),
        (("small", "smaller", "last"), group(*range(12, 20))),
    ]


def test_a_second_table_does_not_cut_out_a_few_of_the_first() -> None:
    gate = Gate(5)
    gate.admit(first(20))
    joined_until_told({"x": first(10), "y": group(*range(10, 20))}, ["x", "y"], gate)
    assert joined_until_told({"a": first(8), "b": group(*range(8, 20))}, ["a", "b"], gate) is None
    halves = {"a": group(*range(5), *range(10, 15)), "b": group(*range(5, 10), *range(15, 20))}
    assert joined_until_told(halves, ["a", "b"], gate) is not None


# --- The attack ----------------------------------------------------------------------------------

_people = st.integers(6, 16)
_threshold = st.integers(3, 5)


class _Careless(Gate):
    """Hides small groups, and looks no further: what most reports do."""

    def allows(self, group: Group) -> bool:
        return len({unit.person for unit in group}) >= self.threshold


def _attack(
    gate: Gate, people: int, wanted: list[frozenset[int]], answers: list[int], target: set[int]
) -> set[object]:
    """What a solver pins of a small group that whole cells do not give away by agreeing."""
    truth = {Unit(str(number)): answers[number] for number in range(people)}
    attacker = Attacker([1, 2, 3])
    for numbers in [frozenset(range(people)), *wanted]:
        members = group(*(number for number in numbers if number < people))
        if gate.admit(members):
            attacker.learns(members, Counter(truth[unit] for unit in members))
    hidden = group(*(number for number in target if number < people))
    known = frozenset[object]().union(*attacker.cells)
    if not hidden or len(hidden) >= gate.threshold or not hidden <= known:
        return set()
    return set(attacker.pins(hidden)) - attacker.explained(hidden, truth, gate.threshold)


@seed(22)
@examples(60)
@given(
    _people,
    _threshold,
    st.lists(st.frozensets(st.integers(0, 15), min_size=3), max_size=5),
    st.lists(st.integers(1, 3), min_size=16, max_size=16),
    st.sets(st.integers(0, 15), min_size=1, max_size=4),
)
def test_no_solver_pins_what_a_small_group_answered(
    people: int,
    threshold: int,
    wanted: list[frozenset[int]],
    answers: list[int],
    target: set[int],
) -> None:
    assert _attack(Gate(threshold), people, wanted, answers, target) == set()


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ([frozenset(range(9))], {9}),  # the whole less a part
        ([frozenset(range(6)), frozenset(range(3, 10))], {3, 4, 5}),  # two that overlap
    ],
)
def test_the_attack_finds_what_a_careless_gate_lets_through(
    wanted: list[frozenset[int]], target: set[int]
) -> None:
    answers = [1, 2, 3, 1, 2, 2, 3, 1, 2, 3, 1, 1, 1, 1, 1, 1]
    assert _attack(_Careless(5), 10, wanted, answers, target)
    assert _attack(Gate(5), 10, wanted, answers, target) == set()
