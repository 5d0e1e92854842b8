"""Small choices of pairs, and the best of them by trying all."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from hypothesis import strategies as st

from domain.assignment import Choice, Pairs
from domain.criteria import Objective


def choice_of(
    allowed: Sequence[Sequence[bool]],
    worth: Sequence[Sequence[int]],
    *,
    places: Sequence[int] | None = None,
    waiting: Sequence[bool] | None = None,
    mutual: bool = False,
    objective: Objective = Objective.MOST_PEOPLE,
) -> Choice:
    """Mentors first, then mentees; or, if mutual, everybody on both sides."""
    rows, columns = np.array(allowed).shape
    people = rows if mutual else rows + columns
    return Choice(
        mentors=np.arange(rows),
        mentees=np.arange(columns) if mutual else rows + np.arange(columns),
        allowed=np.array(allowed, dtype=bool) & (~np.eye(rows, dtype=bool) if mutual else True),
        worth=np.array(worth, dtype=np.uint16),
        places=np.array([1] * people if places is None else places, dtype=np.int64),
        waiting=np.array([True] * people if waiting is None else waiting, dtype=bool),
        objective=objective,
    )


@st.composite
def choices(draw: st.DrawFn, *, mutual: bool | None = None, most_places: int = 3) -> Choice:
    mutual = draw(st.booleans()) if mutual is None else mutual
    rows = draw(st.integers(1, 5 if mutual else 4))
    columns = rows if mutual else draw(st.integers(1, 4))
    people = rows if mutual else rows + columns

    def table(cell: st.SearchStrategy[int]) -> list[list[int]]:
        return [[draw(cell) for _ in range(columns)] for _ in range(rows)]

    return choice_of(
        [[bool(cell) for cell in row] for row in table(st.sampled_from([0, 1, 1, 1]))],
        table(st.sampled_from([0, 1, 2, 3, 5000, 9999, 10_000])),
        places=[draw(st.integers(0, most_places)) for _ in range(people)],
        waiting=[draw(st.sampled_from([True, True, False])) for _ in range(people)],
        mutual=mutual,
        objective=draw(st.sampled_from(Objective)),
    )


def ends(choice: Choice, pair: tuple[int, int]) -> tuple[int, int]:
    """The two people of a pair."""
    return int(choice.mentors[pair[0]]), int(choice.mentees[pair[1]])


def used(choice: Choice, pairs: Sequence[tuple[int, int]]) -> Counter[int]:
    """In how many pairs each person is."""
    return Counter(itertools.chain.from_iterable(ends(choice, pair) for pair in pairs))


def assert_possible(choice: Choice, pairs: Pairs) -> None:
    """All are allowed, nobody has too many, and no two meet twice."""
    assert all(choice.allowed[pair] for pair in pairs)
    assert all(count <= choice.places[person] for person, count in used(choice, pairs).items())
    assert len({frozenset(ends(choice, pair)) for pair in pairs}) == len(pairs)


def all_choices(choice: Choice, kept: Pairs | None = None) -> Iterator[Pairs]:
    """Every set of pairs that can be had beside those kept.

    Each two people are in it the way round that is worth more.
    """
    taken = used(choice, kept or [])
    best: dict[frozenset[int], tuple[int, int]] = {}
    for row, column in zip(*np.nonzero(choice.allowed), strict=True):
        two = frozenset(ends(choice, (row, column)))
        if two not in best or choice.worth[row, column] > choice.worth[best[two]]:
            best[two] = (int(row), int(column))
    possible = sorted(best.values())

    def extend(number: int, chosen: Pairs, taken: Counter[int]) -> Iterator[Pairs]:
        yield chosen
        for following in range(number, len(possible)):
            both = ends(choice, possible[following])
            if all(taken[person] < choice.places[person] for person in both):
                yield from extend(
                    following + 1, [*chosen, possible[following]], taken + Counter(both)
                )

    return extend(0, [], taken)


def reached(choice: Choice, pairs: Pairs) -> tuple[int, int]:
    """How many of those who wait are covered, and the total worth."""
    covered = {person for person in used(choice, pairs) if choice.waiting[person]}
    return len(covered), sum(int(choice.worth[pair]) for pair in pairs)
