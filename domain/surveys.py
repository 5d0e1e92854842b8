"""Surveys: what they ask, whether an answer fits the question, and how answers are scored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Self

from pydantic import Field, ValidationError, model_validator

from domain.deeds import Verdict
from domain.model import Written
from domain.people import Role
from domain.problems import did_you_mean

_ID = r"^[a-z][a-z0-9_]*$"

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


class Option(Written):
    """One of the options of a choice."""

    id: str = Field(pattern=_ID)
    text: str


class Item(Written):
    """One question. `text` is for both roles, unless one of them has a text of its own."""

    id: str = Field(pattern=_ID)
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
    labels: dict[int, str] = Field(default_factory=dict)
    """What single points of the scale mean, by their number; the ends may have theirs here or in
    `low_label` and `high_label`."""
    options: tuple[Option, ...] = ()
    required: bool = True
    reversed: bool = False
    """A high number means the opposite of its subscale: it is turned round before scoring."""
    subscale: str | None = Field(default=None, pattern=_ID)
    """The subscale that it belongs to. One that the survey does not declare is scored as a mean."""
    verdict: bool = False
    """Whether the option that is picked says how the pair fits: its options are then called like
    `domain.deeds.Verdict`."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.kind is ItemKind.CHOICE) != bool(self.options):
            raise ValueError("options belong to a choice, and a choice needs them.")
        wrong = _wrong_points(self) if self.kind is ItemKind.SCALE else _wrong_off_a_scale(self)
        if wrong:
            raise ValueError(wrong)
        if self.verdict and {option.id for option in self.options} != set(Verdict):
            known = ", ".join(Verdict)
            raise ValueError(f"the options of a verdict are {known}.")
        return self

    def text_for(self, role: Role) -> str:
        """The question as this role reads it."""
        own = self.text_mentor if role is Role.MENTOR else self.text_mentee
        return own or self.text

    def label_of(self, number: int) -> str:
        """What a point of the scale means, in words; empty where the survey says nothing of it."""
        ends = {self.low: self.low_label, self.high: self.high_label}
        return ends.get(number) or self.labels.get(number, "")

    @property
    def is_worded(self) -> bool:
        """Whether points between the ends have labels too, and not the ends alone."""
        return any(self.low < number < self.high for number in self.labels)

    def in_words(self, answer: AnswerValue | None) -> str:
        """An answer as somebody reads it; nothing where there is none."""
        if answer is None:
            return ""
        chosen = (option.text for option in self.options if option.id == answer)
        return next(chosen, str(answer))


def _wrong_points(scale: Item | Scale) -> str | None:
    low, high = scale.low, scale.high
    if not low < high:
        return "low must be below high."
    outside = [str(number) for number in scale.labels if not low <= number <= high]
    if outside:
        points = f"the scale goes from {low} to {high}"
        return f"{points}, so there is nothing to label at {', '.join(outside)}."
    for number, label in ((low, scale.low_label), (high, scale.high_label)):
        other = scale.labels.get(number)
        if label and other and label != other:
            return f"{number} has two labels, “{label}” and “{other}”. Leave one of them out."
    return None


def _wrong_off_a_scale(item: Item) -> str | None:
    if item.labels:
        return "labels are for the points of a scale; a choice says its words in its options."
    if item.subscale:
        return "only a scale item counts in a subscale. Leave its subscale out."
    return None


