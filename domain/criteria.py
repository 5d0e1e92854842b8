"""What HR can ask of a pair: hard rules, which are never broken, and weighted preferences.

Here they are data, as a definition writes them. `domain/pairing_rules.py` says whom a rule leaves
and how well a preference is met, `domain/criteria_checks.py` what does not fit together.

Several rules and preferences name a column: one of our words for a column of the people file, or a
word under `people.columns.extra`. A column holds one value (`department`), several
(`languages`, split by `people.separator`), or a place on a scale (a number, or words from low to
high).
"""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from domain.model import Section
from domain.written import Days

Weight = Annotated[float, Field(gt=0, le=100)]
"""How much a preference counts beside the others; twice the weight counts twice as much."""

Column = Annotated[str, Field(min_length=1, max_length=200)]

# --- Hard rules ----------------------------------------------------------------------------------


class NoReportingLine(Section):
    """Neither may be above the other in the line of managers, up to `depth` steps."""

    rule: Literal["no_reporting_line"] = "no_reporting_line"
    depth: int = Field(default=2, ge=1, le=20)


class NoSharedManager(Section):
    """The two may not have the same line manager."""

    rule: Literal["no_shared_manager"] = "no_shared_manager"


class LevelGap(Section):
    """The mentee stands at least `min` and at most `max` levels above the mentor."""

    rule: Literal["level_gap"] = "level_gap"
    min: int = Field(default=1, ge=0, le=50)
    max: int | None = Field(default=None, ge=0, le=50)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise ValueError(f"max ({self.max}) is below min ({self.min}).")
        return self


class Different(Section):
    """The two must differ in a column. An empty cell differs from everything."""

    rule: Literal["different"] = "different"
    column: Column


class Same(Section):
    """The two must agree in a column. An empty cell agrees with nothing."""

    rule: Literal["same"] = "same"
    column: Column


class Shared(Section):
    """The two must have at least `min` values of a column in common: languages, days, tracks.

    Who has given no languages speaks that of their mails, who has given no days works from Monday
    to Friday. Another empty cell has nothing in common with anything.
    """

    rule: Literal["shared"] = "shared"
    column: Column
    min: int = Field(default=1, ge=1, le=20)


class SharedHours(Section):
    """Working hours must overlap by at least `hours`, on at least `days` days of the week.

    Across time zones, as they lie on the program's first day and half a year later, whichever is
    less. Who has given no working hours works from 9 to 17, who has given no days from Monday to
    Friday.
    """

    rule: Literal["shared_hours"] = "shared_hours"
    hours: float = Field(default=1, gt=0, le=24)
    days: int = Field(default=1, ge=1, le=7)


class NotPairedBefore(Section):
    """Not two who were a pair in an earlier program of the store, either way round."""

    rule: Literal["not_paired_before"] = "not_paired_before"


class NotThesePairs(Section):
    """Named exclusions, each two ids of the people file."""

    rule: Literal["not_these_pairs"] = "not_these_pairs"
    pairs: tuple[tuple[str, str], ...]

    @cached_property
    def named(self) -> frozenset[tuple[str, str]]:
        """The pairs, to look one up in."""
        return frozenset(self.pairs)


HardRule = Annotated[
    NoReportingLine
    | NoSharedManager
    | LevelGap
    | Different
    | Same
    | Shared
    | SharedHours
    | NotPairedBefore
    | NotThesePairs,
    Field(discriminator="rule"),
]

# --- Preferences ---------------------------------------------------------------------------------


class GoalsMeetSkills(Section):
    """The share of the mentee's goals that the mentor can teach; earlier goals count more.

    The k-th goal counts 1/k of the first. A skill with a level counts by its place among
    `people.skill_levels`: the highest in full, of four levels the lowest a quarter; without a
    level, by the middle. `full_set` is the part of the score that only a mentor gets who can teach
    all of the goals. A mentor who has named no skills can teach none; of a mentee without goals
    this says nothing.
    """

    prefer: Literal["goals_meet_skills"] = "goals_meet_skills"
    weight: Weight = 5
    full_set: float = Field(default=0, ge=0, le=1)


class PreferSame(Section):
    """1 where the two agree in a column, else 0."""

    prefer: Literal["same"] = "same"
    column: Column
    weight: Weight = 1


class PreferDifferent(Section):
    """1 where the two differ in a column, else 0."""

    prefer: Literal["different"] = "different"
    column: Column
    weight: Weight = 1


