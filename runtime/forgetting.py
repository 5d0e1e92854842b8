"""Erasing people from the files of the embedded stack, and looking whether anything is left there.

The store is erased by `store/erasing.py`; here it is what lies around it: the mailbox, the pages of
the SQLite files that are free and still hold what was in them, logs.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from domain.traces import Traces
from runtime.backup import MAILBOX_FILE
from runtime.mailbox import Mailbox
from store.database import Database
from store.scanning import Left, Scan

_CHUNK = 1 << 20
_LEAST = 5
"""Bytes of the shortest name that is looked for in files: shorter ones are in any of them."""

ARCHIVES = frozenset({".zip", ".gz", ".xlsx"})
"""Files in which nothing can be found without unpacking them."""


def forget_mails(var: Path, traces: Traces, addresses: Collection[str]) -> int:
    """Take out of the embedded mailbox what was sent to these addresses, and what names somebody.

    Gives how many mails that was; none where there is no such mailbox.
    """
    file = var / MAILBOX_FILE
    if not file.exists():
        return 0
    with closing(Mailbox(file)) as mailbox:
        return mailbox.forget(frozenset(address.lower() for address in addresses), traces.are_in)


def compact(database: Database) -> bool:
    """Write the store anew, so that what was deleted is in no free page of its file any more.

    Gives whether that is certain: on PostgreSQL, rows that were deleted stay in its own files until
    it reuses their place.
    """
    if not database.is_sqlite:
        autocommit = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with autocommit.connect() as connection:
            connection.execute(text("VACUUM"))
        return False
    # Not SQLAlchemy's connection, which begins a transaction: none may be open.
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    except sqlite3.OperationalError:  # somebody writes without a pause
        return False
    finally:
        raw.close()


def scan_files(var: Path, traces: Traces) -> Scan:
    """Look through every file of the embedded stack, whatever it is."""
    scan = _scan_mails(var, traces)
    pattern, reach = _pattern(traces)
    for file in sorted(var.rglob("*")):
        if not file.is_file() or file.is_symlink() or file.suffix in ARCHIVES:
            continue
        count = size = 0
        for chunk, fresh in _chunks(file, reach):
            size += fresh
            count += len(pattern.findall(chunk)) if pattern else 0
        scan += Scan(files=1, bytes=size, left=_left(var, file, count, traces))
    return scan


def archives_in(var: Path) -> list[str]:
    """Files of the stack's folder that can't be looked through, by their path in it."""
    return [
        str(file.relative_to(var))
        for file in sorted(var.rglob("*"))
        if file.is_file() and file.suffix in ARCHIVES
    ]


def _scan_mails(var: Path, traces: Traces) -> Scan:
    file = var / MAILBOX_FILE
    if not file.exists():
        return Scan()
    with closing(Mailbox(file)) as mailbox:
        found = len(mailbox.find(frozenset(), traces.are_in))
        left = (Left(where=f"{MAILBOX_FILE}: mails", count=found),) if found else ()
        return Scan(mails=mailbox.count(), left=left)


def _left(var: Path, file: Path, count: int, traces: Traces) -> tuple[Left, ...]:
    name = str(file.relative_to(var))
    count += traces.are_in(name)
    return (Left(where=str(traces.out_of(name)), count=count),) if count else ()


def _pattern(traces: Traces) -> tuple[re.Pattern[bytes] | None, int]:
    """Finds what names somebody, or what they wrote, as text and as JSON; and the longest of it."""
    terms = {
        form.encode()
        for term in (*traces.names, *traces.said)
        for form in (term, json.dumps(term)[1:-1], *([term.lower()] if "@" in term else ()))
    }
    terms = {term for term in terms if len(term) >= _LEAST}
    if not terms:
        return None, 0
    longest_first = sorted(terms, key=lambda term: (-len(term), term))
    alternatives = b"|".join(re.escape(term) for term in longest_first)
    return re.compile(rb"(?<![A-Za-z0-9])(?:" + alternatives + rb")(?![A-Za-z0-9])"), len(
        longest_first[0]
    )


def _chunks(file: Path, reach: int) -> Iterator[tuple[bytes, int]]:
    """A file piece by piece, each with the end of the one before, and how much of it is new."""
    tail = b""
    try:
        with file.open("rb") as opened:
            while fresh := opened.read(_CHUNK):
                yield tail + fresh, len(fresh)
                tail = fresh[-reach - 1 :] if reach else b""
    except FileNotFoundError:
        return  # the stack took it away meanwhile
