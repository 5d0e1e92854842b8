"""The best pairs among people who may be either: matching in a general graph.

Edmonds' blossom method (`rustworkx.max_weight_matching`) finds it. Somebody with several places is
a node for each; an edge between two with several places each is split by two helpers, so that the
same two can't be paired twice (the reduction of b-matching to matching in Schrijver, Combinatorial
Optimization, 2003, chapter 32).

The method takes about the cube of what it is given, so where there are many edges it is given the
likely ones only. Which those are is proved by a flow: let everybody teach and learn apart, and a
matching becomes a flow that uses each of its edges both ways, so the best flow gains at least
twice what the best matching does. By as much as an edge costs more than it gains in that flow, a
matching that holds it falls below that bound. An edge that falls below what a matching already
reached can't be in a better one. Where a group that can only meet each other has an odd number of
places, no matching uses them all, and the flow is held to that as well: otherwise nearly every
edge would stay possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import rustworkx
from scipy.sparse.csgraph import connected_components

from domain.flow import Sides, best_flow
from domain.matrices import Truth, Whole

if TYPE_CHECKING:
    from domain.assignment import Choice, Counting

FEW = 2_000
"""Up to so many edges, split by places, all of them are given to the method at once."""
LIKELY = 1
"""How many edges of each person the first try gets, besides those of the flow. Each further try
gets twice as many, as long as too many others could still improve on it."""
TRIES = 5

Pairs = list[tuple[int, int]]


def best_matching(choice: Choice, counting: Counting, possible: Truth) -> Pairs:
    """The rows and columns that gain most in all, each two people at most once.

    Of the two ways round it is the one worth more, and of two worth the same the one with the
    lower row.
    """
    graph = _Graph(choice, counting, possible)
    edges = np.flatnonzero(np.triu(graph.possible))
    few = graph.split(edges) <= FEW
    return graph.ways_round(graph.matched(edges)[0] if few else graph.best_of_likely())


class _Graph:
    """Everybody who may be in a pair is a node; an edge is the number of its cell."""

    def __init__(self, choice: Choice, counting: Counting, possible: Truth) -> None:
        self.choice, self.counting = choice, counting
        people = len(choice.places)
        self.teaches = np.zeros((people, people), dtype=bool)
        self.teaches[np.ix_(choice.mentors, choice.mentees)] = possible
        worth = np.zeros((people, people), dtype=choice.worth.dtype)
        worth[np.ix_(choice.mentors, choice.mentees)] = choice.worth
        self.worth_taught = np.where(self.teaches, worth, 0)
        self.row = np.zeros(people, dtype=np.int64)
        self.column = np.zeros(people, dtype=np.int64)
        self.row[choice.mentors] = np.arange(len(choice.mentors))
        self.column[choice.mentees] = np.arange(len(choice.mentees))
        self.set_way = {
            (int(choice.mentors[row]), int(choice.mentees[column])): (row, column)
            for row, column in counting.set_pairs
        }
        self.set_way |= {(other, one): way for (one, other), way in self.set_way.items()}
        self.is_set = np.zeros((people, people), dtype=bool)
        for ends in self.set_way:
            self.is_set[ends] = True
        self.possible = self.teaches | self.teaches.T | self.is_set
        np.fill_diagonal(self.possible, val=False)
        self.worth = np.maximum(self.worth_taught, self.worth_taught.T)
        self.people = people
        self.places = np.minimum(choice.places, self.possible.sum(axis=1))

    def gains(self, edges: Whole) -> Whole:
        """What each edge gains, without the covering of people."""
        gains = self.worth.ravel()[edges].astype(np.int64) * self.counting.per_worth
        gains[self.is_set.ravel()[edges]] = self.counting.set_gain
        return gains

    def ways_round(self, edges: Whole) -> Pairs:
        """The row and column of each edge."""
        found = []
        for one, other in zip(*np.divmod(edges, self.people), strict=True):
            ways = [
                (-int(self.worth_taught[mentor, mentee]), self.row[mentor], self.column[mentee])
                for mentor, mentee in ((one, other), (other, one))
                if self.teaches[mentor, mentee]
            ]
            way = self.set_way.get((int(one), int(other))) or min(ways)[1:]
            found.append((int(way[0]), int(way[1])))
        return found

    def split(self, edges: Whole) -> int:
        """How many edges these become between places (`_matching`)."""
        ones, others = (self.places[ends] for ends in np.divmod(edges, self.people))
        single = np.minimum(ones, others) == 1
        return int(np.where(single, ones * others, ones + others + 1).sum())

    def best_of_likely(self) -> Whole:
        """The edges of a best matching, found among those that one can hold."""
        prices, bound, likely = self._bound()
        for doubled in range(TRIES):
            edges = np.union1d(likely, self._cheapest(prices, LIKELY << doubled))
            chosen, reached = self.matched(edges)
            further = np.setdiff1d(self._cheaper(prices, bound - 2 * reached), edges)
            if not len(further):
                return chosen
            if self.split(further) <= FEW:
                break
        return self.matched(np.union1d(edges, further))[0]

    def _bound(self) -> tuple[Whole, int, Whole]:
        """What a place of each person costs in the flow, both ways, what it gains, and its edges.

        Each group with an odd number of places gets somebody more, whom a pair with anybody of
        the group gains so much that the flow always makes it, both ways. That leaves an even
        number of places to the others, and takes nothing from any matching, which leaves one of
        the places free.
        """
        odd = self._odd_groups()
        most = int(self.worth.max()) * self.counting.per_worth
        largest = max(most, self.counting.set_gain) + 2 * int(self.counting.covering.max())
        always = 2 * largest + 1
        set_rows, set_columns = np.nonzero(self.is_set)
        rows, columns = [set_rows], [set_columns]
        gains = [np.full(len(set_rows), self.counting.set_gain, dtype=np.int64)]
        for number, group in enumerate(odd, start=self.people):
            more = np.full(len(group), number)
            rows += [group, more]
            columns += [more, group]
            # Who has one place and gives it to them is not covered by that.
            covers = np.where(self.places[group] == 1, self.counting.covering[group], 0)
            gains.append(np.tile(always - covers, 2))
        beside = (0, len(odd))
        places = np.pad(self.places, beside, constant_values=1)
        covering = np.pad(self.counting.covering, beside)
        found = best_flow(
            Sides(
                allowed=np.pad(self.possible, beside),
                worth=np.pad(self.worth, beside),
                per_worth=self.counting.per_worth,
                row_places=places,
                column_places=places,
                row_covering=covering,
                column_covering=covering,
                set_rows=np.concatenate(rows),
                set_columns=np.concatenate(columns),
                set_gains=np.concatenate(gains),
            )
        )
        # Somebody without places has no edges, and a price too high to be added up.
        prices = np.where(places > 0, found.row_prices + found.column_prices, 0)[: self.people]
        real = (found.rows < self.people) & (found.columns < self.people)
        ends = np.sort([found.rows[real], found.columns[real]], axis=0)
        used = np.unique(ends[0] * self.people + ends[1])
        return prices, found.gain - 2 * always * len(odd), used

    def _odd_groups(self) -> list[Whole]:
        """Those who can meet each other only, by some way or other, on an odd number of places."""
        count, group_of = connected_components(self.possible, directed=False)
        places = np.bincount(group_of, weights=self.places, minlength=count)
        return [np.flatnonzero(group_of == group) for group in np.flatnonzero(places % 2)]

    def _cheapest(self, prices: Whole, count: int) -> Whole:
        """The few edges of each person that cost least beside what they gain."""
        found = [np.flatnonzero(np.triu(self.is_set))]
        for one in range(self.people):
            others = np.flatnonzero(self.possible[one])
            few = others[np.argsort(self._losses(prices, one, others), kind="stable")[:count]]
            found.append(np.minimum(one, few) * self.people + np.maximum(one, few))
        return np.unique(np.concatenate(found))

    def _cheaper(self, prices: Whole, than: int) -> Whole:
        """All edges that lose less than this, used both ways."""
        found = []
        for one in range(self.people):
            others = one + 1 + np.flatnonzero(self.possible[one, one + 1 :])
            found.append(one * self.people + others[self._losses(prices, one, others) < than])
        return np.concatenate(found)

    def _losses(self, prices: Whole, one: int, others: Whole) -> Whole:
        """By how much somebody's edges cost more than they gain, both ways together."""
        gains = self.gains(one * self.people + others)
        return np.asarray(prices[one] + prices[others] - 2 * gains)

    def matched(self, edges: Whole) -> tuple[Whole, int]:
        """The edges of the best matching among these, and what it gains."""
        chosen = np.array(sorted(_matching(self, edges)), dtype=np.int64)
        ends = np.unique(np.concatenate(np.divmod(chosen, self.people)))
        return chosen, int(self.gains(chosen).sum() + self.counting.covering[ends].sum())


