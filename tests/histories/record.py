"""Records the histories that the replay tests replay: `make histories`.

Plays two examples on the real stack and keeps, for this version, the history of the program, its
cohort and one pair of each way that a pair can go, and of what comes after the end; and those of a
program that is still running.
A schedule opens another one, and that is kept too.
The second example has what the first does without: line managers' approval, selection, group
sessions, working-day ladders. Record anew for each release, and keep those of the releases before:
their runs may still be in flight.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client, ScheduleActionExecutionStartWorkflow
from temporalio.service import RPCError, RPCStatusCode

from console.intake import Intake, read_people
from console.recurring import put_schedule
from console.show_status import Standing
from console.status import read_standing
from demo.people import Crowd
from demo.run import EXAMPLES as EXAMPLE_FILES
from demo.run import MAIN_EXAMPLE, example, play
from domain.definition import Definition
from domain.ids import (
    afterwards_workflow_id,
    cohort_workflow_id,
    follow_up_workflow_id,
    pair_workflow_id,
    program_workflow_id,
    schedule_id,
)
from domain.lifecycle import PairState
from domain.projection import PairStatus
from domain.recurrence import Rhythm
from domain.sections import FollowUp
from runtime.exit import leave
from runtime.ports import ANY_PORTS
from runtime.settings import PROJECT
from runtime.stack import Stack
from runtime.version import VERSION
from store import schemes
from store.database import Database
from tests.histories.keeping import HISTORIES, write
from tests.histories.scenes import record_scenes

EXAMPLES = {MAIN_EXAMPLE: "", "shared-mentees": "shared-"}
"""What is played, and what the names of its histories begin with."""

DAY_SECONDS = 0.5
SESSIONS_HELD_HALFWAY = 30
SCHEME = "recorded"
PATIENCE = 60.0
"""Seconds that an opening may take."""
SOON = (FollowUp(after=14, open=7), FollowUp(after=28, open=7))
"""Follow-ups that need not be waited for as long as the usual ones."""


async def record() -> None:
    """Play the examples and keep their histories."""
    target = HISTORIES / VERSION
    target.mkdir(exist_ok=True)
    for old in target.glob("*.json.gz"):
        old.unlink()
    for name, prefix in EXAMPLES.items():
        with tempfile.TemporaryDirectory() as folder:
            async with Stack(Path(folder), ports=ANY_PORTS) as stack:
                definition = example(DAY_SECONDS, name).model_copy(update={"follow_ups": SOON})
                await _play(stack, definition, target, prefix)
                if name == MAIN_EXAMPLE:
                    await open_by_schedule(stack, definition, target)


async def open_by_schedule(stack: Stack, definition: Definition, target: Path) -> None:
    """Have a schedule open a program, and keep the history of the opening."""
    settings, client = stack.settings(), await stack.client()
    folder = EXAMPLE_FILES / MAIN_EXAMPLE
    people = read_people(folder / "people.csv", definition, folder)
    entrants = Intake(definition=definition, people=people.people, roles=people.roles).entrants
    rhythm = Rhythm(months=(1,), day=15)
    database = Database(settings.database)
    with database.write() as session:
        schemes.keep(session, SCHEME, definition, rhythm, entrants, datetime.now(UTC))
    database.close()
    await put_schedule(client, settings, SCHEME, rhythm, definition)
    schedule = client.get_schedule_handle(schedule_id(SCHEME))
    await schedule.trigger()
    async with asyncio.timeout(PATIENCE):
        while not (done := (await schedule.describe()).info.recent_actions):
            await asyncio.sleep(0.1)
    assert isinstance(done[0].action, ScheduleActionExecutionStartWorkflow)
    workflow_id = done[0].action.workflow_id
    await client.get_workflow_handle(workflow_id).result()
    await _keep_one(client, workflow_id, target / "whole-opening.json.gz")


async def _play(stack: Stack, definition: Definition, target: Path, prefix: str) -> None:
    settings, client = stack.settings(), await stack.client()
    database = Database(settings.database)
    midway: list[str] = []

    async def look(standing: Standing, _crowd: Crowd) -> None:
        held = sum(pair.sessions_held for pair in standing.pairs.statuses)
        if held >= SESSIONS_HELD_HALFWAY and not midway:
            midway.append(standing.program.id)
            await _keep(client, standing, target, f"{prefix}midway")

    await play(settings, database, definition, look)
    program = definition.program.id
    for workflow_id in (program_workflow_id(program), follow_up_workflow_id(program)):
        await client.get_workflow_handle(workflow_id).result()
    await _keep(client, read_standing(database, program), target, f"{prefix}whole")
    database.close()


async def _keep(client: Client, standing: Standing, target: Path, when: str) -> None:
    program = standing.program.id
    wanted = {
        "program": program_workflow_id(program),
        "cohort": cohort_workflow_id(program, 1),
        **{
            f"pair-{kind}": pair_workflow_id(program, pair.pair)
            for kind, pair in _one_of_each(standing.pairs.statuses).items()
        },
    }
    later = {
        "follow-up": [follow_up_workflow_id(program)],
        "afterwards": [afterwards_workflow_id(program, p.pair) for p in standing.pairs.statuses],
    }
    for name, workflow_ids in later.items():
        for workflow_id in workflow_ids:
            if await _is_known(client, workflow_id):
                wanted[name] = workflow_id
    for name, workflow_id in wanted.items():
        await _keep_one(client, workflow_id, target / f"{when}-{name}.json.gz")


async def _keep_one(client: Client, workflow_id: str, file: Path) -> None:
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    write(history, file)
    print(f"{file.relative_to(PROJECT)}: {len(history.events)} events")


async def _is_known(client: Client, workflow_id: str) -> bool:
    try:
        await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


def _one_of_each(pairs: tuple[PairStatus, ...]) -> dict[str, PairStatus]:
    found: dict[str, PairStatus] = {}
    for pair in pairs:
        came_back = any(str(stall.outcome) == "came_back" for stall in pair.stalls)
        stalled = "-after-a-stall" if came_back and pair.state is not PairState.STALLED else ""
        found.setdefault(f"{pair.state}{stalled}", pair)
    return found


if __name__ == "__main__":
    asyncio.run(record())
    record_scenes(HISTORIES / VERSION)
    leave(0)
