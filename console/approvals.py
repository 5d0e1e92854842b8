"""`starter.py approvals`: what line managers answered about those who joined."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from console.stores import out, store, the_program, told
from console.terminal import fail, print_json
from runtime.settings import load_settings
from store import approvals as answers_of_managers
from store.approvals import Approval

app = typer.Typer()

ProgramId = Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's id.")]


@app.command()
def approvals(
    program: ProgramId,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document and nothing else.")
    ] = False,
) -> None:
    """What line managers said about who joined.

    With the reasons that they gave you.
    """
    with told(as_json=as_json):
        with store(load_settings()) as database:
            if not the_program(database, program).definition.enrolment.manager_approval:
                fail(
                    f"“{program}” does not ask line managers. “enrolment.manager_approval” in a "
                    "definition asks for it."
                )
            with database.read() as session:
                found = answers_of_managers.approvals(session, program)
        if as_json:
            print_json({"program": program, "people": [_facts(one) for one in found]})
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in ("Person", "Line manager", "Answer", "Reason, for you alone"):
            table.add_column(heading)
        for one in found:
            table.add_row(one.person.person.name, one.manager, _in_words(one), one.reason or "")
        out.print(table)


def _in_words(approval: Approval) -> str:
    if approval.answered_at is not None:
        return "agrees" if approval.person.approved else "not at this time"
    return "no answer yet" if approval.asked else "not asked yet"


def _facts(approval: Approval) -> dict[str, Any]:
    return {
        "id": approval.person.person.reference,
        "name": approval.person.person.name,
        "manager": approval.manager,
        "asked": approval.asked,
        "agrees": approval.person.approved if approval.answered_at is not None else None,
        "answered_at": approval.answered_at.isoformat() if approval.answered_at else None,
        "reason": approval.reason,
    }
