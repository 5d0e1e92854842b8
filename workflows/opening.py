"""Opening the next program of a scheme, when its schedule says that it is time."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import (
        OpenProgram,
        ProgramActivities,
        ProgramMoment,
        ProgramMomentKind,
    )
    from domain.plan import ProgramPlan
    from workflows.held_mail import HeldMail, send_pages
    from workflows.messages import ProgramInput, SchemeInput, SchemeOutcome
    from workflows.options import call
    from workflows.program import ProgramWorkflow
    from workflows.search_attributes import PROGRAM
    from workflows.starting import start_options

SCHEDULED_FOR: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime(
    "TemporalScheduledStartTime"
)
"""Set by the server on what a schedule starts: the time that was planned, however late it is."""

TELL_WITHIN = 14
"""Program days that the mail to the coordinator may wait for their open hours."""


@workflow.defn(name="OpenProgram")
class OpenProgramWorkflow:
    """Makes the program whose turn it is, starts it, and tells the coordinator.

    Which one that is follows from the time that was planned, so that opening it again, by hand or
    by a backfill, finds it there. The program goes on by itself.
    """

    @workflow.run
    async def run(self, start: SchemeInput) -> SchemeOutcome:
        """Open one program."""
        scheduled = workflow.info().typed_search_attributes.get(SCHEDULED_FOR)
        opened = await call(
            ProgramActivities.open_program,
            OpenProgram(
                scheme=start.scheme,
                scheduled=scheduled or workflow.now(),
                now=workflow.now(),
            ),
            summary=f"make the next program of {start.scheme}",
        )
        workflow.upsert_search_attributes([PROGRAM.value_set(opened.program)])
        is_new = opened.plan is not None and await _start(opened.program, opened.plan)
        if is_new and opened.plan is not None:
            await _tell_the_coordinator(opened.program, opened.plan)
        return SchemeOutcome(program=opened.program, is_new=is_new)


async def _start(program: str, plan: ProgramPlan) -> bool:
    """Start the program's workflow. Gives whether nobody had before."""
    try:
        await workflow.start_child_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=program, plan=plan),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            **start_options(program),
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


async def _tell_the_coordinator(program: str, plan: ProgramPlan) -> None:
    held = HeldMail(program, may_go=lambda: True)
    moment = ProgramMoment(
        program=program,
        kind=ProgramMomentKind.PROGRAM_OPENED,
        now=workflow.now(),
        until=plan.epoch,
        occasion="1",
    )
    await send_pages(moment, held)
    await held.gone(within=plan.days(TELL_WITHIN))
