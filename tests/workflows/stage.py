"""A stage for workflow tests: activities that only note what they were asked."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from temporalio import activity
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.endings import Watching
from activities.signatures import (
    BrokenPairs,
    CheckPairs,
    CohortRef,
    DeletedSome,
    EditDone,
    EditRequest,
    Endings,
    Evaluate,
    ExtendProgram,
    FormPairs,
    MatchRequest,
    NewPairs,
    Opened,
    OpenProgram,
    PageSent,
    PairActivities,
    PairIds,
    PairMoment,
    PairRef,
    PairsFormed,
    PostponeProgram,
    ProgramActivities,
    ProgramMoment,
    ProgramRef,
    ProposalRef,
    Record,
    RepairRequest,
    Rescheduled,
    Retained,
    Selected,
    Sent,
    SettleRequest,
    Verdicts,
    Workflows,
)
from domain.escalation import Ladder
from domain.group_sessions import PlannedGroupDate
from domain.journal import EventKind, JournalEvent
from domain.people import Role
from domain.plan import PairPlan, PlannedCheckIn, ProgramPlan, RepairPlan
from domain.reach import OpenHours, PairHours
from domain.retention import Term
from domain.sections import CheckInPoint, FollowUp
from tests.histories.keeping import KEEP_IN, Ran, keep_histories
from worker import workers

LADDERS = (
    Ladder.model_validate(
        {
            "steps": [
                {"after": 7, "do": "nudge_scheduler"},
                {"after": 14, "do": "nudge_both"},
                {"after": 21, "do": "tell_coordinator"},
                {"after": 28, "do": "tell_sponsor"},
                {"after": 42, "do": "close"},
            ]
        }
    ),
)

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
    ladders=LADDERS,
)


REPAIR = RepairPlan(approve=True, changes=0, gather=2, least_sessions=2)


def program_plan(
    epoch: datetime,
    pair: PairPlan = PAIR_PLAN,
    repair: RepairPlan | None = REPAIR,
    *,
    manager_approval: bool = False,
    selection: bool = False,
    group_sessions: tuple[PlannedGroupDate, ...] = (),
    follow_ups: tuple[FollowUp, ...] = (),
) -> ProgramPlan:
    """A program that begins at `epoch`."""
    return ProgramPlan(
        epoch=epoch,
        enrolment=14,
        approval=7,
        pair=pair,
        repair=repair,
        manager_approval=manager_approval,
        selection=selection,
        group_sessions=group_sessions,
        follow_ups=follow_ups,
    )


class Stage(PairActivities, ProgramActivities):
    """Notes what activities are asked, and lets a test act out what people do then."""

    def __init__(self, pairs: tuple[str, ...] = ("m-1", "m-2")) -> None:
        self.pairs = pairs
        self.new_pairs: list[tuple[str, ...]] = []
        """What each search for new partners finds, in order; nothing once it is used up."""
        self.parted: tuple[str, ...] = ()
        self.broken = BrokenPairs()
        self.selected = Selected(selected=4, not_selected=1)
        self.waiting = 0
        """Who is left alone when a search finds nobody."""
        self.repairs: list[RepairRequest] = []
        self.settled: list[SettleRequest] = []
        self.on_search: Callable[[], None] = lambda: None
        self.orders: list[FormPairs] = []
        self._proposals = 1
        self._cohorts: dict[int, tuple[str, ...]] = {}
        self.moments: list[PairMoment] = []
        self.program_moments: list[ProgramMoment] = []
        self.events: list[JournalEvent] = []
        self.held: list[PairRef] = []
        """The pairs for which held messages were to go out."""
        self.held_of_program: list[ProgramRef] = []
        self.postponed: list[PostponeProgram] = []
        self.group_sessions: tuple[PlannedGroupDate, ...] = ()
        """The dates of group sessions after a postponement."""
        self.extended: list[ExtendProgram] = []
        self.opened: list[OpenProgram] = []
        self.to_open: Opened | None = None
        """The program that a schedule opens."""
        self.hours: Callable[[PairRef], PairHours] = _always_open
        self.term: Callable[[ProgramRef], Term | None] = lambda _program: None
        """Until when personal data is kept; nobody waits for that where there is nothing."""
        self.deletes: Callable[[ProgramRef], DeletedSome] = lambda _program: DeletedSome(more=False)
        self.deletions: list[ProgramRef] = []
        self.later: list[datetime | None] = []
        """When what was held can go, for each sending of the program in order."""
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
        sent = self.answer_to(moment)
        if moment.wants_hours:
            pair = PairRef(program=moment.program, pair=moment.pair, now=moment.now)
            sent = sent.model_copy(update={"hours": self.hours(pair)})
        return sent

    def answer_to(self, moment: PairMoment) -> Sent:
        """What the activity gives back."""
        return Sent(sent=1)

    @activity.defn
    def send_held(self, pair: PairRef) -> Sent:
        with self._lock:
            self.held.append(pair)
        return Sent(sent=0)

    @activity.defn
    def pair_hours(self, pair: PairRef) -> PairHours:
        return self.hours(pair)

    @activity.defn
    def record(self, record: Record) -> None:
        self._note(record.events)

    @activity.defn
    def send_program_moment(self, moment: ProgramMoment) -> PageSent:
        self._note(moment.events)
        with self._lock:
            self.program_moments.append(moment)
        self.on_program_moment(moment)
        return PageSent(sent=1, later=self.later.pop(0) if self.later else None)

    @activity.defn
    def send_held_of_program(self, program: ProgramRef) -> Sent:
        with self._lock:
            self.held_of_program.append(program)
        return Sent(sent=1, later=self.later.pop(0) if self.later else None)

    @activity.defn
    def open_program(self, order: OpenProgram) -> Opened:
        self.opened.append(order)
        assert self.to_open is not None
        return self.to_open

    @activity.defn
    def settle_selection(self, program: ProgramRef) -> Selected:
        return self.selected

    @activity.defn
    def postpone_program(self, order: PostponeProgram) -> Rescheduled:
        self._note(order.events)
        with self._lock:
            self.postponed.append(order)
        return Rescheduled(group_sessions=self.group_sessions)

    @activity.defn
    def extend_program(self, order: ExtendProgram) -> None:
        self._note(order.events)
        with self._lock:
            self.extended.append(order)

    @activity.defn
    def propose_matches(self, request: MatchRequest) -> ProposalRef:
        return self._proposal(len(self.pairs))

    def _proposal(self, pairs: int) -> ProposalRef:
        number = self._proposals
        return ProposalRef(proposal=f"p-{number}", number=number, pairs=pairs, unmatched=0)

    @activity.defn
    def propose_new_pairs(self, request: RepairRequest) -> NewPairs:
        self.repairs.append(request)
        self.on_search()
        found = self.new_pairs[0] if self.new_pairs else ()
        self._proposals += 1
        return NewPairs(
            proposal=f"p-{self._proposals}",
            number=self._proposals,
            pairs=len(found),
            parted=self.parted if found else (),
            waiting=0 if found else self.waiting,
        )

    @activity.defn
    def settle_new_pairs(self, request: SettleRequest) -> NewPairs:
        self.settled.append(request)
        made = self.new_pairs[0] if self.new_pairs else ()
        return NewPairs(proposal=request.proposal, number=0, pairs=len(made), parted=self.parted)

    @activity.defn
    def edit_matches(self, request: EditRequest) -> EditDone:
        self._proposals += 1
        return EditDone(proposal=self._proposal(len(self.pairs)), applied=1, refused=1)

    @activity.defn
    def check_pairs(self, request: CheckPairs) -> BrokenPairs:
        return self.broken

    @activity.defn
    def form_pairs(self, order: FormPairs) -> PairsFormed:
        self._note(order.events)
        self.orders.append(order)
        pairs = self.pairs if order.first_cohort == 1 else self.new_pairs.pop(0)
        self._cohorts[order.first_cohort] = pairs
        return PairsFormed(pairs=len(pairs), cohorts=1 if pairs else 0)

    @activity.defn
    def pairs_of_cohort(self, ref: CohortRef) -> PairIds:
        return PairIds(pairs=self._cohorts[ref.cohort])

    @activity.defn
    async def endings(self, workflows: Workflows) -> Endings:  # type: ignore[override]
        return await Watching().endings(workflows)

    @activity.defn
    def look_at_retention(self, program: ProgramRef) -> Retained:
        return Retained(term=self.term(program))

    @activity.defn
    def delete_personal_data(self, program: ProgramRef) -> DeletedSome:
        with self._lock:
            self.deletions.append(program)
        return self.deletes(program)

    @activity.defn
    def evaluate(self, order: Evaluate) -> Verdicts:
        return Verdicts(met=1, not_met=0, cant_tell=0)


def _always_open(pair: PairRef) -> PairHours:
    hours = OpenHours(base=pair.now, minute=PAIR_PLAN.day_seconds / (24 * 60), spans=())
    return PairHours(mentor=hours, mentee=hours, program=hours)


async def skip_to(environment: WorkflowEnvironment, instant: datetime) -> None:
    """Skip time to an instant."""
    await environment.sleep(instant - await environment.get_current_time())


@asynccontextmanager
async def on_stage(client: Client, task_queue: str, stage: Stage) -> AsyncIterator[None]:
    """A worker that runs the real workflows on the stage.

    For who records histories, those of the workflows that it ran are kept (see
    `tests.histories.scenes`).
    """
    ran = Ran()
    async with workers(client, task_queue, [stage], watchers=[ran], fail_workflows=True):
        yield
        if folder := os.environ.get(KEEP_IN):
            await keep_histories(client, ran.workflows, Path(folder))
