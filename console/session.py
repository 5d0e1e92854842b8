"""What every command needs: settings, store, Temporal, and errors said so that HR understands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from console import terminal
from console.terminal import BAD_INPUT, console, fail
from domain.ids import program_workflow_id
from domain.model import Value
from domain.problems import BadInput
from domain.work import EVERY_KIND, Work, queue_of
from portal.relay import Relay
from runtime.settings import Settings, load_settings
from runtime.temporal import connect, connection, last_polls
from store import outbox, programs, retention
from store.database import Database
from store.holds import OnHold
from store.migrate import migrate
from store.programs import Program, UnknownProgram

out = console()
err = console(stderr=True)

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


@contextmanager
def told(*, as_json: bool = False) -> Iterator[None]:
    """Turn the errors that a person can do something about into words and an exit code.

    With `as_json`, as `console.terminal.told` has it.
    """
    with terminal.told(as_json=as_json), unlogged():
        try:
            yield
        except UnknownProgram as unknown:
            known = _known_programs()
            fail(f"There is no program “{unknown}” in the store. {known}".strip(), BAD_INPUT)
        except OnHold as held:
            fail(_on_hold(held))
        except WorkflowUpdateFailedError as refused:
            cause = refused.cause
            fail(cause.message if isinstance(cause, ApplicationError) else str(cause))
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
            fail(f"The store can’t be used: {reason.strip()}. See DATABASE_URL and VAR_DIR.")


def _on_hold(held: OnHold) -> str:
    """What keeps data from being deleted, and what to do."""
    said = [
        f"“{hold.program}” is on legal hold since {hold.set_at:%Y-%m-%d}, by {hold.set_by}"
        f"{f', for {hold.reference}' if hold.reference else ''}: "
        f"python starter.py hold {hold.program} --lift"
        for hold in held.holds
    ]
    return "\n".join(("Nothing was deleted, because it has to be kept.", *said))


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep the log quiet meanwhile: what HR should know, commands say themselves."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


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


def with_its_people(database: Database, program: str) -> Program:
    """The same, of which people are known still. Ends the command where they were deleted."""
    found = the_program(database, program)
    with database.read() as session:
        gone = retention.deletion_of(session, program)
    if gone is not None:
        day = (gone.finished_at or gone.begun_at).date()
        fail(
            f"Nothing is left of the people of “{program}”: personal data was deleted on {day}, "
            f"{found.definition.privacy.keep_days} days after the end."
        )
    return found


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
