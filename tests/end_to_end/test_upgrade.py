"""The runbook of docs/upgrading.md, played: a new build with a changed workflow, mid-program.

The server, the workers' processes, the store and the mail are real. The commands are those of the
document; only the names of deployment, builds and task queue are the test's own, and the part of
the workflows that is sent to the new build: a fifth of so few might be none.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from domain.ids import program_workflow_id
from domain.lifecycle import Stage
from runtime.settings import PROJECT
from store import answers, programs
from store.database import Database
from store.links import Link, Purpose
from tests.activities.post_office import PostOffice, open_post_office
from tests.conftest import program_beside_python
from tests.console.conftest import PEOPLE, always_open, here
from tests.console.typed import Typed, type_in
from tests.portal.scene import EXPIRES
from worker import WORKFLOWS, workflow_runner
from workflows.messages import ProgramView

__all__ = ["here"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE = 60.0

RUNBOOK = (PROJECT / "docs" / "upgrading.md").read_text("utf-8")

PARTS = ("activities", "domain", "runtime", "store", "workflows")

SOME = 23
"""Lines of the example's people file that are enough for a few pairs."""

CHANGE = "look-again"

AFTER = """        self._enter(Stage.MEETINGS, self._in_days(self._plan.pair.meetings))
        await self._write_down()
"""
"""Where the new build's workflow differs: as the meetings begin."""

CHANGED = f'''{AFTER}        if workflow.patched("{CHANGE}"):
            await self._write_down()
'''


def command(words: str, number: int = 0) -> list[str]:
    """A command of the runbook that holds these words, as it stands there."""
    blocks = re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL)
    return shlex.split([block for block in blocks if words in block][number])


