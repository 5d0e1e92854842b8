"""The saved files through the command itself, in a process of its own, as HR types it."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from runtime.settings import PROJECT
from tests.fuzz.runner import Report, saved
from tests.fuzz.watch import Ended, Failure, check_shown

SOUND = PROJECT / "examples" / "shared-mentees"
SECONDS = 30
"""Of the processor."""
MEMORY = 1_500_000_000
"""Bytes that the process may ask for, its libraries included."""


def check_saved(folder: Path) -> Report:
    """Type `check` with each saved definition and people file."""
    ended: list[Ended] = []
    failure = ""
    try:
        for target in ("definition", "people-csv", "people-xlsx", "start"):
            for what, case in saved(target):
                path = folder / Path(case.name).name
                path.write_bytes(case.data)
                try:
                    ended.append(check(path))
                except Failure as error:
                    raise Failure(f"{target}/{what}: {error}") from error
    except Failure as error:
        failure = str(error)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Report(
        target="command",
        taken=ended.count(Ended.TAKEN),
        refused=ended.count(Ended.REFUSED),
        seconds=round(used.ru_utime + used.ru_stime, 1),
        megabytes=used.ru_maxrss // 1024,
        failure=failure,
    )


def check(path: Path) -> Ended:
    """Type `check` with a definition, or with a people file and a sound definition."""
    is_people = path.suffix != ".yaml"
    files = [SOUND / "definition.yaml", path] if is_people else [path]
    done = subprocess.run(
        [sys.executable, "starter.py", "check", *map(str, files)],
        capture_output=True,
        check=False,
        cwd=PROJECT,
        preexec_fn=_limit,
    )
    for stream in (done.stdout, done.stderr):
        check_shown(stream.decode())
    if done.returncode not in (0, 2):
        raise Failure(f"ended with {done.returncode}: {done.stderr.decode()[-300:]}")
    if done.returncode == 2 and b"Nothing was changed." not in done.stderr:
        raise Failure("ended with 2 without a word")
    return Ended.REFUSED if done.returncode else Ended.TAKEN


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
