"""New partners in the middle of a program, with as little disruption as can be.

Pairs end: somebody declines, withdraws, leaves or gets a new manager. Those who lost their partner,
and those on the reserve list, are matched anew on the places that are free. What comes first:

1. Most of those who wait get a partner.
2. If not all can, those who stand first on the reserve list do (`domain/reserve.py`).
3. The fewest standing pairs are parted: none, unless HR allows some changes, and only such as have
   not met.
4. The new pairs score most.

Nobody who has a partner is left without one, and no new pair is made but for somebody who would
have none without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from domain.assignment import Choice
from domain.background import Background
from domain.definition import Definition
from domain.explaining import pair_in_words, reserve_of, unmatched_in_words
from domain.ground import Ground
from domain.matrices import Truth
from domain.model import Value
from domain.people import Person
from domain.proposal import Chosen, ProposedPair, Unmatched
from domain.reassignment import repaired
from domain.relaxation import Standing

Cell = tuple[int, int]
"""A row and a column of the ground."""


class StandingPair(NamedTuple):
    """A pair on its way, by the caller's keys."""

    mentor: str
    mentee: str
    changeable: bool = False
    """Whether it may be parted, as far as HR allows changes: it has not met yet."""


class Repaired(Value):
    """What a repair comes to, by the caller's keys."""

    new: tuple[ProposedPair, ...]
    parted: tuple[tuple[str, str], ...]
    """Standing pairs that end so that the new ones can be."""
    unmatched: tuple[Unmatched, ...]
    """Who still waits and why, by their places on the reserve list."""


def repair(
    definition: Definition,
    people: Mapping[str, Person],
    standing: Sequence[StandingPair],
    *,
    background: Background | None = None,
    apart: Iterable[tuple[str, str]] = (),
    changes: int = 0,
) -> Repaired:
    """Find partners for those who are in no standing pair.

    Args:
        definition: the rules, the preferences and the floor; all hold for new pairs. A standing
            pair may break them.
        people: everybody in a standing pair and everybody who may be in a new one. Who is in a
            standing pair and still has a place is a possible partner.
        standing: the pairs on their way, each with two of `people`.
        background: the rest of the organisation, and what was before.
        apart: pairs that ended, and two who declined: they are never paired again.
        changes: how many of the changeable pairs may be parted.
    """
    ground = Ground(definition, people, background, apart)
    pairs = [
        (ground.position[pair.mentor], ground.position[pair.mentee], pair.changeable)
        for pair in standing
    ]
    # Where the two may not take their roles any more, the pair has no cell: it just takes places.
    cells = [ground.cell(mentor, mentee) for mentor, mentee, _ in pairs]
    kept = [cell for cell in cells if cell is not None]
    changeable = [
        may_change
        for (_, _, may_change), cell in zip(pairs, cells, strict=True)
        if cell is not None
    ]
    choice = _choice(ground, pairs, cells)

    def solved(waiting: Truth) -> list[Cell]:
        return repaired(replace(choice, waiting=waiting), kept, changeable, changes)

    after = _first_come_first(ground, choice, solved)
    parted = set(kept) - set(after)
    stay = [pair for pair, cell in zip(pairs, cells, strict=True) if cell not in parted]
    new = _needed(ground, stay, [cell for cell in after if cell not in set(kept)])
    unmatched, _ = unmatched_in_words(
        ground, Standing.of(ground, [*((a, b, True) for a, b, _ in stay), *new])
    )
    return Repaired(
        new=tuple(
            pair_in_words(ground, Chosen(ground.keys[mentor], ground.keys[mentee]))
            for mentor, mentee, _ in sorted(new)
        ),
        parted=tuple(
            (ground.keys[mentor], ground.keys[mentee])
            for (mentor, mentee, _), cell in sorted(
                zip(pairs, cells, strict=True), key=lambda entry: entry[0]
            )
            if cell in parted
        ),
        unmatched=unmatched,
    )


class Settled(Value):
    """What of some new pairs can be made now, and which pairs are parted for it."""

    new: tuple[tuple[str, str], ...]
    parted: tuple[tuple[str, str], ...]


