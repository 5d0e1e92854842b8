"""The best choice of pairs, given who is allowed with whom and what each pair is worth.

Three exact methods, by what the case needs:

* Each side apart and, of any two who may meet, one has a single place: an assignment problem, with
  a row or column for each place (`scipy.optimize.linear_sum_assignment`).
* Each side apart, and two with several places each may meet: a transport problem. Its linear
  program has whole-number corners (HiGHS through `scipy.optimize.milp`).
* People who may be either: matching in a general graph by Edmonds' blossom method
  (`rustworkx.max_weight_matching`), which counts in whole numbers. An edge between two with several
  places is split by two helpers, so that the same two can't be paired twice (the reduction of
  b-matching to matching in Schrijver, Combinatorial Optimization, 2003, chapter 32).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import rustworkx
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp
from scipy.sparse import coo_array, csr_array, diags_array, hstack

from domain.criteria import Objective

TOP_WORTH = 10_000
"""What a perfect pair is worth."""

Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choice:
    """What there is to choose from.

    Mentors are rows and mentees are columns; `mentors` and `mentees` say which person each is, so
    that somebody may stand on both sides. `places` and `waiting` are by person.
    """

    mentors: Whole
    mentees: Whole
    allowed: Truth
    worth: Whole
    """From 0 to `TOP_WORTH`."""
    places: Whole
    """In how many further pairs a person may be."""
    waiting: Truth
    """Who is in no pair yet: covering them is what `most_people` puts first."""
    objective: Objective

    @property
    def most_pairs(self) -> int:
        """No solution has more pairs than this."""
        rows, columns = self.places[self.mentors].sum(), self.places[self.mentees].sum()
        return int(min(rows, columns))

    @property
    def factors(self) -> tuple[int, int]:
        """What a point of worth and a newly covered person count, so that one comes first."""
        if self.objective is Objective.MOST_PEOPLE:
            return 1, TOP_WORTH * self.most_pairs + 1
        return 2 * self.most_pairs + 1, 1


def best_pairs(choice: Choice) -> list[tuple[int, int]]:
    """The rows and columns to pair: the best there are, the same each time for the same input.

    With `most_people`, no choice of pairs covers more people, and none that covers as many is
    worth more in all; with `best_score` the other way round.
    """
    possible = choice.allowed & (choice.places[choice.mentors] > 0)[:, None]
    possible &= (choice.places[choice.mentees] > 0)[None, :]
    if not possible.any():
        return []
    teaching = np.zeros(len(choice.places), dtype=bool)
    learning = np.zeros(len(choice.places), dtype=bool)
    teaching[choice.mentors[possible.any(axis=1)]] = True
    learning[choice.mentees[possible.any(axis=0)]] = True
    several_rows = choice.places[choice.mentors] > 1
    several_columns = choice.places[choice.mentees] > 1
    if (teaching & learning).any():
        pairs = _by_blossom(choice, possible)
    elif (possible & several_rows[:, None] & several_columns[None, :]).any():
        pairs = _by_transport(choice, possible)
    else:
        pairs = _by_assignment(choice, possible)
    return sorted(pairs)


def _by_assignment(choice: Choice, possible: Truth) -> list[tuple[int, int]]:
    per_worth, per_person = choice.factors
    rows, first_row = _places_of(choice, choice.mentors, possible.sum(axis=1))
    columns, first_column = _places_of(choice, choice.mentees, possible.sum(axis=0))
    gain = choice.worth[np.ix_(rows, columns)].astype(np.float64)
    gain *= per_worth
    gain += per_person * first_row[:, None].astype(np.float64)
    gain += per_person * first_column[None, :].astype(np.float64)
    gain *= possible[np.ix_(rows, columns)]
    chosen_rows, chosen_columns = linear_sum_assignment(gain, maximize=True)
    # Whoever the method could give nothing sits on a gain of 0: that is no pair.
    return [
        (int(rows[r]), int(columns[c]))
        for r, c in zip(chosen_rows, chosen_columns, strict=True)
        if gain[r, c] > 0
    ]


def _places_of(choice: Choice, people: Whole, partners: Whole) -> tuple[Whole, Truth]:
    """A line for each place of each person, and whether it is the one that covers them."""
    counts = np.minimum(choice.places[people], partners)
    lines = np.repeat(np.arange(len(people)), counts)
    first = np.ones(len(lines), dtype=bool)
    first[1:] = lines[1:] != lines[:-1]
    return lines, first & choice.waiting[people[lines]]


def _by_transport(choice: Choice, possible: Truth) -> list[tuple[int, int]]:
    rows, columns = np.nonzero(possible)
    edges, people = len(rows), len(choice.places)
    ends = np.concatenate([choice.mentors[rows], choice.mentees[columns]])
    numbers = np.concatenate([np.arange(edges), np.arange(edges)])
    meets = csr_array(
        coo_array((np.ones(2 * edges), (ends, numbers)), shape=(people, edges + people))
    )
    covers = csr_array(
        hstack([csr_array((people, edges)), diags_array(choice.waiting.astype(float))])
    )
    constraints = [
        LinearConstraint(meets, -np.inf, choice.places),
        LinearConstraint(meets - covers, 0, np.inf),
    ]
    worth = np.concatenate([choice.worth[rows, columns], np.zeros(people)])
    covered = np.concatenate([np.zeros(edges), choice.waiting])
    most_people = choice.objective is Objective.MOST_PEOPLE
    first, second = (covered, worth) if most_people else (worth, covered)
    reached = round(float(first @ _maximum(first, constraints)))
    constraints.append(LinearConstraint(first, reached - 0.5, np.inf))
    chosen = _maximum(second, constraints)
    return [(int(rows[e]), int(columns[e])) for e in np.nonzero(chosen[:edges] > 0.5)[0]]


def _maximum(gain: NDArray[np.float64], constraints: list[LinearConstraint]) -> NDArray[np.float64]:
    found = milp(
        -gain,
        integrality=np.ones(len(gain), dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=constraints,
        options={"mip_rel_gap": 0},
    )
    if found.x is None:
        raise RuntimeError(f"the solver gave up: {found.message}")
    return np.asarray(found.x, dtype=np.float64)


def _by_blossom(choice: Choice, possible: Truth) -> list[tuple[int, int]]:
    per_worth, per_person = choice.factors
    largest = per_worth * TOP_WORTH + 2 * per_person
    places = choice.places.tolist()
    starts = (np.cumsum(choice.places) - choice.places).tolist()
    waiting = choice.waiting.tolist()
    nodes = sum(places)
    edges: list[tuple[int, int, int]] = []
    chosen_by: dict[tuple[int, int], tuple[int, int]] = {}

    def places_of(person: int) -> list[tuple[int, int]]:
        """The person's nodes, each with what taking it gains for covering them."""
        return [
            (starts[person] + place, per_person if place == 0 and waiting[person] else 0)
            for place in range(places[person])
        ]

    for pair, (one, other, worth) in _undirected(choice, possible).items():
        gain = per_worth * worth
        if places[one] == 1 or places[other] == 1:
            for node, covers in places_of(one):
                for partner, covers_too in places_of(other):
                    if gain + covers + covers_too:
                        edges.append((node, partner, 2 * (gain + covers + covers_too)))
                        chosen_by[node, partner] = pair
        else:
            left, right = nodes, nodes + 1
            nodes += 2
            edges.append((left, right, 4 * largest))
            for helper, person in ((left, one), (right, other)):
                edges += [
                    (node, helper, 2 * largest + gain + 2 * covers)
                    for node, covers in places_of(person)
                ]
            chosen_by |= {(node, left): pair for node, _ in places_of(one)}
    graph: rustworkx.PyGraph[int, int] = rustworkx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(edges)
    matched = rustworkx.max_weight_matching(graph, max_cardinality=False, weight_fn=int)
    return [
        chosen_by[edge]
        for found in matched
        for edge in (found, (found[1], found[0]))
        if edge in chosen_by
    ]


def _undirected(choice: Choice, possible: Truth) -> dict[tuple[int, int], tuple[int, int, int]]:
    """The pairs to choose from, each two people once, the way round that is worth more.

    Gives for each row and column the two people and the worth.
    """
    best: dict[tuple[int, int], tuple[int, int, int]] = {}
    rows, columns = np.nonzero(possible)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        one, other = int(choice.mentors[row]), int(choice.mentees[column])
        worth = int(choice.worth[row, column])
        both = (min(one, other), max(one, other))
        if both not in best or worth > best[both][2]:
            best[both] = (row, column, worth)
    return {(row, column): (*both, worth) for both, (row, column, worth) in best.items()}
