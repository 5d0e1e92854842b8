"""At most 500 pairs: started, watched, counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError, ChildWorkflowError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import CohortRef, Ending, ProgramActivities
    from domain.calendar import program_days
    from domain.details import PAIR_HELP, counts_details
    from domain.ids import pair_workflow_id, program_workflow_id
    from domain.lifecycle import PairState
    from workflows.looking import look_until_ended
    from workflows.messages import (
        CohortCounts,
        CohortInput,
        HrOrder,
        PairChanged,
        PairInput,
        PairOutcome,
    )
    from workflows.options import call, is_long
    from workflows.pair import PairWorkflow
    from workflows.search_attributes import (
        COHORT,
        LADDER_STEP,
        PAIR_STATE,
        PROGRAM,
        STATE_SINCE,
    )

ChildPair = workflow.ChildWorkflowHandle[PairWorkflow, PairOutcome]
EarlierPair = workflow.ExternalWorkflowHandle[PairWorkflow]

WAVE = 25
"""Pairs that begin at once."""

BETWEEN_WAVES = timedelta(seconds=5)
"""So that 5 pairs begin in a second, and with them go 10 messages, which most mail servers take:
in between it is the turn of others."""

BETWEEN_REPORTS = timedelta(seconds=10)
"""So that a morning on which hundreds of pairs go on is told in some signals, not in hundreds."""


@workflow.defn(name="Cohort")
class CohortWorkflow:
    """Holds some of a program's pairs, so that no workflow has too many children.

    Where its history gets long it goes on in a new run, and the pairs, which outlive the run that
    started them, go on undisturbed. That they ended they tell, or it is found when it is looked.
    """

    @workflow.init
    def __init__(self, start: CohortInput) -> None:
        self._start = start
        self._states: dict[str, PairState] = dict(start.states)
        self._children: dict[str, ChildPair] = {}
        """The pairs that this run has started."""
        self._handles: Sequence[ChildPair | EarlierPair] = [self._find(p) for p in start.states]
        self._news = False
        self._over = False
        self._orders: list[HrOrder] = []
        self._watches_all = False
        self._outlived = False

    @workflow.run
    async def run(self, start: CohortInput) -> CohortCounts:
        """Start the pairs and stay until the last has ended."""
        self._watches_all = workflow.patched("watch-all-pairs-at-once")
        self._outlived = workflow.patched("pairs-outlive-a-run")
        if not start.states:
            await self._start_pairs()
        watching = asyncio.create_task(self._until_all_ended())
        self._news = True
        reporting = asyncio.create_task(self._keep_reporting())
        await workflow.wait_condition(lambda: watching.done() or (self._outlived and is_long()))
        self._over = True
        await reporting
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not watching.done():
            workflow.continue_as_new(start.model_copy(update={"states": self._states}))
        await watching
        return self._counts()

    async def _until_all_ended(self) -> None:
        if self._start.states:
            await self._look_until_all_ended()
        elif self._watches_all:
            await asyncio.gather(*(self._until_ended(*child) for child in self._children.items()))
        else:
            for pair, handle in self._children.items():
                await self._until_ended(pair, handle)

    async def _start_pairs(self) -> None:
        cohort = await call(
            ProgramActivities.pairs_of_cohort,
            CohortRef(program=self._start.program, cohort=self._start.cohort),
            summary=f"pairs of cohort {self._start.cohort}",
        )
        begun = await self._begin_in_waves(cohort.pairs)
        self._children = dict(zip(cohort.pairs, begun, strict=True))
        self._handles = begun
        for order in self._orders:
            await self._pass_on(order)

    async def _begin_in_waves(self, pairs: Sequence[str]) -> list[ChildPair]:
        """Start the pairs, so many at once that others are heard meanwhile."""
        wave = len(pairs)
        if wave > WAVE and workflow.patched("pairs-begin-in-waves"):
            wave = WAVE
        begun: list[ChildPair] = []
        for first in range(0, len(pairs), wave or 1):
            if first:
                await workflow.sleep(BETWEEN_WAVES, summary=f"{len(begun)} pairs have begun")
            some = pairs[first : first + wave]
            begun += await asyncio.gather(*(self._begin(pair) for pair in some))
        return begun

    async def _look_until_all_ended(self) -> None:
        names = {pair_workflow_id(self._start.program, pair): pair for pair in self._states}

        def note(ending: Ending) -> None:
            self._note(names[ending.workflow], next(iter(ending.pairs), PairState.CLOSED))

        await look_until_ended(
            names,
            note,
            should_have_ended=lambda: all(state.is_over for state in self._states.values()),
            every=program_days(1, self._start.plan.day_seconds),
        )

    def _find(self, pair: str) -> EarlierPair:
        """A pair that an earlier run started."""
        return workflow.get_external_workflow_handle_for(
            PairWorkflow.run, pair_workflow_id(self._start.program, pair)
        )

    async def _begin(self, pair: str) -> ChildPair:
        self._states[pair] = PairState.INTRODUCED
        keep = workflow.ParentClosePolicy
        steps = [SearchAttributePair(LADDER_STEP, 0)] if self._start.plan.generation < 3 else []
        return await workflow.start_child_workflow(
            PairWorkflow.run,
            PairInput(
                program=self._start.program,
                cohort=self._start.cohort,
                pair=pair,
                plan=self._start.plan,
            ),
            id=pair_workflow_id(self._start.program, pair),
            static_summary=f"Pair {pair}",
            static_details=PAIR_HELP,
            parent_close_policy=keep.ABANDON if self._outlived else keep.TERMINATE,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(PROGRAM, self._start.program),
                    SearchAttributePair(COHORT, self._start.cohort),
                    SearchAttributePair(PAIR_STATE, PairState.INTRODUCED.value),
                    SearchAttributePair(STATE_SINCE, workflow.now()),
                    *steps,
                ]
            ),
        )

    async def _until_ended(self, pair: str, handle: ChildPair) -> None:
        try:
            outcome = await handle
        except ChildWorkflowError:
            # Terminated or failed from outside: the other pairs go on.
            workflow.logger.warning("pair was ended from outside", extra={"pair": pair})
            self._note(pair, PairState.CLOSED)
        else:
            self._note(pair, outcome.state)

    async def _keep_reporting(self) -> None:
        """Tell the program when counts changed; what changes meanwhile goes with the next."""
        program = workflow.get_external_workflow_handle(program_workflow_id(self._start.program))
        told, told_at = frozenset[PairState](), workflow.now()
        while True:
            await workflow.wait_condition(lambda: self._news or self._over)
            if not self._news:
                return
            await self._gather_news(told, told_at + BETWEEN_REPORTS)
            self._news = False
            counts = self._counts()
            told, told_at = frozenset(counts.counts), workflow.now()
            workflow.set_current_details(counts_details(counts.counts))
            with suppress(ApplicationError):  # an operator may have ended the program
                await program.signal("cohort_changed", counts)

    async def _gather_news(self, told: frozenset[PairState], until: datetime) -> None:
        """Wait until then for more to tell, as long as pairs stand in the same states as before.

        The program goes on by states in which no pair stands any more: those it hears of at once.
        """

        def is_to_be_told() -> bool:
            return self._over or self._counts().counts.keys() != told

        left = until - workflow.now()
        if left <= timedelta(0) or is_to_be_told():
            return
        if workflow.patched("cohorts-gather-news"):
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    is_to_be_told, timeout=left, timeout_summary="more may be to be told"
                )

    def _counts(self) -> CohortCounts:
        counts = Counter(self._states.values())
        return CohortCounts(
            cohort=self._start.cohort,
            counts={state: counts[state] for state in PairState if counts[state]},
        )

    def _note(self, pair: str, state: PairState) -> None:
        if self._states.get(pair) is not state:
            self._states[pair] = state
            self._news = True

    @workflow.signal(description="From a pair: its state. Not for people.")
    def pair_changed(self, change: PairChanged) -> None:
        """A pair's state changed. That it is over counts once everybody has been told."""
        if change.everybody_knows or not (self._watches_all and change.state.is_over):
            self._note(change.pair, change.state)

    @workflow.signal(description="From the program: what HR did. Not for people.")
    async def hr_ordered(self, order: HrOrder) -> None:
        """HR did something to the whole program; it goes on to each pair that is not over."""
        if not self._handles:
            self._orders.append(order)
            return
        await self._pass_on(order)

    async def _pass_on(self, order: HrOrder) -> None:
        living = [
            handle
            for handle, state in zip(self._handles, self._states.values(), strict=True)
            if not state.is_over
        ]
        await asyncio.gather(*(self._tell(handle, order) for handle in living))

    async def _tell(self, handle: ChildPair | EarlierPair, order: HrOrder) -> None:
        try:
            await handle.signal(PairWorkflow.hr_ordered, order)
        except ApplicationError:
            workflow.logger.info("pair was over before the order reached it")
