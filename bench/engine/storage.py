"""The embedded server on its file, beside the same server in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bench.engine.floor import prompt_floor
from bench.engine.lab import REFERENCE, Kind, play_bare
from bench.engine.people import prompt
from bench.engine.server import open_server
from bench.machine import machine
from bench.runs import Spread
from bench.tables import Check, Ratio, Result, checks_text, table
from domain.plan import plan_of

LEAST = 0.9
"""Of the pace in memory."""

DAY = 0.01
"""Seconds: so short that the server is busy all the time."""


async def measure(workflows: int, turns: int) -> dict[str, list[float]]:
    """Workflows a second, on file and in memory in turn."""
    plan = plan_of(Kind(REFERENCE, DAY, (prompt,)).definition(), datetime.now(UTC)).pair
    scripts = [prompt_floor(plan)] * workflows
    found: dict[str, list[float]] = {"on file": [], "in memory": []}
    for _ in range(turns):
        for name, paces in found.items():
            async with open_server(in_memory=name == "in memory") as server:
                paces.append(workflows / (await play_bare(server, scripts)).seconds)
    return found


def result_of(found: dict[str, list[float]], workflows: int, command: str) -> Result:
    """The table, and whether what is claimed holds."""
    rows = [(name, str(Spread(tuple(paces)))) for name, paces in found.items()]
    ratio = Spread(tuple(_ratios(found["on file"], found["in memory"])))
    checks = (Check(f"on file at least {LEAST} of in memory ({ratio})", ratio.median >= LEAST),)
    text = (
        f"{machine()}. `{command}`, {workflows} bare workflows at once, "
        f"{len(found['on file'])} turns.\n\n{table(('', 'workflows a second'), rows)}\n"
        f"```\n{checks_text(checks)}```\n"
    )
    pace = Ratio("storage: pace on file of in memory", ratio.median, rises=True)
    return Result("storage", text, checks, (pace,))


def _ratios(some: Sequence[float], others: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(some, others, strict=True)]
