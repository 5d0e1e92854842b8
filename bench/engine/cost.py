"""What a pair costs beside the least that it can cost: actions, events, state transitions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from bench.engine.counting import ACTIONS, Count, count, mean
from bench.engine.floor import ladder_floor, prompt_floor
from bench.engine.lab import REFERENCE, Kind, Played, play, play_bare
from bench.engine.people import Habit, prompt, silent
from bench.engine.server import PUNCTUAL, Server, open_server
from bench.machine import machine
from bench.tables import Check, Ratio, Result, checks_text, table
from domain.ids import COHORT_SIZE, cohort_workflow_id, program_workflow_id
from domain.plan import PairPlan, plan_of

MOST_TIMES = 1.25
"""What a pair may cost, of the least that it can cost."""

WHAT = {"total": "all actions", "events": "events", "transitions": "state transitions"}


class Life(NamedTuple):
    """A way in which a pair lives."""

    habit: Habit
    floor: Callable[[PairPlan], str]
    """A script for the least that it can cost."""
    slower: float
    """How much longer its days may take: a life that is over early has time for it, and in longer
    days it counts less that a timer is late."""


LIVES = {
    "a prompt pair": Life(prompt, prompt_floor, 1),
    "a pair on the ladder": Life(silent, ladder_floor, 2),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a kind of pair cost."""

    ours: Count
    floor: Count
    tree: Count
    """What its program and its cohort cost besides, shared out among the pairs."""

    def times(self, what: str) -> float:
        """Ours of the floor: `total` actions, `events` or `transitions`."""
        return float(getattr(self.ours, what) / getattr(self.floor, what))


async def measure(pairs: int, day: float) -> dict[str, Cost]:
    """Play a reference program for each habit, with days of so many seconds."""
    async with open_server(PUNCTUAL) as server:
        found = await asyncio.gather(
            *(_measure(server, life, pairs, day) for life in LIVES.values())
        )
    return dict(zip(LIVES, found, strict=True))


async def _measure(server: Server, life: Life, pairs: int, day: float) -> Cost:
    kind = Kind(REFERENCE, day * life.slower, (life.habit,))
    plan = plan_of(kind.definition(), datetime.now(UTC)).pair
    ours, floor = await asyncio.gather(
        play(server, kind, pairs), play_bare(server, [life.floor(plan)])
    )
    client = server.client
    return Cost(
        ours=mean([await count(client, pair) for pair in ours.pair_ids()]),
        floor=await count(client, floor.names[0]),
        tree=await _tree(server, ours),
    )


async def _tree(server: Server, played: Played) -> Count:
    (program,) = played.names
    cohorts = range(1, -(-played.pairs // COHORT_SIZE) + 1)
    above = [program_workflow_id(program), *(cohort_workflow_id(program, n) for n in cohorts)]
    counts = [await count(server.client, workflow, inner=True) for workflow in above]
    share = len(counts) / played.pairs
    whole = mean(counts)
    return Count(
        {kind: number * share for kind, number in whole.actions.items()},
        whole.events * share,
        whole.transitions * share,
        whole.kilobytes * share,
    )


def result_of(found: dict[str, Cost], pairs: int, day: float, command: str) -> Result:
    """The tables, and whether what is claimed holds."""
    parts = []
    for name, cost in found.items():
        columns = (cost.ours, cost.floor, cost.tree)
        rows = [
            (kind, *(_number(one.actions.get(kind, 0)) for one in columns), "")
            for kind in ACTIONS.values()
            if any(one.actions.get(kind) for one in columns)
        ]
        rows += [
            (words, *(_number(getattr(one, what)) for one in columns), f"{cost.times(what):.2f}")
            for what, words in WHAT.items()
        ]
        rows.append(("history, KB", *(_number(one.kilobytes) for one in columns), ""))
        head = (name, "pair", "floor", "share of program and cohort", "times the floor")
        parts.append(table(head, rows))
    checks = [
        Check(
            f"{name}: {words} at most {MOST_TIMES} times the floor ({cost.times(what):.2f})",
            cost.times(what) <= MOST_TIMES,
        )
        for name, cost in found.items()
        for what, words in WHAT.items()
    ]
    text = (
        f"{machine()}. `{command}`, means of {pairs} pairs, days of {day:g} s.\n\n"
        + "\n".join(parts)
        + f"\n```\n{checks_text(checks)}```\n"
    )
    ratios = [
        Ratio(f"cost: {name}, {words}", cost.times(what))
        for name, cost in found.items()
        for what, words in WHAT.items()
    ]
    return Result("cost", text, tuple(checks), tuple(ratios))


def _number(value: float) -> str:
    return f"{value:.1f}"
