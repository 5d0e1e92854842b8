"""A stage for workflow tests: activities that only note what they were asked."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.signatures import (
    CohortRef,
    Evaluate,
    FormPairs,
    MatchRequest,
    PageSent,
    PairActivities,
    PairIds,
    PairMoment,
    PairsFormed,
    ProgramActivities,
    ProgramMoment,
    ProposalRef,
    Record,
    Sent,
    Verdicts,
)
from domain.definition import DEFAULT_LADDER, CheckInPoint
from domain.journal import EventKind, JournalEvent
from domain.people import Role
from domain.plan import PairPlan, PlannedCheckIn, ProgramPlan
from worker import THREADS, make_worker

PAIR_PLAN = PairPlan(
    day_seconds=86_400,
    introduction=7,
    preparation=14,
    meetings=126,
    evaluation=14,
    sessions=2,
    every=21,
    minutes=60,
    needed=1,
    scheduler=Role.MENTOR,
    check_ins=(
        PlannedCheckIn(survey="pulse", point=CheckInPoint.AFTER_SESSION, session=1),
        PlannedCheckIn(survey="final", point=CheckInPoint.EVALUATION),
    ),
    ladder=DEFAULT_LADDER,
)


def program_plan(epoch: datetime, pair: PairPlan = PAIR_PLAN) -> ProgramPlan:
    """A program that begins at `epoch`."""
    return ProgramPlan(epoch=epoch, enrolment=14, approval=7, pair=pair)


class Stage(PairActivities, ProgramActivities):
    """Notes what activities are asked, and lets a test act out what people do then."""

    def __init__(self, pairs: tuple[str, ...] = ("m-1", "m-2")) -> None:
        self.pairs = pairs
        self.moments: list[PairMoment] = []
        self.program_moments: list[ProgramMoment] = []
        self.events: list[JournalEvent] = []
        self.on_pair_moment: Callable[[PairMoment], None] = lambda _moment: None
        self.on_program_moment: Callable[[ProgramMoment], None] = lambda _moment: None
        self._lock = threading.Lock()

    @property
    def kinds(self) -> list[str]:
        return [moment.moment.kind.value for moment in self.moments]

    @property
    def recorded(self) -> list[EventKind]:
        return [event.kind for event in self.events]

    def _note(self, events: tuple[JournalEvent, ...]) -> None:
        with self._lock:
            self.events += events

    @activity.defn
    def send_pair_moment(self, moment: PairMoment) -> Sent:
        self._note(moment.events)
        with self._lock:
            self.moments.append(moment)
        self.on_pair_moment(moment)
        return Sent(sent=1)

    @activity.defn
    def record(self, record: Record) -> None:
        self._note(record.events)

    @activity.defn
    def send_program_moment(self, moment: ProgramMoment) -> PageSent:
        self._note(moment.events)
        with self._lock:
            self.program_moments.append(moment)
        self.on_program_moment(moment)
        return PageSent(sent=1)

    @activity.defn
    def propose_matches(self, request: MatchRequest) -> ProposalRef:
        return ProposalRef(proposal="p-1", number=1, pairs=len(self.pairs), unmatched=0)

    @activity.defn
    def form_pairs(self, order: FormPairs) -> PairsFormed:
        self._note(order.events)
        return PairsFormed(pairs=len(self.pairs), cohorts=1 if self.pairs else 0)

    @activity.defn
    def pairs_of_cohort(self, ref: CohortRef) -> PairIds:
        return PairIds(pairs=self.pairs)

    @activity.defn
    def evaluate(self, order: Evaluate) -> Verdicts:
        return Verdicts(met=1, not_met=0, cant_tell=0)


@asynccontextmanager
async def on_stage(client: Client, task_queue: str, stage: Stage) -> AsyncIterator[Worker]:
    """A worker that runs the real workflows on the stage."""
    with ThreadPoolExecutor(THREADS) as executor:
        async with make_worker(
            client, task_queue, [stage], executor, fail_workflows=True
        ) as worker:
            yield worker
