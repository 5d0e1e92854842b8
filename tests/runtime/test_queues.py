"""Each kind of work has its own task queue and threads, and none keeps another waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio import activity, workflow
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

import worker
from activities.queues import work_of
from activities.signatures import (
    MatchRequest,
    PairActivities,
    PairRef,
    ProgramActivities,
    ProposalRef,
    Sent,
)
from domain.reach import PairHours
from domain.work import EVERY_KIND, Work, queue_of
from tests.workflows.stage import Stage
from workflows.options import call

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = datetime(2027, 1, 1, tzinfo=UTC)
PAIR = PairRef(program="test", pair="m-1", now=NOW)
PATIENCE = 20.0
ACTIVITIES = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
WORKFLOWS = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW


@workflow.defn(sandboxed=False)
class Calls:
    """Calls one activity, of a kind of work."""

    @workflow.run
    async def run(self, work: str) -> None:
        """Call it as all workflows do."""
        match work:
            case Work.MATCHING:
                request = MatchRequest(program="test", now=NOW)
                await call(ProgramActivities.propose_matches, request, summary="match")
            case Work.MAIL:
                await call(PairActivities.send_held, PAIR, summary="send")
            case _:
                await call(PairActivities.pair_hours, PAIR, summary="look")


class Busy(Stage):
    """Does its work when it may, and notes who came."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = {work: threading.Event() for work in EVERY_KIND}
        self.came: list[tuple[Work, float]] = []
        """What was to be done, and when."""
        self._loop = asyncio.get_running_loop()
        self._arrivals: dict[Work, asyncio.Semaphore] = {
            work: asyncio.Semaphore(0) for work in EVERY_KIND
        }

    def _work(self) -> None:
        work = work_of(activity.info().activity_type)
        self.came.append((work, self._loop.time()))
        self._loop.call_soon_threadsafe(self._arrivals[work].release)
        self.may_end[work].wait(PATIENCE)

    async def until_came(self, work: Work, times: int) -> None:
        async with asyncio.timeout(PATIENCE):
            for _ in range(times):
                await self._arrivals[work].acquire()

    @activity.defn
    def propose_matches(self, request: MatchRequest) -> ProposalRef:
        self._work()
        return super().propose_matches(request)

    @activity.defn
    def send_held(self, pair: PairRef) -> Sent:
        self._work()
        return super().send_held(pair)

    @activity.defn
    def pair_hours(self, pair: PairRef) -> PairHours:
        self._work()
        return super().pair_hours(pair)


OURS: tuple[type, ...] = (Calls,)
"""The workflow of these tests."""


@pytest.fixture
def client(dev_server: WorkflowEnvironment) -> Client:
    """A client of a server."""
    return dev_server.client


@pytest_asyncio.fixture(loop_scope="session")
async def busy() -> AsyncIterator[Busy]:
    """Activities that take as long as the test wants."""
    stage = Busy()
    yield stage
    for may_end in stage.may_end.values():
        may_end.set()


@asynccontextmanager
async def working(client: Client, queue: str, busy: Busy, **more: Any) -> AsyncIterator[None]:
    """The real workers, around these activities, which may end at the end of the block."""
    async with worker.workers(client, queue, [busy], workflows=OURS, fail_workflows=True, **more):
        yield
        for may_end in busy.may_end.values():
            may_end.set()


async def ask_for(
    client: Client, queue: str, work: Work, times: int = 1
) -> list[WorkflowHandle[Calls, None]]:
    return [
        await client.start_workflow(Calls.run, work.value, id=str(uuid4()), task_queue=queue)
        for _ in range(times)
    ]


async def done(handles: list[WorkflowHandle[Calls, None]]) -> None:
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(handle.result() for handle in handles))


