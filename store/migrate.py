"""Bringing the store's tables up to date, or back, and whether they serve this version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, func, inspect, select, table, text

from domain.problems import BadInput, Problem, did_you_mean
from store import standings
from store.database import Database
from store.tables import Base

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"

MIGRATE = "python -m runtime.migrate"
"""The command that brings the tables up to date."""

VERSION_TABLE = "alembic_version"
"""Where Alembic keeps the revision of the tables."""

_VERSION = table(VERSION_TABLE)

_LOCK = 7_236_150_412
"""PostgreSQL's advisory locks go by number; this one means “the tables are being migrated”."""


def migrate(database: Database, revision: str = "head") -> None:
    """Bring the tables to `revision`, in one transaction: all of it, or nothing.

    Processes that start at the same time wait for each other; the later ones find nothing to do.
    Tables that a newer version has made are left as they are; raises BadInput where they don't
    serve this one.
    """
    if revision == "head" and revision_of(database) == latest_revision():
        return  # without a lock: somebody may be reading all of it for a backup
    with database.engine.begin() as connection:  # on SQLite this takes the write lock
        wait_for_others(connection)
        now = _revision_now(connection)
        if now is not None and not is_known(now):
            _refuse(_unserved(connection, now))
        elif _is_behind(now, revision):
            _alembic().upgrade(_config(connection), revision)
        else:
            _alembic().downgrade(_config(connection), revision)
    if revision_of(database) == latest_revision():
        standings.catch_up_all(database)


def take_back(database: Database, revision: str, *, really: bool) -> dict[str, int]:
    """Take the tables back to an earlier revision; gives what is lost by that.

    By its name, a table or `table.column`, in how many rows something stood. Without `really` all
    of it is undone again. Raises BadInput where `revision` is none that the tables have passed.
    """
    with database.engine.connect() as connection, connection.begin() as all_of_it:
        wait_for_others(connection)
        _refuse(_no_way_back(_revision_now(connection), revision))
        before = _filled(connection)
        _alembic().downgrade(_config(connection), revision)
        left = _filled(connection)
        if not really:
            all_of_it.rollback()
    return {
        name: count
        for name, count in before.items()
        if count and name not in left and ("." not in name or name.partition(".")[0] in left)
    }


def need_tables(database: Database) -> None:
    """Make sure that the tables serve this version, before anything relies on it.

    Newer ones do as long as they have all that this version knows, and ask nothing more of who
    writes. Raises BadInput, with what to do, where they don't.
    """
    with database.engine.execution_options(reads_only=True).connect() as connection:
        now, latest = _revision_now(connection), latest_revision()
        if now is None:
            _refuse([_problem("it has no tables yet.", f"Run: {MIGRATE}")])
        elif not is_known(now):
            _refuse(_unserved(connection, now))
        elif now != latest:
            _refuse([_problem(f"it is at {now}; this version needs {latest}.", f"Run: {MIGRATE}")])


def revision_of(database: Database) -> str | None:
    """The migration that the tables are at, or None for an empty database."""
    with database.engine.execution_options(reads_only=True).connect() as connection:
        return _revision_now(connection)


def latest_revision() -> str:
    """The newest migration there is, by the files' names: each command asks, and has no Alembic."""
    return max(file.stem for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def revisions() -> Sequence[str]:
    """All migrations, the first one first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see `_alembic`

    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def is_known(revision: str) -> bool:
    """Whether this version knows the migration; if not, a newer one made it."""
    return revision in revisions()


def write_migration(database: Database, name: str) -> Path:
    """Write the migration from `database` to the tables as `store.tables` has them now.

    `database` must be at the latest revision. The draft needs a look: a rename, say, comes out as
    a drop and an add. Gives the new file.
    """
    number = len(revisions()) + 1
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    with database.engine.begin() as connection:
        rev_id = f"{number:04}_{slug}"
        _alembic().revision(_config(connection), message=name, autogenerate=True, rev_id=rev_id)
    return MIGRATIONS / "versions" / f"{number:04}_{slug}.py"


def wait_for_others(connection: Connection) -> None:
    """Hold off other migrations until the end of the transaction. SQLite does it by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _revision_now(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.scalar(select(column("version_num")).select_from(_VERSION))
    return version


def _is_behind(now: str | None, revision: str) -> bool:
    """Whether `revision` lies ahead of the tables, or they are at it."""
    if revision == "base":
        return False
    if now is None or revision == "head":
        return True
    known = revisions()
    return known.index(revision) >= known.index(now)


def _alembic() -> ModuleType:
    """Alembic's commands, loaded when there is something to migrate: that takes a tenth of a
    second, and most commands find the tables as they should be."""
    from alembic import command  # noqa: PLC0415

    return command


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see `_alembic`

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s")
    config.attributes["connection"] = connection
    return config


# --- What does not go ----------------------------------------------------------------------------


def _problem(message: str, hint: str) -> Problem:
    return Problem(file="the store", message=message, hint=hint)


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise BadInput(problems)


def _unserved(connection: Connection, now: str) -> list[Problem]:
    """What this version misses in tables of a newer one, and what they want that it can't give."""
    found = inspect(connection)
    names = found.get_table_names()
    wrong = [f"{known} is gone" for known in Base.metadata.tables if known not in names]
    for name, known in Base.metadata.tables.items():
        there = {one["name"]: one for one in found.get_columns(name)} if name in names else {}
        wrong += [
            f"{name}.{one.name} is gone" for one in known.c if there and one.name not in there
        ]
        wrong += [
            f"{name}.{one} must be filled in"
            for one, column in there.items()
            if one not in known.columns and not column["nullable"] and column["default"] is None
        ]
    return [
        _problem(
            f"it is at {now}, which a newer version made, and {what}.",
            "Start that version here, too.",
        )
        for what in sorted(wrong)
    ]


def _no_way_back(now: str | None, revision: str) -> list[Problem]:
    if now is None:
        return [_problem("it has no tables, so there is nothing to take back.", f"Run: {MIGRATE}")]
    known = revisions()
    if now not in known:
        upgrade = "Only the version that made it knows the way back: run this with that one."
        return [_problem(f"it is at {now}, which a newer version made.", upgrade)]
    passed = known[: known.index(now)]
    if revision in passed:
        return []
    backwards = ", ".join(reversed(passed)) or "none"
    if revision == "base":
        message = "“base” would delete all tables with everything in them."
        hint = "If you mean that, delete the database."
    elif revision == now:
        message, hint = f"it is at {now} already.", f"Earlier ones: {backwards}."
    elif revision in known:
        message, hint = f"{revision} is ahead of it: it is at {now}.", f"Run: {MIGRATE}"
    else:
        message = f"there is no migration “{revision}” before {now}."
        hint = did_you_mean(revision, passed) or f"Earlier ones: {backwards}."
    return [_problem(message, hint)]


def _filled(connection: Connection) -> dict[str, int]:
    """By table and by `table.column`, in how many rows something stands."""
    found = inspect(connection)
    filled: dict[str, int] = {}
    for name in found.get_table_names():
        columns = [one["name"] for one in found.get_columns(name)]
        counts = [func.count(), *(func.count(column(one)) for one in columns)]
        row = connection.execute(select(*counts).select_from(table(name))).one()
        filled |= dict(zip([name, *(f"{name}.{one}" for one in columns)], row, strict=True))
    return filled
