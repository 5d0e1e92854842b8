"""Small made-up programs, and what holds in them, worked out in plain Python pair by pair."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from domain.background import Background
from domain.criteria import (
    Different,
    GoalsMeetSkills,
    LevelGap,
    NoReportingLine,
    NotPairedBefore,
    Objective,
    PreferDifferent,
    PreferShared,
    Shared,
)
from domain.definition import Definition, Mode
from domain.people import Person, Role
from domain.proposal import Proposal
from tests.domain.definitions import definition_with

MENTOR, MENTEE, EITHER = (Role.MENTOR,), (Role.MENTEE,), (Role.MENTOR, Role.MENTEE)
SKILLS = ("AI", "chat tools", "slang", "photos")
LANGUAGES = ("en", "fr", "pt")
LEVELS = "ABCD"

RULES: tuple[dict[str, Any], ...] = (
    {"rule": "level_gap", "min": 1},
    {"rule": "level_gap", "min": 2, "max": 2},
    {"rule": "different", "column": "department"},
    {"rule": "no_reporting_line", "depth": 2},
    {"rule": "shared", "column": "languages", "min": 2},
    {"rule": "not_paired_before"},
)
PREFERENCES: tuple[dict[str, Any], ...] = (
    {"prefer": "goals_meet_skills", "weight": 5},
    {"prefer": "different", "column": "department", "weight": 2},
    {"prefer": "shared", "column": "interests", "weight": 1.5},
)

Pair = tuple[str, str]


def person(reference: str, roles: tuple[Role, ...], **more: object) -> Person:
    values = {"name": f"Example {reference}", "email": f"{reference}@example.com", **more}
    return Person.model_validate({"reference": reference, "roles": roles, **values})


def keyed(*people: Person) -> dict[str, Person]:
    return {p.reference: p for p in people}


def pairs_of(proposal: Proposal) -> list[Pair]:
    return [(pair.mentor, pair.mentee) for pair in proposal.pairs]


@dataclass(frozen=True)
class Program:
    """All that matching is given."""

    definition: Definition
    people: Mapping[str, Person]
    background: Background

    def changed(self, **matching: object) -> Program:
        changed = self.definition.matching.model_copy(update=matching)
        return replace(self, definition=self.definition.model_copy(update={"matching": changed}))

    # --- What a pair is ---

    def broken(self, mentor: str, mentee: str) -> list[str]:
        """The hard rules that a pair breaks, by name."""
        one, other = self.people[mentor], self.people[mentee]
        if mentor == mentee or Role.MENTOR not in one.roles or Role.MENTEE not in other.roles:
            return ["roles"]
        return [
            rule.rule
            for rule in self.definition.matching.rules
            if not self._keeps(rule, one, other)
        ]

    def _keeps(self, rule: object, one: Person, other: Person) -> bool:
        match rule:
            case LevelGap():
                if one.level is None or other.level is None:
                    return False
                gap = LEVELS.index(other.level) - LEVELS.index(one.level)
                return rule.min <= gap and (rule.max is None or gap <= rule.max)
            case Different():
                here, there = one.value_of(rule.column), other.value_of(rule.column)
                return here is None or here != there
            case Shared():
                both = set(one.languages or ("en",)) & set(other.languages or ("en",))
                return len(both) >= rule.min
            case NoReportingLine():
                return not (
                    self._is_above(one, other, rule.depth) or self._is_above(other, one, rule.depth)
                )
            case NotPairedBefore():
                two = {one.reference, other.reference}
                return all(set(pair) != two for pair in self.background.met)
        raise NotImplementedError(rule)

    def _is_above(self, low: Person, high: Person, depth: int) -> bool:
        by_reference = {p.reference: p for p in self.background.everybody}
        for _ in range(depth):
            manager = by_reference[low.reference].manager
            if manager is None:
                return False
            if manager == high.reference:
                return True
            low = by_reference[manager]
        return False

    def score(self, mentor: str, mentee: str) -> float:
        """What a pair scores, of 100."""
        one, other = self.people[mentor], self.people[mentee]
        ways = [(one, other)]
        if self.definition.program.mode is Mode.MUTUAL:
            ways.append((other, one))
        if not self.definition.matching.preferences:
            return 100.0
        said = [
            (preference.weight, share)
            for preference in self.definition.matching.preferences
            for way in ways
            if (share := _share(preference, *way)) is not None
        ]
        if not said:
            return 50.0
        return 100 * sum(w * share for w, share in said) / sum(w for w, _ in said)

    def permitted(self, mentor: str, mentee: str) -> bool:
        """Whether the two may meet and reach the floor."""
        floor = self.definition.matching.floor or 0
        if self.broken(mentor, mentee):
            return False
        return round(self.score(mentor, mentee), 2) >= floor

    # --- What can be chosen ---

    def choices(self, held: frozenset[Pair] = frozenset()) -> Iterator[frozenset[Pair]]:
        """Every set of pairs that can be made around those that are held."""
        possible = []
        for one, other in itertools.combinations(self.people, 2):
            ways = [way for way in ((one, other), (other, one)) if self.permitted(*way)]
            if ways and not {(one, other), (other, one)} & held:
                possible.append(max(ways, key=lambda way: self.score(*way)))
        used = Counter(key for pair in held for key in pair)

        def extend(number: int, chosen: frozenset[Pair]) -> Iterator[frozenset[Pair]]:
            yield chosen
            for following in range(number, len(possible)):
                pair = possible[following]
                if all(used[key] < self.people[key].capacity for key in pair):
                    used.update(pair)
                    yield from extend(following + 1, chosen | {pair})
                    used.subtract(pair)

        yield from extend(0, held)

    def can_cover(self, people: set[str], held: frozenset[Pair] = frozenset()) -> bool:
        """Whether some set of pairs gives all of these a partner."""
        return any(people <= covered(choice) for choice in self.choices(held))

    def reached(self, pairs: frozenset[Pair]) -> tuple[float, float]:
        """People covered and total score, in the order that the objective puts them."""
        total = round(sum(round(self.score(*pair), 2) for pair in pairs), 2)
        people = len(covered(pairs))
        most_people = self.definition.matching.objective is Objective.MOST_PEOPLE
        return (people, total) if most_people else (total, people)


def covered(pairs: Iterable[Pair]) -> set[str]:
    """Who is in one of the pairs."""
    return {key for pair in pairs for key in pair}


def _share(preference: object, teacher: Person, learner: Person) -> float | None:
    match preference:
        case GoalsMeetSkills():
            if not learner.goals:
                return None
            weights = {goal: 1 / (k + 1) for k, goal in enumerate(learner.goals)}
            met = sum(weight for goal, weight in weights.items() if goal in teacher.skills)
            return met / sum(weights.values())
        case PreferDifferent():
            here, there = teacher.value_of(preference.column), learner.value_of(preference.column)
            return None if here is None or there is None else float(here != there)
        case PreferShared():
            mine, theirs = set(teacher.interests), set(learner.interests)
            return len(mine & theirs) / len(mine | theirs) if mine and theirs else None
    raise NotImplementedError(preference)


@st.composite
def programs(draw: st.DrawFn, *, either: bool = True, most: int = 6) -> Program:
    """A program of a few people under a few rules; with `either` some may take both roles."""
    mode = draw(st.sampled_from(Mode)) if either else Mode.ONE_WAY
    roles = [EITHER] if mode is Mode.MUTUAL else [MENTOR, MENTEE, *([EITHER] if either else [])]
    words = st.lists(st.sampled_from(SKILLS), max_size=3, unique=True).map(tuple)
    people = [
        person(
            f"{number:02}",
            draw(st.sampled_from(roles)),
            level=draw(st.sampled_from(LEVELS)),
            department=draw(st.sampled_from(["IT", "Sales", None])),
            languages=draw(st.lists(st.sampled_from(LANGUAGES), max_size=2, unique=True)),
            manager=draw(st.sampled_from([None, *(f"{n:02}" for n in range(number))])),
            skills=draw(words),
            goals=draw(words),
            interests=draw(words),
            capacity=draw(st.integers(1, 3)),
        )
        for number in range(draw(st.integers(2, most)))
    ]
    rules = draw(st.lists(st.sampled_from(RULES), max_size=3, unique_by=lambda r: r["rule"]))
    preferences = draw(
        st.lists(st.sampled_from(PREFERENCES), max_size=3, unique_by=lambda p: p["prefer"])
    )
    definition = definition_with(
        mode=mode.value,
        matching={
            "objective": draw(st.sampled_from(Objective)).value,
            "rules": rules,
            "preferences": preferences,
            "floor": draw(st.sampled_from([None, None, 30, 60])),
        },
        levels=list(LEVELS),
    )
    keys = [p.reference for p in people]
    met = draw(st.lists(st.tuples(st.sampled_from(keys), st.sampled_from(keys)), max_size=3))
    background = Background(everybody=tuple(people), met=frozenset(met))
    return Program(definition, keyed(*people), background)
