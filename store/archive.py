"""All rows of the store, out of one database and into another, be they SQLite or PostgreSQL.

What the tables are is read from the database itself, so that a copy of any revision can be taken
and put back, not only of the one that this code works with.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Integer,
    MetaData,
    NestedTransaction,
    Table,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import OperationalError

from store.database import Database
from store.migrate import VERSION_TABLE, wait_for_others
from store.tables import Instant

AT_ONCE = 500
"""Rows that are read, or written, in one go."""

HOLD_UP = "300ms"
"""What a table may let us wait for on PostgreSQL, while others wait for us. Less than the second
after which it looks for deadlocks: we give way first, and nobody's transaction is broken off."""

TRIES = 200
PAUSE_SECONDS = 0.05


class StoreBusy(Exception):
    """Somebody writes all the time."""


def tables(connection: Connection) -> tuple[Table, ...]:
    """The tables that are there, each after those that its rows point to."""
    metadata = MetaData()
    event.listen(metadata, "column_reflect", _as_our_type)
    metadata.reflect(connection)
    return tuple(table for table in metadata.sorted_tables if table.name != VERSION_TABLE)


def _as_our_type(_inspector: object, _table: Table, column: Any) -> None:
    if isinstance(column["type"], DateTime):
        column["type"] = Instant()
    elif isinstance(column["type"], JSON):
        column["type"] = JSON(none_as_null=True)


def count_rows(connection: Connection, table: Table) -> int:
    """How many rows a table has."""
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)


# --- Out -----------------------------------------------------------------------------------------


@contextmanager
def still(database: Database, meanwhile: Callable[[], None]) -> Iterator[Connection]:
    """The store as it is at one instant, to be read for as long as it takes.

    `meanwhile` is called at that instant, at which nobody can write: whatever it looks at has not
    been told of anything that is missing here, nor the other way round. Others wait for that only,
    and a migration until all is read. Raises StoreBusy where there is no such instant, because
    others never stop writing.
    """
    options: dict[str, Any] = {"reads_only": True}
    if not database.is_sqlite:
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    reader = database.engine.execution_options(**options)
    with database.engine.connect() as gate, reader.connect() as view:
        closed = gate.begin()  # on SQLite this takes the write lock
        wait_for_others(gate)
        writers = None if database.is_sqlite else _hold_writers(gate)
        meanwhile()
        view.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
        (writers or closed).rollback()  # on PostgreSQL migrations still wait
        yield view


def _hold_writers(gate: Connection) -> NestedTransaction:
    """Hold off whoever writes, on PostgreSQL, until what this gives is rolled back."""
    quote = gate.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in inspect(gate).get_table_names())
    gate.execute(text(f"SET LOCAL lock_timeout = '{HOLD_UP}'"))
    for _ in range(TRIES):
        held = gate.begin_nested()
        try:
            gate.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
        except OperationalError:
            held.rollback()
            time.sleep(PAUSE_SECONDS)
        else:
            return held
    raise StoreBusy


def read_rows(view: Connection, table: Table) -> Iterator[list[str]]:
    """A table's rows as JSON documents, some at a time, always in the same order."""
    query = select(table).order_by(*table.primary_key.columns)
    found = view.execution_options(yield_per=AT_ONCE).execute(query)
    for some in found.mappings().partitions():
        yield [json.dumps(dict(row), ensure_ascii=False, default=_instant) for row in some]


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


# --- In ------------------------------------------------------------------------------------------


def write_rows(
    connection: Connection, table: Table, documents: Iterable[str | bytes]
) -> Iterator[int]:
    """Put rows into an empty table; gives how many are written, again and again on the way.

    Rows that come later by themselves are counted from the highest number on.
    """
    instants = [column.name for column in table.columns if isinstance(column.type, Instant)]
    waiting = iter(documents)
    written = 0
    while some := [_row(one, instants) for one in islice(waiting, AT_ONCE)]:
        connection.execute(table.insert(), some)
        written += len(some)
        yield written
    _count_on(connection, table)


def _row(document: str | bytes, instants: Iterable[str]) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(document)
    for name in instants:
        if row[name] is not None:
            row[name] = datetime.fromisoformat(row[name])
    return row


def _count_on(connection: Connection, table: Table) -> None:
    """Have PostgreSQL number new rows after those that are there. SQLite does it by itself."""
    (key, *more) = table.primary_key.columns
    if connection.dialect.name != "postgresql" or more or not isinstance(key.type, Integer):
        return
    quoted = connection.dialect.identifier_preparer.quote(table.name)
    sequence = connection.scalar(
        text("SELECT pg_get_serial_sequence(:table, :column)"),
        {"table": quoted, "column": key.name},
    )
    highest = connection.scalar(select(func.max(key)))
    if sequence is not None and highest is not None:
        connection.execute(
            text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest}
        )
