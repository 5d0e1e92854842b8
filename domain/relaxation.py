"""Which single wish of HR's, if it were less strict, would find somebody a partner.

The pairs that there are stay where they can: a relaxation counts only if the person would then be
matched without anybody else's being left without a partner. That is so when a chain of changes
leads from them to a free place: they take the place of somebody, who takes the place of somebody
else, and so on. The chains are followed backwards from the free places, for everybody at once.

In `mutual` mode, and wherever people may take either role, a chain may not meet anybody twice.
Chains that would have to are not followed, so that something possible may go unsaid; what is said
always holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from domain.assignment import TOP_WORTH
from domain.criteria import (
    HardRule,
    LevelGap,
    NoReportingLine,
    Objective,
    Shared,
    SharedHours,
)
from domain.ground import Ground
from domain.matrices import Truth, Whole
from domain.pairing_rules import rule_in_words, rule_with_name
from domain.people import Role

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Standing:
    """The pairs that there are, by the ground's positions of people."""

    mentors: Whole
    mentees: Whole
    held: Truth
    """Which of them can't be given up."""
    in_pairs: Whole
    """In how many of them each person is."""

    @classmethod
    def of(cls, ground: Ground, pairs: Sequence[tuple[int, int, bool]]) -> Standing:
        """From mentor, mentee and whether the pair is held."""
        mentors = np.array([mentor for mentor, _, _ in pairs], dtype=np.int64)
        mentees = np.array([mentee for _, mentee, _ in pairs], dtype=np.int64)
        both = np.concatenate([mentors, mentees])
        return cls(
            mentors=mentors,
            mentees=mentees,
            held=np.array([held for _, _, held in pairs], dtype=bool),
            in_pairs=np.bincount(both, minlength=len(ground.people)),
        )


def relaxations(
    ground: Ground, standing: Standing, unmatched: Sequence[int]
) -> dict[int, tuple[str, ...]]:
    """For each of these people, what each alone would have found them a partner.

    Args:
        ground: who takes part.
        standing: the pairs.
        unmatched: positions of people who are in none of them and may take a role.
    """
    found: dict[int, list[str]] = {person: [] for person in unmatched}
    chains = _Chains(ground, standing)

    def tell(people: list[int], words: str) -> None:
        for person in people:
            found[person].append(words)

    permitted = ground.permitted
    already = chains.helped(permitted, unmatched)
    if ground.definition.matching.objective is Objective.BEST_SCORE:
        tell(already, "most_people as the objective")
    else:
        tell(already, "none is needed: matching the others anew would")
    rest = [person for person in unmatched if person not in set(already)]
    for number, rule in enumerate(ground.definition.matching.rules):
        if not rest or not ground.only_broken(number).any():
            continue
        helped = chains.helped(ground.without(number), rest)
        milder: set[int] = set()
        for weaker in weaker_rules(ground, rule) if helped else ():
            steps = [partial(ground.without, number, less) for less in weaker]
            for step, people in _mildest(chains, steps, helped):
                tell(
                    people,
                    f"ruling out {rule_in_words(weaker[step])} instead of {rule_with_name(rule)}",
                )
                milder.update(people)
        tell([p for p in helped if p not in milder], f"allowing {rule_with_name(rule)}")
    _tell_of_floor(ground, chains, rest, tell)
    _tell_of_places(ground, chains, permitted, rest, tell)
    return {person: tuple(words) for person, words in found.items()}


