"""The choice of pairs: as good as trying all of them, and as good at scale as on few edges."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from domain import blossom, flow
from domain.assignment import Choice, best_pairs, frontier
from domain.criteria import Objective
from domain.matrices import Whole
from tests.domain.choices import all_choices, assert_possible, choice_of, choices, reached
from tests.domain.examples import examples

tries = examples(200)


@pytest.fixture(params=["all edges at once", "few edges first"], scope="module", autouse=True)
def edges(request: pytest.FixtureRequest) -> Iterator[None]:
    """The small cases also take the way that large ones take, from few edges to a proof on all."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "few edges first":
            patch.setattr(flow, "LIKELIEST", 1)
            patch.setattr(flow, "ADDED", 1)
            patch.setattr(blossom, "FEW", 0)
            patch.setattr(blossom, "LIKELY", 1)
        yield


def in_order(choice: Choice, counted: tuple[int, int]) -> tuple[int, int]:
    """What comes first, first."""
    return counted if choice.objective is Objective.MOST_PEOPLE else (counted[1], counted[0])


@tries
@given(choices())
def test_no_other_choice_is_better(choice: Choice) -> None:
    pairs = best_pairs(choice)
    best = max(in_order(choice, reached(choice, other)) for other in all_choices(choice))
    assert in_order(choice, reached(choice, pairs)) == best


@tries
@given(choices())
def test_nobody_has_too_many_pairs_or_the_same_partner_twice(choice: Choice) -> None:
    assert_possible(choice, best_pairs(choice))


@tries
@given(choices())
def test_no_pair_is_made_for_nothing(choice: Choice) -> None:
    pairs = best_pairs(choice)
    for pair in pairs:
        without = [other for other in pairs if other != pair]
        assert reached(choice, without) != reached(choice, pairs)


@tries
@given(choices(), st.data())
def test_one_more_person_never_lowers_coverage(choice: Choice, data: st.DataObject) -> None:
    choice = dataclasses.replace(choice, objective=Objective.MOST_PEOPLE)
    one = data.draw(st.integers(0, len(choice.places) - 1))
    without = dataclasses.replace(
        choice, places=np.where(np.arange(len(choice.places)) == one, 0, choice.places)
    )
    fewer, more = best_pairs(without), best_pairs(choice)
    assert choice.people_covered(more) >= choice.people_covered(fewer)


@tries
@given(choices())
def test_the_frontier_runs_from_most_people_to_most_worth(choice: Choice) -> None:
    points = [reached(choice, pairs) for pairs in frontier(choice)]
    everything = {reached(choice, other) for other in all_choices(choice)}
    assert points[0] == max(everything)
    assert points[-1] == max(everything, key=lambda point: (point[1], point[0]))
    assert points == sorted(points, key=lambda point: (-point[0], point[1]))
    for people, worth in points:
        assert not any(
            more >= people and better >= worth and (more, better) != (people, worth)
            for more, better in everything
        )


@tries
@given(choices())
def test_the_frontier_ends_at_the_best_pairs(choice: Choice) -> None:
    points = frontier(choice)
    end = points[0] if choice.objective is Objective.MOST_PEOPLE else points[-1]
    assert end == best_pairs(choice)


def test_the_frontier_shows_what_lies_between() -> None:
    """Two groups, in each of which one pair more costs some worth: little in one, much in the
    other."""
    far = [[False] * 2] * 2
    choice = choice_of(
        np.block(
            [
                [np.array([[True, True], [True, False]]), np.array(far)],
                [np.array(far), np.array([[True, True], [True, False]])],
            ]
        ).tolist(),
        [[5000, 2400, 0, 0], [2400, 0, 0, 0], [0, 0, 9000, 100], [0, 0, 100, 0]],
    )
    assert [reached(choice, pairs) for pairs in frontier(choice)] == [
        (8, 5000),
        (6, 13_800),
        (4, 14_000),
    ]
    assert [reached(choice, pairs) for pairs in frontier(choice, 2)] == [(8, 5000), (4, 14_000)]


