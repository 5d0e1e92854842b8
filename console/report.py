"""`starter.py report`: what came of a program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from activities.report import REPORT_HTML, render_report, write_report
from console.stores import out, store, told, with_its_people
from runtime.settings import load_settings
from store.report_data import load_record

app = typer.Typer(add_completion=False)


@app.command()
def report(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's id.")],
    target: Annotated[Path, typer.Option("--out", help="A folder; made if it is not there.")],
) -> None:
    """Write the report: one page (HTML), and its numbers as XLSX, CSV and JSON."""
    with told():
        settings = load_settings()
        with store(settings) as database:
            plan = with_its_people(database, program).definition
            with database.read() as session:
                record = load_record(session, program)
        write_report(render_report(record, settings.content, plan.program.language), target)
        out.print(f"Wrote {target / REPORT_HTML}", soft_wrap=True)
