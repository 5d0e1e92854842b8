"""Long histories: on a real server that finds any history long, a program loses nothing by it.

What a server calls long is its own setting; here it is a few dozen events instead of thousands.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.signatures import PairMoment, ProgramMoment, ProgramMomentKind, Sent
from domain.deeds import Deed, DeedKind
from domain.group_sessions import PlannedGroupDate
from domain.ids import cohort_workflow_id, pair_workflow_id, program_workflow_id
from domain.journal import EventKind
from domain.lifecycle import PairState
from domain.lifecycle import Stage as ProgramStage
from domain.pair import MomentKind
from domain.people import Role
from runtime.temporal import add_search_attributes
from tests.conftest import program_beside_python
from tests.workflows.stage import PAIR_PLAN, Stage, on_stage, program_plan
from tests.workflows.test_pair import prompt
from workflows import search_attributes
from workflows.messages import (
    Extension,
    MatchesApproval,
    Postponement,
    ProgramInput,
    ProgramOutcome,
)
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow

LONG = 30
"""Events after which this server suggests a new run."""

DAY = timedelta(seconds=0.08)
PAIR = PAIR_PLAN.model_copy(update={"day_seconds": DAY.total_seconds(), "meetings": 100})
PATIENCE = 60


class Played(Stage):
    """A program of which the first pair does all that it is asked, and the others nothing.

    But for one that may decline.
    """

    declines = ""

    def __init__(self, client: Client, program: str) -> None:
        super().__init__()
        self._client, self._program = client, program
        self._loop = asyncio.get_running_loop()
        self.happened: asyncio.Queue[str] = asyncio.Queue()
        self.on_pair_moment = self._answer
        self.on_program_moment = self._note_moment

    def answer_to(self, moment: PairMoment) -> Sent:
        held = moment.moment.kind is MomentKind.SESSION_DUE
        return Sent(sent=1, later=moment.now + DAY if held else None)

    def _note_moment(self, moment: ProgramMoment) -> None:
        self._loop.call_soon_threadsafe(self.happened.put_nowait, moment.kind.value)

    def _answer(self, moment: PairMoment) -> None:
        kind = moment.moment.kind.value
        self._loop.call_soon_threadsafe(self.happened.put_nowait, f"{moment.pair} {kind}")
        deeds: list[Deed] = []
        if moment.pair == "m-1":
            deeds = prompt(moment)
        elif moment.pair == self.declines:
            deeds = [Deed(kind=DeedKind.DECLINED, role=Role.MENTEE, at=moment.now)]
        told = self._tell(moment.pair, deeds)
        asyncio.run_coroutine_threadsafe(told, self._loop).result()

    async def _tell(self, pair: str, deeds: list[Deed]) -> None:
        handle = self._client.get_workflow_handle(pair_workflow_id(self._program, pair))
        for deed in deeds:
            booked = deed.kind is DeedKind.SESSION_BOOKED
            change = {"booked_for": deed.at + 3 * DAY} if booked else {}
            await handle.signal(PairWorkflow.person_did, deed.model_copy(update=change))

    async def until(self, wanted: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.happened.get() != wanted:
                pass


@pytest.fixture
async def impatient() -> AsyncIterator[WorkflowEnvironment]:
    """A real server of the test's own, which finds histories long early."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=program_beside_python("temporal"),
        data_converter=pydantic_data_converter,
        dev_server_log_level="error",
        dev_server_extra_args=[
            "--dynamic-config-value",
            f"limit.historyCount.suggestContinueAsNew={LONG}",
            "--dynamic-config-value",
            'history.continueAsNewMinInterval="10ms"',  # else it holds a next run for a second
        ],
    )
    async with environment:
        await add_search_attributes(environment.client, search_attributes.ALL)
        yield environment


