"""New partners for those who wait, with as few standing pairs parted as can be.

Exact, in up to three steps of which the first is mostly enough:

1. No pair may be parted, or parting does not cover more people than the free places do: the best
   pairs on the free places.
2. Parting as many as it takes to cover the most people stays within what is granted: the best
   pairs where a standing pair that stays gains more than all worth together.
3. What is granted is too little for that: a program in whole numbers (HiGHS through
   `scipy.optimize.milp`), solved for coverage, then for partings, then for worth.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.assignment import (
    TOP_WORTH,
    Choice,
    Counting,
    Pairs,
    best_pairs,
    most_gainful,
    without_idle,
)
from domain.criteria import Objective

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_EDGES = 100_000
"""The third step looks at all possible new pairs up to this number; beyond it, at the `LIKELIEST`
of each person only, so that it may then miss the best choice. It stays within what is granted."""
LIKELIEST = 10

Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]


def repaired(
    choice: Choice, kept: Sequence[tuple[int, int]], changeable: Sequence[bool], changes: int
) -> Pairs:
    """All pairs after a repair: those of `kept` that stay, and the new ones.

    Most of those who wait are covered, then the fewest standing pairs are parted, then the new
    pairs are worth most in all. Nobody who had a partner is left without one, and no two who were
    parted are paired anew.

    Args:
        choice: everybody. `places` includes those that kept pairs use; `waiting` is who has no
            partner. New pairs are made wherever places are free, also between people who have
            partners: give no further places to those who should get none. `objective` makes no
            difference here.
        kept: the pairs that stand, allowed or not.
        changeable: for each of them, whether it may be parted.
        changes: how many of them may be parted at most.
    """
    repair = _Repair(choice, list(kept), changeable)
    without_parting = repair.without_parting()
    loose = len(repair.loose)
    if not min(changes, loose) or repair.covered(without_parting) == repair.coverable:
        return sorted(without_parting)
    freely = repair.parting_freely()
    if repair.covered(freely) == repair.covered(without_parting):
        return sorted(without_parting)
    if repair.parted(freely) <= changes:
        return sorted(repair.parting_least(like=freely))
    return sorted(repair.parting_at_most(changes))


class _Repair:
    def __init__(self, choice: Choice, kept: Pairs, changeable: Sequence[bool]) -> None:
        self.kept = kept
        self.loose = [pair for pair, may_go in zip(kept, changeable, strict=True) if may_go]
        self.firm = [pair for pair, may_go in zip(kept, changeable, strict=True) if not may_go]
        by_firm, by_loose = (_pairs_of(choice, pairs) for pairs in (self.firm, self.loose))
        at_stake = (by_loose > 0) & (by_firm == 0)
        self.waiting = choice.waiting & (by_loose + by_firm == 0)
        self.at_stake = at_stake
        """Who could lose their only partners."""
        self.free = np.maximum(choice.places - by_loose - by_firm, 0)
        self.movable = self.free + by_loose
        """The places that firm pairs don't use."""
        self.choice = dataclasses.replace(
            choice,
            allowed=_without_kept(choice, kept),
            waiting=self.waiting,
            objective=Objective.MOST_PEOPLE,
        )
        reachable = np.zeros(len(choice.places), dtype=bool)
        reachable[choice.mentors[self.choice.allowed.any(axis=1)]] = True
        reachable[choice.mentees[self.choice.allowed.any(axis=0)]] = True
        self.coverable = int((self.waiting & reachable & (self.free > 0)).sum())

    def covered(self, pairs: Pairs) -> int:
        return self.choice.people_covered(pairs)

    def parted(self, pairs: Pairs) -> int:
        return len(set(self.kept) - set(pairs))

    def without_parting(self) -> Pairs:
        return self.kept + best_pairs(dataclasses.replace(self.choice, places=self.free))

    def parting_freely(self) -> Pairs:
        """As many covered as can be, with the fewest partings for that, whatever they are worth."""
        return self._counted(0, stays=1, covers=len(self.loose) + 1, left=int(self.waiting.sum()))

    def parting_least(self, like: Pairs) -> Pairs:
        """As many covered with as few partings as in `like`, and worth most among those.

        A parting more frees two places, and with them up to two new pairs more. So no number of
        partings beyond those of `like` makes up in worth for `stays` each, and nobody left
        uncovered is made up for by worth and fewer partings together.
        """
        parted = self.parted(like)
        free = dataclasses.replace(self.choice, places=self.free).most_pairs
        stays = TOP_WORTH * (free + 2 * parted + 2) + 1
        left = int(self.waiting.sum()) - self.covered(like)
        return self._counted(1, stays=stays, covers=stays * (parted + 1), left=left)

    def _counted(self, per_worth: int, stays: int, covers: int, left: int) -> Pairs:
        """Whoever has a partner must keep one: that counts more than to cover the `left` more who
        wait."""
        covering = np.where(self.at_stake, covers * (left + 2), covers * self.waiting)
        pairs = most_gainful(
            dataclasses.replace(self.choice, places=self.movable),
            Counting(per_worth, covering, set_pairs=self.loose, set_gain=stays),
        )
        staying = set(self.loose) & set(pairs)
        return self._complete(
            [pair for pair in self.loose if pair in staying],
            [pair for pair in pairs if pair not in staying],
        )

    def _complete(self, staying: Pairs, new: Pairs) -> Pairs:
        standing = self.firm + staying
        needing = dataclasses.replace(self.choice, waiting=self.waiting | self.at_stake)
        return standing + without_idle(needing, new, standing)

    # --- The third step --------------------------------------------------------------------------

    def parting_at_most(self, changes: int) -> Pairs:
        rows, columns = self._edges(changes)
        ends = (self.choice.mentors[rows], self.choice.mentees[columns])
        loose = np.array(self.loose, dtype=np.int64)
        loose_ends = (self.choice.mentors[loose[:, 0]], self.choice.mentees[loose[:, 1]])
        found = _solved(
            _Program(
                meets=_incidence(ends, len(self.free)),
                stays=_incidence(loose_ends, len(self.free)),
                worth=self.choice.worth[rows, columns].astype(np.float64),
                places=self.movable,
                waiting=np.flatnonzero(self.waiting),
                at_stake=np.flatnonzero(self.at_stake),
                changes=changes,
            )
        )
        new, staying = found[: len(rows)], found[len(rows) : len(rows) + len(loose)]
        return self._complete(
            [pair for pair, stays in zip(self.loose, staying, strict=True) if stays],
            list(zip(rows[new].tolist(), columns[new].tolist(), strict=True)),
        )

    def _edges(self, changes: int) -> tuple[Whole, Whole]:
        """New pairs that so many partings can make, each two people once."""
        # A place is free, or it takes a parting to free one, or it can't be had.
        takes = np.where(self.free > 0, 0, np.where(self.movable > 0, 1, changes + 1))
        partings = takes[self.choice.mentors][:, None] + takes[self.choice.mentees][None, :]
        rows, columns = np.nonzero(self.choice.allowed & (partings <= changes))
        worth = self.choice.worth[rows, columns].astype(np.int64)
        ends = np.sort(
            np.stack([self.choice.mentors[rows], self.choice.mentees[columns]], axis=1), axis=1
        )
        order = np.lexsort((-worth, ends[:, 1], ends[:, 0]))
        first = np.ones(len(order), dtype=bool)
        first[1:] = (ends[order][1:] != ends[order][:-1]).any(axis=1)
        once = np.sort(order[first])
        rows, columns, worth = rows[once], columns[once], worth[once]
        if len(rows) > MOST_EDGES:
            with_free_place = partings[rows, columns] < 2
            likely = np.zeros(len(rows), dtype=bool)
            for people in (rows, columns):
                for among in (with_free_place, ~with_free_place):
                    some = np.flatnonzero(among)
                    likely[some] |= _rank(people[some], worth[some]) < LIKELIEST
            rows, columns = rows[likely], columns[likely]
        return rows, columns


