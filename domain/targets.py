"""What does not fit about success metrics: targets that can't be meant, and what no survey asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from domain.definition import Definition, MetricName, SuccessMetric
from domain.problems import did_you_mean
from domain.sections import CheckInPoint
from domain.surveys import Item, ItemKind, Survey


class Misfit(NamedTuple):
    """What does not fit: where in the definition, what, and what would be right."""

    where: tuple[str | int, ...]
    message: str
    hint: str | None = None


class _Unit(NamedTuple):
    """What a metric is measured in."""

    words: str
    example: str
    low: float | None = None
    high: float | None = None


_SHARE = _Unit("a share, from 0% to 100%", ">= 80%", 0, 1)
_UNITS = {
    MetricName.RECOMMENDATION: _Unit("a score from -100 to 100", ">= 30", -100, 100),
    MetricName.SATISFACTION: _Unit("the mean of what was answered", ">= 4.2"),
    MetricName.DAYS_TO_FIRST_SESSION: _Unit("a number of days", "<= 21", low=0),
    MetricName.INTERVENTIONS: _Unit("a number of times a pair", "<= 0.5", low=0),
    MetricName.CHANGE: _Unit("a number of points on the scale", ">= 0.5"),
}


def misfits(definition: Definition) -> Iterator[Misfit]:
    """Targets that can't be meant, and metrics that the people file gives nothing for."""
    for number, metric in enumerate(definition.success):
        if wrong := _wrong_target(metric):
            yield Misfit(("success", number, "target"), *wrong)
        if metric.metric is MetricName.PROMOTED and definition.people.columns.level is None:
            words = "this compares levels, but people.columns names no column for “level”."
            yield Misfit(("success", number, "metric"), words)


def _wrong_target(metric: SuccessMetric) -> tuple[str, str] | None:
    unit = _UNITS.get(metric.metric, _SHARE)
    target = metric.target
    percent = target.is_share and not metric.metric.is_share
    outside = (unit.low is not None and target.value < unit.low) or (
        unit.high is not None and target.value > unit.high
    )
    if not percent and not outside:
        return None
    given = f"{target.value * 100:g}%" if target.is_share else f"{target.value:g}"
    return (
        f"“{metric.metric}” is {unit.words}; it can't be {given}.",
        f"Write it like “{unit.example}”.",
    )


def unmeasured(definition: Definition, surveys: Mapping[str, Survey]) -> Iterator[Misfit]:
    """Metrics that no survey of the program can answer, and targets beyond what is asked.

    `surveys` has those of all check-ins, by id.
    """
    at_the_end = [
        surveys[check_in.survey]
        for check_in in definition.check_ins
        if check_in.when.point is CheckInPoint.EVALUATION
    ]
    for number, metric in enumerate(definition.success):
        if metric.metric in (MetricName.RECOMMENDATION, MetricName.SATISFACTION):
            yield from _unasked(number, metric, at_the_end)
        elif metric.metric is MetricName.RESPONSE_RATE and not at_the_end:
            words = "no survey is sent at the evaluation, so there is nothing to answer."
            yield Misfit(("success", number, "metric"), words, _ASK_AT_THE_END)
    if any(metric.metric is MetricName.CHANGE for metric in definition.success):
        yield from _uncompared(definition, surveys)


_ASK_AT_THE_END = "Add one, such as “final”, under check_ins, with “when: evaluation”."


def _unasked(number: int, metric: SuccessMetric, at_the_end: Iterable[Survey]) -> Iterator[Misfit]:
    item = _asked_as(metric.metric, at_the_end)
    if item is None:
        words = f"no survey at the evaluation has a question “{metric.metric}” with a scale."
        yield Misfit(("success", number, "metric"), words, _ASK_AT_THE_END)
        return
    given = metric.target.value
    if metric.metric is MetricName.RECOMMENDATION or metric.target.is_share:
        return
    if not item.low <= given <= item.high:
        words = f"“{metric.metric}” is asked from {item.low} to {item.high}; it can't be {given:g}."
        yield Misfit(("success", number, "target"), words)


def _asked_as(metric: MetricName, surveys: Iterable[Survey]) -> Item | None:
    """The question that a metric is made of: it has the same name."""
    items = (item for survey in surveys for item in survey.items)
    return next((i for i in items if i.id == metric.value and i.kind is ItemKind.SCALE), None)


def _uncompared(definition: Definition, surveys: Mapping[str, Survey]) -> Iterator[Misfit]:
    from domain.change import measures_of  # noqa: PLC0415 - brings scipy, and few ask for a change
    from domain.responses import Instruments  # noqa: PLC0415

    measures = measures_of(definition, Instruments(surveys))
    compared = {measure.scale: measure for measure in measures if measure.later.days is None}
    for number, metric in enumerate(definition.success):
        if metric.scale is None:
            continue
        measure = compared.get(metric.scale)
        if measure is None:
            words = (
                f"“{metric.scale}” is not asked in the same way by a survey at the preparation and "
                "one at the evaluation, so no change can be seen."
            )
            hint = did_you_mean(metric.scale, compared) or (
                "Add a survey, such as “baseline”, with “when: preparation”, and one, such as "
                "“final”, with “when: evaluation”."
            )
            yield Misfit(("success", number, "scale"), words, hint)
        elif abs(metric.target.value) > measure.high - measure.low:
            words = (
                f"“{metric.scale}” goes from {measure.low:g} to {measure.high:g}, so it can't "
                f"change by {metric.target.value:g}."
            )
            yield Misfit(("success", number, "target"), words)
