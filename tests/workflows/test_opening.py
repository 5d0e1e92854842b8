"""A program is opened once, tells the coordinator once, and outlives its opening."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from activities.signatures import Opened, ProgramMomentKind
from domain.ids import program_workflow_id
from tests.workflows.stage import Stage, on_stage, program_plan
from workflows.messages import SchemeInput, SchemeOutcome
from workflows.opening import OpenProgramWorkflow
from workflows.search_attributes import PROGRAM, STAGE

PROGRAM_ID = "leaders-2028"


async def open_program(environment: WorkflowEnvironment, task_queue: str) -> SchemeOutcome:
    return await environment.client.execute_workflow(
        OpenProgramWorkflow.run,
        SchemeInput(scheme="leaders"),
        id=f"opening-{uuid4()}",
        task_queue=task_queue,
    )


async def test_a_program_is_opened_once_and_outlives_its_opening(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    starts = await time_skipping.get_current_time() + timedelta(days=14)
    stage.to_open = Opened(program=PROGRAM_ID, plan=program_plan(starts))
    async with on_stage(time_skipping.client, task_queue, stage):
        first = await open_program(time_skipping, task_queue)
        second = await open_program(time_skipping, task_queue)
        handle = time_skipping.client.get_workflow_handle(program_workflow_id(PROGRAM_ID))
        program = await handle.describe()
    assert (first.is_new, second.is_new) == (True, False)
    assert {first.program, second.program} == {PROGRAM_ID}
    assert program.status is WorkflowExecutionStatus.RUNNING
    assert program.typed_search_attributes.get(PROGRAM) == PROGRAM_ID
    # Where nothing is done the clock skips on, to its start.
    assert program.typed_search_attributes.get(STAGE) in ("definition", "matching")
    told = [m for m in stage.program_moments if m.kind is ProgramMomentKind.PROGRAM_OPENED]
    assert [(moment.program, moment.until) for moment in told] == [(PROGRAM_ID, starts)]


async def test_what_has_begun_before_is_left_alone(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    stage.to_open = Opened(program=PROGRAM_ID, plan=None)
    async with on_stage(time_skipping.client, task_queue, stage):
        outcome = await open_program(time_skipping, task_queue)
    assert outcome == SchemeOutcome(program=PROGRAM_ID, is_new=False)
    assert stage.program_moments == []
