"""How matrices over all pairs of people are made without a loop over the pairs.

Entries hang on nothing but their row and column, to the last bit: sums are of small whole numbers,
which are exact, and everything else is done entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Truth = NDArray[np.bool_]
Whole = NDArray[np.int64]
Shares = NDArray[np.float32]

CELLS_AT_ONCE = 1 << 18
"""One megabyte of float32: blocks of so many fit a processor's cache."""
FEW_TERMS = 256
"""Up to so many, people are multiplied as plain matrices: as fast, and importing sparse ones takes
a tenth of a second."""

K = TypeVar("K", bound=Hashable)
K2 = TypeVar("K2", bound=Hashable)
T = TypeVar("T", bound=np.generic)


def spread(
    mentors: Sequence[K],
    mentees: Sequence[K2],
    compare: Callable[[Sequence[K], Sequence[K2]], NDArray[T]],
) -> NDArray[T]:
    """A matrix out of the smaller one that `compare` makes of all distinct values."""
    mine, theirs = places_of(mentors), places_of(mentees)
    small = compare(list(mine), list(theirs))
    if small.shape == (len(mentors), len(mentees)):
        return small
    rows = np.array([mine[value] for value in mentors], dtype=np.intp)
    columns = np.array([theirs[value] for value in mentees], dtype=np.intp)
    # Columns first: then the large copy is of whole rows.
    return small.take(columns, axis=1).take(rows, axis=0)


def places_of(values: Iterable[K]) -> dict[K, int]:
    """Numbers the distinct values, in the order in which they come first."""
    found: dict[K, int] = {}
    for value in values:
        found.setdefault(value, len(found))
    return found


def numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    """What is not known becomes not a number, which is neither more nor less than any."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def both(mentors: Collection[bool], mentees: Collection[bool]) -> Truth:
    """Where something is true of both people."""
    mine, theirs = np.array(mentors, dtype=bool), np.array(mentees, dtype=bool)
    matrix: Truth = mine[:, None] & theirs[None, :]
    return matrix


def blocks(shape: tuple[int, ...], cells: int = CELLS_AT_ONCE) -> Iterator[slice]:
    """The rows of a matrix in blocks of about so many cells, so that what is made of one at a
    time stays small.
    """
    height, width = shape
    step = max(cells // max(width, 1), 1)
    return (slice(start, start + step) for start in range(0, height, step))


class Products:
    """For every two people, the sum of the products of the numbers of their common terms.

    Of whole numbers, which float32 adds up without error to 16 million.
    """

    def __init__(self, mine: Sequence[dict[str, int]], theirs: Sequence[dict[str, int]]) -> None:
        known = {term for terms in mine for term in terms}
        common = places_of(sorted(known & {term for terms in theirs for term in terms}))
        self._mine = _terms(mine, common) if len(common) <= FEW_TERMS else _sparse(mine, common)
        self._theirs = np.ascontiguousarray(_terms(theirs, common).T)
        self.shape = (len(mine), len(theirs))

    @classmethod
    def of_sets(
        cls, mine: Sequence[Collection[str]], theirs: Sequence[Collection[str]]
    ) -> Products:
        """How many values two have in common."""
        ones, others = ([dict.fromkeys(values, 1) for values in side] for side in (mine, theirs))
        return cls(ones, others)

    def rows(self, rows: slice) -> Shares:
        """Some rows of the matrix."""
        product: Shares = self._mine[rows] @ self._theirs
        return product


def _terms(people: Sequence[dict[str, int]], places: dict[str, int]) -> Shares:
    """A row a person, a column a term of `places`."""
    found = np.zeros((len(people), len(places)), dtype=np.float32)
    rows, columns, values = _entries(people, places)
    found[rows, columns] = values
    return found


def _sparse(people: Sequence[dict[str, int]], places: dict[str, int]) -> csr_array[np.float32]:
    """The same where almost all of it is zero."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - see FEW_TERMS

    rows, columns, values = _entries(people, places)
    shape = (len(people), len(places))
    return csr_array((np.array(values, dtype=np.float32), (rows, columns)), shape=shape)


def _entries(
    people: Sequence[dict[str, int]], places: dict[str, int]
) -> tuple[list[int], list[int], list[int]]:
    rows: list[int] = []
    columns: list[int] = []
    values: list[int] = []
    for row, terms in enumerate(people):
        for term, number in terms.items():
            if term in places:
                rows.append(row)
                columns.append(places[term])
                values.append(number)
    return rows, columns, values


def filled(
    products: Products, kind: type[T], entries: Callable[[Shares, slice], NDArray[T]]
) -> NDArray[T]:
    """A matrix made of the products, block by block."""
    found = np.empty(products.shape, dtype=kind)
    for rows in blocks(products.shape):
        found[rows] = entries(products.rows(rows), rows)
    return found
