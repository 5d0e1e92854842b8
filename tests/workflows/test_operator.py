"""What an operator may do to a program in the Temporal UI, on a real server with short days."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from temporalio.testing import WorkflowEnvironment

from activities.signatures import PairMoment
from domain.ids import cohort_workflow_id, program_workflow_id
from domain.lifecycle import PairState
from domain.lifecycle import Stage as ProgramStage
from tests.workflows.stage import PAIR_PLAN, Stage, on_stage, program_plan
from workflows.messages import MatchesApproval, ProgramInput
from workflows.program import ProgramWorkflow

SHORT = PAIR_PLAN.model_copy(update={"day_seconds": 0.1})


async def test_a_cohort_that_an_operator_ends_does_not_hold_the_program_up(
    dev_server: WorkflowEnvironment, task_queue: str
) -> None:
    stage, name = Stage(), f"test-{uuid4().hex[:8]}"
    introduced, loop = asyncio.Event(), asyncio.get_running_loop()

    def note(_moment: PairMoment) -> None:
        if len(stage.moments) == len(stage.pairs):
            loop.call_soon_threadsafe(introduced.set)

    stage.on_pair_moment = note
    async with on_stage(dev_server.client, task_queue, stage):
        program = await dev_server.client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=name, plan=program_plan(datetime.now(UTC), SHORT)),
            id=program_workflow_id(name),
            task_queue=task_queue,
        )
        while not (await program.query(ProgramWorkflow.view)).awaits_approval:
            await asyncio.sleep(0.05)
        await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
        await introduced.wait()
        cohort = dev_server.client.get_workflow_handle(cohort_workflow_id(name, 1))
        await cohort.terminate("an operator's test")
        outcome = await program.result()
    assert outcome.stage is ProgramStage.COMPLETED
    assert outcome.pairs == {PairState.CLOSED: 2}
