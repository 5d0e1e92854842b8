"""`make chaos`: a program of thirty pairs, without faults and then with them, on each store."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.exit import leave_with
from runtime.settings import VAR_DIR
from tests.chaos.faults import Fault, Plan, Play, shared_out
from tests.chaos.play import played
from tests.chaos.population import PAIRS, Population, populate
from tests.chaos.verdict import Memory, Verdict, judge, remember
from tests.postgres import postgres_programs, postgres_server

DAY_SECONDS = 4.0


@contextmanager
def _store(name: str) -> Iterator[str | None]:
    """The URL of a store, or None for SQLite."""
    found = postgres_programs()
    if name == "sqlite" or found is None:
        yield None
        return
    with postgres_server(found) as url:
        yield url


async def _undisturbed(folder: Path, population: Population) -> tuple[Memory, Play]:
    async with played(folder, population) as scene:
        return remember(scene), scene.play


async def _disturbed(
    folder: Path,
    population: Population,
    plan: Plan,
    undisturbed: Memory,
    url: str | None,
    say: Callable[[str], None],
) -> Verdict:
    async with played(folder, population, plan, url=url, say=say) as scene:
        return await judge(scene, undisturbed)


def main() -> int:
    """Gives 0 when nothing was lost, and 1 with what was wrong otherwise."""
    asked = _arguments()
    stores = ["sqlite", "postgresql"] if asked.store == "both" else [asked.store]
    if postgres_programs() is None and "postgresql" in stores:
        print("PostgreSQL is not installed: SQLite only.", file=sys.stderr)
        stores = ["sqlite"]
    stream = sys.stderr if asked.json else sys.stdout

    def say(line: str) -> None:
        print(line, file=stream, flush=True)

    seed, folder = asked.seed, asked.folder / str(asked.seed)
    shutil.rmtree(folder, ignore_errors=True)
    began = time.monotonic()
    population = populate(folder / "hr", seed, day_seconds=asked.day, pairs=asked.pairs)
    say(f"Seed {seed}. {asked.pairs} pairs, without faults first …")
    memory, play = asyncio.run(_undisturbed(folder / "undisturbed", population))
    say(f"That took {time.monotonic() - began:.0f} s: {play.forms} forms, {play.mails} mails.")
    verdicts: dict[str, Verdict] = {}
    for number, name in enumerate(stores):
        counts = shared_out(-(-asked.faults // len(stores)), sqlite=name == "sqlite")
        say(f"Now with {counts.total()} faults, on {name} …")
        with _store(name) as url:
            plan = Plan(seed + number, counts, play)
            run = _disturbed(folder / name, population, plan, memory, url, say)
            verdicts[name] = asyncio.run(run)
        for line in verdicts[name].wrong:
            say(f"wrong on {name}: {line}")
    seconds = time.monotonic() - began
    if asked.json:
        print(json.dumps(_as_data(seed, seconds, verdicts), indent=2))
    _tell(say, seed, seconds, verdicts)
    return 1 if any(verdict.wrong for verdict in verdicts.values()) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(100_000))
    parser.add_argument("--faults", type=int, default=220, help="about so many, over all stores")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--store", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--day", type=float, default=DAY_SECONDS, help="seconds of a program day")
    parser.add_argument("--folder", type=Path, default=VAR_DIR / "chaos")
    parser.add_argument("--json", action="store_true", help="one JSON document at the end")
    return parser.parse_args()


def _as_data(seed: int, seconds: float, verdicts: dict[str, Verdict]) -> dict[str, object]:
    return {
        "seed": seed,
        "seconds": round(seconds),
        "stores": {
            name: {
                "faults": {fault.name.lower(): n for fault, n in verdict.faults.items()},
                "answers": verdict.answers,
                "mails": verdict.mails,
                "doubled": dict(verdict.doubled),
                "refused": verdict.refused,
                "wrong": verdict.wrong,
            }
            for name, verdict in verdicts.items()
        },
    }


def _tell(
    say: Callable[[str], None], seed: int, seconds: float, verdicts: dict[str, Verdict]
) -> None:
    """The table at the end."""
    width = max(len(fault.value) for fault in Fault)
    total: Counter[str] = Counter()
    say("")
    say(f"{'Seed ' + str(seed):<{width}}" + "".join(f"{name:>12}" for name in verdicts))

    def row(label: str, counts: list[int]) -> None:
        say(f"{label:<{width}}" + "".join(f"{count:>12}" for count in counts))

    for fault in Fault:
        row(fault.value, [verdict.faults[fault] for verdict in verdicts.values()])
    row("faults in all", [verdict.faults.total() for verdict in verdicts.values()])
    row("answers thanked for", [verdict.answers for verdict in verdicts.values()])
    row("mails accepted", [verdict.mails for verdict in verdicts.values()])
    row("messages refused for good", [verdict.refused for verdict in verdicts.values()])
    for verdict in verdicts.values():
        total += verdict.doubled
    for reason in total:
        row(f"doubled: {reason}", [verdict.doubled[reason] for verdict in verdicts.values()])
    row("wrong", [len(verdict.wrong) for verdict in verdicts.values()])
    count = sum(verdict.faults.total() for verdict in verdicts.values())
    say(f"{count} faults in {seconds / 60:.1f} minutes. Again: make chaos SEED={seed}")


if __name__ == "__main__":
    leave_with(main)
