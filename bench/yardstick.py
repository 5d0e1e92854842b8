"""Judges pairs by the people's own rows, with nothing taken from the project or from the peer.

The rules of `bench/definitions/basic.yaml` and `civil_service.yaml` a third time, as plainly as can
be, in the peer's points: so that neither side marks its own work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from bench.population import GRADES, Row

LEAST_GAP, MOST_GAP = 2, 6
_NEVER = -1e9


class Rules(StrEnum):
    """Which of the two rule sets."""

    BASIC = "basic"
    PROGRAM = "program"


POINT_OF_HUNDRED = {Rules.BASIC: 5.0, Rules.PROGRAM: 2.5}
"""What a point is of a score from 0 to 100: 100 by the sum of the definition's weights."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a set of pairs comes to."""

    pairs: int
    points: int
    broken: tuple[str, ...]
    """Every hard rule that a pair breaks, and everybody who is in more than one pair."""


class Yardstick:
    """The rules, with the people they are about."""

    def __init__(self, rules: Rules, rows: Sequence[Row]) -> None:
        self._rules = rules
        self._rows = {row["id"]: row for row in rows}
        self._managers = {row["id"]: row.get("manager", "") for row in rows}
        self.mentors = [row["id"] for row in rows if row["role"] == "mentor"]
        self.mentees = [row["id"] for row in rows if row["role"] == "mentee"]

    def judge(self, pairs: Iterable[Pair]) -> Verdict:
        """Count, add up and look for broken rules."""
        pairs = list(pairs)
        broken = [
            f"{one}, {other}: {why}" for one, other in pairs for why in self.broken(one, other)
        ]
        used = Counter(person for pair in pairs for person in pair)
        broken += [f"{person} is in {count} pairs" for person, count in used.items() if count > 1]
        return Verdict(len(pairs), sum(self.points(*pair) for pair in pairs), tuple(broken))

    def broken(self, mentor: str, mentee: str) -> list[str]:
        """The hard rules that two people would break as a pair."""
        one, other = self._rows[mentor], self._rows[mentee]
        found = []
        if one["role"] != "mentor" or other["role"] != "mentee":
            found.append("roles")
        if one["organisation"] == other["organisation"]:
            found.append("same organisation")
        if not LEAST_GAP <= _gap(one, other) <= MOST_GAP:
            found.append("level gap")
        if self._rules is Rules.BASIC:
            return found
        if not set(one["languages"].split(";")) & set(other["languages"].split(";")):
            found.append("no language in common")
        if one["manager"] and one["manager"] == other["manager"]:
            found.append("same manager")
        if mentor in self._above(mentee) or mentee in self._above(mentor):
            found.append("reporting line")
        return found

    def points(self, mentor: str, mentee: str) -> int:
        """How well the preferences are met."""
        one, other = self._rows[mentor], self._rows[mentee]
        nearness = len(GRADES) - 1 - abs(_gap(one, other))
        if self._rules is Rules.BASIC:
            return nearness + 10 * (one["profession"] == other["profession"])
        skills = one["can teach"].split(";")
        first, second = other["wants to learn"].split(";")
        return (
            nearness
            + 10 * (first in skills)
            + 5 * (second in skills)
            + 5 * (one["profession"] == other["profession"])
            + 4 * (one["location"] != other["location"])
            + 3 * (one["generation"] != other["generation"])
            + 3 * bool(set(one["interests"].split(";")) & set(other["interests"].split(";")))
        )

    def _above(self, person: str) -> set[str]:
        manager = self._managers[person]
        return {manager, self._managers.get(manager, "")} - {""}

    def worth(self) -> NDArray[np.float64]:
        """The points of every pair, a row a mentor; far below zero where forbidden."""
        return np.array(
            [
                [
                    _NEVER if self.broken(one, other) else self.points(one, other)
                    for other in self.mentees
                ]
                for one in self.mentors
            ]
        )


def most_points(worth: NDArray[np.float64], pairs: int) -> int | None:
    """The most that so many pairs can be worth, everybody in one; None if there are no so many.

    As many stand-ins for mentors as mentees must go without, and the other way round, make it an
    ordinary assignment problem.
    """
    rows, columns = worth.shape
    size = rows + columns - pairs
    table = np.full((size, size), _NEVER)
    table[:rows, :columns] = worth
    table[:rows, columns:] = 0
    table[rows:, :columns] = 0
    best = float(table[linear_sum_assignment(table, maximize=True)].sum())
    return None if best <= _NEVER / 2 else round(best)


def _gap(mentor: Mapping[str, str], mentee: Mapping[str, str]) -> int:
    return GRADES.index(mentee["grade"]) - GRADES.index(mentor["grade"])
