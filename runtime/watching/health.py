"""What a process is doing: whether it has nothing to do, does its work, or is stuck."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from prometheus_client.core import Metric
from pydantic import Field
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.service import RPCError

from domain.model import Value
from runtime.temporal import last_polls
from runtime.watching import metrics
from runtime.watching.metrics import gauge, one

POLL_SECONDS = 150.0
"""A worker with nothing to do asks the server for work at least every minute. After so long, two
of its asks are missing."""

STARTING_SECONDS = 30.0
"""What a worker that was just started has until the server has seen it ask."""

RELAY_SECONDS = 120.0
"""The relay looks at the outbox every second; with Temporal slow, one round takes a minute."""

_PATIENCE = timedelta(seconds=3)
_KEEP_SECONDS = 5.0
_WORKFLOW = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
_ACTIVITY = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
_Ask = tuple[str, TaskQueueType.ValueType]


class State(StrEnum):
    """What a process is doing."""

    STARTING = "starting"
    """The server has not seen it ask for work yet."""
    IDLE = "idle"
    """It is there for work, and has none."""
    BUSY = "busy"
    STUCK = "stuck"
    """It should work, and does not."""
    CUT_OFF = "cut_off"
    """Temporal does not answer. A worker can do nothing; a portal keeps what people answer."""
    DRAINING = "draining"
    """It was told to stop, and finishes what it has begun."""


class Report(Value):
    """What a process is doing, and what that was seen by."""

    state: State
    ready: bool
    why: str | None = None
    """In words, where it is not ready."""
    facts: dict[str, float] = Field(default_factory=dict)
    """Numbers, by the name that they have in the answer of `/readyz`."""

    def answer(self) -> dict[str, str | float]:
        """As `/readyz` says it."""
        why = {} if self.why is None else {"why": self.why}
        return {"status": self.state.value, **why, **self.facts}

    def gauges(self) -> list[Metric]:
        """As metrics."""
        found = [
            one(metrics.READY, self.ready),
            gauge(metrics.STATE, (((state.value,), state is self.state) for state in State)),
        ]
        known = {
            "activities": metrics.RUNNING,
            "oldest_seconds": metrics.OLDEST_ACTIVITY,
            "polled_seconds_ago": metrics.POLLED,
            "relay_seconds_ago": metrics.RELAY,
        }
        return found + [one(known[name], self.facts[name]) for name in known if name in self.facts]


class Health(Protocol):
    """Says what a process is doing."""

    async def report(self, signals: int | None) -> Report:
        """What it is doing now. Never raises.

        `signals` is how many the outbox holds; None where the store does not answer.
        """
        ...


class Queue(Value):
    """A task queue from which a worker takes work."""

    name: str
    threads: int
    """How many activities from it can run at once."""
    workflows: bool = True
    """Whether it is for workflows too."""


class WorkerHealth:
    """Watches the worker in this process.

    `identity` is the name by which the server knows it. `ages` gives for how long each activity
    that runs has been running, by task queue; `longest` is what one may take.
    """

    def __init__(
        self,
        client: Client,
        identity: str,
        queues: Sequence[Queue],
        ages: Callable[[], Mapping[str, Sequence[float]]],
        longest: timedelta,
    ) -> None:
        self._client = client
        self._identity = identity
        self._queues = tuple(queues)
        self._ages = ages
        self._longest = longest.total_seconds()
        self._began = time.monotonic()
        self._asked: float | None = None
        self._polls: dict[_Ask, datetime | None] | None = None
        self.draining = False
        """Set once the worker was told to stop."""

    async def report(self, signals: int | None) -> Report:
        """What the worker is doing now."""
        by_queue = self._ages()
        ages = [age for queue in self._queues for age in by_queue.get(queue.name, ())]
        facts = {
            "activities": float(len(ages)),
            "oldest_seconds": round(max(ages, default=0.0), 1),
        }
        full = {q.name: by_queue[q.name] for q in self._queues if _is_full(q, by_queue)}
        await self._ask()
        ago = self._polled_seconds_ago(full)
        if ago is not None:
            facts["polled_seconds_ago"] = round(ago, 1)

        def so(state: State, why: str | None = None) -> Report:
            return Report(state=state, ready=why is None, why=why, facts=facts)

        if self.draining:
            return so(State.DRAINING, "it was told to stop")
        if signals is None:
            return so(State.STUCK, "the store can't be reached")
        if any(min(running) > self._longest for running in full.values()):
            return so(State.STUCK, "every activity takes longer than it may")
        if self._polls is None:
            return so(State.CUT_OFF, "Temporal can't be reached")
        if ago is None or ago > POLL_SECONDS:
            if ago is None and time.monotonic() - self._began < STARTING_SECONDS:
                return so(State.STARTING, "the server has not seen it ask for work yet")
            return so(State.STUCK, "it does not ask for work")
        return so(State.BUSY if ages else State.IDLE)

    def _polled_seconds_ago(self, full: Collection[str]) -> float | None:
        """How long ago it asked for the work for which it asked least lately."""
        if self._polls is None:
            return None
        # Who has no thread free for a queue's activities does not ask for them.
        asks = [
            at for ask, at in self._polls.items() if not (ask[0] in full and ask[1] == _ACTIVITY)
        ]
        now = datetime.now(UTC)
        ago = [(now - at).total_seconds() for at in asks if at is not None]
        return max(ago, default=0.0) if len(ago) == len(asks) else None

    async def _ask(self) -> None:
        """Ask the server whom it has seen, unless that was done just now."""
        now = time.monotonic()
        if self._asked is not None and now - self._asked < _KEEP_SECONDS:
            return
        self._asked = now
        try:
            self._polls = {ask: await self._last_poll(*ask) for ask in self._asks()}
        except (RPCError, RuntimeError, OSError):
            self._polls = None

    def _asks(self) -> Iterator[_Ask]:
        for queue in self._queues:
            yield queue.name, _ACTIVITY
            if queue.workflows:
                yield queue.name, _WORKFLOW

    async def _last_poll(self, queue: str, kind: TaskQueueType.ValueType) -> datetime | None:
        return (await last_polls(self._client, queue, kind, _PATIENCE)).get(self._identity)


def _is_full(queue: Queue, running: Mapping[str, Sequence[float]]) -> bool:
    return len(running.get(queue.name, ())) >= queue.threads


class Relays(Protocol):
    """What the portal's relay says of itself."""

    @property
    def is_away(self) -> bool:
        """Whether Temporal did not answer it last."""
        ...

    def seconds_ago(self) -> float:
        """How long ago it last began to go through the outbox."""
        ...


class PortalHealth:
    """Watches the portal in this process. With Temporal away it is ready all the same."""

    def __init__(self, relay: Relays) -> None:
        self._relay = relay

    async def report(self, signals: int | None) -> Report:
        """What the portal is doing now."""
        ago = self._relay.seconds_ago()
        facts = {"outbox": float(signals or 0), "relay_seconds_ago": round(ago, 1)}
        why = None
        state = State.BUSY if signals else State.IDLE
        if signals is None:
            state, why = State.STUCK, "the store can't be reached"
        elif ago > RELAY_SECONDS:
            state, why = State.STUCK, "the relay does not go through the outbox"
        elif self._relay.is_away:
            state = State.CUT_OFF
        return Report(state=state, ready=why is None, why=why, facts=facts)
