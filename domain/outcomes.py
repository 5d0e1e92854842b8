"""Outcomes: who is still there, and who rose, by a people file of a later day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from domain.disclosure import Gate, Group, Unit
from domain.model import Value


class Later(Value):
    """What a later people file says of somebody who was in the program's own."""

    present: bool
    level: str | None = None


class Outcome(Value):
    """What became of a group of people."""

    people: int
    stayed: int
    """Those whom the later file still has."""
    with_level: int
    """Those of them whose level both files know; 0 where they are too few to tell of."""
    promoted: int
    """Those of these who stand on a higher level now."""


class Outcomes(Value):
    """What became of those who took part, and of those who could have and did not.

    The two groups chose for themselves, or were chosen: what differs between them need not come
    from the program.
    """

    was_imported: bool
    took_part: Outcome | None = None
    """None where nothing was imported or too few took part to tell."""
    did_not: Outcome | None = None

    @property
    def told(self) -> dict[str, Outcome]:
        """Those of the two that may be told of, by name."""
        groups = {"took_part": self.took_part, "did_not": self.did_not}
        return {name: outcome for name, outcome in groups.items() if outcome is not None}


def outcomes_of(
    levels_then: Mapping[str, str | None],
    later: Mapping[str, Later],
    took_part: Iterable[str],
    levels: Sequence[str],
    threshold: int,
) -> Outcomes:
    """What became of people.

    Args:
        levels_then: everybody who could take part, with their level when the program began.
        later: what the later file says of them; who is not in it is left out of all counts.
        took_part: those of them who started in a pair.
        levels: from low to high.
        threshold: the fewest people to tell of.
    """
    known = {person: level for person, level in levels_then.items() if person in later}
    inside = frozenset(Unit(person) for person in took_part if person in known)
    outside = frozenset(Unit(person) for person in known) - inside
    gate = Gate(threshold)
    rank = {level: place for place, level in enumerate(levels)}

    def outcome(group: Group) -> Outcome | None:
        if not gate.admit(group):
            return None
        both = [
            (rank[then], rank[now])
            for unit in group
            if (then := known[unit.person]) in rank and (now := later[unit.person].level) in rank
        ]
        if len(both) < threshold:
            both = []
        return Outcome(
            people=len(group),
            stayed=sum(later[unit.person].present for unit in group),
            with_level=len(both),
            promoted=sum(now > then for then, now in both),
        )

    return Outcomes(was_imported=bool(later), took_part=outcome(inside), did_not=outcome(outside))
