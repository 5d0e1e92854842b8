"""Programs and bare workflows, run on a benchmark's server by a worker in its own process."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from bench.engine.bare import FOREVER, STEP_DONE, TOLD, listener_of
from bench.engine.crew import USED
from bench.engine.office import MOMENT, Office, program_of
from bench.engine.people import Habit, instant_of, read_moments
from bench.engine.processes import running
from bench.engine.server import Server, cpu_seconds
from bench.runs import PROJECT
from domain.deeds import DEED_SIGNAL
from domain.definition import Definition
from domain.ids import pair_workflow_id
from domain.plan import ProgramPlan, plan_of
from store.definition_file import load_definition
from workflows.messages import MatchesApproval, ProgramInput, ProgramView
from workflows.program import ProgramWorkflow
from workflows.starting import start_options

DEFINITIONS = PROJECT / "bench" / "definitions"
REFERENCE = DEFINITIONS / "reference.yaml"
DENSE = DEFINITIONS / "dense.yaml"


@dataclass(frozen=True, slots=True)
class Kind:
    """A program to be run, and how its days and people are."""

    file: Path
    day: float
    """Seconds that a program day takes."""
    habits: Sequence[Habit]
    """Of the pairs in turn."""

    def definition(self) -> Definition:
        """Its definition, with days of this length."""
        found = load_definition(self.file)
        calendar = found.calendar.model_copy(update={"day": self.day})
        return found.model_copy(update={"calendar": calendar})


@dataclass
class Used:
    """What a worker's process used."""

    cpu: float = 0.0
    megabytes: float = 0.0


@dataclass
class Crew:
    """A worker's process, and what it says."""

    process: asyncio.subprocess.Process
    used: Used = field(default_factory=Used)
    on_line: Callable[[str], None] = lambda _line: None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    last_words: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    """What it logged, for whoever asks why it ended."""

    async def listen(self) -> None:
        """Take in its lines to the end."""
        assert self.process.stdout is not None  # noqa: S101 - a pipe was asked for
        async for raw in self.process.stdout:
            line = raw.decode().strip()
            if line == "ready":
                self.ready.set()
            elif line.startswith(USED):
                found = json.loads(line.removeprefix(USED))
                self.used.cpu, self.used.megabytes = found["cpu"], found["megabytes"]
            elif line.startswith((MOMENT, STEP_DONE)):
                self.on_line(line)
            else:  # what it logs
                self.last_words.append(line)

    def cpu_seconds(self) -> float:
        """The processor time that it has used so far."""
        return cpu_seconds(self.process.pid)


@asynccontextmanager
async def open_crew(address: str, queue: str, *words: object) -> AsyncIterator[Crew]:
    """A worker's process for the length of the block."""
    command = (sys.executable, "-m", "bench.engine.crew", address, queue, *map(str, words))
    async with running(command, stdout=asyncio.subprocess.PIPE) as process:
        crew = Crew(process)
        listening = asyncio.create_task(crew.listen())
        ready = asyncio.create_task(crew.ready.wait())
        await asyncio.wait({listening, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not crew.ready.is_set():
            raise RuntimeError("\n".join(("The benchmark's worker ended:", *crew.last_words)))
        yield crew
    await listening  # to its last line, which says what it used


class Town:
    """The people of some programs: does what they do, when they do it."""

    def __init__(self, client: Client, kind: Kind, plan: ProgramPlan, office: Office) -> None:
        self._client = client
        self._kind = kind
        self._plan = plan.pair
        self._office = office
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, line: str) -> None:
        """Take in a line that the office said."""
        _, program, pair, moments = line.split()
        habit = self._kind.habits[int(pair.rpartition("-")[2]) % len(self._kind.habits)]
        now = datetime.now(UTC)
        for asked in read_moments(moments):
            for act in habit(asked):
                at = self._office.hours(now).next_open(instant_of(act, now, self._plan))
                self._later(self._do(pair_workflow_id(program, pair), act.deed(at, self._plan), at))

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, workflow: str, deed: object, at: datetime) -> None:
        await until(at)
        await tell(self._client, workflow, DEED_SIGNAL, deed)


async def until(at: datetime) -> None:
    """Wait for an instant."""
    await asyncio.sleep((at - datetime.now(UTC)).total_seconds())


async def tell(client: Client, workflow: str, signal: str, words: object) -> None:
    """Signal a workflow. One that is over hears it no more."""
    try:
        await client.get_workflow_handle(workflow).signal(signal, words)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


