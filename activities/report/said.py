"""What people said: questions with the counts of their answers, and words as they were written."""

from __future__ import annotations

from activities.report.facts import Facts
from activities.report.words import ReportWords, Share
from domain.metrics import RECOMMENDATION_ITEM
from domain.model import Value
from domain.people import Role
from domain.survey_results import ItemSummary, SubscaleSummary, Summary, SurveySummary
from domain.surveys import Item, ItemKind

_LIGHT, _DARK = (218, 232, 228), (11, 93, 81)
_LIGHT_INK, _DARK_INK = (255, 255, 255), (16, 35, 31)
_BANDS = {"low": (0, 6), "middle": (7, 8), "high": (9, 10)}
"""Those of the recommendation score."""


class Bar(Value):
    """One part of a bar of answers."""

    label: str
    count: int
    background: str
    ink: str


class Question(Value):
    """A question and its answers."""

    text: str
    hints: tuple[str, ...]
    """What the ends of the scale mean, and how to read what is shown."""
    n: str
    """How many answered; empty where nothing is told."""
    mean: str
    """Empty for a choice."""
    roles: tuple[tuple[str, str], ...]
    """The mean of each role that may be told."""
    bars: tuple[Bar, ...]


class Quotes(Value):
    """What people wrote to one question."""

    text: str
    survey: str
    occasion: str
    words: tuple[str, ...]


class SurveyPart(Value):
    """One survey on one occasion."""

    title: str
    occasion: str
    answered: str
    notes: tuple[str, ...]
    """Why nothing is told, or what to know about what is."""
    questions: tuple[Question, ...]
    subscales: tuple[str, ...]


def surveys_of(facts: Facts, words: ReportWords) -> tuple[SurveyPart, ...]:
    """Every survey on every occasion."""
    return tuple(_survey(facts, words, survey) for survey in facts.evaluation.surveys)


def quotes_of(facts: Facts, words: ReportWords) -> tuple[Quotes, ...]:
    """What people wrote, where enough of them did."""
    return tuple(
        Quotes(
            text=texts.item.text,
            survey=survey.title,
            occasion=words.occasion(survey.occasion),
            words=texts.words,
        )
        for survey in facts.evaluation.surveys
        for texts in survey.texts
        if texts.words
    )


def _survey(facts: Facts, words: ReportWords, survey: SurveySummary) -> SurveyPart:
    is_told = any(item.everyone is not None for item in survey.items)
    share = Share(survey.answered / survey.sent) if survey.sent else None
    answered = words("answers.answered", survey.answered, sent=survey.sent)
    return SurveyPart(
        title=survey.title,
        occasion=words.occasion(survey.occasion),
        answered=answered if share is None else f"{answered} ({words.share(share)})",
        notes=_notes(facts, words, survey, is_told=is_told),
        questions=tuple(_question(facts, words, item) for item in survey.items) if is_told else (),
        subscales=tuple(_subscale(facts, words, survey, scale) for scale in survey.subscales),
    )


def _notes(
    facts: Facts, words: ReportWords, survey: SurveySummary, *, is_told: bool
) -> tuple[str, ...]:
    fewest = facts.threshold
    if survey.waits:
        return (words("answers.waits"),)
    if is_told:
        return (words("answers.so_far", fewest),) if survey.is_open else ()
    return (words("answers.too_few_so_far" if survey.is_open else "answers.too_few", fewest),)


def _question(facts: Facts, words: ReportWords, summary: ItemSummary) -> Question:
    item, everyone = summary.item, summary.everyone
    hints = []
    if item.kind is ItemKind.SCALE and item.label_of(item.low) and item.label_of(item.high):
        ends = (f"{number} {item.label_of(number)}" for number in (item.low, item.high))
        hints.append(" – ".join(ends))
    if item.reversed:
        hints.append(words("answers.low_is_good"))
    if item.only is not None:
        hints.append(words("answers.only_asked", role=words(f"roles.{item.only.value}")))
    if summary.set_aside:
        hints.append(words("answers.set_aside", summary.set_aside))
    if everyone is None:
        hints.append(words("answers.not_shown", facts.threshold))
        return Question(text=item.text, hints=tuple(hints), n="", mean="", roles=(), bars=())
    means = [(role, summary.by_role.get(role)) for role in Role]
    return Question(
        text=item.text,
        hints=tuple(hints),
        n=words("answers.n", everyone.n),
        mean="" if everyone.mean is None else words.number(everyone.mean, 1),
        roles=tuple(
            (words(f"roles.{role.value}"), words.number(of_role.mean, 1))
            for role, of_role in means
            if of_role is not None and of_role.mean is not None and item.only is None
        ),
        bars=_bars(words, item, everyone),
    )


def _bars(words: ReportWords, item: Item, summary: Summary) -> tuple[Bar, ...]:
    counts = [(answer.answer, answer.count) for answer in summary.distribution]
    if item.id == RECOMMENDATION_ITEM and (item.low, item.high) == (0, 10):
        parts = [
            (words(f"bands.{band}"), sum(count for _, count in counts[low : high + 1]))
            for band, (low, high) in _BANDS.items()
        ]
    else:
        parts = [(_label(item, answer), count) for answer, count in counts]
    last = max(len(parts) - 1, 1)
    return tuple(
        Bar(label=label, count=count, background=_hex(_shade(n / last)), ink=_ink_on(n / last))
        for n, (label, count) in enumerate(parts)
    )


def _label(item: Item, answer: int | str) -> str:
    """An option's text, or a number with what it means unless that stands beside the scale."""
    if not isinstance(answer, int):
        return item.in_words(answer)
    inner = item.low < answer < item.high
    return f"{answer} {item.label_of(answer)}".strip() if inner else str(answer)


def _subscale(
    facts: Facts, words: ReportWords, survey: SurveySummary, scale: SubscaleSummary
) -> str:
    roles = ", ".join(
        f"{words(f'roles.{role.value}')} {words.number(mean, 1)}"
        for role, mean in scale.by_role.items()
    )
    key = "answers.subscale_by_role" if roles else "answers.subscale"
    return words(
        key,
        title=scale.title,
        mean=words.number(scale.everyone, 1),
        low=words.number(scale.low),
        high=words.number(scale.high),
        roles=roles,
    )


# --- Shades --------------------------------------------------------------------------------------

_Colour = tuple[int, int, int]


def _shade(place: float) -> _Colour:
    """From light to dark, so that the order is seen in black and white too."""
    red, green, blue = (
        round(light + (dark - light) * place) for light, dark in zip(_LIGHT, _DARK, strict=True)
    )
    return red, green, blue


def _hex(colour: _Colour) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def _ink_on(place: float) -> str:
    """Whichever of the inks is read better on a shade."""
    paper = _luminance(_shade(place))
    return _hex(max((_LIGHT_INK, _DARK_INK), key=lambda ink: _contrast(_luminance(ink), paper)))


def _contrast(one: float, other: float) -> float:
    light, dark = max(one, other), min(one, other)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: _Colour) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [part / 255 for part in colour]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
