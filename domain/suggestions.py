"""Suggestions for the next run: a field of the definition, what it says and what it might say.

They follow from the record by fixed rules. None claims that a change will help: each says what was
seen, and is there to be weighed by who writes the next definition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from math import ceil
from statistics import median
from typing import NamedTuple

from domain.definition import Definition, MetricName
from domain.escalation import Trigger
from domain.metrics import MetricResult, Verdict, sessions_that_count
from domain.model import Value
from domain.pair_health import PairHealth
from domain.patterns import Association, Factor
from domain.projection import PairStatus
from domain.survey_results import SurveySummary


class Seen(StrEnum):
    """What a suggestion rests on."""

    FEWER_SESSIONS = "fewer_sessions"
    """Pairs held far fewer sessions than planned."""
    MANY_STALLED = "many_stalled"
    """Many pairs fell silent, and the first reminder came late."""
    EARLY_START = "early_start"
    """Pairs that met early completed more often, and many met late."""
    PREFERENCE_WENT_WITH = "preference_went_with"
    """Pairs that met a preference completed more often."""
    PREFERENCE_WENT_AGAINST = "preference_went_against"
    """Pairs that met a preference completed less often."""
    FEW_ANSWERED = "few_answered"
    """The final survey missed its target of answers."""
    NO_TIME = "no_time"
    """Of those who left early, many said that there was not enough time."""


Path = tuple[str | int, ...]


class Suggestion(Value):
    """One field of the next definition that might say something else."""

    path: Path
    """Where it stands: `("sessions", "count")`."""
    current: str
    proposed: str
    seen: Seen
    numbers: dict[str, float]
    """What it rests on, for the words: shares from 0 to 1, and counts."""

    @property
    def field(self) -> str:
        """The path as one word: `ladder.0.steps.0.after`."""
        return ".".join(str(part) for part in self.path)


class Findings(NamedTuple):
    """What suggestions are made from."""

    definition: Definition
    started: Sequence[PairStatus]
    metrics: Sequence[MetricResult]
    health: PairHealth
    associations: Sequence[Association]
    surveys: Sequence[SurveySummary]


FEW_HELD = 0.7
"""Of the planned sessions: fewer were held, and fewer might be planned."""
MANY_STALLED = 0.25
"""Of the started pairs."""
LATE_REMINDER = 5
"""Days before the first reminder from which on it might come sooner."""
MOST_EARLY = 0.75
"""Of the pairs: with more, an earlier start is no longer the point."""
MANY = 0.4
"""Of those who left early, who name the same reason."""
LONGEST_EVALUATION = 42
SHORT_SESSION = 45


def suggestions_for(findings: Findings) -> tuple[Suggestion, ...]:
    """What might be changed in the next definition, in the order in which fields stand in it."""
    if len(findings.started) < findings.definition.privacy.anonymity_threshold:
        return ()
    return tuple(
        suggestion
        for rule in (_preparation, _evaluation, _weights, _sessions, _length, _ladder)
        for suggestion in rule(findings)
    )


def _preparation(findings: Findings) -> Iterator[Suggestion]:
    days = findings.definition.stages.preparation
    shorter = max(7, ceil(days * 2 / 3))
    for one in findings.associations:
        early = one.had.n / (one.had.n + one.had_not.n)
        helps = one.factor is Factor.EARLY_START and one.interval.low > 0
        if helps and early < MOST_EARLY and shorter < days:
            yield Suggestion(
                path=("stages", "preparation"),
                current=f"{days} days",
                proposed=f"{shorter} days",
                seen=Seen.EARLY_START,
                numbers={"had": one.had.share, "had_not": one.had_not.share, "early": early},
            )


def _evaluation(findings: Findings) -> Iterator[Suggestion]:
    days = findings.definition.stages.evaluation
    for result in findings.metrics:
        missed = result.metric is MetricName.RESPONSE_RATE and result.verdict is Verdict.NOT_MET
        if missed and result.value is not None and days + 7 <= LONGEST_EVALUATION:
            yield Suggestion(
                path=("stages", "evaluation"),
                current=f"{days} days",
                proposed=f"{days + 7} days",
                seen=Seen.FEW_ANSWERED,
                numbers={"share": result.value},
            )


def _weights(findings: Findings) -> Iterator[Suggestion]:
    preferences = findings.definition.matching.preferences
    for one in findings.associations:
        if one.factor is not Factor.PREFERENCE or one.preference is None or not one.is_clear:
            continue
        weight = preferences[one.preference].weight
        for_it = one.interval.low > 0
        proposed = min(weight * 2, 100) if for_it else weight / 2
        yield Suggestion(
            path=("matching", "preferences", one.preference, "weight"),
            current=f"{weight:g}",
            proposed=f"{proposed:g}",
            seen=Seen.PREFERENCE_WENT_WITH if for_it else Seen.PREFERENCE_WENT_AGAINST,
            numbers={"had": one.had.share, "had_not": one.had_not.share},
        )


def _sessions(findings: Findings) -> Iterator[Suggestion]:
    definition, started = findings.definition, findings.started
    planned = definition.sessions.count
    held = [len(sessions_that_count(pair, definition)) for pair in started]
    share = sum(held) / (planned * len(held))
    middle = max(2, ceil(median(held)))
    if share < FEW_HELD and middle < planned:
        yield Suggestion(
            path=("sessions", "count"),
            current=str(planned),
            proposed=str(middle),
            seen=Seen.FEWER_SESSIONS,
            numbers={"share": share, "median": median(held)},
        )


def _length(findings: Findings) -> Iterator[Suggestion]:
    minutes = findings.definition.sessions.minutes
    for item in (item for survey in findings.surveys for item in survey.items):
        if item.everyone is None or item.item.id != "main_reason" or minutes <= SHORT_SESSION:
            continue
        counts = {answer.answer: answer.count for answer in item.everyone.distribution}
        share = counts.get("time", 0) / item.everyone.n
        if share >= MANY:
            yield Suggestion(
                path=("sessions", "minutes"),
                current=str(minutes),
                proposed=str(max(SHORT_SESSION, minutes - 15)),
                seen=Seen.NO_TIME,
                numbers={"share": share},
            )
            return


def _ladder(findings: Findings) -> Iterator[Suggestion]:
    health = findings.health
    stalled = health.stalled / health.started
    for place, ladder in enumerate(findings.definition.ladder):
        wait = ladder.steps[0].after
        if ladder.trigger is not Trigger.SILENCE or stalled < MANY_STALLED:
            continue
        if wait.days > LATE_REMINDER and not wait.working:
            yield Suggestion(
                path=("ladder", place, "steps", 0, "after"),
                current=f"{wait.days} days",
                proposed=f"{max(LATE_REMINDER, ceil(wait.days * 2 / 3))} days",
                seen=Seen.MANY_STALLED,
                numbers={"share": stalled},
            )
