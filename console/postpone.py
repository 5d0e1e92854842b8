"""`starter.py postpone`: a program starts later, or takes a break until a date."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from console.recording import noted
from console.session import order, program_handle, run, temporal
from console.stores import out, store, the_program, told
from console.terminal import BAD_INPUT, fail
from console.written import a_date, day_in_words, days
from domain.lifecycle import Stage
from domain.postponing import NewDate, new_date
from domain.proposal_words import counted
from runtime.settings import Settings, load_settings
from store.programs import Program
from workflows.messages import Postponement, ProgramView

app = typer.Typer(add_completion=False)


@app.command()
def postpone(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's id.")],
    by: Annotated[
        str | None, typer.Option("--by", metavar="SPAN", help="So much later: “2 weeks”.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="To this day: 2027-01-11.")
    ] = None,
) -> None:
    """Start a program later, or pause it until a date.

    Before its start it starts later; once it runs, it is paused, and goes on by itself. Who is in a
    program that runs is told, once. Group sessions that are still to come move with it.
    """
    with told():
        if (by is None) == (to is None):
            fail("Say either --by, such as “2 weeks”, or --to, such as 2027-01-11.", BAD_INPUT)
        span = days("--by", by) if by is not None else None
        day = a_date("--to", to) if to is not None else None
        settings = load_settings()
        with store(settings) as database:
            found = the_program(database, program)
        begun, chosen = run(_postpone(settings, found, span, day))
        moved, when = counted(chosen.days, "day"), day_in_words(chosen.day)
        groups = " Group sessions that are still to come move with it."
        if begun:
            said = (
                f"Postponed by {moved}: paused until {when}, and then it goes on by itself. "
                "Everybody who is in it gets a message."
            )
        else:
            said = f"Postponed by {moved}: it starts on {when}."
        out.print(said + (groups if found.definition.group_sessions else ""), soft_wrap=True)


async def _postpone(
    settings: Settings, program: Program, by: int | None, to: date | None
) -> tuple[bool, NewDate]:
    handle = program_handle(await temporal(settings), program.id)
    view: ProgramView = await handle.query("view", result_type=ProgramView)
    begun = view.stage is not Stage.DEFINITION
    try:
        chosen = new_date(
            program.definition,
            program.calendar,
            datetime.now(UTC),
            begun=begun,
            paused_until=view.paused_until,
            by=by,
            to=to,
        )
    except ValueError as problem:
        fail(str(problem), BAD_INPUT)
    noted(days=chosen.days)
    await order(handle, "postpone", Postponement(until=chosen.until, days=chosen.days))
    return begun, chosen
