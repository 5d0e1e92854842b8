"""What a program left behind, gathered for the tests to look through."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from sqlalchemy import select
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeBatchOperationRequest,
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    ListBatchOperationsRequest,
    ListWorkerDeploymentsRequest,
)
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from domain.definition import Definition
from domain.ids import program_workflow_id
from store.database import Database
from store.tables import AnswerRow, PairRow, PersonRow, ProgramRow, SessionRow, SignatureRow
from tests.end_to_end.words import Words


@dataclass(frozen=True)
class Held:
    """What Temporal holds, as text."""

    payloads: str
    """Inputs, results, signals, updates, failures, memos, summaries and search attributes."""
    all: str
    """Those, and everything that the server itself wrote around them."""

    def mentions(self, word: str) -> bool:
        """Whether a word stands in it. A mere number counts in payloads alone, on its own: the
        server's own counters and ids hit every number sooner or later."""
        if word.isdigit():
            return re.search(rf"(?<![\w.:-]){word}(?![\w-])", self.payloads) is not None
        return word in self.all

    def found_of(self, words: Iterable[str]) -> list[str]:
        """The words that stand in it, also where something is written in another way."""
        words = set(words)
        numbers = {word for word in words if word.isdigit() and self.mentions(word)}
        return sorted(numbers | set(but_numbers(words).found_in(self.all.encode())))


async def everything_in_temporal(
    client: Client, program: str | None = None, *, among: str = ""
) -> Held:
    """The whole of what a namespace of Temporal holds, payloads opened.

    With a program, it must be in there: otherwise the search itself is at fault. `among` narrows
    down, in the words of a list filter, which workflows are read, where a server is shared.
    """
    found: list[tuple[bool, str]] = []
    async for message in _everything(client, among):
        found += strings(message if isinstance(message, dict) else MessageToDict(message))
    held = Held(
        payloads="\n".join(text for is_payload, text in found if is_payload),
        all="\n".join(text for _, text in found),
    )
    if program is not None:
        assert program in held.payloads
        assert program_workflow_id(program) in held.all
    return held


