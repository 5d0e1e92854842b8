"""The relay: tells workflows what people did, from the outbox, in order, until it is told.

An answer is in the store before its workflow knows of it. While Temporal is down the outbox grows,
and nothing is lost. A signal may arrive twice (when the relay dies between sending it and noting
that), which is why doing a deed twice changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from itertools import groupby

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.deeds import DEED_SIGNAL, Deed
from store import outbox
from store.database import Database
from store.outbox import Outcome
from store.tables import OutboxRow

_log = structlog.get_logger("relay")

BATCH = 200
"""Signals read at once."""

AT_ONCE = 16
"""Workflows told at the same time."""

GATHER = 0.05
"""Seconds between rounds: what many do at once is told in one, for one look and one transaction."""

LOOK_EVERY = 1.0
"""Seconds between looks at the outbox when nobody wakes us: another portal may have written."""

LONGEST_BACKOFF = 10.0
"""Seconds between attempts when Temporal stays away."""

HOLD_BACK = 5.0
"""Seconds before a workflow that could not be told is tried again."""

PATIENCE = 7 * 86_400.0
"""Seconds that a signal waits for a workflow that does not exist: a pair can be withdrawn from
in the moment between its approval and its start."""

RPC_TIMEOUT = timedelta(seconds=5)
"""What one signal may take."""

_AWAY = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,
    }
)
"""What Temporal says when it is not about this one signal."""


class _Told(Enum):
    DELIVERED = auto()
    ENDED = auto()
    NOT_YET = auto()
    """This workflow can't be told now; others may."""
    AWAY = auto()
    """Nobody can be told now."""


@dataclass(frozen=True)
class _Report:
    outcomes: dict[int, Outcome]
    not_yet: str | None = None
    away: bool = False


class Relay:
    """Delivers the outbox. One is enough; several do no harm.

    `client` may be a lazy one, which connects when it is first needed: the relay starts with
    Temporal down and delivers once it is up.
    """

    def __init__(self, database: Database, client: Client, patience: float = PATIENCE) -> None:
        self._database = database
        self._client = client
        self._patience = patience
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._held_back: dict[str, float] = {}
        self._is_away = False
        self._began_round = time.monotonic()

    @property
    def is_away(self) -> bool:
        """Whether Temporal did not answer the last time that it was told something."""
        return self._is_away

    def seconds_ago(self) -> float:
        """How long ago it last began to go through the outbox."""
        return time.monotonic() - self._began_round

    def wake(self) -> None:
        """Look at the outbox now. May be called from any thread, and before the relay runs."""
        if self._woken.is_set():
            return  # it has yet to look, and will find this too
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):  # the loop may close between the two lines
                self._loop.call_soon_threadsafe(self._woken.set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver in the background for the length of the block."""
        task = asyncio.create_task(self.run(), name="relay")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def run(self) -> None:
        """Deliver until cancelled."""
        self._loop = asyncio.get_running_loop()
        backoff = 1.0
        while True:
            self._woken.clear()
            self._began_round = time.monotonic()
            try:
                delivered, away = await self.deliver_once()
            except SQLAlchemyError as error:
                _log.error("the store can't be reached", error=type(error).__name__)
                delivered, away = 0, True
            except Exception as error:  # noqa: BLE001 - it must go on, whatever it met
                _log.error("a round failed", exc_info=error)  # where, and none of its words
                delivered, away = 0, True
            if away:
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, LONGEST_BACKOFF)
                continue
            backoff = 1.0
            if not delivered:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), LOOK_EVERY)
            await asyncio.sleep(GATHER)

    async def deliver_once(self) -> tuple[int, bool]:
        """Go through the outbox once: how many signals are done with, and is Temporal away?"""
        rows = await asyncio.to_thread(self._read)
        if not rows:
            if self._database.has_put_off:
                await asyncio.to_thread(self._write, {})
            return 0, False
        by_workflow = [
            list(of_one)
            for _, of_one in groupby(
                sorted(rows, key=lambda row: (row.workflow_id, row.position)),
                key=lambda row: row.workflow_id,
            )
        ]
        gate = asyncio.Semaphore(AT_ONCE)
        reports = await asyncio.gather(*(self._tell_workflow(r, gate) for r in by_workflow))
        outcomes = {p: o for report in reports for p, o in report.outcomes.items()}
        if outcomes:
            await asyncio.to_thread(self._write, outcomes)
        for report in reports:
            if report.not_yet is not None:
                self._held_back[report.not_yet] = time.monotonic() + HOLD_BACK
        self._note(away := any(report.away for report in reports))
        return len(outcomes), away

    async def _tell_workflow(self, rows: Sequence[OutboxRow], gate: asyncio.Semaphore) -> _Report:
        """Tell one workflow all that waits for it, in order, up to what can't be told."""
        outcomes: dict[int, Outcome] = {}
        for row in rows:
            async with gate:
                told = await self._tell(row)
            if told is _Told.AWAY:
                return _Report(outcomes, away=True)
            if told is _Told.NOT_YET:
                return _Report(outcomes, not_yet=row.workflow_id)
            outcomes[row.position] = Outcome.DELIVERED if told is _Told.DELIVERED else Outcome.ENDED
        return _Report(outcomes)

    async def _tell(self, row: OutboxRow) -> _Told:
        handle = self._client.get_workflow_handle(row.workflow_id)
        deed = Deed.model_validate(row.argument) if row.signal == DEED_SIGNAL else None
        argument = row.argument if deed is None else deed
        try:
            await handle.signal(row.signal, argument, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            return self._judge(row, error)
        except (RuntimeError, OSError, TimeoutError):
            return _Told.AWAY  # a lazy client that can't connect
        return _Told.DELIVERED

    def _judge(self, row: OutboxRow, error: RPCError) -> _Told:
        if error.status is RPCStatusCode.NOT_FOUND:
            waited = (datetime.now(UTC) - row.created_at).total_seconds()
            if "already completed" in error.message or waited > self._patience:
                return _Told.ENDED
            return _Told.NOT_YET
        if error.status in _AWAY:
            return _Told.AWAY
        _log.error("a signal was refused", workflow=row.workflow_id, status=error.status.name)
        return _Told.NOT_YET

    def _read(self) -> Sequence[OutboxRow]:
        now = time.monotonic()
        self._held_back = {w: until for w, until in self._held_back.items() if until > now}
        with self._database.read() as session:
            rows = outbox.pending(session, BATCH, passing_over=tuple(self._held_back))
            session.expunge_all()
            return rows

    def _write(self, outcomes: dict[int, Outcome]) -> None:
        with self._database.write() as session:
            for outcome in set(outcomes.values()):
                positions = [p for p, became in outcomes.items() if became is outcome]
                outbox.mark(session, positions, outcome)
            self._database.make_up(session)

    def _note(self, away: bool) -> None:
        if away and not self._is_away:
            _log.warning("Temporal can't be reached; answers are kept and will be delivered")
        elif self._is_away and not away:
            _log.info("Temporal is back")
        self._is_away = away
