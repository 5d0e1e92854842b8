"""Evaluation: what the journal and the answers say about the success of a program.

Everything here is computed from pure values, so that the same journal and the same answers always
give the same numbers. Nothing that is made of answers is given for fewer of them than the
program's anonymity threshold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.anonymity import is_enough, publishable
from domain.definition import Comparison, Definition, MetricName, SuccessMetric, Target
from domain.escalation import LadderAction
from domain.lifecycle import Stage
from domain.model import Value
from domain.people import Role
from domain.projection import PairStatus, ProgramStatus, StallOutcome
from domain.sections import CheckInPoint
from domain.surveys import AnswerValue, Item, ItemKind, Survey

SATISFACTION_ITEM = "satisfaction"
"""Id of the final survey's item that the satisfaction metric averages."""
RECOMMENDATION_ITEM = "recommendation"
"""Id of the final survey's 0 to 10 item that the recommendation metric is made of."""
PROMOTER_FROM, DETRACTOR_TO = 9, 6
"""Reichheld, “The One Number You Need to Grow”, Harvard Business Review, December 2003."""


class Response(Value):
    """One survey that one person answered."""

    survey: str
    occasion: str
    """Without the survey's id: `after-session-2`."""
    version: int
    role: Role | None
    person: str
    """The person's opaque id."""
    pair: str | None
    answers: dict[str, AnswerValue]
    answered_at: datetime


# --- Metrics against targets ---------------------------------------------------------------------


class Verdict(StrEnum):
    """Whether a target was reached."""

    MET = "met"
    NOT_MET = "not_met"
    CANT_TELL = "cant_tell"


class Why(StrEnum):
    """What a verdict rests on."""

    MEASURED = "measured"
    NOTHING_TO_MEASURE = "nothing_to_measure"
    """There is none of what the metric counts: no pair started, none stalled, nothing was sent."""
    TOO_FEW_ANSWERS = "too_few_answers"
    """Fewer answers than the anonymity threshold."""
    TOO_EARLY = "too_early"
    """The figure can still change, for the better or the worse."""
    NOT_ASKED = "not_asked"
    """No survey of the program holds the question."""


class MetricResult(Value):
    """A metric, what it came to and how that compares with its target."""

    metric: MetricName
    target: Target
    value: float | None
    """A share from 0 to 1, a score or a mean, as the metric's formula says; None if not known."""
    n: int
    """How many the value is made of. 0 where there are too few answers to say how many."""
    verdict: Verdict
    why: Why


class _Measure(Value):
    value: float | None
    n: int
    why: Why = Why.MEASURED


def evaluate(
    definition: Definition,
    status: ProgramStatus,
    responses: Sequence[Response],
    surveys: Mapping[str, Survey],
) -> tuple[MetricResult, ...]:
    """Every success metric of the definition, in its order, each against its target.

    While the program runs, a figure that can still cross its target is given, but its verdict is
    “can't tell: too early”. Sessions held and pairs completed can only rise, and stalled pairs can
    only rise too, so these are decided as soon as they pass their target.
    """
    context = _Context(definition, status, responses, surveys)
    return tuple(_judge(wanted, context) for wanted in definition.success)


class _Context:
    def __init__(
        self,
        definition: Definition,
        status: ProgramStatus,
        responses: Sequence[Response],
        surveys: Mapping[str, Survey],
    ) -> None:
        self.definition = definition
        self.status = status
        self.responses = responses
        self.surveys = surveys
        self.threshold = definition.privacy.anonymity_threshold
        self.started = [pair for pair in status.pairs if pair.has_started]
        self.final_surveys = final_surveys(definition)
        self.meetings_over = status.is_over or status.stage is Stage.EVALUATION


def final_surveys(definition: Definition) -> tuple[str, ...]:
    """The surveys that go out at the evaluation, by id."""
    named = [c.survey for c in definition.check_ins if c.when.point is CheckInPoint.EVALUATION]
    return tuple(dict.fromkeys(named))


def _judge(wanted: SuccessMetric, context: _Context) -> MetricResult:
    measure = _MEASURES[wanted.metric](context)
    verdict, why = Verdict.CANT_TELL, measure.why
    if measure.value is not None:
        reached = _reaches(measure.value, wanted.target)
        if _is_settled(wanted, reached, context):
            verdict = Verdict.MET if reached else Verdict.NOT_MET
        else:
            why = Why.TOO_EARLY
    return MetricResult(
        metric=wanted.metric,
        target=wanted.target,
        value=measure.value,
        n=measure.n,
        verdict=verdict,
        why=why,
    )


