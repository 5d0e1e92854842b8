"""The way out of a process that used Temporal, in one place."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import NoReturn, ParamSpec

from domain.problems import BadInput

P = ParamSpec("P")

_last: list[Callable[[], object]] = []


def before_leaving(do: Callable[[], object]) -> None:
    """Have something done when this process leaves: it must be quick, and what it raises is lost.

    For what is still to be sent, as `atexit` would do it.
    """
    _last.append(do)


def leave(code: int) -> NoReturn:
    """End this process now with `code`. Nothing registered with `atexit` runs; output is flushed.

    The Temporal SDK's native threads may touch Python while the interpreter is being torn down; it
    then aborts, and a process that did its work ends with 134 or 139 (temporalio/sdk-python issue
    300). Leaving without tearing down is the one way out that can't.
    """
    for do in _last:
        with suppress(Exception):
            do()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue  # the reader went away, or there is no stream; the code still counts
    os._exit(code)


def telling_bad_input(main: Callable[P, int]) -> Callable[P, int]:
    """A `main` that ends with 2 on bad input, with every problem on standard error."""

    @wraps(main)
    def told(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return main(*args, **kwargs)
        except BadInput as bad:
            print(*bad.problems, sep="\n", file=sys.stderr)
            return 2

    return told


def leave_with(main: Callable[[], int | None]) -> NoReturn:
    """Run `main` and leave with what it returns, as the last line of a program.

    Ends with 130 after Ctrl-C, with the code of a `SystemExit`, and with 1, the traceback on
    standard error, after an exception that nobody handled.
    """
    try:
        code = main() or 0
    except KeyboardInterrupt:
        code = 130
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it was, it is shown and ends the process
        sys.excepthook(*sys.exc_info())
        code = 1
    leave(code)
