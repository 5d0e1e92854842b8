"""What tests everywhere may ask for: databases, and Temporal servers."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import create_engine, make_url, text
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from runtime.temporal import add_search_attributes
from store.database import Database
from store.migrate import migrate
from store.tables import Base
from tests.leaving import pytest_sessionstart, pytest_unconfigure
from tests.postgres import postgres_programs, postgres_server
from workflows import search_attributes

__all__ = ["pytest_sessionstart", "pytest_unconfigure"]


LONGEST_FIRST = ("end_to_end", "portal", "watching", "workflows")
"""Folders whose files take long: begun last, one process would work while the other has no more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest files begin first."""
    here = Path(__file__).parent
    places = {folder: place for place, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(here).parts[0], len(places)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through it for garbage takes a tenth of the time."""
    gc.freeze()


# --- The store -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a real PostgreSQL server's first database. Skipped without one, but not in CI."""
    programs = postgres_programs()
    if programs is None:
        reason = "PostgreSQL is not installed (on Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with postgres_server(programs) as url:
        yield url


_NUMBERS = count(1)


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database of the test's own."""
    with _postgres_database(postgres) as url:
        yield url


@pytest.fixture(scope="module")
def postgres_url_of_module(postgres: str) -> Iterator[str]:
    """The same, of the module's own."""
    with _postgres_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def _migrated_postgres(postgres: str) -> Iterator[str]:
    with _postgres_database(postgres) as url:
        _migrate(url)
        yield url


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_database(_migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """The store on SQLite, migrated and empty, the test's own."""
    file = tmp_path / "store.db"
    shutil.copyfile(_migrated_sqlite, file)
    database = Database(f"sqlite:///{file}")
    yield database
    database.close()


@pytest.fixture
def postgres_database(_migrated_postgres: str) -> Iterator[Database]:
    """The store on PostgreSQL, migrated and empty. One after the other, tests share it."""
    database = Database(_migrated_postgres)
    yield database
    _empty(database)
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """The store, migrated and empty: the test runs once on SQLite and once on PostgreSQL."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


def _migrate(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()


def _empty(database: Database) -> None:
    """Take all rows out, and count from 1 again: quicker than a database anew."""
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with database.write() as session:
        session.execute(text("SET LOCAL lock_timeout = '20s'"))
        session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))


@contextmanager
def _postgres_database(server: str) -> Iterator[str]:
    name = f"test_{next(_NUMBERS)}"
    admin = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


# --- Temporal ------------------------------------------------------------------------------------


def program_beside_python(name: str) -> str:
    """A server's program, which pip put beside Python."""
    return str(Path(sys.executable).parent / name)


@pytest_asyncio.fixture
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A test server of the test's own, whose clock jumps to the next timer while nothing is done.

    It has no list and no count, no schedules and no worker versions.
    """
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=program_beside_python("temporal-test-server"),
        data_converter=pydantic_data_converter,
    )
    async with environment:
        await add_search_attributes(environment.client, search_attributes.ALL)
        yield environment


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def dev_server() -> AsyncIterator[WorkflowEnvironment]:
    """A real server in memory, the same for all tests: use workflow ids of the test's own."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=program_beside_python("temporal"),
        search_attributes=list(search_attributes.ALL),
        data_converter=pydantic_data_converter,
        dev_server_log_level="error",
    )
    async with environment:
        yield environment


@pytest.fixture
def task_queue() -> str:
    """A task queue of the test's own."""
    return f"test-{uuid4()}"
