"""One pair's life, from the introduction to the farewell."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import PairActivities, PairMoment, PairRef, Record, Sent
    from domain.deeds import DEED_SIGNAL, Deed, Wish
    from domain.details import (
        AFTERWARDS_HELP,
        NOT_YET_MEETING,
        moment_summary,
        pair_details,
    )
    from domain.ids import afterwards_workflow_id
    from domain.lifecycle import PairState
    from domain.pair import BOTH, Change, Moment, MomentKind, Pair, begin
    from domain.pair_after import after_delivery, all_due, with_steps_done
    from domain.pair_deeds import after_deed
    from domain.pair_next import needs_hours, next_moment, serves
    from domain.pair_orders import (
        Order,
        after_order,
        after_program_order,
        after_snooze,
        refusal,
    )
    from domain.reach import PairHours
    from workflows.acts import act
    from workflows.afterwards import AfterwardsWorkflow
    from workflows.alarm import Alarm
    from workflows.messages import (
        AfterwardsInput,
        CoordinatorDecision,
        HrOrder,
        PairCarried,
        PairChanged,
        PairInput,
        PairOutcome,
        Recorded,
    )
    from workflows.options import Recorder, call, is_long
    from workflows.search_attributes import (
        LADDER_STEP,
        NEXT_DUE,
        PAIR_STATE,
        PROGRAM,
        STATE_SINCE,
    )

MOST_OF_A_SUMMARY = 200
"""Bytes are what the server counts; summaries are ASCII but for a few signs."""


@workflow.defn(name="Pair")
class PairWorkflow:
    """A mentor and a mentee: introduced, prepared, meeting, evaluated, thanked.

    What is due next, and what changes when something happens, `domain.pair` says. Here it is
    waited for, carried out and listened to.
    """

    @workflow.init
    def __init__(self, start: PairInput) -> None:
        self._start = start
        self._plan = start.plan
        before = start.carried or _just_begun(start)
        self._pair = before.pair
        self._recorder = Recorder(start.pair, before.recorded)
        self._reported = before.reported
        self._listed = before.listed
        self._since = before.since
        self._stays = False
        """Whether this run goes on to the end: it began before there could be a next one."""
        self._spares = start.plan.generation > 2
        """Whether it does without what earlier pairs asked of the server besides."""
        self._alarm = Alarm()
        self._seen: tuple[Pair, Moment | None] | None = None
        self._shown: Pair | None = None
        """For which the details were written."""

    @workflow.run
    async def run(self, start: PairInput) -> PairOutcome:
        """Live the pair's life to its end."""
        showing = asyncio.create_task(self._keep_shown())
        while not self._is_over:
            await self._go_on_in_a_new_run()
            await self._learn_hours()
            await self._report_state()
            moment = await self._wait_for_moment()
            if moment is not None:
                await self._carry_out(moment)
        self._show_in_lists()
        showing.cancel()
        self._show()
        await self._go_on()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return PairOutcome(
            pair=start.pair, state=self._pair.state, sessions_held=len(self._pair.held)
        )

    @property
    def _is_over(self) -> bool:
        """Whether the pair has ended and everybody was told."""
        return self._pair.ended and self._pair.held_until is None

    def _is_long(self) -> bool:
        return is_long() and not self._stays

    async def _go_on_in_a_new_run(self) -> None:
        """Begin a new history when the server says that this one is long."""
        if not self._is_long():
            return
        if not workflow.patched("pair-in-a-new-run"):
            self._stays = True
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(
            self._start.model_copy(
                update={
                    "carried": PairCarried(
                        pair=self._pair,
                        recorded=self._recorder.carried(),
                        reported=self._reported,
                        listed=self._listed,
                        since=self._since,
                    )
                }
            )
        )

    async def _learn_hours(self) -> None:
        """Find out when messages may reach the two, where that is not known or has changed."""
        now = workflow.now()
        if self._spares and not self._pair.greeted:
            return  # they come with the introduction
        if not needs_hours(self._plan, self._pair, now):
            return
        hours = await call(
            PairActivities.pair_hours,
            PairRef(program=self._start.program, pair=self._start.pair, now=now),
            summary="when messages may reach the two",
        )
        self._know_hours(hours, now)

    def _know_hours(self, hours: PairHours, now: datetime) -> None:
        self._pair = self._pair.model_copy(update={"hours": hours, "hours_asked_at": now})

    async def _wait_for_moment(self) -> Moment | None:
        """The next moment once it is due, or None if the pair changed so that another is."""
        due = self._next()
        if due is not None and due.at <= workflow.now():
            return due
        if not self._spares:
            await self._wait_as_before(due)
            return None
        if due is None:
            self._alarm.stop()
        elif not serves(self._alarm.at, due):
            self._alarm.set(due.at, moment_summary(due))
        state = self._pair.state

        def is_to_be_looked_at() -> bool:
            if self._alarm.rings or self._pair.state is not state or self._is_long():
                return True
            following = self._next()
            return following is not None and not serves(self._alarm.at, following)

        await workflow.wait_condition(is_to_be_looked_at)
        return None

    async def _wait_as_before(self, due: Moment | None) -> None:
        """The same for earlier pairs: a timer for each wait."""
        until = due.at if due is not None else None
        state = self._pair.state

        def something_is_earlier() -> bool:
            if self._pair.state is not state or self._is_long():
                return True
            following = self._next()
            return following is not None and (until is None or following.at < until)

        with suppress(TimeoutError):
            await workflow.wait_condition(
                something_is_earlier,
                timeout=until - workflow.now() if until is not None else None,
                timeout_summary=moment_summary(due) if due is not None else None,
            )

    def _next(self) -> Moment | None:
        """The moment that is due next."""
        return self._next_of(self._pair)

    def _next_of(self, pair: Pair) -> Moment | None:
        """The same for a way in which the pair may stand. Worked out once for the last of them."""
        if self._seen is None or self._seen[0] is not pair:
            self._seen = (pair, next_moment(self._plan, pair))
        return self._seen[1]

    async def _carry_out(self, first: Moment) -> None:
        now = workflow.now()
        change, moments = all_due(self._plan, self._pair, first, now, self._next_of)
        self._take(change)
        sent = await self._send(moments, now)
        for moment in moments:
            self._pair = after_delivery(self._pair, moment, workflow.now())
        if sent.hours is not None:
            self._know_hours(sent.hours, now)
        if sent.later != self._pair.held_until:
            self._pair = self._pair.model_copy(update={"held_until": sent.later})
        if sent.done:
            self._take(with_steps_done(self._pair, sent.done, workflow.now()))

    async def _send(self, moments: Sequence[Moment], now: datetime) -> Sent:
        first, *also = moments
        if first.kind is MomentKind.HELD:
            return await call(
                PairActivities.send_held,
                PairRef(program=self._start.program, pair=self._start.pair, now=now),
                summary=moment_summary(first),
            )
        return await call(
            PairActivities.send_pair_moment,
            PairMoment(
                program=self._start.program,
                pair=self._start.pair,
                moment=first,
                also=tuple(also),
                now=now,
                scheduler=self._plan.scheduler,
                sessions_held=len(self._pair.held),
                open_steps=tuple(
                    (role, step) for role in BOTH for step in self._pair.open_steps(role)
                ),
                events=self._recorder.take(),
                wants_hours=self._spares and first.kind is MomentKind.INTRODUCTION,
            ),
            summary="; ".join(moment_summary(moment) for moment in moments)[:MOST_OF_A_SUMMARY],
        )

    async def _go_on(self) -> None:
        """Remind those who go on meeting and asked for it, for as long as the definition says."""
        wishes = dict(self._pair.wishes)
        asked = tuple(role for role in BOTH if wishes.get(role) is Wish.GO_ON_WITH_MAILS)
        afterwards = self._plan.afterwards
        if self._pair.state is not PairState.CONTINUED or not asked or not afterwards.mails:
            return
        await workflow.start_child_workflow(
            AfterwardsWorkflow.run,
            AfterwardsInput(
                program=self._start.program,
                pair=self._start.pair,
                roles=asked,
                mails=afterwards.mails,
                every=afterwards.every,
                day_seconds=self._plan.day_seconds,
                scheduler=self._plan.scheduler,
                sessions_held=len(self._pair.held),
            ),
            id=afterwards_workflow_id(self._start.program, self._start.pair),
            static_summary=f"Pair {self._start.pair}, going on",
            static_details=AFTERWARDS_HELP,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(PROGRAM, self._start.program)]
            ),
        )

    async def _report_state(self) -> None:
        self._show_in_lists()
        state, parent = self._pair.state, workflow.info().parent
        news = (state, self._pair.ended) != self._reported
        if self._spares and {state, self._reported[0]} <= {*NOT_YET_MEETING}:
            news = False  # the cohort counts both as one
        if news and parent is not None:
            self._reported = (state, self._pair.ended)
            cohort = workflow.get_external_workflow_handle(parent.workflow_id)
            with suppress(ApplicationError):  # an operator may have ended the cohort
                await cohort.signal(
                    "pair_changed",
                    PairChanged(
                        pair=self._start.pair, state=state, everybody_knows=self._pair.ended
                    ),
                )

    def _show_in_lists(self) -> None:
        stands = (self._pair.state, 0 if self._spares else self._pair.ladder_step)
        if stands == self._listed:
            return
        if stands[0] is not self._listed[0]:
            self._since, self._shown = workflow.now(), None
        self._listed = stands
        due = self._next()
        workflow.upsert_search_attributes(
            [
                PAIR_STATE.value_set(self._pair.state.value),
                STATE_SINCE.value_set(self._since),
                *([] if self._spares else [LADDER_STEP.value_set(self._pair.ladder_step)]),
                NEXT_DUE.value_set(due.at) if due else NEXT_DUE.value_unset(),
            ]
        )

    async def _keep_shown(self) -> None:
        """Have the details say how the pair stands, once for all that a task brings."""
        while True:
            await workflow.wait_condition(lambda: self._shown is not self._pair)
            self._show()

    def _show(self) -> None:
        self._shown = self._pair
        due = self._next()
        workflow.set_current_details(pair_details(self._plan, self._pair, due, self._since))

    def _take(self, change: Change) -> None:
        """Let a change be how the pair stands, and remember what to write down about it."""
        self._pair = change.pair
        self._recorder.add_all(change.happenings)

    @workflow.signal(
        name=DEED_SIGNAL, description="From the portal: what one of the two did. Not for people."
    )
    def person_did(self, deed: Deed) -> None:
        """One of the two did something in the portal."""
        self._take(after_deed(self._plan, self._pair, deed))

    @workflow.signal(
        description="From the cohort: what HR did to the whole program. Not for people."
    )
    async def hr_ordered(self, order: HrOrder) -> None:
        """HR did something to the whole program. What can't be done to this pair is left."""
        if order.order in (Order.PAUSE, Order.RESUME):
            now = workflow.now()
            self._take(after_program_order(self._plan, self._pair, order.order, now))
        elif refusal(self._pair, order.order) is None:
            self._obey(order)
            if order.order is Order.HOLD:  # the others ride on what the pair does next
                await self._write_down(order.order)

    @workflow.signal(
        description="From the portal: what the coordinator decided. Use the update “order”."
    )
    async def coordinator_decided(self, decision: CoordinatorDecision) -> None:
        """The coordinator, who was asked to look, did something. What is too late is left."""
        if decision.snooze_until is not None:
            self._take(after_snooze(self._pair, workflow.now(), decision.snooze_until))
        order = decision.order
        if order is not None and refusal(self._pair, order) is None:
            self._obey(HrOrder(order=order, until=decision.until))
            await self._write_down(order)

    @act('HR’s order: {"order": "hold"}, resume, extend with days, close or rematch.')
    async def order(self, order: HrOrder) -> PairState:
        """Pause, resume, extend or close this pair; gives the state it is in then."""
        self._obey(order)
        await self._write_down(order.order)
        return self._pair.state

    @order.validator
    def _order_is_possible(self, order: HrOrder) -> None:
        if why := refusal(self._pair, order.order):
            raise ApplicationError(why)

    async def _write_down(self, order: Order) -> None:
        await call(
            PairActivities.record,
            Record(program=self._start.program, events=self._recorder.take()),
            summary=f"write down: {order}",
        )

    def _obey(self, order: HrOrder) -> None:
        now = workflow.now()
        change = after_order(
            self._plan, self._pair, order.order, now, until=order.until, days=order.days
        )
        self._take(change)

    @workflow.query(description="Where the pair stands.")
    def state(self) -> PairState:
        """Where the pair stands."""
        return self._pair.state


def _just_begun(start: PairInput) -> PairCarried:
    """A pair whose first run begins now."""
    now = workflow.now()
    pair = begin(now, mutual=start.plan.mutual)
    return PairCarried(
        pair=pair,
        recorded=Recorded(),
        reported=(pair.state, pair.ended),
        listed=(pair.state, pair.ladder_step),
        since=now,
    )
