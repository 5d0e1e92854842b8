"""Who may take which role."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from domain.definition import Definition
from domain.people import Person, Role


class _Obstacle(NamedTuple):
    """What keeps somebody from a role."""

    why: str
    """In words of the one person."""
    verb: str
    kind: str
    """After the verb, what several people have in common whom it keeps."""


def eligible_roles(definition: Definition, person: Person) -> tuple[Role, ...]:
    """The roles that the definition leaves a person, out of those the people file gives."""
    return tuple(role for role in Role if not why_not(definition, person, role))


def why_not(definition: Definition, person: Person, role: Role) -> tuple[str, ...]:
    """Every reason, in words, why a person may not take a role. Empty when they may."""
    if not person.roles:
        return ("the people file gives no role.",)
    if role not in person.roles:
        return (f"the people file does not say {role.value}.",)
    return tuple(obstacle.why for obstacle in _obstacles(definition, person, role))


def why_not_counted(definition: Definition, people: Iterable[Person]) -> tuple[str, ...]:
    """Why people may take no role at all: each reason with how many have it, most first.

    Somebody counts in each reason they have.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for person in people:
        if eligible_roles(definition, person):
            continue
        found = {
            (obstacle.verb, obstacle.kind)
            for role in person.roles
            for obstacle in _obstacles(definition, person, role)
        }
        counts.update(found or {("have", "no role in the people file")})
    one = {"have": "has", "are": "is"}
    return tuple(
        f"{count:,} {one[verb] if count == 1 else verb} {kind}"
        for (verb, kind), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _obstacles(definition: Definition, person: Person, role: Role) -> list[_Obstacle]:
    conditions = definition.eligibility.for_role(role)
    levels = definition.people.levels
    found: list[_Obstacle] = []
    if not person.consent:
        found.append(_Obstacle("has not agreed to be matched.", "have", "not agreed to be matched"))
    if conditions.min_level is not None or conditions.max_level is not None:
        if person.level not in levels:
            found.append(_Obstacle("their level is not known.", "have", "no level that is known"))
        else:
            rank = levels.index(person.level)
            lowest, highest = conditions.min_level, conditions.max_level
            if lowest is not None and rank < levels.index(lowest):
                bound = f"below {lowest}, the lowest level"
                why = f"{person.level} is {bound}."
                found.append(_Obstacle(why, "are", f"{bound} of a {role.value}"))
            if highest is not None and rank > levels.index(highest):
                bound = f"above {highest}, the highest level"
                why = f"{person.level} is {bound}."
                found.append(_Obstacle(why, "are", f"{bound} of a {role.value}"))
    identity = definition.people.identity.columns if definition.people.identity else ()
    for column, admitted in conditions.where.items():
        value = person.value_of(column)
        if value is not None and value.casefold() in {word.casefold() for word in admitted}:
            continue
        if column in identity:
            why = f"did not opt in, or {column} is not what is admitted."
        else:
            given = f"is “{value}”" if value else "is empty"
            why = f"{column} {given}; admitted: {', '.join(admitted)}."
        kind = f"no {column} that is admitted of a {role.value}"
        found.append(_Obstacle(why, "have", kind))
    return found
