"""Watching workflows that an earlier run of this one has started."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures import Ending, ProgramActivities, Workflows
    from workflows.options import call


async def look_until_ended(
    ids: Iterable[str],
    note: Callable[[Ending], None],
    should_have_ended: Callable[[], bool],
    every: timedelta,
) -> None:
    """Look which of these workflows have ended: now, and again until all have.

    A child tells its end to the run that started it only. It is looked again as soon as all of them
    should have ended, by what they said, and after each `every`: an operator may have ended one.
    """
    waiting = list(ids)
    while True:
        found = await call(
            ProgramActivities.endings,
            Workflows(ids=tuple(waiting)),
            summary="look who has ended",
        )
        for ending in found.ended:
            waiting.remove(ending.workflow)
            note(ending)
        if not waiting:
            return
        known = should_have_ended()

        def is_news(known: bool = known) -> bool:
            return should_have_ended() and not known

        with suppress(TimeoutError):
            await workflow.wait_condition(
                is_news, timeout=every, timeout_summary="look who has ended"
            )
