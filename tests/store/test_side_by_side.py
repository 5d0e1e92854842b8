"""Old and new versions work on the same tables: every migration adds first, and takes away later.

What breaks the rule stands in `BREAKS`, with the reason why that is no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from domain.problems import BadInput
from runtime import migrate as command
from store.database import Database
from store.migrate import latest_revision, migrate, need_tables, revision_of, revisions, take_back
from tests.store import side_by_side

BREAKS: dict[str, str] = {}
"""Migrations after which the version before can't go on, each with the reason. None so far."""

STEPS = list(pairwise(revisions()))
each_step = pytest.mark.parametrize(("old", "new"), STEPS, ids=[new for _, new in STEPS])

MANY = range(2, 6)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def at_a_step(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database without tables, used by one step after the other."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path_factory.mktemp('steps') / 'store.db'}")
    else:
        database = Database(request.getfixturevalue("postgres_url_of_module"))
    yield database
    database.close()


@pytest.fixture
def step(at_a_step: Database) -> Iterator[Database]:
    """It, with no rows, at whatever revision the step before left it."""
    yield at_a_step
    with at_a_step.engine.begin() as connection:
        for table in reversed(side_by_side.known_tables(connection)):
            connection.execute(table.delete())


@pytest.fixture
def store(at_a_step: Database) -> Iterator[Database]:
    """It, without tables, whatever the test before did to it."""
    _drop_everything(at_a_step)
    yield at_a_step
    _drop_everything(at_a_step)


def _drop_everything(database: Database) -> None:
    with database.engine.begin() as connection:
        everything = MetaData()
        everything.reflect(connection)
        everything.drop_all(connection)


@each_step
def test_who_knows_the_old_tables_goes_on_in_the_new_ones(
    step: Database, old: str, new: str
) -> None:
    migrate(step, old)
    with step.engine.begin() as connection:
        known = side_by_side.known_tables(connection)
        before = side_by_side.write(connection, known, range(2))
    migrate(step, new)
    with step.engine.begin() as connection:
        assert side_by_side.read(connection, known, before) == before
        if new not in BREAKS:
            _goes_on(connection, known)


def _goes_on(connection: Connection, known: side_by_side.Known) -> None:
    rows = side_by_side.write(connection, known, MANY)
    assert side_by_side.read(connection, known, rows) == rows
    changed = side_by_side.change(connection, known, rows)
    assert side_by_side.read(connection, known, changed) == changed


@each_step
def test_down_again_loses_nothing_that_the_old_tables_can_hold(
    step: Database, old: str, new: str
) -> None:
    migrate(step, old)
    with step.engine.begin() as connection:
        known, old_shape = side_by_side.known_tables(connection), side_by_side.shape(connection)
    migrate(step, new)
    with step.engine.begin() as connection:
        new_shape = side_by_side.shape(connection)
        newer = side_by_side.known_tables(connection)
        rows = side_by_side.write(connection, newer, range(2))
    migrate(step, old)
    with step.engine.begin() as connection:
        left = {
            table.name: [{c.name: row[c.name] for c in table.columns} for row in rows[table.name]]
            for table in known
        }
        assert side_by_side.read(connection, known, left) == left
        assert side_by_side.shape(connection) == old_shape
    migrate(step, new)
    with step.engine.begin() as connection:
        assert side_by_side.shape(connection) == new_shape


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE people ADD COLUMN title TEXT NOT NULL",
        "ALTER TABLE people ALTER COLUMN timezone SET NOT NULL",
        "ALTER TABLE people DROP COLUMN language",
        "ALTER TABLE people RENAME COLUMN name TO full_name",
        "ALTER TABLE people ALTER COLUMN name TYPE VARCHAR(80)",
        "ALTER TABLE people ADD CHECK (email LIKE '%@%')",
        "CREATE UNIQUE INDEX no_twins ON people (email)",
        "ALTER TABLE journal ADD FOREIGN KEY (program_id) REFERENCES programs (id)",
        "ALTER TABLE pairs ALTER COLUMN score TYPE INTEGER",
        "DROP TABLE outcomes",
    ],
)
def test_the_check_notices_what_old_writers_or_readers_could_not_bear(
    postgres_database: Database, change: str
) -> None:
    """Shows that the tests above can fail."""
    with postgres_database.engine.connect() as connection, connection.begin() as all_of_it:
        known = side_by_side.known_tables(connection)
        connection.execute(text(change))
        with pytest.raises((DBAPIError, AssertionError)):
            _goes_on(connection, known)
        all_of_it.rollback()


