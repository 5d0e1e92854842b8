"""Recorded histories: where they are, how they are read and written."""

from __future__ import annotations

import gzip
import json
import os
import re
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

KEEP_IN = "KEEP_HISTORIES_IN"
"""The variable that names the folder to keep them in."""


HISTORIES = Path(__file__).parent


def recorded() -> list[Path]:
    """All histories that were kept, of every release."""
    return sorted(file for end in ("json", "json.gz") for file in HISTORIES.glob(f"*/*.{end}"))


def read(file: Path) -> str:
    """The text of a history."""
    held = file.read_bytes()
    return (gzip.decompress(held) if file.suffix == ".gz" else held).decode()


def name_of(file: Path) -> str:
    """What a recorded run is called within its release."""
    return file.name.split(".")[0]


class Ran(Interceptor):
    """Notes which workflows had an activity carried out."""

    def __init__(self) -> None:
        self.workflows: set[tuple[str, str]] = set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Put the wrapper around the activity."""
        return _Noting(next, self.workflows)


class _Noting(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, ran: set[tuple[str, str]]) -> None:  # noqa: A002
        super().__init__(next)
        self._ran = ran

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        info = activity.info()
        self._ran.add((info.workflow_id or "", info.workflow_run_id or ""))
        return await super().execute_activity(input)


async def keep_histories(client: Client, ran: Iterable[tuple[str, str]], folder: Path) -> None:
    """Keep the histories of these runs, named after the test that runs now."""
    test = re.sub(r"\W+", "-", os.environ["PYTEST_CURRENT_TEST"].split("::")[1].split(" ")[0])
    for number, (workflow_id, run_id) in enumerate(sorted(ran)):
        history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        started = history.events[0].workflow_execution_started_event_attributes
        kind = started.workflow_type.name.lower()
        write(history, folder / f"scene-{test}-{number}-{kind}.json.gz")


def write(history: WorkflowHistory, file: Path) -> None:
    """Keep a history, compact, without the name of this machine."""
    compact = json.dumps(json.loads(history.to_json()), separators=(",", ":"))
    text = compact.replace(socket.gethostname(), "host") + "\n"
    file.write_bytes(gzip.compress(text.encode(), mtime=0))
