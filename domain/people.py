"""A person as the people file describes them, once its columns are read."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from domain.model import Value


class Role(StrEnum):
    """Which half of a pair somebody is."""

    MENTOR = "mentor"
    MENTEE = "mentee"

    @property
    def other(self) -> Role:
        """The partner's role."""
        return Role.MENTEE if self is Role.MENTOR else Role.MENTOR


class Preferences(Value):
    """How somebody would like to be written to."""

    calendar: bool = True
    """Whether calendar invitations come with the mails about dates."""


class Person(Value):
    """One row of the people file.

    `reference` is the organisation's own id (an employee number): it names the person in files
    that HR reads and never leaves the store. In Temporal a person has a random id instead.
    """

    reference: str
    name: str
    email: str
    roles: tuple[Role, ...]
    """What the person may be in this program. Both, in `mutual` mode or where the file says so."""
    level: str | None = None
    """Seniority, one of the definition's `people.levels`."""
    manager: str | None = None
    """`reference` of the line manager."""
    department: str | None = None
    location: str | None = None
    language: str = "en"
    """Of their mails and pages."""
    languages: tuple[str, ...] = ()
    """Codes of the languages that they can hold a session in; empty for that of their mails."""
    timezone: str | None = None
    country: str | None = None
    """Whose public holidays they have: a code like GB or GB-SCT; None for those of the program."""
    working_days: tuple[int, ...] = ()
    """Days of the week, Monday is 0; empty when not known."""
    working_hours: tuple[int, int] | None = None
    """From and until, in minutes after midnight on their own clock; None when not known."""
    skills: tuple[str, ...] = ()
    """What a mentor can teach."""
    skill_levels: dict[str, str] = Field(default_factory=dict)
    """How well they know a skill, one of the definition's `people.skill_levels`, where they said
    so."""
    goals: tuple[str, ...] = ()
    """What a mentee wants to learn, the most important first."""
    interests: tuple[str, ...] = ()
    capacity: int = Field(default=1, ge=1, le=50)
    """In how many pairs the person may be at once."""
    consent: bool = True
    """Whether they agreed to be matched; True where the definition does not ask."""
    opted_in: bool | None = None
    """Whether they agreed that what they say they are is used; None where nobody asks."""
    extra: dict[str, str] = Field(default_factory=dict)
    """Other columns that matching rules name, by our name for them."""

    def value_of(self, column: str) -> str | None:
        """What the person has in a column that a rule names; None when empty."""
        if column in _OURS:
            value = getattr(self, column)
            return value if isinstance(value, str) and value else None
        return self.extra.get(column) or None


_OURS = frozenset(Person.model_fields)
