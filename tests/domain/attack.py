"""Somebody who reads every number there is and solves for what was hidden.

They know who belongs to which group, which is more than any reader knows, and all that was
published: for each group how many gave each answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

Array = NDArray[np.float64]


class Attacker:
    """Learns counts of groups, and tries to pin what a group answered that was not published."""

    def __init__(self, answers: Sequence[Hashable]) -> None:
        self._answers = list(answers)
        self._known: list[tuple[frozenset[Hashable], Mapping[Hashable, int]]] = []

    def learns(self, group: Iterable[Hashable], counts: Mapping[Hashable, int]) -> None:
        """A group's answers were published: how many gave each."""
        self._known.append((frozenset(group), counts))

    @property
    def cells(self) -> list[frozenset[Hashable]]:
        """What the groups that they know cut people into; in a cell nobody is told from another."""
        everybody = frozenset().union(*(group for group, _ in self._known))
        signatures: dict[tuple[bool, ...], set[Hashable]] = {}
        for person in everybody:
            key = tuple(person in group for group, _ in self._known)
            signatures.setdefault(key, set()).add(person)
        return [frozenset(cell) for cell in signatures.values()]

    def pins(self, target: Collection[Hashable]) -> dict[Hashable, int]:
        """For which answers they know how many in the target gave them, and how many did.

        An integer program: least and most of each count, over everything that could have been
        answered. It knows nothing of gates and cells.
        """
        parts = [part for cell in self.cells for part in (cell & set(target), cell - set(target))]
        parts = [frozenset(part) for part in parts if part]
        width = len(self._answers)
        rows: list[Array] = []
        values: list[int] = []
        for number, part in enumerate(parts):  # everybody gave one answer
            row = np.zeros(len(parts) * width)
            row[number * width : (number + 1) * width] = 1
            rows.append(row)
            values.append(len(part))
        for group, counts in self._known:
            for place, answer in enumerate(self._answers):
                row = np.zeros(len(parts) * width)
                for number, part in enumerate(parts):
                    if part <= group:
                        row[number * width + place] = 1
                rows.append(row)
                values.append(counts.get(answer, 0))
        told = LinearConstraint(np.array(rows), values, values)
        most = np.repeat([float(len(part)) for part in parts], width)
        found: dict[Hashable, int] = {}
        for place, answer in enumerate(self._answers):
            wanted = np.zeros(len(parts) * width)
            for number, part in enumerate(parts):
                if part <= set(target):
                    wanted[number * width + place] = 1
            low, high = (_least(sign * wanted, told, most) * sign for sign in (1, -1))
            if low == high:
                found[answer] = low
        return found

    def explained(
        self, target: Collection[Hashable], truth: Mapping[Any, Hashable], threshold: int
    ) -> set[Hashable]:
        """The answers about which large cells agree: all of a cell gave one, or nobody did.

        That can't be hidden while the cell is told of (see `domain.disclosure`).
        """
        met = [cell for cell in self.cells if cell & set(target)]
        counts = [Counter(truth[person] for person in cell) for cell in met]
        return {
            answer
            for answer in self._answers
            if all(
                len(cell) >= threshold and count[answer] in (0, len(cell))
                for cell, count in zip(met, counts, strict=True)
            )
        }


def _least(wanted: Array, told: LinearConstraint, most: Array) -> int:
    """The least that a count can be, in whole people."""
    whole = np.ones(len(wanted), dtype=np.int64)
    end = milp(wanted, constraints=told, bounds=Bounds(0, most), integrality=whole)
    assert end.success, "the published numbers contradict each other"
    assert end.fun is not None
    return round(end.fun)
