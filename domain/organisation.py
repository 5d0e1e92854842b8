"""What rules and preferences know of the organisation, and how they read a person's columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from domain.background import Background
from domain.criteria import OnAScale
from domain.definition import Definition, Mode
from domain.hours import USUAL_DAYS, WorkingTime, working_time_of
from domain.languages import NAME_OF
from domain.people import Person

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Organisation:
    """What rules need to know beyond the two people."""

    ranks: Mapping[str, int]
    """Each level's place on the scale, from low to high."""
    skill_ranks: Mapping[str, int]
    """Each skill level's place, from low to high."""
    managers: Mapping[str, str]
    """Each person's manager, by reference; also of people who take no part."""
    met: frozenset[tuple[str, str]]
    """References of two who were a pair in an earlier program, in either order."""
    separator: str
    """What stands between several values in one cell."""
    identity: frozenset[str]
    """Columns in which people say what they are: their values never stand in words."""
    first_day: date
    timezone: str
    """The zone of people who have none of their own."""
    mutual: bool
    """Whether both of a pair teach."""

    def above(self, reference: str, depth: int) -> list[str]:
        """Who stands above a person in the line of managers, up to `depth` steps."""
        line: list[str] = []
        manager = self.managers.get(reference)
        while manager is not None and len(line) < depth:
            line.append(manager)
            manager = self.managers.get(manager)
        return line

    def rank(self, person: Person) -> int | None:
        """Where a person's level stands on the scale."""
        return self.ranks.get(person.level) if person.level is not None else None

    def working_time(self, person: Person) -> WorkingTime:
        """When a person works."""
        return working_time_of(person, self.timezone)

    def values(self, person: Person, column: str) -> dict[str, str]:
        """The values that a person has in a column that holds several, by how they compare.

        Case is no difference. Who names no languages speaks that of their mails (`pt-BR` is `pt`
        here: the two understand each other), who names no days works from Monday to Friday.
        """
        match column:
            case "languages":
                codes = person.languages or (person.language,)
                bases = [code.split("-")[0].lower() for code in codes]
                return {base: NAME_OF.get(base, base) for base in bases}
            case "working_days":
                days = sorted(person.working_days or USUAL_DAYS)
                return {DAY_NAMES[day].casefold(): DAY_NAMES[day] for day in days}
            case "skills" | "goals" | "interests":
                words: Iterable[str] = getattr(person, column)
            case _:
                words = (person.value_of(column) or "").split(self.separator)
        found: dict[str, str] = {}
        for word in words:
            if plain := word.strip():
                found.setdefault(plain.casefold(), plain)
        return found

    def place(self, scale: OnAScale, person: Person) -> float | None:
        """Where a person stands on a scale, from 0 to 1; None when empty or not on it."""
        if scale.column == "level":
            rank = self.rank(person)
            return None if rank is None else rank / max(len(self.ranks) - 1, 1)
        value = (person.value_of(scale.column) or "").strip()
        if scale.numbers is not None:
            low, high = scale.numbers
            number = number_in(value)
            return None if number is None else (min(max(number, low), high) - low) / (high - low)
        return _places(scale.scale).get(value.casefold())


@lru_cache(maxsize=100)
def _places(words: tuple[str, ...]) -> Mapping[str, float]:
    """Where each word of a scale stands, from 0 to 1."""
    return {word.casefold(): rank / (len(words) - 1) for rank, word in enumerate(words)}


def organisation_of(
    definition: Definition, everybody: Iterable[Person], background: Background | None = None
) -> Organisation:
    """What is known of the organisation: from its definition, its people and what was before.

    Where somebody stands both in `everybody` and in the background, the former counts.
    """
    background = background or Background()
    known = {person.reference: person for person in (*background.everybody, *everybody)}
    people = definition.people
    return Organisation(
        ranks={level: rank for rank, level in enumerate(people.levels)},
        skill_ranks={level: rank for rank, level in enumerate(people.skill_levels)},
        managers={ref: p.manager for ref, p in known.items() if p.manager is not None},
        met=background.met,
        separator=people.separator,
        identity=frozenset(people.identity.columns if people.identity else ()),
        first_day=definition.program.starts,
        timezone=definition.calendar.timezone,
        mutual=definition.program.mode is Mode.MUTUAL,
    )


def number_in(text: str) -> float | None:
    """A number as people write it, with a point or a comma; None when it is none."""
    try:
        number = float(text.replace(",", ".", 1))
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
