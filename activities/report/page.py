"""The page: one HTML file that needs nothing from elsewhere, for the screen and for paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from activities.report.cards import cards_of, headline
from activities.report.charted import Charts
from activities.report.compared import changes_of, outcomes_of, patterns_of, runs_of
from activities.report.facts import Facts
from activities.report.names import Names
from activities.report.said import quotes_of, surveys_of
from activities.report.sources import SOURCES
from activities.report.words import ReportWords
from domain.definition import MetricName
from domain.escalation import Trigger
from domain.model import Value
from domain.participation import Came, ReachRow
from domain.statistics import FEW
from store.content import Content

_TEMPLATE, _STYLE = "report.html.j2", "report.css"
_SHOWN = 4
"""Groups that a row of several names; of more it says how many they are."""
_COMMAND = "starter.py new"


class Part(Value):
    """A section of the page: its id, which is that of its template, and its title."""

    id: str
    title: str


class FunnelStep(Value):
    """How many people came as far as this."""

    name: str
    people: int
    share: float
    """Of the largest step."""


class Proposed(Value):
    """A suggestion, in words and as the definition would say it."""

    name: str
    seen: str
    field: str
    current: str
    proposed: str


class Step(Value):
    """A step of the ladder."""

    name: str
    taken: int
    came_back: int | None
    """None for one that ends the pair."""


class Group(Value):
    """People by what a column says of them, and how far they came."""

    name: str
    members: tuple[str, ...]
    """What the column says, where the row is of several."""
    came: Came
    joined: float
    """Of those who could, as is the rest."""
    matched: float
    completed: float


class ReachTable(Value):
    """Who took part, by one column of the people file."""

    title: str
    rows: tuple[Group, ...]
    """None where it can't be shown beside the others."""


def page_of(facts: Facts, words: ReportWords, content: Content) -> bytes:
    """The page in HTML. Its templates and its style are the content's."""
    folders = [root / "report" for root in content.roots]
    environment = Environment(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=words.number,
        share=words.share,
        drawn=Markup,  # our own drawing, made of numbers and our own words
    )
    environment.globals["t"] = words
    charts = Charts(facts, words)
    html = environment.get_template(_TEMPLATE).render(
        language=content.language,
        facts=facts,
        words=words,
        definition=facts.definition,
        status=facts.status,
        health=facts.evaluation.health,
        threshold=facts.threshold,
        few=FEW,
        sources=SOURCES,
        css=Markup(_style(folders)),  # noqa: S704 - a file of ours
        parts=_parts(facts, words),
        kind=_kind(facts, words),
        headline=headline(facts, words),
        cards=cards_of(facts, words),
        proposed=_proposed(facts, words),
        funnel=_funnel(facts, words),
        charts=[chart for chart in (charts.sessions(), charts.states()) if chart],
        ladder=_ladder(facts, words),
        silent_days=_silent_days(facts),
        changes=changes_of(facts, words),
        change_chart=charts.changes(),
        surveys=surveys_of(facts, words),
        quotes=quotes_of(facts, words),
        reach=_reach(facts, words),
        group_sessions=facts.record.group_sessions,
        patterns=patterns_of(facts, words),
        runs=runs_of(facts, words),
        outcomes=outcomes_of(facts, words),
        was_imported=facts.evaluation.outcomes.was_imported,
        formulas=_formulas(words),
        kept=_kept(facts, words),
        instruments=facts.instruments_used,
        command=f"{_COMMAND} NAME --from {facts.record.program}",
    )
    return html.encode()


def _kept(facts: Facts, words: ReportWords) -> str:
    """Until when what the report is made of is kept."""
    record = facts.record
    if record.on_hold:
        return words("method.kept_on_hold")
    if record.kept_until is None:
        return words("method.kept_after", record.definition.privacy.keep_days)
    return words("method.kept_until", day=words.day(record.calendar.to_program(record.kept_until)))


def _style(folders: Sequence[Path]) -> str:
    found = (path for folder in folders if (path := folder / _STYLE).is_file())
    return next(found).read_text(encoding="utf-8")


