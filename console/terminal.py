"""How commands answer: in words, with an exit code, and never a traceback. Light to import."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, NoReturn

import typer

from domain.problems import BadInput

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

FAILED, BAD_INPUT = 1, 2

MOST_TOLD = 1_000
"""Problems that are told in words: who has more looks at the file, and a terminal takes long."""

LONG = 1.0
"""Seconds after which a command says what it is doing."""


@cache
def console(*, stderr: bool = False) -> Console:
    """The terminal. What people wrote may hold square brackets and colons: none is markup."""
    from rich.console import Console  # noqa: PLC0415 - a command that prints one line needs none

    return Console(highlight=False, markup=False, emoji=False, stderr=stderr)


_AS_JSON = ContextVar("as_json", default=False)
"""Whether this command answers in JSON, so that what went wrong is told in JSON as well."""


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Say what went wrong and end with `code`."""
    console(stderr=True).print(message, style="red", soft_wrap=True)
    if _AS_JSON.get():
        print_json({"problems": [{"message": message}]})
    raise typer.Exit(code)


def print_json(document: object) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


@contextmanager
def told(*, as_json: bool = False) -> Iterator[None]:
    """Turn what is wrong with files into words and an exit code.

    With `as_json` standard output has it as a document, too: `problems`, each with its `message`
    and, as far as they are known, `file`, `line` or `row`, `field` and `hint`.
    """
    before = _AS_JSON.set(as_json)
    try:
        yield
    except BadInput as bad:
        for problem in bad.problems[:MOST_TOLD]:
            console(stderr=True).print(str(problem), style="red", soft_wrap=True)
        count = len(bad.problems)
        if count > MOST_TOLD:
            console(stderr=True).print(f"… and {count - MOST_TOLD:,} more; “--json” tells all.")
        console(stderr=True).print(
            f"{count} problem{'s' if count != 1 else ''}. Nothing was changed."
        )
        if as_json:
            said = [problem.model_dump(exclude_none=True) for problem in bad.problems]
            print_json({"problems": said})
        raise typer.Exit(BAD_INPUT) from None
    except BrokenPipeError:
        raise  # whoever read our output has had enough
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or type(error).__name__}. Nothing more was done.")
    finally:
        _AS_JSON.reset(before)


class Steps:
    """The steps of one command: how long each takes and, where it takes long, a line that says so.

    The line stands on standard error while somebody looks at it, from the first second on.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        """By step, those that have ended."""
        self._step = self._says = ""
        self._since = time.perf_counter()
        self._status: Status | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(LONG, self._show)

    def __enter__(self) -> Steps:
        if sys.stderr.isatty():
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._says = ""
            if self._status is not None:
                self._status.stop()

    def begin(self, step: str, says: str) -> None:
        """End the step that runs and begin this one, in words for who waits."""
        now = time.perf_counter()
        with self._lock:
            if self._step:
                self.seconds[self._step] = now - self._since
            self._step, self._says, self._since = step, says, now
            if self._status is not None:
                self._status.update(f"{says} …")

    def _show(self) -> None:
        with self._lock:
            if self._says:
                self._status = console(stderr=True).status(f"{self._says} …")
                self._status.start()
