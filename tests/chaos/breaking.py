"""Does to the stack and its store what a plan says."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from time import sleep

from sqlalchemy import Engine, create_engine, make_url, select, text
from sqlalchemy.exc import OperationalError

from runtime.stack import PORTAL, WORKER, Stack
from store.database import Database
from store.ledger import MessageState
from store.tables import MessageRow
from tests.chaos.faults import KILLS, Fault, Plan, Tally
from tests.chaos.post import Acceptance, PostRoute

LOCK_SECONDS = 2.0
FULL_SECONDS = 1.5
LOOK_SECONDS = 0.05

_WRITTEN = "answers, journal, messages, outbox, participants"


class Breaker:
    """Carries out the part of a plan that concerns the whole stack."""

    def __init__(
        self, stack: Stack, database: Database, route: PostRoute, plan: Plan, tally: Tally
    ) -> None:
        self._stack = stack
        self._database = database
        self._route = route
        self._plan = plan
        self._tally = tally

    async def work(self, thanked: Callable[[], int]) -> None:
        """Break what is to be broken, as forms are thanked for, until the plan is carried out."""
        plan = self._plan.of_stack
        while plan:
            if thanked() < plan[0][0]:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            _, fault = plan.popleft()
            self._tally.note(fault)
            if fault in KILLS:
                await self._kill(fault)
            else:
                await self._starve(fault)

    async def _kill(self, fault: Fault) -> None:
        part = KILLS[fault]
        await self._stack.kill(part)
        if part == WORKER:
            await self._route.quiet()
            await asyncio.to_thread(what_was_lost, self._database, self._route)
        await self._stack.wait_ready(part)

    async def _starve(self, fault: Fault) -> None:
        await self._note_what_is_unsure(fault)
        if fault is Fault.FULL:
            await self._fill_up()
        elif fault is Fault.JUMP:
            await asyncio.to_thread(_cut_connections, self._url)
        elif self._database.is_sqlite:
            await asyncio.to_thread(_lock_sqlite, str(self._database.engine.url.database))
        else:
            await asyncio.to_thread(_lock_postgres, self._url)
        await self._note_what_is_unsure(fault)

    async def _note_what_is_unsure(self, fault: Fault) -> None:
        """Mark what the mail server took, and what we could not note while this lasts."""
        for accepted in await asyncio.to_thread(_not_noted, self._database, self._route):
            accepted.unsure = accepted.unsure or fault.value

    @property
    def _url(self) -> str:
        return self._database.engine.url.render_as_string(hide_password=False)

    async def _fill_up(self) -> None:
        """Let worker and portal write to no file for a while, as a quota does that is used up."""
        processes = [self._stack.process(part) for part in (WORKER, PORTAL)]
        limited = [p.pid for p in processes if p is not None and _limit_files(p.pid, 0)]
        await asyncio.sleep(FULL_SECONDS)
        for pid in limited:
            _limit_files(pid, resource.RLIM_INFINITY)


def what_was_lost(database: Database, route: PostRoute) -> None:
    """Mark what the mail server took and the killed worker did not note."""
    for accepted in _not_noted(database, route):
        accepted.lost = accepted.lost or Fault.KILL_WORKER.value


def _not_noted(database: Database, route: PostRoute) -> list[Acceptance]:
    """What was accepted of the mails that are about to go, as far as the ledger knows."""
    sending = select(MessageRow.message_id).where(
        MessageRow.state == MessageState.SENDING.value, MessageRow.attempts > 0
    )
    with database.read() as session:
        unknown = set(session.scalars(sending))
    return [all_of_it[-1] for one, all_of_it in route.by_message.items() if one in unknown]


def _limit_files(pid: int, size: int) -> bool:
    """Let a process write files up to this size. Gives whether it is still there."""
    with suppress(ProcessLookupError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
        return True
    return False


def _lock_sqlite(file: str) -> None:
    with sqlite3.connect(file, timeout=30, isolation_level=None) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        sleep(LOCK_SECONDS)
        connection.execute("ROLLBACK")
    connection.close()


def _lock_postgres(url: str) -> None:
    engine = _admin(url)
    locked = False
    while not locked:
        with suppress(OperationalError), engine.begin() as connection:  # a deadlock: once more
            connection.execute(text(f"LOCK TABLE {_WRITTEN} IN ACCESS EXCLUSIVE MODE"))
            sleep(LOCK_SECONDS)
            locked = True
    engine.dispose()


def _cut_connections(url: str) -> None:
    engine = _admin(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def _admin(url: str) -> Engine:
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"))
