"""What an operator can do about an exception that is not ours: by its kind, not its words."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

import pydantic
from jinja2 import TemplateError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from domain.problems import BadInput
from store.programs import UnknownProgram

STORE_AWAY = "The store can't be reached. Check DATABASE_URL, and that the database runs."
TABLES_DIFFER = "The store's tables don't fit this release. Run “python -m runtime.migrate”."
DISK_FULL = "The disk is full. Make room, on the worker's machine or the database's."
STORE_BUSY = "The store is busy with something else. If it stays so, see what holds it."
NOT_ALLOWED = "The worker may not read or write one of its files. Mend its permissions."
TEXTS_BROKEN = (
    "A file of texts is missing or broken. “python starter.py check” of any definition names it, "
    "also in CONTENT_FOLDER. Mend it, and start the worker again."
)
NOT_READABLE = (
    "Something in the store can't be read by this release, such as a definition of another one. "
    "Start a worker of the release that wrote it."
)
NOT_THERE = "The program is not in the store. Was the store restored from an older backup?"
NO_MEMORY = "The worker has too little memory. Give it more, or fewer kinds of work (WORK)."

_BY_SQLSTATE = {
    "42P01": TABLES_DIFFER,  # undefined table
    "42703": TABLES_DIFFER,  # undefined column
    "53100": DISK_FULL,
    "40001": STORE_BUSY,  # serialization failure
    "40P01": STORE_BUSY,  # deadlock
    "55P03": STORE_BUSY,  # lock not available
    "53300": STORE_BUSY,  # too many connections
}
"""PostgreSQL's error codes."""

_BY_SQLITE = {
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_BUSY: STORE_BUSY,
    sqlite3.SQLITE_LOCKED: STORE_BUSY,
    sqlite3.SQLITE_CANTOPEN: STORE_AWAY,
    sqlite3.SQLITE_READONLY: NOT_ALLOWED,
    sqlite3.SQLITE_PERM: NOT_ALLOWED,
}
"""SQLite's primary result codes."""

_BY_ERRNO = {
    errno.ENOSPC: DISK_FULL,
    errno.EDQUOT: DISK_FULL,
    errno.EACCES: NOT_ALLOWED,
    errno.EPERM: NOT_ALLOWED,
    errno.EROFS: NOT_ALLOWED,
}

_BY_KIND: tuple[tuple[type[BaseException], str], ...] = (
    (NoConnectionFree, STORE_BUSY),
    (BadInput, TEXTS_BROKEN),
    (TemplateError, TEXTS_BROKEN),
    (pydantic.ValidationError, NOT_READABLE),
    (UnknownProgram, NOT_THERE),
    (MemoryError, NO_MEMORY),
)


def remedy_for(error: BaseException) -> str | None:
    """What is wrong and what to do, in a sentence or two, or None where only the log can tell.

    Looks at what caused the exception too: the first of them that says something counts.
    """
    return next((found for one in _chain(error) if (found := _remedy(one))), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _remedy(error: BaseException) -> str | None:
    if isinstance(error, DBAPIError):
        return _of_the_store(error)
    if isinstance(error, OSError) and error.errno in _BY_ERRNO:
        return _BY_ERRNO[error.errno]
    return next((what for kind, what in _BY_KIND if isinstance(error, kind)), None)


def _of_the_store(error: DBAPIError) -> str | None:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return _of_sqlite(original)
    state = getattr(original, "sqlstate", None)
    if state in _BY_SQLSTATE:
        return _BY_SQLSTATE[state]
    # Without a code nobody answered; 08 is the connection, 57P the server that stops or starts.
    is_away = error.connection_invalidated or state is None or state.startswith(("08", "57P"))
    return STORE_AWAY if is_away else None


def _of_sqlite(original: sqlite3.Error) -> str | None:
    code = getattr(original, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code == sqlite3.SQLITE_ERROR and "no such " in str(original):
        return TABLES_DIFFER
    return _BY_SQLITE.get(code & 0xFF)  # above are details of the same
