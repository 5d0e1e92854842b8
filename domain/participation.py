"""Participation: how far people came, who took part, and who was left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum

from domain.disclosure import Gate, Group, Unit, joined_until_told
from domain.model import Value


class Participant(Value):
    """Somebody in the people file, as far as a report may count them."""

    person: str
    department: str | None
    level: str | None
    location: str | None
    eligible: bool
    joined: bool


class Column(StrEnum):
    """What groups people."""

    DEPARTMENT = "department"
    LEVEL = "level"
    LOCATION = "location"


class Came(Value):
    """How far the people of a group came."""

    could: int
    """Those who were eligible."""
    joined: int
    matched: int
    """Those who were in a pair."""
    completed: int
    """Those whose pair completed."""


class ReachRow(Value):
    """One group, or several that are too small to be told of one by one."""

    groups: tuple[str | None, ...]
    """What the column says; None for who has an empty cell."""
    came: Came


class Reach(Value):
    """Who took part, by one column of the people file."""

    column: Column
    rows: tuple[ReachRow, ...]
    """Empty where even the largest groups can't be told of beside the columns before it."""


def reach_of(
    people: Sequence[Participant],
    matched: Collection[str],
    completed: Collection[str],
    levels: Sequence[str],
    threshold: int,
) -> tuple[Reach, ...]:
    """Who took part, by each column that the people file fills, as finely as may be told.

    All columns stand behind one gate: two tables side by side must not give away a small group
    that both of them cut out. Departments come first, and the later ones are told of more coarsely
    or not at all.
    """
    eligible = {Unit(one.person): one for one in people if one.eligible}
    gate = Gate(threshold)
    if not gate.admit(frozenset(eligible)):
        return ()

    def came(group: Group) -> Came:
        members = [unit.person for unit in group]
        return Came(
            could=len(members),
            joined=sum(eligible[unit].joined for unit in group),
            matched=sum(person in matched for person in members),
            completed=sum(person in completed for person in members),
        )

    found: list[Reach] = []
    for column in Column:
        groups = _grouped(eligible, column)
        if len(groups) < 2:
            continue
        parts = joined_until_told(groups, _in_order(groups, column, levels), gate)
        rows = [ReachRow(groups=names, came=came(group)) for names, group in parts or ()]
        found.append(Reach(column=column, rows=tuple(rows)))
    return tuple(found)


def _grouped(people: Mapping[Unit, Participant], column: Column) -> dict[str | None, Group]:
    value: Callable[[Participant], str | None] = {
        Column.DEPARTMENT: lambda one: one.department,
        Column.LEVEL: lambda one: one.level,
        Column.LOCATION: lambda one: one.location,
    }[column]
    found: dict[str | None, set[Unit]] = {}
    for unit, person in people.items():
        found.setdefault(value(person), set()).add(unit)
    return {key: frozenset(units) for key, units in found.items()}


def _in_order(
    groups: Mapping[str | None, Group], column: Column, levels: Sequence[str]
) -> list[str | None]:
    """Levels from low to high, others from large to small, so that neighbours may be joined."""
    if column is Column.LEVEL:
        rank = {level: place for place, level in enumerate(levels)}
        return sorted(groups, key=lambda name: (name is None, rank.get(name or "", 0), name or ""))
    return sorted(groups, key=lambda name: (-len(groups[name]), name is None, name or ""))
