"""A worker of a benchmark, in a process of its own: `python -m bench.engine.crew ADDRESS QUEUE …`.

With `--bare` it runs the bare workflow, else those of the project, both with the worker's usual
settings and with activities that touch nothing. It says `ready`, then a line for each moment, and
after SIGTERM what it used, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import signal
from datetime import datetime
from pathlib import Path

from temporalio.client import Client
from temporalio.converter import DataConverter

from bench.engine.bare import BareOffice, BareWorkflow
from bench.engine.office import Office
from bench.engine.server import most_megabytes
from domain.work import EVERY_KIND, Work
from runtime.exit import leave_with
from runtime.logs import set_up_logs
from runtime.payload_codec import data_converter
from runtime.settings import load_settings
from store.definition_file import load_definition
from worker import WORKFLOWS, workers

USED = "used "
"""Begins the line with what it used."""


def cpu() -> float:
    """Processor seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def work(given: argparse.Namespace) -> None:
    """Work until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    converter = DataConverter.default if given.bare else data_converter(load_settings())
    client = await Client.connect(given.address, data_converter=converter)
    if given.bare:
        office: object = BareOffice()
    else:
        definition = load_definition(given.definition)
        day = definition.calendar.model_copy(update={"day": given.day})
        definition = definition.model_copy(update={"calendar": day})
        office = Office(definition, given.epoch)
    async with workers(
        client,
        given.queue,
        [office],
        workflows=[BareWorkflow] if given.bare else WORKFLOWS,
        kinds=(Work.WORKFLOWS, Work.MAIL) if given.bare else EVERY_KIND,
        cache=given.cache,
    ):
        before = cpu()
        print("ready", flush=True)
        await stop.wait()
        used = {"cpu": cpu() - before, "megabytes": most_megabytes(os.getpid())}
        print(USED + json.dumps(used), flush=True)


def main() -> int:
    """Start from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.engine.crew", description=__doc__)
    parser.add_argument("address")
    parser.add_argument("queue")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--definition", type=Path)
    parser.add_argument("--day", type=float, default=86_400.0)
    parser.add_argument("--epoch", type=datetime.fromisoformat)
    parser.add_argument("--cache", type=int, default=1000)
    given = parser.parse_args()
    set_up_logs(load_settings(), "worker")
    asyncio.run(work(given))
    return 0


if __name__ == "__main__":
    leave_with(main)
