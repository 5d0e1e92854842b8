"""How the workflows call activities, and how they write events: the same way everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.queues import work_of
    from domain.journal import EventKind, JournalEvent
    from domain.pair import Happening
    from domain.people import Role
    from domain.work import queue_of
    from workflows.messages import Recorded


_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")

PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=5),
)
"""Tried until it works: a mail server that is down for a day delays a program and ends nothing."""

LONGEST = timedelta(minutes=10)
"""What one attempt of an activity may take."""

LOST_AFTER = timedelta(seconds=15)
"""An activity that gives no sign of life for so long is taken to be lost with its worker."""


async def call(
    activity: Callable[[Any, _Argument], _Result], argument: _Argument, summary: str
) -> _Result:
    """Have an activity carried out, in the task queue of its kind of work, until it works.

    `summary` says to operators what it is for.
    """
    name = activity.__name__
    return await workflow.execute_activity_method(
        activity,
        argument,
        task_queue=queue_of(work_of(name), workflow.info().task_queue),
        start_to_close_timeout=LONGEST,
        heartbeat_timeout=LOST_AFTER,
        retry_policy=PATIENT,
        summary=summary,
    )


def is_long() -> bool:
    """Whether the server says that this run's history is long, and a new run should begin.

    It says so from some thousand events or megabytes on (`limit.historyCount.suggestContinueAsNew`
    in its dynamic configuration; 4,096 by default), and before a run has had too many updates.
    """
    return workflow.info().is_continue_as_new_suggested()


class Recorder:
    """Collects what a workflow has to say, until the next activity writes it down.

    An event's id is the workflow's id and the event's position, over all of its runs, so writing it
    twice writes it once.
    """

    def __init__(self, pair: str | None = None, before: Recorded | None = None) -> None:
        before = before or Recorded()
        self._pair = pair
        self._written = before.written
        self._waiting = list(before.waiting)

    def add(
        self, kind: EventKind, data: dict[str, int | str] | None = None, role: Role | None = None
    ) -> None:
        """Note that something happened now."""
        self._written += 1
        self._waiting.append(
            JournalEvent(
                id=f"{workflow.info().workflow_id}#{self._written}",
                kind=kind,
                at=workflow.now(),
                pair=self._pair,
                role=role,
                data=data or {},
            )
        )

    def add_all(self, happenings: tuple[Happening, ...]) -> None:
        """Note everything that a change brought."""
        for happening in happenings:
            self.add(happening.kind, happening.data, happening.role)

    def take(self) -> tuple[JournalEvent, ...]:
        """All that waits, to hand to an activity."""
        taken = tuple(self._waiting)
        self._waiting.clear()
        return taken

    def carried(self) -> Recorded:
        """What the next run needs to go on with."""
        return Recorded(written=self._written, waiting=tuple(self._waiting))
