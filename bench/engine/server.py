"""A Temporal server of a benchmark's own, set up as the embedded stack sets its up."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.engine.processes import running
from runtime.ports import ANY_PORTS, choose_ports
from runtime.stack import temporal_command
from runtime.temporal import ensure_search_attributes

START_SECONDS = 60.0
PUNCTUAL = 'history.timerProcessorMaxTimeShift="10ms"'
"""Fires timers when they are due, and not up to a second later: of short days that is much."""


@dataclass
class Server:
    """A server that runs, or ran."""

    client: Client
    address: str
    pid: int
    most_megabytes: float = 0.0
    """The most memory that it held, once it is over."""

    def cpu_seconds(self) -> float:
        """The processor time that it has used."""
        return cpu_seconds(self.pid)


@asynccontextmanager
async def open_server(*dynamic: str, in_memory: bool = False) -> AsyncIterator[Server]:
    """A server for the length of the block, with these values of its dynamic configuration."""
    ports = choose_ports(ANY_PORTS, lambda _line: None)
    with TemporaryDirectory() as folder:
        command = [
            *temporal_command(None if in_memory else Path(folder) / "temporal.db", ports),
            *(word for value in dynamic for word in ("--dynamic-config-value", value)),
        ]
        async with running(command) as process:
            address = f"127.0.0.1:{ports.temporal}"
            client = await _connect(address)
            await ensure_search_attributes(client)
            server = Server(client, address, process.pid)
            yield server
            server.most_megabytes = most_megabytes(process.pid)


async def _connect(address: str) -> Client:
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            return await Client.connect(address, data_converter=pydantic_data_converter)
        except RuntimeError:
            if time.monotonic() > give_up:
                raise
            await asyncio.sleep(0.1)


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used, by itself and in the system. Linux only."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most_megabytes(pid: int) -> float:
    """The most memory that a process has held. Linux only."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
