"""Activities that touch nothing, and say each moment of a pair to whoever plays its people.

What they answer is what the real ones would: when somebody can be reached, and that what comes
outside of these hours is held. So the workflows do as much as with the real ones.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from temporalio import activity

from activities.endings import Watching
from activities.signatures import (
    CohortRef,
    Endings,
    Evaluate,
    FormPairs,
    MatchRequest,
    NewPairs,
    PageSent,
    PairActivities,
    PairIds,
    PairMoment,
    PairRef,
    PairsFormed,
    ProgramActivities,
    ProgramMoment,
    ProgramRef,
    ProposalRef,
    Record,
    RepairRequest,
    Retained,
    Sent,
    Verdicts,
    Workflows,
)
from domain.calendar import calendar_of, program_days
from domain.definition import Definition
from domain.ids import COHORT_SIZE
from domain.messages import messages_of
from domain.pair import Moment
from domain.posting import Day, goes_at_once, goes_out_at
from domain.reach import OpenHours, PairHours
from domain.reaching import open_hours_of

MOMENT = "moment "
"""Begins the line of a moment."""

AHEAD = 250
"""Program days for which hours are worked out: those of a whole life, as the real activity does."""


class Office(PairActivities, ProgramActivities):
    """Carries out what the workflows of programs ask for, by saying that it is done.

    A program has as many pairs as its id ends with.
    """

    def __init__(self, definition: Definition, epoch: datetime) -> None:
        self._definition = definition
        self._calendar = calendar_of(definition, epoch)
        self._lock = threading.Lock()
        self._hours: OpenHours | None = None

    def hours(self, now: datetime) -> OpenHours:
        """When anybody can be reached, from the day of `now` or one before it on."""
        if self._hours is None or self._hours.known_until - now < program_days(
            AHEAD / 2, self._calendar.day_seconds
        ):
            self._hours = open_hours_of(self._definition, self._calendar, None, None, now, AHEAD)
        return self._hours

    @activity.defn
    def pair_hours(self, pair: PairRef) -> PairHours:
        return self._hours_of_pair(pair.now)

    def _hours_of_pair(self, now: datetime) -> PairHours:
        hours = self.hours(now)
        return PairHours(mentor=hours, mentee=hours, program=hours)

    @activity.defn
    def send_pair_moment(self, moment: PairMoment) -> Sent:
        moments = (moment.moment, *moment.also)
        self._say(line_of(moment.program, moment.pair, moments))
        hours = self.hours(moment.now)
        templates = [
            message.template for one in moments for message in messages_of(one, moment.scheduler)
        ]
        day = Day(ends=moment.now, mails=0)
        out = [
            moment.now if goes_at_once(template) else goes_out_at(moment.now, hours, day)
            for template in templates
        ]
        held = [at for at in out if at > moment.now]
        return Sent(
            sent=len(out) - len(held),
            held=len(held),
            later=min(held) if held else None,
            hours=self._hours_of_pair(moment.now) if moment.wants_hours else None,
        )

    def _say(self, line: str) -> None:
        with self._lock:
            print(line, flush=True)

    @activity.defn
    def send_held(self, pair: PairRef) -> Sent:
        return Sent(sent=1)

    @activity.defn
    def record(self, record: Record) -> None:
        pass

    @activity.defn
    def send_program_moment(self, moment: ProgramMoment) -> PageSent:
        return PageSent(sent=1)

    @activity.defn
    def send_held_of_program(self, program: ProgramRef) -> Sent:
        return Sent(sent=1)

    @activity.defn
    def propose_matches(self, request: MatchRequest) -> ProposalRef:
        pairs = pairs_of(request.program)
        return ProposalRef(proposal="p-1", number=1, pairs=pairs, unmatched=0)

    @activity.defn
    def propose_new_pairs(self, request: RepairRequest) -> NewPairs:
        return NewPairs(proposal="p-2", number=2, pairs=0)

    @activity.defn
    def form_pairs(self, order: FormPairs) -> PairsFormed:
        pairs = pairs_of(order.program)
        return PairsFormed(pairs=pairs, cohorts=-(-pairs // COHORT_SIZE))

    @activity.defn
    def pairs_of_cohort(self, ref: CohortRef) -> PairIds:
        first = (ref.cohort - 1) * COHORT_SIZE
        last = min(first + COHORT_SIZE, pairs_of(ref.program))
        return PairIds(pairs=tuple(f"pair-{number}" for number in range(first, last)))

    @activity.defn
    async def endings(self, workflows: Workflows) -> Endings:  # type: ignore[override]
        return await Watching().endings(workflows)

    @activity.defn
    def evaluate(self, order: Evaluate) -> Verdicts:
        return Verdicts(met=1, not_met=0, cant_tell=0)

    @activity.defn
    def look_at_retention(self, program: ProgramRef) -> Retained:
        return Retained(term=None)


def program_of(name: str, pairs: int) -> str:
    """The id of a program of so many pairs."""
    return f"{name}-of-{pairs}"


def pairs_of(program: str) -> int:
    """How many pairs a program has."""
    return int(program.rpartition("-")[2])


def line_of(program: str, pair: str, moments: Sequence[Moment]) -> str:
    """Which moments came for which pair, in a line."""
    kinds = ",".join(f"{one.kind}:{one.session or 0}:{_asks(one)}" for one in moments)
    return f"{MOMENT}{program} {pair} {kinds}"


def _asks(moment: Moment) -> str:
    return "+".join(one.occasion.replace(":", "/") for one in moment.check_ins)
