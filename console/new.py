"""`starter.py new`: a definition to edit, from a template or from a program that was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal import BAD_INPUT, console, fail, told
from store.definition_file import STANDARD, definition_templates, new_definition, program_id_of

app = typer.Typer(add_completion=False)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The program's title or id.")],
    template: Annotated[
        str | None, typer.Option("--template", help=f"One of: {', '.join(definition_templates())}.")
    ] = None,
    earlier: Annotated[
        str | None,
        typer.Option("--from", metavar="PROGRAM", help="The run that the new one follows."),
    ] = None,
) -> None:
    """Write a commented definition to edit.

    With --from it is that of an earlier program, with what its report suggests beside it.
    """
    with told():
        if template is not None and earlier is not None:
            fail("Give either --template or --from.", BAD_INPUT)
        said: list[str] = []
        try:
            path = Path(f"{program_id_of(name)}.yaml")
            text = new_definition(name, template=template or STANDARD)
        except ValueError as error:
            fail(str(error), BAD_INPUT)
        if earlier is not None:
            from console.next_run import follow  # noqa: PLC0415 - takes long to load

            text, said = follow(name, earlier)
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            fail(f"{path} is there already. Nothing was changed.")
    for line in (
        f"Wrote {path}. Edit it, then: python starter.py check {path} PEOPLE",
        *said,
    ):
        console().print(line, soft_wrap=True)
