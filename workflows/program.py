"""A program's story: definition, matching, preparation, meetings, evaluation."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import (
        BrokenPairs,
        CheckPairs,
        EditRequest,
        Evaluate,
        FormPairs,
        MatchRequest,
        ProgramActivities,
        ProgramMomentKind,
        ProposalRef,
        Verdicts,
    )
    from domain.journal import EventKind
    from domain.lifecycle import PairState, Stage
    from domain.pair_orders import Order
    from workflows.acts import act
    from workflows.messages import (
        CohortCounts,
        EditMatches,
        MatchesApproval,
        MatchesChange,
        MatchesEdited,
        PairsChecked,
        ProgramInput,
        ProgramOutcome,
        ProgramView,
    )
    from workflows.options import call
    from workflows.program_steps import Cancelled
    from workflows.renewal import Renewal
    from workflows.retention import start_retention

BEFORE_MEETINGS = (
    PairState.INTRODUCED,
    PairState.PREPARING,
    PairState.STALLED,
    PairState.PAUSED,
)
BEFORE_EVALUATION = (*BEFORE_MEETINGS, PairState.MEETING)

LAST_MAIL = 14
"""Program days that a program which is over waits for its last mails to go out."""


@workflow.defn(name="Program")
class ProgramWorkflow(Renewal):
    """Walks a program through its stages. HR steers it by updates."""

    @workflow.init
    def __init__(self, start: ProgramInput) -> None:
        super().__init__(start)
        self._verdicts = Verdicts(met=0, not_met=0, cant_tell=0)

    @workflow.run
    async def run(self, start: ProgramInput) -> ProgramOutcome:
        """Carry the program from its start date to its report."""
        self._outlived = workflow.patched("cohorts-outlive-a-run")
        self._go_on_from_before()
        try:
            await self._tell_the_story()
        except Cancelled:
            await self._cancel_pairs()
        if workflow.patched("personal-data-is-deleted"):
            await start_retention(self._start.program)
        await self._end_group_sessions()
        await self._held.gone(within=self._plan.days(LAST_MAIL))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ProgramOutcome(
            stage=self._stage,
            pairs=self._pairs(),
            metrics_met=self._verdicts.met,
            metrics_not_met=self._verdicts.not_met,
            metrics_cant_tell=self._verdicts.cant_tell,
        )

    async def _tell_the_story(self) -> None:
        """Go through the chapters, from the one at which the run before this one ended."""
        story = (
            self._open_on_the_start_date,
            self._enrol,
            self._propose_matches,
            self._agree_on_matches,
            self._introduce_pairs,
            self._prepare_pairs,
            self._begin_meetings,
            self._hold_meetings,
            self._begin_evaluation,
            self._see_pairs_end,
            self._report,
        )
        while self._chapter < len(story):
            await story[self._chapter]()
            self._chapter += 1

    # --- The story -------------------------------------------------------------------------------

    async def _open_on_the_start_date(self) -> None:
        self._recorder.add(EventKind.PROGRAM_STARTED)
        self._enter(Stage.DEFINITION, self._plan.epoch)
        await self._write_down()
        while True:
            epoch = self._plan.epoch  # HR may postpone it
            await self._wait(
                until=epoch,
                or_when=partial(self._starts_at_another_time, epoch),
                summary="start date",
            )
            if self._plan.epoch == epoch:
                return

    def _starts_at_another_time(self, epoch: datetime) -> bool:
        return self._plan.epoch != epoch

    async def _propose_matches(self) -> None:
        self._proposal = await call(
            ProgramActivities.propose_matches,
            MatchRequest(program=self._start.program, now=workflow.now()),
            summary="match the people who joined",
        )
        self._recorder.add(
            EventKind.MATCHES_PROPOSED,
            {
                "proposal": self._proposal.proposal,
                "pairs": self._proposal.pairs,
                "unmatched": self._proposal.unmatched,
            },
        )
        await self._send(ProgramMomentKind.MATCHES_READY)
        self._stage_ends = self._in_days(max(self._plan.approval, 1))

    async def _agree_on_matches(self) -> None:
        while self._approved is None:
            await self._wait(
                until=self._stage_ends,
                or_when=lambda: self._approved is not None,
                summary="HR’s approval of the matches",
                may_begin_anew=True,
            )
            if self._approved is None:
                self._reminders += 1
                await self._send(ProgramMomentKind.MATCHES_REMINDER, occasion=str(self._reminders))
                self._stage_ends = self._in_days(max(self._plan.approval, 1))

    async def _introduce_pairs(self) -> None:
        pair, extended = self._plan.pair, self._extended
        self._enter(Stage.PREPARATION, self._in_days(pair.introduction + pair.preparation))
        formed = await call(
            ProgramActivities.form_pairs,
            FormPairs(
                program=self._start.program,
                proposal=self._approved or "",
                events=self._recorder.take(),
            ),
            summary="form the pairs",
        )
        self._pairs_formed_at = workflow.now() - self._paused_for
        await self._send(ProgramMomentKind.NOT_MATCHED)
        await self._start_cohorts(formed.cohorts, pair, extended)
        self._begin_group_sessions()

    async def _prepare_pairs(self) -> None:
        if (ends := self._stage_ends) is not None:
            await self._wait_and_repair(
                until=ends,
                or_when=lambda: not self._repairs and self._no_pair_is(BEFORE_MEETINGS),
                summary="preparation ends",
            )

    async def _begin_meetings(self) -> None:
        self._enter(Stage.MEETINGS, self._in_days(self._plan.pair.meetings))
        await self._write_down()

    async def _hold_meetings(self) -> None:
        while (ends := self._stage_ends) is not None:  # HR may extend it
            await self._wait_and_repair(
                until=ends, or_when=partial(self._meetings_are_over, ends), summary="meetings end"
            )
            if self._stage_ends == ends:
                return

    def _meetings_are_over(self, ends: datetime) -> bool:
        """Whether every pair has come to its evaluation, or they end at another time now."""
        all_have_met = not self._repairs and self._no_pair_is(BEFORE_EVALUATION)
        return all_have_met or self._stage_ends != ends

    async def _begin_evaluation(self) -> None:
        self._set_new_pairs(None)
        self._enter(Stage.EVALUATION, self._in_days(self._plan.pair.evaluation))
        await self._write_down()

    async def _see_pairs_end(self) -> None:
        # A pair ends at the latest when its own evaluation is over, so there is no deadline here.
        await self._wait(until=None, or_when=self._all_pairs_ended, may_begin_anew=True)

    async def _report(self) -> None:
        await self._all_cohorts_over()
        self._closing = True
        self._verdicts = await call(
            ProgramActivities.evaluate,
            Evaluate(program=self._start.program, now=workflow.now()),
            summary="compute the success metrics",
        )
        self._enter(Stage.COMPLETED)
        self._recorder.add(EventKind.PROGRAM_COMPLETED)
        completed = workflow.now()
        await self._send(ProgramMomentKind.REPORT_READY)
        await self._start_follow_ups(completed)

    async def _cancel_pairs(self) -> None:
        was_announced = self._stage is not Stage.DEFINITION
        self._enter(Stage.CANCELLED)
        self._recorder.add(EventKind.PROGRAM_CANCELLED)
        if was_announced:
            await self._send(ProgramMomentKind.FAREWELL_CANCELLED)
        else:
            await self._write_down()
        await self._tell_cohorts(Order.CANCEL)
        await self._call_off_group_sessions()
        await self._all_cohorts_over()

    # --- What HR and the cohorts say -------------------------------------------------------------

    @workflow.query(description="Where the program stands.")
    def view(self) -> ProgramView:
        """Where the program stands."""
        return self._view()

    @workflow.signal(description="From a cohort: how its pairs stand. Not for people.")
    def cohort_changed(self, change: CohortCounts) -> None:
        """The pairs of a cohort stand differently."""
        self._note_counts(change)

    @act("Carry out edits that stand in the store: “starter.py matches PROGRAM import”.")
    async def edit_matches(self, edit: EditMatches) -> MatchesEdited:
        """Carry out HR's edits of the proposal that has this number.

        What breaks a hard rule is refused, each with its reason in the store, and the rest stands.
        """
        of_new_pairs = self._new_pairs is not None
        self._matching = True
        try:
            done = await call(
                ProgramActivities.edit_matches,
                EditRequest(
                    program=self._start.program,
                    draft=edit.draft,
                    number=edit.number,
                    now=workflow.now(),
                ),
                summary="carry out HR’s edits",
            )
        finally:
            self._matching = False
        after = done.proposal
        kind = EventKind.MATCHES_CHANGED
        if of_new_pairs and self._new_pairs is None:
            raise ApplicationError("The time for new pairs is over. Nothing was changed.")
        if self._new_pairs is not None:
            kind = EventKind.NEW_PAIRS_PROPOSED
            self._new_pairs = self._new_pairs.model_copy(
                update={"proposal": after.proposal, "number": after.number, "pairs": after.pairs}
            )
        else:
            self._proposal = after
        self._recorder.add(
            kind,
            {
                "proposal": after.proposal,
                "pairs": after.pairs,
                "unmatched": after.unmatched,
                "applied": done.applied,
                "refused": done.refused,
            },
        )
        self._show()
        await self._write_down()
        return MatchesEdited(number=after.number, applied=done.applied, refused=done.refused)

    @act("Check the hard rules on all pairs, as they are now. No input.")
    async def check_pairs(self) -> PairsChecked:
        """Check the hard rules on all pairs anew, by what is known of people now.

        A pair in which one came to depend on the other is paused; HR hears of all that were found,
        and of each once for the same reason.
        """
        found: BrokenPairs = await call(
            ProgramActivities.check_pairs,
            CheckPairs(program=self._start.program, now=workflow.now()),
            summary="check the hard rules on all pairs",
        )
        for pair in found.stop:
            await self._tell_pair(pair, Order.HOLD)
        broken = (*found.stop, *found.tell)
        if broken:
            self._recorder.add(
                EventKind.RULES_BROKEN, {"paused": len(found.stop), "told": len(found.tell)}
            )
            await self._send(
                ProgramMomentKind.RULES_BROKEN,
                occasion=workflow.now().isoformat(timespec="seconds"),
                pairs=broken,
            )
        return PairsChecked(paused=len(found.stop), told=len(found.tell))

    @act("Takes no calls any more. Use edit_matches.")
    async def change_matches(self, change: MatchesChange) -> None:
        """Put HR's edited proposal in place of the one before.

        Takes no more calls: runs that began on 0.1.0 may have it in their history.
        """
        self._proposal = ProposalRef(
            proposal=change.proposal,
            number=change.number,
            pairs=change.pairs,
            unmatched=change.unmatched,
        )
        self._recorder.add(
            EventKind.MATCHES_CHANGED,
            {
                "proposal": change.proposal,
                "pairs": change.pairs,
                "unmatched": change.unmatched,
            },
        )
        self._show()
        await self._write_down()

    @act('Approve the proposal of this number: {"number": 1}.')
    async def approve_matches(self, approval: MatchesApproval) -> int:
        """Approve the proposal that has this number. Gives the number of its pairs."""
        self._check_approvable(approval)
        if self._new_pairs is not None:
            self._new_pairs_approved = True
            self._recorder.add(
                EventKind.NEW_PAIRS_APPROVED,
                {"proposal": self._new_pairs.proposal, "pairs": self._new_pairs.pairs},
            )
            return self._new_pairs.pairs
        proposal = self._proposal
        if proposal is None:
            raise ApplicationError("There is no proposal to approve.")
        self._approved = proposal.proposal
        self._recorder.add(
            EventKind.MATCHES_APPROVED, {"proposal": proposal.proposal, "pairs": proposal.pairs}
        )
        return proposal.pairs

    @change_matches.validator
    def _matches_can_change(self, change: MatchesChange) -> None:
        raise ApplicationError("Use edit_matches.")

    @edit_matches.validator
    def _matches_can_be_edited(self, edit: EditMatches) -> None:
        self._check_number(edit.number)

    @approve_matches.validator
    def _check_approvable(self, approval: MatchesApproval) -> None:
        self._check_number(approval.number)

    def _check_number(self, number: int) -> None:
        self._check_awaits_approval()
        if self._matching:
            raise ApplicationError("The matches are being changed this moment. Look at them anew.")
        _, current = self._in_question or ("", 0)
        if number != current:
            raise ApplicationError(
                f"The proposal is number {current} now, not {number}. Look at it first."
            )

    def _check_awaits_approval(self) -> None:
        if not self._awaits_approval:
            raise ApplicationError(
                f"No matches wait for approval. The program is in stage {self._stage}."
            )
        if self._paused_at is not None:
            raise ApplicationError("The program is paused. Resume it first.")

    @check_pairs.validator
    def _has_pairs(self) -> None:
        self._check_runs()
        if not self._cohorts:
            raise ApplicationError("There are no pairs yet.")
