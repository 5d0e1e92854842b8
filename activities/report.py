"""The report: one self-contained HTML file and the same numbers as CSV.

Rebuilding a report from the same journal and answers gives the same bytes: "now" is when the
journal's latest event happened, and nothing depends on the machine, the day or the order of rows.
No name, address or id of a person stands in any file of it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from ruamel.yaml import YAML

from domain.anonymity import is_enough, publishable, publishable_texts
from domain.definition import MetricName
from domain.evaluation import (
    MetricResult,
    PairHealth,
    Summary,
    SurveySummary,
    Verdict,
    evaluate,
    has_completed,
    pair_health,
    planned_sessions,
    sessions_that_count,
    summarise_surveys,
)
from domain.lifecycle import SUCCESSES, PairState, Stage
from domain.model import Value
from domain.people import Role
from domain.projection import PairStatus, states_over_time
from domain.surveys import Item, ItemKind, Survey
from store.content import Content
from store.report_data import Participant, ReportData

REPORT_HTML = "report.html"
METRICS_CSV = "metrics.csv"
PAIRS_CSV = "pairs.csv"
ANSWERS_CSV = "answers-summary.csv"


class ReportFile(Value):
    """One file of a report."""

    name: str
    content: bytes


class ReportFiles(Value):
    """A report: `report.html`, `metrics.csv`, `pairs.csv` and `answers-summary.csv`."""

    files: tuple[ReportFile, ...]

    def __getitem__(self, name: str) -> bytes:
        """The content of a file. Raises KeyError if the report has no such file."""
        for file in self.files:
            if file.name == name:
                return file.content
        raise KeyError(name)


def render_report(
    data: ReportData, content_folders: Path | Sequence[Path], language: str = "en"
) -> ReportFiles:
    """The report on a program, in a language or the nearest one that there is.

    Works at any time: before the end it says that it is an interim report. `content_folders`
    are what `Content` takes. Raises BadInput if the content can't be read.
    """
    content = Content(content_folders, language)
    surveys = {survey: content.survey(survey) for survey in content.survey_ids}
    folders = [root / "report" for root in content.roots]
    report = _Report(data, surveys, _Words(folders), content.language)
    return ReportFiles(
        files=(
            ReportFile(name=REPORT_HTML, content=_html(report, folders)),
            ReportFile(name=METRICS_CSV, content=_metrics_csv(report)),
            ReportFile(name=PAIRS_CSV, content=_pairs_csv(report)),
            ReportFile(name=ANSWERS_CSV, content=_answers_csv(report)),
        )
    )


def write_report(files: ReportFiles, out: Path) -> Path:
    """Write a report's files into `out`, made if need be; returns the path of the HTML file."""
    out.mkdir(parents=True, exist_ok=True)
    for file in files.files:
        (out / file.name).write_bytes(file.content)
    return out / REPORT_HTML


# --- Words and numbers ---------------------------------------------------------------------------


class _Words:
    """The report's words in one language, and how it writes numbers and dates."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.texts: Any = YAML(typ="safe", pure=True).load(_first(folders, "words.yaml"))
        self.locale = Locale.parse(str(self.texts["locale"]).replace("-", "_"))
        self.ordinary = frozenset(_first(folders, "ordinary_words.txt").split())

    def number(self, value: float, digits: int = 0) -> str:
        """With so many digits after the decimal point."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(value, format=pattern, locale=self.locale)

    def score(self, value: float) -> str:
        """A whole number with its sign."""
        pattern = "+#,##0;-#,##0" if round(value) else "0"
        return format_decimal(value, format=pattern, locale=self.locale).replace(
            "-", "\N{MINUS SIGN}"
        )

    def share(self, value: float) -> str:
        """As a percentage, without decimals."""
        return format_percent(value, locale=self.locale)

    def day(self, moment: datetime) -> str:
        """As a date."""
        return format_date(moment, format="long", locale=self.locale)

    def occasion(self, occasion: str) -> str:
        """When a survey was sent, in words."""
        known: dict[str, str] = self.texts["occasions"]
        kind, _, number = occasion.partition("-")
        if number.isdecimal() and kind in known:
            return known[kind].format(n=number)
        return known.get(occasion, occasion)

    def metric(self, metric: MetricName, value: float) -> str:
        """A metric's value or target."""
        if metric is MetricName.RECOMMENDATION:
            return self.score(value)
        if metric is MetricName.SATISFACTION:
            return self.number(value, 1)
        return self.share(value)