@dataclass
class Site:
    """Where the two builds run."""

    client: Client
    task_queue: str
    deployment: str
    database: Database
    post: PostOffice
    folder: Path
    people: Path

    def _named(self, word: str) -> str:
        names = {"mentoring": self.deployment, "0.3.0": "old", "0.4.0": "new", "20": "50"}
        return names.get(word, word)

    async def runbook(self, words: str, number: int = 0) -> str:
        """Carry out a command of the runbook. Raises AssertionError where it fails."""
        code, said = await self._run([self._named(word) for word in command(words, number)])
        assert code == 0, said
        return said

    async def _run(self, words: list[str]) -> tuple[int, str]:
        address = self.client.service_client.config.target_host
        process = await asyncio.create_subprocess_exec(
            program_beside_python(words[0]),
            *words[1:],
            *("--address", address),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    async def until_runs(self, words: str) -> None:
        """Carry out a command of the runbook that the server takes once it knows the build."""
        typed = [self._named(word) for word in command(words)]
        async with asyncio.timeout(PATIENCE):
            while (await self._run(typed))[0] != 0:
                await asyncio.sleep(0.1)

    @asynccontextmanager
    async def worker(self, tree: Path, build: str, **more: str) -> AsyncIterator[None]:
        """A worker's process of the build in this tree, until the end of the block."""
        address = self.client.service_client.config.target_host
        environment = {
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(self.folder),
            "DATABASE_URL": self.database.engine.url.render_as_string(hide_password=False),
            "SMTP_URL": f"smtp://127.0.0.1:{self.post.server.port}?tls=none",
            "LINK_KEYS": "abcdefghhgfedcba" * 2,
            "TEMPORAL_ADDRESS": address,
            "TASK_QUEUE": self.task_queue,
            "DEPLOYMENT": self.deployment,
            "BUILD_ID": build,
            "MAIL_RATE": "1000",
            **more,
        }
        log = (self.folder / f"worker-{build}.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "worker.py", cwd=tree, env=environment, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            async with asyncio.timeout(PATIENCE):
                assert await process.wait() == 0, "a worker leaves in good order"
            log.close()

    async def builds_of(self, program: str) -> dict[str, str | None]:
        """The build that each open workflow of a program last went on with."""
        found = {}
        query = f'MentoringProgram = "{program}" AND ExecutionStatus = "Running"'
        async for one in self.client.list_workflows(query):
            raw = (await self.client.get_workflow_handle(one.id).describe()).raw_description
            version = raw.workflow_execution_info.versioning_info.deployment_version
            found[one.id] = version.build_id or None
        return found

    async def until_builds(self, program: str, wanted: set[str]) -> None:
        """Wait until a program's open workflows are with these builds, and no others."""
        async with asyncio.timeout(PATIENCE):
            while set((await self.builds_of(program)).values()) != wanted:
                await asyncio.sleep(0.2)

    async def histories(self, program: str) -> list[WorkflowHistory]:
        query = f'MentoringProgram = "{program}"'
        return [
            await self.client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history()
            async for one in self.client.list_workflows(query)
        ]


@dataclass
class Running:
    """A program that HR has started."""

    site: Site
    id: str

    async def type(self, *words: object) -> Typed:
        done = await asyncio.to_thread(type_in, *words)
        assert done.code == 0, done.err
        return done

    async def view(self) -> ProgramView:
        handle = self.site.client.get_workflow_handle(program_workflow_id(self.id))
        view: ProgramView = await handle.query("view", result_type=ProgramView)
        return view

    async def until(self, *stages: Stage) -> None:
        async with asyncio.timeout(PATIENCE):
            while (await self.view()).stage not in stages:
                await asyncio.sleep(0.1)

    async def up_to_the_pairs(self, definition: Path) -> None:
        """Start it, have everybody join, and approve the matches. Nobody does more than that."""
        await self.type("start", definition, self.site.people)
        await self.until(Stage.MATCHING)
        await asyncio.to_thread(self._everybody_joins)
        await self.type("close-enrolment", self.id)
        async with asyncio.timeout(PATIENCE):
            while not (await self.view()).awaits_approval:
                await asyncio.sleep(0.1)
        await self.type("matches", self.id, "approve")

    def _everybody_joins(self) -> None:
        with self.site.database.write() as session:
            for person in programs.participants(session, self.id):
                if person.eligible_roles:
                    link = Link(
                        purpose=Purpose.JOIN, program=self.id, person=person.id, expires=EXPIRES
                    )
                    answers.join(session, link, True)


@pytest.fixture
def site(
    dev_server: WorkflowEnvironment,
    task_queue: str,
    here: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sqlite_database: Database,
) -> Iterator[Site]:
    monkeypatch.setenv("TEMPORAL_ADDRESS", str(dev_server.client.service_client.config.target_host))
    monkeypatch.setenv("TASK_QUEUE", task_queue)
    url = sqlite_database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    some = tmp_path / "people.csv"
    some.write_text("".join(PEOPLE.read_text("utf-8").splitlines(keepends=True)[:SOME]), "utf-8")
    with open_post_office(tmp_path) as post:
        name = f"deployment-{uuid4().hex[:8]}"
        yield Site(dev_server.client, task_queue, name, sqlite_database, post, tmp_path, some)


def changed_tree(folder: Path) -> Path:
    """The project with another workflow, as the next release might have it."""
    tree = folder / "new"
    for part in PARTS:
        shutil.copytree(PROJECT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "content").symlink_to(PROJECT / "content")
    shutil.copy(PROJECT / "worker.py", tree)
    program = tree / "workflows" / "program.py"
    text = program.read_text("utf-8")
    assert text.count(AFTER) == 1
    program.write_text(text.replace(AFTER, CHANGED), "utf-8")
    return tree


def definition(site: Site, day: str) -> tuple[str, Path]:
    """A definition whose program has days of this length."""
    name = f"upgrade-{uuid4().hex[:8]}"
    file = site.folder / f"{name}.yaml"
    file.write_text(always_open(name, day), "utf-8")
    return name, file


async def test_a_new_build_is_ramped_taken_back_and_made_current_while_programs_run(
    site: Site,
) -> None:
    new_tree = changed_tree(site.folder)
    first, first_definition = definition(site, "0.25s")
    second, second_definition = definition(site, "0.1s")
    async with site.worker(PROJECT, "old"):
        await site.until_runs("set-current-version")
        old_program = Running(site, first)
        await old_program.up_to_the_pairs(first_definition)
        await site.until_builds(first, {"old"})
        async with site.worker(new_tree, "new", HELD_PATCHES=CHANGE):
            await site.until_runs("describe-version")
            await site.runbook("--percentage")
            await site.until_builds(first, {"old", "new"})
            await site.runbook("workflow list")
            await site.runbook("--delete")
            await site.until_builds(first, {"old"})
            await site.runbook("set-current-version", 1)
            await site.until_builds(first, {"new"})
        async with site.worker(new_tree, "new"):
            new_program = Running(site, second)
            await new_program.up_to_the_pairs(second_definition)
            for program in (old_program, new_program):
                await program.until(Stage.COMPLETED)
    old, new = await site.histories(first), await site.histories(second)
    assert not _failed_tasks([*old, *new])
    changed = [history for history in (*old, *new) if _took_up_the_change(history)]
    assert [history.workflow_id for history in changed] == [program_workflow_id(second)]
    await _the_old_build_could_not_go_on_with(changed[0])


def _took_up_the_change(history: WorkflowHistory) -> bool:
    markers = [
        event.marker_recorded_event_attributes.details
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
    ]
    payloads = [one for details in markers for some in details.values() for one in some.payloads]
    return any(CHANGE.encode() in payload.data for payload in payloads)


def _failed_tasks(histories: list[WorkflowHistory]) -> list[str]:
    return [
        event.workflow_task_failed_event_attributes.failure.message
        for history in histories
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]


async def _the_old_build_could_not_go_on_with(history: WorkflowHistory) -> None:
    """Why the runbook holds changes back while there may be a way back."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=workflow_runner(),
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is not None
