"""Group sessions beside a program's stages, with time skipped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.signatures import ProgramMoment, ProgramMomentKind
from domain.group_sessions import PlannedGroupDate
from domain.ids import program_workflow_id
from domain.journal import EventKind
from domain.lifecycle import Stage as ProgramStage
from tests.workflows.stage import Stage, on_stage, program_plan, skip_to
from workflows.messages import MatchesApproval, Postponement, ProgramInput, ProgramOutcome
from workflows.program import ProgramWorkflow

PROGRAM = "test"

Handle = WorkflowHandle[ProgramWorkflow, ProgramOutcome]

MEET = 15
"""The day on which the pairs are formed here: the first after enrolment."""


def supervision(begins: datetime, *days: float) -> tuple[PlannedGroupDate, ...]:
    """A group session on these days of the program."""
    return tuple(
        PlannedGroupDate(
            group="supervision",
            number=number,
            invite_at=begins + timedelta(days=day - 7),
            starts_at=begins + timedelta(days=day),
            ask_at=begins + timedelta(days=day + 1),
        )
        for number, day in enumerate(days, start=1)
    )


class Play:
    """A program with group sessions, and what was written about them."""

    def __init__(
        self, environment: WorkflowEnvironment, stage: Stage, program: Handle, begins: datetime
    ) -> None:
        self._environment = environment
        self._stage = stage
        self.program = program
        self.begins = begins

    async def until(self, day: float) -> None:
        """Skip time to this day of the program."""
        await skip_to(self._environment, self.begins + timedelta(days=day))

    def written(self) -> list[tuple[str, float]]:
        """What was written about which date, and on which day of the program."""
        return [
            (
                f"{moment.kind.removeprefix('group_session')} {_date(moment)}".strip(),
                self._day(moment),
            )
            for moment in self._stage.program_moments
            if moment.group is not None
        ]

    def _day(self, moment: ProgramMoment) -> float:
        return round((moment.now - self.begins) / timedelta(days=1), 1)


def _date(moment: ProgramMoment) -> str:
    about = moment.group
    assert about is not None
    return f"{about.number}" + (f" moved {about.moved}" if about.moved else "")


@asynccontextmanager
async def play(
    environment: WorkflowEnvironment, task_queue: str, stage: Stage, days: Sequence[float]
) -> AsyncIterator[Play]:
    """A program whose pairs are formed on day `MEET`, with a group session on these days."""
    async with on_stage(environment.client, task_queue, stage):
        begins = await environment.get_current_time()
        program = await environment.client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(
                program=PROGRAM,
                plan=program_plan(begins, group_sessions=supervision(begins, *days)),
            ),
            id=program_workflow_id(PROGRAM),
            task_queue=task_queue,
        )
        played = Play(environment, stage, program, begins)
        await played.until(MEET)
        await program.execute_update(ProgramWorkflow.approve_matches, MatchesApproval(number=1))
        yield played


async def test_people_are_invited_a_week_before_and_asked_the_day_after(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with play(time_skipping, task_queue, stage, [30, 50]) as played:
        await played.until(60)
        assert played.written() == [
            ("1", 23),
            ("_follow_up 1", 31),
            ("2", 43),
            ("_follow_up 2", 51),
        ]
    told = [e for e in stage.events if e.kind is EventKind.GROUP_SESSION_ANNOUNCED]
    assert [event.data for event in told] == [
        {"group": "supervision", "number": 1},
        {"group": "supervision", "number": 2},
    ]
    assert stage.recorded.count(EventKind.GROUP_SESSION_ASKED) == 2


async def test_a_date_that_is_near_is_told_the_day_after_the_pairs_begin(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with play(time_skipping, task_queue, stage, [10, 18]) as played:
        await played.until(25)
        assert played.written() == [("2", MEET + 1), ("_follow_up 2", 19)]


async def test_each_round_of_invitations_goes_to_newcomers_for_all_that_is_to_come(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with play(time_skipping, task_queue, stage, [40, 43]) as played:
        await played.until(39)
        assert played.written() == [("1", 33), ("2", 36), ("1", 36)]
    assert stage.recorded.count(EventKind.GROUP_SESSION_ANNOUNCED) == 2


async def test_in_a_pause_nothing_is_written_and_dates_stay_where_they_are(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with play(time_skipping, task_queue, stage, [40, 50, 90]) as played:
        await played.until(34)
        await played.program.execute_update(ProgramWorkflow.pause)
        await played.until(60)
        assert played.written() == [("1", 33)]
        await played.program.execute_update(ProgramWorkflow.resume)
        await played.until(95)
        assert played.written()[1:] == [("_follow_up 1", 60), ("3", 83), ("_follow_up 3", 91)]


async def test_when_a_program_is_postponed_who_was_invited_hears_of_the_new_date(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with play(time_skipping, task_queue, stage, [40, 70]) as played:
        stage.group_sessions = supervision(played.begins, 54, 84)
        await played.until(35)
        await played.program.execute_update(
            ProgramWorkflow.postpone,
            Postponement(until=played.begins + timedelta(days=49), days=14),
        )
        await played.until(48)
        assert played.written() == [("1", 33), ("1 moved 1", 35)]
        await played.until(90)
        assert played.written()[2:] == [
            ("_follow_up 1 moved 1", 55),
            ("2 moved 1", 77),
            ("_follow_up 2 moved 1", 85),
        ]


async def test_a_cancelled_program_calls_off_what_is_still_to_come(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with play(time_skipping, task_queue, stage, [20, 40, 90]) as played:
        await played.until(35)
        await played.program.execute_update(ProgramWorkflow.cancel)
        assert (await played.program.result()).stage is ProgramStage.CANCELLED
        assert played.written()[-1] == ("_cancelled 2", 35)
        assert [what for what, _ in played.written()].count("_cancelled 3") == 0


async def test_a_program_that_is_over_waits_for_no_group_session(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with play(time_skipping, task_queue, stage, [40, 900]) as played:
        outcome = await played.program.result()
        assert outcome.stage is ProgramStage.COMPLETED
    assert stage.program_moments[-1].kind is ProgramMomentKind.REPORT_READY
    assert stage.program_moments[-1].now < played.begins + timedelta(days=300)


async def test_a_program_without_group_sessions_writes_of_none(
    time_skipping: WorkflowEnvironment, task_queue: str, stage: Stage
) -> None:
    async with play(time_skipping, task_queue, stage, []) as played:
        await played.program.result()
        assert played.written() == []
