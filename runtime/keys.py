"""The embedded stack's keys of links: `python -m runtime.keys [show|new|drop]`.

A key is named by an id made of a hash of it, and never printed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from domain.problems import BadInput, Problem
from runtime.exit import telling_bad_input
from runtime.link_keys import KEYS_FILE, key_id, new_key, read_keys, write_keys
from runtime.running import running_stack
from runtime.settings import load_settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Change the key that signs links, where “make run” made it.",
)


@app.command()
def show() -> None:
    """Name the keys, the one that signs first."""
    _tell(read_keys(_file()))


@app.command()
def new() -> None:
    """Make a new key that signs from the next start on. Links that are out go on opening."""
    file = _file()
    keys = [new_key(), *read_keys(file)]
    write_keys(file, keys)
    _tell(keys)
    _say_restart()


@app.command()
def drop() -> None:
    """Take the oldest key away. Links that it signed do not open from the next start on."""
    file = _file()
    *keys, _ = read_keys(file)
    if not keys:
        problem = "there is one key only, and without it no link opens."
        raise BadInput([Problem(file=str(file), message=problem, hint="Make another one first.")])
    write_keys(file, keys)
    _tell(keys)
    _say_restart()


def _file() -> Path:
    file = load_settings(fields=("var_dir",)).var_dir / KEYS_FILE
    if not file.exists():
        hint = "“make run” makes one. Keys of your own stand in LINK_KEYS or LINK_KEYS_FILE."
        raise BadInput([Problem(file=str(file), message="there are no keys.", hint=hint)])
    return file


def _tell(keys: list[str]) -> None:
    for number, key in enumerate(keys):
        typer.echo(f"{key_id(key)}  {'opens links' if number else 'signs and opens links'}")


def _say_restart() -> None:
    if running_stack(load_settings(fields=("var_dir",)).var_dir) is not None:
        typer.echo("The stack that runs has the keys of before: stop it and start it again.")


@telling_bad_input
def main() -> int:
    """Run a command. Gives its exit code."""
    app()
    return 0


if __name__ == "__main__":
    sys.exit(main())
