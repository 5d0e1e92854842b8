"""New partners for those who wait, with as few standing pairs parted as can be.

In up to three steps, of which the first two are mostly enough:

1. No pair may be parted, or parting does not cover more people than the free places do: the best
   pairs on the free places.
2. Parting as many as it takes to cover the most people stays within what is granted: the best
   pairs where a standing pair that stays gains more than all worth together.
3. What is granted is too little for that: `domain/bounded_repair.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

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
from domain.matrices import Truth, Whole


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
    return sorted(repair.parting_at_most(changes, likely=[*without_parting, *freely]))


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

    def parting_at_most(self, changes: int, likely: Pairs) -> Pairs:
        """As many covered as that allows, then the fewest partings, then worth most."""
        # Imported here: what it needs takes longer to load than most repairs take to find.
        from domain.bounded_repair import BoundedRepair, best_within  # noqa: PLC0415

        kept = set(self.kept)
        new, staying = best_within(
            BoundedRepair(
                choice=self.choice,
                free=self.free,
                movable=self.movable,
                at_stake=self.at_stake,
                loose=self.loose,
                changes=changes,
            ),
            [pair for pair in likely if pair not in kept],
        )
        return self._complete(staying, new)


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
