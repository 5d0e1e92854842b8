"""The hard rules and preferences of matching, each as a matrix and in words.

`domain/criteria.py` has them as data. To add one: its class there, a case in `allowed_by` (or
`liking_of`), its words below, and what it needs of a definition in `domain/criteria_checks.py`.

Each entry of a matrix hangs on its two people alone, to the last bit, not on who else is there or
in which order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.criteria import (
    Different,
    GoalsMeetSkills,
    HardRule,
    LevelGap,
    NoReportingLine,
    NoSharedManager,
    NotPairedBefore,
    NotThesePairs,
    OnAScale,
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
from domain.hours import Shared as SharedTime
from domain.hours import days_in_common, minutes_of, shared_days, shared_minutes, shared_time
from domain.matrices import Products, Shares, Truth, both, filled, numbers, spread
from domain.organisation import Organisation
from domain.pairing_words import identity_in_words
from domain.people import Person

People = Sequence[Person]


@dataclass(frozen=True, slots=True)
class Liking:
    """How well a preference is met: a row a mentor, a column a mentee."""

    share: Shares
    """From 0 to 1; 0 where it says nothing."""
    says: Truth | None
    """Where it says something of the two; None is everywhere."""


# --- Hard rules ----------------------------------------------------------------------------------


def allowed_by(
    rule: HardRule, mentors: People, mentees: People, organisation: Organisation
) -> Truth:
    """Whom the rule leaves: a row for each mentor, a column for each mentee."""
    match rule:
        case LevelGap():
            most = np.inf if rule.max is None else rule.max
            return spread(
                [organisation.rank(person) for person in mentors],
                [organisation.rank(person) for person in mentees],
                lambda low, high: _within(rule.min, most, numbers(high) - numbers(low)[:, None]),
            )
        case Different():
            return ~_agree(rule.column, mentors, mentees)
        case Same():
            return _agree(rule.column, mentors, mentees)
        case NoSharedManager():
            return ~_agree("manager", mentors, mentees)
        case Shared():
            return spread(
                _value_sets(rule.column, mentors, organisation),
                _value_sets(rule.column, mentees, organisation),
                lambda ones, others: filled(
                    Products.of_sets(ones, others), np.bool_, lambda common, _: common >= rule.min
                ),
            )
        case SharedHours():
            return spread(
                [organisation.working_time(person) for person in mentors],
                [organisation.working_time(person) for person in mentees],
                lambda ones, others: (
                    shared_days(ones, others, organisation.first_day, rule.hours) >= rule.days
                ),
            )
        case NoReportingLine():
            lines = {
                (person.reference, above)
                for person in (*mentors, *mentees)
                for above in organisation.above(person.reference, rule.depth)
            }
            return _all_but(lines, mentors, mentees)
        case NotPairedBefore():
            return _all_but(organisation.met, mentors, mentees)
        case NotThesePairs():
            return _all_but(rule.pairs, mentors, mentees)


def is_allowed(rule: HardRule, mentor: Person, mentee: Person, organisation: Organisation) -> bool:
    """What `allowed_by` says of two people; a matrix of one cell takes a hundred times as long."""
    match rule:
        case LevelGap():
            low, high = organisation.rank(mentor), organisation.rank(mentee)
            if low is None or high is None:
                return False
            return rule.min <= high - low and (rule.max is None or high - low <= rule.max)
        case Different():
            return not _same(rule.column, mentor, mentee)
        case Same():
            return _same(rule.column, mentor, mentee)
        case NoSharedManager():
            return not _same("manager", mentor, mentee)
        case Shared():
            return len(_common_values(rule.column, mentor, mentee, organisation)) >= rule.min
        case SharedHours():
            one_time, other_time = (organisation.working_time(who) for who in (mentor, mentee))
            first_day = organisation.first_day
            return days_in_common(one_time, other_time, first_day, rule.hours) >= rule.days
        case NoReportingLine():
            one, other = mentor.reference, mentee.reference
            return not (
                other in organisation.above(one, rule.depth)
                or one in organisation.above(other, rule.depth)
            )
        case NotPairedBefore():
            return not _named(organisation.met, mentor, mentee)
        case NotThesePairs():
            return not _named(rule.named, mentor, mentee)


def _same(column: str, mentor: Person, mentee: Person) -> bool:
    one, other = mentor.value_of(column), mentee.value_of(column)
    return one is not None and other is not None and one.casefold() == other.casefold()


def _named(pairs: AbstractSet[tuple[str, str]], mentor: Person, mentee: Person) -> bool:
    one, other = mentor.reference, mentee.reference
    return (one, other) in pairs or (other, one) in pairs


def _within(least: float, most: float, amounts: NDArray[np.float64]) -> Truth:
    within: Truth = (amounts >= least) & (amounts <= most)
    return within


def _agree(column: str, mentors: People, mentees: People) -> Truth:
    codes: dict[str, int] = {}

    def codes_of(people: People, empty: int) -> NDArray[np.int32]:
        values = (person.value_of(column) for person in people)
        return np.array(
            [empty if v is None else codes.setdefault(v.casefold(), len(codes)) for v in values],
            dtype=np.int32,
        )

    same: Truth = codes_of(mentors, -1)[:, None] == codes_of(mentees, -2)[None, :]
    return same


def _value_sets(column: str, people: People, organisation: Organisation) -> list[frozenset[str]]:
    return [frozenset(organisation.values(person, column)) for person in people]


def _all_but(apart: Iterable[tuple[str, str]], mentors: People, mentees: People) -> Truth:
    rows = {person.reference: row for row, person in enumerate(mentors)}
    columns = {person.reference: column for column, person in enumerate(mentees)}
    allowed = np.ones((len(mentors), len(mentees)), dtype=bool)
    for one, other in apart:
        for mentor, mentee in ((one, other), (other, one)):
            if mentor in rows and mentee in columns:
                allowed[rows[mentor], columns[mentee]] = False
    return allowed


# --- Preferences ---------------------------------------------------------------------------------


def liking_of(
    preference: Preference, mentors: People, mentees: People, organisation: Organisation
) -> Liking:
    """How well the preference is met, and where it has something to say."""
    match preference:
        case GoalsMeetSkills():
            return _goals_met(preference, mentors, mentees, organisation)
        case PreferSame() | PreferDifferent():
            agree = _agree(preference.column, mentors, mentees)
            says = both(
                [person.value_of(preference.column) is not None for person in mentors],
                [person.value_of(preference.column) is not None for person in mentees],
            )
            met = agree if isinstance(preference, PreferSame) else ~agree & says
            return Liking(met.astype(np.float32), says)
        case PreferShared():
            mine = _value_sets(preference.column, mentors, organisation)
            theirs = _value_sets(preference.column, mentees, organisation)
            return Liking(
                spread(mine, theirs, lambda a, b: _share_in_common(a, b, preference.enough)),
                both([bool(values) for values in mine], [bool(values) for values in theirs]),
            )
        case PreferClose() | PreferFar() | PreferHigh():
            mine_at = [organisation.place(preference, person) for person in mentors]
            theirs_at = [organisation.place(preference, person) for person in mentees]
            return Liking(
                spread(mine_at, theirs_at, lambda a, b: _liked_places(preference, a, b)),
                both([p is not None for p in mine_at], [p is not None for p in theirs_at]),
            )
        case PreferSharedHours():
            share = spread(
                [organisation.working_time(person) for person in mentors],
                [organisation.working_time(person) for person in mentees],
                lambda ones, others: _up_to(
                    minutes_of(preference.enough),
                    shared_minutes(ones, others, organisation.first_day),
                ),
            )
            return Liking(share, None)


FIRST_GOAL = 2520
"""The weight of a first goal. The k-th has 1/k of it: a whole number up to the tenth goal, and the
nearest one after that."""


def _goals_met(
    preference: GoalsMeetSkills, mentors: People, mentees: People, organisation: Organisation
) -> Liking:
    goals = [tuple(organisation.values(person, "goals")) for person in mentees]

    def share(mine: Sequence[_Known], theirs: Sequence[tuple[str, ...]]) -> Shares:
        weights = [{goal: _weight(k) for k, goal in enumerate(wanted)} for wanted in theirs]
        full = np.array(
            [max(sum(wanted.values()), 1) * _in_full(organisation) for wanted in weights],
            dtype=np.float32,
        )
        taught = Products([dict(known) for known in mine], weights)
        if not preference.full_set:
            return filled(taught, np.float32, lambda points, _: points / full)
        covered = Products.of_sets([dict(known).keys() for known in mine], theirs)
        counts = np.array([len(wanted) or -1 for wanted in theirs], dtype=np.float32)
        part = np.float32(preference.full_set)

        def with_full_set(points: Shares, rows: slice) -> Shares:
            points *= (1 - part) / full
            points += part * (covered.rows(rows) == counts)
            return points

        return filled(taught, np.float32, with_full_set)

    known = [_skills_of(person, organisation) for person in mentors]
    says = both([True] * len(mentors), [bool(wanted) for wanted in goals])
    return Liking(spread(known, goals, share), says)


_Known = tuple[tuple[str, int], ...]
"""Skills, folded, and how much each counts."""


def _weight(k: int) -> int:
    return round(FIRST_GOAL / (k + 1))


def _in_full(organisation: Organisation) -> int:
    """What a skill counts that somebody knows on the highest level."""
    return max(2 * len(organisation.skill_ranks), 1)


def _skills_of(person: Person, organisation: Organisation) -> _Known:
    levels = {skill.casefold(): level for skill, level in person.skill_levels.items()}
    return tuple(
        (skill, _counts(levels.get(skill), organisation))
        for skill in sorted(organisation.values(person, "skills"))
    )


def _counts(level: str | None, organisation: Organisation) -> int:
    """What a skill counts at a level; without one, as the middle of all levels."""
    ranks = organisation.skill_ranks
    rank = ranks.get(level or "")
    return 2 * (rank + 1) if rank is not None else len(ranks) + 1 if ranks else 1


def _share_in_common(
    ones: Sequence[frozenset[str]], others: Sequence[frozenset[str]], enough: int | None
) -> Shares:
    mine = np.array([len(values) for values in ones], dtype=np.float32)
    theirs = np.array([len(values) for values in others], dtype=np.float32)

    def shares(common: Shares, rows: slice) -> Shares:
        if enough is not None:
            return _up_to(enough, common)
        either = mine[rows, None] + theirs - common
        common /= np.maximum(either, 1)
        return common

    return filled(Products.of_sets(ones, others), np.float32, shares)


def _up_to(enough: int, amounts: NDArray[np.int16] | Shares) -> Shares:
    share = np.minimum(amounts, enough).astype(np.float32, copy=False)
    share /= np.float32(enough)
    return share


_Places = TypeVar("_Places", float, NDArray[np.float64])


def _liked_places(
    preference: OnAScale, ones: Sequence[float | None], others: Sequence[float | None]
) -> Shares:
    liked = _liked(preference, numbers(ones)[:, None], numbers(others))
    return np.nan_to_num(liked, nan=0.0).astype(np.float32)


def _liked(preference: OnAScale, mine: _Places, theirs: _Places) -> _Places:
    match preference:
        case PreferHigh():
            lower: _Places = np.minimum(mine, theirs)
            return lower
        case PreferClose():
            return 1 - abs(mine - theirs)
        case _:
            return abs(mine - theirs)


# --- Who may read it -----------------------------------------------------------------------------

_MAY_BE_TOLD = frozenset(
    ("department", "location", "language", "languages", "skills", "goals", "interests")
)


def may_be_told(criterion: HardRule | Preference, organisation: Organisation) -> bool:
    """Whether two people may read what a rule or preference found in them; HR may read it all.

    They may read what each would tell the other on the first day: what they teach, learn and like,
    the languages they speak, where they work, and how much of their working time they share. All
    else says of one something that they told HR and not the other: words on a scale are a rating of
    them, a column of HR's own may hold anything, where somebody stands is awkward to be told, and
    that two share what they are gives away what each has said of themselves.
    """
    match criterion:
        case GoalsMeetSkills() | SharedHours() | PreferSharedHours():
            return True
        case Different() | Same() | Shared() | PreferSame() | PreferDifferent() | PreferShared():
            return criterion.column in _MAY_BE_TOLD - organisation.identity
    return False


# --- Hard rules in words -------------------------------------------------------------------------


def rule_in_words(rule: HardRule) -> str:
    """What the rule rules out: words that can follow “shut out by”, “ruling out”, “allowing”."""
    match rule:
        case LevelGap():
            upper = "" if rule.max is None else f" or above {rule.max}"
            return f"a level gap below {rule.min}{upper}"
        case Different():
            return f"the same {_called(rule.column)}"
        case Same():
            return f"a different {_called(rule.column)}"
        case Shared():
            least = "no" if rule.min == 1 else f"fewer than {rule.min}"
            return f"{least} {_called(rule.column)} in common"
        case SharedHours():
            days = "1 day" if rule.days == 1 else f"{rule.days} days"
            if rule.hours <= 1:
                return f"less than {rule.hours:g} shared working hour on {days}"
            return f"fewer than {rule.hours:g} shared working hours on {days}"
        case NoReportingLine():
            steps = "1 step" if rule.depth == 1 else f"up to {rule.depth} steps"
            return f"a reporting line of {steps}"
        case NoSharedManager():
            return "a shared manager"
        case NotPairedBefore():
            return "having been a pair before"
        case NotThesePairs():
            return "a named exclusion"


def rule_with_name(rule: HardRule) -> str:
    """`rule_in_words`, and by which name HR finds the rule in the definition."""
    column = getattr(rule, "column", None)
    name = rule.rule if column is None else f"{rule.rule} {column}"
    return f"{rule_in_words(rule)} ({name})"


def why_broken(rule: HardRule, mentor: Person, mentee: Person, organisation: Organisation) -> str:
    """What is wrong with two people whom the rule does not leave together; for HR."""
    match rule:
        case LevelGap():
            why = _wrong_gap(mentor, mentee, organisation)
        case Different():
            value = _shown(mentor, rule.column, organisation)
            why = f"both have “{value}”" if value else "both have the same"
        case Same():
            shown = [_shown(person, rule.column, organisation) for person in (mentor, mentee)]
            known = [person.value_of(rule.column) for person in (mentor, mentee)]
            if shown == known or None in known:
                why = " and ".join(f"“{value}”" if value else "nothing" for value in shown)
            else:
                why = "the two have different ones"
        case Shared():
            common = _common_values(rule.column, mentor, mentee, organisation)
            why = f"only {len(common)} in common" if common else "none in common"
        case SharedHours():
            why = f"the two have {_time_in_words(_time(mentor, mentee, organisation))}"
        case NoSharedManager():
            why = "both report to the same person"
        case NoReportingLine():
            why = "one is above the other in the line of managers"
        case NotPairedBefore():
            why = "the two were a pair in an earlier program"
        case NotThesePairs():
            why = "the definition keeps the two apart"
    return f"{rule_in_words(rule)}: {why}."


def rule_speaks_for(
    rule: HardRule, mentor: Person, mentee: Person, organisation: Organisation
) -> str | None:
    """What the rule looked for in two people and found, if it is worth telling.

    Whether the two may read it says `may_be_told`.
    """
    match rule:
        case LevelGap():
            low, high = organisation.rank(mentor), organisation.rank(mentee)
            return None if low is None or high is None else f"{_levels(high - low)} apart"
        case Different() | Same():
            return _compared(rule.column, mentor, mentee, organisation)
        case Shared():
            common = _common_values(rule.column, mentor, mentee, organisation)
            return _common_in_words(rule.column, common, organisation)
        case SharedHours():
            return _time_in_words(_time(mentor, mentee, organisation))
    return None


def _wrong_gap(mentor: Person, mentee: Person, organisation: Organisation) -> str:
    low, high = organisation.rank(mentor), organisation.rank(mentee)
    if low is None or high is None:
        who = "mentor" if low is None else "mentee"
        return f"the level of the {who} is not known"
    if low == high:
        return "the two stand on the same level"
    return (
        f"the mentee stands {_levels(high - low)} {'above' if high > low else 'below'} the mentor"
    )


def _levels(count: int) -> str:
    return "1 level" if abs(count) == 1 else f"{abs(count)} levels"


# --- Preferences in words ------------------------------------------------------------------------


def preference_in_words(
    preference: Preference, mentor: Person, mentee: Person, organisation: Organisation
) -> tuple[str | None, str | None]:
    """What the preference finds that speaks for two people, and what against.

    The first is for HR and, if `may_be_told`, for the two themselves; the second for HR alone.
    Neither, where the preference says nothing of them. In `mutual` mode the words are of both
    directions.
    """
    match preference:
        case GoalsMeetSkills():
            return _goals_in_words(mentor, mentee, organisation)
        case PreferSharedHours():
            found = _time(mentor, mentee, organisation)
            time = _time_in_words(found)
            short = found.minutes < minutes_of(preference.enough)
            if not found.minutes:
                return None, time
            return time, f"only {time}" if short else None
        case PreferShared() if preference.column not in organisation.identity:
            return _shared_in_words(preference, mentor, mentee, organisation)
    share = share_of_two(preference, mentor, mentee, organisation)
    if share is None:
        return None, None
    if preference.column in organisation.identity:
        return _identity_in_words(preference, share)
    if isinstance(preference, OnAScale):
        return _places_in_words(preference, mentor, mentee, share)
    words = _compared(preference.column, mentor, mentee, organisation)
    return (words, None) if share else (None, words)


def share_of_two(
    preference: Preference, mentor: Person, mentee: Person, organisation: Organisation
) -> float | None:
    """What `liking_of` says of two people; matrices of one cell take a hundred times as long."""
    match preference:
        case PreferSame() | PreferDifferent():
            one, other = mentor.value_of(preference.column), mentee.value_of(preference.column)
            if one is None or other is None:
                return None
            same = one.casefold() == other.casefold()
            return float(same == isinstance(preference, PreferSame))
        case PreferClose() | PreferFar() | PreferHigh():
            mine, theirs = (organisation.place(preference, who) for who in (mentor, mentee))
            if mine is None or theirs is None:
                return None
            return float(np.float32(_liked(preference, mine, theirs)))
    liking = liking_of(preference, [mentor], [mentee], organisation)
    return float(liking.share[0, 0]) if liking.says is None or liking.says[0, 0] else None


def _shared_in_words(
    preference: PreferShared, mentor: Person, mentee: Person, organisation: Organisation
) -> tuple[str | None, str | None]:
    column = preference.column
    if not all(organisation.values(person, column) for person in (mentor, mentee)):
        return None, None
    common = _common_values(column, mentor, mentee, organisation)
    least = f"fewer than {preference.enough}" if common and preference.enough else "no"
    short = len(common) < (preference.enough or 1)
    return (
        _common_in_words(column, common, organisation),
        f"{least} {_called(column)} in common" if short else None,
    )


def _identity_in_words(preference: Preference, share: float) -> tuple[str | None, str | None]:
    apart = isinstance(preference, PreferDifferent | PreferFar)
    return identity_in_words(apart=apart, met=share >= 0.5)


def _goals_in_words(
    mentor: Person, mentee: Person, organisation: Organisation
) -> tuple[str | None, str | None]:
    ways = [("mentor", mentor, "mentee", mentee)]
    if organisation.mutual:
        ways.append(("mentee", mentee, "mentor", mentor))
    speaks_for: list[str] = []
    against: list[str] = []
    for teaches, teacher, learns, learner in ways:
        goals = organisation.values(learner, "goals")
        skills = dict(_skills_of(teacher, organisation))
        met = [goal for goal in goals if goal in skills]
        if met:
            how = f"the {teaches} can teach what the {learns} wants to learn"
            best = sum(skills[goal] == _in_full(organisation) for goal in met)
            share = [_part(len(met), len(goals)), _at_best(best, len(met), organisation)]
            more = ", ".join(words for words in share if words)
            named = ", ".join(goals[goal] for goal in met)
            speaks_for.append(
                f"{'the other way round' if speaks_for else how}: {named}"
                + (f" ({more})" if more else "")
            )
        whose = f" for the {learns}" if organisation.mutual else ""
        if missing := [written for goal, written in goals.items() if goal not in skills]:
            against.append(f"not covered{whose}: {', '.join(missing)}")
        for level in organisation.skill_ranks:
            low = _counts(level, organisation)
            if low < _counts(None, organisation) and (
                barely := [goals[goal] for goal in met if skills[goal] == low]
            ):
                against.append(f"{_listed(barely)} at {level} level{whose}")
    return "; ".join(speaks_for) or None, "; ".join(against) or None


def _part(met: int, goals: int) -> str:
    if met < goals:
        return f"{met} of {goals} goals"
    return {1: "", 2: "both goals"}.get(goals, f"all {goals} goals")


def _at_best(best: int, met: int, organisation: Organisation) -> str:
    """How many of the goals the teacher knows on the highest level, where there are levels."""
    if not best or not organisation.skill_ranks:
        return ""
    level = max(organisation.skill_ranks, key=lambda name: organisation.skill_ranks[name])
    if best == met:
        return f"at {level} level" if met == 1 else f"all at {level} level"
    return f"{'one' if best == 1 else best} at {level} level"


def _places_in_words(
    preference: OnAScale, mentor: Person, mentee: Person, share: float
) -> tuple[str | None, str | None]:
    called = _called(preference.column)
    values = [person.value_of(preference.column) for person in (mentor, mentee)]
    of = ""
    if preference.numbers is not None and preference.numbers[0] in (0, 1):
        of = f" of {preference.numbers[1]:g}"
    shown = f"{values[0]} and {values[1]}{of}"
    match preference:
        case PreferHigh():
            words = f"both high in {called} ({shown})" if share >= 0.75 else f"{called}: {shown}"
        case PreferClose():
            words = f"alike in {called}" if share >= 0.5 else f"far apart in {called}"
        case _:
            words = f"far apart in {called}" if share >= 0.5 else f"close in {called}"
    return (words, None) if share >= 0.5 else (None, words)


def _compared(
    column: str, mentor: Person, mentee: Person, organisation: Organisation
) -> str | None:
    one, other = mentor.value_of(column), mentee.value_of(column)
    if one is None or other is None:
        return None
    called, same = _called(column), one.casefold() == other.casefold()
    if column in organisation.identity:
        return None
    if column == "manager":
        return "same manager" if same else "different managers"
    return f"same {called}: {one}" if same else f"different {called}: {one} and {other}"


def _common_values(
    column: str, mentor: Person, mentee: Person, organisation: Organisation
) -> list[str]:
    theirs = organisation.values(mentee, column)
    return [w for folded, w in organisation.values(mentor, column).items() if folded in theirs]


def _common_in_words(column: str, common: Sequence[str], organisation: Organisation) -> str | None:
    if not common or column in organisation.identity:
        return None
    match column:
        case "languages":
            return f"both speak {_listed(common)}"
        case "working_days":
            return f"both work on {_listed([f'{day}s' for day in common])}"
    return f"{_called(column)} in common: {', '.join(common)}"


def _time(mentor: Person, mentee: Person, organisation: Organisation) -> SharedTime:
    return shared_time(
        organisation.working_time(mentor), organisation.working_time(mentee), organisation.first_day
    )


def _time_in_words(time: SharedTime) -> str:
    if not time.minutes:
        return "no shared working time"
    hours = f"{round(time.minutes / 60, 1):g} h" if time.minutes >= 60 else f"{time.minutes} min"
    if time.days >= 5:
        return f"{hours} of shared working time a day"
    days = "1 day" if time.days == 1 else f"{time.days} days"
    return f"{hours} of shared working time on {days} a week"


def _shown(person: Person, column: str, organisation: Organisation) -> str | None:
    """What words may say of a column: nothing where people say what they are, nor who manages."""
    hidden = column == "manager" or column in organisation.identity
    return None if hidden else person.value_of(column)


def _called(column: str) -> str:
    return column.replace("_", " ")


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
