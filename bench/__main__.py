"""Runs benchmarks: `python -m bench all`, or `make bench`."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from bench import recorded
from bench.comparison import compare_with_peer
from bench.engine import measure as engine
from bench.runs import CommandFailed
from bench.scale import FULL, SHORT, measure_scale
from bench.tables import Result, checks_text, write_results
from runtime.exit import leave_with

PARTS = ("peer", "scale")


def tell(words: str) -> None:
    """Say how far it is, without mixing with the result."""
    print(f"{datetime.now(UTC):%H:%M:%S}  {words}", file=sys.stderr, flush=True)


def matching(parts: list[str], runs: int, *, full: bool) -> list[Result]:
    """The benchmarks of matching."""
    found: list[Result] = []
    if "peer" in parts:
        found.append(compare_with_peer(runs, tell))
    if "scale" in parts:
        found.append(measure_scale(SHORT, runs, tell))
        if full:
            found.append(measure_scale(FULL, runs, tell))
    return found


def main() -> int:
    """Run what the arguments name. Ends with 1 if a claim did not hold, or a ratio got worse."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("benchmark", choices=["all", "matching", "engine"])
    parser.add_argument("--only", choices=[*PARTS, *engine.PARTS], help="one part of it")
    parser.add_argument(
        "--runs", type=int, help="of each matching; 3 if left out, in the short form of all 1"
    )
    parser.add_argument("--full", action="store_true", help="the largest sizes too; takes long")
    parser.add_argument("--write", action="store_true", help="refresh docs/benchmarks.md")
    parser.add_argument("--record", action="store_true", help="keep the ratios, to compare later")
    given = parser.parse_args()
    wanted = [given.only] if given.only else _parts_of(given.benchmark)
    try:
        runs = given.runs or (1 if given.benchmark == "all" and not given.full else 3)
        results = matching([p for p in wanted if p in PARTS], runs, full=given.full)
        in_the_engine = [part for part in wanted if part in engine.PARTS]
        results += engine.measure(in_the_engine, tell, full=given.full)
    except CommandFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    for result in results:
        print(f"\n{result.name}\n\n{result.text}")
    if given.write:
        write_results(results)
        tell("wrote docs/benchmarks.md")
    ratios = [ratio for result in results for ratio in result.ratios]
    worse = recorded.regressions(ratios, recorded.read())
    if given.record:
        recorded.write(ratios)
        tell("recorded the ratios")
    checks = [check for result in results for check in result.checks]
    failures = [check for check in checks if not check.holds]
    print(f"{len(checks) - len(failures)} of {len(checks)} claims held.")
    print(checks_text(failures), end="")
    print(*worse, sep="\n", end="\n" if worse else "")
    return 1 if failures or worse else 0


def _parts_of(benchmark: str) -> list[str]:
    parts = {"matching": list(PARTS), "engine": list(engine.PARTS)}
    return parts.get(benchmark) or [part for some in parts.values() for part in some]


if __name__ == "__main__":
    leave_with(main)
