"""The hard rules and preferences of matching, each as a matrix and in words.

To add a rule: a class in `domain/definition.py` with its name and settings, a case in `allowed_by`
(or `liking_of`), and its words below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.definition import (
    Different,
    GoalsMeetSkills,
    HardRule,
    LevelGap,
    NoReportingLine,
    NotThesePairs,
    PreferDifferent,
    Preference,
    PreferSame,
    Same,
    SharedInterests,
)
from domain.people import Person

Truth = NDArray[np.bool_]
Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Organisation:
    """What rules need to know beyond the two people."""

    ranks: Mapping[str, int]
    """Each level's place on the scale, from low to high."""
    managers: Mapping[str, str]
    """Each person's manager, by reference; also of people who take no part."""

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


def organisation_of(levels: Sequence[str], everybody: Iterable[Person]) -> Organisation:
    """What is known of the organisation from everybody in its people file."""
    return Organisation(
        ranks={level: rank for rank, level in enumerate(levels)},
        managers={p.reference: p.manager for p in everybody if p.manager is not None},
    )


# --- Hard rules ----------------------------------------------------------------------------------


def allowed_by(
    rule: HardRule,
    mentors: Sequence[Person],
    mentees: Sequence[Person],
    organisation: Organisation,
) -> Truth:
    """Whom the rule leaves: a row for each mentor, a column for each mentee."""
    match rule:
        case LevelGap():
            gap = _ranks(mentees, organisation)[None, :] - _ranks(mentors, organisation)[:, None]
            most = np.inf if rule.max is None else rule.max
            fits: Truth = (gap >= rule.min) & (gap <= most)
            return fits
        case Different():
            return ~_agree(rule.column, mentors, mentees)
        case Same():
            return _agree(rule.column, mentors, mentees)
        case NoReportingLine():
            lines = {
                (person.reference, above)
                for person in (*mentors, *mentees)
                for above in organisation.above(person.reference, rule.depth)
            }
            return _all_but(lines, mentors, mentees)
        case NotThesePairs():
            return _all_but(rule.pairs, mentors, mentees)


def _ranks(people: Sequence[Person], organisation: Organisation) -> NDArray[np.float64]:
    ranks = (organisation.rank(person) for person in people)
    return np.array([np.nan if rank is None else rank for rank in ranks], dtype=np.float64)


def _agree(column: str, mentors: Sequence[Person], mentees: Sequence[Person]) -> Truth:
    codes: dict[str, int] = {}

    def codes_of(people: Sequence[Person], empty: int) -> NDArray[np.int64]:
        values = (person.value_of(column) for person in people)
        return np.array(
            [empty if v is None else codes.setdefault(v.casefold(), len(codes)) for v in values],
            dtype=np.int64,
        )

    same: Truth = codes_of(mentors, -1)[:, None] == codes_of(mentees, -2)[None, :]
    return same


def _all_but(
    apart: Iterable[tuple[str, str]], mentors: Sequence[Person], mentees: Sequence[Person]
) -> Truth:
    rows = {person.reference: row for row, person in enumerate(mentors)}
    columns = {person.reference: column for column, person in enumerate(mentees)}
    allowed = np.ones((len(mentors), len(mentees)), dtype=bool)
    for one, other in apart:
        for mentor, mentee in ((one, other), (other, one)):
            if mentor in rows and mentee in columns:
                allowed[rows[mentor], columns[mentee]] = False
    return allowed


def rule_in_words(rule: HardRule) -> str:
    """The rule with its settings, as HR wrote it."""
    match rule:
        case LevelGap():
            upper = "" if rule.max is None else f", at most {rule.max}"
            return f"level_gap (at least {rule.min}{upper})"
        case Different() | Same():
            return f"{rule.rule} {rule.column}"
        case NoReportingLine():
            return f"no_reporting_line (depth {rule.depth})"
        case NotThesePairs():
            return "not_these_pairs"


def why_broken(rule: HardRule, mentor: Person, mentee: Person, organisation: Organisation) -> str:
    """What is wrong with two people whom the rule does not leave together."""
    match rule:
        case LevelGap():
            low, high = organisation.rank(mentor), organisation.rank(mentee)
            if low is None or high is None:
                who = "mentor" if low is None else "mentee"
                why = f"the level of the {who} is not known"
            else:
                why = f"the mentee stands {_levels(high - low)} above the mentor"
        case Different():
            why = f"both have “{mentor.value_of(rule.column)}”"
        case Same():
            values = (mentor.value_of(rule.column), mentee.value_of(rule.column))
            why = " and ".join(f"“{value}”" if value else "nothing" for value in values)
        case NoReportingLine():
            why = "one is above the other in the line of managers"
        case NotThesePairs():
            why = "the definition keeps the two apart"
    return f"{rule_in_words(rule)}: {why}."


