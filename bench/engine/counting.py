"""What a workflow cost, counted in its history by the server's own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "starts",
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED: "activities",
    EventType.EVENT_TYPE_TIMER_STARTED: "timers",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signals received",
    EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: "signals sent",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "search attributes",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "updates",
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: "child starts",
}
"""What is billed as an action, by the event that shows it. An activity counts with each attempt; a
child's start counts once with its parent and once with the child, as it is billed."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a workflow cost, or the mean of several."""

    actions: dict[str, float] = field(default_factory=dict)
    """By kind."""
    events: float = 0.0
    transitions: float = 0.0
    """State transitions: what the server writes."""
    kilobytes: float = 0.0
    """Of history."""

    @property
    def total(self) -> float:
        """All actions."""
        return sum(self.actions.values())


async def count(client: Client, workflow: str, inner: bool = False) -> Count:
    """What a workflow's last run cost.

    Of an `inner` one, the signals that it received came from workflows that sent them, where they
    count already.
    """
    handle = client.get_workflow_handle(workflow)
    described = (await handle.describe()).raw_description.workflow_execution_info
    found: Counter[str] = Counter()
    events = size = 0
    async for event in handle.fetch_history_events():
        events += 1
        size += event.ByteSize()
        if kind := ACTIONS.get(event.event_type):
            found[kind] += 1
    if inner:
        found.pop("signals received", None)
    return Count(dict(found), events, described.state_transition_count, size / 1024)


def mean(counts: Iterable[Count]) -> Count:
    """The mean of some counts."""
    counts = list(counts)
    kinds = [kind for kind in ACTIONS.values() if any(one.actions.get(kind) for one in counts)]
    return Count(
        {kind: fmean(one.actions.get(kind, 0) for one in counts) for kind in kinds},
        fmean(one.events for one in counts),
        fmean(one.transitions for one in counts),
        fmean(one.kilobytes for one in counts),
    )
