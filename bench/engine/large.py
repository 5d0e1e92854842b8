"""A program of very many pairs from start to end, and what others notice of it meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from random import Random

from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.service import RPCError

from bench.comparison import Tell
from bench.engine.lab import DEFINITIONS, Kind, Stage, Used, history_of, on_stage
from bench.engine.office import pairs_of, program_of
from bench.engine.people import prompt
from bench.engine.replay import Replayed, replayed, replays_checks, replays_table
from bench.engine.server import open_server
from bench.machine import machine
from bench.tables import Check, Ratio, Result, checks_text, table
from domain.ids import COHORT_SIZE, cohort_workflow_id, pair_workflow_id, program_workflow_id
from domain.pair_orders import Order
from workflows.messages import HrOrder
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow

LARGE = DEFINITIONS / "large.yaml"
SMALL_PAIRS = 20
SEED = 20261128
REPLAYS = 5
LONG = 1_000
"""Events from which on it is claimed that replaying does not take longer and longer."""

MOST_SECONDS = 2.0
"""Within which a command of HR's is answered, and a small program's task begun, while it runs."""

MOST_EVENTS = 5_000
"""Of one run of a program or a cohort."""

MOST_BYTES = 256 * 1024
"""Of a payload, from which on the server warns. Taken of the whole event that it is in."""

_BEGUN = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED: "workflow_task_started_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED: "activity_task_started_event_attributes",
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How long and how large the histories of some workflows became."""

    runs: int
    events: int
    """Of the longest run."""
    most_bytes: int
    """Of the largest event."""


@dataclass(frozen=True, slots=True)
class Large:
    """Programs that were run, and what was noticed meanwhile."""

    pairs: int
    programs: int
    seconds: float
    worker: Used
    server_megabytes: float
    commands: tuple[float, ...]
    """Seconds until each of HR's was answered, sorted."""
    waits: tuple[float, ...]
    """Seconds that each task of a small program waited until it was begun, sorted."""
    sizes: dict[str, Sizes]
    """Of programs and of cohorts."""
    replays: tuple[Replayed, ...]
    """Of the first program, and of its first cohort."""


async def measure(pairs: int, programs: int, day: float, tell: Tell, *words: object) -> Large:
    """Run programs of so many pairs, with days of so many seconds, and a small one beside them.

    `words` are the worker's.
    """
    async with (
        open_server() as server,
        on_stage(server, Kind(LARGE, day, (prompt,)), *words) as stage,
    ):
        names = [program_of(f"{stage.queue}-{number}", pairs) for number in range(programs)]
        small = program_of(f"{stage.queue}-small", SMALL_PAIRS)
        began = time.monotonic()
        running = asyncio.gather(*(stage.run(name) for name in names))
        async with _commands(stage.client, names, tell) as commands:
            await _until_pairs_begin(stage.client, names[0])
            await stage.run(small)
            await running
        seconds = time.monotonic() - began
        waits = await _waits(stage.client, small)
        sizes = await _sizes(stage, names)
        replays = await _replays(stage.client, names[0])
    return Large(
        pairs=pairs,
        programs=programs,
        seconds=seconds,
        worker=stage.crew.used,
        server_megabytes=server.most_megabytes,
        commands=tuple(sorted(commands)),
        waits=tuple(sorted(waits)),
        sizes=sizes,
        replays=replays,
    )


@asynccontextmanager
async def _commands(
    client: Client, programs: Sequence[str], tell: Tell
) -> AsyncIterator[list[float]]:
    """HR's commands, one after the other, for the length of the block: how long each took."""
    took: list[float] = []
    luck = Random(SEED)  # noqa: S311 - figures, no secrets

    async def go_on() -> None:
        while True:
            program = luck.choice(programs)
            pair = f"pair-{luck.randrange(pairs_of(program))}"
            orders = (_order(client, program, pair, one) for one in (Order.HOLD, Order.RESUME))
            for command in (_look(client, program), *orders):
                began = time.monotonic()
                with suppress(RPCError, WorkflowQueryFailedError, WorkflowUpdateFailedError):
                    await command  # a pair that is not there yet, or over: refused as quickly
                took.append(time.monotonic() - began)
            if len(took) % 300 == 0:
                tell(f"{len(took)} commands, the slowest in {max(took):.2f} s")
            await asyncio.sleep(1)

    task = asyncio.create_task(go_on())
    try:
        yield took
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _look(client: Client, program: str) -> None:
    await client.get_workflow_handle(program_workflow_id(program)).query(ProgramWorkflow.view)


async def _order(client: Client, program: str, pair: str, order: Order) -> None:
    handle = client.get_workflow_handle(pair_workflow_id(program, pair))
    await handle.execute_update(PairWorkflow.order, HrOrder(order=order))


async def _until_pairs_begin(client: Client, program: str) -> None:
    handle = client.get_workflow_handle(program_workflow_id(program))
    begun = False
    while not begun:
        await asyncio.sleep(0.5)
        with suppress(RPCError):  # it may not be there yet
            begun = bool((await handle.query(ProgramWorkflow.view)).pairs)


