"""Processes that a benchmark starts, each for the length of a block."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from bench.runs import PROJECT, as_installed


@asynccontextmanager
async def running(
    command: Sequence[str], settings: Mapping[str, str] | None = None, stdout: int = DEVNULL
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is told to stop at the end of the block, and waited for.

    What it says is thrown away, or goes to `stdout` with its errors.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=PROJECT,
        env=as_installed() | dict(settings or {}),
        stdout=stdout,
        stderr=STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
