"""The best choice of pairs, given who is allowed with whom and what each pair is worth.

Exact, by one of two methods:

* Each side apart: a flow of least cost (`domain/flow.py`).
* People who may be either: matching in a general graph (`domain/blossom.py`).

Both count in whole numbers, so that what comes first does come first and no sum is rounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.criteria import Objective
from domain.flow import Sides, best_flow
from domain.matrices import Truth, Whole

TOP_WORTH = 10_000
"""What a perfect pair is worth."""

Pairs = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Choice:
    """What there is to choose from.

    Mentors are rows and mentees are columns; `mentors` and `mentees` say which person each is, so
    that somebody may stand on both sides. `places` and `waiting` are by person.
    """

    mentors: Whole
    mentees: Whole
    allowed: Truth
    worth: NDArray[np.integer]
    """From 0 to `TOP_WORTH`; two bytes a cell (`uint16`) are enough."""
    places: Whole
    """In how many further pairs a person may be."""
    waiting: Truth
    """Who is in no pair yet: covering them is what `most_people` puts first."""
    objective: Objective

    @property
    def most_pairs(self) -> int:
        """No solution has more pairs than this."""
        rows = np.minimum(self.places[self.mentors], len(self.mentees)).sum()
        columns = np.minimum(self.places[self.mentees], len(self.mentors)).sum()
        return int(min(rows, columns))

    def people_covered(self, pairs: Iterable[tuple[int, int]]) -> int:
        """How many who wait are in one of the pairs."""
        covered = {int(self.mentors[row]) for row, _ in pairs}
        covered |= {int(self.mentees[column]) for _, column in pairs}
        return sum(bool(self.waiting[person]) for person in covered)

    def total_worth(self, pairs: Iterable[tuple[int, int]]) -> int:
        """What the pairs are worth in all."""
        return sum(int(self.worth[row, column]) for row, column in pairs)


@dataclass(frozen=True, slots=True)
class Counting:
    """What is counted, in whole numbers."""

    per_worth: int
    """What a point of worth gains."""
    covering: Whole
    """What a person's first pair gains besides, by person."""
    set_pairs: Sequence[tuple[int, int]] = ()
    """Pairs with a gain of their own, allowed or not; at least what their worth would gain."""
    set_gain: int = 0


def best_pairs(choice: Choice) -> Pairs:
    """The rows and columns to pair: the best there are, the same each time for the same input.

    With `most_people`, no choice of pairs covers more people, and none that covers as many is
    worth more in all; with `best_score` the other way round. No pair is made that is worth nothing
    and covers nobody.
    """
    return Search(choice).best(choice.objective)


def frontier(choice: Choice, most_points: int = 7, search: Search | None = None) -> list[Pairs]:
    """Choices from most people to best total worth, none better than another in both.

    The first covers most people and the last is worth most; between them stand those that are
    best for some exchange of people against worth, the largest gaps filled first, up to
    `most_points` in all. The end that `choice.objective` names is what `best_pairs` gives. It is a
    single choice where the two don't pull apart. Each point costs a solution. `search` is the one
    that found `best_pairs`, if it is still there: it is not done again.
    """

    def reached(pairs: Pairs) -> tuple[int, int]:
        return choice.people_covered(pairs), choice.total_worth(pairs)

    search = search or Search(choice)
    # The named one first: another search before it could lead to others that are as good.
    ends = {choice.objective: search.best(choice.objective)}
    ends |= {other: search.best(other) for other in Objective if other not in ends}
    points = {reached(pairs): pairs for pairs in ends.values()}
    if len(points) == 1:
        return [ends[choice.objective]]
    gaps = {(max(points), min(points))}
    while gaps and len(points) < most_points:
        gap = max(gaps, key=lambda ends: (_size(*ends), ends))
        gaps.remove(gap)
        (people, low), (fewer, high) = gap
        pairs = search.weighed(people - fewer, high - low)
        middle = reached(pairs)
        if middle[0] * (high - low) + middle[1] * (people - fewer) > (
            people * (high - low) + low * (people - fewer)
        ):
            points[middle] = pairs
            gaps |= {(gap[0], middle), (middle, gap[1])}
    return [points[point] for point in sorted(points, reverse=True)]


