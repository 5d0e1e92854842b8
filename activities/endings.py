"""Finds out which workflows have ended, for one that is not their parent any more."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.signatures import Ending, Endings, Workflows
from activities.uninterrupted import uninterrupted

AT_ONCE = 16
"""Workflows asked after at the same time."""


class Watching:
    """Asks Temporal how workflows stand."""

    @uninterrupted
    async def endings(self, workflows: Workflows) -> Endings:
        """Which of these workflows have ended, and where the pairs that they stand for are now."""
        client, gate = activity.client(), asyncio.Semaphore(AT_ONCE)

        async def look(workflow: str) -> Ending | None:
            async with gate:
                return await _ending(client, workflow)

        found = await asyncio.gather(*(look(one) for one in workflows.ids))
        return Endings(ended=tuple(ending for ending in found if ending is not None))


async def _ending(client: Client, workflow: str) -> Ending | None:
    handle = client.get_workflow_handle(workflow, result_type=dict)
    try:
        status = (await handle.describe()).status
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:  # deleted, or over for longer than is kept
            return Ending(workflow=workflow)
        raise
    if status is WorkflowExecutionStatus.RUNNING:
        return None
    if status is not WorkflowExecutionStatus.COMPLETED:
        return Ending(workflow=workflow)
    outcome: dict[str, Any] = await handle.result()
    pairs = outcome["counts"] if "counts" in outcome else {outcome["state"]: 1}
    return Ending(workflow=workflow, pairs=pairs)
