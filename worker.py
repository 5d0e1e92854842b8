"""The worker: carries out workflows and activities until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import (
    Interceptor,
    PatchActivationInput,
    Worker,
    WorkerDeploymentConfig,
)
from temporalio.worker.workflow_sandbox import SandboxRestrictions

from activities import signatures
from activities.channels import Channels
from activities.drain import Drain
from activities.endings import Watching
from activities.evaluation import Evaluation
from activities.failures import FailureInterceptor
from activities.mail import Mailer, MailServer
from activities.matching import Matching
from activities.openings import Openings
from activities.pace import UNPACED, Pace
from activities.pair_messages import PairMessages
from activities.post import Post
from activities.program_messages import ProgramMessages
from activities.queues import work_of
from activities.reach import Reach
from activities.rescheduling import Rescheduling
from activities.retention import Retention
from activities.running import Running
from domain.work import EVERY_KIND, Work, queue_of
from runtime.exit import leave_with, telling_bad_input
from runtime.logs import set_up_logs
from runtime.sandbox import PlainSandbox
from runtime.secret_files import warn_of_open_files
from runtime.settings import MailTls, Settings, load_settings
from runtime.tables import check_tables
from runtime.temporal import connect
from runtime.ui_links import workflows_address
from runtime.watching.health import Queue, WorkerHealth
from runtime.watching.watch import Watch
from store import instruments
from store.content import Content
from store.database import Database
from store.links import Links
from workflows.afterwards import AfterwardsWorkflow
from workflows.cohort import CohortWorkflow
from workflows.follow_up import FollowUpWorkflow
from workflows.opening import OpenProgramWorkflow
from workflows.options import LONGEST
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow
from workflows.retention import RetentionWorkflow

WORKFLOWS = (
    ProgramWorkflow,
    CohortWorkflow,
    PairWorkflow,
    AfterwardsWorkflow,
    FollowUpWorkflow,
    RetentionWorkflow,
    OpenProgramWorkflow,
)

THREADS = {Work.WORKFLOWS: 8, Work.MAIL: 16, Work.MATCHING: 2}
"""Activities at once, by kind of work. Each holds at most one database and one mail connection."""

DRAIN = timedelta(seconds=25)
"""What an activity that runs has to finish when the worker is told to stop, which is gone within 30
seconds then. What takes longer, as matching may, is not lost: it is done again from its start."""

LEAST_ACTIVITIES_PER_SECOND = 1.0
"""What the server may be asked to keep to. It shares a queue's rate out among four partitions, so
that less would come to a fraction of it; the pace of the worker is exact."""

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
        ),
        Pace(settings.mail_rate),
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


def version_of(settings: Settings) -> WorkerDeploymentVersion | None:
    """Of which deployment and release the server takes this process to be."""
    if settings.deployment is None:
        return None
    return WorkerDeploymentVersion(deployment_name=settings.deployment, build_id=settings.build_id)


def queues_of(settings: Settings) -> list[Queue]:
    """The task queues from which this process takes work."""
    return [
        Queue(
            name=queue_of(work, settings.task_queue),
            threads=THREADS[work],
            workflows=work is Work.WORKFLOWS,
        )
        for work in settings.work
    ]


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
        Watching(),
        Reach(database),
        Rescheduling(database),
        Retention(database),
        Matching(database),
        Evaluation(database, content),
        Openings(database, content.folders),
    )


def workflow_runner() -> PlainSandbox:
    """The sandbox of workflow code. What is pure goes through it as it is: that is faster."""
    return PlainSandbox(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "pydantic", "pydantic_core", "domain", "annotated_types", "opentelemetry"
        )
    )


@asynccontextmanager
async def workers(
    client: Client,
    task_queue: str,
    activities: Sequence[object],
    *,
    workflows: Sequence[type] = WORKFLOWS,
    kinds: Sequence[Work] = EVERY_KIND,
    cache: int = 1000,
    version: WorkerDeploymentVersion | None = None,
    held_patches: Collection[str] = (),
    mails_per_second: float = UNPACED,
    fail_workflows: bool = False,
    watchers: Sequence[Interceptor] = (),
    told_to_stop: Callable[[], None] = lambda: None,
) -> AsyncIterator[None]:
    """Carry out these kinds of work for the length of the block, each from its own task queue.

    `cache` is how many workflows stay in memory between their tasks; the others are replayed.
    `version` says of which build this process is, where the server is to know that: it then decides
    which build carries out what. `held_patches` are changes to workflows that no run takes up yet,
    so that the build before can still go on with it. `fail_workflows` ends a workflow that has a
    fault in its code at once, as tests want it; otherwise it waits for mended code. At the end of
    the block nothing new is taken, `told_to_stop` is called, and what runs has `DRAIN` to finish.
    `watchers` look on.
    """
    methods = [method for one in activities for method in activities_of(one)]
    executors = {
        work: ThreadPoolExecutor(THREADS[work], thread_name_prefix=work.value) for work in kinds
    }
    drain = Drain()
    deployment = None
    if version is not None:
        deployment = WorkerDeploymentConfig(
            version=version,
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
        )
    crew = [
        Worker(
            client,
            task_queue=queue_of(work, task_queue),
            workflows=workflows if work is Work.WORKFLOWS else (),
            max_cached_workflows=cache,
            # What waits in the workflows' queue from before 0.3.0 may be of any kind.
            activities=[
                method for method in methods if work in (Work.WORKFLOWS, work_of(method.__name__))
            ],
            activity_executor=executors[work],
            max_concurrent_activities=THREADS[work],
            max_task_queue_activities_per_second=(
                max(mails_per_second, LEAST_ACTIVITIES_PER_SECOND)
                if work is Work.MAIL and mails_per_second < UNPACED
                else None
            ),
            workflow_runner=workflow_runner(),
            interceptors=[*watchers, drain, FailureInterceptor()],
            graceful_shutdown_timeout=DRAIN,
            workflow_failure_exception_types=[Exception] if fail_workflows else [],
            identity=client.identity,
            deployment_config=deployment,
            patch_activation_callback=_unless_held(held_patches),
        )
        for work in kinds
    ]
    async with AsyncExitStack() as running:
        for one in crew:
            await running.enter_async_context(one)
        try:
            yield
        finally:  # all at once, so that together they take no longer than one
            told_to_stop()
            over = asyncio.get_running_loop().call_later(DRAIN.total_seconds(), drain.end)
            await asyncio.gather(*(one.shutdown() for one in crew))
            over.cancel()
    for executor in executors.values():
        executor.shutdown(wait=False)  # what is cut off is left to the end of the process


def _unless_held(patches: Collection[str]) -> Callable[[PatchActivationInput], bool] | None:
    if not patches:
        return None
    return lambda patch: patch.patch_id not in patches


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
    links = Links(settings.portal_url, settings.signing_keys())
    warn_of_open_files()
    database = Database(settings.database)
    check_tables(database)
    content = Content(settings.content)
    mailer = mailer_of(settings)
    channels = channels_of(settings, database, content)
    log_changed_surveys(database, settings)
    watch = Watch(settings, database, sends=True)
    client = await connect(settings, runtime=watch.runtime, process="worker")
    running = Running()
    health = WorkerHealth(
        client,
        client.identity,
        queues_of(settings),
        running.ages,
        longest=LONGEST,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stop.set)
    crew = workers(
        client,
        settings.task_queue,
        activity_objects(database, content, links, mailer, channels),
        kinds=settings.work,
        cache=settings.workflow_cache,
        version=version_of(settings),
        held_patches=settings.held_patches,
        mails_per_second=settings.mail_rate,
        watchers=[running],
        told_to_stop=mailer.stop,
    )
    async with watch.serving(health), crew:
        log.info(
            "worker ready",
            task_queue=settings.task_queue,
            work=[work.value for work in settings.work],
            build=settings.build_id,
        )
        await stop.wait()
        health.draining = True
        log.info("worker drains")
    log.info("worker stopped")
    database.close()


@telling_bad_input
def main() -> int:
    """Start from the command line."""
    try:
        asyncio.run(run())
    except RuntimeError as error:
        print(f"The worker can't start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    leave_with(main)
