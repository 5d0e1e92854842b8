"""Runs benchmarks: `python -m bench matching`, or `make bench-matching`."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from bench.comparison import compare_with_peer
from bench.runs import CommandFailed
from bench.scale import FULL, SHORT, measure_scale
from bench.tables import Result, checks_text, write_results

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
    """Run what the arguments name. Ends with 1 if a claim did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("benchmark", choices=["matching"])
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    parser.add_argument("--runs", type=int, default=3, help="of each command; 3 if left out")
    parser.add_argument("--full", action="store_true", help="the largest sizes too; takes long")
    parser.add_argument("--write", action="store_true", help="refresh docs/benchmarks.md")
    given = parser.parse_args()
    try:
        results = matching([given.only] if given.only else list(PARTS), given.runs, full=given.full)
    except CommandFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    for result in results:
        print(f"\n{result.name}\n\n{result.text}")
    if given.write:
        write_results(results)
        tell("wrote docs/benchmarks.md")
    checks = [check for result in results for check in result.checks]
    failures = [check for check in checks if not check.holds]
    print(f"{len(checks) - len(failures)} of {len(checks)} claims held.")
    print(checks_text(failures), end="")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
