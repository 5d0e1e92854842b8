"""What was answered, and which of it counts in what is told.

A `Book` holds all answers to the surveys of a program, each question behind a gate of its own
(`domain.disclosure`). Everything that a report tells of answers is drawn from here, so that no two
figures of it can give away what neither tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from domain.disclosure import Gate, Group, Unit, batches, people_in
from domain.model import Value
from domain.people import Role
from domain.surveys import AnswerValue, Item, ItemKind, Survey, number_on


class Response(Value):
    """One survey that one person answered."""

    survey: str
    occasion: str
    """Without the survey's id: `session-2`."""
    version: int
    role: Role | None
    person: str
    """The person's opaque id."""
    pair: str | None
    """None where it was not asked about a pair."""
    answers: dict[str, AnswerValue]
    answered_at: datetime
    first_answers: dict[str, AnswerValue] | None = None
    """What was sent first, where it was changed since."""
    first_at: datetime | None = None

    @property
    def unit(self) -> Unit:
        """Names it among the answers to a question."""
        return Unit(self.person, self.pair or "")

    @property
    def came_at(self) -> datetime:
        """When it was first sent."""
        return self.first_at or self.answered_at

    @property
    def first(self) -> dict[str, AnswerValue]:
        """What was sent first."""
        return self.answers if self.first_answers is None else self.first_answers

    @property
    def was_changed(self) -> bool:
        """Whether it says something else than when it was first sent."""
        return self.first != self.answers


class Asked(NamedTuple):
    """One sending of a survey: which, and on which occasion."""

    survey: str
    occasion: str


class Given(NamedTuple):
    """An answer that counts."""

    role: Role | None
    value: AnswerValue


class Instruments:
    """The surveys that were asked, in every version in which they were.

    Args:
        current: each survey as it is now, by id.
        earlier: those that were asked in other versions, by id and version.
    """

    def __init__(
        self,
        current: Mapping[str, Survey],
        earlier: Mapping[tuple[str, int], Survey] | None = None,
    ) -> None:
        self._current = current
        self._earlier = earlier or {}

    def with_asked(self, asked: Iterable[Survey]) -> Instruments:
        """The same, and these as they were asked."""
        return Instruments(
            self._current, {**self._earlier, **{(one.id, one.version): one for one in asked}}
        )

    def of(self, response: Response) -> Survey | None:
        """The survey as somebody was asked it; None if nobody knows any more."""
        current = self._current.get(response.survey)
        return self._earlier.get((response.survey, response.version), current)

    def latest(self, survey: str) -> Survey | None:
        """The survey in its latest version."""
        known = [s for (name, _), s in self._earlier.items() if name == survey]
        known += [found] if (found := self._current.get(survey)) is not None else []
        return max(known, key=lambda one: one.version, default=None)


class Question:
    """The answers to one item on one occasion that count, and the gate before them."""

    def __init__(self, item: Item, given: Mapping[Unit, Given], gate: Gate) -> None:
        self.item = item
        self.given = given
        self.gate = gate

    @property
    def everyone(self) -> Group:
        """All whose answers count."""
        return frozenset(self.given)

    def of_role(self, role: Role) -> Group:
        """Those of them who were asked in a role."""
        return frozenset(unit for unit, given in self.given.items() if given.role is role)

    def values(self, group: Group) -> list[AnswerValue]:
        """What a group answered, in an order that says nothing."""
        return sorted((self.given[unit].value for unit in group & self.everyone), key=str)


class Book:
    """All answers to the surveys of a program.

    While people may still answer, what is told must stay so when more come in. Some occasions then
    wait until nobody may answer any more. On the others, whole batches are told of as they were
    first sent (see `domain.disclosure.batches`).

    Once nobody may answer any more, every answer counts as it was sent last, unless too few people
    changed theirs: the difference to an earlier report would be about them. Then the answers to
    that survey count as they were first sent.

    Args:
        responses: what was answered.
        instruments: the surveys.
        threshold: the fewest people to tell of.
        still_open: the occasions on which people may still answer.
        waits: those that are told of only once nobody may answer any more.
    """

    def __init__(
        self,
        responses: Iterable[Response],
        instruments: Instruments,
        threshold: int,
        *,
        still_open: Collection[Asked],
        waits: Collection[Asked],
    ) -> None:
        self.instruments = instruments
        self.threshold = threshold
        self._responses: dict[Asked, list[Response]] = {}
        for response in sorted(responses, key=lambda r: (r.came_at, r.person, r.pair or "")):
            asked = Asked(response.survey, response.occasion)
            self._responses.setdefault(asked, []).append(response)
        self._still_open, self._waits = still_open, waits
        self._questions: dict[tuple[Asked, str], Question] = {}

    @cached_property
    def occasions(self) -> tuple[Asked, ...]:
        """Every sending that was answered, the first answered first."""
        return tuple(self._responses)

    def is_open(self, asked: Asked) -> bool:
        """Whether people may still answer."""
        return asked in self._still_open

    def answered(self, asked: Asked) -> int:
        """How many answered on an occasion."""
        return len(self._responses.get(asked, ()))

    def counted(self, asked: Asked) -> list[tuple[Response, dict[str, AnswerValue]]]:
        """The answers on an occasion as they count, as far as they may be told by now."""
        found = self._responses.get(asked, [])
        if self.is_open(asked):
            return [] if asked in self._waits else [(r, r.first) for r in found]
        changed = people_in(r.unit for r in found if r.was_changed)
        if 0 < changed < self.threshold:
            return [(response, response.first) for response in found]
        return [(response, response.answers) for response in found]

    def question(self, asked: Asked, item: Item) -> Question:
        """The answers to an item on an occasion. The same question has the same gate."""
        key = (asked, item.id)
        if key not in self._questions:
            self._questions[key] = self._read(asked, item)
        return self._questions[key]

    def _read(self, asked: Asked, item: Item) -> Question:
        counted = self.counted(asked)
        came = [
            (response.unit, response.role)
            for response in (r for r, _ in counted)
            if self._value(item, response, response.first) is not None
        ]
        told = [] if asked in self._waits else batches(came, self.threshold)
        given = {
            response.unit: Given(response.role, value)
            for response, answers in counted
            if (value := self._value(item, response, answers)) is not None
        }
        if self.is_open(asked):
            shown = frozenset().union(*told)
            given = {unit: one for unit, one in given.items() if unit in shown}
        return Question(item, given, Gate(self.threshold, told))

    def _value(
        self, item: Item, response: Response, answers: Mapping[str, AnswerValue]
    ) -> AnswerValue | None:
        """An answer if it is one to this very question, in whichever version of the survey."""
        survey = self.instruments.of(response)
        asked = next((one for one in survey.items if one.id == item.id), None) if survey else None
        if asked is None or _shape(asked) != _shape(item):
            return None
        if item.kind is ItemKind.SCALE:
            return number_on(item, answers)
        value = answers.get(item.id)
        if item.kind is ItemKind.CHOICE:
            return value if value in {option.id for option in item.options} else None
        return value if isinstance(value, str) and value.strip() else None


def _shape(item: Item) -> tuple[object, ...]:
    """What makes answers to two versions of a question comparable."""
    options: Sequence[str] = [option.id for option in item.options]
    return item.kind, item.low, item.high, item.reversed, *options
