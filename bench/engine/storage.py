"""The embedded server on its file, beside the same server in memory."""

from __future__ import annotations

from collections.abc import Sequence

from bench.engine.bare import Script
from bench.engine.lab import play_bare
from bench.engine.server import open_server
from bench.machine import machine
from bench.runs import Spread
from bench.tables import Check, Ratio, Result, checks_text, table

LEAST = 0.9
"""Of the pace in memory."""

STEPS = 12
"""Of each workflow: an activity, and a signal that follows. Nothing is waited for besides, so that
the server is busy all the time."""


def script() -> str:
    """What each workflow does."""
    steps = Script()
    for _ in range(STEPS):
        steps.activity()
        steps.signal(0.0)
    return str(steps)


async def measure(workflows: int, turns: int) -> dict[str, list[float]]:
    """Workflows a second, on file and in memory in turn."""
    scripts = [script()] * workflows
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
        f"{machine()}. `{command}`, {workflows} bare workflows of {STEPS} steps at once, "
        f"{len(found['on file'])} turns.\n\n{table(('', 'workflows a second'), rows)}\n"
        f"```\n{checks_text(checks)}```\n"
    )
    pace = Ratio("storage: pace on file of in memory", ratio.median, rises=True)
    return Result("storage", text, checks, (pace,))


def _ratios(some: Sequence[float], others: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(some, others, strict=True)]