def _first(folders: Iterable[Path], name: str) -> str:
    return next(
        path.read_text(encoding="utf-8") for folder in folders if (path := folder / name).is_file()
    )


# --- What the report says ------------------------------------------------------------------------


class FunnelStep(Value):
    """How many people came as far as this."""

    name: str
    people: int
    share: float
    """Of the first step."""


class Bar(Value):
    """One part of a bar of answers."""

    label: str
    count: int
    background: str
    ink: str


class Question(Value):
    """A question and its answers, as the report shows them."""

    text: str
    ends: str
    """What the lowest and the highest answer mean."""
    everyone: Summary | None
    mentors: Summary | None
    mentees: Summary | None
    bars: tuple[Bar, ...]
    is_reversed: bool


class Quotes(Value):
    """What people wrote to one question; None if too few did."""

    text: str
    words: tuple[str, ...] | None


class SurveyPart(Value):
    """One survey on one occasion."""

    summary: SurveySummary
    occasion: str
    questions: tuple[Question, ...]
    quotes: tuple[Quotes, ...]


class ReachRow(Value):
    """One group of people: how many were invited and joined. `joined` is None where not shown."""

    group: str
    invited: int
    joined: int | None


class Reach(Value):
    """Who took part, by one column of the people file."""

    title: str
    rows: tuple[ReachRow, ...]


class ChartPart(Value):
    """A chart, and its numbers as a table."""

    svg: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_LAYERS: dict[str, tuple[PairState, ...]] = {
    "ready": (PairState.INTRODUCED, PairState.PREPARING),
    "meeting": (PairState.MEETING,),
    "stalled": (PairState.STALLED,),
    "paused": (PairState.PAUSED,),
    "completed": (PairState.EVALUATING, *SUCCESSES),
    "ended": (PairState.CLOSED, PairState.DECLINED, PairState.WITHDRAWN, PairState.CANCELLED),
}

_WEEK = 7
_INSTANTS = 80
"""Points in time at which a chart counts pairs."""


