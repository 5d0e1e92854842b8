"""Bringing the store's tables up to date."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 7_236_150_412
"""PostgreSQL's advisory locks go by number; this one means “the tables are being migrated”."""


def migrate(database: Database, revision: str = "head") -> None:
    """Bring the tables to `revision`, in one transaction: all of it, or nothing.

    Processes that start at the same time wait for each other; the later ones find nothing to do.
    """
    config = _config()
    with database.engine.begin() as connection:  # on SQLite this takes the write lock
        wait_for_others(connection)
        config.attributes["connection"] = connection
        if _is_behind(connection, revision):
            command.upgrade(config, revision)
        else:
            command.downgrade(config, revision)


def revision_of(database: Database) -> str | None:
    """The migration that the tables are at, or None for an empty database."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def latest_revision() -> str:
    """The newest migration there is."""
    head = _scripts().get_current_head()
    assert head is not None  # noqa: S101 - there is at least the first one
    return head


def write_migration(database: Database, name: str) -> Path:
    """Write the migration from `database` to the tables as `store.tables` has them now.

    `database` must be at the latest revision. The draft needs a look: a rename, say, comes out as
    a drop and an add. Gives the new file.
    """
    number = len(list(_scripts().walk_revisions())) + 1
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    config = _config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message=name, autogenerate=True, rev_id=f"{number:04}_{slug}")
    return MIGRATIONS / "versions" / f"{number:04}_{slug}.py"


def _is_behind(connection: Connection, revision: str) -> bool:
    """Whether `revision` lies ahead of the tables, or they are at it."""
    if revision == "base":
        return False
    now = MigrationContext.configure(connection).get_current_revision()
    if now is None or revision == "head":
        return True
    earlier = {script.revision for script in _scripts().iterate_revisions(now, "base")}
    return revision == now or revision not in earlier


def wait_for_others(connection: Connection) -> None:
    """Hold off other migrations until the end of the transaction. SQLite does it by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s")
    return config
