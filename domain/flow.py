"""The best pairs between two sides: a flow of least cost, found on few edges and proved on all.

Each place of a person carries one unit, each two who may meet are an edge for one unit, and a
first place gains more where it covers somebody. What is best is therefore a flow of least cost
(Ahuja, Magnanti, Orlin: Network Flows, 1993, chapter 12), with whole-number gains and places a
whole-number flow: the same two never meet twice, and nothing is rounded. `SimpleMinCostFlow` of
OR-tools finds it.

Of n times m edges very few can be in it. So the flow is found among the likeliest edges of each
person; its prices then tell of every other edge, at one subtraction each, whether it could improve
on it. Those that could are added, until none is left. That is a proof and no estimate: prices
under which no unused edge gains and no used one loses belong to an optimal flow.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from domain.matrices import Truth, Whole, blocks

LIKELIEST = 24
"""How many edges of each person the search starts with."""
ADDED = 16
"""How many edges of each row are added at once."""


_BLOCK = 1 << 20
"""Cells looked at together: small enough to stay in the processor's cache and out of the memory."""
_NEVER = 1 << 61
_COLUMN_BITS = 17


def _none() -> Whole:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Sides:
    """Two sides, who may meet whom, and what is gained."""

    allowed: Truth
    worth: NDArray[np.integer]
    """From 0 to 10,000 (`domain.assignment.TOP_WORTH`)."""
    per_worth: int
    """What a point of worth gains."""
    row_places: Whole
    column_places: Whole
    row_covering: Whole
    """What is gained by a row's first pair, besides its worth."""
    column_covering: Whole
    set_rows: Whole = field(default_factory=_none)
    """Edges with a gain of their own, of at least what their worth gains, allowed or not."""
    set_columns: Whole = field(default_factory=_none)
    set_gains: Whole = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class Found:
    """An optimal choice of edges, and the prices that prove it.

    A place of a row costs its price and one of a column too: no unused edge gains more than the
    two together, no used edge less. The price of a first place counts what it gains by covering,
    so it may be below 0.
    """

    rows: Whole
    columns: Whole
    gain: int
    row_prices: Whole
    column_prices: Whole
    among: Whole
    """The cells of the edges that it was found among, counted through row by row."""


def best_flow(sides: Sides, among: Whole | None = None) -> Found:
    """The edges that gain most in all; the same each time for the same input.

    It may hold edges that gain nothing.

    Args:
        sides: who may meet whom, and what is gained.
        among: cells to begin the search with, of allowed edges: those of a search on the same
            sides that counted gains otherwise. By default the likeliest.

    Raises:
        RuntimeError: the numbers are too large (above about 10**18 when all are added up).
    """
    edges = _Edges.of(_likeliest(sides) if among is None else among, sides)
    while True:
        used, gain = _flow(sides, edges)
        row_prices, column_prices = _prices(sides, edges, used)
        rows, columns = edges.rows[used], edges.columns[used]
        more = _gainful(sides, row_prices, column_prices, (rows, columns))
        if not len(more):
            return Found(rows, columns, gain, row_prices, column_prices, edges.cells)
        edges = _Edges.of(np.concatenate([edges.cells, more]), sides)


@dataclass(frozen=True, slots=True)
class _Edges:
    """Edges by row, then column, each once."""

    rows: Whole
    columns: Whole
    gains: Whole
    cells: Whole
    """Number of the cell, counted through row by row."""

    @classmethod
    def of(cls, cells: Whole, sides: Sides) -> _Edges:
        """The edges of these cells and those whose gain is set."""
        width = sides.allowed.shape[1]
        set_cells = sides.set_rows * width + sides.set_columns
        cells = _each_once(np.concatenate([cells, set_cells]))
        rows, columns = np.divmod(cells, width)
        gains = sides.worth[rows, columns].astype(np.int64) * sides.per_worth
        gains[np.searchsorted(cells, set_cells)] = sides.set_gains
        return cls(rows, columns, gains, cells)


def _each_once(cells: Whole) -> Whole:
    """In their order. `np.unique` first loads masked arrays, which takes 10 ms."""
    cells = np.sort(cells)
    return cells[np.diff(cells, prepend=-1) > 0]


def _likeliest(sides: Sides) -> Whole:
    height, width = sides.allowed.shape
    if max(height, width) <= LIKELIEST:
        return np.flatnonzero(sides.allowed)
    by_column = _most_worth(sides.allowed.T, sides.worth.T)
    columns, rows = np.divmod(by_column, height)
    return np.concatenate([_most_worth(sides.allowed, sides.worth), rows * width + columns])


def _most_worth(allowed: Truth, worth: NDArray[np.integer]) -> Whole:
    """The cells that are worth most in each row.

    Among those worth the same, each row prefers other columns, or all rows would start with the
    same few.
    """
    height, width = allowed.shape
    most = min(LIKELIEST, width)
    stride = round(width * 0.6180339887) + 1
    # A cell's worth and column in one number, so that sorting by worth brings the column along.
    # Worth takes 14 bits, so up to 131,071 columns four bytes do, and sorting them is faster.
    bits = width.bit_length()
    kind = np.dtype(np.uint32 if bits <= _COLUMN_BITS else np.uint64)
    places = np.arange(width, dtype=kind)
    found = []
    for block in blocks(allowed.shape, _BLOCK):
        numbers = np.arange(block.start, min(block.stop, height))
        shift = (numbers * stride % width).astype(kind)
        keys = (worth[block].astype(kind) + 1) << bits
        keys |= (places[None, :] + shift[:, None]) % width
        keys *= allowed[block]
        best = np.partition(keys, width - most, axis=1)[:, width - most :]
        line, _ = np.nonzero(best)
        turned = (best[best > 0] & ((1 << bits) - 1)).astype(np.int64)
        columns = (turned - shift[line].astype(np.int64)) % width
        found.append(numbers[line] * width + columns)
    return np.concatenate(found) if found else _none()