class _Report:
    """Everything that the files of a report say, computed once."""

    def __init__(
        self, data: ReportData, surveys: dict[str, Survey], words: _Words, language: str
    ) -> None:
        self.data = data
        self.definition = data.definition
        self.status = data.status
        self.surveys = surveys
        self.words = words
        self.language = language
        self.threshold = data.definition.privacy.anonymity_threshold
        self.metrics = evaluate(data.definition, data.status, data.responses, surveys)
        self.health: PairHealth = pair_health(data.definition, data.status)
        self.summaries = summarise_surveys(
            data.status, data.responses, surveys, data.definition.privacy.anonymity_threshold
        )
        self.started = [pair for pair in data.status.pairs if pair.has_started]
        self.verdicts = Counter(metric.verdict for metric in self.metrics)

    # --- Time

    @property
    def is_interim(self) -> bool:
        return not self.status.is_over

    def program_day(self, moment: datetime) -> float:
        """Program days since day 0 began."""
        calendar = self.data.calendar
        return max(0.0, (calendar.to_program(moment) - calendar.first) / timedelta(days=1))

    @property
    def days(self) -> int:
        """How many program days have passed."""
        return int(self.program_day(self.status.updated_at)) if self.status.updated_at else 0

    @property
    def as_of(self) -> str:
        """The date in the program's own time of the latest event; empty if there is none."""
        if self.status.updated_at is None:
            return ""
        zone = ZoneInfo(self.definition.calendar.timezone)
        now = self.data.calendar.to_program(self.status.updated_at)
        return self.words.day(now.astimezone(zone))

    # --- Sessions and pairs

    @property
    def session_weeks(self) -> list[float]:
        """The program week of each session held that was planned."""
        return [
            self.program_day(at) / _WEEK
            for pair in self.started
            for at in sessions_that_count(pair, self.definition)
        ]

    @property
    def sessions_held(self) -> int:
        return len(self.session_weeks)

    @property
    def sessions_planned(self) -> int:
        return sum(planned_sessions(pair, self.definition) for pair in self.started)

    @property
    def completed(self) -> int:
        return sum(1 for pair in self.started if self.has_completed(pair))

    def has_completed(self, pair: PairStatus) -> bool:
        return has_completed(pair, self.definition)

    @property
    def messages_sent(self) -> int:
        return sum(count.count for count in self.data.messages if count.state == "sent")

    # --- Parts

    def funnel(self) -> tuple[FunnelStep, ...]:
        def people_in(wanted: Callable[[PairStatus], bool]) -> int:
            pairs = {pair.pair for pair in self.status.pairs if wanted(pair)}
            members = [m for m in self.data.members if m.pair in pairs]
            return len({m.mentor for m in members} | {m.mentee for m in members})

        numbers = {
            "invited": self.status.people.invited,
            "joined": self.status.people.joined,
            "matched": people_in(lambda pair: True),
            "started": people_in(lambda pair: pair.has_started),
            "met": people_in(lambda pair: pair.sessions_held > 0),
            "completed": people_in(self.has_completed),
        }
        whole = max(numbers.values())
        return tuple(
            FunnelStep(
                name=self.words.texts["funnel"][key],
                people=people,
                share=people / whole if whole else 0,
            )
            for key, people in numbers.items()
        )

    def surveys_parts(self) -> tuple[SurveyPart, ...]:
        return tuple(
            SurveyPart(
                summary=summary,
                occasion=self.words.occasion(summary.occasion),
                questions=tuple(self._question(item) for item in summary.items),
                quotes=self._quotes(summary),
            )
            for summary in self.summaries
        )

    def _question(self, summary: Any) -> Question:
        item: Item = summary.item
        return Question(
            text=item.text,
            ends=f"{item.low} {item.low_label} – {item.high} {item.high_label}"
            if item.low_label and item.high_label
            else "",
            everyone=summary.everyone,
            mentors=summary.by_role.get(Role.MENTOR),
            mentees=summary.by_role.get(Role.MENTEE),
            bars=self._bars(item, summary.everyone) if summary.everyone else (),
            is_reversed=item.reversed,
        )

    def _bars(self, item: Item, summary: Summary) -> tuple[Bar, ...]:
        counts = [(answer.answer, answer.count) for answer in summary.distribution]
        if (item.low, item.high) == (0, 10) and item.kind is ItemKind.SCALE:
            labels = list(self.words.texts["bands"]["recommendation"])
            numbers = [sum(count for _, count in counts[a:b]) for a, b in ((0, 7), (7, 9), (9, 11))]
        else:
            texts = {option.id: option.text for option in item.options}
            labels = [texts.get(str(answer), str(answer)) for answer, _ in counts]
            numbers = [count for _, count in counts]
        last = max(len(labels) - 1, 1)
        return tuple(
            Bar(label=label, count=number, background=_shade(i / last), ink=_ink_on(i / last))
            for i, (label, number) in enumerate(zip(labels, numbers, strict=True))
        )

    def _quotes(self, summary: SurveySummary) -> tuple[Quotes, ...]:
        survey = self.surveys[summary.survey]
        given = [
            r.answers
            for r in self.data.responses
            if (r.survey, r.occasion) == (summary.survey, summary.occasion)
        ]
        return tuple(
            Quotes(
                text=item.text,
                words=publishable_texts(
                    [str(answers[item.id]) for answers in given if item.id in answers],
                    self.threshold,
                    self.data.names,
                    seed=f"{self.data.program}/{summary.survey}/{summary.occasion}/{item.id}",
                    mask=self.words.texts["mask"],
                    ordinary_words=self.words.ordinary,
                ),
            )
            for item in survey.items
            if item.kind is ItemKind.TEXT
        )

    def reach(self) -> tuple[Reach, ...]:
        people = [person for person in self.data.participants if person.eligible]
        levels = {level: number for number, level in enumerate(self.definition.people.levels)}
        tables = (
            ("department", lambda p: p.department, lambda name: (0, name.casefold())),
            ("level", lambda p: p.level, lambda name: (levels.get(name, len(levels)), name)),
        )
        found = (
            Reach(
                title=self.words.texts["groups"][column],
                rows=self._reach_rows(people, value, order),
            )
            for column, value, order in tables
        )
        return tuple(reach for reach in found if len(reach.rows) > 1)

    def _reach_rows(
        self,
        people: Sequence[Participant],
        value: Callable[[Participant], str | None],
        order: Callable[[str], tuple[int, str]],
    ) -> tuple[ReachRow, ...]:
        not_stated, smaller = self.words.texts["not_stated"], self.words.texts["smaller_groups"]
        invited = Counter(value(person) or not_stated for person in people)
        joined = Counter(value(person) or not_stated for person in people if person.joined)
        shown = publishable(invited, self.threshold)
        names = sorted(shown - {not_stated}, key=order)
        names += [not_stated] if not_stated in shown else []
        pooled = sorted(set(invited) - shown)
        groups: list[tuple[str, tuple[str, ...]]] = [(name, (name,)) for name in names]
        if is_enough(sum(invited[name] for name in pooled), self.threshold):
            groups.append((smaller, tuple(pooled)))
        joined_in = {name: sum(joined[part] for part in parts) for name, parts in groups}
        told = publishable(joined_in, self.threshold)
        return tuple(
            ReachRow(
                group=name,
                invited=sum(invited[part] for part in parts),
                joined=joined_in[name] if name in told else None,
            )
            for name, parts in groups
        )

    # --- Charts

    def sessions_chart(self) -> ChartPart | None:
        """Sessions held over time; None where no pair has started."""
        if not self.started or self.status.updated_at is None:
            return None
        # matplotlib takes half a second to import: only a process that draws pays for it.
        from activities.report_charts import Level, cumulative_chart  # noqa: PLC0415

        texts = self.words.texts["charts"]
        weeks = self.session_weeks
        end = self.program_day(self.status.updated_at) / _WEEK
        goal = next((m for m in self.metrics if m.metric is MetricName.SESSIONS_HELD), None)
        wanted = goal.target.value * self.sessions_planned if goal else self.sessions_planned
        name = texts["target" if goal else "planned"].format(n=self.words.number(wanted))
        held = self.words.number(len(weeks))
        return ChartPart(
            svg=cumulative_chart(
                "sessions",
                weeks,
                end=end,
                level=Level(value=wanted, name=name),
                axis=texts["week"],
                label=texts["sessions_label"].format(n=held),
            ),
            head=(texts["week"], self.words.texts["metrics"]["sessions_held"]["name"]),
            rows=tuple(
                (self.words.number(mark), self.words.number(sum(1 for w in weeks if w <= mark)))
                for mark in _marks(0, end)
            ),
        )

    def states_chart(self) -> ChartPart | None:
        """Pairs by state over time; None where there are none or no time has passed."""
        now = self.status.updated_at
        first = min((pair.history[0].at for pair in self.status.pairs), default=now)
        if now is None or first is None or now <= first:
            return None
        from activities.report_charts import Layer, stacked_chart  # noqa: PLC0415 - as above

        instants = [first + (now - first) * i / (_INSTANTS - 1) for i in range(_INSTANTS)]
        heights = self._layers(instants)
        begin, end = (self.program_day(moment) / _WEEK for moment in (first, now))
        marks = _marks(begin, end)
        calendar = self.data.calendar
        week = timedelta(days=_WEEK)
        at_marks = self._layers(
            [calendar.to_instant(calendar.first + mark * week) for mark in marks]
        )
        names = self.words.texts["layers"]
        seen = [key for key in _LAYERS if any(heights[key])]
        axis = self.words.texts["charts"]["week"]
        return ChartPart(
            svg=stacked_chart(
                "states",
                [self.program_day(instant) / _WEEK for instant in instants],
                [Layer(name=names[key], heights=heights[key]) for key in _LAYERS],
                axis=axis,
            ),
            head=(axis, *(names[key] for key in seen)),
            rows=tuple(
                (
                    self.words.number(mark),
                    *(self.words.number(at_marks[key][place]) for key in seen),
                )
                for place, mark in enumerate(marks)
            ),
        )

    def _layers(self, instants: Sequence[datetime]) -> dict[str, tuple[int, ...]]:
        counted = states_over_time(self.status.pairs, instants)
        return {
            key: tuple(sum(counts[state] for state in states) for counts in counted)
            for key, states in _LAYERS.items()
        }


