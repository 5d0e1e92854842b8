"""How the workflows call activities, and how they write events: the same way everywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from domain.journal import EventKind, JournalEvent
    from domain.pair import Happening
    from domain.people import Role


class ActivityOptions(TypedDict):
    """The options that all activities share."""

    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta | None
    retry_policy: RetryPolicy


PATIENT = ActivityOptions(
    start_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2,
        maximum_interval=timedelta(minutes=5),
    ),
)
"""Tried until it works: a mail server that is down for a day delays a program and ends nothing.
An activity that stops beating for 15 seconds is taken to be lost with its worker."""


class Recorder:
    """Collects what a workflow has to say, until the next activity writes it down.

    An event's id is the workflow's id and the event's position, so writing it twice writes it once.
    """

    def __init__(self, pair: str | None = None) -> None:
        self._pair = pair
        self._written = 0
        self._waiting: list[JournalEvent] = []

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
