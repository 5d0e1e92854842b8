"""The headline: each target on a card, and what they come to in a few sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from activities.report.facts import Facts
from activities.report.names import Names
from activities.report.words import ReportWords
from domain.definition import MetricName
from domain.metrics import MetricResult, Verdict
from domain.model import Value
from domain.statistics import Interval


class Meter(Value):
    """A bar on a card, in percent of its width."""

    begin: float
    end: float
    interval: tuple[float, float] | None
    target: float


class Card(Value):
    """A metric as the headline shows it."""

    name: str
    value: str | None
    of: str
    """What the value counts, and how many stand behind it."""
    interval: str
    effect: str
    is_of_few: bool
    target: str
    verdict: Verdict
    verdict_word: str
    reason: str
    meter: Meter | None
    """None where there is no value to draw."""


def cards_of(facts: Facts, words: ReportWords) -> tuple[Card, ...]:
    """One card a metric, in the definition's order."""
    names = Names(facts, words)
    return tuple(_card(words, names, result) for result in facts.evaluation.metrics)


def _card(words: ReportWords, names: Names, result: MetricResult) -> Card:
    metric, value = result.metric, result.value
    digits = words.digits_beside(metric, value, result.target.value)
    effect = ""
    if result.effect is not None:
        size = words.signed(result.effect, 2)
        effect = words("change.effect", size=size, name=names.effect(result.effect))
    return Card(
        name=names.metric(result),
        value=None if value is None else words.metric(metric, value, digits),
        of=words(f"metrics.{metric.value}.of", result.n) if result.n else "",
        interval=words(
            "brief.interval", interval=words.metric_between(metric, result.interval, digits)
        )
        if result.interval
        else "",
        effect=effect,
        is_of_few=result.is_of_few,
        target=words(
            f"comparisons.{result.target.comparison.name.lower()}",
            target=words.metric(metric, result.target.value, digits),
        ),
        verdict=result.verdict,
        verdict_word=words(f"verdicts.{result.verdict.value}"),
        reason=words(f"reasons.{result.why.value}"),
        meter=None if value is None else _meter(result, value),
    )


def _meter(result: MetricResult, value: float) -> Meter:
    ends = [value, result.target.value, 0.0]
    ends += [result.interval.low, result.interval.high] if result.interval else []
    low, high = _bounds(result.metric, ends)
    origin = max(low, 0.0)

    def place(figure: float) -> float:
        return round(100 * min(max((figure - low) / (high - low), 0.0), 1.0), 1)

    return Meter(
        begin=place(min(value, origin)),
        end=place(max(value, origin)),
        interval=_placed(result.interval, place) if result.interval else None,
        target=place(result.target.value),
    )


def _placed(interval: Interval, place: Callable[[float], float]) -> tuple[float, float]:
    return place(interval.low), place(interval.high)


def _bounds(metric: MetricName, figures: list[float]) -> tuple[float, float]:
    """From where to where a meter goes."""
    if metric.is_share:
        return 0.0, 1.0
    if metric is MetricName.RECOMMENDATION:
        return -100.0, 100.0
    if metric is MetricName.SATISFACTION:
        return 1.0, max(5.0, *figures)
    reach = 1.15 * max(abs(figure) for figure in figures) or 1.0
    return (-reach, reach) if metric is MetricName.CHANGE else (0.0, reach)


# --- In sentences --------------------------------------------------------------------------------


def headline(facts: Facts, words: ReportWords) -> tuple[str, ...]:
    """What an executive reads first, sentence by sentence."""
    return (
        _on_targets(facts, words),
        *_on_pairs(facts, words),
        *_on_changes(facts, words),
    )


def _on_targets(facts: Facts, words: ReportWords) -> str:
    counts = Counter(result.verdict for result in facts.evaluation.metrics)
    total = len(facts.evaluation.metrics)
    met, not_met, open_ = (counts[verdict] for verdict in Verdict)
    if open_ == total:
        return words("brief.too_early" if facts.is_interim else "brief.cant_tell", total)
    if met == total:
        return words("brief.all_met", total)
    if not_met == total:
        return words("brief.none_met", total)
    parts = [words("brief.met", total, met=met) if met else words("brief.no_met", total)]
    parts += [words("brief.not_met", not_met)] if not_met else []
    parts += [words("brief.open", open_)] if open_ else []
    return words("brief.parts", parts=", ".join(parts))


def _on_pairs(facts: Facts, words: ReportWords) -> Iterator[str]:
    started = len(facts.started)
    if not started:
        yield words("brief.no_pairs")
        return
    yield words("brief.started", started)
    sessions = facts.definition.sessions
    so_far = "_so_far" if facts.is_interim else ""
    key = f"brief.completed{so_far}" if facts.completed else f"brief.none_completed{so_far}"
    yield words(key, facts.completed, needed=sessions.needed, planned=sessions.count)
    health = facts.evaluation.health
    if not health.stalled:
        yield words("brief.none_stalled")
        return
    yield words("brief.stalled", health.stalled)
    yield words("brief.met_again" if health.met_again else "brief.none_met_again", health.met_again)


def _on_changes(facts: Facts, words: ReportWords) -> Iterator[str]:
    """The scales that changed more than chance would make them, and that there were others."""
    at_the_end = (one for one in facts.evaluation.changes if (one.role, one.days) == (None, None))
    told = [(one, one.change) for one in at_the_end if one.change is not None]
    clear = [(one, change) for one, change in told if change.interval.is_clear]
    for one, change in clear:
        moved = change.difference
        yield words(
            "brief.rose" if moved > 0 else "brief.fell",
            change.n,
            scale=one.title,
            points=words.number(abs(moved), 2),
            low=words.number(one.low),
            high=words.number(one.high),
        )
    if told and len(clear) < len(told):
        yield words("brief.unclear" if clear else "brief.none_clear", len(told) - len(clear))
