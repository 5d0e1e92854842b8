"""What a program's story is told with: waiting, sending, cohorts, and what the lists show."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError, ChildWorkflowError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import (
        GroupDate,
        NewPairs,
        PairActivities,
        ProgramMoment,
        ProgramMomentKind,
        ProposalRef,
        Record,
    )
    from domain.details import COHORT_HELP, FOLLOW_UP_HELP, program_details
    from domain.ids import cohort_workflow_id, follow_up_workflow_id, pair_workflow_id
    from domain.journal import EventKind
    from domain.lifecycle import PairState, Stage, move
    from domain.pair_orders import Order
    from domain.plan import PairPlan
    from workflows.cohort import CohortWorkflow
    from workflows.follow_up import FollowUpWorkflow
    from workflows.held_mail import HeldMail, send_pages
    from workflows.messages import (
        CohortCounts,
        CohortInput,
        FollowUpInput,
        HrOrder,
        ProgramInput,
        ProgramView,
    )
    from workflows.options import Recorder, call, is_long
    from workflows.pair import PairWorkflow
    from workflows.search_attributes import COHORT, NEXT_DUE, PROGRAM, STAGE, STATE_SINCE

PairInTheTree = workflow.ExternalWorkflowHandle[PairWorkflow]
CohortHandle = (
    workflow.ChildWorkflowHandle[CohortWorkflow, CohortCounts]
    | workflow.ExternalWorkflowHandle[CohortWorkflow]
)


class Cancelled(ApplicationError):
    """HR cancelled the program. Never leaves the workflow."""


def _never() -> bool:
    return False


class ProgramSteps:
    """Where a program stands, and the steps that its story is made of."""

    def __init__(self, start: ProgramInput) -> None:
        self._start = start
        self._plan = start.plan
        self._recorder = Recorder()
        self._stage = Stage.DEFINITION
        self._stage_ends: datetime | None = None
        self._paused_at: datetime | None = None
        self._paused_for = timedelta(0)
        self._paused_until: datetime | None = None
        """When a pause ends by itself: the date to which the program was postponed."""
        self._extended = 0
        """Program days by which HR has made the time for meetings longer."""
        self._cancelled = False
        self._closing = False
        self._selecting = False
        """Whether HR is choosing whom to match."""
        self._not_selected = 0
        self._proposal: ProposalRef | None = None
        self._approved: str | None = None
        self._pairs_formed_at: datetime | None = None
        self._new_pairs: NewPairs | None = None
        self._new_pairs_approved = False
        self._cohorts: list[CohortHandle] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._counts: dict[int, dict[PairState, int]] = {}
        self._held = HeldMail(start.program, may_go=self._mail_may_go)
        self._outlived = False
        """Whether cohorts outlive the run that started them, so that there can be a next one."""

    def _check_runs(self) -> None:
        if self._cancelled or self._stage in (Stage.COMPLETED, Stage.CANCELLED):
            raise ApplicationError(
                f"The program is over: it is {Stage.CANCELLED if self._cancelled else self._stage}."
            )
        if self._closing:
            raise ApplicationError("Every pair has ended and the report is being made.")

    def _mail_may_go(self) -> bool:
        """Whether what is held may go out: not in a pause, but for the word that there is one."""
        return self._cancelled or self._paused_at is None or self._paused_until is not None

    async def _start_cohorts(self, count: int, plan: PairPlan, extended: int) -> None:
        """Start the pairs of so many cohorts. `extended` days of extension are in their plan."""
        in_turn = count > 1 and workflow.patched("cohorts-begin-in-turn")
        for _ in range(count):
            await self._not_in_a_pause()
            number = len(self._cohorts) + 1
            cohort = await self._start_cohort(number, plan)
            self._cohorts.append(cohort)
            self._watchers.append(asyncio.create_task(self._watch(number, cohort)))
            if self._extended > extended:  # HR extended the program meanwhile
                await self._tell_cohort(
                    cohort, HrOrder(order=Order.EXTEND, days=self._extended - extended)
                )
            if in_turn:
                await self._wait(until=None, or_when=partial(self._has_begun, number))

    def _has_begun(self, cohort: int) -> bool:
        """Whether all pairs of a cohort have begun: it tells how they stand then."""
        return cohort in self._counts

    async def _start_cohort(
        self, number: int, plan: PairPlan
    ) -> workflow.ChildWorkflowHandle[CohortWorkflow, CohortCounts]:
        keep = workflow.ParentClosePolicy
        return await workflow.start_child_workflow(
            CohortWorkflow.run,
            CohortInput(program=self._start.program, cohort=number, plan=plan),
            id=cohort_workflow_id(self._start.program, number),
            static_summary=f"Cohort {number} of {self._start.program}",
            static_details=COHORT_HELP,
            parent_close_policy=keep.ABANDON if self._outlived else keep.TERMINATE,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(PROGRAM, self._start.program),
                    SearchAttributePair(COHORT, number),
                ]
            ),
        )

    async def _start_follow_ups(self, completed_at: datetime) -> None:
        """Have those who took part asked later on how things are, where the definition wants it."""
        if not self._plan.follow_ups:
            return
        await workflow.start_child_workflow(
            FollowUpWorkflow.run,
            FollowUpInput(
                program=self._start.program,
                follow_ups=self._plan.follow_ups,
                completed_at=completed_at,
                day_seconds=self._plan.pair.day_seconds,
            ),
            id=follow_up_workflow_id(self._start.program),
            static_summary=f"What comes after {self._start.program}",
            static_details=FOLLOW_UP_HELP,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(PROGRAM, self._start.program)]
            ),
        )

    async def _watch(
        self, number: int, cohort: workflow.ChildWorkflowHandle[CohortWorkflow, CohortCounts]
    ) -> None:
        """Take note when a cohort is over, also if an operator ended it from outside."""
        try:
            self._note_counts(await cohort)
        except ChildWorkflowError:
            self._note_ended_from_outside(number)

    def _note_ended_from_outside(self, cohort: int) -> None:
        counts: Counter[PairState] = Counter()
        for state, count in self._counts.get(cohort, {}).items():
            counts[state if state.is_over else PairState.CLOSED] += count
        self._note_counts(CohortCounts(cohort=cohort, counts=dict(counts)))

    async def _all_cohorts_over(self) -> None:
        for watcher in self._watchers:
            await watcher

    async def _wait(
        self,
        until: datetime | None,
        or_when: Callable[[], bool] = _never,
        summary: str | None = None,
        *,
        may_begin_anew: bool = False,
    ) -> None:
        """Wait for a deadline or a condition. Raises `Cancelled` once HR cancelled the program.

        `may_begin_anew` says that nothing but the program's state is needed to go on from here in
        a new run: one is begun then when the history of this one is long.
        """

        def is_time_for_a_new_run() -> bool:
            return may_begin_anew and self._outlived and is_long() and self._is_quiet()

        def interrupted() -> bool:
            paused = self._paused_at is not None
            return self._cancelled or or_when() or paused or is_time_for_a_new_run()

        def goes_on() -> bool:
            return self._cancelled or self._paused_at is None or is_time_for_a_new_run()

        while True:
            if self._cancelled:
                raise Cancelled("HR cancelled the program")
            if or_when():
                return
            if is_time_for_a_new_run():
                self._begin_anew()
            if self._paused_at is not None:
                await workflow.wait_condition(goes_on)
                continue
            left = None
            if until is not None:
                left = until + self._paused_for - workflow.now()
                if left <= timedelta(0):
                    return
            try:
                await workflow.wait_condition(interrupted, timeout=left, timeout_summary=summary)
            except TimeoutError:
                continue

    def _is_quiet(self) -> bool:
        """Whether nothing but the story is under way, so that this run may end here."""
        return workflow.all_handlers_finished() and self._held.is_quiet

    def _begin_anew(self) -> NoReturn:
        """Go on from here in a new run."""
        raise NotImplementedError

    def _is_past(self, until: datetime | None) -> bool:
        return until is not None and until + self._paused_for <= workflow.now()

    async def _not_in_a_pause(self) -> None:
        """Go on only when the program is not paused. Raises `Cancelled`."""
        await self._wait(until=None, or_when=lambda: self._paused_at is None)

    def _in_days(self, days: float) -> datetime:
        """A deadline: the instant at which it falls if there had never been a pause.

        So each pause makes all of them later by its length, those ahead and the one waited for.
        """
        return workflow.now() - self._paused_for + self._plan.days(days)

    async def _send(
        self,
        kind: ProgramMomentKind,
        until: datetime | None = None,
        occasion: str = "1",
        pairs: tuple[str, ...] = (),
        group: GroupDate | None = None,
    ) -> None:
        """Write to everybody whom a moment concerns, page by page."""
        written_to = await send_pages(
            ProgramMoment(
                program=self._start.program,
                kind=kind,
                now=workflow.now(),
                until=until + self._paused_for if until else None,
                occasion=occasion,
                pairs=pairs,
                group=group,
                events=self._recorder.take(),
            ),
            self._held,
        )
        if kind is ProgramMomentKind.INVITATION:
            self._recorder.add(EventKind.PEOPLE_INVITED, {"count": written_to})
            await self._write_down()

    async def _write_down(self) -> None:
        await call(
            PairActivities.record,
            Record(program=self._start.program, events=self._recorder.take()),
            summary="write down what happened",
        )

    async def _tell_cohorts(self, order: Order, days: int = 0) -> None:
        for cohort in tuple(self._cohorts):
            await self._tell_cohort(cohort, HrOrder(order=order, days=days))

    async def _tell_cohort(self, cohort: CohortHandle, order: HrOrder) -> None:
        try:
            await cohort.signal(CohortWorkflow.hr_ordered, order)
        except ApplicationError:
            workflow.logger.info("cohort was over before the order reached it")

    async def _tell_pair(self, pair: str, order: Order) -> None:
        handle: PairInTheTree = workflow.get_external_workflow_handle_for(
            PairWorkflow.run, pair_workflow_id(self._start.program, pair)
        )
        try:
            await handle.signal(PairWorkflow.hr_ordered, HrOrder(order=order))
        except ApplicationError:
            workflow.logger.info("pair was over before the order reached it")

    def _enter(self, stage: Stage, ends: datetime | None = None) -> None:
        if stage is not self._stage:
            self._stage = move(self._stage, stage)
        self._stage_ends = ends
        self._recorder.add(EventKind.STAGE_ENTERED, {"stage": stage.value})
        until = [NEXT_DUE.value_set(ends)] if ends is not None else []
        workflow.upsert_search_attributes(
            [STAGE.value_set(stage.value), STATE_SINCE.value_set(workflow.now()), *until]
        )
        self._show()

    def _show(self) -> None:
        view = self._view()
        workflow.set_current_details(
            program_details(
                stage=view.stage,
                paused=view.paused,
                paused_until=view.paused_until,
                stage_ends=view.stage_ends,
                proposal_number=view.proposal_number,
                awaits_approval=view.awaits_approval,
                awaits_selection=view.awaits_selection,
                pairs=view.pairs,
            )
        )

    def _pairs(self) -> dict[PairState, int]:
        total: Counter[PairState] = Counter()
        for counts in self._counts.values():
            total.update(counts)
        return {state: total[state] for state in PairState if total[state]}

    def _no_pair_is(self, states: Iterable[PairState]) -> bool:
        pairs = self._pairs()
        return len(self._counts) == len(self._cohorts) and not any(pairs.get(s) for s in states)

    def _all_pairs_ended(self) -> bool:
        return self._no_pair_is(state for state in PairState if not state.is_over)

    def _plan_of_late_pairs(self) -> PairPlan | None:
        """The life of a pair that is introduced now, or None when it is too late for one."""
        begun = self._pairs_formed_at
        if begun is None:
            return None
        return self._plan.plan_of_late_pairs(workflow.now() - self._paused_for - begun)

    @property
    def _awaits_approval(self) -> bool:
        """Whether matches wait for HR: the first ones, or new pairs for those left alone."""
        first = self._proposal is not None and self._approved is None
        new = self._new_pairs is not None and not self._new_pairs_approved
        new = new and self._plan_of_late_pairs() is not None
        return (first or new) and not self._cancelled

    @property
    def _in_question(self) -> tuple[str, int] | None:
        """Id and number of the proposal that waits for HR, or else of the last one."""
        latest = self._new_pairs or self._proposal
        return (latest.proposal, latest.number) if latest is not None else None

    def _view(self) -> ProgramView:
        proposal, number = self._in_question or (None, None)
        return ProgramView(
            stage=self._stage,
            paused=self._paused_at is not None,
            paused_until=self._paused_until,
            proposal=proposal,
            proposal_number=number,
            awaits_approval=self._awaits_approval,
            awaits_selection=self._selecting and not self._cancelled,
            stage_ends=self._stage_ends + self._paused_for if self._stage_ends else None,
            pairs=self._pairs(),
        )

    def _note_counts(self, change: CohortCounts) -> None:
        self._counts[change.cohort] = change.counts
        self._show()
