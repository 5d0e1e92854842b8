"""A worker says whether it has nothing to do, works, or is stuck; by a real server's word."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.failures import FailureInterceptor
from activities.running import Running
from runtime.watching import health as module
from runtime.watching.health import Queue, Report, State, WorkerHealth

released = threading.Event()
begun = threading.Semaphore(0)

in_one_loop = pytest.mark.asyncio(loop_scope="session")


@activity.defn
def block() -> None:
    """Hold a thread."""
    begun.release()
    released.wait(30)


@workflow.defn
class Blocks:
    """Calls it as often as it is told to."""

    @workflow.run
    async def run(self, times: int) -> None:
        """Call all at once."""
        handles = [
            workflow.start_activity(block, start_to_close_timeout=timedelta(seconds=60))
            for _ in range(times)
        ]
        for handle in handles:
            await handle


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the server anew each time."""
    monkeypatch.setattr(module, "_KEEP_SECONDS", 0.0)
    released.clear()


@asynccontextmanager
async def worker(client: Client, queue: str, longest: float = 60.0) -> AsyncIterator[WorkerHealth]:
    """A worker with two threads, and who watches it."""
    running = Running()
    with ThreadPoolExecutor(2) as threads:
        async with Worker(
            client,
            task_queue=queue,
            workflows=[Blocks],
            activities=[block],
            activity_executor=threads,
            max_concurrent_activities=2,
            interceptors=[running, FailureInterceptor()],
            workflow_runner=UnsandboxedWorkflowRunner(),
            identity=f"worker of {queue}",
        ):
            yield WorkerHealth(
                client,
                f"worker of {queue}",
                [Queue(name=queue, threads=2)],
                running.ages,
                longest=timedelta(seconds=longest),
            )


async def until(health: WorkerHealth, holds: Callable[[Report], bool]) -> Report:
    """The first report of which this holds."""
    async with asyncio.timeout(20):
        while not holds(report := await health.report(0)):
            await asyncio.sleep(0.01)
    return report


async def once_seen(health: WorkerHealth) -> Report:
    """What it says as soon as the server has seen the worker."""
    return await until(health, lambda report: report.state is not State.STARTING)


async def blocked(client: Client, queue: str, times: int) -> None:
    """Have activities begun that block their threads."""
    await client.start_workflow(Blocks.run, times, id=str(uuid4()), task_queue=queue)
    for _ in range(times):
        await asyncio.to_thread(begun.acquire)


@in_one_loop
async def test_a_worker_without_work_is_idle_and_one_with_work_is_busy(
    dev_server: WorkflowEnvironment, task_queue: str
) -> None:
    async with worker(dev_server.client, task_queue) as health:
        report = await once_seen(health)
        assert (report.state, report.ready) == (State.IDLE, True)
        assert report.facts["polled_seconds_ago"] < 60
        await blocked(dev_server.client, task_queue, 1)
        report = await health.report(0)
        assert (report.state, report.ready) == (State.BUSY, True)
        assert report.facts["activities"] == 1
        released.set()
        idle = await until(health, lambda report: not report.facts["activities"])
        assert idle.state is State.IDLE


@in_one_loop
async def test_a_worker_is_stuck_when_every_thread_is_held_for_too_long(
    dev_server: WorkflowEnvironment, task_queue: str
) -> None:
    async with worker(dev_server.client, task_queue, longest=0.05) as health:
        await once_seen(health)
        await blocked(dev_server.client, task_queue, 1)
        report = await until(health, lambda report: report.facts["oldest_seconds"] > 0.2)
        assert report.state is State.BUSY, "the other thread is free"
        await blocked(dev_server.client, task_queue, 1)
        report = await until(health, lambda report: report.state is not State.BUSY)
        assert (report.state, report.ready) == (State.STUCK, False)
        assert report.answer()["why"] == "every activity takes longer than it may"
        released.set()
        await until(health, lambda report: report.state is State.IDLE)


@in_one_loop
async def test_with_every_thread_at_work_a_worker_need_not_ask_for_more(
    dev_server: WorkflowEnvironment, task_queue: str
) -> None:
    async with worker(dev_server.client, task_queue) as health:
        await once_seen(health)
        await blocked(dev_server.client, task_queue, 2)
        report = await health.report(0)
        assert (report.state, report.facts["activities"]) == (State.BUSY, 2)
        released.set()


@in_one_loop
async def test_a_process_that_does_not_ask_for_work_is_stuck(
    dev_server: WorkflowEnvironment, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watcher() -> WorkerHealth:
        return WorkerHealth(
            dev_server.client,
            "nobody",
            [Queue(name=task_queue, threads=2)],
            dict,
            longest=timedelta(seconds=60),
        )

    starting = await watcher().report(0)
    assert (starting.state, starting.ready) == (State.STARTING, False)
    monkeypatch.setattr(module, "STARTING_SECONDS", 0.0)
    stuck = await watcher().report(0)
    assert (stuck.state, stuck.why) == (State.STUCK, "it does not ask for work")
    async with worker(dev_server.client, task_queue) as health:
        await until(health, lambda report: report.state is State.IDLE)
        monkeypatch.setattr(module, "POLL_SECONDS", -60.0)
        late = await health.report(0)
        assert (late.state, late.ready) == (State.STUCK, False)


@in_one_loop
async def test_a_worker_that_was_told_to_stop_or_has_no_store_is_not_ready(
    dev_server: WorkflowEnvironment, task_queue: str
) -> None:
    async with worker(dev_server.client, task_queue) as health:
        await once_seen(health)
        away = await health.report(None)
        assert (away.state, away.why) == (State.STUCK, "the store can't be reached")
        assert not away.ready
        health.draining = True
        draining = await health.report(0)
        assert (draining.state, draining.ready) == (State.DRAINING, False)


async def test_a_worker_whose_server_is_away_is_cut_off() -> None:
    client = await Client.connect("127.0.0.1:1", lazy=True, data_converter=pydantic_data_converter)
    health = WorkerHealth(client, "me", [Queue(name="q", threads=2)], dict, timedelta(seconds=60))
    report = await health.report(0)
    assert (report.state, report.ready) == (State.CUT_OFF, False)
    assert "polled_seconds_ago" not in report.facts
