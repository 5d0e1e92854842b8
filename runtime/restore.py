"""Putting a backup into an empty folder, and its store into an empty database."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import inspect, select

from domain.problems import BadInput, Problem
from runtime.archive import Archive, Manifest, Progress, opened
from runtime.backup import TEMPORAL_FILE, temporal_elsewhere
from runtime.ports import Ports
from runtime.running import NOTE, RunningStack, folder_lock, running_stack, write_note
from runtime.settings import Settings
from store.archive import tables, write_rows
from store.database import Database, sqlite_file
from store.migrate import migrate
from store.tables import Base

BESIDE_SQLITE = ("", "-wal", "-shm", "-journal")
"""A file of SQLite, and what may lie beside it and belongs to it."""

ON_THE_WAY = ".restoring"


def restore_backup(
    settings: Settings,
    file: Path,
    progress: Progress,
    environment: Mapping[str, str] = os.environ,
) -> Manifest:
    """Put back what a backup holds; gives what that was.

    Nothing is changed before all of it was found to be whole and to have a place to go. The tables
    of an older version are brought up to date. Raises BadInput where it can't be done.
    """
    with opened(file) as archive:
        _refuse(_unfit(archive.manifest, settings, environment))
        archive.check(progress)
        with _folder(settings.var_dir), closing(Database(settings.database)) as database:
            _unpack(archive, settings.var_dir, progress)
            _fill(archive, database, progress)
            _finish(archive.manifest, settings.var_dir)
        return archive.manifest


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise BadInput(problems)


def _unfit(manifest: Manifest, settings: Settings, environment: Mapping[str, str]) -> list[Problem]:
    """Why it can't go where the settings say."""
    var = settings.var_dir
    if (stack := running_stack(var)) is not None:
        pid = f", process {stack.supervisor.pid}" if stack.supervisor else ""
        return [_problem(var, f"a stack runs on this folder{pid}.", "Stop it first.")]
    problems = [
        _problem(var / name, "this is there already.", _EMPTY)
        for name in _names(manifest)
        if (var / name).exists()
    ]
    elsewhere = temporal_elsewhere(settings, environment)
    if elsewhere is not None and TEMPORAL_FILE in manifest.file_names():
        message = f"it holds an embedded server's histories, and TEMPORAL_ADDRESS is {elsewhere}."
        hint = "They can't go there. Unset it, and TEMPORAL_PROFILE."
        problems.append(Problem(file="environment", message=message, hint=hint))
    store = sqlite_file(settings.database)
    if store is None or store.exists():
        with closing(Database(settings.database)) as database:
            problems += _rows_there(database, manifest)
    return problems


_EMPTY = "A backup goes into an empty folder: move this away, or set VAR_DIR to another one."


def _names(manifest: Manifest) -> Iterator[str]:
    for name in manifest.file_names():
        yield from (name + more for more in BESIDE_SQLITE)


def _rows_there(database: Database, manifest: Manifest) -> list[Problem]:
    """That tables of the store have rows, if they do."""
    with database.engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        ours = there & {*Base.metadata.tables, *manifest.table_names()}
        filled = [
            table.name
            for table in tables(connection)
            if table.name in ours and connection.execute(select(table).limit(1)).first()
        ]
    if not filled:
        return []
    hint = "A backup goes into an empty one: set VAR_DIR or DATABASE_URL to another."
    return [_problem("the store", f"there are rows in {', '.join(filled)} already.", hint)]


def _problem(where: object, message: str, hint: str) -> Problem:
    return Problem(file=str(where), message=message, hint=hint)


# --- Putting it there ----------------------------------------------------------------------------


@contextmanager
def _folder(var: Path) -> Iterator[None]:
    """Make the folder and have it to ourselves; leave no half of a file in it."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = folder_lock(var)
    if lock is None:
        raise BadInput([_problem(var, "a stack runs on this folder.", "Stop it first.")])
    with lock:
        try:
            yield
        finally:
            for half in var.glob(f"*{ON_THE_WAY}"):
                half.unlink()


def _unpack(archive: Archive, var: Path, progress: Progress) -> None:
    """Write the files under names that nobody looks for yet."""
    sizes = {member.name: member.bytes for member in archive.manifest.members}
    for name in archive.manifest.file_names():
        done = 0
        handle = os.open(var / (name + ON_THE_WAY), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as target:
            for chunk in archive.file(name):
                target.write(chunk)
                done += len(chunk)
                progress(f"Writing {name}", done, sizes[f"files/{name}"])
            target.flush()
            os.fsync(target.fileno())


def _fill(archive: Archive, database: Database, progress: Progress) -> None:
    """Write all rows in one transaction, into tables as they were, and bring those up to date."""
    manifest = archive.manifest
    migrate(database, manifest.revision)
    kept = set(manifest.table_names())
    before = 0
    with database.engine.begin() as connection:
        for table in tables(connection):
            if table.name not in kept:
                continue
            written = 0
            for written in write_rows(connection, table, archive.rows(table.name)):
                progress("Filling the store", before + written, manifest.rows())
            before += written
    migrate(database)


def _finish(manifest: Manifest, var: Path) -> None:
    for name in manifest.file_names():
        (var / (name + ON_THE_WAY)).replace(var / name)
    if manifest.portal_port and not (var / NOTE).exists():
        ports = Ports(portal=manifest.portal_port)
        write_note(var, RunningStack(supervisor=None, parts={}, ports=ports, settings={}))