def test_two_with_several_places_each_meet_once() -> None:
    choice = choice_of([[True, True], [True, True]], [[9000, 1], [1, 1]], places=[2, 2, 2, 2])
    assert best_pairs(choice) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_nobody_to_choose_from_gives_no_pairs() -> None:
    nobody = choice_of([[True]], [[1]])
    for without in (
        dataclasses.replace(
            nobody,
            mentors=np.arange(0),
            allowed=np.zeros((0, 1), dtype=bool),
            worth=np.zeros((0, 1), dtype=np.uint16),
        ),
        choice_of([[False]], [[0]]),
        choice_of([[True]], [[5]], places=[0, 1]),
    ):
        assert best_pairs(without) == []
        assert frontier(without) == [[]]


# --- At scale ------------------------------------------------------------------------------------


def large(people: int, *, most_places: int, mutual: bool = False) -> Choice:
    chance = np.random.default_rng(5)
    rows = people
    allowed = chance.random((rows, rows)) < 0.4
    allowed[0], allowed[:, 1] = False, False
    worth = chance.integers(0, 12, (rows, rows)) * 900  # with many ties
    places = chance.integers(1, most_places + 1, rows if mutual else 2 * rows)
    return choice_of(allowed.tolist(), worth.tolist(), places=places.tolist(), mutual=mutual)


@pytest.mark.parametrize("objective", Objective)
def test_a_larger_choice_is_as_good_as_an_assignment(objective: Objective) -> None:
    choice = dataclasses.replace(large(150, most_places=1), objective=objective)
    most, factor = 150 * 10_000 + 1, 2 * 150 + 1
    gain = (
        choice.worth + most * 2.0
        if objective is Objective.MOST_PEOPLE
        else (choice.worth * float(factor) + 2)
    )
    gain = np.where(choice.allowed, gain, 0)
    chosen = linear_sum_assignment(gain, maximize=True)
    expected = [(int(r), int(c)) for r, c in zip(*chosen, strict=True) if gain[r, c] > 0]
    pairs = best_pairs(choice)
    assert_possible(choice, pairs)
    assert reached(choice, pairs) == reached(choice, expected)


@pytest.mark.parametrize("mutual", [False, True])
@pytest.mark.parametrize("most_places", [1, 3])
def test_few_edges_lead_to_what_all_edges_do(
    most_places: int, *, mutual: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = large(40 if mutual else 80, most_places=most_places, mutual=mutual)
    pairs = best_pairs(choice)
    assert_possible(choice, pairs)
    monkeypatch.setattr(flow, "LIKELIEST", 1000)
    monkeypatch.setattr(blossom, "FEW", 10**9)
    assert reached(choice, best_pairs(choice)) == reached(choice, pairs)


def test_the_same_choice_gives_the_same_pairs() -> None:
    choice = large(100, most_places=2)
    assert best_pairs(choice) == best_pairs(choice)


@pytest.mark.parametrize(("people", "places"), [(60, 2), (61, 3), (121, 1)])
@pytest.mark.parametrize("least", [0, 10_000])
def test_the_slow_method_is_given_few_edges_however_many_places_there_are(
    people: int, places: int, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps its process from everything else, and takes about the cube of what it is given.

    An odd number of places, of which one must stay free, and pairs all worth the same are what
    could make it seem that any edge might be in a better choice.
    """
    worth = np.random.default_rng(1).integers(least, 10_001, (people, people))
    choice = choice_of(
        [[True] * people] * people, worth.tolist(), places=[places] * people, mutual=True
    )
    split: list[tuple[int, int]] = []
    plainly = blossom._Graph.matched

    def counted(graph: blossom._Graph, edges: Whole) -> tuple[Whole, int]:
        everything = np.flatnonzero(np.triu(graph.possible))
        split.append((graph.split(edges), graph.split(everything)))
        return plainly(graph, edges)

    monkeypatch.setattr(blossom._Graph, "matched", counted)
    pairs = best_pairs(choice)
    assert_possible(choice, pairs)
    assert len(pairs) == people * places // 2
    assert all(edges * 5 < everything for edges, everything in split)
