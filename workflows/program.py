"""A program's story: definition, matching, preparation, meetings, evaluation."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError, ChildWorkflowError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import (
        Evaluate,
        FormPairs,
        MatchRequest,
        PairActivities,
        ProgramActivities,
        ProgramMoment,
        ProgramMomentKind,
        ProposalRef,
        Record,
        Verdicts,
    )
    from domain.details import program_details
    from domain.ids import cohort_workflow_id
    from domain.journal import EventKind
    from domain.lifecycle import PairState, Stage, move
    from domain.pair import Order
    from workflows.cohort import CohortWorkflow
    from workflows.messages import (
        CohortCounts,
        CohortInput,
        HrOrder,
        MatchesApproval,
        MatchesChange,
        ProgramInput,
        ProgramOutcome,
        ProgramView,
    )
    from workflows.options import PATIENT, Recorder
    from workflows.search_attributes import COHORT, PROGRAM, STAGE

CohortHandle = workflow.ChildWorkflowHandle[CohortWorkflow, CohortCounts]

BEFORE_MEETINGS = (
    PairState.INTRODUCED,
    PairState.PREPARING,
    PairState.STALLED,
    PairState.PAUSED,
)
BEFORE_EVALUATION = (*BEFORE_MEETINGS, PairState.MEETING)


class Cancelled(ApplicationError):
    """HR cancelled the program. Never leaves the workflow."""


def _never() -> bool:
    return False


@workflow.defn(name="Program")
class ProgramWorkflow:
    """Walks a program through its stages. HR steers it by updates."""

    @workflow.init
    def __init__(self, start: ProgramInput) -> None:
        self._start = start
        self._plan = start.plan
        self._recorder = Recorder()
        self._stage = Stage.DEFINITION
        self._stage_ends: datetime | None = None
        self._paused_at: datetime | None = None
        self._paused_for = timedelta(0)
        self._cancelled = False
        self._enrolment_closed = False
        self._proposal: ProposalRef | None = None
        self._approved: str | None = None
        self._cohorts: list[CohortHandle] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._counts: dict[int, dict[PairState, int]] = {}
        self._closing = False
        self._verdicts = Verdicts(met=0, not_met=0, cant_tell=0)

    @workflow.run
    async def run(self, start: ProgramInput) -> ProgramOutcome:
        """Carry the program from its start date to its report."""
        try:
            await self._open_on_the_start_date()
            await self._enrol()
            await self._agree_on_matches()
            await self._prepare_pairs()
            await self._hold_meetings()
            await self._evaluate()
        except Cancelled:
            await self._cancel_pairs()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ProgramOutcome(
            stage=self._stage,
            pairs=self._pairs(),
            metrics_met=self._verdicts.met,
            metrics_not_met=self._verdicts.not_met,
            metrics_cant_tell=self._verdicts.cant_tell,
        )

    # --- The story -------------------------------------------------------------------------------

    async def _open_on_the_start_date(self) -> None:
        self._recorder.add(EventKind.PROGRAM_STARTED)
        self._enter(Stage.DEFINITION, self._plan.epoch)
        await self._write_down()
        await self._wait(until=self._plan.epoch, summary="start date")

    async def _enrol(self) -> None:
        closes = self._in_days(self._plan.enrolment)
        halfway = self._in_days(self._plan.enrolment / 2)
        self._enter(Stage.MATCHING, closes)
        await self._send(ProgramMomentKind.INVITATION, closes)
        await self._wait(
            until=halfway, or_when=lambda: self._enrolment_closed, summary="enrolment: reminder"
        )
        if not self._enrolment_closed:
            await self._send(ProgramMomentKind.INVITATION_REMINDER, closes)
        await self._wait(
            until=closes, or_when=lambda: self._enrolment_closed, summary="enrolment closes"
        )
        self._enrolment_closed = True

    async def _agree_on_matches(self) -> None:
        self._proposal = await workflow.execute_activity_method(
            ProgramActivities.propose_matches,
            MatchRequest(program=self._start.program, now=workflow.now()),
            summary="match the people who joined",
            **PATIENT,
        )
        self._recorder.add(
            EventKind.MATCHES_PROPOSED,
            {
                "proposal": self._proposal.proposal,
                "pairs": self._proposal.pairs,
                "unmatched": self._proposal.unmatched,
            },
        )
        reminders = 0
        await self._send(ProgramMomentKind.MATCHES_READY)
        while self._approved is None:
            until = self._in_days(max(self._plan.approval, 1))
            self._stage_ends = until
            await self._wait(
                until=until,
                or_when=lambda: self._approved is not None,
                summary="HR’s approval of the matches",
            )
            if self._approved is None:
                reminders += 1
                await self._send(ProgramMomentKind.MATCHES_REMINDER, occasion=str(reminders))

    async def _prepare_pairs(self) -> None:
        pair = self._plan.pair
        ends = self._in_days(pair.introduction + pair.preparation)
        self._enter(Stage.PREPARATION, ends)
        formed = await workflow.execute_activity_method(
            ProgramActivities.form_pairs,
            FormPairs(
                program=self._start.program,
                proposal=self._approved or "",
                events=self._recorder.take(),
            ),
            summary="form the pairs",
            **PATIENT,
        )
        await self._send(ProgramMomentKind.NOT_MATCHED)
        for number in range(1, formed.cohorts + 1):
            await self._not_in_a_pause()
            cohort = await self._start_cohort(number)
            self._cohorts.append(cohort)
            self._watchers.append(asyncio.create_task(self._watch(number, cohort)))
        await self._wait(
            until=ends,
            or_when=lambda: self._no_pair_is(BEFORE_MEETINGS),
            summary="preparation ends",
        )

    async def _hold_meetings(self) -> None:
        ends = self._in_days(self._plan.pair.meetings)
        self._enter(Stage.MEETINGS, ends)
        await self._write_down()
        await self._wait(
            until=ends, or_when=lambda: self._no_pair_is(BEFORE_EVALUATION), summary="meetings end"
        )

    async def _evaluate(self) -> None:
        self._enter(Stage.EVALUATION, self._in_days(self._plan.pair.evaluation))
        await self._write_down()
        # A pair ends at the latest when its own evaluation is over, so there is no deadline here.
        await self._wait(until=None, or_when=self._all_pairs_ended)
        await self._all_cohorts_over()
        self._closing = True
        self._verdicts = await workflow.execute_activity_method(
            ProgramActivities.evaluate,
            Evaluate(program=self._start.program, now=workflow.now()),
            summary="compute the success metrics",
            **PATIENT,
        )
        self._enter(Stage.COMPLETED)
        self._recorder.add(EventKind.PROGRAM_COMPLETED)
        await self._send(ProgramMomentKind.REPORT_READY)

    async def _cancel_pairs(self) -> None:
        was_announced = self._stage is not Stage.DEFINITION
        self._enter(Stage.CANCELLED)
        self._recorder.add(EventKind.PROGRAM_CANCELLED)
        if was_announced:
            await self._send(ProgramMomentKind.FAREWELL_CANCELLED)
        else:
            await self._write_down()
        await self._tell_cohorts(Order.CANCEL)
        await self._all_cohorts_over()

    # --- What the story is told with -------------------------------------------------------------

    async def _start_cohort(self, number: int) -> CohortHandle:
        return await workflow.start_child_workflow(
            CohortWorkflow.run,
            CohortInput(program=self._start.program, cohort=number, plan=self._plan.pair),
            id=cohort_workflow_id(self._start.program, number),
            static_summary=f"Cohort {number} of {self._start.program}",
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(PROGRAM, self._start.program),
                    SearchAttributePair(COHORT, number),
                ]
            ),
        )

    async def _watch(self, number: int, cohort: CohortHandle) -> None:
        """Take note when a cohort is over, also if an operator ended it from outside."""
        try:
            self.cohort_changed(await cohort)
        except ChildWorkflowError:
            counts: Counter[PairState] = Counter()
            for state, count in self._counts.get(number, {}).items():
                counts[state if state.is_over else PairState.CLOSED] += count
            self.cohort_changed(CohortCounts(cohort=number, counts=dict(counts)))

    async def _all_cohorts_over(self) -> None:
        for watcher in self._watchers:
            await watcher

    async def _wait(
        self,
        until: datetime | None,
        or_when: Callable[[], bool] = _never,
        summary: str | None = None,
    ) -> None:
        """Wait for a deadline or a condition. Raises `Cancelled` once HR cancelled the program."""

        def interrupted() -> bool:
            return self._cancelled or or_when() or self._paused_at is not None

        while True:
            if self._cancelled:
                raise Cancelled("HR cancelled the program")
            if or_when():
                return
            if self._paused_at is not None:
                await workflow.wait_condition(lambda: self._cancelled or self._paused_at is None)
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

    async def _not_in_a_pause(self) -> None:
        """Go on only when the program is not paused. Raises `Cancelled`."""
        await self._wait(until=None, or_when=lambda: self._paused_at is None)

    def _in_days(self, days: float) -> datetime:
        """A deadline: the instant at which it falls if there had never been a pause.

        So each pause makes all of them later by its length, those ahead and the one waited for.
        """
        return workflow.now() - self._paused_for + self._plan.days(days)

    async def _send(
        self, kind: ProgramMomentKind, until: datetime | None = None, occasion: str = "1"
    ) -> None:
        """Write to everybody whom a moment concerns, page by page."""
        now = workflow.now()
        events = self._recorder.take()
        after: str | None = ""
        sent = 0
        while after is not None:
            page = await workflow.execute_activity_method(
                ProgramActivities.send_program_moment,
                ProgramMoment(
                    program=self._start.program,
                    kind=kind,
                    now=now,
                    until=until + self._paused_for if until else None,
                    occasion=occasion,
                    after=after,
                    events=events,
                ),
                summary=kind.value.replace("_", " "),
                **PATIENT,
            )
            events = ()
            sent += page.sent
            after = page.next
        if kind is ProgramMomentKind.INVITATION:
            self._recorder.add(EventKind.PEOPLE_INVITED, {"count": sent})
            await self._write_down()

    async def _write_down(self) -> None:
        await workflow.execute_activity_method(
            PairActivities.record,
            Record(program=self._start.program, events=self._recorder.take()),
            summary="write down what happened",
            **PATIENT,
        )

    async def _tell_cohorts(self, order: Order) -> None:
        for cohort in self._cohorts:
            try:
                await cohort.signal(CohortWorkflow.hr_ordered, HrOrder(order=order))
            except ApplicationError:
                workflow.logger.info("cohort was over before the order reached it")

    def _enter(self, stage: Stage, ends: datetime | None = None) -> None:
        if stage is not self._stage:
            self._stage = move(self._stage, stage)
        self._stage_ends = ends
        self._recorder.add(EventKind.STAGE_ENTERED, {"stage": stage.value})
        workflow.upsert_search_attributes([STAGE.value_set(stage.value)])
        self._show()

    def _show(self) -> None:
        view = self.view()
        workflow.set_current_details(
            program_details(
                stage=view.stage,
                paused=view.paused,
                stage_ends=view.stage_ends,
                proposal_number=view.proposal_number,
                awaits_approval=view.awaits_approval,
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

    @property
    def _awaits_approval(self) -> bool:
        return self._proposal is not None and self._approved is None and not self._cancelled

    # --- What HR and the cohorts say -------------------------------------------------------------

    @workflow.query
    def view(self) -> ProgramView:
        """Where the program stands."""
        return ProgramView(
            stage=self._stage,
            paused=self._paused_at is not None,
            proposal=self._proposal.proposal if self._proposal else None,
            proposal_number=self._proposal.number if self._proposal else None,
            awaits_approval=self._awaits_approval,
            stage_ends=self._stage_ends + self._paused_for if self._stage_ends else None,
            pairs=self._pairs(),
        )

    @workflow.signal
    def cohort_changed(self, change: CohortCounts) -> None:
        """The pairs of a cohort stand differently."""
        self._counts[change.cohort] = change.counts
        self._show()

    @workflow.update
    async def close_enrolment(self) -> None:
        """End enrolment before its closing date."""
        self._enrolment_closed = True

    @close_enrolment.validator
    def _enrolment_is_open(self) -> None:
        if self._stage is not Stage.MATCHING or self._enrolment_closed:
            raise ApplicationError(f"Enrolment is not open. The program is in stage {self._stage}.")

    @workflow.update
    async def change_matches(self, change: MatchesChange) -> None:
        """Put HR's edited proposal in place of the one before."""
        self._proposal = ProposalRef(
            proposal=change.proposal,
            number=change.number,
            pairs=change.pairs,
            unmatched=change.unmatched,
        )
        self._recorder.add(
            EventKind.MATCHES_CHANGED,
            {
                "proposal": change.proposal,
                "pairs": change.pairs,
                "unmatched": change.unmatched,
            },
        )
        self._show()
        await self._write_down()

    @workflow.update
    async def approve_matches(self, approval: MatchesApproval) -> int:
        """Approve the proposal that has this number. Gives the number of its pairs."""
        self._check_approvable(approval)
        proposal = self._proposal
        if proposal is None:
            raise ApplicationError("There is no proposal to approve.")
        self._approved = proposal.proposal
        self._recorder.add(
            EventKind.MATCHES_APPROVED, {"proposal": proposal.proposal, "pairs": proposal.pairs}
        )
        return proposal.pairs

    @change_matches.validator
    def _matches_can_change(self, change: MatchesChange) -> None:
        self._check_awaits_approval()

    @approve_matches.validator
    def _check_approvable(self, approval: MatchesApproval) -> None:
        self._check_awaits_approval()
        current = self._proposal.number if self._proposal else 0
        if approval.number != current:
            raise ApplicationError(
                f"The proposal is number {current} now, not {approval.number}. Look at it first."
            )

    def _check_awaits_approval(self) -> None:
        if not self._awaits_approval:
            raise ApplicationError(
                f"No matches wait for approval. The program is in stage {self._stage}."
            )
        if self._paused_at is not None:
            raise ApplicationError("The program is paused. Resume it first.")

    @workflow.update
    async def pause(self) -> None:
        """Stop the clock: nothing goes out, no deadline passes, answers are still taken."""
        self._paused_at = workflow.now()
        self._recorder.add(EventKind.PROGRAM_PAUSED)
        self._show()
        await self._tell_cohorts(Order.PAUSE)
        await self._write_down()

    @pause.validator
    def _can_pause(self) -> None:
        self._check_runs()
        if self._paused_at is not None:
            raise ApplicationError("The program is paused already.")

    @workflow.update
    async def resume(self) -> None:
        """Let the clock run again: everything that was due is later by the length of the pause."""
        if self._paused_at is not None:
            self._paused_for += workflow.now() - self._paused_at
        self._paused_at = None
        self._recorder.add(EventKind.PROGRAM_RESUMED)
        self._show()
        await self._tell_cohorts(Order.RESUME)
        await self._write_down()

    @resume.validator
    def _can_resume(self) -> None:
        self._check_runs()
        if self._paused_at is None:
            raise ApplicationError("The program is not paused.")

    @workflow.update
    async def cancel(self) -> None:
        """End the program for everybody, each told kindly."""
        self._cancelled = True

    @cancel.validator
    def _check_runs(self) -> None:
        if self._cancelled or self._stage in (Stage.COMPLETED, Stage.CANCELLED):
            raise ApplicationError(
                f"The program is over: it is {Stage.CANCELLED if self._cancelled else self._stage}."
            )
        if self._closing:
            raise ApplicationError("Every pair has ended and the report is being made.")
