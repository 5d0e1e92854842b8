"""What HR should hear before matching: rules that shut out too much, and pairs that can't be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from domain.background import Background
from domain.criteria import HardRule, LevelGap, NotThesePairs, Preference, Same, Shared
from domain.definition import Definition, Mode
from domain.explaining import points
from domain.ground import Ground
from domain.matching import rule_check
from domain.matrices import Truth, Whole
from domain.pairing_rules import rule_in_words, rule_with_name
from domain.people import Person, Role
from domain.problems import NearWords
from domain.relaxation import weaker_rules

NAMED = 10
"""So many people are named, and the others counted."""


def diagnose(
    definition: Definition, people: Iterable[Person], background: Background | None = None
) -> list[str]:
    """What HR should know before matching these people. Empty when nothing stands out."""
    return diagnosis_of(
        Ground(definition, {person.reference: person for person in people}, background)
    )


def diagnosis_of(ground: Ground) -> list[str]:
    """`diagnose`, where the ground is there already."""
    empty = [
        f"nobody may be a {role.value}: check people.role_words and eligibility."
        for role, count in zip(Role, ground.shape, strict=True)
        if not count
    ]
    values = _values_nobody_has(ground)
    if empty:
        return [*empty, *values]
    found = [] if ground.allowed.any() else _nothing_left(ground)
    if not found:
        found = [*_nobody_for_some(ground), *_floor_too_high(ground)]
        if ground.definition.program.mode is Mode.ONE_WAY:
            found += _shortage(ground)
    return [*found, *values] + [
        f"the preference {preference_name(preference)} says nothing of anybody, so that its "
        "weight counts for nothing: are the columns it compares empty?"
        for preference in ground.silent
    ]


def preference_name(preference: Preference) -> str:
    """What a preference compares, as HR wrote it."""
    column = getattr(preference, "column", None)
    return preference.prefer if column is None else f"{preference.prefer} {column}"


# --- Rules ---------------------------------------------------------------------------------------


def _nothing_left(ground: Ground) -> list[str]:
    """Which rules, alone or together, leave no pair at all."""
    rules = ground.definition.matching.rules
    found = [
        f"ruling out {rule_with_name(rule)} leaves 0 of {ground.pairs:,} pairs"
        f"{_of_scale(ground, rule)}."
        f"{_what_would_leave(ground, rule)}"
        for rule in rules
        if not _left_by(ground, rule)
    ]
    if found:
        return found
    together = (
        f"the hard rules together leave 0 of {ground.pairs:,} pairs, though none of them alone "
        "does."
    )
    left = [int(np.count_nonzero(ground.only_broken(number))) for number in range(len(rules))]
    if not left or not max(left):
        return [f"{together} Leaving out one of them would not help."]
    best = left.index(max(left))
    milder = _mildest_that_leaves(ground, best)
    more = ""
    if milder is not None:
        more = f"; ruling out {rule_in_words(milder[0])} instead would leave {milder[1]:,}"
    without = f"Allowing {rule_with_name(rules[best])} would leave {left[best]:,}{more}."
    return [f"{together} {without}"]


def _left_by(ground: Ground, rule: HardRule) -> int:
    left = ground.left_by(rule)
    ground.strike(left, ground.mentors, ground.mentors)
    return int(np.count_nonzero(left))


def _of_scale(ground: Ground, rule: HardRule) -> str:
    if not isinstance(rule, LevelGap):
        return ""
    return f"; the scale has {len(ground.organisation.ranks)} levels"


def _what_would_leave(ground: Ground, rule: HardRule) -> str:
    for steps in weaker_rules(ground, rule):
        for weaker in steps:
            if left := _left_by(ground, weaker):
                return f" Ruling out {rule_in_words(weaker)} instead would leave {left:,}."
    return ""


def _mildest_that_leaves(ground: Ground, number: int) -> tuple[HardRule, int] | None:
    for steps in weaker_rules(ground, ground.definition.matching.rules[number]):
        for weaker in steps:
            if left := int(np.count_nonzero(ground.without(number, weaker))):
                return weaker, left
    return None


def _nobody_for_some(ground: Ground) -> list[str]:
    somebody = _have_somebody(ground, ground.allowed)
    found: list[str] = []
    for who, side in _sides(ground):
        alone = side[~somebody[side]].tolist()
        if alone:
            found.append(
                f"the hard rules leave no partner for {len(alone):,} of {len(side):,} {who}: "
                f"{_named(ground, alone)}.{_which_rule_most(ground, set(alone))}"
            )
    return found


def _have_somebody(ground: Ground, pairs: Truth) -> Truth:
    """Whom these pairs leave a partner, in one role or the other."""
    have = np.zeros(len(ground.people), dtype=bool)
    have[ground.mentors[pairs.any(axis=1)]] = True
    have[ground.mentees[pairs.any(axis=0)]] = True
    return have


def _sides(ground: Ground) -> list[tuple[str, Whole]]:
    """Who may be a mentor and who a mentee, or in `mutual` mode all at once; and how to say so."""
    if ground.definition.program.mode is Mode.MUTUAL:
        return [("who take part", np.union1d(ground.mentors, ground.mentees))]
    return [("who may be a mentor", ground.mentors), ("who may be a mentee", ground.mentees)]


def _which_rule_most(ground: Ground, alone: set[int]) -> str:
    """Which rule, if it alone were left out, would give most of these people somebody."""
    best, most = None, 0
    for number, rule in enumerate(ground.definition.matching.rules):
        only = ground.only_broken(number)
        helped = alone.intersection(np.flatnonzero(_have_somebody(ground, only)).tolist())
        if len(helped) > most:
            best, most = rule, len(helped)
    if best is None:
        return ""
    return f" Allowing {rule_with_name(best)} would leave {most:,} of them somebody."


def _named(ground: Ground, people: Sequence[int]) -> str:
    named = ", ".join(ground.people[person].reference for person in people[:NAMED])
    return named if len(people) <= NAMED else f"{named} and {len(people) - NAMED:,} more"


def _floor_too_high(ground: Ground) -> list[str]:
    floor = ground.definition.matching.floor
    if floor is None:
        return []
    allowed = ground.allowed
    best = int(ground.worth.max(where=allowed, initial=0))
    if best < ground.floor_worth:
        return [
            f"the floor of {floor:g} is above the best score of all pairs that the hard rules "
            f"leave, {points(best):g}: nobody would be matched."
        ]
    below = _have_somebody(ground, allowed) & ~_have_somebody(ground, ground.permitted)
    return [
        f"the floor of {floor:g} leaves no partner for {len(alone):,} of {len(side):,} {who}: "
        f"{_named(ground, alone)}."
        for who, side in _sides(ground)
        if (alone := side[below[side]].tolist())
    ]


def _shortage(ground: Ground) -> list[str]:
    places = {
        Role.MENTOR: int(ground.places[ground.mentors].sum()),
        Role.MENTEE: int(ground.places[ground.mentees].sum()),
    }
    counts = dict(zip(Role, ground.shape, strict=True))
    return [
        f"{counts[role]:,} may be a {role.value}, but the other side has room for "
        f"{places[role.other]:,} pairs: at least {counts[role] - places[role.other]:,} will be "
        "left over."
        for role in Role
        if counts[role] > places[role.other]
    ]


# --- What nobody has -----------------------------------------------------------------------------


def _values_nobody_has(ground: Ground) -> list[str]:
    """What the definition names and nobody in the people file has: most likely misspelt."""
    definition = ground.definition
    everybody = {person.reference: person for person in ground.background.everybody}
    everybody |= {person.reference: person for person in ground.people}
    identity = ground.organisation.identity
    near_words = NearWords()
    found: list[str] = []
    for role in Role:
        for column, admitted in definition.eligibility.for_role(role).where.items():
            has = {value for p in everybody.values() if (value := p.value_of(column)) is not None}
            known = {value.casefold() for value in has}
            for value in admitted:
                if value.casefold() not in known:
                    # What people say they are is not told, not even that somebody says it.
                    near = "" if column in identity else _nearest(near_words, value, sorted(has))
                    words = f"eligibility.{role.value}.where: nobody has “{value}” in {column}."
                    found.append(f"{words} {near}".strip())
    for rule in definition.matching.rules:
        if isinstance(rule, Same | Shared) and not any(
            ground.organisation.values(person, rule.column) for person in everybody.values()
        ):
            found.append(f"nobody has anything in {rule.column}, which the rule {rule.rule} names.")
        if isinstance(rule, NotThesePairs):
            named = dict.fromkeys(reference for pair in rule.pairs for reference in pair)
            found += [
                f"not_these_pairs: nobody has the id “{reference}”. "
                f"{_nearest(near_words, reference, everybody)}".strip()
                for reference in named
                if reference not in everybody
            ]
    return found


# --- Fixed pairs ---------------------------------------------------------------------------------


def wrong_fixed_pairs(
    definition: Definition, people: Mapping[str, Person], background: Background | None = None
) -> list[tuple[int, str]]:
    """What is wrong with `matching.fixed`: which of its pairs, from 0, and what.

    A fixed pair may break a preference or the floor, but no hard rule; both must take part, and
    have a place for it.
    """
    known = {person.reference: person for person in people.values()}
    background = background or Background()
    everybody = {person.reference: person for person in background.everybody} | known
    broken = rule_check(definition, replace(background, everybody=tuple(everybody.values())))
    near_words = NearWords()
    used: Counter[str] = Counter()
    before: dict[frozenset[str], int] = {}
    found: list[tuple[int, str]] = []
    for number, pair in enumerate(definition.matching.fixed):
        unknown = [reference for reference in pair if reference not in known]
        found += [
            (
                number,
                f"{ref} takes no part."
                if ref in everybody
                else f"nobody has the id “{ref}”. {_nearest(near_words, ref, known)}".strip(),
            )
            for ref in unknown
        ]
        if unknown:
            continue
        mentor, mentee = pair
        found += [(number, why) for why in broken(known[mentor], known[mentee])]
        if frozenset(pair) in before:
            found.append((number, f"the same two as number {before[frozenset(pair)] + 1}."))
            continue
        before[frozenset(pair)] = number
        used.update(pair)
        found += [
            (
                number,
                f"{reference} would be in {used[reference]} pairs, but has room for "
                f"{known[reference].capacity}.",
            )
            for reference in pair
            if used[reference] > known[reference].capacity
        ]
    return found


def _nearest(near: NearWords, reference: str, known: Collection[str]) -> str:
    found = near.suggestion(reference, known)
    return f"Did you mean “{found}”?" if found else ""
