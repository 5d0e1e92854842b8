"""The real worker, but that activities fail at first, with errors that quote people."""

from __future__ import annotations

from collections import Counter
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

import worker
from activities.failures import FailureInterceptor
from runtime.exit import leave_with
from tests.hostile import HOSTILE, cancelled_as_temporal_does, cancelled_by_nobody

TIMES = 2
"""How many runs of each activity fail at their first attempt."""

_WAITED_OUT = (cancelled_by_nobody, cancelled_as_temporal_does)
"""The server takes these for lost and waits, which is weeks of a played program."""

_ERRORS = [one for one in HOSTILE if one not in _WAITED_OUT]


class FailsAtFirst(FailureInterceptor):
    """In the place of what wraps each activity: the same around something that fails."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return super().intercept_activity(_Fails(next, self._seen))


class _Fails(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, seen: Counter[str]) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._seen = seen

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        info = activity.info()
        if info.attempt == 1 and self._seen[info.activity_type] < TIMES:
            self._seen[info.activity_type] += 1
            _ERRORS[self._seen.total() % len(_ERRORS)]()
        return await super().execute_activity(input)


if __name__ == "__main__":
    setattr(worker, "FailureInterceptor", FailsAtFirst)  # noqa: B010 - it exports it to nobody
    leave_with(worker.main)
