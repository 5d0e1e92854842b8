"""The bare workflow: timers, activities and signals as a script says, and nothing else.

It is what is left of a pair's workflow without what makes it one: no rules, no pydantic, no search
attributes, no parent. Its script is taken from the history of a real pair, so that it has the same
timers, activities and signals in the same order.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

with workflow.unsafe.imports_passed_through():
    from domain.work import Work, queue_of

STEP = "send_pair_moment"
"""The activity has this name, so that it waits in the queue in which a pair's does."""

STEP_DONE = "bare "
"""Begins the line of an activity that was carried out."""

TOLD = "told"
"""Name of the signal."""

FOREVER = "s1000000000"
"""The script of a workflow that only hears signals."""


@workflow.defn(name="Bare")
class BareWorkflow:
    """Does what its script says: words, each a letter and what belongs to it.

    `a` with delays: an activity, after which as many signals come. `t` with seconds: a timer is
    started, and with `f` waited for, with `c` taken back. `s` with a number: so many signals in all
    are waited for. `o`: a signal goes out, to the workflow that hears them all.
    """

    def __init__(self) -> None:
        self._signals = 0
        self._timer: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, script: str) -> int:
        """Go through the script. Gives how many signals came."""
        for word in script.split():
            await self._do(word[0], word[1:])
        return self._signals

    async def _do(self, kind: str, given: str) -> None:
        if kind == "a":
            await workflow.execute_activity(
                STEP,
                f"{workflow.info().workflow_id} {given}",
                task_queue=queue_of(Work.MAIL, workflow.info().task_queue),
                start_to_close_timeout=timedelta(minutes=10),
            )
        elif kind == "t":
            self._timer = asyncio.create_task(workflow.sleep(float(given)))
        elif kind == "s":
            wanted = int(given)
            await workflow.wait_condition(lambda: self._signals >= wanted)
        elif kind == "o":
            listener = listener_of(workflow.info().task_queue)
            await workflow.get_external_workflow_handle(listener).signal(TOLD, "done")
        elif kind == "f" and self._timer is not None:
            await self._timer
        elif kind == "c" and self._timer is not None:
            self._timer.cancel()

    @workflow.signal(name=TOLD)
    def told(self, _words: str) -> None:
        """Somebody did something."""
        self._signals += 1


def listener_of(queue: str) -> str:
    """The id of the workflow that hears what the others of a task queue send out."""
    return f"{queue}-listener"


class BareOffice:
    """Carries out the bare workflow's activity by saying which signals follow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @activity.defn
    def send_pair_moment(self, words: str) -> str:
        """Say it."""
        with self._lock:
            print(f"{STEP_DONE}{words}", flush=True)
        return "done"


class Script:
    """A script for the bare workflow as it grows. Times are in seconds."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._signals = 0
        self._waited_for = 0
        self._delays: list[str] = []
        self._activity: int | None = None
        """The place of the last activity."""

    def activity(self) -> None:
        """An activity is carried out."""
        self._wait_for_signals()
        self._end_activity()
        self._activity = len(self._words)
        self._words.append("a")

    def signal(self, after: float) -> None:
        """A signal came so long after the last activity. One before the first is left out."""
        if self._activity is not None:
            self._delays.append(f"{after:.3f}")
            self._signals += 1

    def send_signal(self) -> None:
        """A signal goes out, as a pair tells its cohort."""
        self._wait_for_signals()
        self._words.append("o")

    def start_timer(self, seconds: float) -> None:
        """A timer is started."""
        self._wait_for_signals()
        self._words.append(f"t{seconds:.3f}")

    def timer_fires(self) -> None:
        """It is waited for."""
        self._words.append("f")

    def cancel_timer(self) -> None:
        """It is taken back, when the signals are there that came before."""
        self._wait_for_signals()
        self._words.append("c")

    def _wait_for_signals(self) -> None:
        if self._signals > self._waited_for:
            self._words.append(f"s{self._signals}")
            self._waited_for = self._signals

    def _end_activity(self) -> None:
        if self._activity is not None:
            self._words[self._activity] = "a" + ",".join(self._delays)
        self._delays = []

    def __str__(self) -> str:
        self._wait_for_signals()
        self._end_activity()
        return " ".join(self._words)


def starts_of(histories: Sequence[WorkflowHistory]) -> list[float]:
    """Seconds after which each workflow began, from when the first did."""
    began = [history.events[0].event_time.ToMicroseconds() / 1e6 for history in histories]
    return [at - min(began) for at in began]


def script_of(history: WorkflowHistory) -> str:
    """What a workflow did, as a script for the bare one."""
    script, ended_at = Script(), 0.0
    for event in history.events:
        at = event.event_time.ToMicroseconds() / 1e6
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                script.activity()
                ended_at = at
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                ended_at = at
            case EventType.EVENT_TYPE_TIMER_STARTED:
                wait = event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
                script.start_timer(wait.total_seconds())
            case EventType.EVENT_TYPE_TIMER_FIRED:
                script.timer_fires()
            case EventType.EVENT_TYPE_TIMER_CANCELED:
                script.cancel_timer()
            case EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
                script.send_signal()
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                script.signal(max(at - ended_at, 0.0))
    return str(script)
