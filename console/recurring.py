"""The Temporal Schedules that open the programs of schemes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import islice

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.exceptions import FailureError
from temporalio.service import RPCError, RPCStatusCode

from console.session import reached, temporal
from domain.calendar import DAY_BEGINS
from domain.definition import Definition
from domain.details import OPENING_HELP
from domain.ids import opening_workflow_id, schedule_id
from domain.model import Value
from domain.proposal_words import counted
from domain.recurrence import Rhythm, in_words, opens_at, opens_on, planned_days
from runtime.settings import Settings
from workflows.messages import SchemeInput
from workflows.opening import OpenProgramWorkflow

CATCH_UP = timedelta(days=30)
"""How late a program is still opened, if Temporal was away when its time came."""


LOOKED_AT = 3
"""Openings of a scheme, the last ones, of which `show` tells whether they can't go on."""


class NoSchedule(Exception):
    """Temporal has no schedule for that scheme, or no such opening."""


class Standing(Value):
    """How the schedule of a scheme stands."""

    paused: bool
    missed: int
    """How many programs were not opened, because Temporal was away for too long."""
    hindered: tuple[str, ...]
    """Why the next program can't be opened although its time has come; ids, and what to do."""


async def put_schedule(
    client: Client, settings: Settings, scheme: str, rhythm: Rhythm, definition: Definition
) -> None:
    """Have the programs of a scheme opened. One that is paused stays so."""
    made = _schedule(settings.task_queue, scheme, rhythm, definition)
    try:
        await client.create_schedule(schedule_id(scheme), made)
    except ScheduleAlreadyRunningError:

        def changed(now: ScheduleUpdateInput) -> ScheduleUpdate:
            made.state.paused = now.description.schedule.state.paused
            return ScheduleUpdate(made)

        await client.get_schedule_handle(schedule_id(scheme)).update(changed)


async def pause_schedule(settings: Settings, scheme: str, rhythm: Rhythm, *, pause: bool) -> None:
    """Have nothing opened for now, or again. Raises `NoSchedule`."""
    client = await (reached if pause else temporal)(settings)
    handle = client.get_schedule_handle(schedule_id(scheme))
    with _known():
        if pause:
            await handle.pause(note=_note(rhythm))  # it takes the place of the one before
        else:
            await handle.unpause(note=_note(rhythm))


async def end_schedule(settings: Settings, scheme: str) -> None:
    """Have nothing opened any more. Raises `NoSchedule`."""
    client = await reached(settings)
    with _known():
        await client.get_schedule_handle(schedule_id(scheme)).delete()


async def standings(settings: Settings, schemes: list[str]) -> dict[str, Standing]:
    """How the schedules of schemes stand; one that Temporal does not have is left out."""
    client = await reached(settings)
    found = {}
    for scheme in schemes:
        try:
            with _known():
                described = await client.get_schedule_handle(schedule_id(scheme)).describe()
        except NoSchedule:
            continue
        found[scheme] = Standing(
            paused=described.schedule.state.paused,
            missed=described.info.num_actions_missed_catchup_window,
            hindered=tuple([why async for why in _hindrances(client, described)]),
        )
    return found


def _schedule(task_queue: str, scheme: str, rhythm: Rhythm, definition: Definition) -> Schedule:
    first = next(planned_days(rhythm, definition.program.starts))
    return Schedule(
        action=ScheduleActionStartWorkflow(
            OpenProgramWorkflow.run,
            SchemeInput(scheme=scheme),
            id=opening_workflow_id(scheme),
            task_queue=task_queue,
            static_summary=f"Opens the next program of {scheme}",
            static_details=OPENING_HELP,
        ),
        spec=ScheduleSpec(
            calendars=list(_calendars(rhythm, first)),
            start_at=opens_at(definition, opens_on(rhythm, first)),
            time_zone_name=definition.calendar.timezone,
        ),
        # Programs don't wait for each other: what keeps one from being opened keeps no other.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL, catchup_window=CATCH_UP),
        state=ScheduleState(note=_note(rhythm)),
    )


def _calendars(rhythm: Rhythm, first: date) -> Iterator[ScheduleCalendarSpec]:
    for planned in islice(planned_days(rhythm, first), len(rhythm.months)):
        opens = opens_on(rhythm, planned)
        yield ScheduleCalendarSpec(
            month=[ScheduleRange(opens.month)],
            day_of_month=[ScheduleRange(opens.day)],
            hour=[ScheduleRange(DAY_BEGINS.hour)],
            comment=f"{counted(rhythm.notice, 'day')} before {planned.day} {planned:%B}",
        )


def _note(rhythm: Rhythm) -> str:
    return f"A program starts {in_words(rhythm)}. Opened {counted(rhythm.notice, 'day')} before."


async def _hindrances(client: Client, described: ScheduleDescription) -> AsyncIterator[str]:
    for done in described.info.recent_actions[-LOOKED_AT:]:
        assert isinstance(done.action, ScheduleActionExecutionStartWorkflow)  # noqa: S101 - no other
        try:
            with _known():
                opening = await client.get_workflow_handle(done.action.workflow_id).describe()
        except NoSchedule:
            continue  # its history is not kept any more
        for tried in opening.raw_description.pending_activities:
            if tried.HasField("last_failure"):
                failure = await client.data_converter.decode_failure(tried.last_failure)
                yield failure.message if isinstance(failure, FailureError) else str(failure)


@contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NoSchedule from None
        raise
