"""What a report is about: the record, its evaluation, and how both lie in program time.

Nothing here is in any language. What is made of answers comes from the evaluation alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from math import ceil, floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.evaluation import Evaluation, Run
from domain.lifecycle import SUCCESSES, PairState, Stage
from domain.metrics import has_completed, planned_sessions, sessions_that_count
from domain.projection import PairStatus, states_over_time
from domain.record import Record
from domain.responses import Instruments
from domain.surveys import Survey

LAYERS: dict[str, tuple[PairState, ...]] = {
    "ready": (PairState.INTRODUCED, PairState.PREPARING),
    "meeting": (PairState.MEETING,),
    "stalled": (PairState.STALLED,),
    "paused": (PairState.PAUSED,),
    "completed": (PairState.EVALUATING, *SUCCESSES),
    "ended": (PairState.CLOSED, PairState.DECLINED, PairState.WITHDRAWN, PairState.CANCELLED),
}
"""The states of a pair as a chart shows them, from the bottom up."""

WEEK = 7


class InWeek(NamedTuple):
    """How many of each there were at the end of a program week."""

    week: int
    counts: tuple[int, ...]


class Facts:
    """All that the files of a report are made of.

    Args:
        record: what happened.
        evaluation: what that comes to.
        instruments: the surveys, also as they were asked.
    """

    def __init__(self, record: Record, evaluation: Evaluation, instruments: Instruments) -> None:
        self.record = record
        self.evaluation = evaluation
        self.instruments = instruments
        self.definition = record.definition
        self.status = record.status
        self.threshold = record.definition.privacy.anonymity_threshold

    # --- Time ------------------------------------------------------------------------------------

    @property
    def is_interim(self) -> bool:
        """Whether figures can still change."""
        return self.status.ended_at is None

    @property
    def is_cancelled(self) -> bool:
        """Whether the program was."""
        return self.status.stage is Stage.CANCELLED

    @property
    def until(self) -> datetime | None:
        """Up to when the program's life is told: its end, or else the latest event."""
        return self.status.ended_at or self.status.updated_at

    @property
    def as_of(self) -> date | None:
        """The date of the latest event, where the program is at home and in its own time."""
        if self.status.updated_at is None:
            return None
        zone = ZoneInfo(self.definition.calendar.timezone)
        return self.record.calendar.to_program(self.status.updated_at).astimezone(zone).date()

    def program_day(self, moment: datetime) -> float:
        """Program days since day 0 began."""
        calendar = self.record.calendar
        return max(0.0, (calendar.to_program(moment) - calendar.first) / timedelta(days=1))

    @property
    def days(self) -> int:
        """How many program days have passed."""
        return int(self.program_day(self.until)) if self.until else 0

    def weeks(self, begin: float = 0) -> range:
        """Whole program weeks from one on, up to now."""
        end = self.program_day(self.until) / WEEK if self.until else 0
        return range(ceil(begin), floor(end) + 1)

    # --- Pairs and sessions ----------------------------------------------------------------------

    @cached_property
    def started(self) -> tuple[PairStatus, ...]:
        """The pairs that started."""
        return self.status.started

    @cached_property
    def completed(self) -> int:
        """How many of them held enough sessions."""
        return sum(1 for pair in self.started if has_completed(pair, self.definition))

    @cached_property
    def session_weeks(self) -> list[float]:
        """The program week of each session that was planned and held."""
        return sorted(
            self.program_day(at) / WEEK
            for pair in self.started
            for at in sessions_that_count(pair, self.definition)
        )

    @cached_property
    def sessions_planned(self) -> int:
        """Of all pairs that started."""
        return sum(planned_sessions(pair, self.definition) for pair in self.started)

    @property
    def runs(self) -> tuple[Run, ...]:
        """This run, and after it the earlier ones of its scheme; none where there are no others."""
        earlier = self.evaluation.earlier
        program = self.definition.program
        this = Run(
            title=program.title,
            starts=program.starts,
            pairs=len(self.started),
            metrics=self.evaluation.metrics,
        )
        return (this, *earlier) if earlier else ()

    @property
    def sessions_by_week(self) -> list[InWeek]:
        """How many sessions had been held."""
        if not self.started:
            return []
        return [InWeek(week, (bisect_right(self.session_weeks, week),)) for week in self.weeks()]

    @property
    def first_pair_at(self) -> datetime | None:
        """When the first pair was introduced."""
        return min((pair.history[0].at for pair in self.status.pairs), default=None)

    @property
    def pairs_by_week(self) -> list[InWeek]:
        """How many pairs there were in each of `LAYERS`."""
        if self.first_pair_at is None:
            return []
        weeks = self.weeks(self.program_day(self.first_pair_at) / WEEK)
        calendar = self.record.calendar
        ends = [calendar.to_instant(calendar.first + timedelta(days=WEEK * n)) for n in weeks]
        counted = zip(weeks, zip(*self.layers_at(ends).values(), strict=True), strict=True)
        return [InWeek(week, counts) for week, counts in counted]

    def layers_at(self, instants: Sequence[datetime]) -> dict[str, tuple[int, ...]]:
        """How many pairs there were in each of `LAYERS`, at instants in rising order."""
        counted = states_over_time(self.status.pairs, instants)
        return {
            name: tuple(sum(counts[state] for state in states) for counts in counted)
            for name, states in LAYERS.items()
        }

    @cached_property
    def instruments_used(self) -> list[tuple[Survey, tuple[int, ...]]]:
        """Each survey that was sent or answered, and the versions that are known of it."""
        used = dict.fromkeys(one.survey for one in self.evaluation.surveys)
        found = [survey for name in used if (survey := self.instruments.latest(name)) is not None]
        return [(survey, self._versions(survey)) for survey in found]

    def _versions(self, survey: Survey) -> tuple[int, ...]:
        asked = {one.version for one in self.record.asked if one.id == survey.id}
        return tuple(sorted({*asked, survey.version}))

    @property
    def messages_sent(self) -> int:
        """To people in the program and to who runs it."""
        return sum(count.count for count in self.record.messages if count.state == "sent")
