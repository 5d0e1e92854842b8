"""What HR can do to a whole program: pause it, postpone it, give it more time, end it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import (
        ExtendProgram,
        PostponeProgram,
        ProgramActivities,
        ProgramMomentKind,
        Rescheduled,
    )
    from domain.journal import EventKind
    from domain.lifecycle import Stage
    from domain.pair_orders import Order
    from workflows.acts import act
    from workflows.group_sessions import GroupSessions
    from workflows.messages import Extension, Postponement, ProgramInput
    from workflows.options import call


class Steering(GroupSessions):
    """Stops the clock, lets it run again, and moves what is still to come."""

    def __init__(self, start: ProgramInput) -> None:
        super().__init__(start)
        self._postponed = 0
        """How often the program was postponed."""
        self._resuming: asyncio.Task[None] | None = None

    # --- Pause and resume ------------------------------------------------------------------------

    @act("Stop the clock until it is resumed. No input.")
    async def pause(self) -> None:
        """Stop the clock: nothing goes out, no deadline passes, answers are still taken."""
        self._stop_the_clock()
        await self._tell_cohorts(Order.PAUSE)
        await self._write_down()

    @pause.validator
    def _can_pause(self) -> None:
        self._check_runs()
        if self._paused_at is not None:
            raise ApplicationError("The program is paused already.")

    @act("Let the clock run again. No input.")
    async def resume(self) -> None:
        """Let the clock run again: everything that was due is later by the length of the pause."""
        await self._go_on()

    @resume.validator
    def _can_resume(self) -> None:
        self._check_runs()
        if self._paused_at is None:
            raise ApplicationError("The program is not paused.")

    def _stop_the_clock(self) -> None:
        self._paused_at = workflow.now()
        self._recorder.add(EventKind.PROGRAM_PAUSED)
        self._show()

    async def _go_on(self) -> None:
        if self._paused_at is not None:
            self._paused_for += workflow.now() - self._paused_at
        self._paused_at = self._paused_until = None
        self._recorder.add(EventKind.PROGRAM_RESUMED)
        self._show()
        await self._tell_cohorts(Order.RESUME)
        await self._write_down()

    # --- Postpone --------------------------------------------------------------------------------

    @act('Start, or go on, later: {"until": "2027-03-01T08:00:00Z", "days": 14}.')
    async def postpone(self, to: Postponement) -> None:
        """Before the start date, start later; after it, pause until a date and go on by itself.

        Group sessions that are still to come move with it.
        """
        before_the_start = self._stage is Stage.DEFINITION
        was_paused = self._paused_at is not None
        self._postponed += 1
        if before_the_start:
            self._plan = self._plan.model_copy(update={"epoch": to.until})
            self._stage_ends = to.until
        else:
            if not was_paused:
                self._stop_the_clock()
            self._paused_until = to.until
            if self._resuming is None or self._resuming.done():
                self._begin_to_wait_for_the_end_of_the_pause()
        self._recorder.add(
            EventKind.PROGRAM_POSTPONED,
            {"days": to.days, "until": to.until.isoformat()},
        )
        self._show()
        if not (before_the_start or was_paused):
            await self._tell_cohorts(Order.PAUSE)
        occasion = str(self._postponed)
        moved: Rescheduled = await call(
            ProgramActivities.postpone_program,
            PostponeProgram(
                program=self._start.program,
                starts=to.until if before_the_start else None,
                events=self._recorder.take(),
            ),
            summary="note that the program is later",
        )
        if not before_the_start:
            until = to.until - self._paused_for  # what is sent with a deadline adds it again
            await self._send(ProgramMomentKind.PROGRAM_POSTPONED, until, occasion=occasion)
        await self._move_group_sessions(moved.group_sessions)

    @postpone.validator
    def _can_be_postponed(self, to: Postponement) -> None:
        self._check_runs()
        if to.days < 1 or to.until <= workflow.now():
            raise ApplicationError("Choose a date that is still to come.")
        if self._stage is Stage.DEFINITION and to.until <= self._plan.epoch:
            raise ApplicationError("The program starts no earlier than that. Choose a later date.")
        if self._paused_until is not None and to.until <= self._paused_until:
            raise ApplicationError(
                "The program is paused until then or longer. Choose a later date, or resume it."
            )

    def _begin_to_wait_for_the_end_of_the_pause(self) -> None:
        self._resuming = asyncio.create_task(self._resume_in_time())

    def _is_quiet(self) -> bool:
        is_resuming = self._resuming is not None and not self._resuming.done()
        return super()._is_quiet() and (not is_resuming or self._paused_until is not None)

    async def _resume_in_time(self) -> None:
        """End the pause on the date to which the program was postponed, unless HR does before."""
        while (until := self._paused_until) is not None and not self._cancelled:
            left = until - workflow.now()
            if left.total_seconds() <= 0:
                await self._go_on()
                return

            def is_other(known: datetime = until) -> bool:
                return self._cancelled or self._paused_until != known

            with suppress(TimeoutError):
                await workflow.wait_condition(
                    is_other, timeout=left, timeout_summary="the program goes on"
                )

    # --- Extend ----------------------------------------------------------------------------------

    @act('Give all pairs more time for meetings, in program days: {"days": 21}.')
    async def extend(self, by: Extension) -> None:
        """Give every pair, also those that begin later, more time for its meetings."""
        self._extended += by.days
        self._plan = self._plan.extended(by.days)
        if self._stage is Stage.MEETINGS and self._stage_ends is not None:
            self._stage_ends += self._plan.days(by.days)
        self._recorder.add(EventKind.PROGRAM_EXTENDED, {"days": by.days})
        self._show()
        await self._tell_cohorts(Order.EXTEND, days=by.days)
        await call(
            ProgramActivities.extend_program,
            ExtendProgram(
                program=self._start.program,
                meetings=self._plan.pair.meetings,
                events=self._recorder.take(),
            ),
            summary="note that there is more time",
        )

    @extend.validator
    def _can_be_extended(self, by: Extension) -> None:
        self._check_runs()
        if by.days < 1:
            raise ApplicationError("Extend it by at least one day.")
        if self._stage is Stage.EVALUATION:
            raise ApplicationError("The meetings are over: the program has come to its evaluation.")

    # --- Cancel ----------------------------------------------------------------------------------

    @act("End the program; everybody is told kindly. No input.")
    async def cancel(self) -> None:
        """End the program for everybody, each told kindly."""
        self._cancelled = True

    @cancel.validator
    def _can_cancel(self) -> None:
        self._check_runs()
