"""Lets go of what does not end in time when a worker is told to stop."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

log = structlog.get_logger(__name__)


class Drain(Interceptor):
    """Gives back to the server, unfinished, the activities that still run when `end` is called.

    The SDK waits for a thread as long as it takes, and matching takes minutes. The server has the
    activity done again elsewhere at once; the thread's work ends with the process.
    """

    def __init__(self) -> None:
        self._over = asyncio.Event()

    def end(self) -> None:
        """Wait for no activity any longer. Call it in the worker's event loop."""
        self._over.set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Put the wrapper around the activity."""
        return _Drained(next, self._over)


class _Drained(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, over: asyncio.Event) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._over = over

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        work = asyncio.ensure_future(super().execute_activity(input))
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait((work, over), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
        finally:
            over.cancel()
            work.cancel()
        log.warning("activity cut off", activity=activity.info().activity_type)
        raise ApplicationError(
            "The worker was stopped before this was done. It is done again.",
            type="WorkerStopped",
            next_retry_delay=timedelta(milliseconds=1),
        )
