"""Who may take which role."""

from __future__ import annotations

from domain.definition import Definition
from domain.people import Person, Role


def eligible_roles(definition: Definition, person: Person) -> tuple[Role, ...]:
    """The roles that the definition leaves a person, out of those the people file gives."""
    return tuple(role for role in Role if not why_not(definition, person, role))


def why_not(definition: Definition, person: Person, role: Role) -> tuple[str, ...]:
    """Every reason, in words, why a person may not take a role. Empty when they may."""
    if not person.roles:
        return ("the people file gives no role.",)
    if role not in person.roles:
        return (f"the people file does not say {role.value}.",)
    conditions = definition.eligibility.for_role(role)
    levels = definition.people.levels
    reasons = [] if person.consent else ["has not agreed to be matched."]
    if conditions.min_level is not None or conditions.max_level is not None:
        if person.level not in levels:
            reasons.append("their level is not known.")
        else:
            rank = levels.index(person.level)
            lowest, highest = conditions.min_level, conditions.max_level
            if lowest is not None and rank < levels.index(lowest):
                reasons.append(f"{person.level} is below {lowest}, the lowest level.")
            if highest is not None and rank > levels.index(highest):
                reasons.append(f"{person.level} is above {highest}, the highest level.")
    identity = definition.people.identity.columns if definition.people.identity else ()
    for column, admitted in conditions.where.items():
        value = person.value_of(column)
        if value is not None and value.casefold() in {word.casefold() for word in admitted}:
            continue
        if column in identity:
            reasons.append(f"did not opt in, or {column} is not what is admitted.")
        else:
            given = f"is “{value}”" if value else "is empty"
            reasons.append(f"{column} {given}; admitted: {', '.join(admitted)}.")
    return tuple(reasons)
