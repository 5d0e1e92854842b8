"""A proposal: who should meet whom, why, and why somebody is left without a partner.

Light to import; the choosing is in `domain/matching.py`.
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field

from domain.criteria import Objective
from domain.model import Value
from domain.people import Role


class ProposedPair(Value):
    """Two people who should meet.

    `mentor` and `mentee` are the caller's keys: references in files, random ids in the store.
    """

    mentor: str
    mentee: str
    score: float = Field(ge=0, le=100)
    """How well the preferences are met, in the definition's weights: 100 is all of them in full."""
    reasons: tuple[str, ...]
    """What speaks for the two, as far as they may read it: it stands in their introduction."""
    for_hr: tuple[str, ...] = ()
    """What else speaks for the two and is HR's alone."""
    against: tuple[str, ...] = ()
    """What counted against it, for HR alone."""
    fixed: bool = False
    """Whether HR decided it: matching anew leaves it as it is."""
    overruled: tuple[str, ...] = ()
    """Wishes of the definition that HR set aside for it, in words."""
    comment: str = ""
    """HR's note."""

    @property
    def two(self) -> tuple[str, str]:
        """Mentor and mentee."""
        return self.mentor, self.mentee

    @property
    def all_reasons(self) -> tuple[str, ...]:
        """All that speaks for the two, as HR reads it."""
        return (*self.reasons, *self.for_hr)


class Unmatched(Value):
    """Somebody who is in no pair, and why."""

    key: str
    role: Role | None
    """The role they would take; the first of them for who may take both, None for who may take
    none."""
    reasons: tuple[str, ...]
    relaxations: tuple[str, ...] = ()
    """Rules of which each, if it alone were relaxed, would have found them a partner."""
    place: int | None = None
    """Their place on the reserve list, from 1; None for who may take no role."""


class Reached(Value):
    """One point between most people and best total score: what a choice of pairs can reach."""

    people: int
    pairs: int
    score: float


class BlockingPair(Value):
    """Two who may meet and would both score higher together than with whom they have."""

    mentor: str
    mentee: str
    score: float
    """What the two would score."""


class Totals(Value):
    """What a proposal reaches, in the order of what was put first."""

    objective: Objective
    pairs: int
    people: int
    """How many people are in a pair."""
    score: float
    """Sum of the pairs' scores."""
    lowest: float | None
    """Score of the weakest pair."""


class Proposal(Value):
    """A set of matches, by the references' order. The same input gives the same proposal."""

    pairs: tuple[ProposedPair, ...]
    unmatched: tuple[Unmatched, ...]
    """By their place on the reserve list, who may take no role last."""
    not_looked_at: int = 0
    """For how many at the end of it relaxations were not sought, because there are so many."""
    fixed_not_made: tuple[str, ...] = ()
    """Why pairs that the definition fixes are not made, where the best pairs were sought: a line
    each, people by reference."""
    parted: tuple[tuple[str, str], ...] = ()
    """Pairs that are parted so that these can be made."""
    apart: tuple[tuple[str, str], ...] = ()
    """Two each who are not put together when the rest is matched anew: HR took them apart, or
    their pair has ended."""
    totals: Totals
    frontier: tuple[Reached, ...] = ()
    """What other choices would reach, from most people to best total score."""
    blocking: tuple[BlockingPair, ...] = ()
    """The blocking pairs that would gain most, at most 20."""
    blocking_count: int = 0
    """How many there are in all."""


class Chosen(NamedTuple):
    """A pair that somebody decided on, by the caller's keys."""

    mentor: str
    mentee: str
    fixed: bool = False
    comment: str = ""
