"""Reading the store for watchers, so that a slow or absent store holds up nobody else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from store import outbox
from store.database import Database
from store.overview import Overview, overview

PATIENCE_SECONDS = 4.0
"""What the store has to answer, for a watcher who asks."""

KEEP_SECONDS = 10.0
"""For how long what was read is told again, at least."""

KEEP_TIMES = 10
"""… and for so many times what reading it took: a tenth of one thread's time at most."""

_SIGNALS_SECONDS = 2.0

Found = TypeVar("Found")


class Reading(Generic[Found]):
    """Something that is read from the store now and then, in a thread, by one at a time."""

    def __init__(
        self,
        read: Callable[[], Found],
        threads: ThreadPoolExecutor,
        keep: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._read = read
        self._threads = threads
        self._keep = keep
        self._found: Found | None = None
        self._again = 0.0
        self._task: asyncio.Future[tuple[Found | None, float]] | None = None

    async def get(self) -> Found | None:
        """What was read lately, else what is read now; None where the store does not answer."""
        if self._task is None and self._clock() < self._again:
            return self._found
        if self._task is None:
            loop = asyncio.get_running_loop()
            self._task = loop.run_in_executor(self._threads, self._timed)
        done, _ = await asyncio.wait({self._task}, timeout=PATIENCE_SECONDS)
        if not done:
            return None  # it goes on; who asks next finds out how it ended
        if self._task is not None and self._task.done():
            self._found, took = self._task.result()
            self._again = self._clock() + max(self._keep, took * KEEP_TIMES)
            self._task = None
        return self._found

    def _timed(self) -> tuple[Found | None, float]:
        began = self._clock()
        try:
            found: Found | None = self._read()
        except SQLAlchemyError:
            found = None
        return found, self._clock() - began


class StoreReadings:
    """What watchers ask the store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Threads of its own: the usual ones carry the heartbeats of activities.
        threads = ThreadPoolExecutor(2, thread_name_prefix="watch")
        self._signals = Reading(self._count, threads, _SIGNALS_SECONDS)
        self._overview = Reading(self._read, threads, KEEP_SECONDS)

    async def signals(self) -> int | None:
        """How many signals the outbox holds; None where the store does not answer in time."""
        return await self._signals.get()

    async def overview(self) -> Overview | None:
        """How all programs stand; None where the store does not answer in time."""
        return await self._overview.get()

    def _count(self) -> int:
        with self._database.read() as session:
            return outbox.size(session)

    def _read(self) -> Overview:
        with self._database.read() as session:
            return overview(session)
