"""No exception's words reach Temporal: what an activity says when it fails becomes history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from store import programs
from store.database import Database
from tests.activities.wrapping import wrapping_worker

NAME = "Żaneta Secretova"


class NamedError(Exception):
    """Carries somebody's name, as many libraries' exceptions do."""


def plainly() -> None:
    raise NamedError(f"no mailbox for {NAME}")


def chained() -> None:
    try:
        plainly()
    except NamedError as error:
        raise ApplicationError("We wrote this ourselves.", type="Ours") from error


def in_a_group() -> None:
    raise ExceptionGroup(NAME, [NamedError(NAME), ValueError(NAME)])


def with_a_note() -> None:
    error = LookupError(NAME)
    error.add_note(NAME)
    raise error


def while_another_is_handled() -> None:
    try:
        plainly()
    except NamedError:
        raise ApplicationError("We wrote this ourselves.", type="Ours")  # noqa: B904 - the point


def without_tables() -> None:
    with TemporaryDirectory() as folder, Database(f"sqlite:///{folder}/empty").read() as session:
        programs.get(session, NAME)


FAILURES: dict[str, tuple[Callable[[], None], str]] = {
    function.__name__: (function, kind)
    for function, kind in (
        (plainly, "NamedError"),
        (chained, "Ours"),
        (in_a_group, "ExceptionGroup"),
        (with_a_note, "LookupError"),
        (while_another_is_handled, "Ours"),
        (without_tables, "OperationalError"),
    )
}


@activity.defn
def fail(how: str) -> None:
    FAILURES[how][0]()


@activity.defn
async def fail_in_the_loop(how: str) -> None:
    FAILURES[how][0]()


@workflow.defn
class Failing:
    @workflow.run
    async def run(self, activity_name: str, how: str) -> None:
        await workflow.execute_activity(
            activity_name,
            how,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(
                maximum_attempts=2, initial_interval=timedelta(milliseconds=1)
            ),
        )


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("how", FAILURES)
@pytest.mark.parametrize("name", ["fail", "fail_in_the_loop"])
async def test_a_failure_in_history_says_where_and_names_nobody(
    dev_server: WorkflowEnvironment, task_queue: str, name: str, how: str
) -> None:
    activities = [fail, fail_in_the_loop]
    async with wrapping_worker(dev_server.client, task_queue, Failing, activities):
        handle = await dev_server.client.start_workflow(
            Failing.run, args=[name, how], id=str(uuid4()), task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    history = (await handle.fetch_history()).to_json()
    assert NAME not in history
    assert "Secretova" not in history
    assert FAILURES[how][1] in history
    ours = FAILURES[how][1] == "Ours"
    assert ("We wrote this ourselves." in history) is ours
    assert (f"in {name}. The worker's log has the place." in history) is not ours
    assert ("python -m runtime.migrate" in history) is (how == "without_tables")
