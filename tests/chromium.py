"""Debian's Chromium, for tests that look at pages as people do."""

from __future__ import annotations

import os
import shutil

import pytest

PROGRAMS = ("chromium-headless-shell", "chromium")
"""The same browser without and with windows. Without any, a page takes a fifth of the time."""

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


def chromium_path() -> str:
    """Where Chromium is. Skips the test without it, but not in CI."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        reason = "Chromium is not installed (on Debian: apt-get install chromium-headless-shell)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
