"""What the surveys say: counts and means of every question, as far as they may be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from domain.anonymity import NameMasker, in_shuffled_order
from domain.disclosure import Group, told_together
from domain.model import Value
from domain.people import Role
from domain.projection import ProgramStatus
from domain.responses import Asked, Book, Question
from domain.statistics import mean
from domain.surveys import AnswerValue, Item, ItemKind, Scoring, Survey, bounds_of, turned_round


class AnswerCount(Value):
    """How often one answer was given."""

    answer: AnswerValue
    count: int


class Summary(Value):
    """The answers of one group to one question."""

    n: int
    mean: float | None
    """Of the numbers as they were answered, a reversed item's too; None for a choice."""
    distribution: tuple[AnswerCount, ...]
    """Every possible answer, in the question's order."""


class ItemSummary(Value):
    """What was answered to one question: by everyone, and by each role where that may be told."""

    item: Item
    everyone: Summary | None
    """None where too few answered, or others could be worked out from it."""
    set_aside: int = 0
    """How many more answers there are. With them, a few could be worked out from what else is told
    of these answers, such as the change since they were asked before."""
    by_role: dict[Role, Summary]


class SubscaleSummary(Value):
    """The mean or the sum of a subscale's two or more items, the reversed ones turned round.

    It is made of the items' published means alone, and so says nothing that they don't.
    """

    subscale: str
    title: str
    low: float
    high: float
    everyone: float
    by_role: dict[Role, float]


class Texts(Value):
    """What people wrote to one question, with names masked, in an order that says nothing."""

    item: Item
    words: tuple[str, ...] | None
    """None where too few wrote something."""


class SurveySummary(Value):
    """What was answered in one survey on one occasion."""

    survey: str
    title: str
    occasion: str
    sent: int
    answered: int
    is_open: bool
    """Whether people may still answer: then what is told are whole batches of answers."""
    waits: bool
    """Whether nothing of it is told before nobody may answer any more."""
    items: tuple[ItemSummary, ...]
    subscales: tuple[SubscaleSummary, ...]
    texts: tuple[Texts, ...]


class Masking:
    """How names are taken out of what people wrote, and it is put in an order that says nothing.

    Args:
        names: of people; with a mask and ordinary words as in `domain.anonymity.NameMasker`.
        seed: shuffles what people wrote: the same seed gives the same order.
    """

    def __init__(
        self,
        names: Iterable[str],
        *,
        mask: str = "[name]",
        ordinary_words: Collection[str] = (),
        seed: str = "",
    ) -> None:
        self._masker = NameMasker(names, mask=mask, ordinary_words=ordinary_words)
        self._seed = seed

    def apply(self, texts: Iterable[str], question: str) -> tuple[str, ...]:
        """What people wrote to one question, as it may be told."""
        shuffled = in_shuffled_order(texts, f"{self._seed}/{question}")
        return tuple(self._masker.apply(text) for text in shuffled)


def occasions_of(status: ProgramStatus, book: Book) -> tuple[Asked, ...]:
    """Every occasion on which a survey was sent or answered, the earliest first."""
    sent = (Asked(one.survey, one.occasion) for one in status.check_ins)
    return tuple(dict.fromkeys([*sent, *book.occasions]))


def summarise_surveys(
    status: ProgramStatus,
    book: Book,
    occasions: Iterable[Asked],
    waits: Collection[Asked],
    masking: Masking,
) -> tuple[SurveySummary, ...]:
    """What was answered on some occasions, each by itself, in their order.

    Occasions are never pooled, so that each question has one gate. A survey that nobody knows any
    more is left out.
    """
    sent = {Asked(c.survey, c.occasion): c for c in status.check_ins}
    found: list[SurveySummary] = []
    for asked in occasions:
        survey = book.instruments.latest(asked.survey)
        if survey is None:
            continue
        items = _summarise_items(survey, asked, book)
        answered = book.answered(asked)
        found.append(
            SurveySummary(
                survey=survey.id,
                title=survey.title,
                occasion=asked.occasion,
                sent=max(sent[asked].sent, answered) if asked in sent else answered,
                answered=answered,
                is_open=book.is_open(asked),
                waits=book.is_open(asked) and asked in waits,
                items=items,
                subscales=_subscales(survey, items),
                texts=_texts(survey, asked, book, masking),
            )
        )
    return tuple(found)


