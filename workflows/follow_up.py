"""What comes after a program: how things are some months later."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures import PairActivities, ProgramMoment, ProgramMomentKind, Record
    from domain.calendar import program_days
    from domain.journal import EventKind
    from domain.plan import REMIND_CHECK_IN_AFTER
    from domain.posting import GIVE_UP_AFTER
    from domain.sections import FollowUp
    from workflows.held_mail import HeldMail, send_pages
    from workflows.messages import FollowUpInput
    from workflows.options import Recorder, call


@workflow.defn(name="FollowUp")
class FollowUpWorkflow:
    """Asks everybody whose pair had begun, reminds them once, and closes the survey.

    It is started when the program completes, and outlives it. Whom to write to, the activity looks
    up each time: people may have left, or have answered.
    """

    @workflow.init
    def __init__(self, start: FollowUpInput) -> None:
        self._start = start
        self._recorder = Recorder()
        self._held = HeldMail(start.program, may_go=lambda: True)

    @workflow.run
    async def run(self, start: FollowUpInput) -> None:
        """Carry out the follow-ups, one after the other."""
        for follow_up in start.follow_ups:
            await _sleep_until(
                start.completed_at + self._days(follow_up.after), f"ask: {follow_up.occasion}"
            )
            await self._ask(follow_up)
        await self._held.gone(within=self._days(GIVE_UP_AFTER))

    async def _ask(self, follow_up: FollowUp) -> None:
        is_open = self._days(follow_up.open)
        count = await self._write(
            ProgramMomentKind.FOLLOW_UP, follow_up, closes=workflow.now() + is_open
        )
        await self._write_down(EventKind.CHECK_IN_SENT, follow_up, count=count)
        asked = workflow.now()  # later than meant, if a server was down; the time to answer is full
        closes = asked + is_open
        await _sleep_until(
            asked + self._days(REMIND_CHECK_IN_AFTER), f"remind: {follow_up.occasion}"
        )
        await self._write(ProgramMomentKind.FOLLOW_UP_REMINDER, follow_up, closes)
        await _sleep_until(closes, f"close: {follow_up.occasion}")
        await self._write_down(EventKind.FOLLOW_UP_CLOSED, follow_up)

    async def _write(self, kind: ProgramMomentKind, follow_up: FollowUp, closes: datetime) -> int:
        moment = ProgramMoment(
            program=self._start.program,
            kind=kind,
            now=workflow.now(),
            until=closes,
            occasion=follow_up.occasion,
            survey=follow_up.survey,
        )
        return await send_pages(moment, self._held)

    async def _write_down(self, kind: EventKind, follow_up: FollowUp, **data: int) -> None:
        about = {"survey": follow_up.survey, "occasion": follow_up.occasion}
        self._recorder.add(kind, {**about, **data})
        await call(
            PairActivities.record,
            Record(program=self._start.program, events=self._recorder.take()),
            summary=f"write down: {kind.replace('_', ' ')}",
        )

    def _days(self, days: int) -> timedelta:
        return program_days(days, self._start.day_seconds)


async def _sleep_until(instant: datetime, summary: str) -> None:
    left = instant - workflow.now()
    if left > timedelta(0):  # it may be past once a worker is there again
        await workflow.sleep(left, summary=summary)
