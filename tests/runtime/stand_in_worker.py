"""A worker with nothing to do, for tests of the stack."""

import asyncio
import signal

from temporalio import workflow
from temporalio.worker import Worker

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


async def main() -> None:
    """Poll until SIGTERM."""
    settings = load_settings()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Worker(await connect(settings), task_queue=settings.task_queue, workflows=[Nothing]):
        await stop.wait()


if __name__ == "__main__":
    leave_with(lambda: asyncio.run(main()))
