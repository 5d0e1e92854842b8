"""The machine that numbers were taken on, named so that a reader can compare it with theirs."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("numpy", "scipy", "pydantic")


def machine() -> str:
    """Processor, cores, memory and versions, in one line. No names, no paths."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return (
        f"{_processor()}, {cores} cores, {memory:.0f} GiB memory; {platform.system()}, "
        f"Python {platform.python_version()}, {packages}"
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                return name.replace("(R)", "").replace("(TM)", "")
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()