@dataclasses.dataclass(frozen=True, slots=True)
class _Program:
    """Which edges to use, which loose pairs stay, and who of those who wait is covered."""

    meets: csr_array
    """People by new edges."""
    stays: csr_array
    """People by loose pairs."""
    worth: NDArray[np.float64]
    places: Whole
    waiting: Whole
    at_stake: Whole
    changes: int


def _solved(program: _Program) -> Truth:
    # Imported here: it takes longer to load than most repairs take to find.
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415
    from scipy.sparse import csr_array, eye_array, hstack  # noqa: PLC0415

    new, loose, waiting = len(program.worth), program.stays.shape[1], len(program.waiting)
    partners = csr_array(hstack([program.meets, program.stays]))
    people = partners.shape[0]
    used = csr_array(hstack([partners, csr_array((people, waiting))]))
    covered = csr_array(hstack([partners[program.waiting], -eye_array(waiting)]))
    nothing = np.zeros(new + loose + waiting)
    worth, staying, covering = nothing.copy(), nothing.copy(), nothing.copy()
    worth[:new], staying[new : new + loose], covering[new + loose :] = program.worth, 1, 1
    constraints = [
        LinearConstraint(used, -np.inf, program.places),
        LinearConstraint(used[program.at_stake], 1, np.inf),
        LinearConstraint(covered, 0, np.inf),
        LinearConstraint(staying, loose - program.changes, np.inf),
    ]
    chosen = nothing
    for gain in (covering, staying, worth):
        found = milp(
            -gain,
            integrality=np.ones(len(gain), dtype=np.int64),
            bounds=Bounds(0, 1),
            constraints=constraints,
            options={"mip_rel_gap": 0},
        )
        if found.x is None:
            raise RuntimeError(f"the solver gave up: {found.message}")
        chosen = np.rint(found.x)
        constraints.append(LinearConstraint(gain, float(gain @ chosen) - 0.5, np.inf))
    return np.asarray(chosen > 0)


