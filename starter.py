"""What HR types. `python starter.py --help` lists the commands."""

from __future__ import annotations

import gc
import importlib.util
import os
import signal
import sys
from pathlib import Path

OWN_PYTHON = Path(__file__).resolve().parent / ".venv" / "bin" / "python"


def _go_on_in_own_environment() -> None:
    """Run again with the project's own Python, for who calls this with another one."""
    if not OWN_PYTHON.exists():
        print("The environment is not made yet. Run: make setup", file=sys.stderr)
        sys.exit(1)
    os.execv(OWN_PYTHON, [str(OWN_PYTHON), *sys.argv])  # noqa: S606 - a path of our own


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while this loads shows no traceback
    if importlib.util.find_spec("temporalio") is None:
        _go_on_in_own_environment()
    # No plugin is used here, and looking for some reads about all that is installed: 15 ms.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    gc.disable()  # what is loaded stays: looking through it for garbage is a fifth of the time
    from console.commands import main
    from runtime.exit import leave_with

    signal.signal(signal.SIGINT, signal.default_int_handler)
    leave_with(main)
