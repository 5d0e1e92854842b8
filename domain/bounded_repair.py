"""A repair that may part fewer pairs than it would take to cover the most people.

It is a program in whole numbers, solved (by HiGHS, through scipy) for coverage, then for partings,
then for worth. Nearly all of it is a flow, so it hardly differs from its linear relaxation, and
that is solved first: on the likeliest edges, whose prices tell which others could improve it, as
in `domain/flow.py`. Where the relaxation halves people, whole numbers are looked for among the
same edges, and where they fall short of the relaxation, among all that its prices leave possible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csr_array, eye_array, hstack, vstack

from domain.assignment import Choice, Pairs
from domain.matrices import Truth, Whole, blocks

MOST_EDGES = 100_000
"""Among so many edges whole numbers are looked for at most. Where more would be possible, what is
found is good and within what is granted, but not proved to be best."""
EDGES_A_ROW = 10
"""How many edges of each row the search starts with, and how many it adds at once."""

Numbers = NDArray[np.float64]

_EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class BoundedRepair:
    """What is to be repaired."""

    choice: Choice
    """Only new pairs are allowed; those who wait are to be covered."""
    free: Whole
    """Places that no pair uses, by person."""
    movable: Whole
    """Those and the places that loose pairs use."""
    at_stake: Truth
    """Whose only partners are in loose pairs: they need one."""
    loose: Pairs
    """The pairs that may be parted; all others are as if they were not there."""
    changes: int
    """How many of them at most."""


def best_within(repair: BoundedRepair, likely: Pairs) -> tuple[Pairs, Pairs]:
    """The new pairs, and the loose ones that stay.

    Args:
        repair: what is to be repaired.
        likely: new pairs that the search begins with, besides the likeliest.
    """
    program = _Program(repair, likely)
    for goal in (program.covering, program.staying, program.worth):
        chosen = program.solved(goal)
    edges, loose = len(program.rows), len(repair.loose)
    new, staying = chosen[:edges], chosen[edges : edges + loose]
    pairs = zip(program.rows[new].tolist(), program.columns[new].tolist(), strict=True)
    return list(pairs), [pair for pair, stays in zip(repair.loose, staying, strict=True) if stays]


class _Goal(NamedTuple):
    per_worth: int
    per_loose: int
    per_covered: int


class _Program:
    """Which new pairs to make, which loose pairs stay, and who of those who wait is covered."""

    covering = _Goal(0, 0, 1)
    staying = _Goal(0, 1, 0)
    worth = _Goal(1, 0, 0)

    def __init__(self, repair: BoundedRepair, likely: Pairs) -> None:
        self.repair = repair
        self.choice = repair.choice
        self.waiting = np.flatnonzero(self.choice.waiting)
        self.at_stake = np.flatnonzero(repair.at_stake)
        # A place is free, or it takes a parting to free one, or it can't be had.
        never = repair.changes + 1
        takes = np.where(repair.free > 0, 0, np.where(repair.movable > 0, 1, never))
        partings = takes[self.choice.mentors][:, None] + takes[self.choice.mentees][None, :]
        self.possible = _one_way_round(self.choice) & (partings <= repair.changes)
        self.reached: list[tuple[_Goal, int]] = []
        self.cells = _none()
        self.rows, self.columns = _none(), _none()
        width = self.possible.shape[1]
        cells = [row * width + column for row, column in likely]
        self._take(np.array([c for c in cells if self.possible.flat[c]], dtype=np.int64))
        nobody = np.zeros(len(repair.free))
        self._take(self._gainful(nobody, per_worth=1))

    def solved(self, goal: _Goal) -> Truth:
        """The best there is for the goal, without falling behind in those before it."""
        relaxed, prices = self._relaxed(goal)
        bound = float(self._gains(goal) @ relaxed)
        chosen = np.rint(relaxed)
        if np.abs(relaxed - chosen).max(initial=0) > _EXACT:
            chosen = self._in_whole_numbers(goal)
            short = math.floor(bound + _EXACT * max(1, abs(bound))) - float(
                self._gains(goal) @ chosen
            )
            if short > 0:
                # An edge that costs as much more than it gains can't make up for what is missing.
                self._take(self._all_above(prices, goal.per_worth, -short))
                chosen = self._in_whole_numbers(goal)
        self.reached.append((goal, round(float(self._gains(goal) @ chosen))))
        return np.asarray(chosen > 0)

    # --- Edges -----------------------------------------------------------------------------------

    def _take(self, cells: Whole) -> None:
        self.cells = np.union1d(self.cells, cells)
        self.rows, self.columns = np.divmod(self.cells, self.possible.shape[1])

    def _excess(self, block: slice, prices: Numbers, per_worth: int) -> Numbers:
        """What the edges of some rows gain beyond what they cost; known ones gain nothing."""
        excess = self.choice.worth[block].astype(np.float64) * per_worth
        excess -= prices[self.choice.mentors[block]][:, None]
        excess -= prices[self.choice.mentees][None, :]
        excess[~self.possible[block]] = -np.inf
        here = (self.rows >= block.start) & (self.rows < block.stop)
        excess[self.rows[here] - block.start, self.columns[here]] = -np.inf
        return excess

    def _gainful(self, prices: Numbers, per_worth: int) -> Whole:
        """If an edge gains more than it costs, the few of each row that come nearest to that.

        Those that gain nothing yet would at the next prices, which differ a lot: who stays with
        whom they have leaves it open how the two share what they cost.
        """
        width = self.possible.shape[1]
        few = min(EDGES_A_ROW, width)
        found = [_none()]
        some = False
        for block in blocks(self.possible.shape):
            excess = self._excess(block, prices, per_worth)
            some |= bool(excess.max(initial=0) > _EXACT)
            columns = np.argpartition(excess, width - few, axis=1)[:, width - few :]
            numbers = np.arange(len(excess))[:, None]
            cells = (numbers + block.start) * width + columns
            found.append(cells[np.take_along_axis(excess, columns, axis=1) > -np.inf])
        return np.concatenate(found) if some else _none()

    def _all_above(self, prices: Numbers, per_worth: int, least: float) -> Whole:
        found = [_none()]
        for block in blocks(self.possible.shape):
            above = self._excess(block, prices, per_worth) >= least - _EXACT
            found.append(np.flatnonzero(above) + block.start * self.possible.shape[1])
            if sum(map(len, found)) + len(self.cells) > MOST_EDGES:
                return _none()
        return np.concatenate(found)

    # --- Solving ---------------------------------------------------------------------------------

    def _relaxed(self, goal: _Goal) -> tuple[Numbers, Numbers]:
        """The best without whole numbers, on all edges, and what a place of each person costs."""
        while True:
            limits, most = self._limits()
            # The types that scipy comes with don't know that it takes sparse tables.
            found = linprog(  # type: ignore[call-overload]
                -self._gains(goal), A_ub=limits, b_ub=most, bounds=(0, 1)
            )
            if found.x is None:
                raise RuntimeError(f"the solver gave up: {found.message}")
            people, covered = len(self.repair.free), len(self.waiting)
            marginals = -np.asarray(found.ineqlin.marginals, dtype=np.float64)
            prices = marginals[:people].copy()
            prices[self.waiting] -= marginals[people : people + covered]
            prices[self.at_stake] -= marginals[people + covered :][: len(self.at_stake)]
            more = self._gainful(prices, goal.per_worth)
            if not len(more):
                return np.asarray(found.x, dtype=np.float64), prices
            self._take(more)

    def _in_whole_numbers(self, goal: _Goal) -> Numbers:
        limits, most = self._limits()
        gains = self._gains(goal)
        found = milp(
            -gains,
            integrality=np.ones(len(gains), dtype=np.int64),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(limits, -np.inf, most),
            options={"mip_rel_gap": 0},
        )
        if found.x is None:
            raise RuntimeError(f"the solver gave up: {found.message}")
        return np.rint(found.x)

    def _gains(self, goal: _Goal) -> Numbers:
        worth = self.choice.worth[self.rows, self.columns].astype(np.float64)
        return np.concatenate(
            [
                worth * goal.per_worth,
                np.full(len(self.repair.loose), float(goal.per_loose)),
                np.full(len(self.waiting), float(goal.per_covered)),
            ]
        )

    def _limits(self) -> tuple[csr_array, Numbers]:
        """By person their places, who waits, who needs a partner; then what is granted, and what
        the goals before have reached."""
        repair, waiting = self.repair, len(self.waiting)
        loose = np.array(repair.loose, dtype=np.int64).reshape(-1, 2)
        partners = self._incidence(
            np.concatenate([self.rows, loose[:, 0]]), np.concatenate([self.columns, loose[:, 1]])
        )
        nobody = csr_array((len(repair.free), waiting))
        used = csr_array(hstack([partners, nobody]))
        covered = csr_array(hstack([-partners[self.waiting], eye_array(waiting)]))
        before = [(self.staying, len(repair.loose) - repair.changes), *self.reached]
        limits = vstack(
            [
                used,
                covered,
                -used[self.at_stake],
                csr_array(np.array([-self._gains(goal) for goal, _ in before])),
            ]
        )
        most = np.concatenate(
            [
                repair.movable,
                np.zeros(waiting),
                np.full(len(self.at_stake), -1.0),
                [-float(least) for _, least in before],
            ]
        )
        return csr_array(limits), most

    def _incidence(self, rows: Whole, columns: Whole) -> csr_array:
        """Who is in which pair."""
        people = np.concatenate([self.choice.mentors[rows], self.choice.mentees[columns]])
        entries = (np.ones(len(people)), (people, np.tile(np.arange(len(rows)), 2)))
        return csr_array(coo_array(entries, shape=(len(self.repair.free), len(rows))))


def _one_way_round(choice: Choice) -> Truth:
    """Who may meet whom, each two people once: the way round that is worth more."""
    people = len(choice.places)
    row, column = np.full(people, -1), np.full(people, -1)
    row[choice.mentors] = np.arange(len(choice.mentors))
    column[choice.mentees] = np.arange(len(choice.mentees))
    allowed = choice.allowed.copy()
    either = np.flatnonzero((row >= 0) & (column >= 0))
    some = np.ix_(row[either], column[either])
    worth = np.where(choice.allowed[some], choice.worth[some].astype(np.int64), -1)
    second = (worth < worth.T) | ((worth == worth.T) & np.tri(len(either), k=-1, dtype=bool))
    allowed[some] &= ~second
    return allowed


def _none() -> Whole:
    return np.zeros(0, dtype=np.int64)
