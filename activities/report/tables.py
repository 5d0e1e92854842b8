"""The tables of a report: one source for its CSV files, its workbook and its JSON document.

Names of tables and columns are the same in every language, so that what reads them goes on working;
the words in their cells are the report's. A figure that may not be told is an empty cell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from activities.report.facts import LAYERS, Facts, InWeek
from activities.report.names import Names
from activities.report.words import ReportWords, Share
from domain.change import ScaleChange
from domain.evaluation import Run
from domain.metrics import MetricResult, has_completed, planned_sessions
from domain.outcomes import Outcome
from domain.participation import Reach
from domain.projection import PairStatus, StallOutcome
from domain.statistics import Interval
from domain.survey_results import ItemSummary, Summary, SurveySummary

Cell = str | int | float | None
Row = tuple[Cell, ...]

DIGITS = 6
"""Decimals that figures are rounded to, so that they are the same on every machine."""

YES, NO = "yes", "no"


class Table(NamedTuple):
    """One table. `name` is that of its CSV file, its sheet and its place in the JSON document."""

    name: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]


def tables_of(facts: Facts, words: ReportWords) -> tuple[Table, ...]:
    """Every table, in the order of the report; one that has nothing to say has no rows."""
    names = Names(facts, words)
    return (
        _metrics(facts, names),
        _suggestions(facts, words),
        _funnel(facts, words),
        _in_weeks("sessions", ("held",), facts.sessions_by_week),
        _in_weeks("pair-states", tuple(LAYERS), facts.pairs_by_week),
        _health(facts, words),
        _ladder(facts, words),
        _changes(facts, names),
        _surveys(facts),
        _answers(facts),
        _reach(facts, words),
        _group_sessions(facts),
        _associations(facts, names),
        _earlier_runs(facts, names),
        _outcomes(facts),
        _instruments(facts),
        _pairs(facts),
    )


# --- Cells ---------------------------------------------------------------------------------------


def _figure(value: float | None) -> float | None:
    return None if value is None else round(float(value), DIGITS) + 0.0


def _share(part: float, whole: float = 1) -> Share | None:
    return Share(round(part / whole, DIGITS)) if whole else None


def _ends(interval: Interval | None, *, of_share: bool = False) -> tuple[Cell, Cell]:
    if interval is None:
        return None, None
    if of_share:
        return _share(interval.low), _share(interval.high)
    return _figure(interval.low), _figure(interval.high)


def _yes(is_so: bool) -> str:
    return YES if is_so else NO


# --- What the program came to --------------------------------------------------------------------


def _value(result: MetricResult) -> tuple[Cell, Cell, Cell]:
    """What a metric came to, and the ends of its interval."""
    is_share = result.metric.is_share
    ends = _ends(result.interval, of_share=is_share)
    if is_share and result.value is not None:
        return (_share(result.value), *ends)
    return (_figure(result.value), *ends)


def _metrics(facts: Facts, names: Names) -> Table:
    head = (
        *("metric", "name", "value", "n", "comparison", "target", "verdict", "why"),
        *("scale", "role", "interval_low", "interval_high", "effect_size", "few"),
    )

    def row(result: MetricResult) -> Row:
        value, low, high = _value(result)
        target = result.target.value
        return (
            result.metric.value,
            names.metric(result),
            value,
            result.n,
            result.target.comparison.value,
            _share(target) if result.metric.is_share else _figure(target),
            result.verdict.value,
            result.why.value,
            result.scale,
            result.role.value if result.role else None,
            low,
            high,
            _figure(result.effect),
            _yes(result.is_of_few),
        )

    return Table("metrics", head, tuple(row(result) for result in facts.evaluation.metrics))


def _suggestions(facts: Facts, words: ReportWords) -> Table:
    rows = (
        (one.field, one.current, one.proposed, one.seen.value, words.seen(one))
        for one in facts.evaluation.suggestions
    )
    return Table("suggestions", ("field", "now", "proposed", "seen", "in_words"), tuple(rows))


def _funnel(facts: Facts, words: ReportWords) -> Table:
    steps = facts.evaluation.funnel.model_dump()
    first = next(iter(steps.values()))
    rows = (
        (step, words(f"funnel.{step}"), people, _share(people, first))
        for step, people in steps.items()
    )
    return Table("funnel", ("step", "name", "people", "share_of_first"), tuple(rows))


def _in_weeks(name: str, columns: tuple[str, ...], weeks: Iterable[InWeek]) -> Table:
    return Table(name, ("week", *columns), tuple((one.week, *one.counts) for one in weeks))


def _health(facts: Facts, words: ReportWords) -> Table:
    counts = facts.evaluation.health.model_dump(exclude={"steps"})
    rows = ((measure, words(f"health.{measure}"), count) for measure, count in counts.items())
    return Table("pair-health", ("measure", "name", "count"), tuple(rows))


def _ladder(facts: Facts, words: ReportWords) -> Table:
    rows = (
        (step.action.value, words(f"ladder.{step.action.value}"), step.taken, step.came_back)
        for step in facts.evaluation.health.steps
    )
    return Table("ladder", ("action", "name", "taken", "came_back"), tuple(rows))


def _changes(facts: Facts, names: Names) -> Table:
    head = (
        *("scale", "title", "low", "high", "group", "days_after_end", "n", "before", "after"),
        *("change", "interval_low", "interval_high", "effect_size", "effect", "set_aside"),
    )

    def row(one: ScaleChange) -> Row:
        group = one.role.value if one.role else "everyone"
        lead = (one.scale, one.title, _figure(one.low), _figure(one.high), group, one.days)
        if one.change is None:
            return (*lead, *[None] * (len(head) - len(lead)))
        change = one.change
        return (
            *lead,
            change.n,
            _figure(change.before),
            _figure(change.after),
            _figure(change.difference),
            *_ends(change.interval),
            _figure(change.effect),
            names.effect(change.effect),
            one.set_aside,
        )

    return Table("changes", head, tuple(row(one) for one in facts.evaluation.changes))


# --- What people said ----------------------------------------------------------------------------


def _surveys(facts: Facts) -> Table:
    head = ("survey", "occasion", "title", "sent", "answered", "share", "open", "waits")
    rows = (
        (
            *(one.survey, one.occasion, one.title, one.sent, one.answered),
            *(_share(one.answered, one.sent), _yes(one.is_open), _yes(one.waits)),
        )
        for one in facts.evaluation.surveys
    )
    return Table("surveys", head, tuple(rows))


def _answers(facts: Facts) -> Table:
    head = (
        *("survey", "occasion", "item", "question", "group", "n", "measure", "value"),
        "set_aside",
    )
    rows = (row for survey in facts.evaluation.surveys for row in _answers_to(facts, survey))
    return Table("answers-summary", head, tuple(rows))


def _answers_to(facts: Facts, survey: SurveySummary) -> Iterator[Row]:
    place = (survey.survey, survey.occasion)
    for item in survey.items:
        for group, summary in _groups(item):
            lead: Row = (*place, item.item.id, item.item.text, group)
            if summary is None:
                yield (*lead, None, "not_shown", None, None)
                continue
            if summary.mean is not None:
                yield (*lead, summary.n, "mean", _figure(summary.mean), item.set_aside)
            for answer in summary.distribution:
                yield (*lead, summary.n, f"answered {answer.answer}", answer.count, item.set_aside)
    for scale in survey.subscales:
        means = [("everyone", scale.everyone)]
        means += [(role.value, mean) for role, mean in scale.by_role.items()]
        for group, mean in means:
            lead = (*place, scale.subscale, scale.title, group)
            yield (*lead, None, "subscale_score", _figure(mean), None)


def _groups(item: ItemSummary) -> list[tuple[str, Summary | None]]:
    by_role = [(role.value, summary) for role, summary in item.by_role.items()]
    return [("everyone", item.everyone), *by_role]


# --- Who took part -------------------------------------------------------------------------------


def _reach(facts: Facts, words: ReportWords) -> Table:
    head = (
        *("column", "groups", "could_take_part", "joined", "joined_share"),
        *("matched", "matched_share", "completed", "completed_share"),
    )
    rows = (row for reach in facts.evaluation.reach for row in _reach_rows(reach, words, len(head)))
    return Table("reach", head, tuple(rows))


def _reach_rows(reach: Reach, words: ReportWords, width: int) -> Iterator[Row]:
    if not reach.rows:
        yield (reach.column.value, words("reach.not_shown"), *[None] * (width - 2))
    for row in reach.rows:
        came = row.came
        names = (words("not_stated") if group is None else group for group in row.groups)
        yield (
            reach.column.value,
            "; ".join(names),
            came.could,
            came.joined,
            _share(came.joined, came.could),
            came.matched,
            _share(came.matched, came.could),
            came.completed,
            _share(came.completed, came.could),
        )


def _group_sessions(facts: Facts) -> Table:
    head = ("title", "dates", "needed", "people", "came", "came_to_enough")
    rows = (
        (one.title, one.dates, one.needed, one.people, one.came, one.came_to_enough)
        for one in facts.record.group_sessions
    )
    return Table("group-sessions", head, tuple(rows))


def _associations(facts: Facts, names: Names) -> Table:
    head = (
        *("factor", "preference", "name", "had_n", "had_completed", "had_share"),
        *("had_not_n", "had_not_completed", "had_not_share"),
        *("difference", "interval_low", "interval_high", "clear"),
    )
    rows = (
        (
            *(one.factor.value, one.preference, names.factor(one)),
            *(one.had.n, one.had.completed, _share(one.had.share)),
            *(one.had_not.n, one.had_not.completed, _share(one.had_not.share)),
            *(_share(one.difference), *_ends(one.interval, of_share=True), _yes(one.is_clear)),
        )
        for one in facts.evaluation.associations
    )
    return Table("associations", head, tuple(rows))


def _earlier_runs(facts: Facts, names: Names) -> Table:
    head = (
        *("run", "title", "starts", "pairs", "metric", "scale", "role", "name"),
        *("value", "n", "interval_low", "interval_high", "verdict", "why"),
    )
    rows = (
        (number, *_run_row(run, result, names))
        for number, run in enumerate(facts.runs)
        for result in run.metrics
    )
    return Table("earlier-runs", head, tuple(rows))


def _run_row(run: Run, result: MetricResult, names: Names) -> Row:
    value, low, high = _value(result)
    role = result.role.value if result.role else None
    return (
        *(run.title, str(run.starts), run.pairs),
        *(result.metric.value, result.scale, role, names.metric(result)),
        *(value, result.n, low, high, result.verdict.value, result.why.value),
    )


def _outcomes(facts: Facts) -> Table:
    head = (
        *("group", "people", "stayed", "stayed_share"),
        *("with_level", "promoted", "promoted_share"),
    )
    told = facts.evaluation.outcomes.told
    return Table("outcomes", head, tuple(_outcome_row(name, one) for name, one in told.items()))


def _outcome_row(name: str, one: Outcome) -> Row:
    return (
        *(name, one.people, one.stayed, _share(one.stayed, one.people)),
        *(one.with_level, one.promoted, _share(one.promoted, one.with_level)),
    )


# --- What it rests on ----------------------------------------------------------------------------


def _instruments(facts: Facts) -> Table:
    head = ("survey", "title", "versions", "source", "licence", "citation")
    rows = (
        (
            *(survey.id, survey.title, ", ".join(map(str, versions))),
            *(survey.source, survey.licence, survey.citation),
        )
        for survey, versions in facts.instruments_used
    )
    return Table("instruments", head, tuple(rows))


def _pairs(facts: Facts) -> Table:
    head = (
        *("pair", "state", "started", "sessions_held", "sessions_planned", "completed"),
        *("sessions_missed", "times_stalled", "times_came_back", "last_ladder_step"),
        *("first_session_day", "last_session_day"),
    )
    rows = (_pair_row(facts, number, pair) for number, pair in _numbered(facts.status.pairs))
    return Table("pairs", head, tuple(rows))


def _numbered(pairs: Iterable[PairStatus]) -> Iterator[tuple[int, PairStatus]]:
    """Pairs with a number that says neither who they are nor when they began."""
    mixed = sorted(pairs, key=lambda pair: hashlib.sha256(pair.pair.encode()).digest())
    return enumerate(mixed, start=1)


def _pair_row(facts: Facts, number: int, pair: PairStatus) -> Row:
    days = [int(facts.program_day(at)) for at in pair.held.values()]
    steps = [step for stall in pair.stalls for step in stall.steps]
    return (
        number,
        pair.state.value,
        _yes(pair.has_started),
        pair.sessions_held,
        planned_sessions(pair, facts.definition),
        _yes(has_completed(pair, facts.definition)),
        pair.missed,
        len(pair.stalls),
        sum(1 for stall in pair.stalls if stall.outcome is StallOutcome.CAME_BACK),
        steps[-1].value if steps else None,
        min(days, default=None),
        max(days, default=None),
    )
