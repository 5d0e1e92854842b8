"""`starter.py match`: match without a server."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from console.terminal import BAD_INPUT, Steps, fail, told

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
) -> None:
    """Match without a server."""
    asked, others = why or [], with_whom or []
    if len(asked) != len(others):
        fail(f"Each --why needs its --with: {_ASK}", BAD_INPUT)
    with told(), _all_kept(), Steps() as steps:
        # The few products of matrices gain nothing from numpy's threads, and where another process
        # keeps the processor busy, waiting for them takes a tenth of a second at 500 people.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        # Imported when it is asked for: the list of commands has no use for numpy and a solver.
        from console.match_files import match_files  # noqa: PLC0415

        questions = list(zip(asked, others, strict=True))
        proposal, answers = match_files(definition, people, target, questions, steps)
    pairs, left = len(proposal.pairs), len(proposal.unmatched)
    typer.echo(
        f"{pairs:,} pair{'' if pairs == 1 else 's'}, {left:,} "
        f"{'person' if left == 1 else 'people'} without a partner: {target}"
    )
    for heading, words in answers:
        typer.echo(f"\n{heading}")
        for line in words:
            typer.echo(f"• {line}")


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