def _summarise_items(survey: Survey, asked: Asked, book: Book) -> tuple[ItemSummary, ...]:
    return tuple(
        summarise_item(book.question(asked, item))
        for item in survey.items
        if item.kind is not ItemKind.TEXT
    )


def summarise_item(question: Question) -> ItemSummary:
    """What was answered to a scale or a choice, as far as the gate lets it through."""
    answers: dict[str, Group] = {}
    for unit in question.everyone:
        answers[unit.person] = answers.get(unit.person, frozenset()) | {unit}
    people = told_together([(question.gate, answers)])
    everyone = frozenset(unit for unit in question.everyone if unit.person in people)
    if not question.gate.admit(everyone):
        return ItemSummary(item=question.item, everyone=None, by_role={})
    by_role = {role: group for role in Role if (group := question.of_role(role) & everyone)}
    return ItemSummary(
        item=question.item,
        everyone=_summary(question, everyone),
        set_aside=len(question.everyone) - len(everyone),
        by_role={
            role: _summary(question, group)
            for role, group in by_role.items()
            if question.gate.admit(group)
        },
    )


def _summary(question: Question, group: Group) -> Summary:
    item, values = question.item, question.values(group)
    counts = Counter(values)
    numbers = [value for value in values if isinstance(value, int)]
    possible: Iterable[AnswerValue] = (
        range(item.low, item.high + 1)
        if item.kind is ItemKind.SCALE
        else [option.id for option in item.options]
    )
    return Summary(
        n=len(values),
        mean=mean(numbers) if numbers else None,
        distribution=tuple(AnswerCount(answer=a, count=counts[a]) for a in possible),
    )


def _subscales(survey: Survey, items: Sequence[ItemSummary]) -> tuple[SubscaleSummary, ...]:
    by_item = {summary.item.id: summary for summary in items}
    found: list[SubscaleSummary] = []
    for scale in survey.scales:
        parts = [by_item[item.id] for item in survey.items_of(scale.id)]
        everyone = _put_together(
            parts, [part.everyone for part in parts], scale.score is Scoring.SUM
        )
        if len(parts) < 2 or everyone is None or len({p.set_aside for p in parts}) > 1:
            continue
        roles = {
            role: _put_together(
                parts, [p.by_role.get(role) for p in parts], scale.score is Scoring.SUM
            )
            for role in Role
        }
        low, high = bounds_of(survey, scale)
        found.append(
            SubscaleSummary(
                subscale=scale.id,
                title=scale.title,
                low=low,
                high=high,
                everyone=everyone,
                by_role={role: value for role, value in roles.items() if value is not None},
            )
        )
    return tuple(found)


def _put_together(
    items: Sequence[ItemSummary], summaries: Sequence[Summary | None], is_sum: bool
) -> float | None:
    means = [
        turned_round(of_item.item, summary.mean)
        for of_item, summary in zip(items, summaries, strict=True)
        if summary is not None and summary.mean is not None
    ]
    if not means or len(means) < len(items):
        return None
    return sum(means) if is_sum else mean(means)


def _texts(survey: Survey, asked: Asked, book: Book, masking: Masking) -> tuple[Texts, ...]:
    found: list[Texts] = []
    for item in (item for item in survey.items if item.kind is ItemKind.TEXT):
        question = book.question(asked, item)
        words: tuple[str, ...] | None = None
        if question.gate.admit(question.everyone):
            texts = map(str, question.values(question.everyone))
            words = masking.apply(texts, f"{survey.id}/{asked.occasion}/{item.id}")
        found.append(Texts(item=item, words=words))
    return tuple(found)
