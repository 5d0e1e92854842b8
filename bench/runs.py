"""Whole commands, timed from start to exit, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).resolve().parent.parent
OWN_PYTHON = Path(sys.executable)
_TO_MEGABYTES = 2**20 if sys.platform == "darwin" else 2**10
"""`ru_maxrss` is in bytes on macOS and in kilobytes elsewhere."""


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
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - commands of our own
            [str(part) for part in command],
            stdout=output,
            stderr=errors,
            cwd=PROJECT,
            env=_environment(),
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        for stream in (output, errors):
            stream.seek(0)
        if process.returncode:
            said = (errors.read() + output.read()).decode(errors="replace").strip()
            words = " ".join(Path(part).name for part in map(str, command))
            raise CommandFailed(f"{words} ended with {process.returncode}:\n{said}")
        steps = json.loads(target.read_text(encoding="utf-8"))["timings"] if target else {}
        return Run(seconds, usage.ru_maxrss / _TO_MEGABYTES, output.read().decode(), steps)


def _environment() -> dict[str, str]:
    """As this process has it, but that Python keeps what it compiled, as it does unless told.

    Packages are compiled when they are installed; a project that may not keep its own modules
    compiled would be measured at compiling them.
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