class PreferShared(Section):
    """Values in common in a column that holds several: interests, formats, work styles.

    With `enough`, 1 from so many in common on and the share of it below; else the share of all
    that either has (Jaccard index).
    """

    prefer: Literal["shared"] = "shared"
    column: Column
    enough: int | None = Field(default=None, ge=1, le=20)
    weight: Weight = 1


class OnAScale(Section):
    """A column whose values stand in an order."""

    column: Column
    scale: tuple[str, ...] = ()
    """The column's words, from low to high. Not needed for `level`."""
    numbers: tuple[float, float] | None = None
    """Or the lowest and the highest number; what lies outside counts as the nearest of the two."""
    weight: Weight = 1

    @model_validator(mode="after")
    def _has_one_scale(self) -> Self:
        if self.column == "level":
            if self.scale or self.numbers is not None:
                raise ValueError("level has a scale already: people.levels. Remove this one.")
        elif bool(self.scale) == (self.numbers is not None):
            raise ValueError(
                "say what the values mean: either scale: [low, middle, high] or numbers: [1, 5]."
            )
        words = {word.casefold() for word in self.scale}
        if len(words) != len(self.scale) or len(self.scale) == 1:
            raise ValueError("a scale needs at least two words, each once.")
        if self.numbers is not None and self.numbers[0] >= self.numbers[1]:
            raise ValueError("numbers are written low, high.")
        return self


class PreferClose(OnAScale):
    """1 where the two stand at the same place of a scale, 0 at its opposite ends."""

    prefer: Literal["close"] = "close"


class PreferFar(OnAScale):
    """1 where the two stand at opposite ends of a scale, 0 at the same place."""

    prefer: Literal["far"] = "far"


class PreferHigh(OnAScale):
    """How high the lower of the two stands on a scale: both motivated, both open."""

    prefer: Literal["high"] = "high"


class PreferSharedHours(Section):
    """Shared working hours in a day, at best: 1 from `enough` on, the share of it below."""

    prefer: Literal["shared_hours"] = "shared_hours"
    enough: float = Field(default=4, gt=0, le=24)
    weight: Weight = 1


Preference = Annotated[
    GoalsMeetSkills
    | PreferSame
    | PreferDifferent
    | PreferShared
    | PreferClose
    | PreferFar
    | PreferHigh
    | PreferSharedHours,
    Field(discriminator="prefer"),
]

# --- The whole -----------------------------------------------------------------------------------


class Objective(StrEnum):
    """What matching puts first."""

    MOST_PEOPLE = "most_people"
    BEST_SCORE = "best_score"


class Places(Section):
    """In how many pairs somebody may be at once, where the people file does not say."""

    mentor: int = Field(default=1, ge=1, le=50)
    mentee: int = Field(default=1, ge=1, le=50)


class Repair(Section):
    """What happens when a pair ends early and somebody is left without a partner."""

    approve: bool = True
    """Whether HR approves new pairs before they are introduced."""
    changes: int = Field(default=0, ge=0, le=50)
    """How many other pairs, which have not met yet, may be parted to find everybody a partner."""
    gather: Days = 2
    """How long to wait for others who lose their partner, before new pairs are looked for."""
    least_sessions: int = Field(default=2, ge=1, le=60)
    """New pairs are made only while there is time for so many sessions."""


def _spelt_anew(preferences: Any) -> Any:
    """Read a preference that is written as version 0.1.0 had it, in a file or in the store."""
    if not isinstance(preferences, list | tuple):
        return preferences
    return tuple(
        {**given, "prefer": "shared", "column": "interests"}
        if isinstance(given, dict) and given.get("prefer") == "shared_interests"
        else given
        for given in preferences
    )


class MatchingSection(Section):
    """Who may meet whom, and who should."""

    objective: Objective = Objective.MOST_PEOPLE
    floor: float | None = Field(default=None, gt=0, le=100)
    """No pair is made that scores less, of 100."""
    rules: tuple[HardRule, ...] = (NoReportingLine(), LevelGap())
    preferences: Annotated[tuple[Preference, ...], BeforeValidator(_spelt_anew)] = (
        GoalsMeetSkills(),
    )
    fixed: tuple[tuple[str, str], ...] = ()
    """Pairs that HR sets, each the mentor's id and the mentee's. They may break a preference or
    the floor, not a hard rule."""
    places: Places = Places()
    repair: Repair = Repair()