def _matching(graph: _Graph, candidates: Whole) -> list[int]:
    covering = graph.counting.covering.tolist()
    places = graph.places.tolist()
    starts = (np.cumsum(graph.places) - graph.places).tolist()
    gains = graph.gains(candidates).tolist()
    nodes = sum(places)
    largest = max(gains, default=0) + 2 * max(covering)
    edges: list[tuple[int, int, int]] = []
    chosen_by: dict[tuple[int, int], int] = {}

    def places_of(person: int) -> list[tuple[int, int]]:
        """The person's nodes, each with what taking it gains for covering them."""
        return [
            (starts[person] + place, covering[person] if place == 0 else 0)
            for place in range(places[person])
        ]

    for edge, gain in zip(candidates.tolist(), gains, strict=True):
        one, other = divmod(edge, graph.people)
        if places[one] == 1 or places[other] == 1:
            for node, covers in places_of(one):
                for partner, covers_too in places_of(other):
                    if gain + covers + covers_too:
                        edges.append((node, partner, 2 * (gain + covers + covers_too)))
                        chosen_by[node, partner] = edge
        else:
            left, right = nodes, nodes + 1
            nodes += 2
            edges.append((left, right, 4 * largest))
            for helper, person in ((left, one), (right, other)):
                edges += [
                    (node, helper, 2 * largest + gain + 2 * covers)
                    for node, covers in places_of(person)
                ]
            chosen_by |= {(node, left): edge for node, _ in places_of(one)}
    drawn: rustworkx.PyGraph[int, int] = rustworkx.PyGraph(multigraph=False)
    drawn.add_nodes_from(range(nodes))
    drawn.add_edges_from(edges)
    matched = rustworkx.max_weight_matching(drawn, max_cardinality=False, weight_fn=int)
    return [
        chosen_by[edge]
        for found in matched
        for edge in (found, (found[1], found[0]))
        if edge in chosen_by
    ]
