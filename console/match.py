"""`starter.py match`: match without a server.

Imports neither Temporal nor a database, and Excel's format only where a file has it: loading those
takes longer than matching a thousand people.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.terminal import BAD_INPUT, Steps, fail, told
from domain.problems import BadInput, Problem, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.intake import Intake
    from domain.proposal import Proposal

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
        steps.begin("load", "Reading the files")
        # Imported as part of the step that needs them, which is then timed as it is felt.
        from store.proposal_file import check_target, export_proposal  # noqa: PLC0415

        check_target(target)
        from console.intake import read_intake  # noqa: PLC0415

        intake = read_intake(definition, people)
        questions = [
            (_who(intake, people, one), _who(intake, people, other))
            for one, other in zip(asked, others, strict=True)
        ]
        proposal = _matched(intake, steps)
        answers = [_answer(intake, proposal, *question) for question in questions]
        steps.begin("write", "Writing the file")
        export_proposal(target, proposal, intake.candidates, timings=_rounded(steps))
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


def _matched(intake: Intake, steps: Steps) -> Proposal:
    from domain.ground import Ground  # noqa: PLC0415 - numpy and scipy, counted with the loading
    from domain.matching import choose, written_out  # noqa: PLC0415

    steps.begin("score", "Weighing who could be with whom")
    ground = Ground(intake.definition, intake.candidates, intake.background)
    steps.begin("solve", "Choosing the best pairs")
    chosen = choose(ground)
    steps.begin("explain", "Putting the reasons into words")
    return written_out(ground, chosen)


def _rounded(steps: Steps) -> dict[str, float]:
    return {step: round(seconds, 4) for step, seconds in steps.seconds.items()}


def _who(intake: Intake, people: Path, written: str) -> str:
    """The reference of somebody that HR asks about. Raises `BadInput`."""
    for person in intake.people:
        if written == person.reference or written.casefold() == person.email.casefold():
            return person.reference
    near = suggestion(written, (person.reference for person in intake.people))
    raise BadInput(
        [
            Problem(
                file=str(people),
                message=f"there is nobody “{written}”.",
                hint=f"Did you mean “{near}”?" if near else None,
            )
        ]
    )


def _answer(intake: Intake, proposal: Proposal, one: str, other: str) -> tuple[str, Sequence[str]]:
    from domain.matching import why_not_these  # noqa: PLC0415

    names = {person.reference: person.name for person in intake.people}
    words = why_not_these(
        intake.definition, intake.candidates, proposal, one, other, background=intake.background
    )
    return f"{names[one]} and {names[other]}", words