def _reaches(value: float, target: Target) -> bool:
    """Rounded to a millionth, so that 0.8 reached by division is 0.8."""
    value = round(value, 6)
    if target.comparison is Comparison.AT_LEAST:
        return value >= round(target.value, 6)
    return value <= round(target.value, 6)


_ONLY_RISE = (MetricName.SESSIONS_HELD, MetricName.PAIRS_COMPLETED, MetricName.STALLED_PAIRS)
_FROM_ANSWERS = (MetricName.RECOMMENDATION, MetricName.SATISFACTION, MetricName.RESPONSE_RATE)


def _is_settled(wanted: SuccessMetric, reached: bool, context: _Context) -> bool:
    if context.status.is_over:
        return True
    if wanted.metric in _FROM_ANSWERS:
        return False
    if context.meetings_over:
        return True
    rises_past = reached == (wanted.target.comparison is Comparison.AT_LEAST)
    # While preparation lasts more pairs can start, which can lower a share.
    nobody_starts_any_more = context.status.stage is Stage.MEETINGS
    return wanted.metric in _ONLY_RISE and rises_past and nobody_starts_any_more


def _share(part: int, whole: int) -> _Measure:
    if whole == 0:
        return _Measure(value=None, n=0, why=Why.NOTHING_TO_MEASURE)
    return _Measure(value=part / whole, n=whole)


def _sessions_held(context: _Context) -> _Measure:
    """Sessions held ÷ (pairs started × sessions planned for each).

    Each session of a pair counts once and only up to the number planned. A pair counts from
    preparation on and to the end, also when it stopped early; a pair that declined does not.
    """
    definition = context.definition
    held = sum(len(sessions_that_count(pair, definition)) for pair in context.started)
    return _share(held, sum(planned_sessions(pair, definition) for pair in context.started))


def planned_sessions(pair: PairStatus, definition: Definition) -> int:
    """How many sessions were planned for a pair: fewer for one that began late."""
    return pair.planned or definition.sessions.count


def sessions_that_count(pair: PairStatus, definition: Definition) -> tuple[datetime, ...]:
    """When the sessions took place that a pair held of those that were planned for it."""
    planned = planned_sessions(pair, definition)
    return tuple(at for number, at in pair.held.items() if 1 <= number <= planned)


def has_completed(pair: PairStatus, definition: Definition) -> bool:
    """Whether a pair started and held enough sessions, whatever became of it."""
    needed = definition.sessions.needed if pair.needed is None else pair.needed
    return pair.has_started and len(sessions_that_count(pair, definition)) >= needed


def _pairs_completed(context: _Context) -> _Measure:
    """Started pairs that held at least `sessions.minimum` sessions ÷ started pairs."""
    enough = sum(1 for pair in context.started if has_completed(pair, context.definition))
    return _share(enough, len(context.started))


def _stalled_pairs(context: _Context) -> _Measure:
    """Started pairs that stalled at least once ÷ started pairs."""
    return _share(sum(1 for pair in context.started if pair.stalls), len(context.started))


def _recovered_pairs(context: _Context) -> _Measure:
    """Started pairs that held a session after they first stalled ÷ started pairs that stalled."""
    stalled = [pair for pair in context.started if pair.stalls]
    return _share(sum(1 for pair in stalled if met_again(pair)), len(stalled))


def met_again(pair: PairStatus) -> bool:
    """Whether a pair that stalled held a session afterwards."""
    return bool(pair.stalls) and any(at > pair.stalls[0].since for at in pair.held.values())


def _response_rate(context: _Context) -> _Measure:
    """Final surveys answered ÷ final surveys sent. Says nothing of what was answered."""
    finals = [c for c in context.status.check_ins if c.survey in context.final_surveys]
    sent = sum(check_in.sent for check_in in finals)
    return _share(min(sum(check_in.answered for check_in in finals), sent), sent)


def _satisfaction(context: _Context) -> _Measure:
    """Mean of the final survey's `satisfaction` item, both roles together."""
    return _from_item(context, SATISFACTION_ITEM, lambda numbers: sum(numbers) / len(numbers))


def _recommendation(context: _Context) -> _Measure:
    """(answers of 9 and 10 − answers of 0 to 6) ÷ all answers × 100, both roles together."""
    return _from_item(context, RECOMMENDATION_ITEM, recommendation_score)


