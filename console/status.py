"""The command that tells where programs stand. Light to import: HR asks it most often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Annotated

import typer
from rich.live import Live
from sqlalchemy.orm import Session

from console import show_retention, show_status
from console.show_status import MOST_ROWS, Standing, waits_for_approval
from console.stores import out, store, the_program, told
from console.terminal import print_json
from domain.lifecycle import Stage
from runtime.settings import Settings, load_settings
from store import (
    answers,
    instruments,
    journal,
    ledger,
    program_facts,
    programs,
    proposals,
    refusals,
    standings,
)
from store.database import Database
from store.group_sessions import group_sessions_now
from store.program_facts import PairsNow

app = typer.Typer(
    name="starter.py",
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document and nothing else.")]

Choose = Callable[[Session, str], PairsNow]
"""Which pairs of a program are read."""


@app.command()
def status(
    program: Annotated[
        str | None, typer.Argument(metavar="[PROGRAM]", help="The program's id; all without it.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Stay and follow.")] = False,
    as_json: AsJson = False,
) -> None:
    """Where a program stands.

    Without one: which programs there are.
    """
    with told(as_json=as_json):
        settings = load_settings()
        with store(settings) as database:
            if program is None:
                _list_programs(database, as_json)
                return
            the_program(database, program)
            remarks = _remarks(database, settings, program)
            first = partial(program_facts.first_pairs, most=MOST_ROWS)
            read = partial(read_standing, database, program, remarks, first)
            if as_json:
                print_json(show_status.standing_facts(read_standing(database, program, remarks)))
            elif watch:
                with suppress(KeyboardInterrupt):  # the way to stop watching
                    asyncio.run(_follow(read, settings))
            else:
                out.print(show_status.standing(read(), settings), crop=False)  # the link is whole


def _remarks(database: Database, settings: Settings, program: str) -> list[str]:
    """What surveys give to think about. Those that were looked at once are known again."""
    file = settings.var_dir / "cache" / "surveys-as-asked"
    try:
        known = set(file.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        known = set()
    unchanged = set(known)
    with database.read() as session:
        found = instruments.changed(session, settings.content, program, unchanged)
    if unchanged != known:
        with suppress(OSError):  # then they are looked at again
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("\n".join(sorted(unchanged)), encoding="ascii")
    return [str(one) for one in found]


def _list_programs(database: Database, as_json: bool) -> None:
    with database.read() as session:
        known = programs.all_ids(session)
    if as_json:
        found = [read_standing(database, program) for program in known]
        print_json({"programs": [show_status.standing_facts(standing) for standing in found]})
    elif known:
        out.print(show_status.all_programs([_in_a_line(database, one) for one in known]))
    else:
        out.print("None was started yet. Begin with: python starter.py new NAME")


def _in_a_line(database: Database, program: str) -> show_status.InALine:
    """What the list of programs tells of one."""
    standings.catch_up(database, program)
    with database.read() as session:
        return show_status.InALine(
            program=programs.get(session, program),
            status=program_facts.facts(session, program),
            kept=show_retention.kept(session, program),
        )


def read_standing(
    database: Database,
    program: str,
    remarks: Sequence[str] = (),
    choose: Choose = program_facts.all_pairs,
) -> Standing:
    """All that `status` shows. `remarks` are what content gives to think about."""
    standings.catch_up(database, program)
    with database.read() as session:
        found = programs.get(session, program)
        facts = program_facts.facts(session, program)
        pairs = choose(session, program)
        listed = [one.status.pair for one in pairs.listed]
        waits = waits_for_approval(facts)
        return Standing(
            program=found,
            status=facts,
            pairs=pairs,
            messages=ledger.counts(session, program),
            answers=answers.count(session, program),
            names=dict(programs.pair_names(session, program, listed)),
            proposal=proposals.latest_proposal(session, program) if waits else None,
            groups=group_sessions_now(session, found, journal.now_of(session, program)),
            refusing=tuple(refusals.refusing(session, program)),
            remarks=tuple(remarks),
            kept=show_retention.kept(session, program),
        )


async def _follow(read: Callable[[], Standing], settings: Settings) -> None:
    with Live(console=out, refresh_per_second=4, screen=False) as live:
        while True:
            standing = read()
            live.update(show_status.standing(standing, settings), refresh=True)
            if standing.status.stage in (Stage.COMPLETED, Stage.CANCELLED):
                return
            await asyncio.sleep(1)
