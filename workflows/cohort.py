"""At most 500 pairs: started, watched, counted."""

from __future__ import annotations

import asyncio
from collections import Counter

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError, ChildWorkflowError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import CohortRef, ProgramActivities
    from domain.details import counts_details
    from domain.ids import pair_workflow_id, program_workflow_id
    from domain.lifecycle import PairState
    from workflows.messages import (
        CohortCounts,
        CohortInput,
        HrOrder,
        PairChanged,
        PairInput,
        PairOutcome,
    )
    from workflows.options import PATIENT
    from workflows.pair import PairWorkflow
    from workflows.search_attributes import COHORT, LADDER_STEP, PAIR_STATE, PROGRAM

PairHandle = workflow.ChildWorkflowHandle[PairWorkflow, PairOutcome]


@workflow.defn(name="Cohort")
class CohortWorkflow:
    """Holds some of a program's pairs, so that no workflow has too many children."""

    @workflow.init
    def __init__(self, start: CohortInput) -> None:
        self._start = start
        self._states: dict[str, PairState] = {}
        self._handles: list[PairHandle] = []
        self._news = False
        self._over = False
        self._orders: list[HrOrder] = []
        self._watches_all = False

    @workflow.run
    async def run(self, start: CohortInput) -> CohortCounts:
        """Start the pairs and stay until the last has ended."""
        self._watches_all = workflow.patched("watch-all-pairs-at-once")
        cohort = await workflow.execute_activity_method(
            ProgramActivities.pairs_of_cohort,
            CohortRef(program=start.program, cohort=start.cohort),
            summary=f"pairs of cohort {start.cohort}",
            **PATIENT,
        )
        self._handles = list(await asyncio.gather(*(self._begin(pair) for pair in cohort.pairs)))
        for order in self._orders:
            await self._pass_on(order)
        self._news = True
        reporting = asyncio.create_task(self._keep_reporting())
        pairs = zip(cohort.pairs, self._handles, strict=True)
        if self._watches_all:
            await asyncio.gather(*(self._until_ended(pair, handle) for pair, handle in pairs))
        else:
            for pair, handle in pairs:
                await self._until_ended(pair, handle)
        self._over = True
        await reporting
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._counts()

    async def _begin(self, pair: str) -> PairHandle:
        self._states[pair] = PairState.INTRODUCED
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
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(PROGRAM, self._start.program),
                    SearchAttributePair(COHORT, self._start.cohort),
                    SearchAttributePair(PAIR_STATE, PairState.INTRODUCED.value),
                    SearchAttributePair(LADDER_STEP, 0),
                ]
            ),
        )

    async def _until_ended(self, pair: str, handle: PairHandle) -> None:
        try:
            outcome = await handle
        except ChildWorkflowError:
            # Terminated or failed from outside: the other pairs go on.
            workflow.logger.warning("pair was ended from outside", extra={"pair": pair})
            self._note(pair, PairState.CLOSED)
        else:
            self._note(pair, outcome.state)

    async def _keep_reporting(self) -> None:
        """Tell the program whenever counts changed; what changes meanwhile goes with the next."""
        program = workflow.get_external_workflow_handle(program_workflow_id(self._start.program))
        while True:
            await workflow.wait_condition(lambda: self._news or self._over)
            if not self._news:
                return
            self._news = False
            workflow.set_current_details(counts_details(self._counts().counts))
            await program.signal("cohort_changed", self._counts())

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

    @workflow.signal
    def pair_changed(self, change: PairChanged) -> None:
        """A pair's state changed. That it is over counts once everybody has been told."""
        if change.everybody_knows or not (self._watches_all and change.state.is_over):
            self._note(change.pair, change.state)

    @workflow.signal
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

    async def _tell(self, handle: PairHandle, order: HrOrder) -> None:
        try:
            await handle.signal(PairWorkflow.hr_ordered, order)
        except ApplicationError:
            workflow.logger.info("pair was over before the order reached it")
