"""`starter.py extend`: more time for the meetings of a program."""

from __future__ import annotations

from typing import Annotated

import typer

from console.recording import noted
from console.session import run, send_order
from console.stores import out, store, the_program, told
from console.terminal import BAD_INPUT, fail
from console.written import days
from domain.ids import program_workflow_id
from domain.proposal_words import counted
from runtime.settings import load_settings
from workflows.messages import Extension

app = typer.Typer(add_completion=False)


@app.command()
def extend(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's id.")],
    by: Annotated[str, typer.Option("--by", metavar="SPAN", help="So much more time: “3 weeks”.")],
) -> None:
    """Give every pair more time for its meetings. Each is told until when."""
    with told():
        span = days("--by", by)
        if span < 1:
            fail("--by: extend it by at least one day.", BAD_INPUT)
        settings = load_settings()
        with store(settings) as database:
            the_program(database, program)
        noted(days=span)
        run(send_order(settings, program_workflow_id(program), "extend", Extension(days=span)))
        out.print(
            f"Extended by {counted(span, 'day')}: every pair that still meets is told "
            "until when, and pairs that begin later have the time too.",
            soft_wrap=True,
        )
