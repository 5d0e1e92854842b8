"""Fuzzes what HR hands in: `python -m tests.fuzz`, or `make fuzz`. Ends with 1 if any failed."""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MEMORY = 2_000_000_000
"""Bytes that a process may ask for while it reads a fuzzed file, its libraries included."""


def main() -> int:
    """Fuzz all targets, two at a time, or one of them in this process."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="another run of the same cases")
    parser.add_argument("--times", type=float, default=1.0, help="more cases, or fewer")
    parser.add_argument("--only", action="append", help="one target")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
    with tempfile.TemporaryDirectory() as folder:
        if given.here:
            return _one(given.here, seed, given.times, Path(folder))
        from tests.fuzz.targets import targets

        names = given.only or [*targets(Path(folder)), "large", "command"]
    print(f"seed {seed}: SEED={seed} make fuzz does the same again", flush=True)
    with ThreadPoolExecutor(max_workers=2) as pool:
        reports = list(pool.map(lambda name: _apart(name, seed, given.times), names))
    return _told(reports)


def _apart(name: str, seed: int, times: float) -> dict[str, object]:
    """Fuzz a target in a process of its own, with a limit to its memory."""
    asked = ["--here", name, "--seed", str(seed), "--times", str(times)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *asked],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    last = (done.stdout.splitlines() or [""])[-1]
    try:
        report: dict[str, object] = json.loads(last)
    except ValueError:
        failure = f"ended with {done.returncode}: {done.stderr[-2000:]}"
        report = {"target": name, "taken": 0, "refused": 0, "seconds": 0.0, "megabytes": 0}
        report["failure"] = failure
    print(_line(report), flush=True)
    return report


def _one(name: str, seed: int, times: float, folder: Path) -> int:
    from tests.fuzz.commands import check_saved
    from tests.fuzz.large import read_large
    from tests.fuzz.runner import fuzz
    from tests.fuzz.targets import targets

    if name in (others := {"large": read_large, "command": check_saved}):
        report = others[name](folder)
    else:
        target = targets(folder)[name]()
        report = fuzz(name, target, seed, max(1, round(target.cases * times)), folder)
    print(json.dumps(report._asdict()))
    return 1 if report.failure else 0


def _line(report: dict[str, object]) -> str:
    return (
        f"{report['target']:14} {report['taken']:>6} taken  {report['refused']:>6} refused  "
        f"{report['seconds']:>6} s  {report['megabytes']:>5} MB  "
        + (f"FAILED: {report['failure']}" if report["failure"] else "ok")
    )


def _told(reports: list[dict[str, object]]) -> int:
    cases = sum(int(str(report[kind])) for report in reports for kind in ("taken", "refused"))
    failed = [report for report in reports if report["failure"]]
    print(f"{cases:,} cases, {len(failed)} of {len(reports)} targets failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
