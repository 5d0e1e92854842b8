"""Disclosure control: which groups of people may be told of, one beside the other.

Whoever reads several figures about the same answers can add and subtract them. Groups that are told
of cut the people behind them into cells: those in both, those in the one alone, those in the other
alone. All that can be worked out is then about whole cells, so no cell may hold fewer people than
the threshold. That goes beyond hiding small groups and beyond complementary suppression, and needs
no list of the sums that somebody might think of: it holds for everything that is computed from the
cells, in one report, in several, and in what is exported from them.

What it can't hide is what a whole cell has in common. Where everybody in it gave the same answer,
that answer is told of each of them, and where nobody gave one, that nobody did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar


class Unit(NamedTuple):
    """One answer of one person, as far as groups are concerned."""

    person: str
    answer: str = ""
    """Tells apart the answers that a person gave to the same question, as in two pairs."""


Group = frozenset[Unit]
Key = TypeVar("Key", bound=Hashable)


def people_in(group: Iterable[Unit]) -> int:
    """How many people a group is."""
    return len({unit.person for unit in group})


def is_told(group: Iterable[Unit], threshold: int) -> bool:
    """Whether a group by itself is large enough to be told of."""
    return people_in(group) >= threshold


class Gate:
    """Lets groups through to be told of, as long as no cell gets smaller than the threshold.

    The first to ask comes first: what was let through is never taken back, so that a later report
    says at least what an earlier one did. One gate stands before all that is made of the same
    answers.

    Args:
        threshold: the fewest people in a cell.
        told: groups that were told of before, each large enough by itself and none overlapping.
    """

    def __init__(self, threshold: int, told: Iterable[Group] = ()) -> None:
        self.threshold = threshold
        self._cells = [group for group in told if group]

    @property
    def cells(self) -> tuple[Group, ...]:
        """What the groups let through so far cut people into."""
        return tuple(self._cells)

    def allows(self, group: Group) -> bool:
        """Whether a group may be told of beside those that were let through."""
        return bool(group) and all(is_told(cell, self.threshold) for cell in self._cut_by(group))

    def admit(self, group: Group) -> bool:
        """Let a group through if it may be told of."""
        if not self.allows(group):
            return False
        self._cells = self._cut_by(group)
        return True

    def _cut_by(self, group: Group) -> list[Group]:
        rest = group
        cells: list[Group] = []
        for cell in self._cells:
            cells += [part for part in (cell & group, cell - group) if part]
            rest -= cell
        return [*cells, rest] if rest else cells


def admit_together(wanted: Sequence[tuple[Gate, Group]]) -> bool:
    """Let each group through its gate, or none of them. No gate may stand there twice."""
    if not all(gate.allows(group) for gate, group in wanted):
        return False
    for gate, group in wanted:
        gate.admit(group)
    return True


def told_together(wanted: Sequence[tuple[Gate, Mapping[str, Group]]]) -> frozenset[str]:
    """The most people of whom all gates may let their answers through, together.

    Where the others beside them would be too few, some are set aside until the others are enough:
    in an order that hangs on their ids alone, so that it says nothing of what they answered and is
    the same each time.

    Args:
        wanted: each gate with the answers behind it, by person. Every gate has the same people.

    Returns:
        Those who were not set aside; nobody where nothing can be told.
    """
    people = {person for _, answers in wanted for person in answers}
    while people:
        too_many = {one for gate, answers in wanted for one in _too_many(gate, answers, people)}
        if not too_many:
            return frozenset(people)
        people -= too_many
    return frozenset()


def _too_many(gate: Gate, answers: Mapping[str, Group], people: Collection[str]) -> set[str]:
    """Whom to set aside so that no cell of this gate gets too small by the rest."""
    told: Group = frozenset().union(*(answers.get(person, frozenset()) for person in people))
    beside = told.difference(*gate.cells)
    found: set[str] = set()
    for cell in (*gate.cells, beside):
        within = sorted({unit.person for unit in cell & told}, key=_by_chance)
        left = people_in(cell - told)
        missing = gate.threshold - left if left else 0
        if missing > 0:
            found.update(within[:missing])
            within = within[missing:]
        if len(within) < gate.threshold:
            found.update(within)
    return found


def _by_chance(person: str) -> bytes:
    return hashlib.sha256(person.encode()).digest()


def batches(arrived: Sequence[tuple[Unit, str | None]], threshold: int) -> list[Group]:
    """The groups in which answers may be told of while more are still coming.

    Two reports that are drawn one after the other differ by what came between them. So answers are
    told of by whole batches, in the order in which they came, and only while as many again are in
    hand and not yet told: then what comes with the next batch, or with the end, is never less.

    Args:
        arrived: the answers in the order they came, each with the role it was given in; a batch
            holds `threshold` people of every role that is in it, so that roles can be told too.
        threshold: the fewest people.

    Returns:
        The batches, the earliest first. With more answers behind them the same come first.
    """
    whole: list[Group] = []
    open_batch: list[tuple[Unit, str | None]] = []
    for one in arrived:
        open_batch.append(one)
        if _is_enough_in_each_role(open_batch, threshold):
            whole.append(frozenset(unit for unit, _ in open_batch))
            open_batch = []
    in_hand = {unit for unit, _ in open_batch}
    while whole and not is_told(in_hand, threshold):
        in_hand |= whole.pop()
    return whole


def _is_enough_in_each_role(batch: Sequence[tuple[Unit, str | None]], threshold: int) -> bool:
    by_role: dict[str | None, set[str]] = {}
    for unit, role in batch:
        by_role.setdefault(role, set()).add(unit.person)
    return all(len(people) >= threshold for people in by_role.values())


def joined_until_told(
    groups: Mapping[Key, Group], order: Sequence[Key], gate: Gate
) -> list[tuple[tuple[Key, ...], Group]] | None:
    """Split people by a column as finely as the gate lets through; None where it lets nothing.

    Groups that may not be told of by themselves are joined with the next ones in `order`, or where
    none is left with the one before. Nothing is told of a split into one group. The whole of
    `groups` has to have been let through before, or to be new to the gate.
    """
    parts: list[tuple[tuple[Key, ...], Group]] = []
    names: tuple[Key, ...] = ()
    group: Group = frozenset()
    for key in order:
        names, group = (*names, key), group | groups[key]
        if group and gate.allows(group):
            parts.append((names, group))
            names, group = (), frozenset()
    if group and parts:
        earlier, people = parts.pop()
        parts.append(((*earlier, *names), people | group))
    while len(parts) > 1 and not _all_allowed(gate, parts):
        (one, first), (other, second) = parts[-2:]
        parts[-2:] = [((*one, *other), first | second)]
    if len(parts) < 2:
        return None
    for _, people in parts:
        gate.admit(people)
    return parts


def _all_allowed(gate: Gate, parts: Sequence[tuple[tuple[Key, ...], Group]]) -> bool:
    """Whether all parts may be told of one beside the other."""
    trial = Gate(gate.threshold, gate.cells)
    return all(trial.admit(people) for _, people in parts)
