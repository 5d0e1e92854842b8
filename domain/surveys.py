"""Surveys: what they ask, and whether an answer fits the question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from domain.deeds import Verdict
from domain.model import Value
from domain.people import Role

MAX_TEXT = 2_000
"""Characters kept of a free-text answer."""


class ItemKind(StrEnum):
    """How an item is answered."""

    SCALE = "scale"
    """A whole number from `low` to `high` (Likert, or 0 to 10 for the recommendation score)."""
    CHOICE = "choice"
    """One of `options`."""
    TEXT = "text"
    """Free words. Kept in the store only."""


class Option(Value):
    """One of the options of a choice."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    text: str


class Item(Value):
    """One question. `text` is for both roles, unless one of them has a text of its own."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: ItemKind
    text: str
    text_mentor: str | None = None
    text_mentee: str | None = None
    only: Role | None = None
    """Asked of this role alone."""
    low: int = 1
    high: int = 5
    low_label: str = ""
    high_label: str = ""
    options: tuple[Option, ...] = ()
    required: bool = True
    reversed: bool = False
    """A high number means the opposite of its subscale: it is turned round before averaging."""
    subscale: str | None = None
    verdict: bool = False
    """Whether the option that is picked says how the pair fits: its options are then called like
    `domain.deeds.Verdict`."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind is ItemKind.SCALE and not self.low < self.high:
            raise ValueError(f"item {self.id}: low must be below high")
        if (self.kind is ItemKind.CHOICE) != bool(self.options):
            raise ValueError(f"item {self.id}: options belong to a choice, and a choice needs them")
        if self.verdict and {option.id for option in self.options} != set(Verdict):
            known = ", ".join(Verdict)
            raise ValueError(f"item {self.id}: the options of a verdict are {known}")
        return self

    def text_for(self, role: Role) -> str:
        """The question as this role reads it."""
        own = self.text_mentor if role is Role.MENTOR else self.text_mentee
        return own or self.text

    def in_words(self, answer: AnswerValue | None) -> str:
        """An answer as somebody reads it; nothing where there is none."""
        if answer is None:
            return ""
        chosen = (option.text for option in self.options if option.id == answer)
        return next(chosen, str(answer))


class Survey(Value):
    """A questionnaire. `id` and `version` go with every answer, so that answers stay readable."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: int = Field(ge=1)
    title: str
    intro: str
    minutes: int = Field(ge=1, le=30)
    """How long it takes, as the page says it."""
    seen_by_coordinator: bool = False
    """Whether the coordinator sees single answers; if so, the page says it to the person."""
    items: tuple[Item, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _items_differ(self) -> Self:
        ids = [item.id for item in self.items]
        if len(set(ids)) != len(ids):
            raise ValueError("two items have the same id")
        return self

    def items_for(self, role: Role) -> tuple[Item, ...]:
        """The items this role is asked."""
        return tuple(item for item in self.items if item.only in (None, role))


AnswerValue = int | str
"""A number on the scale, the id of an option, or words."""


def read_answers(
    survey: Survey, role: Role, form: Mapping[str, str]
) -> tuple[dict[str, AnswerValue], dict[str, str]]:
    """Read a submitted form: what was answered, and what is wrong, each by item id.

    Nothing that fits is lost when something else is wrong. Words beyond `MAX_TEXT` are a problem,
    not cut off.
    """
    answers: dict[str, AnswerValue] = {}
    wrong: dict[str, str] = {}
    for item in survey.items_for(role):
        raw = form.get(item.id, "").strip()
        if not raw:
            if item.required:
                wrong[item.id] = "Please answer this one."
        elif item.kind is ItemKind.TEXT:
            if len(raw) > MAX_TEXT:
                wrong[item.id] = f"Please keep it under {MAX_TEXT} characters ({len(raw)} now)."
            else:
                answers[item.id] = raw
        elif item.kind is ItemKind.CHOICE:
            if raw in {option.id for option in item.options}:
                answers[item.id] = raw
            else:
                wrong[item.id] = "Please pick one of the options."
        else:
            number = int(raw) if re.fullmatch(r"-?[0-9]{1,3}", raw) else None
            if number is not None and item.low <= number <= item.high:
                answers[item.id] = number
            else:
                wrong[item.id] = f"Please pick a number from {item.low} to {item.high}."
    return answers, wrong
