"""Operators read what they can do about a failure; each is one that really happened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from activities.remedies import (
    DISK_FULL,
    NOT_ALLOWED,
    NOT_READABLE,
    NOT_THERE,
    STORE_AWAY,
    STORE_BUSY,
    TABLES_DIFFER,
    TEXTS_BROKEN,
    remedy_for,
)
from domain.definition import Definition
from runtime.ports import any_free_port
from store import database as store_database
from store import programs
from store.content import Content
from store.database import Database
from tests.shipped import CONTENT

NAME = "Żaneta Secretova"


def said_of(database: Database, *statements: str) -> str | None:
    """What is said of the failure that the last of these statements is."""
    *before, last = statements
    with database.write() as session:
        for statement in before:
            session.execute(text(statement))
        with pytest.raises(Exception) as failure:  # noqa: PT011 - what it is, is asked below
            session.execute(text(last))
        return remedy_for(failure.value)


@pytest.mark.parametrize("what", ["nowhere FROM participants", "1 FROM nowhere"])
def test_a_table_or_column_that_is_missing_is_for_migrating(database: Database, what: str) -> None:
    assert said_of(database, f"SELECT {what}") == TABLES_DIFFER
    database.close()


def test_a_fault_in_a_statement_is_for_the_log(database: Database) -> None:
    assert said_of(database, f"SELECT '{NAME}' FROM") is None
    database.close()


def test_a_full_disk_is_told_of(sqlite_database: Database) -> None:
    few, much = "PRAGMA max_page_count = 1", "CREATE TABLE t AS SELECT randomblob(9999999) AS b"
    assert said_of(sqlite_database, few, much) == DISK_FULL


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/no/such.db", "postgresql://somebody@127.0.0.1:{port}/store"]
)
def test_a_store_that_is_away_is_told_of(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(Path, "mkdir", lambda *_args, **_more: None)
    database = Database(url.format(port=any_free_port()))
    with pytest.raises(Exception) as failure, database.read() as session:  # noqa: PT011
        programs.get(session, NAME)
    assert remedy_for(failure.value) == STORE_AWAY


def test_a_store_that_somebody_else_holds_is_told_of(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_database, "BUSY_SECONDS", 0.01)
    other = Database(sqlite_database.engine.url.render_as_string())
    with sqlite_database.write() as holder:
        assert not programs.exists(holder, NAME)
        with pytest.raises(Exception) as failure, other.write() as session:  # noqa: PT011
            programs.exists(session, NAME)
    other.close()
    assert remedy_for(failure.value) == STORE_BUSY


def test_a_file_of_texts_that_is_missing_is_told_of(tmp_path: Path) -> None:
    shutil.copytree(CONTENT.roots[0].parent, tmp_path / "content")
    (tmp_path / "content" / "en" / "portal.yaml").unlink()
    with pytest.raises(Exception) as failure:  # noqa: PT011
        Content([tmp_path / "content"])
    assert remedy_for(failure.value) == TEXTS_BROKEN


def test_a_mail_that_can_not_be_written_is_told_of() -> None:
    with pytest.raises(ValueError, match="can't be written") as failure:
        CONTENT.section("invitation")
    assert remedy_for(failure.value) == TEXTS_BROKEN


def test_a_definition_of_another_release_is_told_of() -> None:
    with pytest.raises(ValueError, match="validation error") as failure:
        Definition.stored({"program": {"not": NAME}})
    assert remedy_for(failure.value) == NOT_READABLE


def test_a_program_that_the_store_has_not_is_told_of(sqlite_database: Database) -> None:
    with pytest.raises(programs.UnknownProgram) as failure, sqlite_database.read() as session:
        programs.get(session, NAME)
    assert remedy_for(failure.value) == NOT_THERE


def test_a_file_that_may_not_be_read_is_told_of() -> None:
    assert remedy_for(PermissionError(13, NAME, NAME)) == NOT_ALLOWED


def test_of_all_else_only_the_log_can_tell() -> None:
    assert remedy_for(ValueError(NAME)) is None