async def _waits(client: Client, program: str) -> list[float]:
    """How long tasks of a program and its pairs waited for a worker."""
    names = [f"pair-{number}" for number in range(pairs_of(program))]
    workflows = [pair_workflow_id(program, name) for name in names]
    found = []
    for workflow in (program_workflow_id(program), *workflows):
        history = await client.get_workflow_handle(workflow).fetch_history()
        at = {event.event_id: event.event_time.ToMicroseconds() / 1e6 for event in history.events}
        for event in history.events:
            if attributes := _BEGUN.get(event.event_type):
                scheduled = getattr(event, attributes).scheduled_event_id
                found.append(at[event.event_id] - at[scheduled])
    return found


async def _replays(client: Client, program: str) -> tuple[Replayed, ...]:
    pairs = pairs_of(program)
    workflows = {
        f"a program of {pairs:,} pairs": program_workflow_id(program),
        f"a cohort of {min(pairs, COHORT_SIZE):,} pairs": cohort_workflow_id(program, 1),
    }
    return tuple(
        [
            await replayed(name, await history_of(client, workflow), REPLAYS)
            for name, workflow in workflows.items()
        ]
    )


async def _sizes(stage: Stage, programs: Sequence[str]) -> dict[str, Sizes]:
    of_programs = [program_workflow_id(program) for program in programs]
    of_cohorts = [
        cohort_workflow_id(program, number)
        for program in programs
        for number in range(1, -(-pairs_of(program) // COHORT_SIZE) + 1)
    ]
    return {
        "program": await _sizes_of(stage.client, of_programs),
        "cohort": await _sizes_of(stage.client, of_cohorts),
    }


async def _sizes_of(client: Client, workflows: Sequence[str]) -> Sizes:
    runs = events = most_bytes = 0
    for workflow in workflows:
        async for one in client.list_workflows(f'WorkflowId = "{workflow}"'):
            runs += 1
            number = 0
            handle = client.get_workflow_handle(workflow, run_id=one.run_id)
            async for event in handle.fetch_history_events():
                number += 1
                most_bytes = max(most_bytes, event.ByteSize())
            events = max(events, number)
    return Sizes(runs, events, most_bytes)


def result_of(found: Sequence[Large], command: str) -> Result:
    """The tables, and whether what is claimed holds."""
    rows = [
        (
            f"{one.programs:,} × {one.pairs:,}",
            f"{one.seconds / 60:.1f}",
            f"{one.programs * one.pairs / one.seconds:.2f}",
            f"{one.worker.megabytes:.0f}",
            f"{one.server_megabytes:.0f}",
            *_spread(one.commands),
            *_spread(one.waits),
            f"{one.sizes['program'].events:,}",
            f"{one.sizes['cohort'].events:,}",
            f"{max(size.most_bytes for size in one.sizes.values()) / 1024:.0f}",
        )
        for one in found
    ]
    head = (
        *("programs × pairs", "minutes", "pairs a second", "worker, MB", "server, MB"),
        *("command p50, s", "p99", "slowest"),
        *("small one’s wait p50, s", "p99", "longest"),
        *("events a program’s run", "a cohort’s run", "largest event, KB"),
    )
    replays = [replay for one in found for replay in one.replays]
    long_ones = [replay for replay in replays if replay.events[-1] > LONG]
    checks = [check for one in found for check in _checks(one)] + [*replays_checks(long_ones)]
    text = (
        f"{machine()}. `{command}`.\n\n{table(head, rows)}\n{replays_table(replays)}\n"
        f"```\n{checks_text(checks)}```\n"
    )
    ratios = [Ratio(f"replay: growth of {replay.name}", replay.growth) for replay in long_ones]
    return Result("large", text, tuple(checks), tuple(ratios))


def _spread(some: Sequence[float]) -> list[str]:
    return [f"{_percentile(some, share):.2f}" for share in (0.5, 0.99, 1)]


def _checks(one: Large) -> list[Check]:
    which = f"{one.programs:,} × {one.pairs:,}"
    wait = _percentile(one.waits, 0.99)
    most = max(size.events for size in one.sizes.values())
    most_bytes = max(size.most_bytes for size in one.sizes.values())
    return [
        Check(
            f"{which}: HR’s commands are answered within {MOST_SECONDS:g} s "
            f"({len(one.commands):,}, the slowest in {one.commands[-1]:.2f} s)",
            one.commands[-1] <= MOST_SECONDS,
        ),
        Check(
            f"{which}: 99 of 100 tasks of a small program begin within {MOST_SECONDS:g} s "
            f"({len(one.waits):,}, {wait:.2f} s)",
            wait <= MOST_SECONDS,
        ),
        Check(
            f"{which}: no run of a program or cohort is longer than {MOST_EVENTS:,} events "
            f"({most:,})",
            most <= MOST_EVENTS,
        ),
        Check(
            f"{which}: no payload over 256 KB ({most_bytes / 1024:.0f})", most_bytes < MOST_BYTES
        ),
    ]


def _percentile(some: Sequence[float], share: float) -> float:
    return some[min(int(len(some) * share), len(some) - 1)]
