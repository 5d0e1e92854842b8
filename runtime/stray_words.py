"""Brings into the log what Python would print past it, words and all: errors that nobody handled,
warnings, and lines that can't be written. Of each stay its kind and its place.
"""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from types import TracebackType
from typing import Any, TextIO

_log = logging.getLogger("python")


def keep_out_stray_words() -> None:
    """From now on, in this process."""
    sys.excepthook = _ended
    threading.excepthook = _thread_ended
    sys.unraisablehook = _not_raised
    warnings.showwarning = _warned


class CarefulHandler(logging.StreamHandler[Any]):
    """Writes lines; of one that can't be written it says so, where logging would print it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say which line is lost, by its logger and its place."""
        error = sys.exc_info()[0]
        kind = error.__name__ if error else "error"
        try:
            sys.stderr.write(f"a line of {record.name}:{record.lineno} was not written: {kind}\n")
        except (OSError, ValueError):
            return  # nobody reads it


def _ended(kind: type[BaseException], error: BaseException, place: TracebackType | None) -> None:
    _log.critical("ended by an error", exc_info=(kind, error, place))


def _thread_ended(about: threading.ExceptHookArgs) -> None:
    if about.exc_type is SystemExit or about.exc_value is None:
        return
    found = (about.exc_type, about.exc_value, about.exc_traceback)
    _log.error("a thread was ended by an error", exc_info=found)


def _not_raised(about: sys.UnraisableHookArgs) -> None:
    if about.exc_value is not None:
        found = (about.exc_type, about.exc_value, about.exc_traceback)
        _log.error("an error came where none can be handled", exc_info=found)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    place = f"{filename.rsplit('/', 1)[-1]}:{lineno}"
    _log.warning("python warns", extra={"warning": category.__name__, "place": place})
