"""Migrations from the command line.

`python -m runtime.migrate` brings the tables of `DATABASE_URL` up to date;
`python -m runtime.migrate down REVISION` takes them back to an earlier revision;
`python -m runtime.migrate new NAME` drafts a migration to what `store/tables.py` says now.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from runtime.exit import leave_with, telling_bad_input
from runtime.settings import load_settings
from store.database import Database
from store.migrate import migrate, revision_of, take_back, write_migration


@telling_bad_input
def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; gives the exit code."""
    options = _parser().parse_args(arguments)
    if options.command == "new":
        _draft(options.name)
        return 0
    database = Database(load_settings().database)
    try:
        if options.command == "down":
            return _down(database, options.revision, really=options.yes)
        migrate(database)
        print(f"The store is at {revision_of(database)}.")
    finally:
        database.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m runtime.migrate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("new", help="draft a migration").add_argument("name")
    down = commands.add_parser("down", help="take the tables back to an earlier revision")
    down.add_argument("revision", help="such as 0005_instruments")
    down.add_argument("--yes", action="store_true", help="lose what only later revisions hold")
    return parser


def _draft(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Database(f"sqlite:///{Path(folder) / 'scratch.db'}")
        migrate(scratch)
        print(f"Drafted {write_migration(scratch, name)}. Read it before you commit it.")
        scratch.close()


def _down(database: Database, revision: str, *, really: bool) -> int:
    """Go back, unless something would be lost that nobody has agreed to lose."""
    lost = take_back(database, revision, really=really)
    for name, rows in lost.items():
        print(f"{'Lost' if really else 'Would be lost'}: {name}, {rows} rows", file=sys.stderr)
    if lost and not really:
        print(
            "Nothing was changed. Make a backup, stop every worker and portal that is newer than "
            f"{revision}, and say --yes.",
            file=sys.stderr,
        )
        return 2
    if not really:
        take_back(database, revision, really=True)
    print(f"The store is at {revision_of(database)}.")
    return 0


if __name__ == "__main__":
    leave_with(main)