async def test_a_program_goes_on_over_many_runs_and_loses_nothing(
    impatient: WorkflowEnvironment, task_queue: str
) -> None:
    client, name = impatient.client, f"test-{uuid4().hex[:8]}"
    stage = Played(client, name)
    stage.declines, stage.new_pairs = "m-2", [("m-3",)]
    stage.later = [datetime.now(UTC) + 45 * DAY]
    start = _program(name, datetime.now(UTC))
    stage.group_sessions = start.plan.group_sessions
    async with on_stage(client, task_queue, stage):
        program = await client.start_workflow(
            ProgramWorkflow.run,
            start,
            search_attributes=TypedSearchAttributes([_of(name)]),
            id=program_workflow_id(name),
            task_queue=task_queue,
        )
        await stage.until("matches_reminder")
        await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
        await stage.until("new_pairs_ready")
        await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=2))
        await stage.until("m-1 session_follow_up")
        for _ in range(3):
            await program.execute_update(ProgramWorkflow.pause)
            await program.execute_update(ProgramWorkflow.resume)
        await program.execute_update(ProgramWorkflow.extend, Extension(days=2))
        later = Postponement(until=datetime.now(UTC) + 15 * DAY, days=15)
        await program.execute_update(ProgramWorkflow.postpone, later)
        async with asyncio.timeout(PATIENCE):
            outcome: ProgramOutcome = await program.result()
    assert outcome.stage is ProgramStage.COMPLETED
    assert outcome.pairs == {PairState.COMPLETED: 1, PairState.CLOSED: 1, PairState.DECLINED: 1}
    await _each_went_on_in_new_runs(client, name)
    _nothing_is_missing_from_the_journal(stage)
    once = (EventKind.GROUP_SESSION_ANNOUNCED, EventKind.GROUP_SESSION_ASKED)
    told = Counter((e.kind, e.data["number"]) for e in stage.events if e.kind in once)
    assert told == {(kind, number): 1 for kind in once for number in (1, 2)}
    reports = [m for m in stage.program_moments if m.kind is ProgramMomentKind.REPORT_READY]
    assert len(reports) == 1
    assert stage.held_of_program, "what was held went out"


async def test_a_pair_that_an_operator_ended_is_found_by_the_cohorts_next_run(
    impatient: WorkflowEnvironment, task_queue: str
) -> None:
    client, name = impatient.client, f"test-{uuid4().hex[:8]}"
    stage = Played(client, name)
    stage.pairs = tuple(f"m-{number}" for number in range(1, 13))
    async with on_stage(client, task_queue, stage):
        program = await client.start_workflow(
            ProgramWorkflow.run,
            _program(name, datetime.now(UTC)),
            search_attributes=TypedSearchAttributes([_of(name)]),
            id=program_workflow_id(name),
            task_queue=task_queue,
        )
        await stage.until("matches_ready")
        await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
        cohort = client.get_workflow_handle(cohort_workflow_id(name, 1))
        async with asyncio.timeout(PATIENCE):
            while len(await _runs(client, cohort.id)) < 2:
                await asyncio.sleep(0.1)
            await client.get_workflow_handle(pair_workflow_id(name, "m-2")).terminate("a test")
            outcome: ProgramOutcome = await program.result()
    assert outcome.pairs[PairState.CLOSED] == 11
    assert sum(outcome.pairs.values()) == 12


def _program(name: str, begins: datetime) -> ProgramInput:
    group = tuple(
        PlannedGroupDate(
            group="supervision",
            number=number,
            invite_at=begins + invited * DAY,
            starts_at=begins + 160 * DAY,
            ask_at=begins + 161 * DAY,
        )
        for number, invited in ((1, 50), (2, 135))  # one before HR pauses it all, one after
    )
    return ProgramInput(program=name, plan=program_plan(begins, PAIR, group_sessions=group))


def _of(name: str) -> SearchAttributePair[str]:
    return SearchAttributePair(search_attributes.PROGRAM, name)


async def _runs(client: Client, workflow_id: str) -> list[str]:
    """The runs of a workflow, the newest first."""
    query = f'WorkflowId = "{workflow_id}"'
    return [one.run_id async for one in client.list_workflows(query)]


async def _each_went_on_in_new_runs(client: Client, name: str) -> None:
    went_on = (
        program_workflow_id(name),
        cohort_workflow_id(name, 1),
        pair_workflow_id(name, "m-1"),
    )
    for workflow_id in went_on:
        assert len(await _runs(client, workflow_id)) > 1, workflow_id
        last = await client.get_workflow_handle(workflow_id).describe()
        assert last.typed_search_attributes[search_attributes.PROGRAM] == name


def _nothing_is_missing_from_the_journal(stage: Stage) -> None:
    """Events are numbered through by workflow, over all of its runs: none is missing or twice."""
    numbers: dict[str, list[int]] = {}
    for event in stage.events:
        workflow_id, _, number = event.id.partition("#")
        numbers.setdefault(workflow_id, []).append(int(number))
    for workflow_id, found in numbers.items():
        assert sorted(found) == list(range(1, len(found) + 1)), workflow_id
