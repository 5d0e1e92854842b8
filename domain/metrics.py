"""Success metrics: what each came to, and whether that reaches its target.

Computed, never narrated: from the journal, the answers and, later, a new people file. `can't tell`
is a verdict of its own, with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf, isfinite
from statistics import median
from typing import NamedTuple

from domain.calendar import ProgramCalendar
from domain.change import Comparison, asked_at_the_end
from domain.definition import Comparison as Side
from domain.definition import Definition, MetricName, SuccessMetric, Target
from domain.lifecycle import Stage
from domain.model import Value
from domain.outcomes import Outcomes
from domain.pair_health import PairMembers, matched_anew, met_again
from domain.people import Role
from domain.projection import PairStatus, ProgramStatus
from domain.responses import Asked, Book, Question
from domain.statistics import (
    FEW,
    Change,
    Interval,
    mean,
    mean_interval,
    recommendation_interval,
    recommendation_score,
    share_interval,
)
from domain.surveys import ItemKind

SATISFACTION_ITEM = "satisfaction"
"""Id of the final survey's item that the satisfaction metric averages."""
RECOMMENDATION_ITEM = "recommendation"
"""Id of the final survey's 0 to 10 item that the recommendation metric is made of."""


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
    """Fewer answers than the anonymity threshold, or others could be worked out from them."""
    TOO_EARLY = "too_early"
    """The figure can still change, for the better or the worse."""
    NOT_ASKED = "not_asked"
    """No survey of the program holds the question, or none before and after holds the scale."""
    UNCERTAIN = "uncertain"
    """So few people changed so differently that chance alone may have made the difference."""
    NO_LATER_FILE = "no_later_file"
    """No later people file was imported."""


class MetricResult(Value):
    """A metric, what it came to and how that compares with its target."""

    metric: MetricName
    scale: str | None = None
    """Of a change: which."""
    role: Role | None = None
    """Of a change: among whom; None for everybody."""
    target: Target
    value: float | None
    """A share from 0 to 1, a score, a mean, days, or points of a scale, as the metric's formula
    says; None if not known."""
    n: int
    """How many the value is made of. 0 where there are too few answers to say how many."""
    interval: Interval | None = None
    """From where to where the true value may well lie, of what is made of answers or pairs."""
    effect: float | None = None
    """Of a change: its size in standard deviations."""
    verdict: Verdict
    why: Why

    @property
    def is_of_few(self) -> bool:
        """Whether so few stand behind it that one more or less moves it much."""
        return 0 < self.n < FEW


class Evidence(NamedTuple):
    """All that metrics are computed from."""

    definition: Definition
    calendar: ProgramCalendar
    status: ProgramStatus
    members: Sequence[PairMembers]
    book: Book
    comparison: Comparison
    outcomes: Outcomes
    is_final: bool
    """Whether nothing that happens or is answered can change a figure any more."""

    @property
    def started(self) -> tuple[PairStatus, ...]:
        """The pairs that started."""
        return self.status.started


class _Measure(Value):
    value: float | None
    n: int
    why: Why = Why.MEASURED
    interval: Interval | None = None
    change: Change | None = None


def judge_all(evidence: Evidence) -> tuple[MetricResult, ...]:
    """Every success metric of the definition, in its order, each against its target.

    While the program runs, a figure that can still cross its target is given, but its verdict is
    “can't tell: too early”. Sessions held and pairs completed can only rise, and stalled pairs can
    only rise too, so these are decided as soon as they pass their target.
    """
    return tuple(_judge(wanted, evidence) for wanted in evidence.definition.success)


def _judge(wanted: SuccessMetric, evidence: Evidence) -> MetricResult:
    measure = _MEASURES[wanted.metric](evidence, wanted)
    verdict, why = Verdict.CANT_TELL, measure.why
    if measure.value is not None or measure.why is Why.MEASURED:
        value = inf if measure.value is None else measure.value
        reached = reaches(value, wanted.target)
        if not _is_settled(wanted, reached, evidence):
            why = Why.TOO_EARLY
        elif measure.change is None:
            verdict = Verdict.MET if reached else Verdict.NOT_MET
        else:
            verdict = _verdict_on_change(measure.change, wanted.target)
            why = Why.UNCERTAIN if verdict is Verdict.CANT_TELL else why
    return MetricResult(
        metric=wanted.metric,
        scale=wanted.scale,
        role=wanted.role,
        target=wanted.target,
        value=measure.value,
        n=measure.n,
        interval=measure.interval,
        effect=measure.change.effect if measure.change else None,
        verdict=verdict,
        why=why,
    )


