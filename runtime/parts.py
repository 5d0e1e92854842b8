"""One part of the embedded stack: a process that is kept running."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

import httpx
from temporalio.service import RPCError

from runtime.running import Process

_LEASH = Path(__file__).with_name("leash.py")

READY_SECONDS = 60
"""How long a part may take until it answers."""

LOG_BYTES = 10 * 1024 * 1024
LOGS_KEPT = 3

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
_STEADY_SECONDS = 20.0
_TAIL_LINES = 15
_POLL_SECONDS = 0.1
_NOT_YET = (OSError, RPCError, RuntimeError, httpx.TransportError)


class PartFailed(Exception):
    """A part doesn't start. The message says which, and what it said last."""


@dataclass
class Part:
    """A program that the stack runs: how it is started, asked whether it works, and stopped."""

    name: str
    command: Sequence[str]
    """The program, by its full path, and its arguments."""
    environment: Mapping[str, str]
    ready: Callable[[int], Awaitable[bool]]
    """Whether the process of this id does its work. A failed connection means “not yet”."""
    log_file: Path
    say: Callable[[str], None]
    """Takes a line for the person who runs the stack."""
    changed: Callable[[], None]
    """Called when the part has got a new process."""
    drain_seconds: float = 10.0
    """How long it may take to stop by itself before it is killed."""
    echo: Callable[[str], None] | None = None
    """Takes each line that the part writes, besides its log file."""

    _process: asyncio.subprocess.Process | None = None
    _reader: asyncio.Task[None] | None = None
    _keeper: asyncio.Task[None] | None = None
    _wanted: bool = False
    _up: asyncio.Event = field(default_factory=asyncio.Event)
    _tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))
    _log: RotatingFileHandler | None = None

    @property
    def process(self) -> Process | None:
        """The process that runs now."""
        running = self._process is not None and self._process.returncode is None
        return Process.of(self._process.pid) if running and self._process else None

    async def start(self) -> None:
        """Start it and wait until it works. From then on it is started again whenever it dies.

        Raises PartFailed when it ends at once, or doesn't answer in time.
        """
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self._log = RotatingFileHandler(
            self.log_file, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8"
        )
        self._wanted = True
        await self._spawn()
        try:
            await asyncio.wait_for(self._until_ready(), READY_SECONDS)
        except (TimeoutError, PartFailed) as error:
            ended = self._process.returncode if self._process else None
            await self.stop()
            how = f"doesn't answer after {READY_SECONDS} s" if ended is None else _how(ended)
            said = "".join(f"\n    {line}" for line in self._tail)
            raise PartFailed(
                f"The {self.name} {how}. Its last lines, from {self.log_file}:{said}"
            ) from error
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def kill(self) -> None:
        """End it with SIGKILL, as a crash would. It is started again after a short pause."""
        process = self._process
        if process is not None and process.returncode is None:
            self._up.clear()
            process.kill()
            await process.wait()

    async def wait_ready(self) -> None:
        """Wait until it works (again)."""
        await self._up.wait()

    async def stop(self) -> None:
        """End it for good: SIGTERM, and SIGKILL when it takes longer than it may."""
        self._wanted = False
        self._up.clear()
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        process = self._process
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), self.drain_seconds)
            except TimeoutError:
                self.say(
                    f"The {self.name} took longer than {self.drain_seconds:g} s; it is killed."
                )
                process.kill()
                await process.wait()
        if self._reader is not None:
            await self._reader
        if self._log is not None:
            self._log.close()
            self._log = None

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while self._wanted:
            started = time.monotonic()
            assert self._process is not None  # noqa: S101 - start() made it
            code = await self._process.wait()
            self._up.clear()
            if time.monotonic() - started > _STEADY_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            self.say(f"The {self.name} {_how(code)}; it is started again in {pause:g} s.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            await self._spawn()
            with contextlib.suppress(PartFailed):
                await self._until_ready()
                self.say(f"The {self.name} is back.")

    async def _spawn(self) -> None:
        # A session of its own: Ctrl-C reaches the stack alone, which stops the parts in order.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-ISs",
            str(_LEASH),
            str(os.getpid()),
            *self.command,
            env=dict(self.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self.changed()
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        self._reader = asyncio.create_task(self._read(self._process.stdout))

    async def _read(self, output: asyncio.StreamReader) -> None:
        rest = b""
        while chunk := await output.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._write(line)
        if rest:
            self._write(rest)

    def _write(self, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").rstrip()
        self._tail.append(line)
        if self._log is not None:
            self._log.emit(logging.LogRecord(self.name, logging.INFO, "", 0, line, None, None))
        if self.echo is not None:
            self.echo(line)

    async def _until_ready(self) -> None:
        assert self._process is not None  # noqa: S101 - start() made it
        while self._process.returncode is None:
            with contextlib.suppress(*_NOT_YET):
                if await self.ready(self._process.pid):
                    self._up.set()
                    return
            await asyncio.sleep(_POLL_SECONDS)
        if self._reader is not None:
            await self._reader
        raise PartFailed(self.name)


def _how(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
