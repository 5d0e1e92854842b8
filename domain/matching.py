"""Matching: who should meet whom, why, and why somebody is left without a partner.

Imports numpy and scipy, so workflows never import it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from domain.assignment import TOP_WORTH, Choice, best_pairs
from domain.definition import Definition, HardRule, LevelGap, Mode, Objective
from domain.eligibility import eligible_roles, why_not
from domain.model import Value
from domain.pairing_rules import (
    allowed_by,
    liking_of,
    organisation_of,
    preference_in_words,
    rule_in_words,
    rule_speaks_for,
    why_broken,
)
from domain.people import Person, Role


class ProposedPair(Value):
    """Two people who should meet.

    `mentor` and `mentee` are the caller's keys: references in files, random ids in the store.
    """

    mentor: str
    mentee: str
    score: float = Field(ge=0, le=100)
    """How well the preferences are met, in the definition's weights: 100 is all of them in full."""
    reasons: tuple[str, ...]
    """What speaks for the two, for HR and for them."""
    against: tuple[str, ...] = ()
    """What counted against it, for HR alone."""
    fixed: bool = False
    """Whether HR decided it."""
    comment: str = ""
    """HR's note."""


class Unmatched(Value):
    """Somebody who is in no pair, and why."""

    key: str
    role: Role | None
    """The role they would take; the first of them for who may take both, None for who may take
    none."""
    reasons: tuple[str, ...]


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
    totals: Totals


class Chosen(NamedTuple):
    """A pair that somebody decided on, by the caller's keys."""

    mentor: str
    mentee: str
    fixed: bool = False
    comment: str = ""


def match(
    definition: Definition,
    people: Mapping[str, Person],
    *,
    everybody: Iterable[Person] = (),
    fixed: Sequence[tuple[str, str]] = (),
    apart: Iterable[tuple[str, str]] = (),
) -> Proposal:
    """The best pairs among `people`, under the hard rules and by the preferences.

    Nobody is in more pairs than their capacity, with themselves, or with the same person twice.
    The order in which people are given makes no difference.

    Args:
        definition: the rules, the preferences and what comes first.
        people: those who take part, by the key that the proposal should name them with. Which
            role each may take follows from `domain.eligibility`.
        everybody: all people of the people file, when that is more: lines of managers may run
            through people who take no part.
        fixed: pairs (mentor, mentee) that HR set. They are kept as they are, with the rest
            matched around them.
        apart: pairs of keys that may not be made, in either direction: two who declined.
    """
    ground = _Ground(definition, people, everybody)
    chosen = [Chosen(mentor, mentee, fixed=True) for mentor, mentee in fixed]
    in_pairs = Counter(key for pair in fixed for key in pair)
    allowed = ground.allowed.copy()
    for one, other in (*apart, *fixed):
        ground.forbid(allowed, one, other)
    places = [
        max(p.capacity - in_pairs[k], 0) for k, p in zip(ground.keys, ground.people, strict=True)
    ]
    found = best_pairs(
        Choice(
            mentors=ground.mentors,
            mentees=ground.mentees,
            allowed=allowed,
            worth=ground.worth(),
            places=np.array(places, dtype=np.int64),
            waiting=np.array([key not in in_pairs for key in ground.keys], dtype=bool),
            objective=definition.matching.objective,
        )
    )
    chosen += [
        Chosen(ground.keys[ground.mentors[row]], ground.keys[ground.mentees[column]])
        for row, column in found
    ]
    return _written_out(ground, chosen)


def proposal_of(
    definition: Definition,
    people: Mapping[str, Person],
    chosen: Sequence[Chosen],
    *,
    everybody: Iterable[Person] = (),
) -> Proposal:
    """The proposal that consists of just these pairs, with scores, reasons and who is left."""
    return _written_out(_Ground(definition, people, everybody), chosen)


def broken_rules(
    definition: Definition, mentor: Person, mentee: Person, *, everybody: Iterable[Person] = ()
) -> list[str]:
    """Each hard rule that these two would break as a pair, in words; their roles included."""
    return rule_check(definition, (*everybody, mentor, mentee))(mentor, mentee)


def rule_check(
    definition: Definition, everybody: Iterable[Person]
) -> Callable[[Person, Person], list[str]]:
    """`broken_rules` for many pairs out of the same people."""
    organisation = organisation_of(definition.people.levels, everybody)

    def check(mentor: Person, mentee: Person) -> list[str]:
        if mentor.reference == mentee.reference:
            return ["nobody is paired with themselves."]
        broken = [
            f"not eligible as {role.value}: {reason}"
            for person, role in ((mentor, Role.MENTOR), (mentee, Role.MENTEE))
            for reason in why_not(definition, person, role)
        ]
        broken += [
            why_broken(rule, mentor, mentee, organisation)
            for rule in definition.matching.rules
            if not allowed_by(rule, [mentor], [mentee], organisation)[0, 0]
        ]
        return broken

    return check


