"""What matching should know beyond the people who take part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.people import Person


@dataclass(frozen=True, slots=True)
class Background:
    """The rest of the organisation, and what was before. Empty where nothing is known."""

    everybody: tuple[Person, ...] = ()
    """All people of the people file: lines of managers may run through people who take no part."""
    met: frozenset[tuple[str, str]] = frozenset()
    """References of two who were a pair in an earlier program, one way round or the other."""
    left_over: Mapping[str, int] = field(default_factory=dict)
    """In how many earlier programs a person found no partner, by the caller's key."""
    said_yes: Mapping[str, datetime] = field(default_factory=dict)
    """When a person said that they take part, by the caller's key."""
