"""Long work says that it is alive, and nothing else of the worker waits for that."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.testing import WorkflowEnvironment

from activities import failures
from tests.activities.wrapping import wrapping_worker

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
        attempt: int = await workflow.execute_activity(
            activity_name,
            result_type=int,
            start_to_close_timeout=timedelta(seconds=40),
            heartbeat_timeout=timedelta(seconds=1),
            retry_policy=RetryPolicy(maximum_attempts=2),
        )
        return attempt


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
    activities = [wait_in_a_thread, wait_in_the_loop]
    async with wrapping_worker(dev_server.client, task_queue, Patient, activities):
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
