"""Patterns: what went with completed pairs. Never what caused them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from domain.calendar import ProgramCalendar
from domain.deeds import Verdict as FitVerdict
from domain.definition import Definition
from domain.lifecycle import PairState
from domain.metrics import has_completed
from domain.model import Value
from domain.pair_health import PairMembers
from domain.projection import PairStatus
from domain.responses import Asked, Book
from domain.statistics import Interval, share_difference
from domain.surveys import Item


class Factor(StrEnum):
    """What a pair had, or had not."""

    EARLY_START = "early_start"
    """It held its first session by when that was due."""
    GOOD_FIT = "good_fit"
    """Answered “good” when asked how the two fit. Counts answers, not pairs."""
    HIGH_SCORE = "high_score"
    """Its matching score was above the middle one."""
    PREFERENCE = "preference"
    """It met one of the matching preferences better than the middle pair."""


class Part(Value):
    """How many there were, and how many of them completed."""

    n: int
    completed: int

    @property
    def share(self) -> float:
        """Of those that completed."""
        return self.completed / self.n


class Association(Value):
    """How often pairs completed that had something, beside those that had not."""

    factor: Factor
    preference: int | None = None
    """Which of the definition's preferences, from 0."""
    had: Part
    had_not: Part
    difference: float
    """In the share that completed."""
    interval: Interval

    @property
    def is_clear(self) -> bool:
        """Whether it is more than chance would often make of nothing."""
        return self.interval.is_clear


class _Pair(NamedTuple):
    status: PairStatus
    members: PairMembers
    completed: bool


def associations_of(
    definition: Definition,
    calendar: ProgramCalendar,
    started: Sequence[PairStatus],
    members: Iterable[PairMembers],
    book: Book,
) -> tuple[Association, ...]:
    """What went with completed pairs, of the pairs that started.

    Each side of a comparison has at least the threshold of pairs, or is left out.
    """
    by_pair = {one.pair: one for one in members}
    found = [
        _Pair(pair, by_pair[pair.pair], has_completed(pair, definition))
        for pair in started
        if pair.pair in by_pair
    ]
    threshold = definition.privacy.anonymity_threshold
    every = timedelta(days=definition.sessions.every)
    early = [(_is_early(pair.status, calendar, every), pair.completed) for pair in found]
    scores = [(pair.members.score, pair.completed) for pair in found]
    wanted = [
        (Factor.EARLY_START, None, early),
        (Factor.GOOD_FIT, None, _good_fit(book, found)),
        (Factor.HIGH_SCORE, None, _above_the_middle(scores)),
        *(
            (Factor.PREFERENCE, number, _above_the_middle(_likings(found, number)))
            for number in range(len(definition.matching.preferences))
        ),
    ]
    compared = (_compare(factor, number, cases, threshold) for factor, number, cases in wanted)
    return tuple(one for one in compared if one is not None)


def _is_early(pair: PairStatus, calendar: ProgramCalendar, every: timedelta) -> bool:
    began = next((e.at for e in pair.history if e.state is PairState.MEETING), None)
    if began is None or not pair.held:
        return False
    return calendar.to_program(min(pair.held.values())) <= calendar.to_program(began) + every


def _likings(pairs: Sequence[_Pair], number: int) -> list[tuple[float, bool]]:
    return [
        (liking, pair.completed)
        for pair in pairs
        if number < len(pair.members.likings)
        and (liking := pair.members.likings[number]) is not None
    ]


def _above_the_middle(cases: Sequence[tuple[float, bool]]) -> list[tuple[bool, bool]]:
    middle = median(value for value, _ in cases) if cases else 0.0
    return [(value > middle, completed) for value, completed in cases]


def _compare(
    factor: Factor, preference: int | None, cases: Sequence[tuple[bool, bool]], threshold: int
) -> Association | None:
    had = [completed for has, completed in cases if has]
    had_not = [completed for has, completed in cases if not has]
    if min(len(had), len(had_not)) < threshold:
        return None
    difference, interval = share_difference((sum(had), len(had)), (sum(had_not), len(had_not)))
    return Association(
        factor=factor,
        preference=preference,
        had=Part(n=len(had), completed=sum(had)),
        had_not=Part(n=len(had_not), completed=sum(had_not)),
        difference=difference,
        interval=interval,
    )


def _good_fit(book: Book, pairs: Iterable[_Pair]) -> list[tuple[bool, bool]]:
    """Whether each answer was “good”, and whether its pair completed; none if it can't be told.

    What is told are the answers of those whose pair completed, and of the others: two groups.
    """
    completed = {pair.members.pair: pair.completed for pair in pairs}
    for asked, item in _fit_questions(book):
        question = book.question(asked, item)
        groups = [
            frozenset(unit for unit in question.given if completed.get(unit.answer) is outcome)
            for outcome in (True, False)
        ]
        if all(not group or question.gate.admit(group) for group in groups):
            return [
                (question.given[unit].value == FitVerdict.GOOD.value, outcome)
                for outcome, group in zip((True, False), groups, strict=True)
                for unit in sorted(group)
            ]
    return []


def _fit_questions(book: Book) -> Iterable[tuple[Asked, Item]]:
    for asked in book.occasions:
        survey = book.instruments.latest(asked.survey)
        if survey is not None and asked.occasion.startswith("session-"):
            yield from ((asked, item) for item in survey.items if item.verdict)
