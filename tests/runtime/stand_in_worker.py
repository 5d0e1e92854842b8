"""A worker with nothing to do, for tests of the stack."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

from temporalio import activity, workflow
from temporalio.worker import Worker

from domain.work import queue_of
from runtime.exit import leave_with
from runtime.settings import load_settings
from runtime.temporal import connect


@workflow.defn(sandboxed=False)
class Nothing:
    """Ends at once."""

    @workflow.run
    async def run(self) -> str:
        """Say that a worker was there."""
        workflow.set_current_details("nothing is left to do")
        return "done"


@activity.defn
def do_nothing() -> None:
    """There is no task queue for activities without one."""


async def main() -> None:
    """Poll until SIGTERM."""
    settings = load_settings()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await connect(settings)
    async with AsyncExitStack() as running:
        for work in settings.work:
            worker = Worker(
                client,
                task_queue=queue_of(work, settings.task_queue),
                workflows=[Nothing],
                activities=[do_nothing],
                activity_executor=ThreadPoolExecutor(1),
                max_concurrent_activities=1,
            )
            await running.enter_async_context(worker)
        await stop.wait()


if __name__ == "__main__":
    leave_with(lambda: asyncio.run(main()))
