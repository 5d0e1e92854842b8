"""Connecting to the store: a SQLite file by default, PostgreSQL by `DATABASE_URL`."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

from store.tables import Base, table_of
from store.turns import Turns
from store.written import Written, noted

BUSY_SECONDS = 30
"""How long a SQLite writer waits for one of its own process, and then for one of another."""

Row = TypeVar("Row", bound=Base)

POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 20}
"""Connections: more than a process has threads that use them, so that none waits for one while all
others wait for the store."""

_AT_THE_END = "at_the_end"


class Last(Protocol):
    """Something to do right before a transaction is kept."""

    def __call__(self, session: Session) -> None:
        """Do it."""

    def join(self, other: Self) -> None:
        """Do what the other would have done, too."""


L = TypeVar("L", bound=Last)


class Database:
    """The store's connection pool. Safe to share between threads.

    `url` is an SQLAlchemy URL; `postgresql://…` is taken to mean psycopg 3, the driver without a
    known crash inside Temporal activities.

    `puts_off` has what is to be done at the end of transactions wait until `make_up`: for a process
    that writes often and little, and calls that often.
    """

    def __init__(self, url: str, *, puts_off: bool = False) -> None:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if parsed.database and parsed.database != ":memory:":
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(
                parsed,
                connect_args={"timeout": BUSY_SECONDS},
                hide_parameters=True,
                pool_use_lifo=True,  # the one used last has read the file's pages already
                **POOL,
            )
            _prepare_sqlite(self.engine)
        else:
            self.engine = create_engine(parsed, hide_parameters=True, pool_pre_ping=True, **POOL)
        self._listeners: list[Callable[[Sequence[Written]], None]] = []
        self._writers = Turns()
        self.puts_off = puts_off
        self._put_off: deque[dict[str, Last]] = deque()

    def listen(self, listener: Callable[[Sequence[Written]], None]) -> None:
        """Have somebody told of what was written, after each transaction that is kept."""
        self._listeners.append(listener)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: all of it is kept, or, after an exception, none.

        On SQLite those of one process come one after the other, in the order in which they asked.
        Raises SQLAlchemy's TimeoutError where the others take too long.
        """
        with Session(self.engine, expire_on_commit=False) as session:
            with self._alone(), session.begin():
                yield session
                last = session.info.pop(_AT_THE_END, {})
                if not self.puts_off:
                    _do(last, session)
            if self.puts_off and last:
                self._put_off.append(last)
            written = noted(session)
            if written:
                for listener in self._listeners:
                    listener(written)

    @property
    def has_put_off(self) -> bool:
        """Whether there is something for `make_up` to do."""
        return bool(self._put_off)

    def make_up(self, session: Session) -> None:
        """Do in one transaction what was put off in many. Tried once: what fails is left out."""
        joined: dict[str, Last] = {}
        while self._put_off:
            for name, work in self._put_off.popleft().items():
                if name in joined:
                    joined[name].join(work)
                else:
                    joined[name] = work
        _do(joined, session)

    def _alone(self) -> AbstractContextManager[None]:
        """The turn of a writer, where the database takes only one at a time.

        SQLite itself has others ask again and again, with pauses of up to 100 ms, and lets in
        whoever asks at the right moment. So only processes meet there.
        """
        return self._writers.turn(BUSY_SECONDS) if self.is_sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view that changes nothing."""
        options: dict[str, Any] = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        reader = self.engine.execution_options(reads_only=True, **options)
        with Session(reader, expire_on_commit=False) as session:
            yield session
            session.expunge_all()  # what was read stays readable
            session.rollback()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def sqlite_file(url: str) -> Path | None:
    """The file that the store is, if it is one."""
    parsed = make_url(url)
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database
    return Path(str(parsed.database)) if is_file else None


def _do(works: Mapping[str, Last], session: Session) -> None:
    for work in works.values():
        work(session)


def at_the_end(session: Session, name: str, make: Callable[[], L]) -> L:
    """What is called with the session right before a `Database.write` is kept.

    Made by `make` when it is first asked for under this name in a transaction. It must be something
    that can be left out: who puts it off may die before.
    """
    waiting = session.info.setdefault(_AT_THE_END, {})
    if name not in waiting:
        waiting[name] = make()
    found: L = waiting[name]
    return found


def as_of_now(session: Session, table: type[Row], key: object) -> Row | None:
    """A row as it is now; and so it stays, but for ourselves, until the transaction ends.

    Its place is in `Database.write`. On SQLite nobody else writes from the beginning of that, so
    what the session has read of the row is how it is.
    """
    if not takes_locks(session):
        return session.get(table, key)
    lock = {"key_share": True}
    return session.get(table, key, with_for_update=lock, populate_existing=True)


def takes_locks(session: Session) -> bool:
    """Whether a row has to be locked, because others may write too, as they can't on SQLite."""
    return session.get_bind().dialect.name != "sqlite"


def insert_new(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, object]], *key: str
) -> set[Any]:
    """Write the rows whose `key` columns hold values that the table does not have yet.

    Gives the values that the first of those columns has in what was written.
    """
    session.flush()  # what it refers to may be waiting to be written
    statement = _insert_new(session.get_bind().dialect.name, table, key)
    if len(rows) == 1:  # to ask how many were written takes less than to have them given back
        written = session.connection().execute(statement, rows[0]).rowcount
        return {rows[0][key[0]]} if written else set()
    return set(session.scalars(statement.returning(table_of(table).c[key[0]]), rows))


@cache
def _insert_new(dialect: str, table: type[Base], key: tuple[str, ...]) -> Any:
    """Written once: putting it together takes longer than carrying it out."""
    new = _insert_of(dialect)(table_of(table)).on_conflict_do_nothing(index_elements=key)
    return new.execution_options(preserve_rowcount=True)


@event.listens_for(Session, "after_rollback")
def _nothing_at_the_end(session: Session) -> None:
    session.info.pop(_AT_THE_END, None)


@cache
def _insert_of(dialect: str) -> Any:
    """The dialect's own `insert`. Who only reads loads none."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Have readers and the writer not wait for each other. The file remembers it.

    For this one statement SQLite does not wait itself when another process has the file.
    """
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's
        cursor = connection.cursor()
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the lock at once: a reader that turns writer half-way can't wait for it,
        # SQLite fails it on the spot.
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
