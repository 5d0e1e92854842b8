"""The one timer of a workflow that waits for what is due next."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow


class Alarm:
    """Rings at an instant. It is set once and left alone, as each setting is a timer that is paid.

    One that was set for an instant before serves a later one too: when it rings, it is set anew.
    """

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._timer: asyncio.Task[None] | None = None

    @property
    def at(self) -> datetime | None:
        """When it rings; None while it is not set, or has rung and was not set anew."""
        return None if self.rings else self._at

    @property
    def rings(self) -> bool:
        """Whether it has rung since it was set."""
        return self._timer is not None and self._timer.done()

    def set(self, at: datetime, summary: str) -> None:
        """Have it ring at this instant instead; `summary` says to operators what for."""
        self.stop()
        self._at = at
        wait = at - workflow.now()
        self._timer = asyncio.create_task(workflow.sleep(wait, summary=summary))

    def stop(self) -> None:
        """Have it not ring."""
        if self._timer is not None and not self._timer.done():
            self._timer.cancel()
        self._at, self._timer = None, None
