"""What somebody who knows only one revision's tables does in them: write, change, read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Float, Integer, Table, select, update

from store.archive import tables
from store.tables import Instant

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""By table."""

Known = Sequence[Table]

LONG = "long " * 2_000

BEGAN = "began"
"""The outcome of an act that is not finished: a finished one can't be changed."""


def known_tables(connection: Connection) -> Known:
    """The tables as they are now, for somebody who will not hear of later changes."""
    return tables(connection)


def value_of(column: Column[Any], number: int) -> Any:
    """Something that the column takes as far as its type says, other for each number."""
    kind, is_act = column.type, column.table.name == "acts"
    if is_act and column.name == "outcome":
        return BEGAN
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, Integer):
        return number
    if isinstance(kind, Float):
        return number + 0.25
    if isinstance(kind, Instant):
        year = 2020 if is_act else 2026  # a young one can't be deleted
        return datetime(year, 1, 1, 12, 30, 15, 250, UTC) + timedelta(days=number)
    if isinstance(kind, JSON):
        return {"number": number, "words": ["Grüße", None]}
    return f"{column.name} {number}"


def unique_columns(table: Table) -> set[str]:
    """The columns of keys and of what else may stand in one row only."""
    found = {column.name for column in table.primary_key.columns}
    for index in table.indexes:
        found |= {column.name for column in index.columns} if index.unique else set()
    for constraint in table.constraints:
        if type(constraint).__name__ == "UniqueConstraint":
            found |= {column.name for column in constraint.columns}  # type: ignore[attr-defined]
    return found


def a_row(table: Table, number: int, *, bare: bool) -> dict[str, Any]:
    """A row: full with long texts, or bare of all that may be left empty.

    Rows of one kind differ only where they must, so that a later rule against twins is noticed.
    """
    must_differ = unique_columns(table)
    row: dict[str, Any] = {}
    for column in table.columns:
        points_to = next(iter(column.foreign_keys), None)
        if points_to is not None:
            row[column.name] = value_of(points_to.column, number)
        elif column.name in must_differ:
            row[column.name] = value_of(column, number)
        elif bare and column.nullable:
            row[column.name] = None
        else:
            same = value_of(column, 0)
            row[column.name] = LONG if isinstance(same, str) and same != BEGAN else same
    return row


def write(connection: Connection, known: Known, numbers: Sequence[int]) -> Rows:
    """Write rows into every table, the even ones full and the odd ones bare; gives them."""
    written: dict[str, list[dict[str, Any]]] = {}
    for table in known:
        rows = [a_row(table, number, bare=number % 2 == 1) for number in numbers]
        for row in rows:
            connection.execute(table.insert().values(row))
        written[table.name] = rows
    return written


def change(connection: Connection, known: Known, rows: Rows) -> Rows:
    """Change every row wherever it is no key; gives them as they are then."""
    changed: dict[str, list[dict[str, Any]]] = {}
    for table in known:
        fixed = unique_columns(table) | {c.name for c in table.columns if c.foreign_keys}
        changed[table.name] = []
        for row in rows[table.name]:
            new = {c.name: value_of(c, 7) for c in table.columns if c.name not in fixed}
            if new:
                connection.execute(update(table).where(*_is(table, row)).values(new))
            changed[table.name].append({**row, **new})
    return changed


def read(connection: Connection, known: Known, rows: Rows) -> Rows:
    """The same rows as they stand there, as far as the columns are known."""
    return {
        table.name: [
            dict(connection.execute(select(table).where(*_is(table, row))).mappings().one())
            for row in rows[table.name]
        ]
        for table in known
    }


def _is(table: Table, row: Mapping[str, Any]) -> Iterator[Any]:
    return (column == row[column.name] for column in table.primary_key.columns)


def shape(connection: Connection) -> dict[str, list[str]]:
    """All that can be told of the tables, to be compared."""
    return {table.name: sorted(_shape_of(table)) for table in tables(connection)}


def _shape_of(table: Table) -> Iterator[str]:
    for column in table.columns:
        default = getattr(column.server_default, "arg", None)
        yield f"{column.name} {column.type!r} null={column.nullable} default={default}"
    for constraint in table.constraints:
        columns = [column.name for column in getattr(constraint, "columns", ())]
        points_to = [key.target_fullname for key in getattr(constraint, "elements", ())]
        yield f"{type(constraint).__name__} {constraint.name} {columns} {points_to}"
    for index in table.indexes:
        yield f"index {index.name} {[c.name for c in index.columns]} unique={index.unique}"
