"""What every command needs: settings, store and Temporal, and errors said so that HR understands."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain.ids import program_workflow_id
from domain.problems import BadInput
from runtime.settings import Settings, load_settings
from runtime.temporal import connect, connection
from store import programs
from store.database import Database
from store.migrate import migrate
from store.programs import Program, UnknownProgram

FAILED, BAD_INPUT = 1, 2

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Result = TypeVar("Result")


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Say what went wrong and end with `code`."""
    err.print(message, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def told() -> Iterator[None]:
    """Turn the errors that a person can do something about into words and an exit code."""
    try:
        yield
    except BadInput as bad:
        for problem in bad.problems:
            err.print(str(problem), style="red", markup=False, soft_wrap=True)
        count = len(bad.problems)
        err.print(f"{count} problem{'s' if count != 1 else ''}. Nothing was changed.")
        raise typer.Exit(BAD_INPUT) from None
    except UnknownProgram as unknown:
        fail(f"There is no program “{unknown}” in the store. {_known_programs()}".strip())
    except WorkflowUpdateFailedError as refused:
        cause = refused.cause
        fail(cause.message if isinstance(cause, ApplicationError) else str(cause))


def _known_programs() -> str:
    try:
        with store(load_settings()) as database, database.read() as session:
            known = programs.all_ids(session)
    except BadInput:
        return ""
    return f"There are: {', '.join(known)}." if known else "None was started yet."


@contextmanager
def store(settings: Settings) -> Iterator[Database]:
    """The store, its tables up to date."""
    database = Database(settings.database)
    try:
        migrate(database)
        yield database
    finally:
        database.close()


def the_program(database: Database, program: str) -> Program:
    """A program of the store. Raises `UnknownProgram`."""
    with database.read() as session:
        return programs.get(session, program)


async def temporal(settings: Settings) -> Client:
    """A client, or a word on how to start what is missing."""
    try:
        return await connect(settings)
    except RuntimeError:
        address = connection(settings).get("target_host", "")
        fail(
            f"No Temporal server answers at {address}. Start everything with “make run” in another "
            "window, or set TEMPORAL_ADDRESS to the server you use."
        )


async def need_worker(client: Client, settings: Settings) -> None:
    """End with a word on how to start a worker if there is none."""
    queue = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=settings.task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    if not queue.pollers:
        fail(
            f"Temporal is up, but no worker listens on “{settings.task_queue}”. Start everything "
            "with “make run” in another window, or a worker alone with “python worker.py”."
        )


def program_handle(client: Client, program: str) -> WorkflowHandle[Any, Any]:
    """The program's workflow."""
    return client.get_workflow_handle(program_workflow_id(program))


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's work to its end; a call that fails becomes a sentence."""

    async def guarded() -> Result:
        try:
            return await work
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                fail("That run is not in Temporal, or it is over.")
            fail(f"Temporal did not do it: {error.status.name.lower().replace('_', ' ')}.")

    return asyncio.run(guarded())
