"""What every command needs: settings, store, Temporal, and errors said so that HR understands."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from console.stores import err
from console.terminal import fail
from domain.ids import program_workflow_id
from domain.model import Value
from domain.work import EVERY_KIND, Work, queue_of
from portal.relay import Relay
from runtime.settings import Settings
from runtime.temporal import connect, connection, last_polls
from store import outbox
from store.database import Database

ANSWER_SECONDS = 60
"""What a worker has to answer an order. It waits for the store, which may be busy."""

ASK_AGAIN_SECONDS = 1.0
"""How soon an order is given again that could not be taken."""

WORKER_SECONDS = 2.0
"""What a worker that was just started has to ask for work, and how often we look in that time."""
WORKER_LOOKS = 8

LIVE_POLL = timedelta(minutes=2)
"""A worker asks for work at least every minute; who has not for so long is gone."""

Result = TypeVar("Result")


async def temporal(settings: Settings) -> Client:
    """A client of a server to which a worker listens, or a word on how to start what is missing."""
    client = await reached(settings)
    await _need_worker(client, settings)
    return client


async def reached(settings: Settings) -> Client:
    """A client of a server, whether or not a worker listens to it."""
    try:
        return await connect(settings)
    except RuntimeError:
        address = connection(settings).get("target_host", "")
        fail(
            f"No Temporal server answers at {address}. Start everything with “make run” in another "
            "window, or set TEMPORAL_ADDRESS to the server you use."
        )


async def _need_worker(client: Client, settings: Settings) -> None:
    """End with a word on how to start a worker if there is none, nor one that is just starting.

    Warn, and go on, where one kind of work is done by nobody.
    """
    kinds = list(EVERY_KIND)
    for look in range(WORKER_LOOKS):
        if look:
            await asyncio.sleep(WORKER_SECONDS / WORKER_LOOKS)
        has = await asyncio.gather(*(_has_worker(client, settings, work) for work in kinds))
        kinds = [work for work, found in zip(kinds, has, strict=True) if not found]
        if not kinds:
            return
    if Work.WORKFLOWS in kinds:
        fail(
            f"Temporal is up, but no worker listens on “{settings.task_queue}”. Start everything "
            "with “make run” in another window, or a worker alone with “python worker.py”."
        )
    for work in kinds:
        err.print(
            f"No worker asks for {work} on “{queue_of(work, settings.task_queue)}”, so that waits. "
            f"Start one with WORK={work}, or without WORK, which does everything.",
            markup=False,
        )


async def _has_worker(client: Client, settings: Settings, work: Work) -> bool:
    kind = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    if work is Work.WORKFLOWS:
        kind = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
    try:
        polls = await last_polls(client, queue_of(work, settings.task_queue), kind)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        fail(
            f"Temporal has no namespace “{client.namespace}”. Set TEMPORAL_NAMESPACE to one that "
            "it has."
        )
    lately = datetime.now(UTC) - LIVE_POLL
    return any(at > lately for at in polls.values())


async def order(
    handle: WorkflowHandle[Any, Any],
    update: str,
    *argument: Value,
    answer: type[Result] | None = None,
) -> Result:
    """Have a workflow carry out an update. Gives its answer, which is an `answer`.

    A workflow whose worker has failed it some times in a row, as one that was cut off does, takes
    no orders until that is over; we ask again meanwhile. Raises WorkflowUpdateFailedError when the
    workflow refuses, with its reason.
    """
    once = str(uuid4())
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                with _not_yet():
                    given: Result = await handle.execute_update(
                        update, args=argument, id=once, result_type=answer
                    )
                    return given
                await asyncio.sleep(ASK_AGAIN_SECONDS)
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        fail(
            f"The worker has not answered within {ANSWER_SECONDS} seconds; it may still carry this "
            "out. Look at “status” before you try again."
        )


@contextmanager
def _not_yet() -> Iterator[None]:
    """Let pass that a workflow can't take an order yet."""
    try:
        yield
    except RPCError as error:
        if error.status is not RPCStatusCode.FAILED_PRECONDITION:
            raise


async def send_order(
    settings: Settings,
    workflow_id: str,
    update: str,
    *argument: Value,
    answer: type[Result] | None = None,
) -> Result:
    """The same, of the workflow with this id."""
    client = await temporal(settings)
    return await order(client.get_workflow_handle(workflow_id), update, *argument, answer=answer)


async def tell_workflows(settings: Settings, database: Database) -> bool:
    """Tell the workflows what waits in the outbox, as a portal that runs does by itself.

    Gives whether all were told; what was not waits there for the portal.
    """
    try:
        client = await connect(settings)
    except RuntimeError:
        return False
    relay = Relay(database, client)
    while True:
        told_now, is_away = await relay.deliver_once()
        if is_away or not told_now:
            with database.read() as session:
                return outbox.age(session) is None


def program_handle(client: Client, program: str) -> WorkflowHandle[Any, Any]:
    """The program's workflow."""
    return client.get_workflow_handle(program_workflow_id(program))


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's work to its end; a call that fails becomes a sentence."""

    async def guarded() -> Result:
        try:
            return await work
        except RPCError as error:
            status = error.status.name.lower().replace("_", " ")
            if error.status is RPCStatusCode.NOT_FOUND:
                fail("It is over already, or Temporal does not have it any more.")
            fail(f"Temporal did not do it ({status}): {error.message.strip()}")

    return asyncio.run(guarded())