# --- Whether a version starts on other tables ----------------------------------------------------

NEWER = "UPDATE alembic_version SET version_num = '9999_later'"


def refused(database: Database) -> str:
    with pytest.raises(BadInput) as refusal:
        need_tables(database)
    return "\n".join(str(problem) for problem in refusal.value.problems)


def run(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_new_version_says_what_to_do_on_older_tables(store: Database) -> None:
    assert "no tables yet. Run: python -m runtime.migrate" in refused(store)
    migrate(store, "0003_pair_life")
    assert refused(store) == (
        f"the store: it is at 0003_pair_life; this version needs {latest_revision()}. "
        "Run: python -m runtime.migrate"
    )
    migrate(store)
    need_tables(store)


def test_an_old_version_goes_on_with_newer_tables_that_only_hold_more(store: Database) -> None:
    migrate(store)
    run(
        store,
        NEWER,
        "ALTER TABLE people ADD COLUMN phone TEXT",
        "ALTER TABLE people ADD COLUMN calls INTEGER NOT NULL DEFAULT 0",
        "CREATE TABLE rooms (id TEXT PRIMARY KEY)",
    )
    need_tables(store)
    migrate(store)  # leaves them alone
    assert revision_of(store) == "9999_later"


def test_an_old_version_refuses_tables_that_have_lost_what_it_needs(store: Database) -> None:
    migrate(store)
    run(store, NEWER, "ALTER TABLE answers DROP COLUMN first_content", "DROP TABLE outcomes")
    said = refused(store)
    assert (
        "9999_later, which a newer version made, and answers.first_content is gone. Start" in said
    )
    assert "outcomes is gone. Start that version here, too." in said.splitlines()[1]
    with pytest.raises(BadInput):
        migrate(store)


# --- Back, by command ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revision", "why"),
    [
        ("0005_instrumnts", "Did you mean “0005_instruments”?"),
        ("5", "there is no migration “5” before 0006_journal_indexes"),
        ("0006_journal_indexes", "it is at 0006_journal_indexes already"),
        ("base", "would delete all tables"),
    ],
)
def test_no_way_back_is_said(store: Database, revision: str, why: str) -> None:
    migrate(store, "0006_journal_indexes")
    with pytest.raises(BadInput) as refusal:
        take_back(store, revision, really=True)
    assert why in str(refusal.value.problems[0])
    assert revision_of(store) == "0006_journal_indexes"


def test_the_way_back_is_not_the_way_on(store: Database) -> None:
    migrate(store, "0003_pair_life")
    with pytest.raises(BadInput, match="1 problem") as refusal:
        take_back(store, "0005_instruments", really=True)
    assert "0005_instruments is ahead of it" in str(refusal.value.problems[0])


def test_going_back_says_first_what_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'store.db'}")
    store = Database(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(store)
    with store.engine.begin() as connection:
        side_by_side.write(connection, side_by_side.known_tables(connection), range(2))
    assert command.main(["down", "0003_pair_life"]) == 2
    said = capsys.readouterr().err
    assert "Would be lost: outcomes, 2 rows" in said
    assert "Would be lost: answers.first_content, 1 rows" in said
    assert "lost: people," not in said
    assert revision_of(store) == latest_revision()
    assert command.main(["down", "0003_pair_life", "--yes"]) == 0
    assert revision_of(store) == "0003_pair_life"
    assert command.main(["down", "0004_outcomes"]) == 2
    assert "is ahead of it" in capsys.readouterr().err
    store.close()
