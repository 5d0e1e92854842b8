"""One pair's life, from the introduction to the farewell."""

from __future__ import annotations

from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import PairActivities, PairMoment, Record
    from domain.deeds import DEED_SIGNAL, Deed
    from domain.details import moment_summary, pair_details
    from domain.lifecycle import PairState
    from domain.pair import (
        BOTH,
        Moment,
        Order,
        after_deed,
        after_delivery,
        after_moment,
        after_order,
        begin,
        next_moment,
        refusal,
    )
    from workflows.messages import HrOrder, PairChanged, PairInput, PairOutcome
    from workflows.options import PATIENT, Recorder
    from workflows.search_attributes import LADDER_STEP, NEXT_DUE, PAIR_STATE


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
        self._pair = begin(workflow.now())
        self._recorder = Recorder(start.pair)
        self._reported = self._pair.state
        self._listed = (self._pair.state, self._pair.ladder_step)

    @workflow.run
    async def run(self, start: PairInput) -> PairOutcome:
        """Live the pair's life to its end."""
        while not self._pair.ended:
            await self._report_state()
            moment = await self._wait_for_moment()
            if moment is not None:
                await self._carry_out(moment)
        self._show_in_lists()
        self._show()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return PairOutcome(
            pair=start.pair, state=self._pair.state, sessions_held=len(self._pair.held)
        )

    async def _wait_for_moment(self) -> Moment | None:
        """The next moment once it is due, or None if the pair changed so that another is.

        A moment that moves to a later time leaves the timer as it is: when it fires, the next one
        is worked out anew. So a pair that does things does not cost a new timer each time.
        """
        due = next_moment(self._plan, self._pair)
        self._show()
        wait = due.at - workflow.now() if due is not None else None
        if due is not None and wait is not None and wait.total_seconds() <= 0:
            return due
        until = due.at if due is not None else None
        state = self._pair.state

        def something_is_earlier() -> bool:
            if self._pair.state is not state:
                return True
            following = next_moment(self._plan, self._pair)
            return following is not None and (until is None or following.at < until)

        with suppress(TimeoutError):
            await workflow.wait_condition(
                something_is_earlier,
                timeout=wait,
                timeout_summary=moment_summary(due) if due is not None else None,
            )
        return None

    async def _carry_out(self, moment: Moment) -> None:
        now = workflow.now()
        change = after_moment(self._plan, self._pair, moment, now)
        self._pair = change.pair
        self._recorder.add_all(change.happenings)
        self._show()
        await workflow.execute_activity_method(
            PairActivities.send_pair_moment,
            PairMoment(
                program=self._start.program,
                pair=self._start.pair,
                moment=moment,
                now=now,
                scheduler=self._plan.scheduler,
                sessions_held=len(self._pair.held),
                open_steps=tuple(
                    (role, step) for role in BOTH for step in self._pair.open_steps(role)
                ),
                events=self._recorder.take(),
            ),
            summary=moment_summary(moment),
            **PATIENT,
        )
        self._pair = after_delivery(self._pair, moment, workflow.now())

    async def _report_state(self) -> None:
        self._show_in_lists()
        state, parent = self._pair.state, workflow.info().parent
        if state is not self._reported and parent is not None:
            self._reported = state
            cohort = workflow.get_external_workflow_handle(parent.workflow_id)
            with suppress(ApplicationError):  # an operator may have ended the cohort
                await cohort.signal("pair_changed", PairChanged(pair=self._start.pair, state=state))

    def _show_in_lists(self) -> None:
        stands = (self._pair.state, self._pair.ladder_step)
        if stands == self._listed:
            return
        self._listed = stands
        due = next_moment(self._plan, self._pair)
        workflow.upsert_search_attributes(
            [
                PAIR_STATE.value_set(self._pair.state.value),
                LADDER_STEP.value_set(self._pair.ladder_step),
                NEXT_DUE.value_set(due.at) if due else NEXT_DUE.value_unset(),
            ]
        )

    def _show(self) -> None:
        due = next_moment(self._plan, self._pair)
        workflow.set_current_details(pair_details(self._plan, self._pair, due))

    @workflow.signal(name=DEED_SIGNAL)
    def person_did(self, deed: Deed) -> None:
        """One of the two did something in the portal."""
        change = after_deed(self._plan, self._pair, deed)
        self._pair = change.pair
        self._recorder.add_all(change.happenings)
        self._show()

    @workflow.signal
    async def hr_ordered(self, order: HrOrder) -> None:
        """HR did something to the whole program. What can't be done to this pair is left."""
        stays = order.order is Order.RESUME and self._pair.on_hold
        if refusal(self._pair, order.order) is not None or stays:
            return
        self._obey(order.order)
        if order.order is Order.HOLD:  # the others ride on what the pair does next
            await self._write_down(order.order)

    @workflow.update
    async def order(self, order: HrOrder) -> PairState:
        """Pause, resume or close this pair; gives the state it is in then."""
        self._obey(order.order)
        await self._write_down(order.order)
        return self._pair.state

    @order.validator
    def _order_is_possible(self, order: HrOrder) -> None:
        if why := refusal(self._pair, order.order):
            raise ApplicationError(why)

    async def _write_down(self, order: Order) -> None:
        await workflow.execute_activity_method(
            PairActivities.record,
            Record(program=self._start.program, events=self._recorder.take()),
            summary=f"write down: {order}",
            **PATIENT,
        )

    def _obey(self, order: Order) -> None:
        change = after_order(self._plan, self._pair, order, workflow.now())
        self._pair = change.pair
        self._recorder.add_all(change.happenings)
        self._show()

    @workflow.query
    def state(self) -> PairState:
        """Where the pair stands."""
        return self._pair.state
