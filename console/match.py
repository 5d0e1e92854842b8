"""`starter.py match`: match without a server."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from console.terminal import BAD_INPUT, Steps, fail, print_json, told
from domain.proposal_words import (
    choices_in_words,
    counted,
    fixed_in_words,
    lines_of,
    reach_in_words,
)

app = typer.Typer()

_ASK = "--why ONE --with OTHER"


@app.command("match")
def match_people(
    definition: Annotated[Path, typer.Argument(help="The program's definition (YAML).")],
    people: Annotated[Path, typer.Argument(help="The people (CSV or XLSX).")],
    target: Annotated[Path, typer.Option("--out", help="Where to write: .json or .xlsx.")],
    why: Annotated[
        list[str] | None,
        typer.Option(
            "--why",
            metavar="ONE",
            help="Ask why ONE is not with OTHER, by id or mail address. May be repeated.",
        ),
    ] = None,
    with_whom: Annotated[
        list[str] | None, typer.Option("--with", metavar="OTHER", help="Whom --why asks about.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over the file of --out if it is there.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document and nothing else.")
    ] = False,
) -> None:
    """Match without a server."""
    asked, others = why or [], with_whom or []
    with told(as_json=as_json), _all_kept(), Steps() as steps:
        if len(asked) != len(others):
            fail(f"Each --why needs its --with: {_ASK}", BAD_INPUT)
        # The few products of matrices gain nothing from numpy's threads, and where another process
        # keeps the processor busy, waiting for them takes a tenth of a second at 500 people.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        # Imported when it is asked for: the list of commands has no use for numpy and a solver.
        from console.match_files import match_files  # noqa: PLC0415

        questions = list(zip(asked, others, strict=True))
        done = match_files(definition, people, target, questions, steps, force=force)
    made = done.proposal
    if as_json:
        print_json(
            {
                "file": str(target),
                "totals": made.totals.model_dump(mode="json"),
                "unmatched": len(made.unmatched),
                "fixed_not_made": made.fixed_not_made,
                "other_choices": choices_in_words(made),
                "warnings": done.warnings,
                "why": [{"who": who, "words": lines_of(said)} for who, said in done.answers],
            }
        )
        return
    left = counted(len(made.unmatched), "person", "people")
    typer.echo(f"{counted(len(made.pairs), 'pair')}, {left} without a partner: {target}")
    for words in (*fixed_in_words(made), *reach_in_words(made), *choices_in_words(made)):
        typer.echo(words)
    for warning in done.warnings:
        typer.echo(f"• {warning}")
    for who, sections in done.answers:
        typer.echo(f"\n{who}")
        for line in lines_of(sections):
            typer.echo(line)


@contextmanager
def _all_kept() -> Iterator[None]:
    """Don't look for garbage: people and pairs stay until the command ends, soon."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
