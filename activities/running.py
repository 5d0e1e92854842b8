"""Knows which activities a worker is carrying out, for those who watch it."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class Running(Interceptor):
    """Notes when each activity of a worker begins and ends. Ask it in the worker's event loop."""

    def __init__(self) -> None:
        self._began: dict[int, tuple[str, float]] = {}
        self._numbers = count()

    def ages(self) -> dict[str, list[float]]:
        """For how many seconds each activity that runs now has been running, by task queue.

        An activity that the server has given up counts as long as its thread is at it.
        """
        now = time.monotonic()
        ages: dict[str, list[float]] = {}
        for queue, began in self._began.values():
            ages.setdefault(queue, []).append(now - began)
        return ages

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Put the wrapper around the activity."""
        return _Noted(next, self._began, self._numbers)


class _Noted(ActivityInboundInterceptor):
    def __init__(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
        began: dict[int, tuple[str, float]],
        numbers: count[int],
    ) -> None:
        super().__init__(next)
        self._began = began
        self._numbers = numbers

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        number = next(self._numbers)
        self._began[number] = (activity.info().task_queue, time.monotonic())
        try:
            return await super().execute_activity(input)
        finally:
            del self._began[number]
