"""For tests that set up logs as the processes do: afterwards all is as it was."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from runtime.logs import set_up_logs
from runtime.settings import load_settings


@contextmanager
def logs_to_set_up(folder: Path, **settings: str) -> Iterator[Callable[[], None]]:
    """Sets logs up when called: only in the test itself is standard error the captured one."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning
    found = load_settings({"VAR_DIR": str(folder), "LOG_FORMAT": "json", **settings})
    yield lambda: set_up_logs(found, "test")
    root.handlers[:], root.level = before
    sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = hooks
    structlog.reset_defaults()