def settle(
    new: Sequence[tuple[str, str]],
    parted: Sequence[tuple[str, str]],
    living: Iterable[tuple[str, str]],
    places: Mapping[str, int],
) -> Settled:
    """What still holds of a repair that was proposed some time ago, or edited since.

    A pair is parted only where both of its people get another partner and one of them needs the
    place; where it can't be parted, the new pair that needed it is not made. Of new pairs that
    don't fit together the first ones stay.

    Args:
        new: pairs that may be made, the most important first.
        parted: pairs that may be parted, each one of `living`.
        living: all pairs on their way.
        places: in how many pairs each person may be; who is not in it, in none.
    """
    made, gone, standing = list(new), list(parted), list(living)
    while True:
        wanted = Counter(key for pair in made for key in pair)
        taken = Counter(key for pair in standing if pair not in gone for key in pair)

        room = {key: places.get(key, 0) - taken[key] - wanted[key] for key in (*wanted, *taken)}
        stays = next(
            (
                pair
                for pair in gone
                if not all(wanted[key] for key in pair) or all(room[key] > 0 for key in pair)
            ),
            None,
        )
        if stays is not None:
            gone.remove(stays)
            continue
        too_much = next((p for p in reversed(made) if any(room[key] < 0 for key in p)), None)
        if too_much is None:
            return Settled(new=tuple(made), parted=tuple(gone))
        made.remove(too_much)


def _choice(
    ground: Ground, pairs: Sequence[tuple[int, int, bool]], cells: Sequence[Cell | None]
) -> Choice:
    """Everybody, with those who are in no pair as waiting."""
    in_pairs, without_cell = np.zeros((2, len(ground.people)), dtype=np.int64)
    may_change = np.zeros(len(ground.people), dtype=bool)
    for (mentor, mentee, changeable), cell in zip(pairs, cells, strict=True):
        for person in (mentor, mentee):
            in_pairs[person] += 1
            without_cell[person] += cell is None
            may_change[person] |= changeable
    # Two who both have a partner need no new pair, unless one of them may lose theirs.
    settled = (in_pairs > 0) & ~may_change
    allowed = ground.permitted
    allowed[np.ix_(settled[ground.mentors], settled[ground.mentees])] = False
    return Choice(
        mentors=ground.mentors,
        mentees=ground.mentees,
        allowed=allowed,
        worth=ground.worth,
        places=np.maximum(ground.places - without_cell, 0),
        waiting=in_pairs == 0,
        objective=ground.definition.matching.objective,
    )


def _first_come_first(
    ground: Ground, choice: Choice, solved: Callable[[Truth], list[Cell]]
) -> list[Cell]:
    """A best solution in which, where not all who wait can be covered, the first of them are.

    Goes down the reserve list and passes over whoever can't be covered together with those
    before. The sets of people that some choice of pairs covers are a matroid, so that this covers
    as many as any way does (Edmonds and Fulkerson, Transversals and matroid partition, 1965). With
    a bound on partings it may not; then most people come first.
    """
    best = solved(choice.waiting)
    most = choice.people_covered(best)
    line = _line(ground, np.flatnonzero(choice.waiting).tolist())
    if most == len(line):
        return best
    sure: list[int] = []

    def covers(people: Sequence[int]) -> list[Cell] | None:
        waiting = np.zeros_like(choice.waiting)
        waiting[people] = True
        found = solved(waiting)
        asked_for = replace(choice, waiting=waiting)
        return found if asked_for.people_covered(found) == len(people) else None

    start = 0
    while start < len(line) and len(sure) < most:
        # The longest stretch of the list, from here on, that can be covered with those before.
        low, high = start, min(len(line), start + most - len(sure))
        while low < high:
            middle = (low + high + 1) // 2
            if covers([*sure, *line[start:middle]]) is None:
                high = middle - 1
            else:
                low = middle
        sure += line[start:low]
        start = low + 1
    return (covers(sure) if len(sure) == most else None) or best


def _line(ground: Ground, waiting: Sequence[int]) -> list[int]:
    """All who wait, by their places; the lists of mentors and mentees in turn."""
    places = [
        (place, number, ground.position[key])
        for number, keys in enumerate(reserve_of(ground, waiting))
        for place, key in enumerate(keys)
    ]
    return [person for _, _, person in sorted(places)]


def _needed(
    ground: Ground, stay: Sequence[tuple[int, int, bool]], cells: Sequence[Cell]
) -> list[tuple[int, int, bool]]:
    """The new pairs but those whose two would both have a partner without it, weakest first."""
    used = Counter(person for mentor, mentee, _ in stay for person in (mentor, mentee))
    new = [(int(ground.mentors[row]), int(ground.mentees[column])) for row, column in cells]
    used.update(person for pair in new for person in pair)
    needed: list[tuple[int, int, bool]] = []
    for mentor, mentee in sorted(new, key=lambda pair: (ground.worth_of_pair(*pair), pair)):
        if used[mentor] > 1 and used[mentee] > 1:
            used.subtract((mentor, mentee))
        else:
            needed.append((mentor, mentee, False))
    return needed
