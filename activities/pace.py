"""How fast mails are handed over."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

UNPACED = 1000.0
"""Mails a second that are as good as no limit: one connection does not reach it."""

LONGEST_TURN = 300.0
"""Seconds after which an activity that hands over many mails makes way: its next attempt goes on,
long before the server takes it to be lost and has another one do the same."""


class Pace:
    """Lets mails go at most so often, over all threads of a process.

    What one activity has to hand over is a turn. A turn ends early when the worker is told to stop,
    and where the next mail's time is more than `LONGEST_TURN` after it began: what is not sent then
    stays so in the ledger, for the next attempt.
    """

    def __init__(self, mails_per_second: float = UNPACED) -> None:
        self._between = 1 / mails_per_second
        self._lock = threading.Lock()
        self._next = 0.0
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End every turn before its next mail, as the worker is told to stop."""
        self._stopping.set()

    def wait(self, turn_began: float) -> None:
        """Wait for the next mail's time, in a turn that began at this `time.monotonic()`.

        Raises `ApplicationError`, to be tried again soon, where the turn has to end.
        """
        seconds = self.reserve(time.monotonic(), turn_began)
        if self._stopping.wait(seconds):
            raise _rest_later("The worker is being stopped.")

    def reserve(self, now: float, turn_began: float) -> float:
        """Take the next mail's time. Gives the seconds until then.

        Raises `ApplicationError`, and takes none, where that would be too late for this turn.
        """
        with self._lock:
            at = max(now, self._next)
            if at <= turn_began + LONGEST_TURN:
                self._next = at + self._between
                return at - now
        # By then a turn that begins anew can have its first mail.
        raise _rest_later("Mail is paced, and has a long way to go.", at - now - LONGEST_TURN)


def _rest_later(why: str, seconds: float = 0.0) -> ApplicationError:
    return ApplicationError(
        f"{why} What was sent is noted; the next attempt sends the rest.",
        type="ToBeContinued",
        next_retry_delay=timedelta(seconds=max(seconds, 0.001)),
        category=ApplicationErrorCategory.BENIGN,
    )
