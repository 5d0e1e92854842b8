"""Rules that protect people: a pair that comes to break one does not go on by itself."""

from __future__ import annotations

from collections.abc import Callable

from domain.background import Background
from domain.criteria import NoReportingLine, NoSharedManager, NotThesePairs
from domain.definition import Definition
from domain.organisation import organisation_of
from domain.pairing_rules import is_allowed
from domain.people import Person

PROTECTIVE = (NoReportingLine, NoSharedManager, NotThesePairs)
"""Rules that keep one of a pair from depending on the other, or that HR named two people in."""


def protection_check(
    definition: Definition, background: Background
) -> Callable[[Person, Person], bool]:
    """Whether mentor and mentee must not go on before HR has looked at them.

    A mentor who was promoted breaks `level_gap` and may well go on; one who now reports to the
    mentee can't say no to them.
    """
    organisation = organisation_of(definition, background.everybody, background)
    rules = [rule for rule in definition.matching.rules if isinstance(rule, PROTECTIVE)]

    def check(mentor: Person, mentee: Person) -> bool:
        return not all(is_allowed(rule, mentor, mentee, organisation) for rule in rules)

    return check