def reaches(value: float, target: Target) -> bool:
    """Rounded to a millionth, so that 0.8 reached by division is 0.8."""
    value = round(value, 6) if isfinite(value) else value
    if target.comparison is Side.AT_LEAST:
        return value >= round(target.value, 6)
    return value <= round(target.value, 6)


def _verdict_on_change(change: Change, target: Target) -> Verdict:
    """Met if it is reached and more than chance; not met if even a lucky reading misses it."""
    up = 1 if target.comparison is Side.AT_LEAST else -1
    low, high = sorted((up * change.interval.low, up * change.interval.high))
    wanted = up * target.value
    if reaches(change.difference, target) and (low > 0 or wanted <= 0):
        return Verdict.MET
    if not reaches(change.difference, target) and high < wanted:
        return Verdict.NOT_MET
    return Verdict.CANT_TELL


_ONLY_RISE = (MetricName.SESSIONS_HELD, MetricName.PAIRS_COMPLETED, MetricName.STALLED_PAIRS)
_FROM_ANSWERS = (
    MetricName.RECOMMENDATION,
    MetricName.SATISFACTION,
    MetricName.RESPONSE_RATE,
    MetricName.CHANGE,
)
_AFTER_THE_END = (MetricName.STAYED, MetricName.PROMOTED)


def _is_settled(wanted: SuccessMetric, reached: bool, evidence: Evidence) -> bool:
    if evidence.is_final or wanted.metric in _AFTER_THE_END:
        return True
    if wanted.metric in _FROM_ANSWERS:
        return False
    status = evidence.status
    if status.stage is Stage.EVALUATION:
        return True
    rises_past = reached == (wanted.target.comparison is Side.AT_LEAST)
    # While preparation lasts more pairs can start, which can lower a share.
    nobody_starts_any_more = status.stage is Stage.MEETINGS
    return wanted.metric in _ONLY_RISE and rises_past and nobody_starts_any_more


def _share(part: int, whole: int) -> _Measure:
    if whole == 0:
        return _Measure(value=None, n=0, why=Why.NOTHING_TO_MEASURE)
    return _Measure(value=part / whole, n=whole)


def _share_of_pairs(part: int, whole: int) -> _Measure:
    """With an interval: as if the pairs were drawn from all that such a program could have."""
    share = _share(part, whole)
    return share.model_copy(update={"interval": share_interval(part, whole)}) if whole else share


# --- From the journal ----------------------------------------------------------------------------