def _kind(facts: Facts, words: ReportWords) -> str:
    """What sort of report it is, and as of when."""
    kind = words("head.interim" if facts.is_interim else "head.final")
    if facts.as_of is None:
        return kind
    day = words.day(facts.as_of)
    if facts.is_interim:
        return words("head.as_of_day", kind=kind, day=day, number=facts.days)
    return words("head.as_of", kind=kind, day=day)


def _parts(facts: Facts, words: ReportWords) -> tuple[Part, ...]:
    """The sections, in their order. Those that most programs lack are left out where empty."""
    evaluation = facts.evaluation
    wanted = {metric.metric for metric in facts.definition.success}
    after = {MetricName.STAYED, MetricName.PROMOTED}
    there = {
        "silent": bool(facts.started),
        "groups": bool(facts.record.group_sessions),
        "patterns": bool(facts.started),
        "earlier": bool(evaluation.earlier),
        "later": evaluation.outcomes.was_imported or bool(wanted & after),
    }
    names = (
        *("brief", "next", "people", "meetings", "silent", "change", "answers", "quotes"),
        *("reach", "groups", "patterns", "earlier", "later", "method"),
    )
    return tuple(
        Part(id=name, title=words(f"sections.{name}")) for name in names if there.get(name, True)
    )


def _proposed(facts: Facts, words: ReportWords) -> tuple[Proposed, ...]:
    names = Names(facts, words)
    return tuple(
        Proposed(
            name=names.field(one),
            seen=words.seen(one),
            field=one.field,
            current=one.current,
            proposed=one.proposed,
        )
        for one in facts.evaluation.suggestions
    )


def _funnel(facts: Facts, words: ReportWords) -> tuple[FunnelStep, ...]:
    steps: dict[str, int] = facts.evaluation.funnel.model_dump()
    whole = max(*steps.values(), 1)
    return tuple(
        FunnelStep(name=words(f"funnel.{step}"), people=people, share=people / whole)
        for step, people in steps.items()
    )


def _ladder(facts: Facts, words: ReportWords) -> tuple[Step, ...]:
    return tuple(
        Step(
            name=words(f"ladder.{step.action.value}"),
            taken=step.taken,
            came_back=None if step.action.ends_the_pair else step.came_back,
        )
        for step in facts.evaluation.health.steps
        if step.taken
    )


def _silent_days(facts: Facts) -> int | None:
    """After how many days without a sign of life a pair counts as stalled; None for never."""
    ladders = facts.definition.ladder
    silent = (ladder for ladder in ladders if ladder.trigger is Trigger.SILENCE)
    return next((ladder.steps[0].after.days for ladder in silent), None)


def _reach(facts: Facts, words: ReportWords) -> tuple[ReachTable, ...]:
    return tuple(
        ReachTable(
            title=words(f"columns.{reach.column.value}"),
            rows=(*(_group(words, row) for row in reach.rows), *_together(words, reach.rows)),
        )
        for reach in facts.evaluation.reach
    )


def _group(words: ReportWords, row: ReachRow) -> Group:
    members = tuple(words("not_stated") if name is None else name for name in row.groups)
    if len(members) <= _SHOWN:
        return _people(" + ".join(members), (), row.came)
    return _people(words("reach.several", len(members)), members, row.came)


def _together(words: ReportWords, rows: Sequence[ReachRow]) -> tuple[Group, ...]:
    """All rows in one, where there are any."""
    if not rows:
        return ()
    counts = Counter[str]()
    for row in rows:
        counts.update(row.came.model_dump())
    return (_people(words("reach.together"), (), Came(**counts)),)


def _people(name: str, members: tuple[str, ...], came: Came) -> Group:
    return Group(
        name=name,
        members=members,
        came=came,
        joined=came.joined / came.could,
        matched=came.matched / came.could,
        completed=came.completed / came.could,
    )


def _formulas(words: ReportWords) -> tuple[tuple[str, str], ...]:
    """Every metric that there is, with its formula."""
    return tuple(
        (
            words("metrics.change.in_general")
            if metric is MetricName.CHANGE
            else words(f"metrics.{metric.value}.name"),
            words(f"metrics.{metric.value}.formula"),
        )
        for metric in MetricName
    )
