"""Records the histories that the replay tests replay: `make histories`.

Plays the example program on the real stack and keeps, for this version, the history of the program,
its cohort and one pair of each way that a pair can go; and those of a program that is still
running. Record anew for each release, and keep those of the releases before: their runs may still
be in flight.
"""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
import tomllib
from pathlib import Path

from temporalio.client import Client

from console.app import read_standing
from console.show import Standing
from demo.people import Crowd
from demo.run import example, play
from domain.ids import cohort_workflow_id, pair_workflow_id, program_workflow_id
from domain.lifecycle import PairState
from domain.projection import PairStatus
from runtime.exit import leave
from runtime.ports import ANY_PORTS
from runtime.settings import PROJECT
from runtime.stack import Stack
from store.database import Database

HISTORIES = Path(__file__).parent
DAY_SECONDS = 0.25
SESSIONS_HELD_HALFWAY = 30


def version() -> str:
    """The version that is being recorded."""
    return str(tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"])


async def record() -> None:
    """Play a program and keep its histories."""
    target = HISTORIES / version()
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with Stack(Path(folder), ports=ANY_PORTS) as stack:
            settings, client = stack.settings(), await stack.client()
            database = Database(settings.database)
            definition = example(DAY_SECONDS)
            program = definition.program.id
            midway: list[str] = []

            async def look(standing: Standing, _crowd: Crowd) -> None:
                held = sum(pair.sessions_held for pair in standing.status.pairs)
                if held >= SESSIONS_HELD_HALFWAY and not midway:
                    midway.append(program)
                    await _keep(client, standing, target, "midway")

            await play(settings, database, definition, look)
            await _keep(client, read_standing(database, program), target, "whole")
            database.close()


async def _keep(client: Client, standing: Standing, target: Path, when: str) -> None:
    program = standing.program.id
    wanted = {
        "program": program_workflow_id(program),
        "cohort": cohort_workflow_id(program, 1),
        **{
            f"pair-{kind}": pair_workflow_id(program, pair.pair)
            for kind, pair in _one_of_each(standing.status.pairs).items()
        },
    }
    for name, workflow_id in wanted.items():
        history = await client.get_workflow_handle(workflow_id).fetch_history()
        file = target / f"{when}-{name}.json"
        compact = json.dumps(json.loads(history.to_json()), separators=(",", ":"))
        file.write_text(compact.replace(socket.gethostname(), "host") + "\n", "utf-8")
        print(f"{file.relative_to(PROJECT)}: {len(history.events)} events")


def _one_of_each(pairs: tuple[PairStatus, ...]) -> dict[str, PairStatus]:
    found: dict[str, PairStatus] = {}
    for pair in pairs:
        came_back = any(str(stall.outcome) == "came_back" for stall in pair.stalls)
        stalled = "-after-a-stall" if came_back and pair.state is not PairState.STALLED else ""
        found.setdefault(f"{pair.state}{stalled}", pair)
    return found


if __name__ == "__main__":
    asyncio.run(record())
    leave(0)
