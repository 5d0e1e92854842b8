"""What does not fit together in the matching section of a definition.

What each rule and preference needs stands in one table, `NEEDS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from domain.criteria import (
    Different,
    GoalsMeetSkills,
    HardRule,
    LevelGap,
    MatchingSection,
    NoReportingLine,
    NoSharedManager,
    NotPairedBefore,
    NotThesePairs,
    PreferClose,
    PreferDifferent,
    Preference,
    PreferFar,
    PreferHigh,
    PreferSame,
    PreferShared,
    PreferSharedHours,
    Same,
    Shared,
    SharedHours,
)
from domain.problems import did_you_mean

Place = tuple[str | int, ...]
"""Where in the definition something stands."""

Contradiction = tuple[Place, str]

ONE_VALUE = frozenset(
    {"level", "manager", "department", "location", "language", "timezone", "country"}
)
"""Our columns that hold one value each, so that it can be asked whether two people's agree."""

SEVERAL_VALUES = frozenset({"skills", "goals", "interests", "languages", "working_days"})
"""Our columns that hold several values, so that it can be asked how many two people share."""


class Kind(Enum):
    """What a criterion makes of the column that it names: which of ours that may be.

    Columns under `people.columns.extra` may be any kind.
    """

    ONE = ONE_VALUE
    SEVERAL = SEVERAL_VALUES
    SCALE = frozenset({"level"})


@dataclass(frozen=True, slots=True)
class Known:
    """What a definition says about its people file, as far as criteria need it."""

    ours: frozenset[str]
    """All our columns, whether the file has them or not."""
    mapped: frozenset[str]
    """Those that the file has."""
    extra: frozenset[str]
    identity: frozenset[str]
    levels: int
    """How many levels there are."""

    def usable(self, kind: Kind) -> list[str]:
        """The columns that may be used as a kind."""
        return sorted((self.mapped & kind.value) | self.extra)

    def missing(self, column: str) -> str | None:
        """What is wrong with counting on a column, if anything."""
        if column in self.mapped | self.extra:
            return None
        return f"this needs the column people.columns.{column}, which is left out."

    def misused(self, column: str, kind: Kind) -> str | None:
        """What is wrong with using a column as a kind, if anything."""
        known = self.usable(kind)
        if column in known:
            return None
        hint = did_you_mean(column, known)
        if column not in self.ours or column in kind.value:
            return f"people.columns names no “{column}”. {hint}".strip()
        if kind is Kind.ONE and column in SEVERAL_VALUES:
            return f"“{column}” holds several values, which only “shared” compares."
        if kind is Kind.SEVERAL and column in ONE_VALUE:
            return f"“{column}” holds one value, which “same” and “different” compare."
        why = "has no order from low to high" if kind is Kind.SCALE else "can't be compared"
        return f"“{column}” {why}. {hint}".strip()


@dataclass(frozen=True, slots=True)
class Needs:
    """What a criterion needs of the people file."""

    column: Kind | None = None
    """What its own `column` must be."""
    columns: tuple[str, ...] = ()
    """Columns that must be there."""
    one_of: tuple[str, ...] = ()
    """Columns of which one must be there, or everybody is alike."""


NEEDS: Mapping[type[HardRule | Preference], Needs] = {
    NoReportingLine: Needs(columns=("manager",)),
    NoSharedManager: Needs(columns=("manager",)),
    LevelGap: Needs(columns=("level",)),
    Different: Needs(column=Kind.ONE),
    Same: Needs(column=Kind.ONE),
    Shared: Needs(column=Kind.SEVERAL),
    SharedHours: Needs(one_of=("timezone", "working_hours", "working_days")),
    NotPairedBefore: Needs(),
    NotThesePairs: Needs(),
    GoalsMeetSkills: Needs(columns=("skills", "goals")),
    PreferSame: Needs(column=Kind.ONE),
    PreferDifferent: Needs(column=Kind.ONE),
    PreferShared: Needs(column=Kind.SEVERAL),
    PreferClose: Needs(column=Kind.SCALE),
    PreferFar: Needs(column=Kind.SCALE),
    PreferHigh: Needs(column=Kind.SCALE),
    PreferSharedHours: Needs(one_of=("timezone", "working_hours", "working_days")),
}
"""What each rule and preference needs. A test holds that none is missing."""