def _flow(sides: Sides, edges: _Edges) -> tuple[Truth, int]:
    """Which edges to use, and what they gain."""
    height, width = sides.allowed.shape
    source, sink = height + width, height + width + 1
    solver = SimpleMinCostFlow()

    def add(tails: Whole, heads: Whole, room: Whole, gains: Whole) -> None:
        solver.add_arcs_with_capacity_and_unit_cost(tails, heads, room, -gains)

    row_nodes, column_nodes = np.arange(height), height + np.arange(width)
    add(edges.rows, height + edges.columns, np.ones_like(edges.rows), edges.gains)
    for nodes, places, covering, way in (
        (row_nodes, sides.row_places, sides.row_covering, 1),
        (column_nodes, sides.column_places, sides.column_covering, -1),
    ):
        for room, gains in (
            (np.minimum(places, 1), covering),
            (np.maximum(places - 1, 0), np.zeros_like(covering)),
        ):
            outer = np.full_like(nodes, source if way == 1 else sink)
            add(*((outer, nodes) if way == 1 else (nodes, outer)), room, gains)
    most = int(min(sides.row_places.sum(), sides.column_places.sum()))
    solver.add_arc_with_capacity_and_unit_cost(source, sink, most, 0)
    solver.set_node_supply(source, most)
    solver.set_node_supply(sink, -most)
    outcome = solver.solve()
    if outcome != solver.OPTIMAL:
        raise RuntimeError(f"the solver gave up on {len(edges.rows):,} edges: {outcome}")
    return solver.flows(np.arange(len(edges.rows))) > 0, -int(solver.optimal_cost())


def _prices(sides: Sides, edges: _Edges, used: Truth) -> tuple[Whole, Whole]:
    """The prices of an optimal flow, as shortest ways through what it leaves (Bellman and Ford).

    From a row that has room a column is reached by an unused edge, and from a column a row by a
    used one. Only who got nearer in one step is looked at in the next.
    """
    height, width = sides.allowed.shape
    rows_used = np.bincount(edges.rows[used], minlength=height)
    columns_used = np.bincount(edges.columns[used], minlength=width)
    row_prices = np.where(rows_used == 0, -sides.row_covering, 0)
    row_prices[rows_used >= sides.row_places] = _NEVER
    column_prices = np.where(columns_used == 1, -sides.column_covering, 0)
    column_prices[columns_used == 0] = -_NEVER
    onward = _Lines(edges.rows[~used], edges.columns[~used], edges.gains[~used], height)
    back = _Lines(edges.columns[used], edges.rows[used], edges.gains[used], width)
    nearer = np.flatnonzero(row_prices < _NEVER)
    reached = np.flatnonzero(columns_used > 0)
    while len(nearer) or len(reached):
        before = column_prices.copy()
        lines, columns, gains = onward.leaving(nearer)
        np.maximum.at(column_prices, columns, gains - row_prices[lines])
        further = column_prices > before
        further[reached] = True
        reached = np.flatnonzero(further)
        before = row_prices.copy()
        lines, rows, gains = back.leaving(reached)
        np.minimum.at(row_prices, rows, gains - column_prices[lines])
        nearer = np.flatnonzero(row_prices < before)
        reached = _none()
    # Whoever has no pair costs what one would gain by covering them, not less.
    alone = columns_used == 0
    column_prices[alone] = np.where(sides.column_places > 0, -sides.column_covering, _NEVER)[alone]
    return row_prices, column_prices


class _Lines:
    """Edges, by the node that they leave."""

    def __init__(self, tails: Whole, heads: Whole, gains: Whole, nodes: int) -> None:
        order = np.argsort(tails, kind="stable")
        self.heads, self.gains = heads[order], gains[order]
        self.counts = np.bincount(tails, minlength=nodes)
        self.starts = np.cumsum(self.counts) - self.counts

    def leaving(self, nodes: Whole) -> tuple[Whole, Whole, Whole]:
        """Tail, head and gain of each edge that leaves one of the nodes."""
        counts = self.counts[nodes]
        first = np.cumsum(counts) - counts
        positions = np.repeat(self.starts[nodes] - first, counts) + np.arange(counts.sum())
        return np.repeat(nodes, counts), self.heads[positions], self.gains[positions]


def _gainful(
    sides: Sides, row_prices: Whole, column_prices: Whole, used: tuple[Whole, Whole]
) -> Whole:
    """The unused cells that gain more than they cost: the best few of each row."""
    width = sides.allowed.shape[1]
    most = min(ADDED, width)
    found = []
    for block in blocks(sides.allowed.shape, _BLOCK):
        excess = sides.worth[block].astype(np.int64)
        excess *= sides.per_worth
        excess -= row_prices[block, None]
        excess -= column_prices[None, :]
        excess *= sides.allowed[block]
        here = (used[0] >= block.start) & (used[0] < block.stop)
        excess[used[0][here] - block.start, used[1][here]] = 0
        lines = np.flatnonzero(excess.max(axis=1, initial=0) > 0)
        if len(lines):
            excess = excess[lines]
            columns = np.argpartition(excess, width - most, axis=1)[:, width - most :]
            gainful = np.take_along_axis(excess, columns, axis=1) > 0
            cells = (lines[:, None] + block.start) * width + columns
            found.append(cells[gainful])
    return np.concatenate(found) if found else _none()