@dataclass(frozen=True, slots=True)
class Played:
    """Programs, or bare workflows, that were run to their ends."""

    names: tuple[str, ...]
    """Of the programs or workflows."""
    pairs: int
    """Of each program."""
    seconds: float
    """From the first's start until the last was over."""
    worker: Used
    server_cpu: float

    def pair_ids(self) -> list[str]:
        """The workflow ids of all pairs."""
        return [
            pair_workflow_id(program, f"pair-{number}")
            for program in self.names
            for number in range(self.pairs)
        ]


class Stage:
    """A worker of the project's workflows, and the people of all programs that are run with it."""

    def __init__(self, client: Client, queue: str, crew: Crew, kind: Kind, epoch: datetime) -> None:
        self.client = client
        self.queue = queue
        self.crew = crew
        definition = kind.definition()
        self._office = Office(definition, epoch)
        self._plan = plan_of(definition, epoch).model_copy(
            update={"enrolment": 1, "follow_ups": ()}
        )
        crew.on_line = Town(client, kind, self._plan, self._office).hear

    async def run(self, name: str) -> None:
        """Run a program to its end; its matches are approved when HR works."""
        handle = await self.client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=name, plan=self._plan),
            task_queue=self.queue,
            **start_options(name),
        )
        view: ProgramView = await handle.query(ProgramWorkflow.view)
        while not view.awaits_approval:
            await asyncio.sleep(0.1)
            view = await handle.query(ProgramWorkflow.view)
        await until(self._office.hours(datetime.now(UTC)).next_open(datetime.now(UTC)))
        approval = MatchesApproval(number=view.proposal_number or 1)
        await handle.execute_update(ProgramWorkflow.approve_matches, approval)
        await handle.result()


@asynccontextmanager
async def on_stage(server: Server, kind: Kind, *words: object) -> AsyncIterator[Stage]:
    """A stage for the length of the block; `words` are the worker's."""
    epoch, queue = datetime.now(UTC), f"bench-{uuid4().hex[:8]}"
    about = ("--definition", kind.file, "--day", kind.day, "--epoch", epoch)
    async with open_crew(server.address, queue, *about, *words) as crew:
        yield Stage(server.client, queue, crew, kind, epoch)


async def play(server: Server, kind: Kind, pairs: int, programs: int = 1) -> Played:
    """Run programs of so many pairs, all at once, to their ends."""
    async with on_stage(server, kind) as stage:
        names = tuple(program_of(f"{stage.queue}-{n}", pairs) for n in range(programs))
        server_before, began = server.cpu_seconds(), time.monotonic()
        await asyncio.gather(*(stage.run(name) for name in names))
        seconds, cpu = time.monotonic() - began, server.cpu_seconds() - server_before
    return Played(names, pairs, seconds, stage.crew.used, cpu)


async def play_bare(
    server: Server, scripts: Sequence[str], starts: Sequence[float] | None = None
) -> Played:
    """Run a bare workflow for each script to their ends: all at once, or after so many seconds."""
    queue = f"bare-{uuid4().hex[:8]}"
    client = await Client.connect(server.address)
    tasks: set[asyncio.Task[None]] = set()

    def hear(line: str) -> None:
        _, workflow, *delays = line.split()
        for delay in delays[0].split(",") if delays else ():
            task = asyncio.create_task(_tell_bare(client, workflow, float(delay)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async with open_crew(server.address, queue, "--bare") as crew:
        crew.on_line = hear
        server_before, began = server.cpu_seconds(), time.monotonic()
        listener = await client.start_workflow(
            "Bare", FOREVER, id=listener_of(queue), task_queue=queue
        )
        names = tuple(f"{queue}-{number}" for number in range(len(scripts)))
        after = starts or [0.0] * len(scripts)
        await asyncio.gather(
            *(_run_bare(client, queue, *one) for one in zip(names, scripts, after, strict=True))
        )
        seconds, cpu = time.monotonic() - began, server.cpu_seconds() - server_before
        await listener.terminate()
    return Played(names, 1, seconds, crew.used, cpu)


async def _run_bare(client: Client, queue: str, name: str, script: str, after: float) -> None:
    await asyncio.sleep(after)
    await client.execute_workflow("Bare", script, id=name, task_queue=queue, result_type=int)


async def _tell_bare(client: Client, workflow: str, delay: float) -> None:
    await asyncio.sleep(delay)
    await tell(client, workflow, TOLD, "done")


async def history_of(client: Client, workflow: str) -> WorkflowHistory:
    """The last run of a workflow."""
    return await client.get_workflow_handle(workflow).fetch_history()
