"""What HR types, each command loaded when it is asked for.

Most commands talk to Temporal and the store, and loading what that needs takes a second. A command
that needs neither has a module of its own here and answers at once; so has one that needs more.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from console.terminal import console

_AFTER: dict[str, tuple[str, str | None]] = {
    # command: its module, and the command of `console.app` that help lists it after, if any
    "new": ("console.new", None),
    "match": ("console.match", "check"),
    "schedule": ("console.schedule", "start"),
    "status": ("console.status", "start"),
    "matches": ("console.matches", "status"),
    "selection": ("console.selection", "status"),
    "approvals": ("console.approvals", "status"),
    "extend": ("console.extend", "resume"),
    "postpone": ("console.postpone", "resume"),
    "hold": ("console.retention", "people"),
    "retention": ("console.retention", "people"),
    "export": ("console.rights", "people"),
    "erase": ("console.rights", "export"),
    "report": ("console.report", "erase"),
    "outcomes": ("console.outcomes", "report"),
    "acts": ("console.acts", "outcomes"),
    "backup": ("console.backup", "demo"),
    "restore": ("console.backup", "backup"),
    "catch-up": ("console.backup", "restore"),
}

NO_ACTS = frozenset({"new", "check", "match", "demo"})
"""Commands that work on HR's own files, or on a store of their own. Every other one is an act, and
is recorded: see `console.recording`."""


class Commands(TyperGroup):
    """All commands, without having loaded them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, in the order that HR meets them."""
        names = list(_rest().commands)
        for name, (_, before) in _AFTER.items():
            names.insert(names.index(before) + 1 if before else 0, name)
        return names

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, or None."""
        if cmd_name not in _AFTER:
            found = _rest().get_command(ctx, cmd_name)
        else:
            module, _ = _AFTER[cmd_name]
            found = typer.main.get_command(importlib.import_module(module).app)
            if isinstance(found, TyperGroup) and (one := found.get_command(ctx, cmd_name)):
                found = one
        if found is not None and found.callback is not None and cmd_name not in NO_ACTS:
            # Here, so that a command that needs no store loads none.
            from console.recording import recorded  # noqa: PLC0415

            found.callback = recorded(cmd_name, found.callback)
        return found

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that was typed, about to run."""
        found = super().resolve_command(ctx, args)
        gc.freeze()  # what is loaded stays, and is not looked through either
        gc.enable()  # off since the process began: starter.py
        return found


def _rest() -> TyperGroup:
    group = typer.main.get_command(importlib.import_module("console.app").app)
    assert isinstance(group, TyperGroup)  # noqa: S101 - it has several commands
    return group


app = typer.Typer(
    name="starter.py",
    cls=Commands,
    help="Define, start and steer reverse-mentoring programs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _all() -> None:
    """Nothing is common to all commands."""


def main() -> int:
    """Run a command. Gives its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that can't show a name shows “?”
            stream.reconfigure(errors="replace")
    try:
        app(standalone_mode=True)
    except KeyboardInterrupt:
        console(stderr=True).print("Stopped.")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    return 0
