"""Evaluation: an honest answer to “did it work?”, from the record of a program.

Everything is computed from pure values. Nothing is told of fewer people than the program's
threshold, and nothing from which fewer could be worked out: the order in which groups are let
through their gates (`domain.disclosure`) is the order of this file, and always the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from domain.change import Comparison, ScaleChange, asked_before, asked_later, measures_of
from domain.metrics import Evidence, MetricResult, has_completed, judge_all
from domain.model import Value
from domain.outcomes import Outcomes, outcomes_of
from domain.pair_health import PairHealth, pair_health
from domain.participation import Reach, reach_of
from domain.patterns import Association, associations_of
from domain.people import Role
from domain.projection import PairStatus
from domain.record import Record
from domain.responses import Asked, Book, Instruments, Response
from domain.suggestions import Findings, Suggestion, suggestions_for
from domain.survey_results import Masking, SurveySummary, occasions_of, summarise_surveys


class Funnel(Value):
    """How many people came how far. Everybody counts once, in however many pairs they were."""

    invited: int
    joined: int
    matched: int
    started: int
    met: int
    completed: int


class Run(Value):
    """What one run of a scheme came to."""

    title: str
    starts: date
    pairs: int
    """Those that started."""
    metrics: tuple[MetricResult, ...]


class Evaluation(Value):
    """All that a report says, in numbers."""

    metrics: tuple[MetricResult, ...]
    funnel: Funnel
    health: PairHealth
    changes: tuple[ScaleChange, ...]
    surveys: tuple[SurveySummary, ...]
    reach: tuple[Reach, ...]
    outcomes: Outcomes
    earlier: tuple[Run, ...]
    """The latest first."""
    associations: tuple[Association, ...]
    suggestions: tuple[Suggestion, ...]


def evaluate(
    record: Record,
    instruments: Instruments,
    masking: Masking | None = None,
    *,
    is_final: bool | None = None,
) -> Evaluation:
    """All that can be said of a program by now.

    Args:
        record: what happened and what was answered.
        instruments: the surveys as they are now.
        masking: how names are taken out of what people wrote.
        is_final: whether nobody may answer any more; by the record, if left out.
    """
    definition, status = record.definition, record.status
    evidence = _evidence(record, instruments, is_final)
    book, comparison = evidence.book, evidence.comparison
    metrics = judge_all(evidence)
    surveys = _tell_in_turn(record, book, comparison, masking or Masking(names=record.names))
    associations: tuple[Association, ...] = ()
    if evidence.is_final:  # before, which pairs have completed changes from report to report
        associations = associations_of(
            definition, record.calendar, status.started, record.members, book
        )
    health = pair_health(definition, status, record.members)
    findings = Findings(definition, status.started, metrics, health, associations, surveys)
    return Evaluation(
        metrics=metrics,
        funnel=_funnel(record),
        health=health,
        changes=comparison.told(),
        surveys=surveys,
        reach=reach_of(
            record.participants,
            _people_in(record, status.pairs),
            _people_in(record, [p for p in status.pairs if has_completed(p, definition)]),
            definition.people.levels,
            definition.privacy.anonymity_threshold,
        ),
        outcomes=evidence.outcomes,
        earlier=tuple(_run_of(earlier, instruments) for earlier in record.earlier),
        associations=associations,
        suggestions=suggestions_for(findings) if evidence.is_final else (),
    )


def _tell_in_turn(
    record: Record, book: Book, comparison: Comparison, masking: Masking
) -> tuple[SurveySummary, ...]:
    """Let all through that may be told of: the evaluation first, and each follow-up after it.

    In each, what changed in everybody comes first, then what everybody and each role said, and last
    what changed in each role. A later follow-up takes nothing back that was told before.
    """
    days_of = {later.asked: later.days for later in asked_later(record.definition)}
    occasions = occasions_of(record.status, book)
    surveys: list[SurveySummary] = []
    for days in dict.fromkeys([None, *days_of.values()]):
        scales = [scale for scale, when in comparison.scales if when == days]
        for scale in scales:
            comparison.change(scale, days, None)
        surveys += summarise_surveys(
            record.status,
            book,
            [asked for asked in occasions if days_of.get(asked) == days],
            _those_that_wait(record),
            masking,
        )
        for scale in scales:
            for role in Role:
                comparison.change(scale, days, role)
    return tuple(surveys)


def metrics_of(
    record: Record, instruments: Instruments, *, is_final: bool | None = None
) -> tuple[MetricResult, ...]:
    """The success metrics alone, as `evaluate` has them."""
    return judge_all(_evidence(record, instruments, is_final))


def _run_of(record: Record, instruments: Instruments) -> Run:
    return Run(
        title=record.definition.program.title,
        starts=record.definition.program.starts,
        pairs=len(record.status.started),
        metrics=metrics_of(record, instruments),
    )


def _evidence(record: Record, instruments: Instruments, is_final: bool | None) -> Evidence:
    definition, status = record.definition, record.status
    instruments = instruments.with_asked(record.asked)
    final = status.ended_at is not None if is_final is None else is_final
    follow_ups = {later.asked for later in asked_later(definition) if later.days is not None}
    waits = _those_that_wait(record)
    occasions = {*waits, *(Asked(r.survey, r.occasion) for r in record.responses)}
    occasions |= {Asked(c.survey, c.occasion) for c in status.check_ins}
    book = Book(
        _sent_in_time(record, follow_ups),
        instruments,
        definition.privacy.anonymity_threshold,
        still_open={
            asked
            for asked in occasions
            if (asked not in status.closed if asked in follow_ups else not final)
        },
        waits=waits,
    )
    return Evidence(
        definition=definition,
        calendar=record.calendar,
        status=status,
        members=record.members,
        book=book,
        comparison=Comparison(book, measures_of(definition, book.instruments)),
        outcomes=outcomes_of(
            {one.person: one.level for one in record.participants if one.eligible},
            record.later,
            _people_in(record, status.started),
            definition.people.levels,
            definition.privacy.anonymity_threshold,
        ),
        is_final=final,
    )


def _sent_in_time(record: Record, follow_ups: Collection[Asked]) -> Iterator[Response]:
    """The answers that came before the evaluation closed; later ones would change what was told.

    Why a pair ended can be said after the end of the program too. It is kept, and not counted.
    """
    ended = record.status.ended_at
    for response in record.responses:
        if ended is None or Asked(response.survey, response.occasion) in follow_ups:
            yield response
        elif response.came_at <= ended:
            late = response.answered_at > ended
            yield response.model_copy(update={"answers": response.first}) if late else response


def _those_that_wait(record: Record) -> frozenset[Asked]:
    """Sendings that are compared with others: none is told of before it is closed."""
    later = (later.asked for later in asked_later(record.definition))
    return frozenset((*asked_before(record.definition), *later))


def _funnel(record: Record) -> Funnel:
    status, definition = record.status, record.definition
    started = status.started
    return Funnel(
        invited=status.people.invited,
        joined=status.people.joined,
        matched=len(_people_in(record, status.pairs)),
        started=len(_people_in(record, started)),
        met=len(_people_in(record, [pair for pair in status.pairs if pair.sessions_held])),
        completed=len(_people_in(record, [p for p in started if has_completed(p, definition)])),
    )


def _people_in(record: Record, pairs: Sequence[PairStatus]) -> frozenset[str]:
    names = {pair.pair for pair in pairs}
    both = (one.people for one in record.members if one.pair in names)
    return frozenset(person for two in both for person in two)