@pytest.mark.parametrize(
    ("greedy", "other"),
    [
        (Work.MATCHING, Work.MAIL),
        (Work.MATCHING, Work.WORKFLOWS),
        (Work.MAIL, Work.MATCHING),
        (Work.MAIL, Work.WORKFLOWS),
    ],
)
async def test_work_that_holds_all_its_threads_keeps_no_other_waiting(
    client: Client, task_queue: str, busy: Busy, greedy: Work, other: Work
) -> None:
    busy.may_end[other].set()
    async with working(client, task_queue, busy):
        threads = worker.THREADS[greedy]
        waiting = await ask_for(client, task_queue, greedy, threads + 1)
        await busy.until_came(greedy, threads)
        await done(await ask_for(client, task_queue, other))
        assert len(busy.came) == threads + 1
        busy.may_end[greedy].set()
        await done(waiting)


async def pollers(client: Client, queue: str, kind: TaskQueueType.ValueType) -> int:
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
        )
    )
    return len(described.pollers)


async def test_a_worker_for_mail_does_nothing_else(
    client: Client, task_queue: str, busy: Busy
) -> None:
    mail = queue_of(Work.MAIL, task_queue)
    others = [queue_of(work, task_queue) for work in (Work.WORKFLOWS, Work.MATCHING)]
    async with working(client, task_queue, busy, kinds=[Work.MAIL]):
        async with asyncio.timeout(PATIENCE):
            while not await pollers(client, mail, ACTIVITIES):
                await asyncio.sleep(0.02)
        assert await pollers(client, mail, WORKFLOWS) == 0
        for queue in others:
            assert await pollers(client, queue, WORKFLOWS) == 0
            assert await pollers(client, queue, ACTIVITIES) == 0


async def test_workers_for_one_kind_each_do_it_all_together(
    client: Client, task_queue: str, busy: Busy
) -> None:
    for may_end in busy.may_end.values():
        may_end.set()
    async with (
        working(client, task_queue, busy, kinds=[Work.WORKFLOWS]),
        working(client, task_queue, busy, kinds=[Work.MAIL]),
        working(client, task_queue, busy, kinds=[Work.MATCHING]),
    ):
        for work in EVERY_KIND:
            await done(await ask_for(client, task_queue, work))
    assert [work for work, _ in busy.came] == list(EVERY_KIND)


async def attempts(handle: WorkflowHandle[Calls, None]) -> list[tuple[int, str]]:
    """Of each activity that ended: its last attempt, and what the one before it failed with."""
    return [
        (started.attempt, started.last_failure.application_failure_info.type)
        async for event in handle.fetch_history_events()
        if event.HasField("activity_task_started_event_attributes")
        for started in [event.activity_task_started_event_attributes]
    ]


async def test_what_takes_longer_than_a_stop_is_done_again_elsewhere(
    client: Client, task_queue: str, busy: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as soon:
        soon.setattr(worker, "DRAIN", worker.DRAIN / 100)
        async with (
            asyncio.timeout(PATIENCE),
            worker.workers(client, task_queue, [busy], workflows=OURS),
        ):
            [asked] = await ask_for(client, task_queue, Work.MATCHING)
            await busy.until_came(Work.MATCHING, 1)
    busy.may_end[Work.MATCHING].set()
    async with working(client, task_queue, busy):
        await done([asked])
    assert await attempts(asked) == [(2, "WorkerStopped")]


async def test_what_ends_in_time_is_waited_for(client: Client, task_queue: str, busy: Busy) -> None:
    may_end = busy.may_end[Work.MATCHING]
    async with worker.workers(client, task_queue, [busy], workflows=OURS, told_to_stop=may_end.set):
        [asked] = await ask_for(client, task_queue, Work.MATCHING)
        await busy.until_came(Work.MATCHING, 1)
    assert await attempts(asked) == [(1, "")]


async def test_the_server_hands_out_mail_at_the_rate_that_workers_set(
    client: Client, task_queue: str, busy: Busy
) -> None:
    rate, at_once = 8, 8
    for may_end in busy.may_end.values():
        may_end.set()
    async with working(client, task_queue, busy, mails_per_second=rate):
        await done(await ask_for(client, task_queue, Work.MAIL, at_once + 2 * rate))
    times = [at for _, at in busy.came]
    assert times[-1] - times[0] > 1.5
