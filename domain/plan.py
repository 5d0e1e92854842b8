"""What the workflows need of a definition: numbers and enums, not a word that HR wrote."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from pydantic import model_validator

from domain.calendar import calendar_of, program_days
from domain.definition import Definition, Mode
from domain.escalation import Ladder, read_ladders
from domain.group_sessions import PlannedGroupDate, planned_dates
from domain.ids import Id
from domain.model import Value
from domain.people import Role
from domain.sections import Afterwards, CheckInPoint, FollowUp, When

REMIND_CHECK_IN_AFTER = 5
"""Program days after which who has not answered a check-in is reminded, once."""


GENERATION = 3
"""Of the rules by which new pairs live. 1: 0.2.0 and before. 2: builds of 0.3.0 before its release,
whose pairs asked the server for more than those of 3."""


GOALS = "goals"
"""The check-in at which who learns looks at their goals again; no survey, but a page of its own."""

PAIR_FIT = "pair_fit"
"""The survey that asks whether two people fit."""

EXIT_SURVEY = "exit"
"""The survey that is offered when a pair ends early, whatever the program is at then."""


class PlannedCheckIn(Value):
    """A survey at a point of a pair's life."""

    survey: Id
    point: CheckInPoint
    session: int | None = None
    """After which session; for an offer of another partner, which offer."""
    share: float | None = None
    roles: tuple[Role, ...] = tuple(Role)
    """Who is asked."""

    @property
    def occasion(self) -> str:
        """Names this sending of the survey."""
        if self.point is CheckInPoint.AFTER_SESSION:
            return f"{self.survey}:session-{self.session}"
        if self.point is CheckInPoint.OFFER:
            return f"{self.survey}:offer-{self.session}"
        if self.point is CheckInPoint.SHARE:
            return f"{self.survey}:share-{round((self.share or 0) * 100)}"
        return f"{self.survey}:{self.point}"


class PairPlan(Value):
    """A pair's life in numbers. Spans are in program days."""

    day_seconds: float
    introduction: int
    preparation: int
    meetings: int
    evaluation: int
    sessions: int
    every: int
    minutes: int
    needed: int
    """Sessions that make the pair count as completed."""
    scheduler: Role
    check_ins: tuple[PlannedCheckIn, ...]
    ladders: tuple[Ladder, ...] = ()
    generation: int = 1
    """By which rules of this service the pair lives: those with which it began, for as long as it
    lives, so that a new release leaves it as it is."""
    mutual: bool = False
    """Whether both teach and both learn."""
    afterwards: Afterwards = Afterwards(mails=0)
    """What a pair gets that goes on after the program."""
    reply_within: int | None = None
    """Program hours in which the two promise to answer each other."""

    @model_validator(mode="before")
    @classmethod
    def _of_one_ladder(cls, data: Any) -> Any:
        """Pairs of 0.2.0 and before have one ladder, on silence."""
        if isinstance(data, dict) and "ladder" in data:
            ladders = read_ladders(data["ladder"])
            return {"ladders": ladders, **{k: v for k, v in data.items() if k != "ladder"}}
        return data

    def days(self, days: float) -> timedelta:
        """How long so many program days really take."""
        return program_days(days, self.day_seconds)

    @property
    def session_length(self) -> timedelta:
        """How long a session really takes."""
        return self.days(self.minutes / (24 * 60))

    def check_ins_at(self, point: CheckInPoint) -> tuple[PlannedCheckIn, ...]:
        """The check-ins of one kind of moment."""
        return tuple(check_in for check_in in self.check_ins if check_in.point is point)


class RepairPlan(Value):
    """When and how new partners are looked for after a pair ended early."""

    approve: bool
    changes: int
    gather: int
    """Program days to wait for others who lose their partner."""
    least_sessions: int


class ProgramPlan(Value):
    """A program in numbers."""

    epoch: datetime
    """When program day 0 begins."""
    enrolment: int
    approval: int
    pair: PairPlan
    repair: RepairPlan | None = None
    """None for programs that began before there were repairs."""
    manager_approval: bool = False
    """Whether line managers are asked. Programs that began before they could be do without."""
    selection: bool = False
    """Whether HR chooses whom to match; the same holds."""
    group_sessions: tuple[PlannedGroupDate, ...] = ()
    """Every date of every group session, the earliest first."""
    follow_ups: tuple[FollowUp, ...] = ()
    """What is asked after the end. Programs that began before there was any have none."""

    def days(self, days: float) -> timedelta:
        """How long so many program days really take."""
        return self.pair.days(days)

    def extended(self, days: int) -> ProgramPlan:
        """The same with so many more program days for meetings."""
        longer = self.pair.model_copy(update={"meetings": self.pair.meetings + days})
        return self.model_copy(update={"pair": longer})

    def plan_of_late_pairs(self, late: timedelta) -> PairPlan | None:
        """The life of a pair that begins `late` after the first ones, to end with them.

        It has as many sessions as there is time for, and needs the same share of them to count as
        completed. None when that is fewer than a repair is worth.
        """
        if self.repair is None:
            return None
        pair = self.pair
        meetings = pair.meetings - math.ceil(late / self.days(1))
        if meetings < 1:
            return None
        sessions = min(pair.sessions, meetings // pair.every + 1)
        if sessions < min(self.repair.least_sessions, pair.sessions):
            return None
        return pair.model_copy(
            update={
                "meetings": meetings,
                "sessions": sessions,
                "needed": math.ceil(pair.needed * sessions / pair.sessions),
                "check_ins": tuple(
                    check_in
                    for check_in in pair.check_ins
                    if check_in.session is None or check_in.session < sessions
                ),
            }
        )


def plan_of(definition: Definition, epoch: datetime) -> ProgramPlan:
    """Reduce a definition to what the workflows need."""
    stages, sessions = definition.stages, definition.sessions
    repair = definition.matching.repair
    return ProgramPlan(
        epoch=epoch,
        enrolment=stages.enrolment,
        approval=stages.approval,
        manager_approval=definition.enrolment.manager_approval,
        selection=definition.enrolment.selection,
        pair=PairPlan(
            day_seconds=definition.calendar.day,
            introduction=stages.introduction,
            preparation=stages.preparation,
            meetings=stages.meetings,
            evaluation=stages.evaluation,
            sessions=sessions.count,
            every=sessions.every,
            minutes=sessions.minutes,
            needed=sessions.needed,
            scheduler=Role(sessions.scheduled_by.value),
            check_ins=(
                *(_at(check_in.when, check_in.survey) for check_in in definition.check_ins),
                *(_at(when, GOALS, definition.learners) for when in definition.goals.review),
            ),
            ladders=definition.ladder,
            generation=GENERATION,
            mutual=definition.program.mode is Mode.MUTUAL,
            reply_within=definition.agreement.reply_within,
            afterwards=definition.afterwards,
        ),
        repair=RepairPlan(
            approve=repair.approve,
            changes=repair.changes,
            gather=repair.gather,
            least_sessions=repair.least_sessions,
        ),
        group_sessions=planned_dates(definition, calendar_of(definition, epoch)),
        follow_ups=definition.planned_follow_ups,
    )


def _at(when: When, survey: str, roles: tuple[Role, ...] = tuple(Role)) -> PlannedCheckIn:
    return PlannedCheckIn(
        survey=survey, point=when.point, session=when.session, share=when.share, roles=roles
    )
