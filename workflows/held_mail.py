"""Writing to many people: page by page, and what had to be held goes out when its time comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures import ProgramActivities, ProgramMoment, ProgramRef
    from workflows.options import call


class HeldMail:
    """Waits beside the program's story, as long as something is held, and has it sent.

    A program that never holds anything has no trace of it in its history.
    """

    def __init__(self, program: str, may_go: Callable[[], bool]) -> None:
        self._program = program
        self._may_go = may_go
        self._at: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._sends = False

    @property
    def until(self) -> datetime | None:
        """When something that is held can go; None where nothing is."""
        return self._at

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is being sent this moment."""
        return not self._sends

    def note(self, later: datetime | None) -> None:
        """Something is held and can go from then on."""
        if later is None:
            return
        self._at = later if self._at is None else min(self._at, later)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send())

    async def gone(self, within: timedelta) -> None:
        """Wait until nothing is held any more, or for so long."""
        if self._task is None or self._task.done():
            return
        try:
            await workflow.wait_condition(
                self._task.done, timeout=within, timeout_summary="what is held goes out"
            )
        except TimeoutError:
            self._task.cancel()

    async def _send(self) -> None:
        while self._at is not None:
            await self._its_time(self._at)
            self._at = None
            self._sends = True
            sent = await call(
                ProgramActivities.send_held_of_program,
                ProgramRef(program=self._program, now=workflow.now()),
                summary="send what was held",
            )
            self._sends = False
            if sent.later is not None:
                self._at = sent.later if self._at is None else min(self._at, sent.later)

    async def _its_time(self, at: datetime) -> None:
        """Wait until `at`, or an earlier time that was noted meanwhile, and not in a pause."""
        while True:
            await workflow.wait_condition(self._may_go)
            at = at if self._at is None else min(at, self._at)
            left = at - workflow.now()
            if left <= timedelta(0):
                return
            earlier_than = at

            def changed(limit: datetime = earlier_than) -> bool:
                return not self._may_go() or (self._at is not None and self._at < limit)

            try:
                await workflow.wait_condition(
                    changed, timeout=left, timeout_summary="what is held can go out"
                )
            except TimeoutError:
                continue


async def send_pages(moment: ProgramMoment, held: HeldMail) -> int:
    """Write to everybody whom a moment concerns, page by page. Gives how many that were.

    What may not go out yet counts, and `held` sees to it.
    """
    after: str | None = moment.after
    written_to = 0
    while after is not None:
        page = await call(
            ProgramActivities.send_program_moment,
            moment.model_copy(update={"after": after}),
            summary=moment.kind.value.replace("_", " "),
        )
        moment = moment.model_copy(update={"events": ()})
        written_to += page.sent + page.held
        held.note(page.later)
        after = page.next
    return written_to
