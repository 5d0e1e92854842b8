"""`starter.py acts`: who did what to which program or pair."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.recording import recording
from console.stores import out, store, the_program, told
from console.terminal import BAD_INPUT, fail, print_json
from console.written import a_date
from domain.acts import HrAct, Through
from runtime.settings import load_settings
from store import acts as record
from store import programs
from store.tables import PersonRow

app = typer.Typer(add_completion=False)

_BY = {Through.TERMINAL: "", Through.PAGE: ", on the page", Through.SCHEDULE: ", the schedule"}


@app.command()
def acts(
    program: Annotated[
        str | None, typer.Argument(metavar="[PROGRAM]", help="The program's id; all without it.")
    ] = None,
    pair: Annotated[
        str | None, typer.Option("--pair", metavar="PAIR", help="Only what was done to this pair.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="From this day on: 2027-01-31.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document and nothing else.")
    ] = False,
) -> None:
    """Who did what to which program or pair, the newest last.

    It has what was typed here and done on the page of a pair. What an operator does in Temporal
    itself stands in its histories.
    """
    with told(as_json=as_json):
        if pair is not None and program is None:
            fail("--pair wants the program before it: acts PROGRAM --pair PAIR", BAD_INPUT)
        first = _begin_of(a_date("--since", since)) if since is not None else None
        own = recording()
        with store(load_settings()) as database:
            if program is not None:
                the_program(database, program)
            with database.read() as session:
                if pair is not None and programs.pair(session, str(program), pair) is None:
                    fail(
                        f"There is no pair “{pair}” in “{program}”. “status” lists them.", BAD_INPUT
                    )
                found = record.read(
                    session,
                    program=program,
                    pair=pair,
                    since=first,
                    before=own.position if own else None,
                )
                people = _references(session, found)
        if as_json:
            print_json({"acts": [_facts(act, people) for act in found]})
        elif found:
            out.print(_table(found, people))
        else:
            out.print(
                "Nothing was done yet." if first is None else f"Nothing was done since {since}."
            )


def _begin_of(day: date) -> datetime:
    """The first instant of a day where this terminal is."""
    return datetime.combine(day, time()).astimezone().astimezone(UTC)


def _references(session: Session, found: Sequence[HrAct]) -> dict[str, str]:
    """The organisation's ids of who is still in the store."""
    people = {act.person for act in found if act.person is not None}
    rows = session.execute(
        select(PersonRow.id, PersonRow.reference).where(PersonRow.id.in_(sorted(people)))
    )
    return {one.id: one.reference for one in rows}


def _table(found: Sequence[HrAct], people: dict[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("When", "Who", "Act", "Program", "About", "Outcome"):
        table.add_column(heading, no_wrap=heading == "When")
    for act in found:
        table.add_row(
            f"{act.at.astimezone():%Y-%m-%d %H:%M:%S}",
            f"{act.who}{_BY[act.through]}",
            act.act,
            act.program or "",
            ", ".join(_about(act, people)),
            act.outcome,
        )
    return table


def _about(act: HrAct, people: dict[str, str]) -> list[str]:
    about = [act.pair] if act.pair else []
    if act.person is not None:
        about.append(people.get(act.person, f"{act.person} (erased)"))
    return about + [f"{name} {value}" for name, value in act.data.items()]


def _facts(act: HrAct, people: dict[str, str]) -> dict[str, Any]:
    known = {"person_id": people.get(act.person)} if act.person is not None else {}
    return act.model_dump(mode="json") | known
