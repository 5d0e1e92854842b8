"""How long the personal data of a program is kept, and its deletion."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import (
        PairActivities,
        ProgramActivities,
        ProgramMoment,
        ProgramMomentKind,
        ProgramRef,
        Record,
    )
    from domain.calendar import program_days
    from domain.details import RETENTION_HELP, retention_details
    from domain.ids import retention_workflow_id
    from domain.journal import EventKind
    from domain.posting import GIVE_UP_AFTER
    from domain.retention import Due, Step, Term
    from workflows.held_mail import HeldMail, send_pages
    from workflows.messages import HoldSwitched, RetentionInput, RetentionOutcome
    from workflows.options import Recorder, call
    from workflows.search_attributes import PROGRAM

_WAITS_FOR = {
    Step.ANNOUNCE: "tell HR that personal data will be deleted",
    Step.DELETE: "delete personal data",
}


@workflow.defn(name="Retention")
class RetentionWorkflow:
    """Waits until the time is over for which a program's personal data is kept, and deletes it.

    HR is told beforehand, and afterwards. The store says until when, and whether a legal hold is
    on: it is asked before every step, so that a signal which is late lets nothing be deleted.
    """

    @workflow.init
    def __init__(self, start: RetentionInput) -> None:
        self._start = start
        self._recorder = Recorder()
        self._held_mail = HeldMail(start.program, may_go=lambda: True)
        self._announced_at: datetime | None = None
        self._switched = 0
        """How often a hold was set or lifted."""

    @workflow.run
    async def run(self, start: RetentionInput) -> RetentionOutcome:
        """See to it that nothing is kept for longer than HR said."""
        noted = False
        while True:
            seen = self._switched  # before looking: what comes meanwhile is a reason to look again
            term = await self._look()
            if term is None or term.deleted:
                break
            if not noted:
                await self._note_that_it_runs(term)
                noted = True
            due = term.next_step(self._announced_at)
            if await self._its_time(due, seen) and due is not None:
                await self._do(due.step, term)
        if term is not None:
            await self._held_mail.gone(within=program_days(GIVE_UP_AFTER, term.day_seconds))
        return RetentionOutcome(deleted=term is not None)

    @workflow.signal(description="From the store: a legal hold was set or lifted. Not for people.")
    def hold_switched(self, switched: HoldSwitched) -> None:
        """Look again."""
        self._switched += 1

    async def _look(self) -> Term | None:
        """How things stand in the store."""
        found = await call(
            ProgramActivities.look_at_retention, self._now(), summary="until when data is kept"
        )
        if found.term is not None:
            workflow.set_current_details(retention_details(found.term, self._announced_at))
        return found.term

    async def _its_time(self, due: Due | None, seen: int) -> bool:
        """Wait for what comes next. False if a hold was set or lifted meanwhile."""
        if due is None:
            await workflow.wait_condition(lambda: self._switched != seen)
            return False
        left = due.at - workflow.now()
        if left <= timedelta(0):
            return True
        try:
            await workflow.wait_condition(
                lambda: self._switched != seen,
                timeout=left,
                timeout_summary=_WAITS_FOR[due.step],
            )
        except TimeoutError:
            return True
        return False

    async def _do(self, step: Step, term: Term) -> None:
        if step is Step.ANNOUNCE:
            self._announced_at = workflow.now()
            due = term.next_step(self._announced_at)
            await self._write(ProgramMomentKind.DELETION_AHEAD, due.at if due else None)
        elif await self._delete():
            await self._write(ProgramMomentKind.DATA_DELETED)

    async def _delete(self) -> bool:
        """Delete until nothing is left. False if a hold came in between."""
        while True:
            done = await call(
                ProgramActivities.delete_personal_data, self._now(), summary="delete personal data"
            )
            if done.held or not done.more:
                return not done.held

    async def _write(self, kind: ProgramMomentKind, until: datetime | None = None) -> None:
        moment = ProgramMoment(
            program=self._start.program,
            kind=kind,
            now=workflow.now(),
            until=until,
            occasion="1",
        )
        await send_pages(moment, self._held_mail)

    async def _note_that_it_runs(self, term: Term) -> None:
        until = term.ends.isoformat(timespec="seconds")
        self._recorder.add(EventKind.RETENTION_STARTED, {"until": until})
        await call(
            PairActivities.record,
            Record(program=self._start.program, events=self._recorder.take()),
            summary="write down until when data is kept",
        )

    def _now(self) -> ProgramRef:
        return ProgramRef(program=self._start.program, now=workflow.now())


async def start_retention(program: str) -> None:
    """Start it for a program that is over, unless somebody has; it outlives the program."""
    try:
        await workflow.start_child_workflow(
            RetentionWorkflow.run,
            RetentionInput(program=program),
            id=retention_workflow_id(program),
            static_summary=f"How long the personal data of {program} is kept",
            static_details=RETENTION_HELP,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=TypedSearchAttributes([SearchAttributePair(PROGRAM, program)]),
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("somebody has started it already")