def recommendation_score(numbers: Sequence[int]) -> float:
    """Promoters less detractors, from -100 to 100, of answers from 0 to 10."""
    promoters = sum(1 for number in numbers if number >= PROMOTER_FROM)
    detractors = sum(1 for number in numbers if number <= DETRACTOR_TO)
    return 100 * (promoters - detractors) / len(numbers)


def _from_item(context: _Context, name: str, figure: Callable[[Sequence[int]], float]) -> _Measure:
    for survey in (context.surveys[s] for s in context.final_surveys if s in context.surveys):
        item = _item(survey, name)
        if item is None:
            continue
        of_survey = [r for r in context.responses if r.survey == survey.id]
        numbers = [n for r in of_survey if (n := number_on(item, r)) is not None]
        if not is_enough(len(numbers), context.threshold):
            return _Measure(value=None, n=0, why=Why.TOO_FEW_ANSWERS)
        return _Measure(value=figure(numbers), n=len(numbers))
    return _Measure(value=None, n=0, why=Why.NOT_ASKED)


def _item(survey: Survey, name: str) -> Item | None:
    scales = (item for item in survey.items if item.kind is ItemKind.SCALE)
    return next((item for item in scales if item.id == name), None)


_MEASURES: dict[MetricName, Callable[[_Context], _Measure]] = {
    MetricName.SESSIONS_HELD: _sessions_held,
    MetricName.PAIRS_COMPLETED: _pairs_completed,
    MetricName.STALLED_PAIRS: _stalled_pairs,
    MetricName.RECOVERED_PAIRS: _recovered_pairs,
    MetricName.RESPONSE_RATE: _response_rate,
    MetricName.SATISFACTION: _satisfaction,
    MetricName.RECOMMENDATION: _recommendation,
}


# --- What the surveys say ------------------------------------------------------------------------


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
    """What was answered to one question: by everyone, and by each role where that may be shown."""

    item: Item
    everyone: Summary | None
    """None with fewer answers than the threshold."""
    by_role: dict[Role, Summary]


class SubscaleSummary(Value):
    """The mean of a subscale's two or more items, the reversed ones turned round.

    It is the plain mean of the items' published means, and so says nothing that they don't.
    """

    subscale: str
    low: int
    high: int
    everyone: float
    by_role: dict[Role, float]


class SurveySummary(Value):
    """What was answered in one survey on one occasion."""

    survey: str
    title: str
    occasion: str
    sent: int
    answered: int
    items: tuple[ItemSummary, ...]
    subscales: tuple[SubscaleSummary, ...]


def number_on(item: Item, response: Response) -> int | None:
    """The number a person gave on a scale; None where they gave none that fits it."""
    value = response.answers.get(item.id)
    fits = isinstance(value, int) and not isinstance(value, bool) and item.low <= value <= item.high
    return value if fits and isinstance(value, int) else None


def turned_round(item: Item, value: float) -> float:
    """A value in the direction of its subscale: a reversed item's is mirrored on its scale."""
    return item.low + item.high - value if item.reversed else value


def summarise_surveys(
    status: ProgramStatus,
    responses: Sequence[Response],
    surveys: Mapping[str, Survey],
    threshold: int,
) -> tuple[SurveySummary, ...]:
    """Every survey on every occasion it was sent or answered, the earliest first.

    Occasions are never pooled: pooled figures beside single ones would let a small one be
    subtracted out. A survey that content no longer has is left out.
    """
    sent = {(c.survey, c.occasion): c for c in status.check_ins}
    answered: dict[tuple[str, str], list[Response]] = {key: [] for key in sent}
    for response in sorted(responses, key=lambda r: (r.answered_at, r.person)):
        answered.setdefault((response.survey, response.occasion), []).append(response)
    return tuple(
        SurveySummary(
            survey=survey,
            title=surveys[survey].title,
            occasion=occasion,
            sent=sent[survey, occasion].sent if (survey, occasion) in sent else len(given),
            answered=len(given),
            items=(items := _summarise_items(surveys[survey], given, threshold)),
            subscales=_subscales(items),
        )
        for (survey, occasion), given in answered.items()
        if survey in surveys
    )


def _summarise_items(
    survey: Survey, responses: Sequence[Response], threshold: int
) -> tuple[ItemSummary, ...]:
    return tuple(
        summarise_item(item, responses, threshold)
        for item in survey.items
        if item.kind is not ItemKind.TEXT
    )


