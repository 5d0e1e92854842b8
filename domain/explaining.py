"""Saying why: for each pair, for everybody without one, and who would rather have each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.assignment import TOP_WORTH
from domain.criteria import HardRule, Preference
from domain.eligibility import why_not
from domain.ground import Ground, Worth
from domain.matrices import Truth, Whole, blocks
from domain.pairing_rules import (
    may_be_told,
    preference_in_words,
    rule_in_words,
    rule_speaks_for,
)
from domain.people import Role
from domain.proposal import BlockingPair, Chosen, ProposedPair, Unmatched
from domain.relaxation import Standing, relaxations
from domain.reserve import reserve_lists

T = TypeVar("T", bound=np.generic)

LOOKED_AT = 200
"""For so many of the unmatched relaxations are sought, from the head of the reserve list."""

BLOCKING_SHOWN = 20


def points(worth: int) -> float:
    """A worth as a score of 100."""
    return worth * 100 / TOP_WORTH


# --- Pairs ---------------------------------------------------------------------------------------


def pair_in_words(ground: Ground, pair: Chosen) -> ProposedPair:
    """A pair with its score, what speaks for it, what counted against it and was overruled."""
    one, other = ground.position[pair.mentor], ground.position[pair.mentee]
    mentor, mentee = ground.people[one], ground.people[other]
    matching = ground.definition.matching
    around = ground.organisation
    speaks_for: list[tuple[HardRule | Preference, str | None]] = []
    against: list[str | None] = []
    for preference in matching.preferences:
        good, bad = preference_in_words(preference, mentor, mentee, around)
        speaks_for.append((preference, good))
        against.append(bad)
    speaks_for += [(rule, rule_speaks_for(rule, mentor, mentee, around)) for rule in matching.rules]
    told = {words: None for by, words in speaks_for if words and may_be_told(by, around)}
    untold = {words: None for _, words in speaks_for if words and words not in told}
    worth = ground.worth_of_pair(one, other)
    overruled: tuple[str, ...] = ()
    if pair.fixed and matching.floor is not None and worth < ground.floor_worth:
        overruled = (f"scores {points(worth):g}, below the floor of {matching.floor:g}",)
    return ProposedPair(
        mentor=pair.mentor,
        mentee=pair.mentee,
        score=points(worth),
        reasons=tuple(told),
        for_hr=tuple(untold),
        against=tuple(dict.fromkeys(words for words in against if words)),
        fixed=pair.fixed,
        overruled=overruled,
        comment=pair.comment,
    )


# --- Those who are left over ---------------------------------------------------------------------


def unmatched_in_words(ground: Ground, standing: Standing) -> tuple[tuple[Unmatched, ...], int]:
    """Who is in no pair and why, by their places on the reserve list.

    Also for how many at its end relaxations were not sought.
    """
    alone = np.flatnonzero(standing.in_pairs == 0).tolist()
    waiting = [person for person in alone if ground.roles[person]]
    lists = reserve_of(ground, waiting)
    places = {key: place for keys in lists for place, key in enumerate(keys, start=1)}
    looked_at = sorted(waiting, key=lambda person: (places[ground.keys[person]], person))
    looked_at = looked_at[: _most_looked_at(ground)]
    less_strict = relaxations(ground, standing, looked_at)
    reasons = _why_alone(ground, standing, waiting)
    found = [
        Unmatched(
            key=key,
            role=ground.roles[person][0],
            reasons=tuple(reasons[person]),
            relaxations=less_strict.get(person, ()),
            place=places[key],
        )
        for keys in lists
        for key in keys
        for person in (ground.position[key],)
    ]
    found += [_no_role(ground, person) for person in alone if not ground.roles[person]]
    return tuple(found), len(waiting) - len(looked_at)


def reserve_of(ground: Ground, waiting: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """The reserve lists of these people, who may each take a role."""
    return reserve_lists(
        ground.definition,
        {ground.keys[p]: (ground.people[p], ground.roles[p][0]) for p in waiting},
        ground.background,
    )


def _most_looked_at(ground: Ground) -> int:
    # Where people may take either role, chains are followed for each person apart.
    if ground.both_sides:
        return min(LOOKED_AT, max(20_000_000 // len(ground.people) ** 2, 10))
    return LOOKED_AT


def _no_role(ground: Ground, person: int) -> Unmatched:
    reasons = tuple(
        f"not eligible as {role.value}: {reason}"
        for role in ground.people[person].roles
        for reason in why_not(ground.definition, ground.people[person], role)
    )
    reasons = reasons or ("the people file gives no role.",)
    return Unmatched(key=ground.keys[person], role=None, reasons=reasons)


def _why_alone(ground: Ground, standing: Standing, people: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {person: [] for person in people}
    free = standing.in_pairs < ground.places
    allowed, permitted = ground.allowed, ground.permitted
    for role in Role:
        those = [person for person in people if role in ground.roles[person]]
        for batch in range(0, len(those), _AT_ONCE):
            some = those[batch : batch + _AT_ONCE]
            lines = (ground.row if role is Role.MENTOR else ground.column)[some]
            told = _why_alone_as(ground, lines, role, allowed, permitted, free)
            for person, reasons in zip(some, told, strict=True):
                both = len(ground.roles[person]) > 1
                found[person] += [f"as {role.value}: {why}" if both else why for why in reasons]
    return found


_AT_ONCE = 512


def _why_alone_as(
    ground: Ground, lines: Whole, role: Role, allowed: Truth, permitted: Truth, free: Truth
) -> list[list[str]]:
    """For the people of these rows, or columns, what keeps them from everybody of the other."""
    as_mentor = role is Role.MENTOR
    people = (ground.mentors if as_mentor else ground.mentees)[lines]
    others = ground.mentees if as_mentor else ground.mentors

    def of(pairs: NDArray[T]) -> NDArray[T]:
        """Their part of a matrix: a row for each of them."""
        return pairs[lines] if as_mentor else pairs[:, lines].T

    def left_by(rule: HardRule) -> Truth:
        if as_mentor:
            return ground.left_by(rule, rows=lines)
        return ground.left_by(rule, columns=lines).T

    themselves = people[:, None] == others[None, :]
    count = len(others) - themselves.sum(axis=1)
    allowed, permitted, worth = of(allowed), of(permitted), of(ground.worth)
    possible, with_place = permitted.sum(axis=1), permitted[:, free[others]].sum(axis=1)
    shut_out = [
        (rule, (~left_by(rule) & ~themselves).sum(axis=1))
        for rule in ground.definition.matching.rules
        if not possible.all()
    ]
    below = allowed.sum(axis=1)
    best = np.where(allowed, worth, 0)
    facing_lines = ground.column if as_mentor else ground.row
    kept_apart = Counter(one for one, other in ground.apart if facing_lines[other] >= 0)
    floor = ground.definition.matching.floor
    what_rules = "hard rules" if floor is None else "hard rules and the floor"
    told: list[list[str]] = []
    for number, person in enumerate(people.tolist()):
        of_all = f"of {count[number]:,} {role.other.value}s"
        if not count[number]:
            told.append([f"nobody else may be a {role.other.value}."])
        elif possible[number]:
            but = "but their places went to others"
            if with_place[number]:
                but = f"{with_place[number]:,} of them with a free place"
            told.append([f"the {what_rules} leave {possible[number]:,} {of_all}, {but}."])
        else:
            told.append(
                [
                    f"{_are(shut[number], of_all)} shut out by {rule_in_words(rule)}."
                    for rule, shut in shut_out
                    if shut[number]
                ]
            )
            if kept := kept_apart[person]:
                told[-1].append(f"{_are(kept, of_all)} kept apart from them: {KEPT_APART}.")
            if below[number]:
                told[-1].append(
                    f"the floor of {floor:g} shuts out {below[number]:,} {of_all}: the best of "
                    f"them would score {points(int(best[number].max())):g}."
                )
    return told


def _are(count: int, of_all: str) -> str:
    return f"{count:,} {of_all} {'is' if count == 1 else 'are'}"


KEPT_APART = "one of the two declined, or their pair ended"


# --- Who would rather have each other ------------------------------------------------------------


def blocking_pairs(ground: Ground, standing: Standing) -> tuple[tuple[BlockingPair, ...], int]:
    """The blocking pairs that would gain most, and how many there are.

    Two block the proposal who may meet, are no pair, and each of whom either has a free place or
    would score higher with the other than in their weakest pair. Pairs that HR fixed are not up
    for exchange. The gain is what both would score more, a free place counting as nothing.
    """
    nobody = np.iinfo(np.uint16).max
    weakest = np.full(len(ground.people), nobody, dtype=np.int64)
    loose = ~standing.held
    mentors, mentees = standing.mentors[loose], standing.mentees[loose]
    worth = np.array(
        [ground.worth_of_pair(a, b) for a, b in zip(mentors, mentees, strict=True)], dtype=np.int64
    )
    for side in (mentors, mentees):
        np.minimum.at(weakest, side, worth)
    free = standing.in_pairs < ground.places
    wanted = np.where(free, 0, np.minimum(weakest + 1, nobody)).astype(np.uint16)
    given_up = np.where(free, 0, weakest)
    possible = ground.permitted
    ground.strike(possible, standing.mentors, standing.mentees)
    count = 0
    best: list[tuple[int, int, int]] = []
    for block in blocks(ground.shape):
        blocking = possible[block]
        blocking &= ground.worth[block] >= wanted[ground.mentors[block]][:, None]
        blocking &= ground.worth[block] >= wanted[ground.mentees][None, :]
        rows, columns = np.nonzero(blocking)
        rows += block.start
        if ground.both_sides:
            better = _better_way_round(ground, rows, columns, wanted)
            rows, columns = rows[better], columns[better]
        count += len(rows)
        ones, others = ground.mentors[rows], ground.mentees[columns]
        gain = 2 * ground.worth[rows, columns].astype(np.int64) - given_up[ones] - given_up[others]
        first = np.lexsort((columns, rows, -gain))[:BLOCKING_SHOWN]
        best += zip(
            (-gain[first]).tolist(), rows[first].tolist(), columns[first].tolist(), strict=True
        )
    return tuple(
        BlockingPair(
            mentor=ground.keys[ground.mentors[row]],
            mentee=ground.keys[ground.mentees[column]],
            score=points(int(ground.worth[row, column])),
        )
        for _, row, column in sorted(best)[:BLOCKING_SHOWN]
    ), count


def _better_way_round(ground: Ground, rows: Whole, columns: Whole, wanted: Worth) -> Truth:
    """Which of these pairs would not rather meet the other way round; of two alike the first."""
    ones, others = ground.mentors[rows], ground.mentees[columns]
    turned_row, turned_column = ground.row[others], ground.column[ones]
    there = np.flatnonzero((turned_row >= 0) & (turned_column >= 0))
    cells = turned_row[there], turned_column[there]
    turned, straight = ground.worth[cells], ground.worth[rows[there], columns[there]]
    also = ground.allowed_at(*cells) & (turned >= ground.floor_worth)
    also &= (turned >= wanted[ones[there]]) & (turned >= wanted[others[there]])
    also &= (turned > straight) | ((turned == straight) & (others[there] < ones[there]))
    better = np.ones(len(rows), dtype=bool)
    better[there[also]] = False
    return better
