"""Chooses, of all that the workflows' tests run, the histories that show something new.

The played examples take the usual ways. What is rare, the tests of the workflows act out on their
stage: they are run once, and of their histories as few are kept as reach every line of workflow
code that any of them reaches.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from runtime.settings import PROJECT
from tests.histories.commands import DoesNotReplay, commands_of
from tests.histories.keeping import KEEP_IN
from worker import WORKFLOWS

WORKFLOW_CODE = str(PROJECT / "workflows")
Line = tuple[str, int]


@contextmanager
def _lines_of_workflows() -> Iterator[set[Line]]:
    """The lines of workflow code that run within the block, in threads that begin in it."""
    reached: set[Line] = set()

    def in_a_function(frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            reached.add((frame.f_code.co_filename, frame.f_lineno))
        return in_a_function

    def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
        return in_a_function if frame.f_code.co_filename.startswith(WORKFLOW_CODE) else None

    threading.settrace(trace)
    try:
        yield reached
    finally:
        threading.settrace(None)


def lines_of(history: Path) -> set[Line]:
    """The lines of workflow code that a recorded run goes through; none if it does not replay."""
    with _lines_of_workflows() as reached:
        try:
            asyncio.run(commands_of(history, WORKFLOWS))
        except DoesNotReplay:
            return set()
    return reached


def choose(candidates: list[Path], known: set[Line]) -> list[Path]:
    """As few of these as reach every line that any of them reaches, beyond what is known."""
    reach = {file: lines_of(file) - known for file in candidates}
    chosen: list[Path] = []
    while True:
        best = max(candidates, key=lambda file: (len(reach[file]), -file.stat().st_size))
        found = reach[best]
        if not found:
            return chosen
        chosen.append(best)
        reach = {file: lines - found for file, lines in reach.items()}


def record_scenes(target: Path) -> None:
    """Run the workflows' tests and keep what shows more than the histories that are there."""
    for old in target.glob("scene-*"):
        old.unlink()
    known = {line for file in target.glob("*.json.gz") for line in lines_of(file)}
    with tempfile.TemporaryDirectory() as folder:
        tests = [sys.executable, "-m", "pytest", "-q", "-n2", "tests/workflows"]
        for other in ("test_replay.py", "test_encryption.py", "test_mutants.py"):
            tests += ["--ignore", f"tests/workflows/{other}"]
        subprocess.run(
            tests,
            env={**os.environ, KEEP_IN: folder},
            cwd=PROJECT,
            check=True,
        )
        for file in choose(sorted(Path(folder).glob("*.json.gz")), known):
            (target / file.name).write_bytes(file.read_bytes())
            print((target / file.name).relative_to(PROJECT))
