"""New partners for those who lost theirs, while a program runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures import (
        FormPairs,
        NewPairs,
        ProgramActivities,
        ProgramMomentKind,
        RepairRequest,
        SettleRequest,
    )
    from domain.journal import EventKind
    from domain.lifecycle import PairState
    from domain.pair_orders import Order
    from workflows.messages import CohortCounts, ProgramInput
    from workflows.options import call
    from workflows.program_steps import ProgramSteps

LEAVES_SOMEBODY_ALONE = (PairState.DECLINED, PairState.WITHDRAWN, PairState.CLOSED)
"""Ends of a pair after which somebody may want another partner."""


class Repairs(ProgramSteps):
    """Offers who lost their partner another, and so the reserve list."""

    def __init__(self, start: ProgramInput) -> None:
        super().__init__(start)
        self._matching = False
        """Whether matches are being made or changed this moment."""
        self._look_for_partners_at: datetime | None = None
        self._remind_of_new_pairs_at: datetime | None = None

    async def _wait_and_repair(
        self, until: datetime, or_when: Callable[[], bool], summary: str
    ) -> None:
        """Wait, and see to it meanwhile that who loses their partner is offered another."""
        while True:
            steps = [(at, what) for at, what in self._repair_steps() if at is not None]
            due, what = min([(until, summary), *steps])

            def something_else_is_due(due: datetime = due) -> bool:
                earlier = any(at is not None and at < due for at, _ in self._repair_steps())
                return self._new_pairs_approved or earlier

            await self._wait(
                until=due,
                or_when=lambda: or_when() or something_else_is_due(),
                summary=what,
                may_begin_anew=True,
            )
            if self._new_pairs_approved:
                await self._introduce_new_pairs()
            elif self._is_past(self._look_for_partners_at):
                await self._look_for_partners()
            elif self._is_past(self._remind_of_new_pairs_at):
                await self._remind_of_new_pairs()
            elif self._is_past(until) or or_when():
                return

    @property
    def _repairs(self) -> bool:
        """Whether somebody who lost their partner may still be offered another."""
        waiting = self._look_for_partners_at is not None or self._new_pairs is not None
        return waiting and self._plan_of_late_pairs() is not None

    def _is_quiet(self) -> bool:
        return super()._is_quiet() and not self._matching

    def _repair_steps(self) -> tuple[tuple[datetime | None, str], ...]:
        return (
            (self._look_for_partners_at, "others who lose their partner"),
            (self._remind_of_new_pairs_at, "HR’s approval of the new pairs"),
        )

    async def _look_for_partners(self) -> None:
        self._look_for_partners_at = None
        repair = self._plan.repair
        if repair is None or self._plan_of_late_pairs() is None:
            self._set_new_pairs(None)
            return
        await self._not_in_a_pause()
        await self._wait(until=None, or_when=lambda: not self._matching)
        pending = self._new_pairs
        self._matching = True
        try:
            found = await call(
                ProgramActivities.propose_new_pairs,
                RepairRequest(
                    program=self._start.program,
                    now=workflow.now(),
                    changes=repair.changes,
                    pending=pending.proposal if pending is not None else None,
                ),
                summary="find new partners",
            )
        finally:
            self._matching = False
        self._set_new_pairs(found if found.pairs else None)
        if found.pairs or pending is not None:
            self._recorder.add(
                EventKind.NEW_PAIRS_PROPOSED,
                {"proposal": found.proposal, "pairs": found.pairs, "parted": len(found.parted)},
            )
        await self._not_in_a_pause()
        if not found.pairs:
            if found.waiting:
                occasion = f"{workflow.now():%Y-%m-%dT%H:%M:%S}"
                await self._send(ProgramMomentKind.NOBODY_FOUND, occasion=occasion)
            return
        if repair.approve:
            await self._send(ProgramMomentKind.NEW_PAIRS_READY, occasion=str(found.number))
        else:
            self._new_pairs_approved = True

    def _set_new_pairs(self, found: NewPairs | None) -> None:
        repair = self._plan.repair
        asks = found is not None and repair is not None and repair.approve
        self._new_pairs = found
        self._remind_of_new_pairs_at = self._in_days(max(self._plan.approval, 1)) if asks else None
        self._show()

    async def _remind_of_new_pairs(self) -> None:
        if self._plan_of_late_pairs() is None:
            self._set_new_pairs(None)
            return
        self._remind_of_new_pairs_at = self._in_days(max(self._plan.approval, 1))
        occasion = f"new-pairs:{workflow.now():%Y-%m-%dT%H:%M:%S}"
        await self._send(ProgramMomentKind.MATCHES_REMINDER, occasion=occasion)

    async def _introduce_new_pairs(self) -> None:
        await self._not_in_a_pause()
        approved, plan = self._new_pairs, self._plan_of_late_pairs()
        extended = self._extended
        self._new_pairs_approved = False
        self._set_new_pairs(None)
        if approved is None or plan is None:
            return
        new_pairs = await call(
            ProgramActivities.settle_new_pairs,
            SettleRequest(
                program=self._start.program, proposal=approved.proposal, now=workflow.now()
            ),
            summary="look at the new pairs once more",
        )
        for pair in new_pairs.parted:
            await self._tell_pair(pair, Order.PART)
        formed = await call(
            ProgramActivities.form_pairs,
            FormPairs(
                program=self._start.program,
                proposal=new_pairs.proposal,
                first_cohort=len(self._cohorts) + 1,
                sessions=plan.sessions,
                events=self._recorder.take(),
            ),
            summary="form the new pairs",
        )
        await self._start_cohorts(formed.cohorts, plan, extended)
        if new_pairs.pairs < approved.pairs:
            self._note_somebody_alone()

    def _note_counts(self, change: CohortCounts) -> None:
        before = self._counts.get(change.cohort, {})
        if any(change.counts.get(s, 0) > before.get(s, 0) for s in LEAVES_SOMEBODY_ALONE):
            self._note_somebody_alone()
        super()._note_counts(change)

    def _note_somebody_alone(self) -> None:
        repair = self._plan.repair
        if repair is None or self._plan_of_late_pairs() is None:
            return
        if self._look_for_partners_at is None:
            self._look_for_partners_at = self._in_days(repair.gather)