def summarise_item(item: Item, responses: Iterable[Response], threshold: int) -> ItemSummary:
    """What was answered to a scale or a choice, as far as the threshold allows."""
    by_role: dict[Role | None, list[AnswerValue]] = {}
    for response in responses:
        value = _value_on(item, response)
        if value is not None:
            by_role.setdefault(response.role, []).append(value)
    shown = publishable({role: len(values) for role, values in by_role.items()}, threshold)
    everyone = [value for values in by_role.values() for value in values]
    return ItemSummary(
        item=item,
        everyone=_summary(item, everyone) if is_enough(len(everyone), threshold) else None,
        by_role={role: _summary(item, by_role[role]) for role in Role if role in shown},
    )


def _value_on(item: Item, response: Response) -> AnswerValue | None:
    if item.kind is ItemKind.SCALE:
        return number_on(item, response)
    value = response.answers.get(item.id)
    return value if value in {option.id for option in item.options} else None


def _summary(item: Item, values: Sequence[AnswerValue]) -> Summary:
    counts = Counter(values)
    numbers = [value for value in values if isinstance(value, int)]
    possible: Iterable[AnswerValue] = (
        range(item.low, item.high + 1)
        if item.kind is ItemKind.SCALE
        else [option.id for option in item.options]
    )
    return Summary(
        n=len(values),
        mean=sum(numbers) / len(numbers) if numbers else None,
        distribution=tuple(AnswerCount(answer=a, count=counts[a]) for a in possible),
    )


def _subscales(items: Sequence[ItemSummary]) -> tuple[SubscaleSummary, ...]:
    by_name: dict[str, list[ItemSummary]] = {}
    for summary in items:
        if summary.item.subscale is not None and summary.item.kind is ItemKind.SCALE:
            by_name.setdefault(summary.item.subscale, []).append(summary)
    found: list[SubscaleSummary] = []
    for name, of_scale in by_name.items():
        if len(of_scale) < 2:
            continue
        everyone = _mean_of_means(of_scale, [summary.everyone for summary in of_scale])
        if len({(s.item.low, s.item.high) for s in of_scale}) > 1 or everyone is None:
            continue
        roles = {
            role: _mean_of_means(of_scale, [s.by_role.get(role) for s in of_scale]) for role in Role
        }
        found.append(
            SubscaleSummary(
                subscale=name,
                low=of_scale[0].item.low,
                high=of_scale[0].item.high,
                everyone=everyone,
                by_role={role: mean for role, mean in roles.items() if mean is not None},
            )
        )
    return tuple(found)


def _mean_of_means(
    items: Sequence[ItemSummary], summaries: Sequence[Summary | None]
) -> float | None:
    means = [
        turned_round(of_item.item, summary.mean)
        for of_item, summary in zip(items, summaries, strict=True)
        if summary is not None and summary.mean is not None
    ]
    return sum(means) / len(means) if len(means) == len(items) else None


# --- Pair health ---------------------------------------------------------------------------------


class StepResult(Value):
    """What one step of the ladder did."""

    action: LadderAction
    taken: int
    """Times that the step was taken."""
    came_back: int
    """Times that it was the last step before a sign of life."""


class PairHealth(Value):
    """How pairs fell silent, and came back."""

    started: int
    stalled: int
    """Started pairs that stalled at least once."""
    met_again: int
    """Of these, those that held a session afterwards."""
    stalled_now: int
    steps: tuple[StepResult, ...]
    """In the ladder's order; an action that the ladder no longer has comes last."""
    help_asked: int = Field(ge=0)
    """Pairs in which somebody asked for help."""


def pair_health(definition: Definition, status: ProgramStatus) -> PairHealth:
    """How many pairs fell silent, and which step of the ladder brought them back."""
    started = [pair for pair in status.pairs if pair.has_started]
    stalled = [pair for pair in started if pair.stalls]
    taken: Counter[LadderAction] = Counter()
    came_back: Counter[LadderAction] = Counter()
    for stall in (stall for pair in status.pairs for stall in pair.stalls):
        taken.update(stall.steps)
        if stall.outcome is StallOutcome.CAME_BACK and stall.steps:
            came_back[stall.steps[-1]] += 1
    order = dict.fromkeys(
        [*(a for ladder in definition.ladder for step in ladder.steps for a in step.do), *taken]
    )
    return PairHealth(
        started=len(started),
        stalled=len(stalled),
        met_again=sum(1 for pair in stalled if met_again(pair)),
        stalled_now=sum(
            1 for p in status.pairs if p.stalls and p.stalls[-1].outcome is StallOutcome.OPEN
        ),
        steps=tuple(
            StepResult(action=action, taken=taken[action], came_back=came_back[action])
            for action in order
        ),
        help_asked=sum(1 for pair in status.pairs if pair.help_asked),
    )
