"""A program whose history gets long goes on in a new run, with all that it knows."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures import Ending
    from domain.calendar import program_days
    from domain.ids import cohort_workflow_id
    from workflows.cohort import CohortWorkflow
    from workflows.enrolling import Enrolling
    from workflows.looking import look_until_ended
    from workflows.messages import CohortCounts, ProgramCarried, ProgramInput
    from workflows.options import Recorder
    from workflows.repairs import Repairs
    from workflows.steering import Steering

_BY_ITS_NAME = frozenset(ProgramCarried.model_fields) - {"recorded", "cohorts", "held_until"}
"""What is carried as it is: the attribute has the field's name, with an underscore."""


class Renewal(Enrolling, Repairs, Steering):
    """Ends a run and takes up what it left.

    Cohorts outlive the run that started them. They tell how their pairs stand as before; that one
    has ended is found by looking.
    """

    def __init__(self, start: ProgramInput) -> None:
        super().__init__(start)
        self._chapter = 0
        """How much of the story is told."""
        self._reminders = 0
        """How often HR was reminded of the matches."""
        if start.carried is not None:
            self._take_up(start.carried)

    def _begin_anew(self) -> NoReturn:
        carried = ProgramCarried(
            **{name: getattr(self, f"_{name}") for name in _BY_ITS_NAME},
            recorded=self._recorder.carried(),
            cohorts=len(self._cohorts),
            held_until=self._held.until,
        )
        workflow.continue_as_new(self._start.model_copy(update={"carried": carried}))

    def _take_up(self, carried: ProgramCarried) -> None:
        """Know what the run before this one knew."""
        for name in _BY_ITS_NAME:
            setattr(self, f"_{name}", getattr(carried, name))
        self._recorder = Recorder(before=carried.recorded)
        self._enrolment_closed = True  # a run ends after enrolment only
        self._cohorts = [
            workflow.get_external_workflow_handle_for(
                CohortWorkflow.run, cohort_workflow_id(self._start.program, number)
            )
            for number in range(1, carried.cohorts + 1)
        ]

    def _go_on_from_before(self) -> None:
        """Have all that went on beside the story go on in this run."""
        carried = self._start.carried
        if carried is None:
            return
        self._show()
        if carried.cohorts:
            cohorts = range(1, carried.cohorts + 1)
            self._watchers.append(asyncio.create_task(self._look_until_all_ended(cohorts)))
        self._held.note(carried.held_until)
        if carried.paused_until is not None:
            self._begin_to_wait_for_the_end_of_the_pause()
        if carried.first_invitations is not None:
            self._go_on_with_group_sessions()

    async def _look_until_all_ended(self, cohorts: range) -> None:
        names = {cohort_workflow_id(self._start.program, number): number for number in cohorts}

        def note(ending: Ending) -> None:
            number = names[ending.workflow]
            if ending.pairs:
                self._note_counts(CohortCounts(cohort=number, counts=ending.pairs))
            else:
                self._note_ended_from_outside(number)

        await look_until_ended(
            names,
            note,
            should_have_ended=self._all_pairs_ended,
            every=program_days(1, self._plan.pair.day_seconds),
        )