def _tell_of_floor(
    ground: Ground, chains: _Chains, rest: list[int], tell: Callable[[list[int], str], None]
) -> None:
    floor = ground.definition.matching.floor
    if floor is None or not rest:
        return
    helped = chains.helped(ground.allowed, rest)
    lower = range(int(np.ceil(floor)) - 1, -1, -1)
    steps = [partial(ground.with_floor, points * TOP_WORTH // 100) for points in lower]
    for step, people in _mildest(chains, steps, helped):
        words = f"a floor of {lower[step]}" if lower[step] else "no floor"
        tell(people, f"{words} in place of {floor:g}")


def _tell_of_places(
    ground: Ground,
    chains: _Chains,
    permitted: Truth,
    rest: list[int],
    tell: Callable[[list[int], str], None],
) -> None:
    for person in rest:
        for role in ground.roles[person]:
            count = len(chains.takers(permitted, person, role))
            if count:
                which = "the only one" if count == 1 else f"any of the {count:,}"
                other = role.other.value
                tell([person], f"one more place for a {other}: {which} whom the rules leave them")


def weaker_rules(ground: Ground, rule: HardRule) -> list[list[HardRule]]:
    """Ways to make a rule less strict: each from the mildest to the weakest."""

    def less(setting: str, values: Iterable[float]) -> list[HardRule]:
        return [rule.model_copy(update={setting: value}) for value in values]

    match rule:
        case LevelGap():
            highest = len(ground.organisation.ranks) - 1
            upper = range(rule.max + 1, highest + 1) if rule.max is not None else ()
            return [less("min", range(rule.min - 1, -1, -1)), less("max", upper)]
        case NoReportingLine():
            return [less("depth", range(rule.depth - 1, 0, -1))]
        case Shared():
            return [less("min", range(rule.min - 1, 0, -1))]
        case SharedHours():
            halves = range(int(np.ceil(rule.hours * 2)) - 1, 0, -1)
            return [
                less("hours", [half / 2 for half in halves]),
                less("days", range(rule.days - 1, 0, -1)),
            ]
        case _:
            return []


def _mildest(
    chains: _Chains, steps: Sequence[Callable[[], Truth]], people: Sequence[int]
) -> Iterator[tuple[int, list[int]]]:
    """For each step, whom it helps and no milder one does. Each step allows more than the last."""
    waiting = [(0, len(steps) - 1, list(people))]
    while waiting:
        first, last, group = waiting.pop()
        if first > last or not group:
            continue
        middle = (first + last) // 2
        helped = chains.helped(steps[middle](), group)
        if helped and first == middle:
            yield middle, helped
        elif helped:
            waiting.append((first, middle, helped))
        waiting.append((middle + 1, last, [p for p in group if p not in set(helped)]))


class _Chains:
    """The changes by which somebody who waits can come to a partner.

    A chain goes: who waits is paired with a taker; the taker, whose places are full, gives up
    somebody; who has nobody else is paired with the next taker; until a taker has a free place, or
    gives up somebody who has another partner.
    """

    def __init__(self, ground: Ground, standing: Standing) -> None:
        self._ground = ground
        self._standing = standing
        self._free: Truth = standing.in_pairs < ground.places
        loose = ~standing.held
        one, other = standing.mentors[loose], standing.mentees[loose]
        self._takers = np.concatenate([one, other])
        self._given_up = np.concatenate([other, one])
        """Whom each of `_takers` could give up."""

    def helped(self, edges: Truth, people: Sequence[int]) -> list[int]:
        """Who of these would be matched if just these pairs were permitted."""
        reached: dict[tuple[Role, ...], Whole] = {}

        def ends_for(person: int, role: Role) -> Whole:
            takers = self.takers(edges, person, role)
            ends: Whole
            seekers = tuple(Role) if self._ground.both_sides else (role,)
            if seekers not in reached:
                reached[seekers] = self._ends(edges, seekers)
            ends = reached[seekers][takers]
            ends = ends[ends != NOBODY]
            if len(ends) and (ends == person).all():
                # All of these chains end at the free place of who waits. Look for others.
                ends = self._ends(edges, seekers, but=person)[takers]
                ends = ends[ends != NOBODY]
            return ends

        return [
            person
            for person in people
            if any(len(ends_for(person, role)) for role in self._ground.roles[person])
        ]

    def takers(self, edges: Truth, person: int, role: Role) -> Whole:
        """Whom these pairs leave a person who takes this role."""
        ground = self._ground
        found: Whole = (
            ground.mentees[edges[ground.row[person]]]
            if role is Role.MENTOR
            else ground.mentors[edges[:, ground.column[person]]]
        )
        return found

    def _ends(self, edges: Truth, seekers: tuple[Role, ...], but: int = NOBODY) -> Whole:
        """For each taker, at whose place a chain from them ends; NOBODY where none does.

        Args:
            edges: the pairs that may be made.
            seekers: the roles of those who look for a new partner.
            but: whose free place does not count.
        """
        ground = self._ground
        sides = {Role.MENTOR: ground.row >= 0, Role.MENTEE: ground.column >= 0}
        may_take = np.logical_or.reduce([sides[role.other] for role in seekers])
        ends: Whole = np.full(len(ground.people), NOBODY, dtype=np.int64)
        free = np.flatnonzero(self._free & may_take)
        ends[free] = free
        if but != NOBODY:
            ends[but] = NOBODY
        has_another = self._standing.in_pairs[self._given_up] > 1
        giving = has_another & (ends[self._takers] == NOBODY) & may_take[self._takers]
        ends[self._takers[giving]] = self._given_up[giving]
        seen = ends != NOBODY
        only = ~has_another & may_take[self._takers]
        takers, given_up = self._takers[only], self._given_up[only]
        front = np.flatnonzero(seen)
        while len(front):
            # Who is on a chain already is on no longer one, so that none meets anybody twice.
            open_ = ~seen[given_up] & ~seen[takers]
            takers, given_up = takers[open_], given_up[open_]
            end = np.full(len(given_up), NOBODY, dtype=np.int64)
            for role in seekers:
                to = self._first(edges, given_up, front, role)
                end = np.where((end == NOBODY) & (to != NOBODY), ends[to], end)
            going = np.flatnonzero(end != NOBODY)
            ends[takers[going]] = end[going]
            seen[given_up[going]] = True
            seen[takers[going]] = True
            front = takers[going]
        return ends

    def _first(self, edges: Truth, seekers: Whole, takers: Whole, role: Role) -> Whole:
        """For each seeker in this role the first of the takers whom they may be paired with."""
        ground = self._ground
        lines, others = ground.row, ground.column
        matrix = edges
        if role is Role.MENTEE:
            lines, others, matrix = others, lines, edges.T
        found: Whole = np.full(len(seekers), NOBODY, dtype=np.int64)
        here = np.flatnonzero(lines[seekers] >= 0)
        there = takers[others[takers] >= 0]
        if len(here) and len(there):
            near = matrix[np.ix_(lines[seekers[here]], others[there])]
            first = near.argmax(axis=1)
            has = near[np.arange(len(here)), first]
            found[here[has]] = there[first[has]]
        return found
