"""The migrations make the tables that the code expects, on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, inspect, select, text

from runtime.settings import PROJECT
from store.database import Database
from store.migrate import latest_revision, migrate, revision_of, revisions, wait_for_others
from store.tables import Base, JournalRow, PairStandingRow

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path / 'empty.db'}")
    return Database(request.getfixturevalue("postgres_url"))


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_a_migrated_database_is_what_the_code_expects(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_comparison_would_notice_a_missing_column(empty: Database) -> None:
    migrate(empty)
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE people DROP COLUMN language")
        context = MigrationContext.configure(connection)
        assert len(compare_metadata(context, Base.metadata)) == 1


def test_up_down_and_up_again(empty: Database) -> None:
    migrate(empty)
    assert tables(empty) == set(Base.metadata.tables)
    migrate(empty, "base")
    assert tables(empty) == set()
    migrate(empty)
    assert tables(empty) == set(Base.metadata.tables)
    assert revision_of(empty) == latest_revision()


def test_the_newest_migration_is_told_by_its_file_as_alembic_tells_it() -> None:
    assert latest_revision() == revisions()[-1]


def test_what_is_kept_of_pairs_is_made_of_what_the_journal_has(empty: Database) -> None:
    migrate(empty, "0010_acts")
    with empty.engine.begin() as connection:
        connection.execute(
            insert(JournalRow),
            [
                {"id": f"{pair}/{kind}", "program_id": "p", "kind": kind, "at": AT, "data": {}}
                | {"pair_id": pair}
                for pair in ("a", "b")
                for kind in ("pair_introduced", f"pair_{'closed' if pair == 'b' else 'meeting'}")
            ],
        )
    migrate(empty)
    with empty.read() as session:
        rows = session.execute(select(PairStandingRow.pair_id, PairStandingRow.state))
        states = {pair: state for pair, state in rows}  # noqa: C416 - typed so
    assert states == {"a": "meeting", "b": "closed"}


def test_migrating_twice_changes_nothing(empty: Database) -> None:
    migrate(empty)
    migrate(empty)
    assert revision_of(empty) == latest_revision()


def test_processes_that_migrate_at_once_all_succeed(empty: Database) -> None:
    program = (
        "import sys; from store.database import Database; from store.migrate import migrate\n"
        "print('ready', flush=True); sys.stdin.readline(); migrate(Database(sys.argv[1]))"
    )
    url = empty.engine.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, url],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    assert tables(empty) == set(Base.metadata.tables)


def test_on_postgresql_a_migration_waits_until_another_one_is_over(postgres_url: str) -> None:
    database = Database(postgres_url)
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with ThreadPoolExecutor() as pool, database.engine.connect() as watcher:
        with database.engine.begin() as other:
            wait_for_others(other)
            migration = pool.submit(migrate, database)
            while not watcher.execute(waiting).scalar():
                assert not migration.done(), "it did not wait"
            assert tables(database) == set()
        migration.result(timeout=30)
    assert tables(database) == set(Base.metadata.tables)
    database.close()