def _marks(begin: float, end: float) -> list[int]:
    """About eight whole weeks to give numbers for."""
    first, last = math.ceil(begin), math.floor(end)
    return list(range(first, last + 1, max(1, round((end - begin) / 8))))


_LIGHT, _DARK = (218, 232, 228), (11, 93, 81)


def _shade(place: float) -> str:
    """From light to dark, so that the order is seen in black and white too."""
    mixed = (
        round(light + (dark - light) * place) for light, dark in zip(_LIGHT, _DARK, strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _ink_on(place: float) -> str:
    return "#ffffff" if place > 0.6 else "#10231f"


# --- Files ---------------------------------------------------------------------------------------


def _html(report: _Report, folders: Sequence[Path]) -> bytes:
    environment = Environment(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=report.words.number,
        share=report.words.share,
        drawn=Markup,  # our own drawing, made of numbers and our own words
    )
    template = environment.get_template("report.html.j2")
    html = template.render(
        report=report,
        data=report.data,
        definition=report.definition,
        status=report.status,
        words=report.words,
        texts=report.words.texts,
        metrics=[_metric_card(report, result) for result in report.metrics],
        met=report.verdicts[Verdict.MET],
        not_met=report.verdicts[Verdict.NOT_MET],
        cant_tell=report.verdicts[Verdict.CANT_TELL],
        funnel=report.funnel(),
        health=report.health,
        surveys=report.surveys_parts(),
        reach=report.reach(),
        sessions_chart=report.sessions_chart(),
        states_chart=report.states_chart(),
        threshold=report.threshold,
        css=Markup(_first(folders, "report.css")),  # noqa: S704 - a file of ours
        is_cancelled=report.status.stage is Stage.CANCELLED,
    )
    return html.encode()


class MetricCard(Value):
    """A metric as the headline shows it."""

    name: str
    value: str | None
    of: str
    target: str
    verdict: Verdict
    verdict_word: str
    reason: str
    reached: float | None
    """The value on a scale from 0 to 1, to draw."""
    wanted: float
    """The target on the same scale."""


def _metric_card(report: _Report, result: MetricResult) -> MetricCard:
    texts, metric = report.words.texts, result.metric
    words = report.words
    names = texts["metrics"][metric.value]
    return MetricCard(
        name=names["name"],
        value=None if result.value is None else words.metric(metric, result.value),
        of=f"{words.number(result.n)} {names['of']}" if result.n else "",
        target=f"{texts['comparisons'][result.target.comparison.value]} "
        f"{words.metric(metric, result.target.value)}",
        verdict=result.verdict,
        verdict_word=texts["verdicts"][result.verdict.value],
        reason=texts["reasons"][result.why.value],
        reached=None if result.value is None else _on_scale(metric, result.value),
        wanted=_on_scale(metric, result.target.value),
    )


def _on_scale(metric: MetricName, value: float) -> float:
    if metric is MetricName.RECOMMENDATION:
        value = (value + 100) / 200
    elif metric is MetricName.SATISFACTION:
        value = (value - 1) / 4
    return min(max(value, 0.0), 1.0)


def _metrics_csv(report: _Report) -> bytes:
    head = ("metric", "name", "value", "n", "comparison", "target", "verdict", "why")
    return _csv(
        head,
        (
            (
                result.metric.value,
                report.words.texts["metrics"][result.metric.value]["name"],
                None if result.value is None else round(result.value, 4),
                result.n,
                result.target.comparison.value,
                result.target.value,
                result.verdict.value,
                result.why.value,
            )
            for result in report.metrics
        ),
    )


def _pairs_csv(report: _Report) -> bytes:
    head = (
        "pair",
        "state",
        "started",
        "sessions_held",
        "sessions_planned",
        "completed",
        "sessions_missed",
        "times_stalled",
        "times_came_back",
        "last_ladder_step",
        "first_session_day",
        "last_session_day",
    )
    return _csv(
        head, (_pair_row(report, number, pair) for number, pair in _numbered(report.status.pairs))
    )


def _numbered(pairs: Iterable[PairStatus]) -> Iterable[tuple[int, PairStatus]]:
    """Pairs with a number that says neither who they are nor when they began."""
    mixed = sorted(pairs, key=lambda pair: hashlib.sha256(pair.pair.encode()).digest())
    return enumerate(mixed, start=1)


def _pair_row(report: _Report, number: int, pair: PairStatus) -> tuple[str | float | None, ...]:
    days = [int(report.program_day(at)) for at in pair.held.values()]
    steps = [step for stall in pair.stalls for step in stall.steps]
    return (
        number,
        pair.state.value,
        "yes" if pair.has_started else "no",
        pair.sessions_held,
        planned_sessions(pair, report.definition),
        "yes" if report.has_completed(pair) else "no",
        pair.missed,
        len(pair.stalls),
        sum(1 for stall in pair.stalls if stall.outcome.value == "came_back"),
        steps[-1].value if steps else None,
        min(days, default=None),
        max(days, default=None),
    )


def _answers_csv(report: _Report) -> bytes:
    head = ("survey", "occasion", "item", "question", "group", "n", "measure", "value")
    return _csv(head, _answer_rows(report))


def _answer_rows(report: _Report) -> Iterable[tuple[str | float | None, ...]]:
    for survey in report.summaries:
        place = (survey.survey, survey.occasion)
        for of_item in survey.items:
            item = of_item.item
            groups = [("everyone", of_item.everyone)]
            groups += [(role.value, summary) for role, summary in of_item.by_role.items()]
            for group, summary in groups:
                if summary is None:
                    yield (*place, item.id, item.text, group, None, "not_shown", None)
                    continue
                lead = (*place, item.id, item.text, group, summary.n)
                if summary.mean is not None:
                    yield (*lead, "mean", round(summary.mean, 4))
                for answer in summary.distribution:
                    yield (*lead, f"answered {answer.answer}", answer.count)
        for scale in survey.subscales:
            means = [("everyone", scale.everyone)]
            means += [(role.value, mean) for role, mean in scale.by_role.items()]
            for group, mean in means:
                yield (*place, scale.subscale, "", group, None, "subscale_mean", round(mean, 4))


def _csv(head: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> bytes:
    """UTF-8 with a mark that tells Excel so; no cell is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return ("\ufeff" + buffer.getvalue()).encode()


_FORMULA = re.compile(r"\s*[=+\-@\t\r]")


def _cell(value: str | float | None) -> str | float:
    if value is None:
        return ""
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value