def _size(one: tuple[int, int], other: tuple[int, int]) -> int:
    return (one[0] - other[0]) * (other[1] - one[1])


def most_gainful(choice: Choice, counting: Counting) -> Pairs:
    """The pairs that gain most in all, in the order of rows and columns.

    They may hold some that gain nothing (`without_idle`).
    """
    return Search(choice).most_gainful(counting)


class Search:
    """Looks for pairs of one choice, counting them one way or another, and remembers the best."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.possible = choice.allowed
        places = choice.places[choice.mentors], choice.places[choice.mentees]
        if not (places[0].all() and places[1].all()):
            self.possible = choice.allowed & (places[0] > 0)[:, None]
            self.possible &= (places[1] > 0)[None, :]
        self.known: Whole | None = None
        """Edges that an earlier search took into account: likely to do for the next."""
        self._best: dict[Objective, Pairs] = {}

    def best(self, objective: Objective) -> Pairs:
        """The pairs that are best when this comes first (`best_pairs`)."""
        if objective not in self._best:
            most_pairs = self.choice.most_pairs
            self._best[objective] = (
                self.weighed(1, TOP_WORTH * most_pairs + 1)
                if objective is Objective.MOST_PEOPLE
                else self.weighed(2 * most_pairs + 1, 1)
            )
        return self._best[objective]

    def weighed(self, per_worth: int, per_person: int) -> Pairs:
        """The pairs that gain most, where worth and people covered gain so much."""
        covering = per_person * self.choice.waiting.astype(np.int64)
        return without_idle(self.choice, self.most_gainful(Counting(per_worth, covering)))

    def most_gainful(self, counting: Counting) -> Pairs:
        """The pairs that gain most, counted so."""
        choice = self.choice
        teaching = np.zeros(len(choice.places), dtype=bool)
        learning = np.zeros(len(choice.places), dtype=bool)
        teaching[choice.mentors[self.possible.any(axis=1)]] = True
        learning[choice.mentees[self.possible.any(axis=0)]] = True
        set_rows, set_columns = _both(counting.set_pairs)
        teaching[choice.mentors[set_rows]] = True
        learning[choice.mentees[set_columns]] = True
        if not teaching.any():
            return []
        if (teaching & learning).any():
            # Imported here: few programs are mutual.
            from domain.blossom import best_matching  # noqa: PLC0415

            return sorted(best_matching(choice, counting, self.possible))
        found = best_flow(
            Sides(
                allowed=self.possible,
                worth=choice.worth,
                per_worth=counting.per_worth,
                row_places=choice.places[choice.mentors],
                column_places=choice.places[choice.mentees],
                row_covering=counting.covering[choice.mentors],
                column_covering=counting.covering[choice.mentees],
                set_rows=set_rows,
                set_columns=set_columns,
                set_gains=np.full(len(set_rows), counting.set_gain, dtype=np.int64),
            ),
            self.known,
        )
        self.known = found.among
        return sorted(zip(found.rows.tolist(), found.columns.tolist(), strict=True))


def _both(pairs: Sequence[tuple[int, int]]) -> tuple[Whole, Whole]:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def without_idle(choice: Choice, pairs: Pairs, standing: Pairs | None = None) -> Pairs:
    """The pairs without those that are worth nothing and alone cover nobody who waits.

    `standing` pairs count as the others do, and are neither left out nor given back.
    """
    used: Counter[int] = Counter()
    for row, column in (*pairs, *(standing or [])):
        used.update((int(choice.mentors[row]), int(choice.mentees[column])))
    left = []
    for row, column in pairs:
        ends = (int(choice.mentors[row]), int(choice.mentees[column]))
        if choice.worth[row, column] or any(choice.waiting[p] and used[p] == 1 for p in ends):
            left.append((row, column))
        else:
            used.subtract(ends)
    return left
