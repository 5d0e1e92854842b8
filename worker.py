"""The worker: carries out workflows and activities until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.worker import Interceptor, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities import signatures
from activities.channels import Channels
from activities.evaluation import Evaluation
from activities.failures import FailureInterceptor
from activities.mail import Mailer, MailServer
from activities.matching import Matching
from activities.pair_messages import PairMessages
from activities.post import Post
from activities.program_messages import ProgramMessages
from activities.reach import Reach
from activities.rescheduling import Rescheduling
from activities.running import Running
from domain.problems import BadInput
from runtime.exit import leave_with
from runtime.logs import set_up_logs
from runtime.settings import MailTls, Settings, load_settings
from runtime.temporal import connect, workflows_address
from runtime.watching.health import WorkerHealth
from runtime.watching.watch import Watch
from store import instruments
from store.content import Content
from store.database import Database
from store.links import Links
from workflows.afterwards import AfterwardsWorkflow
from workflows.cohort import CohortWorkflow
from workflows.follow_up import FollowUpWorkflow
from workflows.options import PATIENT
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow

WORKFLOWS = (
    ProgramWorkflow,
    CohortWorkflow,
    PairWorkflow,
    AfterwardsWorkflow,
    FollowUpWorkflow,
)

THREADS = 16
"""Activities at once. Each holds at most one database and one mail connection."""

DRAIN = timedelta(seconds=30)
"""What an activity that runs has to finish when the worker is told to stop."""

log = structlog.get_logger(__name__)


def mailer_of(settings: Settings) -> Mailer:
    """The mailer that the settings name."""
    server = settings.mail_server
    return Mailer(
        MailServer(
            host=server.host,
            port=server.port,
            implicit_tls=server.tls is MailTls.IMPLICIT,
            starttls=server.tls is MailTls.STARTTLS,
            user=server.user,
            password=server.password.get_secret_value() if server.password else None,
            sender=settings.mail_from,
        )
    )


def channels_of(settings: Settings, database: Database, content: Content) -> Channels | None:
    """The chat rooms that the settings name; None where they name none. Raises BadInput."""
    addresses = settings.notify_addresses()
    if not addresses:
        return None
    return Channels(
        database,
        content,
        addresses,
        workflows_address(settings),
        names=settings.notify_names,
    )


def activity_objects(
    database: Database,
    content: Content,
    links: Links,
    mailer: Mailer,
    channels: Channels | None = None,
) -> Sequence[object]:
    """The objects whose methods are the activities."""
    post = Post(database, mailer, content, links, channels=channels)
    return (
        PairMessages(database, content, links, post),
        ProgramMessages(database, content, links, post),
        Reach(database),
        Rescheduling(database),
        Matching(database),
        Evaluation(database, content),
    )


def workflow_runner() -> SandboxedWorkflowRunner:
    """The sandbox of workflow code. What is pure goes through it as it is: that is faster."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "pydantic", "pydantic_core", "domain", "annotated_types", "opentelemetry"
        )
    )


def make_worker(
    client: Client,
    task_queue: str,
    activities: Sequence[object],
    executor: ThreadPoolExecutor,
    *,
    fail_workflows: bool = False,
    watchers: Sequence[Interceptor] = (),
) -> Worker:
    """A worker for everything. `fail_workflows` ends a workflow that has a fault in its code at
    once, as tests want it; otherwise it waits for mended code. `watchers` look on."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=[method for one in activities for method in activities_of(one)],
        activity_executor=executor,
        max_concurrent_activities=THREADS,
        workflow_runner=workflow_runner(),
        interceptors=[*watchers, FailureInterceptor()],
        graceful_shutdown_timeout=DRAIN,
        workflow_failure_exception_types=[Exception] if fail_workflows else [],
        identity=identity(),
    )


def identity() -> str:
    """The name by which Temporal knows this process."""
    return f"{os.getpid()}@{socket.gethostname()}"


def activities_of(implementation: object) -> list[Callable[..., object]]:
    """The activities that an object carries out.

    A class may carry out some of those in a list of signatures, and others the rest: what it has of
    the list only is not its own.
    """
    members = (getattr(implementation, name) for name in dir(implementation) if name[0] != "_")
    return [
        member
        for member in members
        if callable(member)
        and hasattr(member, "__temporal_activity_definition")
        and member.__module__ != signatures.__name__
    ]


def log_changed_surveys(database: Database, settings: Settings) -> None:
    """Warn of surveys that were changed under a version that people were asked."""
    try:
        with database.read() as session:
            for one in instruments.changed(session, settings.content):
                log.warning("survey changed under its version", survey=one.survey, note=str(one))
    except SQLAlchemyError:
        log.warning("surveys not compared with those that were asked: the store is away")


async def run() -> None:
    """Work until SIGTERM or Ctrl-C, then finish what was begun."""
    settings = load_settings()
    set_up_logs(settings, "worker")
    database = Database(settings.database)
    content = Content(settings.content)
    links = Links(settings.portal_url, settings.signing_keys())
    channels = channels_of(settings, database, content)
    log_changed_surveys(database, settings)
    watch = Watch(settings, database, sends=True)
    client = await connect(settings, runtime=watch.runtime, process="worker")
    running = Running()
    health = WorkerHealth(
        client,
        identity(),
        [settings.task_queue],
        running.ages,
        threads=THREADS,
        longest=PATIENT["start_to_close_timeout"],
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stop.set)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="activity") as executor:
        activities = activity_objects(database, content, links, mailer_of(settings), channels)
        worker = make_worker(client, settings.task_queue, activities, executor, watchers=[running])
        async with watch.serving(health), worker:
            log.info("worker ready", task_queue=settings.task_queue)
            await stop.wait()
            health.draining = True
            log.info("worker drains")
    database.close()


def main() -> int:
    """Start from the command line."""
    try:
        asyncio.run(run())
    except BadInput as bad:
        for problem in bad.problems:
            print(problem, file=sys.stderr)
        return 2
    except RuntimeError as error:
        print(f"The worker can't start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    leave_with(main)
