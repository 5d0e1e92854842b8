"""What HR waits for when they read a program: `status` and `report`, by the number of its pairs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from bench.comparison import Tell
from bench.engine.filled import PROGRAM, fill
from bench.machine import machine
from bench.runs import OWN_PYTHON, Run, Spread, interleaved, seconds_of
from bench.tables import Check, Ratio, Result, checks_text, table
from store.database import Database
from store.tables import JournalRow

MOST_SECONDS = 1.0
"""For `status`, however many pairs there are."""

RUNS = 3
"""Of each command but the report."""

STATUS, NOTHING = "status", "starter.py --help"
_COUNT = select(func.count()).select_from(JournalRow)


@dataclass(frozen=True, slots=True)
class Size:
    """What reading a program of some pairs took."""

    pairs: int
    events: int
    runs: Mapping[str, Sequence[Run]]


def measure(sizes: Iterable[tuple[int, int]], tell: Tell) -> list[Size]:
    """Read programs of so many pairs, with so many reports of each."""
    return [_measure(pairs, reports, tell) for pairs, reports in sizes]


def _measure(pairs: int, reports: int, tell: Tell) -> Size:
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        database = Database(url)
        fill(database, pairs)
        with database.read() as session:
            events = session.execute(_COUNT).scalar_one()
        database.close()
        commands: dict[str, list[str | Path]] = {
            STATUS: [OWN_PYTHON, "starter.py", "status", PROGRAM],
            "status --json": [OWN_PYTHON, "starter.py", "status", PROGRAM, "--json"],
            NOTHING: [OWN_PYTHON, "starter.py", "--help"],
        }
        report: list[str | Path] = [
            *(OWN_PYTHON, "starter.py", "report", PROGRAM),
            *("--out", f"{folder}/report"),
        ]
        with _environment(DATABASE_URL=url, VAR_DIR=folder):
            took = interleaved(commands, RUNS, tell)
            if reports:
                took |= interleaved({"report": report}, reports, tell)
        return Size(pairs, events, took)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def result_of(found: Sequence[Size], command: str) -> Result:
    """The table, and whether what is claimed holds."""
    rows = [
        (
            f"{size.pairs:,}",
            f"{size.events:,}",
            name,
            str(len(some)),
            str(seconds_of(some)),
            f"{max(one.megabytes for one in some):.0f}",
        )
        for size in found
        for name, some in size.runs.items()
    ]
    largest = found[-1]
    status, nothing = (seconds_of(largest.runs[name]) for name in (STATUS, NOTHING))
    checks = (
        Check(
            f"status of {largest.pairs:,} pairs under {MOST_SECONDS:g} s ({status})",
            status.median < MOST_SECONDS,
        ),
    )
    head = ("pairs", "events", "command", "runs", "seconds", "memory, MB")
    text = (
        f"{machine()}. `{command}`, in turn, medians (lowest–highest).\n\n"
        f"{table(head, rows)}\n```\n{checks_text(checks)}```\n"
    )
    ratio = Spread(tuple(s / n for s, n in zip(status.values, nothing.values, strict=True)))
    times = Ratio(f"reading: status of {largest.pairs:,} pairs, times --help", ratio.median)
    return Result("reading", text, checks, (times,))
