"""A worker whose activities are wrapped as those of the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.failures import FailureInterceptor


@asynccontextmanager
async def wrapping_worker(
    client: Client, task_queue: str, workflow: type, activities: Sequence[Callable[..., Any]]
) -> AsyncIterator[None]:
    """Run a test's own workflow and activities."""
    with ThreadPoolExecutor(2) as threads:
        async with Worker(
            client,
            task_queue=task_queue,
            workflows=[workflow],
            activities=activities,
            activity_executor=threads,
            interceptors=[FailureInterceptor()],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            yield
