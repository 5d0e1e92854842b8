"""What the report compares: before with after, this run with earlier ones, pairs with pairs."""

from __future__ import annotations

from collections.abc import Sequence

from activities.report.facts import Facts
from activities.report.names import Names
from activities.report.words import ReportWords, Share
from domain.change import ScaleChange
from domain.metrics import MetricResult, Verdict
from domain.model import Value
from domain.outcomes import Outcome
from domain.patterns import Association, Factor, Part
from domain.people import Role
from domain.sections import CheckInPoint


class Mover(Value):
    """Before and after, of everybody or of those in one role."""

    who: str
    n: str
    before: str
    after: str
    change: str
    interval: str
    effect: str
    """Its size, and in words how large that is."""
    is_clear: bool
    """Whether it is more than chance would often make of nothing."""
    set_aside: str
    """How many more answered both times and are left out; empty for nobody."""


class Compared(Value):
    """One scale, asked before the first session and again at one later point."""

    title: str
    when: str
    range: str
    rows: tuple[Mover, ...]
    why_not: str
    """Why nothing is told; empty if something is."""


def changes_of(facts: Facts, words: ReportWords) -> tuple[Compared, ...]:
    """Every scale that is asked twice, at each point."""
    names = Names(facts, words)
    grouped: dict[tuple[str, int | None], list[ScaleChange]] = {}
    for one in facts.evaluation.changes:
        grouped.setdefault((one.scale, one.days), []).append(one)
    return tuple(_compared(facts, words, names, group) for group in grouped.values())


def _compared(
    facts: Facts, words: ReportWords, names: Names, group: Sequence[ScaleChange]
) -> Compared:
    first = group[0]
    rows = tuple(_mover(words, names, one) for one in group if one.change is not None)
    low, high = words.number(first.low), words.number(first.high)
    return Compared(
        title=first.title,
        when=words.later(first.days),
        range=words("change.range", low=low, high=high),
        rows=rows,
        why_not="" if rows else _why_not(facts, words, first.days),
    )


def _mover(words: ReportWords, names: Names, one: ScaleChange) -> Mover:
    change = one.change
    assert change is not None  # noqa: S101 - only what is told has a row
    effect = ""
    if change.effect is not None:
        effect = f"{words.signed(change.effect, 2)} ({names.effect(change.effect)})"
    return Mover(
        who=words(f"roles.{one.role.value}") if one.role else words("everyone"),
        n=words.number(change.n),
        before=words.number(change.before, 2),
        after=words.number(change.after, 2),
        change=words.signed(change.difference, 2),
        interval=words.between(change.interval, 2),
        effect=effect,
        is_clear=change.interval.is_clear,
        set_aside=words("change.set_aside", one.set_aside) if one.set_aside else "",
    )


def _why_not(facts: Facts, words: ReportWords, days: int | None) -> str:
    """Why a change is not told, by how far the later survey has come."""
    occasion = CheckInPoint.EVALUATION.value if days is None else f"after-{days}"
    asked = [one for one in facts.evaluation.surveys if one.occasion == occasion]
    if not asked:
        return words("change.not_asked_yet" if _is_to_come(facts, days) else "change.not_asked")
    if any(one.waits for one in asked):
        return words("change.waits")
    return words("change.too_few", facts.threshold)


def _is_to_come(facts: Facts, days: int | None) -> bool:
    return facts.is_interim if days is None else not facts.is_cancelled


# --- What went with completed pairs --------------------------------------------------------------


class WentWith(Value):
    """How often pairs completed that had something, beside those that had not."""

    name: str
    had: str
    had_not: str
    difference: str
    interval: str
    reading: str
    is_clear: bool


def patterns_of(facts: Facts, words: ReportWords) -> tuple[WentWith, ...]:
    """What was looked at, in the evaluation's order."""
    names = Names(facts, words)
    return tuple(_went_with(words, names, one) for one in facts.evaluation.associations)


def _went_with(words: ReportWords, names: Names, one: Association) -> WentWith:
    unit = "answers" if one.factor is Factor.GOOD_FIT else "pairs"

    def part(of: Part) -> str:
        share = Share(of.share)
        return words(f"went_with.{unit}", of.n, completed=of.completed, share=share)

    reading = "unclear"
    if one.is_clear:
        reading = "more" if one.difference > 0 else "less"
    return WentWith(
        name=names.factor(one),
        had=part(one.had),
        had_not=part(one.had_not),
        difference=words("went_with.points", points=words.signed(100 * one.difference)),
        interval=words.points(one.interval),
        reading=words(f"went_with.{reading}"),
        is_clear=one.is_clear,
    )


# --- Earlier runs --------------------------------------------------------------------------------


class RunCell(Value):
    """What a metric came to in one run."""

    value: str
    n: str
    verdict: Verdict | None
    verdict_word: str


class Runs(Value):
    """This run and the earlier ones, side by side."""

    heads: tuple[tuple[str, str], ...]
    """Of each run, the latest first: its title, and when it began with how many pairs."""
    rows: tuple[tuple[str, tuple[RunCell, ...]], ...]


def runs_of(facts: Facts, words: ReportWords) -> Runs | None:
    """This run beside the earlier ones; None where there is none."""
    runs = facts.runs
    if not runs:
        return None
    names = Names(facts, words)
    by_run = [{_key(result): result for result in run.metrics} for run in runs]
    return Runs(
        heads=tuple(
            (run.title, words("earlier.began", run.pairs, day=words.day(run.starts)))
            for run in runs
        ),
        rows=tuple(
            (
                names.metric(result),
                tuple(_run_cell(words, found.get(_key(result))) for found in by_run),
            )
            for result in facts.evaluation.metrics
        ),
    )


def _key(result: MetricResult) -> tuple[str, str | None, Role | None]:
    return result.metric.value, result.scale, result.role


def _run_cell(words: ReportWords, result: MetricResult | None) -> RunCell:
    if result is None:
        return RunCell(value="–", n="", verdict=None, verdict_word=words("earlier.not_measured"))
    value, metric = result.value, result.metric
    digits = words.digits_beside(metric, value, result.target.value)
    return RunCell(
        value="–" if value is None else words.metric(metric, value, digits),
        n=words("earlier.n", number=result.n) if result.n else "",
        verdict=result.verdict,
        verdict_word=words(f"verdicts.{result.verdict.value}"),
    )


# --- Later ---------------------------------------------------------------------------------------


class Became(Value):
    """What became of a group of people."""

    who: str
    people: str
    stayed: str
    promoted: str


def outcomes_of(facts: Facts, words: ReportWords) -> tuple[Became, ...]:
    """Those who took part and those who did not, as far as they may be told."""
    told = facts.evaluation.outcomes.told
    return tuple(_became(words, name, outcome) for name, outcome in told.items())


def _became(words: ReportWords, key: str, one: Outcome) -> Became:
    def share(part: int, whole: int) -> str:
        if not whole:
            return "–"
        return words("outcomes.part", part=part, whole=whole, share=Share(part / whole))

    return Became(
        who=words(f"outcomes.{key}"),
        people=words.number(one.people),
        stayed=share(one.stayed, one.people),
        promoted=share(one.promoted, one.with_level),
    )