async def _everything(client: Client, among: str) -> AsyncIterator[Message | dict[str, Any]]:
    """Every run of every workflow, and what else a namespace has."""
    queues: set[str] = set()
    async for execution in client.list_workflows(among):
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        yield json.loads((await handle.fetch_history()).to_json())
        yield execution.raw_info
        yield (await handle.describe()).raw_description
        queues.add(execution.task_queue)
        if execution.status is WorkflowExecutionStatus.RUNNING:
            async for answer in _what_the_ui_asks(client, execution.id):
                yield answer
    async for listed in await client.list_schedules():
        yield listed.raw_entry
        try:
            described = await client.get_schedule_handle(listed.id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                continue  # deleted, and still listed
            raise
        yield described.raw_description
    service, namespace = client.workflow_service, client.namespace
    yield await service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    yield await service.list_worker_deployments(ListWorkerDeploymentsRequest(namespace=namespace))
    batches = await service.list_batch_operations(ListBatchOperationsRequest(namespace=namespace))
    yield batches
    for batch in batches.operation_info:
        yield await service.describe_batch_operation(
            DescribeBatchOperationRequest(namespace=namespace, job_id=batch.job_id)
        )
    for queue in sorted(queues):
        for kind in (
            TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        ):
            yield await service.describe_task_queue(
                DescribeTaskQueueRequest(
                    namespace=namespace,
                    task_queue=TaskQueue(name=queue),
                    task_queue_type=kind,
                )
            )


async def _what_the_ui_asks(client: Client, workflow: str) -> AsyncIterator[dict[str, Any]]:
    """Current details and the stack trace of a workflow that runs, where a worker answers."""
    handle = client.get_workflow_handle(workflow)
    for query in ("__temporal_workflow_metadata", "__stack_trace"):
        try:
            answer = await handle.query(query)
        except RPCError:
            return
        yield {"answer": str(answer)}  # has numbers of lines, so that it is no payload here


def strings(value: Any, key: str = "") -> Iterator[tuple[bool, str]]:
    """Every string in it, and whether it was a payload."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield False, name
            yield from strings(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, key)
    elif isinstance(value, str):
        is_payload = key == "data"
        yield is_payload, _opened(value) if is_payload else value


def _opened(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except ValueError:  # no Base64, or no text
        return data


def on_the_servers_disk(folder: Path) -> bytes:
    """What the embedded server keeps: each value of its tables, and its files as they are, with
    what was deleted and is not overwritten yet."""
    files = sorted(folder.glob("temporal.db*"))
    parts = [file.read_bytes() for file in files]
    database = sqlite3.connect(f"file:{files[0]}?mode=ro", uri=True)
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema")]
    for table in tables:
        try:
            rows = database.execute(f'SELECT * FROM "{table}"')
        except sqlite3.OperationalError:
            continue  # an index is no table
        for row in rows:
            parts += [
                value if isinstance(value, bytes) else value.encode()
                for value in row
                if isinstance(value, bytes | str)
            ]
    database.close()
    return b"\n".join(parts)


def personal_words(database: Database) -> set[str]:
    """Every name, address and id of a person, and every word that somebody wrote."""
    words: set[str] = set()
    with database.read() as session:
        for row in session.scalars(select(ProgramRow)):
            words |= _of_hr(Definition.stored(row.definition))
        for person in session.scalars(select(PersonRow)):
            words |= {person.name, person.email, person.reference, *person.name.split()}
        for answer in session.scalars(select(AnswerRow)):
            words |= set(_free_text(answer.content))
        for signature in session.scalars(select(SignatureRow)):
            words |= set(_free_text(signature.choices))
        for place in (SessionRow.place, SessionRow.proposed_place):
            words |= {text for text in session.scalars(select(place)) if text}
    return {word for word in words if len(word) > 2}


def _of_hr(definition: Definition) -> set[str]:
    """What HR wrote, and who they are."""
    program, contacts = definition.program, [definition.coordinator, definition.sponsor]
    found = {program.title, *(goal.goal for goal in program.goals)}
    for contact in contacts:
        found |= {contact.name, contact.email}
    for group in definition.group_sessions:
        found |= {group.title, group.place or ""}
    return found


def _free_text(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _free_text(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _free_text(inner)
    elif isinstance(value, str) and " " in value:
        yield value


def deliveries(mailbox: str) -> list[dict[str, Any]]:
    """Every mail that the mail server took, repeated ones too."""
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["id"] if found else 0
        answer = httpx.get(f"{mailbox}/api/messages", params={"after": after}, timeout=60)
        page = answer.json()["messages"]
        if not page:
            return found
        found += page


def log_lines(folder: Path) -> str:
    """All that the processes wrote into their logs."""
    return "\n".join(
        file.read_text("utf-8", "replace") for file in sorted(folder.glob("logs/*.log*"))
    )


async def personal_words_held(
    client: Client, database: Database, folder: Path, program: str, more: Iterable[str] = ()
) -> dict[str, list[str]]:
    """Of all personal words of a program, and `more`, those that Temporal, its files or a log
    holds: by the place, where there are any."""
    words = personal_words(database) | set(more)
    assert len(words) > 100
    held = await everything_in_temporal(client, program)
    on_disk = on_the_servers_disk(folder)
    with database.read() as session:
        pair = session.scalars(select(PairRow.id)).first()
    assert pair is not None
    assert on_disk.count(pair.encode()) > 10
    logs = log_lines(folder)
    assert len(logs) > 1_000
    sought = but_numbers(words)
    found = {
        "Temporal": held.found_of(words),
        "the server's files": sought.found_in(on_disk),
        "logs": sought.found_in(logs),
    }
    return {place: there for place, there in found.items() if there}


def but_numbers(words: Iterable[str]) -> Words:
    """What can be looked for among bytes and counters: numbers alone stand there anyway."""
    return Words({word for word in words if not word.isdigit()})
