"""Plays a whole program on a stack of its own, while a plan of faults is carried out."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.service import RPCError

from console import show_status
from console.app import start_program
from console.show_status import Standing
from console.status import read_standing
from domain.ids import program_workflow_id
from domain.lifecycle import Stage
from runtime.ports import ANY_PORTS
from runtime.stack import WORKER, Stack
from store import outbox, programs
from store.database import Database
from store.links import Links
from tests.chaos.breaking import Breaker
from tests.chaos.crowd import Crowd
from tests.chaos.faults import NO_FAULTS, Plan, Play, Tally
from tests.chaos.population import Population
from tests.chaos.post import PostRoute
from tests.chaos.web import Browser
from workflows.messages import MatchesApproval

LOOK_SECONDS = 1.5

LONGEST_SECONDS = 1500.0
"""What a program may take, faults and all; one that takes longer is stuck."""

_NOT_NOW = (SQLAlchemyError, RPCError, RuntimeError, OSError, WorkflowUpdateFailedError)
"""What comes of asking store or server while it is broken: it is asked again."""


@dataclass
class Scene:
    """A program that was played, and all that it left."""

    population: Population
    folder: Path
    stack: Stack
    database: Database
    client: Client
    route: PostRoute
    browser: Browser
    crowd: Crowd
    breaker: Breaker
    tally: Tally
    standing: Standing | None = None

    @property
    def program(self) -> str:
        return self.population.definition.program.id

    @property
    def play(self) -> Play:
        """How much it consisted of."""
        return Play(forms=self.browser.thanked, mails=len(self.route.accepted))


@asynccontextmanager
async def played(
    folder: Path,
    population: Population,
    plan: Plan = NO_FAULTS,
    *,
    url: str | None = None,
    say: Callable[[str], None] = print,
    worker: Sequence[str] = ("worker.py",),
) -> AsyncIterator[Scene]:
    """The program, played from its start to its report.

    `url` names the store, if it is not SQLite; `worker` is what Python runs as the worker.
    """
    tally = Tally(say)
    disturbed = plan is not NO_FAULTS
    route = PostRoute(plan, tally, population.refused)
    await route.open()
    stack = Stack(
        folder,
        ports=ANY_PORTS,
        environment={"DATABASE_URL": url} if url else {},
        programs={WORKER: _with_mail_through(route.port, worker)},
        say=say if disturbed else lambda _line: None,
    )
    route.leads_to(lambda: urlsplit(stack.settings().smtp_url.get_secret_value()).port or 0)
    browser = Browser(plan, tally)
    try:
        async with stack, asyncio.timeout(LONGEST_SECONDS):
            database = Database(stack.settings().database)
            scene = await _begun(folder, population, stack, database, route, browser, plan, tally)
            await _lived(scene)
            yield scene
            database.close()
    finally:
        await browser.close()
        await route.close()


def _with_mail_through(port: int, worker: Sequence[str]) -> list[str]:
    """A command that runs the worker, with its mail on its way to the mailbox."""
    env = shutil.which("env")
    assert env is not None
    return [env, f"SMTP_URL=smtp://127.0.0.1:{port}?tls=none", sys.executable, *worker]


async def _begun(
    folder: Path,
    population: Population,
    stack: Stack,
    database: Database,
    route: PostRoute,
    browser: Browser,
    plan: Plan,
    tally: Tally,
) -> Scene:
    settings = stack.settings()
    await start_program(settings, population.definition, population.entrants)
    with database.read() as session:
        calendar = programs.get(session, population.definition.program.id).calendar
    links = Links(settings.portal_url, settings.signing_keys())
    crowd = Crowd(population, browser, links, calendar, settings.mailbox_url or "")
    breaker = Breaker(stack, database, route, plan, tally)
    client = await stack.client()
    return Scene(population, folder, stack, database, client, route, browser, crowd, breaker, tally)


async def _lived(scene: Scene) -> None:
    """Have the program lived through, by its people, by HR and with its faults."""
    async with asyncio.TaskGroup() as lives:
        people = lives.create_task(scene.crowd.live())
        breaking = lives.create_task(scene.breaker.work(lambda: scene.browser.thanked))
        scene.standing = await _Hr(scene).until_it_is_over()
        people.cancel()
        if not breaking.done():
            breaking.cancel()


class _Hr:
    """Ends enrolment when everybody has answered, approves the matches, and watches."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._expected = sum(person.reads for person in scene.population.people)
        handle = scene.client.get_workflow_handle(program_workflow_id(scene.program))
        self._program: WorkflowHandle[Any, Any] = handle

    async def until_it_is_over(self) -> Standing:
        """Run the program to its end, when its last mail has gone and its workflow is over."""
        while True:
            standing = await self._look()
            if standing is not None and standing.status.stage is Stage.COMPLETED:
                break
            if standing is not None:
                await self._act(standing)
            await asyncio.sleep(LOOK_SECONDS)
        while not await self._is_settled():
            await asyncio.sleep(LOOK_SECONDS)
        return await asyncio.to_thread(read_standing, self._scene.database, self._scene.program)

    async def _look(self) -> Standing | None:
        try:
            return await asyncio.to_thread(read_standing, self._scene.database, self._scene.program)
        except SQLAlchemyError:
            return None

    async def _act(self, standing: Standing) -> None:
        status = standing.status
        answered = status.people.joined + status.people.stayed_out
        try:
            if status.stage is Stage.MATCHING and standing.proposal is None:
                if answered >= self._expected:
                    await self._program.execute_update("close_enrolment")
            elif standing.proposal is not None and show_status.waits_for_approval(status):
                number = standing.proposal.number
                await self._program.execute_update(
                    "approve_matches", MatchesApproval(number=number)
                )
        except _NOT_NOW:
            return  # next time; or it was carried out, and only the answer was lost

    async def _is_settled(self) -> bool:
        """Whether the program's workflow is over, and nothing waits in the outbox."""
        try:
            described = await self._program.describe()
            with self._scene.database.read() as session:
                waiting = outbox.size(session)
        except _NOT_NOW:
            return False
        return described.close_time is not None and not waiting
