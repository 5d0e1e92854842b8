"""Migrations from the command line.

`python -m runtime.migrate` brings the tables of `DATABASE_URL` up to date;
`python -m runtime.migrate new NAME` drafts a migration to what `store/tables.py` says now.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from domain.problems import BadInput
from runtime.exit import leave_with
from runtime.settings import load_settings
from store.database import Database
from store.migrate import migrate, revision_of, write_migration


def main() -> int:
    """Do what the arguments say; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m runtime.migrate", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("new", help="draft a migration").add_argument("name")
    options = parser.parse_args()
    if options.command == "new":
        with tempfile.TemporaryDirectory() as folder:
            scratch = Database(f"sqlite:///{Path(folder) / 'scratch.db'}")
            migrate(scratch)
            print(
                f"Drafted {write_migration(scratch, options.name)}. Read it before you commit it."
            )
            scratch.close()
        return 0
    try:
        database = Database(load_settings().database)
    except BadInput as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    migrate(database)
    print(f"The store is at {revision_of(database)}.")
    database.close()
    return 0


if __name__ == "__main__":
    leave_with(main)
