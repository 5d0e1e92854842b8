"""Becomes another program that dies with its parent: `python leash.py PROGRAM ARGUMENT…`.

Linux only: the kernel is asked to kill this process when the thread that started it ends. The
request outlives the exec. Elsewhere the next start of the stack clears up (`runtime.stack`).
Runs without site packages, so that it costs a few milliseconds.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the program that the arguments name."""
    if sys.platform == "linux":
        parent = int(sys.argv[1])
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before the kernel was asked
            return
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - its own arguments


if __name__ == "__main__":
    main()
