"""Whole commands, timed from start to exit, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).resolve().parent.parent
OWN_PYTHON = Path(sys.executable)
_LAUNCHER = PROJECT / "bench" / "launch.py"


class CommandFailed(Exception):
    """A measured command ended with another code than 0."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command."""

    seconds: float
    """On the wall, from before its start until after its exit."""
    megabytes: float
    """The most memory it held (peak resident set)."""
    output: str
    steps: Mapping[str, float] = field(default_factory=dict)
    """Seconds by step, where it writes them into its result: what it did once Python was loaded."""

    @property
    def in_steps(self) -> float:
        """Seconds of all steps."""
        return sum(self.steps.values())


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of the same thing."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)

    def __str__(self) -> str:
        if len(self.values) == 1:
            return f"{self.median:.2f}"
        return f"{self.median:.2f} ({min(self.values):.2f}–{max(self.values):.2f})"


def run(command: Sequence[str | Path], target: Path | None = None) -> Run:
    """Run a command in the project's folder to its end.

    Args:
        command: what to run.
        target: the JSON file it writes, if that has the `timings` of its steps.

    Raises:
        CommandFailed: with what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(  # noqa: S603 - commands of our own
            [sys.executable, _LAUNCHER, report, *map(str, command)],
            capture_output=True,
            text=True,
            errors="replace",
            cwd=PROJECT,
            env=as_installed(),
            check=True,
        )
        found = json.loads(report.read_text(encoding="utf-8"))
    if found["code"]:
        words = " ".join(Path(part).name for part in map(str, command))
        said = (done.stderr + done.stdout).strip()
        raise CommandFailed(f"{words} ended with {found['code']}:\n{said}")
    steps = json.loads(target.read_text(encoding="utf-8"))["timings"] if target else {}
    return Run(found["seconds"], found["megabytes"], done.stdout, steps)


def as_installed() -> dict[str, str]:
    """The environment as this process has it, but that Python keeps what it compiled.

    So it does unless told. Packages are compiled when they are installed; a project that may not
    keep its own modules compiled would be measured at compiling them.
    """
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def interleaved(
    commands: Mapping[str, Sequence[str | Path]],
    times: int,
    tell: Callable[[str], None],
    targets: Mapping[str, Path] | None = None,
) -> dict[str, list[Run]]:
    """Run each of several commands so many times, in turn, so that all meet the same weather.

    `targets` are the files, by command, that tell the steps (`run`).
    """
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(times):
        for name, command in commands.items():
            found[name].append(run(command, (targets or {}).get(name)))
            tell(f"{name}, run {turn + 1} of {times}: {found[name][-1].seconds:.2f} s")
    return found


def seconds_of(runs: Sequence[Run]) -> Spread:
    """How long each run took, from start to exit."""
    return Spread(tuple(one.seconds for one in runs))


def steps_of(runs: Sequence[Run]) -> Spread:
    """How long the steps of each run took."""
    return Spread(tuple(one.in_steps for one in runs))


def ratio_of(slow: Spread, quick: Spread) -> Spread:
    """How many times longer `slow` took than `quick`, turn by turn."""
    return Spread(tuple(s / q for s, q in zip(slow.values, quick.values, strict=True)))