CLASHES: Mapping[tuple[type[HardRule | Preference], type[HardRule]], str] = {
    (Same, Different): "nobody can be the same and different in “{column}”",
    (Different, Same): "nobody can be the same and different in “{column}”",
    (PreferSame, Different): "this can never be met: only who differs in “{column}” may meet",
    (PreferDifferent, Same): "this can never be met: only who agrees in “{column}” may meet",
}
"""What can't stand beside an (earlier, if both are rules) hard rule on the same column, and why."""


def contradictions_in(matching: MatchingSection, known: Known) -> list[Contradiction]:
    """Everything that does not fit together in the matching section: where, and what."""
    return [
        *_unmet_needs(matching, known),
        *_at_odds(matching),
        *_impossible_pairs(matching),
        *_impossible_numbers(matching, known),
    ]


def _criteria(
    matching: MatchingSection,
) -> Iterator[tuple[tuple[str, str, int], HardRule | Preference]]:
    for number, rule in enumerate(matching.rules):
        yield ("matching", "rules", number), rule
    for number, preference in enumerate(matching.preferences):
        yield ("matching", "preferences", number), preference


def _column_of(criterion: HardRule | Preference) -> str | None:
    return getattr(criterion, "column", None)


def _unmet_needs(matching: MatchingSection, known: Known) -> Iterator[Contradiction]:
    for where, criterion in _criteria(matching):
        needs, column = NEEDS[type(criterion)], _column_of(criterion)
        for needed in needs.columns:
            if missing := known.missing(needed):
                yield where, missing
        if needs.one_of and not known.mapped & set(needs.one_of):
            names = ", ".join(needs.one_of)
            yield where, f"without one of these under people.columns all work alike: {names}."
        if column is None or needs.column is None:
            continue
        if misused := known.misused(column, needs.column):
            yield (*where, "column"), misused
        elif needs.column is Kind.SCALE and column == "level" and known.levels < 2:
            yield (*where, "column"), "people.levels must name at least two levels."
        elif column in known.identity and where[1] == "rules":
            yield (
                (*where, "column"),
                f"“{column}” stands under people.identity: write it as a preference. A rule would "
                "shut out everybody who did not opt in.",
            )


def _at_odds(matching: MatchingSection) -> Iterator[Contradiction]:
    seen: dict[tuple[type[HardRule | Preference], str | None], str] = {}
    for where, criterion in _criteria(matching):
        kind, column = type(criterion), _column_of(criterion)
        place = (*where, "column") if column else where
        if (kind, column) in seen:
            what = f" on “{column}”" if column else ""
            yield place, f"this stands here twice{what}: put it together with {seen[kind, column]}."
        for (clashing, rule), why in CLASHES.items():
            if kind is clashing and (rule, column) in seen:
                yield place, f"{why.format(column=column)} ({seen[rule, column]})."
        seen.setdefault((kind, column), f"{where[1][:-1]} {where[2] + 1}")


def _impossible_pairs(matching: MatchingSection) -> Iterator[Contradiction]:
    apart: dict[frozenset[str], str] = {}
    for number, rule in enumerate(matching.rules):
        if isinstance(rule, NotThesePairs):
            for at, pair in enumerate(rule.pairs):
                apart[frozenset(pair)] = f"rule {number + 1}"
                if len(set(pair)) == 1:
                    yield ("matching", "rules", number, "pairs", at), _ONE_PERSON
    fixed: dict[frozenset[str], int] = {}
    for number, pair in enumerate(matching.fixed):
        where: Place = ("matching", "fixed", number)
        two = frozenset(pair)
        if len(two) == 1:
            yield where, _ONE_PERSON
        if two in apart:
            yield where, f"these two are kept apart by {apart[two]} (not_these_pairs)."
        if two in fixed:
            yield where, f"these two are a pair already: see number {fixed[two] + 1}."
        fixed.setdefault(two, number)


_ONE_PERSON = "a pair needs two different people."


def _impossible_numbers(matching: MatchingSection, known: Known) -> Iterator[Contradiction]:
    for number, rule in enumerate(matching.rules):
        if isinstance(rule, LevelGap) and "level" in known.mapped and known.levels <= rule.min:
            yield (
                ("matching", "rules", number, "min"),
                f"a gap of {rule.min} levels leaves nobody: people.levels has {known.levels} "
                "levels.",
            )
    if matching.floor is not None and not matching.preferences:
        yield (
            ("matching", "floor"),
            "without preferences all pairs score the same: a floor needs some.",
        )
