"""What the report draws: each chart with its numbers, and what it shows in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from activities.report.facts import LAYERS, WEEK, Facts, InWeek
from activities.report.words import ReportWords
from domain.change import ScaleChange
from domain.definition import MetricName
from domain.lifecycle import SUCCESSES
from domain.model import Value

if TYPE_CHECKING:
    from activities.report.charts import Moved

_INSTANTS = 80
"""Points in time at which a chart counts pairs."""
_MARKS = 8
"""About so many weeks are given in numbers beside a chart."""


class Chart(Value):
    """A chart, what it shows in words, and its numbers as a table."""

    title: str
    says: str
    svg: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class Charts:
    """The charts of one report.

    matplotlib takes half a second to import: only a process that draws pays for it.
    """

    def __init__(self, facts: Facts, words: ReportWords) -> None:
        self._facts = facts
        self._words = words

    def sessions(self) -> Chart | None:
        """Sessions held over time; None where no pair has started."""
        facts, words = self._facts, self._words
        if not facts.started or facts.until is None:
            return None
        from activities.report.charts import Level, cumulative_chart  # noqa: PLC0415

        goals = (m for m in facts.evaluation.metrics if m.metric is MetricName.SESSIONS_HELD)
        goal = next(goals, None)
        wanted = (goal.target.value if goal else 1) * facts.sessions_planned
        held = len(facts.session_weeks)
        line = words("charts.target" if goal else "charts.planned", wanted=words.number(wanted))
        svg = cumulative_chart(
            "sessions",
            facts.session_weeks,
            end=facts.program_day(facts.until) / WEEK,
            level=Level(value=wanted, name=line),
            axis=words("charts.week"),
            label=words("charts.held", held),
        )
        so_far = "_so_far" if facts.is_interim else ""
        return Chart(
            title=words("charts.sessions"),
            says=words(f"charts.sessions_says{so_far}", held, planned=facts.sessions_planned),
            svg=svg,
            head=(words("charts.week"), words("charts.sessions")),
            rows=self._marks(facts.sessions_by_week),
        )

    def states(self) -> Chart | None:
        """Pairs by state over time; None where there are none or no time has passed."""
        facts, words = self._facts, self._words
        first, now = facts.first_pair_at, facts.until
        if now is None or first is None or now <= first:
            return None
        from activities.report.charts import Layer, stacked_chart  # noqa: PLC0415

        instants = [first + (now - first) * i / (_INSTANTS - 1) for i in range(_INSTANTS)]
        heights = facts.layers_at(instants)
        names = {name: words(f"layers.{name}") for name in LAYERS}
        counts = facts.status.counts
        finished = sum(counts[state] for state in SUCCESSES)
        ended = sum(counts[state] for state in LAYERS["ended"])
        total = len(facts.status.pairs)
        return Chart(
            title=words("charts.states"),
            says=words(
                "charts.states_says",
                total,
                finished=finished,
                ended=ended,
                under_way=total - finished - ended,
            ),
            svg=stacked_chart(
                "states",
                [facts.program_day(instant) / WEEK for instant in instants],
                [Layer(name=names[name], heights=heights[name]) for name in LAYERS],
                axis=words("charts.week"),
            ),
            head=(words("charts.week"), *names.values()),
            rows=self._marks(facts.pairs_by_week),
        )

    def changes(self) -> Chart | None:
        """Scores before and after, of everybody who answered both times; None where none is told.

        Scores on different scales are drawn as places between the least and the most possible. The
        numbers stand in the table beside it.
        """
        told = [one for one in self._facts.evaluation.changes if one.role is None and one.change]
        if not told:
            return None
        from activities.report.charts import change_chart  # noqa: PLC0415

        words = self._words
        on_one = len({(one.low, one.high) for one in told}) == 1
        low, high = (told[0].low, told[0].high) if on_one else (0.0, 1.0)
        return Chart(
            title=words("charts.changes"),
            says=words("charts.changes_says"),
            svg=change_chart(
                "changes",
                [self._moved(one, as_it_is=on_one) for one in told],
                low=low,
                high=high,
                ends=None if on_one else (words("charts.least"), words("charts.most")),
                axis=words("charts.score") if on_one else words("charts.place"),
                key=(words("charts.before"), words("charts.after"), words("charts.band")),
            ),
        )

    def _moved(self, one: ScaleChange, *, as_it_is: bool) -> Moved:
        from activities.report.charts import Moved  # noqa: PLC0415

        change, words = one.change, self._words
        assert change is not None  # noqa: S101 - what is not told is not drawn

        def place(score: float) -> float:
            inside = min(max(score, one.low), one.high)
            return inside if as_it_is else (inside - one.low) / (one.high - one.low)

        interval = change.interval
        people = words("people", change.n)
        return Moved(
            name=f"{one.title} ({words.later(one.days)}, {people})",
            before=place(change.before),
            after=place(change.after),
            band=(place(change.before + interval.low), place(change.before + interval.high)),
            labels=(words.number(change.before, 1), words.number(change.after, 1)),
        )

    def _marks(self, weeks: Sequence[InWeek]) -> tuple[tuple[str, ...], ...]:
        chosen = weeks[:: max(1, round(len(weeks) / _MARKS))]
        return tuple(
            tuple(self._words.number(number) for number in (one.week, *one.counts))
            for one in chosen
        )
