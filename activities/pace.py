"""How fast mails are handed over."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

UNPACED = 1000.0
"""Mails a second that are as good as no limit: one connection does not reach it."""

LONGEST_TURN = 300.0
"""Seconds after which an activity that hands over many mails makes way: its next attempt goes on,
long before the server takes it to be lost."""


class Pace:
    """Lets mails go at most so often, over all threads of a process.

    What one activity has to hand over is a turn. A turn ends early when the worker is told to stop,
    and after `LONGEST_TURN`: what is not sent then stays so in the ledger, for the next attempt.
    """

    def __init__(self, mails_per_second: float = UNPACED) -> None:
        self._between = 1 / mails_per_second
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self, turn_began: float) -> None:
        """Wait for the next mail's time, in a turn that began at this `time.monotonic()`.

        Raises `ApplicationError`, to be tried again at once, where the turn has to end.
        """
        if _worker_stops():
            raise _rest_later("The worker is being stopped.")
        now = time.monotonic()
        if now - turn_began > LONGEST_TURN:
            raise _rest_later("This took its time, as mail is paced.")
        with self._lock:
            mine = max(now, self._next)
            self._next = mine + self._between
        if _stops_within(mine - now):
            raise _rest_later("The worker is being stopped.")


def _worker_stops() -> bool:
    return activity.in_activity() and activity.is_worker_shutdown()


def _stops_within(seconds: float) -> bool:
    """Wait so long; whether the worker was told to stop meanwhile."""
    if seconds <= 0:
        return False
    if not activity.in_activity():
        time.sleep(seconds)
        return False
    activity.wait_for_worker_shutdown_sync(seconds)
    return activity.is_worker_shutdown()


def _rest_later(why: str) -> ApplicationError:
    return ApplicationError(
        f"{why} What was sent is noted; the next attempt sends the rest.",
        type="ToBeContinued",
        next_retry_delay=timedelta(milliseconds=1),
    )