def _incidence(ends: tuple[Whole, Whole], people: int) -> csr_array:
    from scipy.sparse import coo_array, csr_array  # noqa: PLC0415

    edges = len(ends[0])
    numbers = np.tile(np.arange(edges), 2)
    entries = (np.ones(2 * edges), (np.concatenate(ends), numbers))
    return csr_array(coo_array(entries, shape=(people, edges)))


def _rank(people: Whole, worth: Whole) -> Whole:
    """For each edge, how many edges of the same person are worth more; earlier ones first."""
    order = np.lexsort((np.arange(len(people)), -worth, people))
    counts = np.bincount(people)
    starts = np.cumsum(counts) - counts
    rank = np.empty(len(people), dtype=np.int64)
    rank[order] = np.arange(len(people)) - starts[people[order]]
    return rank


def _pairs_of(choice: Choice, pairs: Pairs) -> Whole:
    """In how many of the pairs each person is."""
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    people = np.concatenate([choice.mentors[table[:, 0]], choice.mentees[table[:, 1]]])
    return np.bincount(people, minlength=len(choice.places))


def _without_kept(choice: Choice, kept: Pairs) -> Truth:
    """Who may be paired anew: nobody with whom they are in a pair."""
    row = np.full(len(choice.places), -1)
    column = np.full(len(choice.places), -1)
    row[choice.mentors] = np.arange(len(choice.mentors))
    column[choice.mentees] = np.arange(len(choice.mentees))
    allowed = choice.allowed.copy()
    for one, other in kept:
        mentor, mentee = choice.mentors[one], choice.mentees[other]
        allowed[one, other] = False
        if row[mentee] >= 0 and column[mentor] >= 0:
            allowed[row[mentee], column[mentor]] = False
    return allowed
