"""Knows which activities a worker is carrying out, for those who watch it."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class Running(Interceptor):
    """Notes when each activity of a worker begins and ends. Ask it in the worker's event loop."""

    def __init__(self) -> None:
        self._began: dict[int, float] = {}
        self._numbers = count()

    def ages(self) -> list[float]:
        """For how many seconds each activity that runs now has been running, the oldest first.

        An activity that the server has given up counts as long as its thread is at it.
        """
        now = time.monotonic()
        return [now - began for began in self._began.values()]

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Put the wrapper around the activity."""
        return _Noted(next, self._began, self._numbers)


class _Noted(ActivityInboundInterceptor):
    def __init__(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
        began: dict[int, float],
        numbers: count[int],
    ) -> None:
        super().__init__(next)
        self._began = began
        self._numbers = numbers

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        number = next(self._numbers)
        self._began[number] = time.monotonic()
        try:
            return await super().execute_activity(input)
        finally:
            del self._began[number]
