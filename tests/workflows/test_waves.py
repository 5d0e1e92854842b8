"""Many pairs begin in waves, cohort after cohort, so that nobody else waits for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from activities.signatures import FormPairs, PairsFormed
from domain.ids import cohort_workflow_id, pair_workflow_id, program_workflow_id
from domain.lifecycle import PairState
from tests.workflows.stage import Stage
from tests.workflows.test_steering import PROGRAM, Play, play
from workflows.cohort import BETWEEN_REPORTS, WAVE, CohortWorkflow
from workflows.messages import PairChanged

__all__ = ["play"]

STARTS = EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED
TIMER = EventType.EVENT_TYPE_TIMER_STARTED
SIGNAL = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED


class TwoCohorts(Stage):
    """A stage on which one wave and a pair more are in the first cohort, and one in the second."""

    @activity.defn
    def form_pairs(self, order: FormPairs) -> PairsFormed:
        super().form_pairs(order)
        self._cohorts = {1: self.pairs[:-1], 2: self.pairs[-1:]}
        return PairsFormed(pairs=len(self.pairs), cohorts=2)


@pytest.fixture
def stage() -> Stage:
    return TwoCohorts(tuple(f"p-{number}" for number in range(WAVE + 2)))


@pytest.fixture
async def begun(play: Play) -> AsyncIterator[Client]:
    await play.meet()
    assert sum((await play.view()).pairs.values()) == WAVE + 2
    yield play.environment.client
    for pair in play.stage.pairs:
        workflow = pair_workflow_id(PROGRAM, pair)
        await play.environment.client.get_workflow_handle(workflow).terminate()


async def order_of(client: Client, workflow: str, *kinds: EventType.ValueType) -> list[str]:
    """The events of these kinds, as they came."""
    handle = client.get_workflow_handle(workflow)
    events = [event async for event in handle.fetch_history_events()]
    return [EventType.Name(event.event_type) for event in events if event.event_type in kinds]


async def test_a_cohort_starts_so_many_at_once_and_then_the_next(begun: Client) -> None:
    found = await order_of(begun, cohort_workflow_id(PROGRAM, 1), STARTS, TIMER)
    start, timer = EventType.Name(STARTS), EventType.Name(TIMER)
    assert found == [start] * WAVE + [timer, start]


async def test_the_next_cohort_begins_when_all_of_the_one_before_have(begun: Client) -> None:
    found = await order_of(begun, program_workflow_id(PROGRAM), STARTS, SIGNAL)
    start, signal = EventType.Name(STARTS), EventType.Name(SIGNAL)
    assert found[:3] == [start, signal, start]


async def test_what_changes_within_seconds_is_told_together(play: Play, begun: Client) -> None:
    before = len(await order_of(begun, program_workflow_id(PROGRAM), SIGNAL))
    cohort = begun.get_workflow_handle(cohort_workflow_id(PROGRAM, 1))
    for pair in play.stage.pairs[:5]:
        ended = PairChanged(pair=pair, state=PairState.EVALUATING, everybody_knows=False)
        await cohort.signal(CohortWorkflow.pair_changed, ended)
        await play.environment.sleep(timedelta(seconds=1))
    await play.environment.sleep(2 * BETWEEN_REPORTS)
    assert (await play.view()).pairs[PairState.EVALUATING] == 5
    told = len(await order_of(begun, program_workflow_id(PROGRAM), SIGNAL)) - before
    assert told == 2, "of the first in a new state at once, and then of all others"