def rule_speaks_for(
    rule: HardRule, mentor: Person, mentee: Person, organisation: Organisation
) -> str | None:
    """What about two people the rule looked for and found, as far as it is worth saying."""
    match rule:
        case LevelGap():
            low, high = organisation.rank(mentor), organisation.rank(mentee)
            return None if low is None or high is None else f"{_levels(high - low)} apart"
        case Different() | Same():
            return _in_common(rule.column, mentor, mentee)
    return None


def _levels(count: int) -> str:
    return f"{count} level" if abs(count) == 1 else f"{count} levels"


def _in_common(column: str, mentor: Person, mentee: Person) -> str | None:
    one, other = mentor.value_of(column), mentee.value_of(column)
    if one is None or other is None:
        return None
    if one.casefold() == other.casefold():
        return f"same {column}: {one}"
    return f"different {column}: {one} and {other}"


# --- Preferences ---------------------------------------------------------------------------------


def liking_of(
    preference: Preference, mentors: Sequence[Person], mentees: Sequence[Person]
) -> Shares:
    """How well the preference is met, from 0 to 1: a row a mentor, a column a mentee."""
    match preference:
        case GoalsMeetSkills():
            terms: dict[str, int] = {}
            goals = _incidence([person.goals for person in mentees], terms, ranked=True)
            skills = _incidence([person.skills for person in mentors], terms)
            return _product(skills, goals)
        case SharedInterests():
            terms = {}
            mine = _incidence([person.interests for person in mentors], terms)
            theirs = _incidence([person.interests for person in mentees], terms)
            shared = _product(mine, theirs)
            either = mine.sum(axis=1)[:, None] + theirs.sum(axis=1)[None, :] - shared
            index: Shares = np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)
            return index
        case PreferDifferent():
            return (~_agree(preference.column, mentors, mentees)).astype(np.float64)
        case PreferSame():
            return _agree(preference.column, mentors, mentees).astype(np.float64)


def _incidence(
    lists: Sequence[tuple[str, ...]], terms: dict[str, int], *, ranked: bool = False
) -> Shares:
    """Who names which term, a row a person. Ranked, the k-th of a list counts 1/k of the first.

    A ranked row adds up to 1.
    """
    entries: list[tuple[int, int, float]] = []
    for row, words in enumerate(lists):
        folded = dict.fromkeys(word.casefold() for word in words)
        weights = [1 / (k + 1) if ranked else 1.0 for k in range(len(folded))]
        total = sum(weights) if ranked else 1.0
        entries += [
            (row, terms.setdefault(word, len(terms)), weight / total)
            for word, weight in zip(folded, weights, strict=True)
        ]
    found = np.zeros((len(lists), len(terms)), dtype=np.float64)
    for row, column, value in entries:
        found[row, column] = value
    return found


def _product(mentors: Shares, mentees: Shares) -> Shares:
    """What is shared, over the terms that both sides know."""
    common = min(mentors.shape[1], mentees.shape[1])
    shared: Shares = mentors[:, :common] @ mentees[:, :common].T
    return shared


def preference_in_words(
    preference: Preference, mentor: Person, mentee: Person
) -> tuple[str | None, str | None]:
    """What the preference finds that speaks for two people, and what against."""
    match preference:
        case GoalsMeetSkills():
            return _goals_in_words(mentor, mentee)
        case SharedInterests():
            theirs = {interest.casefold() for interest in mentee.interests}
            shared = [interest for interest in mentor.interests if interest.casefold() in theirs]
            if shared:
                return f"interests in common: {', '.join(shared)}", None
            return None, "no interests in common"
        case PreferDifferent() | PreferSame():
            words = _in_common(preference.column, mentor, mentee)
            met = bool(liking_of(preference, [mentor], [mentee])[0, 0])
            return (words, None) if met else (None, words)


def _goals_in_words(mentor: Person, mentee: Person) -> tuple[str | None, str | None]:
    known = {skill.casefold() for skill in mentor.skills}
    met = [goal for goal in mentee.goals if goal.casefold() in known]
    missing = [goal for goal in mentee.goals if goal.casefold() not in known]
    if not mentee.goals:
        return None, "the mentee has named no goals"
    speaks_for = None
    if met:
        share = f"{len(met)} of the mentee's {len(mentee.goals)} goals"
        speaks_for = f"the mentor can teach {share}: {', '.join(met)}"
    return speaks_for, f"not covered: {', '.join(missing)}" if missing else None
