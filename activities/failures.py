"""Keeps people out of failure messages, and tells the server that long work is alive.

A failure's text becomes event history, which can't be edited. So no exception leaves an activity
with words of its own: only what we wrote ourselves goes out, and of everything else the type, and
what can be done about one of that kind.
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from activities.remedies import remedy_for

HEARTBEAT_SECONDS = 2.0
"""How often a running activity says that it is alive."""

log = structlog.get_logger(__name__)


def unknown_pair(pair: str) -> ApplicationError:
    """The failure for a pair that the store does not have."""
    return ApplicationError(
        f"Pair {pair} is not in the store. Was the store restored from an older backup? "
        "Tried again until it is there.",
        type="UnknownPair",
    )


def erased_meanwhile() -> ApplicationError:
    """The failure for what was written about somebody who was erased before it could go."""
    return ApplicationError(
        "Somebody was erased while this was being written. It is written anew.",
        type="ErasedMeanwhile",
    )


class FailureInterceptor(Interceptor):
    """Wraps every activity of a worker."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Put the wrapper around the activity."""
        return _CleanFailures(next)


class _CleanFailures(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        beating = asyncio.create_task(_beat(in_a_thread=input.executor is not None))
        try:
            return await super().execute_activity(input)
        except ApplicationError as error:
            error.__cause__ = None  # its words would be sent along
            raise
        except (CancelledError, asyncio.CancelledError):
            raise
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - any may name somebody
            name = type(error).__name__
            log.error(
                "activity failed",
                activity=activity.info().activity_type,
                error=name,
                frames=_frames(error),
            )
            place = f"{name} in {activity.info().activity_type}. The worker's log has the place."
            remedy = remedy_for(error)
            raise ApplicationError(
                f"{remedy} Tried again until it works. ({place})"
                if remedy
                else f"{place} It is tried again.",
                type=name,
            ) from None
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating


async def _beat(*, in_a_thread: bool) -> None:
    """Say that the activity is alive, again and again, until this is cancelled.

    Of an activity that runs in a thread, the SDK's heartbeat waits for the event loop: from the
    loop itself it would wait for its own thread, and the whole worker would stand still with it.
    """
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        try:
            if in_a_thread:
                await asyncio.to_thread(activity.heartbeat)
            else:
                activity.heartbeat()
        except Exception as error:  # noqa: BLE001 - the work itself is not to fail with it
            log.warning("heartbeat failed", error=type(error).__name__)


def _frames(error: BaseException) -> list[str]:
    """Where it happened, without the words of the exception, which could name somebody."""
    return [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
