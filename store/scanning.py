"""Looking whether anything is left of somebody who was erased: in every column of every table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import Connection, func, select

from domain.model import Value
from domain.traces import Traces
from store.archive import tables

ID_STAYS = frozenset({"participants", "journal", "messages", "acts", "erasures"})
"""Tables that go on holding the opaque id of a person: how the program went hangs on it. In any
other table with a `person_id`, a row of an erased person is one too many."""


class Left(Value):
    """Something that should not be there any more."""

    where: str
    """A table and its column, or a file."""
    count: int
    """In how many rows, or how often in the file."""


class Scan(Value):
    """What was looked through, and what was found."""

    tables: int = 0
    columns: int = 0
    rows: int = 0
    files: int = 0
    bytes: int = 0
    mails: int = 0
    left: tuple[Left, ...] = ()

    def __add__(self, other: Scan) -> Scan:
        return Scan(
            tables=self.tables + other.tables,
            columns=self.columns + other.columns,
            rows=self.rows + other.rows,
            files=self.files + other.files,
            bytes=self.bytes + other.bytes,
            mails=self.mails + other.mails,
            left=self.left + other.left,
        )


def scan_tables(connection: Connection, traces: Traces, people: Collection[str]) -> Scan:
    """Read the whole store, as it is and not as our code knows it, and look for traces.

    Args:
        connection: to the store.
        traces: of the people, put together before they were erased.
        people: their opaque ids.
    """
    left = Counter[str]()
    columns = rows = 0
    found = tables(connection)
    for table in found:
        columns += len(table.columns)
        if table.name not in ID_STAYS and "person_id" in table.columns:
            theirs = select(func.count()).where(table.columns["person_id"].in_(people))
            left[f"{table.name}.person_id"] += connection.scalar(theirs) or 0
        for row in connection.execute(select(table).execution_options(yield_per=1_000)).mappings():
            rows += 1
            for name, value in row.items():
                # A column is a field: references stand in some of them by themselves.
                left[f"{table.name}.{name}"] += traces.are_in_document({name: value})
    return Scan(
        tables=len(found),
        columns=columns,
        rows=rows,
        left=tuple(Left(where=where, count=n) for where, n in sorted(left.items()) if n),
    )
