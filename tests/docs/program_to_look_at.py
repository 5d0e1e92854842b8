"""A program to look at in the Temporal UI: pairs that are stalled, and one whose mail can't go."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from temporalio.client import Client, WorkflowHandle

from activities.mail import Mailer, MailServer
from activities.signatures import PairMoment, Sent
from domain.deeds import Deed, DeedKind
from domain.escalation import Ladder
from domain.ids import pair_workflow_id
from domain.lifecycle import PairState
from domain.lifecycle import Stage as ProgramStage
from domain.pair import MomentKind
from domain.pair_orders import Order
from domain.people import Role
from domain.plan import ProgramPlan
from runtime.ports import any_free_port
from tests.workflows.stage import PAIR_PLAN, Stage, program_plan
from workflows.messages import HrOrder, MatchesApproval, ProgramInput, ProgramOutcome
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow
from workflows.starting import start_options

Handle = WorkflowHandle[ProgramWorkflow, ProgramOutcome]

PROGRAM = "digital-leaders"
"""As the documents call it."""

PAIRS = STALLED, STALLED_TOO, UNSENT, DECLINED, CLOSED = "m-1", "m-2", "m-3", "m-4", "m-5"

COUNTS = {
    PairState.INTRODUCED: 1,
    PairState.STALLED: 2,
    PairState.CLOSED: 1,
    PairState.DECLINED: 1,
}
"""How many pairs stand where, once nothing happens any more."""

_SOON = {
    "day_seconds": 1.0,
    "introduction": 1,
    "preparation": 600,
    "ladders": (
        Ladder.model_validate(
            {
                "steps": [
                    {"after": 1, "do": "nudge_scheduler"},
                    {"after": 1, "do": "nudge_both"},
                    {"after": 1, "do": "tell_coordinator"},
                    {"after": 250, "do": "tell_sponsor"},
                ]
            }
        ),
    ),
}
"""A pair is stalled within seconds, and then nothing comes for minutes."""


class ToLookAt(Stage):
    """A stage on which pairs come to differ, and then stay as they are."""

    def __init__(self) -> None:
        super().__init__(PAIRS)
        self._away = Mailer(MailServer(host="127.0.0.1", port=any_free_port()))

    def answer_to(self, moment: PairMoment) -> Sent:
        if (moment.program, moment.pair) == (PROGRAM, UNSENT):
            with self._away.connect() as outgoing:
                outgoing.send(EmailMessage())
            raise AssertionError("nobody listens there")
        return super().answer_to(moment)

    def was_told(self, pair: str, step: int) -> bool:
        """Whether a pair has come to this step of its ladder."""
        return any(
            moment.pair == pair
            and moment.moment.kind is MomentKind.LADDER_STEP
            and moment.moment.step == step
            for moment in self.moments
        )


async def start(client: Client, task_queue: str, program: str, plan: ProgramPlan) -> Handle:
    """Start a program as the commands do."""
    return await client.start_workflow(
        ProgramWorkflow.run,
        ProgramInput(program=program, plan=plan),
        task_queue=task_queue,
        **start_options(program),
    )


async def play(client: Client, task_queue: str, stage: ToLookAt) -> None:
    """Bring the program to where all that is to be seen is there."""
    plan = PAIR_PLAN.model_copy(update=_SOON)
    program = await start(client, task_queue, PROGRAM, program_plan(datetime.now(UTC), plan))
    while (await program.query(ProgramWorkflow.view)).stage is not ProgramStage.MATCHING:
        await asyncio.sleep(0.05)
    await program.execute_update(ProgramWorkflow.close_enrolment)
    while not (await program.query(ProgramWorkflow.view)).awaits_approval:
        await asyncio.sleep(0.05)
    await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
    while len((await program.query(ProgramWorkflow.view)).pairs) == 0:
        await asyncio.sleep(0.05)
    declined, closed = (
        client.get_workflow_handle(pair_workflow_id(PROGRAM, pair)) for pair in (DECLINED, CLOSED)
    )
    no = Deed(kind=DeedKind.DECLINED, role=Role.MENTEE, at=datetime.now(UTC))
    await declined.signal(PairWorkflow.person_did, no)
    await closed.execute_update(PairWorkflow.order, HrOrder(order=Order.CLOSE))
    while not all(stage.was_told(pair, step=3) for pair in (STALLED, STALLED_TOO)):
        await asyncio.sleep(0.05)
    while (await program.query(ProgramWorkflow.view)).pairs != COUNTS:
        await asyncio.sleep(0.05)


def slow_plan(starts_in: timedelta = timedelta(0)) -> ProgramPlan:
    """A program with days as long as ours, in which only HR's acts bring anything about."""
    return program_plan(datetime.now(UTC) + starts_in, selection=True)
