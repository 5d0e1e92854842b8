"""Change: what people said before the first session and said again at the end, or later.

Only the same people are compared, by their opaque ids, and each counts once, with the mean of their
answers if they answered for several pairs. A scale is compared where a survey before and one after
ask it with the same items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from domain.definition import Definition
from domain.disclosure import Gate, Group, Unit, admit_together, told_together
from domain.model import Value
from domain.people import Role
from domain.responses import Asked, Book, Instruments
from domain.sections import CheckInPoint
from domain.statistics import Change, change_of
from domain.surveys import Item, Subscale, Survey, bounds_of, score_of


class Later(NamedTuple):
    """When it was asked again."""

    asked: Asked
    days: int | None
    """Program days after the end; None for the evaluation."""


def asked_before(definition: Definition) -> tuple[Asked, ...]:
    """The sendings of surveys before the first session."""
    return _at(definition, CheckInPoint.PREPARATION)


def asked_at_the_end(definition: Definition) -> tuple[Asked, ...]:
    """The sendings of surveys at the evaluation."""
    return _at(definition, CheckInPoint.EVALUATION)


def _at(definition: Definition, point: CheckInPoint) -> tuple[Asked, ...]:
    found = [Asked(c.survey, point.value) for c in definition.check_ins if c.when.point is point]
    return tuple(dict.fromkeys(found))


def asked_later(definition: Definition) -> tuple[Later, ...]:
    """The sendings of surveys with which the ones before are compared, in order."""
    at_the_end = [Later(asked, None) for asked in asked_at_the_end(definition)]
    return (
        *at_the_end,
        *(
            Later(Asked(f.survey, f"after-{f.after}"), f.after)
            for f in definition.planned_follow_ups
        ),
    )


class Measure(NamedTuple):
    """A scale that was asked before and is asked again."""

    scale: str
    title: str
    before: Asked
    later: Later
    low: float
    high: float


def measures_of(definition: Definition, instruments: Instruments) -> tuple[Measure, ...]:
    """Every scale that can be compared, those at the evaluation first."""
    found: dict[tuple[str, int | None], Measure] = {}
    for later in asked_later(definition):
        after = instruments.latest(later.asked.survey)
        for before in asked_before(definition):
            first = instruments.latest(before.survey)
            if first is None or after is None:
                continue
            names = (*(scale.id for scale in first.scales), *(item.id for item in first.items))
            for name in dict.fromkeys(names):
                scale = first.scale(name)
                if scale is not None and _is_same(first, after, name):
                    low, high = bounds_of(first, scale)
                    measure = Measure(name, scale.title, before, later, low, high)
                    found.setdefault((name, later.days), measure)
    return tuple(found.values())


def _is_same(first: Survey, after: Survey, name: str) -> bool:
    one, other = first.scale(name), after.scale(name)
    if one is None or other is None or one.score != other.score:
        return False
    return _shapes(first.items_of(name)) == _shapes(after.items_of(name))


def _shapes(items: Sequence[Item]) -> set[tuple[object, ...]]:
    return {(item.id, item.low, item.high, item.reversed, item.only) for item in items}


class ScaleChange(Value):
    """What changed on one scale, among everybody or those of one role."""

    scale: str
    title: str
    low: float
    high: float
    """From where to where a score can go."""
    role: Role | None
    days: int | None
    """Program days after the end at which it was asked again; None for the evaluation."""
    change: Change | None
    """None where too few answered both times, or others could be worked out from it."""
    set_aside: int = 0
    """How many more answered both times. With them, a few others could be worked out."""


class _Score(NamedTuple):
    """What one person scored in one role, and the answers that it is made of."""

    value: float
    units: frozenset[Unit]


_Scores = dict[tuple[str, Role | None], _Score]
"""By person and role."""


class Comparison:
    """The changes on all scales that were asked twice. Each is let through the gates once.

    Args:
        book: the answers.
        measures: what to compare.
    """

    def __init__(self, book: Book, measures: Sequence[Measure]) -> None:
        self._book = book
        self._measures = {(measure.scale, measure.later.days): measure for measure in measures}
        self._found: dict[tuple[str, int | None, Role | None], ScaleChange] = {}
        self._scored: dict[tuple[Asked, str], _Scores] = {}

    @property
    def scales(self) -> tuple[tuple[str, int | None], ...]:
        """What is compared: each scale with the days after the end, None for the evaluation."""
        return tuple(self._measures)

    def change(self, scale: str, days: int | None, role: Role | None) -> ScaleChange | None:
        """What changed on a scale; None where it was not asked twice."""
        measure = self._measures.get((scale, days))
        if measure is None:
            return None
        key = (scale, days, role)
        if key not in self._found:
            change, aside = self._compare(measure, role)
            self._found[key] = ScaleChange(
                scale=measure.scale,
                title=measure.title,
                low=measure.low,
                high=measure.high,
                role=role,
                days=days,
                change=change,
                set_aside=aside,
            )
        return self._found[key]

    def told(self) -> tuple[ScaleChange, ...]:
        """All that was asked for, in order of scales, everyone first."""
        order = {key: place for place, key in enumerate(self._measures)}
        roles = [None, *Role]
        return tuple(
            sorted(
                self._found.values(),
                key=lambda one: (order[one.scale, one.days], roles.index(one.role)),
            )
        )

    def _compare(self, measure: Measure, role: Role | None) -> tuple[Change | None, int]:
        """The change, and how many were set aside so that others can't be worked out from it."""
        before, after = self._both(measure, role)
        gates = [
            *self._gates(measure.before, measure.scale, before),
            *self._gates(measure.later.asked, measure.scale, after),
        ]
        people = sorted(told_together(gates))
        wanted = [(gate, _of(answers, people)) for gate, answers in gates]
        if not people or not admit_together(wanted):
            return None, 0
        aside = len({person for person, _ in before}) - len(people)
        return change_of(_by_person(before, people), _by_person(after, people)), aside

    def _both(self, measure: Measure, role: Role | None) -> tuple[_Scores, _Scores]:
        """The scores of who has one before and one after, in the same role."""
        before = self._scores(measure.before, measure.scale)
        after = self._scores(measure.later.asked, measure.scale)
        both = [key for key in before if key in after and role in (None, key[1])]
        return {key: before[key] for key in both}, {key: after[key] for key in both}

    def _scores(self, asked: Asked, name: str) -> _Scores:
        if (asked, name) not in self._scored:
            self._scored[asked, name] = self._score(asked, name)
        return self._scored[asked, name]

    def _score(self, asked: Asked, name: str) -> _Scores:
        survey = self._book.instruments.latest(asked.survey)
        scale = survey.scale(name) if survey is not None else None
        if survey is None or scale is None:
            return {}
        found: dict[tuple[str, Role | None], list[tuple[float, Unit]]] = {}
        for unit, role, score in _scored(self._book, asked, survey, scale):
            found.setdefault((unit.person, role), []).append((score, unit))
        return {
            key: _Score(
                sum(score for score, _ in scored) / len(scored),
                frozenset(unit for _, unit in scored),
            )
            for key, scored in found.items()
        }

    def _gates(
        self, asked: Asked, scale: str, scores: _Scores
    ) -> list[tuple[Gate, dict[str, Group]]]:
        """The gates before the items of a scale, each with the answers of every person."""
        survey = self._book.instruments.latest(asked.survey)
        items = survey.items_of(scale) if survey is not None else ()
        found: list[tuple[Gate, dict[str, Group]]] = []
        for question in (self._book.question(asked, item) for item in items):
            answers: dict[str, Group] = {}
            for (person, _), score in scores.items():
                mine = score.units & question.everyone
                if mine:
                    answers[person] = answers.get(person, frozenset()) | mine
            found.append((question.gate, answers))
        return found


def _of(answers: Mapping[str, Group], people: Sequence[str]) -> Group:
    return frozenset().union(*(answers.get(person, frozenset()) for person in people))


def _scored(
    book: Book, asked: Asked, survey: Survey, scale: Subscale
) -> Iterator[tuple[Unit, Role | None, float]]:
    questions = [book.question(asked, item) for item in survey.items_of(scale.id)]
    units = dict.fromkeys(unit for question in questions for unit in question.given)
    for unit in units:
        given = {q.item.id: q.given[unit] for q in questions if unit in q.given}
        role = next(iter(given.values())).role
        answers = {item: one.value for item, one in given.items()}
        score = score_of(survey, scale, answers, role)
        if score is not None:
            yield unit, role, score


def _by_person(scores: _Scores, people: Sequence[str]) -> list[float]:
    """Each person's mean over the roles that they have a score in."""
    found: dict[str, list[float]] = {person: [] for person in people}
    for (person, _), score in scores.items():
        if person in found:
            found[person].append(score.value)
    return [sum(values) / len(values) for values in found.values()]
