"""Runs a command and writes down how it went: `python bench/launch.py REPORT COMMAND …`.

A small process between a benchmark and what it measures: a system counts the memory of who starts
a process as the process's own, up to the moment at which it becomes another program.
"""

# Imports nothing of the project, to stay small.

import json
import os
import subprocess
import sys
import time

_TO_MEGABYTES = 2**20 if sys.platform == "darwin" else 2**10
"""`ru_maxrss` is in bytes on macOS and in kilobytes elsewhere."""


def main(report: str, command: list[str]) -> None:
    """Run the command to its end, its output being ours."""
    began = time.perf_counter()
    process = subprocess.Popen(command)  # noqa: S603 - commands of our own
    _, status, usage = os.wait4(process.pid, 0)
    found = {
        "seconds": time.perf_counter() - began,
        "code": os.waitstatus_to_exitcode(status),
        "megabytes": usage.ru_maxrss / _TO_MEGABYTES,
    }
    with open(report, "w", encoding="utf-8") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
