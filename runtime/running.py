"""The note that a running embedded stack leaves (`stack.json`), so that others find its addresses.

Ports may differ from the usual ones when those were taken; and a supervisor that was killed leaves
its note behind, so the note counts only while the process that wrote it lives.
"""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from domain.model import Value
from runtime.ports import Ports

NOTE = "stack.json"

LOCK = "stack.lock"

TEMPORAL_SERVER = "Temporal server"
"""The part that the embedded server is."""

PAYLOAD_KEY = "PAYLOAD_KEY_ID"
"""The entry of a note that names the key with which the stack encrypts; none where it does not."""


class Process(Value):
    """A process of this machine. `started` tells it from a later one that got the same number."""

    pid: int
    started: str
    """Its start as the system tells it. Empty for a process that is over."""

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this number now."""
        return cls(pid=pid, started=_started(pid))

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.started != "" and _started(self.pid) == self.started


class RunningStack(Value):
    """An embedded stack: the process that keeps it, its parts, and how to reach it."""

    supervisor: Process | None
    """None once it was stopped in good order; the note stays for its ports."""
    parts: dict[str, Process]
    ports: Ports
    settings: dict[str, str]
    """Settings as the environment would give them, `TEMPORAL_ADDRESS` among them."""


def running_stack(var_dir: Path) -> RunningStack | None:
    """The stack that runs on `var_dir`, or None."""
    note = read_note(var_dir)
    alive = note is not None and note.supervisor is not None and note.supervisor.alive()
    return note if alive else None


def read_note(var_dir: Path) -> RunningStack | None:
    """The last note left in `var_dir`, by a stack that may be gone."""
    try:
        return RunningStack.model_validate_json((var_dir / NOTE).read_bytes())
    except (OSError, ValidationError):
        return None


def write_note(var_dir: Path, stack: RunningStack) -> None:
    """Leave the note, whole or not at all."""
    fresh = var_dir / f"{NOTE}.new"
    fresh.write_text(stack.model_dump_json(indent=2), "utf-8")
    fresh.replace(var_dir / NOTE)


def folder_lock(var_dir: Path) -> IO[str] | None:
    """The right to use a folder alone, until it is closed; None while somebody else has it."""
    lock = (var_dir / LOCK).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _started(pid: int) -> str:
    if not Path("/proc/self/stat").exists():  # not Linux
        listed = subprocess.run(  # noqa: S603 - a number
            ["/bin/ps", "-o", "lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return listed.stdout.strip()
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # Field 2, the name in brackets, may hold spaces. Field 3 is the state, 22 the start.
    fields = status.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]