def _sessions_held(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Sessions held ÷ (pairs started × sessions planned for each).

    Each session of a pair counts once and only up to the number planned. A pair counts from
    preparation on and to the end, also when it stopped early; a pair that declined does not.
    """
    definition = evidence.definition
    held = sum(len(sessions_that_count(pair, definition)) for pair in evidence.started)
    return _share(held, sum(planned_sessions(pair, definition) for pair in evidence.started))


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


def _pairs_completed(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Started pairs that held at least `sessions.minimum` sessions ÷ started pairs."""
    enough = sum(1 for pair in evidence.started if has_completed(pair, evidence.definition))
    return _share_of_pairs(enough, len(evidence.started))


def _stalled_pairs(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Started pairs that stalled at least once ÷ started pairs."""
    stalled = sum(1 for pair in evidence.started if pair.stalls)
    return _share_of_pairs(stalled, len(evidence.started))


def _recovered_pairs(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Started pairs that held a session after they last stalled ÷ started pairs that stalled."""
    stalled = [pair for pair in evidence.started if pair.stalls]
    return _share_of_pairs(sum(1 for pair in stalled if met_again(pair)), len(stalled))


def _days_to_first_session(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Median of the program days from a started pair's introduction to its first session.

    A pair that has not met counts as one that takes longer than every other; where more than half
    have not met there is no number, and a target of at most so many days is not met.
    """
    if not evidence.started:
        return _Measure(value=None, n=0, why=Why.NOTHING_TO_MEASURE)
    waits = [days_to_first_session(pair, evidence.calendar) for pair in evidence.started]
    middle = median(inf if days is None else days for days in waits)
    return _Measure(value=middle if isfinite(middle) else None, n=len(waits))


def days_to_first_session(pair: PairStatus, calendar: ProgramCalendar) -> float | None:
    """Program days from a pair's introduction to its first session; None before it has met."""
    if not pair.held:
        return None
    began, met = (calendar.to_program(at) for at in (pair.history[0].at, min(pair.held.values())))
    return (met - began) / timedelta(days=1)


def _rematched_pairs(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Pairs that came in place of one that had ended early ÷ all pairs."""
    anew = matched_anew(evidence.status, evidence.members)
    return _share_of_pairs(len(anew), len(evidence.status.pairs))


def _interventions(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Times that the coordinator was asked to look after a started pair, or ended it, a pair."""
    if not evidence.started:
        return _Measure(value=None, n=0, why=Why.NOTHING_TO_MEASURE)
    times = sum(pair.interventions for pair in evidence.started)
    return _Measure(value=times / len(evidence.started), n=len(evidence.started))


# --- From answers --------------------------------------------------------------------------------


def _response_rate(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Final surveys answered ÷ final surveys sent. Says nothing of what was answered."""
    finals = asked_at_the_end(evidence.definition)
    asked = [c for c in evidence.status.check_ins if Asked(c.survey, c.occasion) in finals]
    sent = sum(check_in.sent for check_in in asked)
    return _share(min(sum(check_in.answered for check_in in asked), sent), sent)


def _satisfaction(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Mean of the final survey's `satisfaction` item, both roles together."""
    return _from_item(evidence, SATISFACTION_ITEM, mean, mean_interval)


def _recommendation(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """(answers of 9 and 10 − answers of 0 to 6) ÷ all answers × 100, both roles together."""
    return _from_item(evidence, RECOMMENDATION_ITEM, recommendation_score, recommendation_interval)


def _from_item(
    evidence: Evidence,
    name: str,
    figure: Callable[[list[int]], float],
    interval: Callable[[list[int]], Interval],
) -> _Measure:
    for asked in asked_at_the_end(evidence.definition):
        question = _scale_question(evidence.book, asked, name)
        if question is None:
            continue
        if not question.gate.admit(question.everyone):
            early = evidence.book.is_open(asked)
            why = Why.TOO_EARLY if early else Why.TOO_FEW_ANSWERS
            return _Measure(value=None, n=0, why=why)
        numbers = [n for n in question.values(question.everyone) if isinstance(n, int)]
        return _Measure(value=figure(numbers), n=len(numbers), interval=interval(numbers))
    return _Measure(value=None, n=0, why=Why.NOT_ASKED)


def _scale_question(book: Book, asked: Asked, name: str) -> Question | None:
    survey = book.instruments.latest(asked.survey)
    items = (item for item in survey.items if item.kind is ItemKind.SCALE) if survey else ()
    return next((book.question(asked, item) for item in items if item.id == name), None)


def _change(evidence: Evidence, wanted: SuccessMetric) -> _Measure:
    """Mean score at the evaluation less mean score before the first session, of the same people."""
    found = evidence.comparison.change(wanted.scale or "", None, wanted.role)
    if found is None:
        return _Measure(value=None, n=0, why=Why.NOT_ASKED)
    if found.change is None:
        is_open = any(evidence.book.is_open(a) for a in asked_at_the_end(evidence.definition))
        why = Why.TOO_EARLY if is_open else Why.TOO_FEW_ANSWERS
        return _Measure(value=None, n=0, why=why)
    change = found.change
    return _Measure(value=change.difference, n=change.n, interval=change.interval, change=change)


# --- From a later people file --------------------------------------------------------------------


def _stayed(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Of those who started in a pair, the share that a later people file still has."""
    part = evidence.outcomes.took_part
    if part is None:
        return _Measure(value=None, n=0, why=_why_no_outcome(evidence))
    return _share_of_pairs(part.stayed, part.people)


def _promoted(evidence: Evidence, _wanted: SuccessMetric) -> _Measure:
    """Of those of them whose level is known both times, the share that stands higher now."""
    part = evidence.outcomes.took_part
    if part is None:
        return _Measure(value=None, n=0, why=_why_no_outcome(evidence))
    return _share_of_pairs(part.promoted, part.with_level)


def _why_no_outcome(evidence: Evidence) -> Why:
    return Why.TOO_FEW_ANSWERS if evidence.outcomes.was_imported else Why.NO_LATER_FILE


_MEASURES: dict[MetricName, Callable[[Evidence, SuccessMetric], _Measure]] = {
    MetricName.SESSIONS_HELD: _sessions_held,
    MetricName.PAIRS_COMPLETED: _pairs_completed,
    MetricName.STALLED_PAIRS: _stalled_pairs,
    MetricName.RECOVERED_PAIRS: _recovered_pairs,
    MetricName.DAYS_TO_FIRST_SESSION: _days_to_first_session,
    MetricName.REMATCHED_PAIRS: _rematched_pairs,
    MetricName.INTERVENTIONS: _interventions,
    MetricName.RESPONSE_RATE: _response_rate,
    MetricName.SATISFACTION: _satisfaction,
    MetricName.RECOMMENDATION: _recommendation,
    MetricName.CHANGE: _change,
    MetricName.STAYED: _stayed,
    MetricName.PROMOTED: _promoted,
}
