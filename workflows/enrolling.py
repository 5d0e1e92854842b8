"""Enrolment: people are invited and join, line managers are asked, HR chooses whom to match."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.signatures import ProgramActivities, ProgramMomentKind, ProgramRef, Selected
    from domain.enrolling import EnrolmentStep, enrolment_steps
    from domain.journal import EventKind
    from domain.lifecycle import Stage
    from workflows.acts import act
    from workflows.messages import ProgramInput
    from workflows.options import call
    from workflows.program_steps import ProgramSteps

_STEPS = {
    EnrolmentStep.REMIND_PEOPLE: (ProgramMomentKind.INVITATION_REMINDER, "enrolment: reminder"),
    EnrolmentStep.ASK_MANAGERS: (ProgramMomentKind.APPROVAL_REQUEST, "ask who joined’s managers"),
    EnrolmentStep.REMIND_MANAGERS: (
        ProgramMomentKind.APPROVAL_REQUEST_REMINDER,
        "remind the managers",
    ),
}


class Enrolling(ProgramSteps):
    """Finds out who is to be matched."""

    def __init__(self, start: ProgramInput) -> None:
        super().__init__(start)
        self._enrolment_closed = False

    async def _enrol(self) -> None:
        closes = self._in_days(self._plan.enrolment)
        steps = [
            (self._in_days(step.after), step)
            for step in enrolment_steps(
                self._plan.enrolment, manager_approval=self._plan.manager_approval
            )
        ]
        self._enter(Stage.MATCHING, closes)
        await self._send(ProgramMomentKind.INVITATION, closes)
        for due, step in steps:
            moment, summary = _STEPS[step.what]
            await self._wait(until=due, or_when=lambda: self._enrolment_closed, summary=summary)
            if self._enrolment_closed:
                break
            await self._send(moment, closes, occasion=str(step.number))
        await self._wait(
            until=closes, or_when=lambda: self._enrolment_closed, summary="enrolment closes"
        )
        self._enrolment_closed = True
        await self._sift()

    async def _sift(self) -> None:
        """Leave out who has no yes of their manager, and whom HR does not choose."""
        if not (self._plan.manager_approval or self._plan.selection):
            return
        self._recorder.add(
            EventKind.ENROLMENT_CLOSED, {"selection": 1 if self._plan.selection else 0}
        )
        await self._write_down()  # so that no manager answers while people are told
        if self._plan.manager_approval:
            await self._send(ProgramMomentKind.NOT_APPROVED)
        if self._plan.selection:
            await self._let_hr_choose()

    async def _let_hr_choose(self) -> None:
        reminders = 0
        self._selecting = True
        self._show()
        await self._send(ProgramMomentKind.SELECTION_READY)
        while self._selecting:
            until = self._in_days(max(self._plan.approval, 1))
            self._stage_ends = until
            await self._wait(
                until=until, or_when=lambda: not self._selecting, summary="HR’s selection"
            )
            if self._selecting:
                reminders += 1
                await self._send(ProgramMomentKind.SELECTION_REMINDER, occasion=str(reminders))
        if self._not_selected:
            await self._send(ProgramMomentKind.NOT_SELECTED)

    @act("End enrolment before its closing date. No input.")
    async def close_enrolment(self) -> None:
        """End enrolment before its closing date."""
        self._enrolment_closed = True

    @close_enrolment.validator
    def _enrolment_is_open(self) -> None:
        if self._stage is not Stage.MATCHING or self._enrolment_closed:
            raise ApplicationError(f"Enrolment is not open. The program is in stage {self._stage}.")

    @act("Match whom HR has chosen in the store, and tell the others. No input.")
    async def confirm_selection(self) -> Selected:
        """Match whom HR has chosen, as it stands in the store, and tell the others kindly."""
        chosen: Selected = await call(
            ProgramActivities.settle_selection,
            ProgramRef(program=self._start.program, now=workflow.now()),
            summary="take HR’s selection",
        )
        if self._selecting:
            self._recorder.add(
                EventKind.PEOPLE_SELECTED,
                {"selected": chosen.selected, "not_selected": chosen.not_selected},
            )
            self._not_selected = chosen.not_selected
            self._selecting = False
            self._show()
        return chosen

    @confirm_selection.validator
    def _selection_can_be_confirmed(self) -> None:
        self._check_runs()
        if not self._selecting:
            raise ApplicationError(
                f"No selection waits for you. The program is in stage {self._stage}."
            )
        if self._paused_at is not None:
            raise ApplicationError("The program is paused. Resume it first.")
