"""Taking a backup of all that the embedded stack keeps, while it runs.

Everything in it is as of one instant, at which nothing could be written to the store: neither
Temporal nor the mailbox has been told of anything that the store does not know. Going on from there
is what going on after a power cut is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from sqlalchemy import Connection

from domain.problems import BadInput, Problem
from runtime.archive import (
    FILES,
    FORMAT,
    ROWS,
    STORE,
    Manifest,
    Packing,
    Progress,
    chunks_of,
    packing,
)
from runtime.running import TEMPORAL_SERVER, read_note, running_stack
from runtime.settings import Settings
from runtime.temporal import connection
from runtime.version import VERSION
from store.archive import count_rows, read_rows, still, tables
from store.database import BUSY_SECONDS, Database, sqlite_file
from store.migrate import revision_of

TEMPORAL_FILE, MAILBOX_FILE = "temporal.db", "mailbox.db"

KEYS = "*_keys"
"""Files of secret keys that the embedded stack made for itself."""

PAGES = 2_000
"""Pages of a SQLite file that are copied in one go."""


def take_backup(
    settings: Settings,
    target: Path,
    progress: Progress,
    environment: Mapping[str, str] = os.environ,
) -> Manifest:
    """Write a backup to a new file, which only its owner can read; gives what is in it.

    It is there whole or not at all. Raises BadInput where it can't be taken, `StoreBusy` where the
    store is written to without a pause, and OSError where there is no room.
    """
    _refuse_to_write(target, settings)
    with (
        closing(Database(settings.database)) as database,
        TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder,
    ):
        revision = _revision(database)
        made = Path(folder) / "archive"
        with packing(made) as pack, ExitStack() as opened:
            files = [opened.enter_context(closing(one)) for one in _files(settings, environment)]
            taken_at: list[datetime] = []
            with still(database, lambda: taken_at.append(_stop_time(files))) as view:
                _pack_store(pack, view, progress)
            for file in files:
                copy = Path(folder) / file.name
                file.copy_to(copy, progress)
                pack.add(FILES + file.name, chunks_of(copy))
                copy.unlink()
            for keys in sorted(settings.var_dir.glob(KEYS)):
                pack.add(FILES + keys.name, chunks_of(keys))
            manifest = Manifest(
                format=FORMAT,
                version=VERSION,
                revision=revision,
                taken_at=taken_at[0],
                temporal=temporal_elsewhere(settings, environment),
                portal_port=_portal_port(settings),
                members=tuple(pack.members),
            )
            pack.finish(manifest)
        made.chmod(0o600)
        made.replace(target)
    return manifest


def temporal_elsewhere(settings: Settings, environment: Mapping[str, str]) -> str | None:
    """The address of Temporal, unless it is the embedded one."""
    stack = running_stack(settings.var_dir)
    if stack is not None:
        embedded = TEMPORAL_SERVER in stack.parts
    else:
        embedded = not any(environment.get(n) for n in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE"))
    return None if embedded else connection(settings, environment).get("target_host", "")


def _refuse_to_write(target: Path, settings: Settings) -> None:
    problems = []
    if target.exists():
        hint = "Give another name: a backup replaces nothing."
        problems.append(Problem(file=str(target), message="this is there already.", hint=hint))
    elif not target.parent.is_dir():
        problems.append(Problem(file=str(target), message="there is no such folder."))
    file = sqlite_file(settings.database)
    if file is not None and not file.exists():
        problems.append(_no_store(f"there is no {file}."))
    if problems:
        raise BadInput(problems)


def _revision(database: Database) -> str:
    revision = revision_of(database)
    if revision is None:
        raise BadInput([_no_store("it has no tables yet.")])
    return revision


def _no_store(message: str) -> Problem:
    hint = "Nothing is there to be kept; or set DATABASE_URL or VAR_DIR, as for “make run”."
    return Problem(file="the store", message=message, hint=hint)


def _portal_port(settings: Settings) -> int | None:
    note = read_note(settings.var_dir)
    return note.ports.portal if note is not None else None


# --- The store -----------------------------------------------------------------------------------


def _pack_store(pack: Packing, view: Connection, progress: Progress) -> None:
    found = tables(view)
    total = sum(count_rows(view, table) for table in found)
    done = 0

    def lines(some: Iterator[list[str]]) -> Iterator[bytes]:
        nonlocal done
        for rows in some:
            yield "".join(f"{row}\n" for row in rows).encode()
            done += len(rows)
            progress("Reading the store", done, total)

    for table in found:
        pack.add(f"{STORE}{table.name}{ROWS}", lines(read_rows(view, table)))


# --- Other SQLite files --------------------------------------------------------------------------


class SqliteFile:
    """A SQLite file that others write to, to be copied as it was at one instant."""

    def __init__(self, file: Path) -> None:
        self.name = file.name
        self._connection = sqlite3.connect(
            f"file:{quote(str(file))}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_SECONDS
        )

    def stop_time(self) -> None:
        """What is written from here on is not seen any more. Nobody has to wait for us."""
        self._connection.execute("BEGIN")
        self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def copy_to(self, target: Path, progress: Progress) -> None:
        """Copy it to a new file."""

        def told(_status: int, remaining: int, total: int) -> None:
            progress(f"Copying {self.name}", total - remaining, total)

        with closing(sqlite3.connect(target)) as copy:
            self._connection.backup(copy, pages=PAGES, progress=told)

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()


def _files(settings: Settings, environment: Mapping[str, str]) -> Sequence[SqliteFile]:
    names = [MAILBOX_FILE]
    if temporal_elsewhere(settings, environment) is None:
        names.insert(0, TEMPORAL_FILE)
    return [SqliteFile(file) for name in names if (file := settings.var_dir / name).exists()]


def _stop_time(files: Sequence[SqliteFile]) -> datetime:
    for file in files:
        file.stop_time()
    return datetime.now(UTC)
