"""How quick pairs are, and what they take of a worker, beside bare workflows that do as much."""

from __future__ import annotations

from dataclasses import dataclass

from bench.engine.bare import script_of, starts_of
from bench.engine.lab import DENSE, Kind, Played, history_of, play, play_bare
from bench.engine.people import prompt
from bench.engine.server import Server, open_server
from bench.machine import machine
from bench.runs import Spread
from bench.tables import Check, Ratio, Result, checks_text, table

LEAST_PACE = 0.8
"""Of the bare workflows' pace."""

MOST_CPU = 1.3
"""Times the bare workflows' processor time in the worker."""

DAY = 0.15
"""Seconds: so short that there is much to do, and long enough that most comes in its time. With
shorter days pairs are late, and set none of the timers that they would set."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Pairs, and then bare workflows that do as much, on the same server."""

    ours: Played
    bare: Played

    @property
    def pace(self) -> float:
        """Pairs a second against bare workflows a second."""
        return self.bare.seconds / self.ours.seconds

    @property
    def cpu(self) -> float:
        """Processor time of the worker for a pair against that for a bare workflow."""
        return self.ours.worker.cpu / self.bare.worker.cpu


async def measure(pairs: int, turns: int, *, in_memory: bool = False) -> list[Turn]:
    """Play pairs and bare workflows in turn."""
    async with open_server(in_memory=in_memory) as server:
        return [await _turn(server, pairs) for _ in range(turns)]


async def _turn(server: Server, pairs: int) -> Turn:
    ours = await play(server, Kind(DENSE, DAY, (prompt,)), pairs)
    histories = [await history_of(server.client, pair) for pair in ours.pair_ids()]
    scripts = [script_of(one) for one in histories]
    return Turn(ours, await play_bare(server, scripts, starts_of(histories)))


def result_of(turns: list[Turn], pairs: int, command: str) -> Result:
    """The table, and whether what is claimed holds."""
    rows = [
        (
            name,
            f"{Spread(tuple(pairs / one.seconds for one in played))}",
            f"{Spread(tuple(one.worker.cpu / pairs * 1000 for one in played))}",
            f"{Spread(tuple(one.server_cpu / pairs * 1000 for one in played))}",
            f"{max(one.worker.megabytes for one in played):.0f}",
        )
        for name, played in (
            ("pairs", [turn.ours for turn in turns]),
            ("bare workflows", [turn.bare for turn in turns]),
        )
    ]
    head = ("", "a second", "worker CPU each, ms", "server CPU each, ms", "worker memory, MB")
    pace = Spread(tuple(turn.pace for turn in turns))
    cpu = Spread(tuple(turn.cpu for turn in turns))
    checks = (
        Check(f"pace at least {LEAST_PACE} of the bare ({pace})", pace.median >= LEAST_PACE),
        Check(f"worker CPU at most {MOST_CPU} times the bare ({cpu})", cpu.median <= MOST_CPU),
    )
    text = (
        f"{machine()}. `{command}`, {pairs} at once, {len(turns)} turns, medians "
        f"(lowest–highest).\n\n{table(head, rows)}\n```\n{checks_text(checks)}```\n"
    )
    ratios = (
        Ratio("speed: pace of the bare", pace.median, rises=True),
        Ratio("speed: worker CPU of the bare", cpu.median),
    )
    return Result("speed", text, checks, ratios)
