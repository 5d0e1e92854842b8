"""How long a worker takes to replay what a workflow did, and how that grows with its history."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from bench.engine.lab import DEFINITIONS, Kind, on_stage
from bench.engine.office import program_of
from bench.engine.people import Act, Asked, prompt
from bench.engine.server import PUNCTUAL, open_server
from bench.machine import machine
from bench.tables import Check, Ratio, Result, checks_text, table
from domain.ids import pair_workflow_id
from domain.pair import MomentKind
from domain.pair_orders import Order
from worker import WORKFLOWS, workflow_runner
from workflows.messages import HrOrder
from workflows.pair import PairWorkflow

MOST_GROWTH = 1.25
"""What an event of a whole history may take, of what one takes in its first half."""

PARTS = (0.25, 0.5, 1.0)

TWO_YEARS = DEFINITIONS / "two_years.yaml"
DAY = 0.05
LATE = (5, 12)
"""Sessions before which the two climb three steps of the ladder, and come back."""
LAST = 20
"""Session at which HR parts the two, so that both can have other partners."""
LATE_DAYS = 25.0


@dataclass(frozen=True, slots=True)
class Replayed:
    """How long replaying took, by how much of the history it was."""

    name: str
    events: tuple[int, ...]
    milliseconds: tuple[float, ...]

    @property
    def growth(self) -> float:
        """What an event of the second half takes, of what one takes in the quarter before it."""
        (first, half, whole), (quick, middle, slow) = self.events, self.milliseconds
        return ((slow - middle) / (whole - half)) / ((middle - quick) / (half - first))


async def replayed(name: str, history: WorkflowHistory, times: int) -> Replayed:
    """Replay a history, and the beginnings of it, so many times each."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=workflow_runner(),
    )
    parts = [_beginning(history, share) for share in PARTS]
    took: list[list[float]] = [[] for _ in parts]
    await replayer.replay_workflow(parts[0])  # loads what is loaded once
    for _ in range(times):
        for place, part in enumerate(parts):
            began = time.perf_counter()
            await replayer.replay_workflow(part)
            took[place].append((time.perf_counter() - began) * 1000)
    return Replayed(
        name, tuple(len(part.events) for part in parts), tuple(median(one) for one in took)
    )


def _beginning(history: WorkflowHistory, share: float) -> WorkflowHistory:
    """So much of a history, to the end of a task of it."""
    events = list(history.events)
    end = round(len(events) * share)
    while share < 1 and events[end - 1].event_type != EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
        end -= 1
    return WorkflowHistory(workflow_id=history.workflow_id, events=events[:end])


async def long_history() -> WorkflowHistory:
    """The history of a pair over two years, which climbs the ladder twice and is then parted."""
    time_to_part = asyncio.Event()

    def late_and_parted(asked: Asked) -> Iterator[Act]:
        due = asked.session if asked.kind is MomentKind.SESSION_DUE else None
        if due == LAST:
            time_to_part.set()
            return
        for act in prompt(asked):
            yield act.model_copy(update={"hours": LATE_DAYS * 24}) if due in LATE else act

    async with (
        open_server(PUNCTUAL) as server,
        on_stage(server, Kind(TWO_YEARS, DAY, (late_and_parted,))) as stage,
    ):
        program = program_of(stage.queue, 1)
        running = asyncio.create_task(stage.run(program))
        await time_to_part.wait()
        pair = pair_workflow_id(program, "pair-0")
        handle = server.client.get_workflow_handle(pair)
        await handle.execute_update(PairWorkflow.order, HrOrder(order=Order.REMATCH))
        await running
        return await handle.fetch_history()


async def measure(times: int) -> list[Replayed]:
    """Replay the longest history of a pair that is likely."""
    return [await replayed("a pair over two years", await long_history(), times)]


def replays_table(found: Sequence[Replayed]) -> str:
    """What replaying took, by how much of each history it was."""
    rows = [
        (one.name, f"{events:,}", f"{took:.0f}", f"{took / events * 1000:.0f}")
        for one in found
        for events, took in zip(one.events, one.milliseconds, strict=True)
    ]
    return table(("history", "events", "ms", "µs an event"), rows)


def replays_checks(found: Sequence[Replayed]) -> tuple[Check, ...]:
    """Whether what is claimed of replaying holds."""
    return tuple(
        Check(
            f"{one.name}: an event of the second half takes at most {MOST_GROWTH} times as long as "
            f"one before it ({one.growth:.2f})",
            one.growth <= MOST_GROWTH,
        )
        for one in found
    )


def result_of(found: Sequence[Replayed], command: str) -> Result:
    """The table, and whether what is claimed holds."""
    checks = replays_checks(found)
    text = (
        f"{machine()}. `{command}`, medians.\n\n{replays_table(found)}\n"
        f"```\n{checks_text(checks)}```\n"
    )
    ratios = tuple(Ratio(f"replay: growth of {one.name}", one.growth) for one in found)
    return Result("replay", text, checks, ratios)
