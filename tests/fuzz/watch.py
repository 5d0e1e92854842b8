"""Trying one file on a reader: it is taken, or refused in words; anything else is a failure."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from domain.problems import BadInput, Problem

SECONDS = 5.0
"""Of the processor, that a small file may take."""
SECONDS_A_MEGABYTE = 30.0

MAX_TOLD = 5_000
"""Characters of a problem, the path of its file among them."""

STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
"""What no output takes from a file: it steers terminals, turns text round or can't be written."""


class Case(NamedTuple):
    """A file to be read: where it stands in its folder, and what it holds."""

    name: str
    data: bytes


class Ended(StrEnum):
    """How reading ended, if it ended well."""

    TAKEN = "taken"
    REFUSED = "refused"


class Failure(AssertionError):
    """A reader did what none may do."""


class Hang(BaseException):
    """A reader took too long. No reader's `except Exception` stops it."""


Read = Callable[[Path], Any]


def attempt(read: Read, case: Case, folder: Path, seconds: float = SECONDS) -> Ended:
    """Have a file read in an empty folder, in so much time and some more by its size.

    Raises:
        Failure: it was neither taken nor refused in words.
    """
    path = folder / case.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(case.data)
    limit = seconds + SECONDS_A_MEGABYTE * len(case.data) / 1_000_000
    try:
        with at_most(limit):
            read(path)
    except BadInput as bad:
        check_told(bad.problems, folder)
        return Ended.REFUSED
    except Hang:
        raise Failure(f"reading {len(case.data):,} bytes takes more than {limit:.0f} s") from None
    except Failure:
        raise
    except Exception as error:
        raise Failure(f"{type(error).__name__} came out: {str(error)[:200]!r}") from error
    finally:
        path.unlink()
    return Ended.TAKEN


def check_told(problems: tuple[Problem, ...], folder: Path) -> None:
    """See that each problem says what is wrong and where, and nothing that steers a terminal."""
    if not problems:
        raise Failure("refused without a reason")
    for problem in problems:
        said = str(problem)
        if not problem.message.strip():
            raise Failure(f"a problem says nothing: {problem!r}")
        if not problem.file.startswith(str(folder)):
            raise Failure(f"a problem names another file: {problem.file}")
        if (problem.line or problem.row or 1) < 1:
            raise Failure(f"a problem stands nowhere: {problem!r}")
        if problem.field and problem.line is None and problem.row is None:
            raise Failure(f"a field without its line or row: {problem!r}")
        if len(said) > MAX_TOLD:
            raise Failure(f"a problem has {len(said):,} characters")
        check_shown(said)


def check_shown(text: str) -> None:
    """See that a text for HR holds nothing that steers a terminal, and no traceback."""
    if found := STEERING.search(text):
        raise Failure(f"{found[0]!r} is shown: {text[max(found.start() - 60, 0) :][:120]!r}")
    if "Traceback (most recent" in text:
        raise Failure("a traceback is shown")


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `Hang` in what takes more time of the processor than this."""

    def ring(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, ring)
    # Once more every second, should what is interrupted go on regardless.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
