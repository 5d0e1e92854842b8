"""Typing `start` with a file of HR's: the program is stored and its workflow runs, or neither."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import func, select
from temporalio.service import RPCError, RPCStatusCode

from domain.problems import BadInput, Problem
from store.database import Database
from store.migrate import migrate
from store.tables import ActRow, Base
from tests.console.typed import type_in
from tests.fuzz.watch import Failure, check_shown

SOUND = Path("examples/shared-mentees")


class _Temporal:
    """A client that takes down what it is asked to start. No server is behind it."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def get_workflow_handle(self, _: str) -> Any:
        return self

    async def describe(self) -> Any:
        raise RPCError("none", RPCStatusCode.NOT_FOUND, b"")

    async def start_workflow(self, *_: object, id: str, **__: object) -> Any:  # noqa: A002
        self.started.append(id)
        return self

    result_run_id = "run"


def start(path: Path) -> None:
    """Type `start` with a file and a sound one beside it.

    Raises:
        BadInput: the command ended with 2, and nothing was begun.
        Failure: anything else than that or a program that is there and runs.
    """
    folder = path.parent
    for name in ("definition.yaml", "people.csv"):
        if not (folder / name).exists():
            (folder / name).write_bytes(_sound(name))
    store = _empty_store(folder)
    client = _Temporal()

    async def connected(_: object) -> Any:
        return client

    with (
        patch.dict(os.environ, {"VAR_DIR": str(folder), "DATABASE_URL": f"sqlite:///{store}"}),
        patch("console.app.temporal", connected),
    ):
        done = type_in("start", folder / "definition.yaml", folder / "people.csv")
    written = rows_in(store)
    for name in ("definition.yaml", "people.csv"):
        if name != path.name:
            (folder / name).unlink()
    check_shown(done.out)
    check_shown(done.err)
    if done.code == 0 and written and len(client.started) == 1:
        return
    if done.code != 2 or written or client.started:
        begun = f"{written} rows and {len(client.started)} workflows"
        raise Failure(f"ended with {done.code}, {begun}: {done.err[:200]!r}")
    raise BadInput([Problem(file=str(path), message=done.err)])


def _sound(name: str) -> bytes:
    return (SOUND / name).read_bytes()


_STORES: dict[Path, Path] = {}


def _empty_store(folder: Path) -> Path:
    """An empty store, its tables made once for all in a folder."""
    file, empty = folder / "store.db", _STORES.get(folder)
    if empty is None:
        empty = _STORES[folder] = folder / "empty.db"
        database = Database(f"sqlite:///{empty}")
        migrate(database)
        database.close()
    for leftover in folder.glob("store.db*"):
        leftover.unlink()
    shutil.copyfile(empty, file)
    return file


def rows_in(file: Path) -> int:
    """How many rows a store holds, but for the record that somebody typed a command."""
    database = Database(f"sqlite:///{file}")
    try:
        with database.read() as session:
            return sum(
                session.scalar(select(func.count()).select_from(table)) or 0
                for table in Base.metadata.sorted_tables
                if table.name != ActRow.__tablename__
            )
    finally:
        database.close()