class Scale(Written):
    """The scale of all scale items of a survey that have none of their own."""

    low: int = 1
    high: int = 5
    low_label: str = ""
    high_label: str = ""
    labels: dict[int, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if wrong := _wrong_points(self):
            raise ValueError(wrong)
        return self


_NUMBERS = ("low", "high")
_WORDS = ("low_label", "high_label", "labels")


class Scoring(StrEnum):
    """What becomes of the answers to the items of a subscale, the reversed ones turned round."""

    MEAN = "mean"
    """Their mean, on the scale of the items."""
    SUM = "sum"
    """Their sum, as many published instruments are scored."""


class Subscale(Written):
    """Items that measure the same thing and are scored together."""

    id: str = Field(pattern=_ID)
    title: str
    score: Scoring = Scoring.MEAN
    items: tuple[str, ...] = ()
    """The ids of its items. If left out, they are those that name it by `subscale`. An item may be
    listed in several, as where an instrument has a total besides its subscales."""


class Survey(Written):
    """A questionnaire. `id` and `version` go with every answer, so that answers stay readable.

    A file may give a `scale` for all of its scale items (see `Scale`). It is spread over them when
    it is read: an item with a `low` or a `high` has a scale of its own and takes nothing of it, one
    with labels of its own takes only the numbers.
    """

    id: str = Field(pattern=_ID)
    version: int = Field(ge=1)
    title: str
    intro: str
    minutes: int = Field(ge=1, le=30)
    """How long it takes, as the page says it."""
    seen_by_coordinator: bool = False
    """Whether the coordinator sees single answers; if so, the page says it to the person."""
    source: str = ""
    """Where the questions come from."""
    licence: str = ""
    """On which terms they may be used, as their owner wants it said."""
    citation: str = ""
    """How their owner wants to be cited."""
    items: tuple[Item, ...] = Field(min_length=1)
    subscales: tuple[Subscale, ...] = ()
    """Those that have a title or a scoring of their own; `scales` has the others as well."""

    @model_validator(mode="before")
    @classmethod
    def _spread_the_scale(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("scale") is None:
            return data
        rest = {key: value for key, value in data.items() if key != "scale"}
        try:
            scale = Scale.model_validate(data["scale"])
        except ValidationError as error:
            raise ValueError(f"the survey’s scale can’t be read: {error}") from None
        if isinstance(rest.get("items"), list | tuple):
            rest["items"] = [_on(scale, item) for item in rest["items"]]
        return rest

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        misfits = tuple(_misfits(self))
        if misfits:
            raise WrongSurvey(misfits)
        return self

    def items_for(self, role: Role | None) -> tuple[Item, ...]:
        """The items this role is asked; those that both are asked where the role is not known."""
        return tuple(item for item in self.items if item.only in (None, role))

    @property
    def scales(self) -> tuple[Subscale, ...]:
        """All subscales, the declared ones first, each with its items in the survey's order."""
        declared = {subscale.id for subscale in self.subscales}
        named = dict.fromkeys(item.subscale for item in self.items if item.subscale)
        implied = (Subscale(id=n, title=_in_words(n)) for n in named if n not in declared)
        return tuple(
            subscale.model_copy(update={"items": tuple(i.id for i in self._of(subscale))})
            for subscale in (*self.subscales, *implied)
        )

    def scale(self, name: str) -> Subscale | None:
        """A subscale by its id; None if there is none.

        A scale item that belongs to no subscale counts as one of its own, so that every question
        with a number can be named where something is to be measured.
        """
        scales = self.scales
        within = {item for scale in scales for item in scale.items}
        alone = (
            Subscale(id=item.id, title=item.text, items=(item.id,))
            for item in self.items
            if item.kind is ItemKind.SCALE and item.id not in within
        )
        return next((scale for scale in (*scales, *alone) if scale.id == name), None)

    def items_of(self, subscale: str) -> tuple[Item, ...]:
        """The items of a subscale or one-item scale, in the survey's order; none if it has none."""
        scale = self.scale(subscale)
        return self._of(scale) if scale is not None else ()

    def _of(self, scale: Subscale) -> tuple[Item, ...]:
        if scale.items:
            return tuple(item for item in self.items if item.id in scale.items)
        return tuple(item for item in self.items if item.subscale == scale.id)


class Misfit(NamedTuple):
    """Something in a survey that does not fit the rest: where it stands, and what is wrong."""

    where: tuple[str | int, ...]
    message: str


class WrongSurvey(ValueError):
    """A survey whose parts do not fit together. Carries everything that is wrong with it."""

    def __init__(self, misfits: tuple[Misfit, ...]) -> None:
        super().__init__(" ".join(misfit.message for misfit in misfits))
        self.misfits = misfits


def _in_words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _on(scale: Scale, item: Any) -> Any:
    """An item of a file with the survey's scale, as far as it has none of its own."""
    if not isinstance(item, dict) or item.get("kind") != ItemKind.SCALE:
        return item
    if any(key in item for key in _NUMBERS):
        return item
    taken = _NUMBERS if any(key in item for key in _WORDS) else (*_NUMBERS, *_WORDS)
    return {**item, **scale.model_dump(include=set(taken))}


def _misfits(survey: Survey) -> Iterator[Misfit]:
    ids = [item.id for item in survey.items]
    yield from _same_ids("items", ids)
    yield from _same_ids("subscales", [subscale.id for subscale in survey.subscales])
    for number, subscale in enumerate(survey.subscales):
        if not subscale.items and not survey.items_of(subscale.id):
            yield Misfit(
                ("subscales", number),
                "no item belongs to it. List some under items, or name it in an item’s subscale.",
            )
        for name in subscale.items:
            if name not in ids:
                hint = did_you_mean(name, ids)
                yield Misfit(("subscales", number), f"there is no item “{name}”. {hint}")
    for number, item in enumerate(survey.items):
        for subscale in survey.subscales:
            if item.subscale == subscale.id and subscale.items and item.id not in subscale.items:
                yield Misfit(
                    ("items", number, "subscale"),
                    f"“{subscale.id}” lists its items, and this is not among them. Add it there, "
                    "or leave the list out.",
                )
    scales = survey.scales
    within = {item for scale in scales for item in scale.items}
    for number, scale in enumerate(scales):
        items = [item for item in survey.items if item.id in scale.items]
        where: tuple[str | int, ...] = ("subscales", number)
        if number >= len(survey.subscales):
            where = ("items", ids.index(items[0].id), "subscale")
        if wrong := _wrong_together(scale, items):
            yield Misfit(where, wrong)
        if scale.id in ids and scale.id not in within:
            yield Misfit(
                where,
                f"an item that is not part of it is called “{scale.id}” as well, so nobody could "
                "say which of the two they mean. Give one of them another name.",
            )


def _same_ids(where: str, ids: Sequence[str]) -> Iterator[Misfit]:
    for number, name in enumerate(ids):
        if name in ids[:number]:
            message = f"“{name}” is the id of another one as well. Give one of them another."
            yield Misfit((where, number, "id"), message)


def _wrong_together(scale: Subscale, items: Sequence[Item]) -> str | None:
    if others := [item.id for item in items if item.kind is not ItemKind.SCALE]:
        return f"only scale items are scored, and {', '.join(others)} is none."
    ranges = dict.fromkeys(f"{item.low} to {item.high}" for item in items)
    if scale.score is Scoring.MEAN and len(ranges) > 1:
        return (
            f"its items are on different scales ({', '.join(ranges)}), so they have no mean. Put "
            "them on one, or score it as a sum."
        )
    if scale.score is Scoring.SUM and len({item.only for item in items}) > 1:
        return (
            "some of its items are asked of one role only, so sums could not be compared. Score "
            "it as a mean, or ask both roles the same."
        )
    return None


AnswerValue = int | str
"""A number on the scale, the id of an option, or words."""


# --- Scoring -------------------------------------------------------------------------------------


def number_on(item: Item, answers: Mapping[str, AnswerValue]) -> int | None:
    """The number that was given on a scale; None where none was given that fits it."""
    value = answers.get(item.id)
    if item.kind is not ItemKind.SCALE or not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if item.low <= value <= item.high else None


def turned_round(item: Item, value: float) -> float:
    """A value in the direction of its subscale: a reversed item's is mirrored on its scale."""
    return item.low + item.high - value if item.reversed else value


def score_of(
    survey: Survey,
    scale: Subscale,
    answers: Mapping[str, AnswerValue],
    role: Role | None = None,
) -> float | None:
    """What somebody's answers come to on a scale of the survey, the reversed items turned round.

    Of the items that are `only` asked of one role, those of the person's own role count, and none
    where the role is not known. None unless every item that counts was answered with a number on
    its scale (nothing is put in for a missing one), or if the person is asked none of them.
    """
    asked = [item for item in survey.items_for(role) if item.id in scale.items]
    numbers = [
        turned_round(item, number)
        for item in asked
        if (number := number_on(item, answers)) is not None
    ]
    if not asked or len(numbers) < len(asked):
        return None
    total = float(sum(numbers))
    return total if scale.score is Scoring.SUM else total / len(numbers)


def bounds_of(survey: Survey, scale: Subscale) -> tuple[int, int]:
    """The least and the most that a score on a scale of the survey can be."""
    items = [item for item in survey.items if item.id in scale.items]
    if scale.score is Scoring.SUM:
        return sum(item.low for item in items), sum(item.high for item in items)
    return items[0].low, items[0].high


# --- Answers -------------------------------------------------------------------------------------


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
