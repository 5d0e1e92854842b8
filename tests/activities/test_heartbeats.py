"""Long work says that it is alive, and nothing else of the worker waits for that."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities import failures
from activities.failures import FailureInterceptor

released = threading.Event()


@activity.defn
def wait_in_a_thread() -> int:
    released.wait(30)
    return activity.info().attempt


@activity.defn
async def wait_in_the_loop() -> int:
    await asyncio.to_thread(released.wait, 30)
    return activity.info().attempt


@workflow.defn
class Patient:
    @workflow.run
    async def run(self, activity_name: str) -> int:
        return await workflow.execute_activity(
            activity_name,
            result_type=int,
            start_to_close_timeout=timedelta(seconds=40),
            heartbeat_timeout=timedelta(seconds=1),
            retry_policy=RetryPolicy(maximum_attempts=2),
        )


async def last_heartbeat(handle: WorkflowHandle[Patient, int]) -> datetime | None:
    described = await handle.describe()
    for pending in described.raw_description.pending_activities:
        if pending.HasField("last_heartbeat_time"):
            return pending.last_heartbeat_time.ToDatetime()
    return None


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("name", ["wait_in_a_thread", "wait_in_the_loop"])
async def test_long_work_beats_and_ends_in_its_first_attempt(
    dev_server: WorkflowEnvironment, task_queue: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(failures, "HEARTBEAT_SECONDS", 0.05)
    released.clear()
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as threads:
        async with Worker(
            dev_server.client,
            task_queue=task_queue,
            workflows=[Patient],
            activities=[wait_in_a_thread, wait_in_the_loop],
            activity_executor=threads,
            interceptors=[FailureInterceptor()],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            handle = await dev_server.client.start_workflow(
                Patient.run, name, id=str(uuid4()), task_queue=task_queue
            )
            seen: set[datetime] = set()
            slowest = 0.0
            try:
                async with asyncio.timeout(20):
                    while len(seen) < 2:
                        asked = loop.time()
                        await asyncio.sleep(0.05)
                        slowest = max(slowest, loop.time() - asked)
                        if (beat := await last_heartbeat(handle)) is not None:
                            seen.add(beat)
            finally:
                released.set()
            assert await handle.result() == 1
    assert slowest < 5, "the event loop stood still"