def diagnose(definition: Definition, people: Iterable[Person]) -> list[str]:
    """What HR should know before matching these people. Empty when nothing stands out."""
    ground = _Ground(definition, {person.reference: person for person in people}, ())
    counts = {Role.MENTOR: len(ground.mentors), Role.MENTEE: len(ground.mentees)}
    found = [
        f"nobody may be a {role.value}: check people.role_words and eligibility."
        for role, count in counts.items()
        if not count
    ]
    if found:
        return found
    pairs = int(ground.apart_from_self.sum())
    for rule, left in zip(definition.matching.rules, ground.left, strict=True):
        if not left.any():
            other = _smaller_gap(ground, rule) if isinstance(rule, LevelGap) else ""
            found.append(f"{rule_in_words(rule)} leaves 0 of {pairs:,} pairs.{other}")
    if found:
        return found
    if not ground.allowed.any():
        return [
            f"the hard rules together leave 0 of {pairs:,} pairs, though none of them alone does."
        ]
    for role, alone in (
        (Role.MENTOR, ground.mentors[~ground.allowed.any(axis=1)]),
        (Role.MENTEE, ground.mentees[~ground.allowed.any(axis=0)]),
    ):
        if len(alone):
            names = ", ".join(ground.people[person].reference for person in alone)
            found.append(
                f"the hard rules leave no partner for {len(alone)} of {counts[role]} who may be a "
                f"{role.value}: {names}."
            )
    if definition.program.mode is Mode.ONE_WAY:
        found += _shortage(ground)
    return found


def _smaller_gap(ground: _Ground, rule: LevelGap) -> str:
    for least in range(rule.min - 1, -1, -1):
        left = int(ground.left_by(rule.model_copy(update={"min": least})).sum())
        if left:
            return f" A gap of {least} would leave {left:,}."
    return ""


def _shortage(ground: _Ground) -> list[str]:
    places = {
        role: sum(ground.people[person].capacity for person in side)
        for role, side in ((Role.MENTOR, ground.mentors), (Role.MENTEE, ground.mentees))
    }
    counts = {Role.MENTOR: len(ground.mentors), Role.MENTEE: len(ground.mentees)}
    return [
        f"{counts[role]} may be a {role.value}, but the other side has room for "
        f"{places[role.other]} pairs: at least {counts[role] - places[role.other]} will be left "
        "over."
        for role in Role
        if counts[role] > places[role.other]
    ]


# --- The ground that pairs are chosen on ---------------------------------------------------------


class _Ground:
    """Everybody who takes part in the order of their references, and who may meet whom."""

    def __init__(
        self, definition: Definition, people: Mapping[str, Person], everybody: Iterable[Person]
    ) -> None:
        self.definition = definition
        ordered = sorted(people.items(), key=lambda entry: (entry[1].reference, entry[0]))
        self.keys = [key for key, _ in ordered]
        self.people = [person for _, person in ordered]
        self.position = {key: number for number, key in enumerate(self.keys)}
        known = {person.reference: person for person in (*everybody, *self.people)}
        self.organisation = organisation_of(definition.people.levels, known.values())
        self.roles = [eligible_roles(definition, person) for person in self.people]
        self.mentors = self._side(Role.MENTOR)
        self.mentees = self._side(Role.MENTEE)
        self.apart_from_self: NDArray[np.bool_] = self.mentors[:, None] != self.mentees[None, :]
        self.left = [self.left_by(rule) for rule in definition.matching.rules]
        self.allowed = np.logical_and.reduce([self.apart_from_self, *self.left])

    def _side(self, role: Role) -> NDArray[np.int64]:
        found = [number for number, roles in enumerate(self.roles) if role in roles]
        return np.array(found, dtype=np.int64)

    def side_people(self, side: NDArray[np.int64]) -> list[Person]:
        """The people at these positions."""
        return [self.people[number] for number in side]

    def left_by(self, rule: HardRule) -> NDArray[np.bool_]:
        """The pairs that one rule leaves, nobody with themselves."""
        return self.apart_from_self & allowed_by(
            rule,
            self.side_people(self.mentors),
            self.side_people(self.mentees),
            self.organisation,
        )

    def forbid(self, allowed: NDArray[np.bool_], one: str, other: str) -> None:
        """Strike two people out, in both directions."""
        if one in self.position and other in self.position:
            a, b = self.position[one], self.position[other]
            for mentor, mentee in ((a, b), (b, a)):
                allowed[np.ix_(self.mentors == mentor, self.mentees == mentee)] = False

    def worth(self) -> NDArray[np.int64]:
        """What each pair is worth, from 0 to `TOP_WORTH`."""
        return worth_of(
            self.definition, self.side_people(self.mentors), self.side_people(self.mentees)
        )


