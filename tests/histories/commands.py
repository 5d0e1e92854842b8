"""What a workflow asks of the server, command by command: its fingerprint.

A replay notices a command of another kind, or in another place. It does not notice that a timer got
longer, a retry policy shorter or a task queue another: those are written down here. Beside the
histories of each release stands a file with their commands as the code of today gives them, one
line each. `make fingerprints` writes them anew, for a change that is meant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from temporalio import workflow
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import (
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

from runtime.exit import leave
from tests.histories.keeping import HISTORIES, name_of, read, recorded

WRITTEN = "commands.txt"


class Listening(WorkflowRunner):
    """Runs workflows with another runner, and keeps what they ask."""

    def __init__(self, runner: WorkflowRunner | None = None) -> None:
        self._runner = runner or UnsandboxedWorkflowRunner()
        self.commands: list[str] = []

    def prepare_workflow(self, defn: workflow._Definition) -> None:
        """Nothing to prepare."""
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """One that is listened to."""
        instance = self._runner.create_instance(det)
        activate = instance.activate

        def listen(act: WorkflowActivation) -> WorkflowActivationCompletion:
            completion = activate(act)
            self.commands += filter(None, map(in_words, completion.successful.commands))
            return completion

        instance.activate = listen  # type: ignore[method-assign]
        return instance


def in_words(command: WorkflowCommand) -> str | None:
    """A command as one line; None for what is no part of the sequence.

    Without what it hands over, and without words for people: both may change freely.
    """
    kind = command.WhichOneof("variant")
    match kind:
        case "schedule_activity":
            one = command.schedule_activity
            queue = one.task_queue.removeprefix(_queue_of_workflows(one.task_queue)) or "-"
            retry = one.retry_policy
            return (
                f"activity {one.activity_type} queue {queue}"
                f" {one.start_to_close_timeout.ToSeconds()}s {one.heartbeat_timeout.ToSeconds()}s"
                f" {retry.initial_interval.ToSeconds()}s*{retry.backoff_coefficient:g}"
                f"<{retry.maximum_interval.ToSeconds()}s {retry.maximum_attempts or 'for ever'}"
            )
        case "start_timer":
            lasts = command.start_timer.start_to_fire_timeout
            return f"timer {lasts.ToMilliseconds() / 1000:g} s"
        case "start_child_workflow_execution":
            child = command.start_child_workflow_execution
            policy = child.parent_close_policy
            return f"child {child.workflow_type} {_name(child.workflow_id)} on close {policy}"
        case "signal_external_workflow_execution":
            signal = command.signal_external_workflow_execution
            to = signal.child_workflow_id or signal.workflow_execution.workflow_id
            return f"signal {signal.signal_name} to {_name(to)}"
        case "upsert_workflow_search_attributes":
            found = command.upsert_workflow_search_attributes.search_attributes
            return "search attributes " + " ".join(sorted(found.indexed_fields))
        case "set_patch_marker":
            return f"patch {command.set_patch_marker.patch_id}"
        case "respond_to_query" | "update_response" | None:
            return None
        case _:
            return kind.replace("_", " ")


def _queue_of_workflows(queue: str) -> str:
    return queue.removesuffix("-mail").removesuffix("-matching")


def _name(workflow_id: str) -> str:
    """A workflow's id without the program's and without what is random in it."""
    program, _, rest = workflow_id.removeprefix("program/").partition("/")
    kind, _, _ = rest.partition("/")
    return kind if program and kind else "program"


async def commands_of(
    file: Path, workflows: Sequence[type], runner: WorkflowRunner | None = None
) -> list[str]:
    """What these workflows ask of the server in the run that a file has recorded.

    Raises `DoesNotReplay` where they can't go on with it.
    """
    listening = Listening(runner)
    replayer = Replayer(
        workflows=workflows,
        data_converter=pydantic_data_converter,
        workflow_runner=listening,
    )
    history = WorkflowHistory.from_json(name_of(file), read(file))
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    if result.replay_failure is not None:
        raise DoesNotReplay(str(result.replay_failure))
    return listening.commands


class DoesNotReplay(Exception):
    """The workflows of today can't go on with a recorded run."""


def fingerprints(release: str) -> dict[str, list[str]]:
    """The commands of the recorded runs of a release, as they are written down."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (HISTORIES / release / WRITTEN).read_text("utf-8").splitlines():
        if line.startswith("# "):
            lines = found.setdefault(line[2:], [])
        elif line:
            lines.append(line)
    return found


async def write_all(workflows: Sequence[type]) -> None:
    """Write down what these workflows ask in every recorded run."""
    by_release: dict[str, str] = {}
    for file in recorded():
        lines = [f"# {name_of(file)}", *await commands_of(file, workflows), ""]
        release = file.parent.name
        by_release[release] = by_release.get(release, "") + "".join(f"{line}\n" for line in lines)
    for release, text in by_release.items():
        (HISTORIES / release / WRITTEN).write_text(text, "utf-8")
        print(f"Wrote what the workflows ask in the recorded runs of {release}.")


if __name__ == "__main__":
    from worker import WORKFLOWS

    asyncio.run(write_all(WORKFLOWS))
    leave(0)
