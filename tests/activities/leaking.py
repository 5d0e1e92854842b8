"""Workflows that do what ours must not: they let hostile errors out, or words of people."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from activities.queues import work_of
from domain.work import queue_of
from tests.hostile import HOSTILE
from workflows.search_attributes import PROGRAM

ONCE = RetryPolicy(maximum_attempts=1)
SOON = timedelta(seconds=4)


@workflow.defn(sandboxed=False)
class CallsAll:
    """Calls activities, each of which fails, and goes on."""

    @workflow.run
    async def run(self, calls: list[tuple[str, int]]) -> int:
        """Give how many failed."""
        outcomes = await asyncio.gather(*(self._fails(*call) for call in calls))
        return sum(outcomes)

    async def _fails(self, name: str, error: int) -> bool:
        queue = queue_of(work_of(name), workflow.info().task_queue)
        try:
            await workflow.execute_activity(
                name, error, task_queue=queue, start_to_close_timeout=SOON, retry_policy=ONCE
            )
        except ActivityError:
            return True
        return False


@workflow.defn(sandboxed=False)
class RaisesItself:
    """Raises an error in a workflow's own code."""

    @workflow.run
    async def run(self, error: int) -> None:
        """Raise it."""
        HOSTILE[error]()


@activity.defn
async def leak_from_activity(how: str, word: str) -> None:
    """Puts a word where an activity can."""
    if how == "heartbeat":
        activity.heartbeat(word)
    raise ApplicationError(word if how == "failure" else "no")


@workflow.defn(sandboxed=False)
class Leaks:
    """Puts a word where a workflow can, and ends or waits."""

    @workflow.run
    async def run(self, how: str, word: str) -> str | None:
        """Leak."""
        match how:
            case "search attribute":
                workflow.upsert_search_attributes([PROGRAM.value_set(word)])
            case "memo":
                workflow.upsert_memo({"who": word})
            case "timer summary":
                await workflow.sleep(0.01, summary=word)
            case "result":
                return word
            case "current details":
                workflow.set_current_details(word)
                await workflow.sleep(3600)
            case "failure" | "heartbeat" | "activity summary":
                await workflow.execute_activity(
                    leak_from_activity,
                    args=[how, word] if how != "activity summary" else [how, ""],
                    start_to_close_timeout=SOON,
                    heartbeat_timeout=SOON if how != "heartbeat" else timedelta(seconds=0.5),
                    retry_policy=ONCE,
                    summary=word if how == "activity summary" else "leak",
                )
            case "own failure":
                raise ApplicationError(word)
            case _:
                await workflow.wait_condition(lambda: False, timeout=3600)
        return None

    @workflow.query
    def ask(self, error: int) -> None:
        """Raise an error."""
        HOSTILE[error]()

    @workflow.signal
    def tell(self, word: str) -> None:
        """Take a word."""

    @workflow.update
    def change(self, word: str) -> None:
        """Take a word too."""
