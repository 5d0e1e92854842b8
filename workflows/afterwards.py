"""A pair that goes on after its program: a reminder now and then."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures import PairActivities, PairMoment, PairRef, Sent
    from domain.calendar import program_days
    from domain.details import moment_summary
    from domain.pair import Moment, MomentKind
    from workflows.messages import AfterwardsInput
    from workflows.options import call


@workflow.defn(name="Afterwards")
class AfterwardsWorkflow:
    """Reminds two people who go on meeting and asked for it.

    It outlives its program. Who no longer wants the reminders says so in the portal; the activity
    looks before each.
    """

    @workflow.run
    async def run(self, start: AfterwardsInput) -> None:
        """Send the reminders, one at a time."""
        every = program_days(start.every, start.day_seconds)
        for number in range(1, start.mails + 1):
            reminder = Moment(
                kind=MomentKind.CONTINUED_REMINDER,
                at=workflow.now() + every,
                roles=start.roles,
                attempt=number,
            )
            await workflow.sleep(every, summary=moment_summary(reminder))
            sent = await self._remind(start, reminder)
            while sent.later is not None:
                left = sent.later - workflow.now()
                if left > timedelta(0):  # it may be past once we hear of it
                    await workflow.sleep(left, summary="messages that were held")
                sent = await self._send_held(start)

    async def _remind(self, start: AfterwardsInput, reminder: Moment) -> Sent:
        return await call(
            PairActivities.send_pair_moment,
            PairMoment(
                program=start.program,
                pair=start.pair,
                moment=reminder,
                now=workflow.now(),
                scheduler=start.scheduler,
                sessions_held=start.sessions_held,
            ),
            summary=moment_summary(reminder),
        )

    async def _send_held(self, start: AfterwardsInput) -> Sent:
        return await call(
            PairActivities.send_held,
            PairRef(program=start.program, pair=start.pair, now=workflow.now()),
            summary="messages that were held",
        )