def worth_of(
    definition: Definition, mentors: Sequence[Person], mentees: Sequence[Person]
) -> NDArray[np.int64]:
    """What each pair is worth in whole numbers: its score, times 100.

    The mean of the preferences in their weights; without preferences all pairs are worth the
    same. In `mutual` mode both teach, so both directions count alike. Whole numbers make sums
    exact, so that what is best does not hang on the order of additions.
    """
    preferences = definition.matching.preferences
    if not preferences:
        return np.full((len(mentors), len(mentees)), TOP_WORTH, dtype=np.int64)
    mean = np.zeros((len(mentors), len(mentees)))
    total = sum(preference.weight for preference in preferences)
    for preference in preferences:
        liking = liking_of(preference, mentors, mentees)
        if definition.program.mode is Mode.MUTUAL:
            liking = (liking + liking_of(preference, mentees, mentors).T) / 2
        mean += liking * (preference.weight / total)
    # Rounded twice: products of matrices of different sizes differ in their last bits.
    return np.rint(np.round(mean * TOP_WORTH, 6)).astype(np.int64)


# --- Saying why ----------------------------------------------------------------------------------


def _written_out(ground: _Ground, chosen: Iterable[Chosen]) -> Proposal:
    def by_reference(pair: Chosen) -> tuple[int, int]:
        return ground.position[pair.mentor], ground.position[pair.mentee]

    pairs = tuple(_in_words(ground, pair) for pair in sorted(chosen, key=by_reference))
    matched = {key for pair in pairs for key in (pair.mentor, pair.mentee)}
    scores = [pair.score for pair in pairs]
    return Proposal(
        pairs=pairs,
        unmatched=tuple(
            _why_unmatched(ground, number)
            for number, key in enumerate(ground.keys)
            if key not in matched
        ),
        totals=Totals(
            objective=ground.definition.matching.objective,
            pairs=len(pairs),
            people=len(matched),
            score=round(sum(scores), 2),
            lowest=min(scores, default=None),
        ),
    )


def _in_words(ground: _Ground, pair: Chosen) -> ProposedPair:
    definition = ground.definition
    mentor = ground.people[ground.position[pair.mentor]]
    mentee = ground.people[ground.position[pair.mentee]]
    speaks_for: list[str | None] = []
    against: list[str | None] = []
    for preference in definition.matching.preferences:
        good, bad = preference_in_words(preference, mentor, mentee)
        speaks_for.append(good)
        against.append(bad)
    speaks_for += [
        rule_speaks_for(rule, mentor, mentee, ground.organisation)
        for rule in definition.matching.rules
    ]
    return ProposedPair(
        mentor=pair.mentor,
        mentee=pair.mentee,
        score=int(worth_of(definition, [mentor], [mentee])[0, 0]) * 100 / TOP_WORTH,
        reasons=tuple(dict.fromkeys(words for words in speaks_for if words)),
        against=tuple(dict.fromkeys(words for words in against if words)),
        fixed=pair.fixed,
        comment=pair.comment,
    )


def _why_unmatched(ground: _Ground, number: int) -> Unmatched:
    roles = ground.roles[number]
    if not roles:
        person = ground.people[number]
        reasons = tuple(
            f"not eligible as {role.value}: {reason}"
            for role in person.roles
            for reason in why_not(ground.definition, person, role)
        )
        reasons = reasons or ("the people file gives no role.",)
        return Unmatched(key=ground.keys[number], role=None, reasons=reasons)
    reasons = tuple(
        reason if len(roles) == 1 else f"as {role.value}: {reason}"
        for role in roles
        for reason in _why_alone(ground, number, role)
    )
    return Unmatched(key=ground.keys[number], role=roles[0], reasons=reasons)


def _why_alone(ground: _Ground, number: int, role: Role) -> list[str]:
    side = ground.mentors if role is Role.MENTOR else ground.mentees
    here = int(np.flatnonzero(side == number)[0])

    def count(pairs: NDArray[np.bool_]) -> int:
        return int((pairs[here] if role is Role.MENTOR else pairs[:, here]).sum())

    others, possible = count(ground.apart_from_self), count(ground.allowed)
    if not others:
        return [f"nobody else may be a {role.other.value}."]
    if possible:
        return [
            f"the hard rules leave {possible} of {others} {role.other.value}s, but their places "
            "went to others."
        ]
    return [
        f"{rule_in_words(rule)} shuts out {others - count(left)} of {others} {role.other.value}s."
        for rule, left in zip(ground.definition.matching.rules, ground.left, strict=True)
        if count(left) < others
    ]
