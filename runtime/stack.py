"""The embedded stack: everything a program needs, on one machine, without Docker.

`python -m runtime.stack` runs it until Ctrl-C, for real use: whatever the environment points
elsewhere (`TEMPORAL_ADDRESS`, `SMTP_URL`, `DATABASE_URL`) is used there and not embedded. All data
stays in one folder (`VAR_DIR`) and is found again by the next start.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Self

import httpx
import structlog
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client

from domain.model import Value
from domain.problems import BadInput, Problem
from domain.work import Work, queue_of
from runtime.exit import leave, leave_with, telling_bad_input
from runtime.link_keys import own_keys
from runtime.logs import readable_errors
from runtime.parts import Part, PartFailed
from runtime.payload_codec import encryption
from runtime.ports import Ports, choose_ports
from runtime.running import (
    NOTE,
    PAYLOAD_KEY,
    TEMPORAL_SERVER,
    Process,
    RunningStack,
    folder_lock,
    read_note,
    running_stack,
    write_note,
)
from runtime.settings import ENVIRONMENT, PROJECT, LogFormat, Settings, load_settings
from runtime.temporal import connect, connection, ensure_search_attributes, last_polls
from store.database import Database
from store.migrate import migrate

RETENTION = timedelta(days=365)
"""How long the embedded server keeps the history of a program that is over."""

TEMPORAL = TEMPORAL_SERVER
MAILBOX = "mailbox"
WORKER = "worker"
PORTAL = "portal"
CODEC = "codec server"
"""Runs where payloads are encrypted, so that the Temporal UI shows them readable."""

_HOST = "127.0.0.1"
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - asked for by PORTAL_HOST
_PATIENCE = timedelta(seconds=2)
_WORKFLOW = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
_ACTIVITY = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY

_OURS = frozenset(name.upper() for name in Settings.model_fields)
_PAYLOAD_KEYS = ("PAYLOAD_KEYS", "PAYLOAD_READ_KEYS")


class StackBusy(Exception):
    """Another stack runs on the same folder."""


class Addresses(Value):
    """Where the parts of a stack are reached."""

    portal: str
    temporal: str
    temporal_ui: str
    mailbox: str | None
    """None where mail goes to a real server."""
    watch: dict[str, str]
    """Where worker and portal answer who watches them."""
    codec: str | None = None
    """None where nothing is encrypted."""


class Stack:
    """The embedded stack on one folder.

    `alone` (demonstrations and tests) embeds every part and ignores the settings of this process's
    environment; else what the environment points elsewhere is used there. `environment` adds
    settings for the parts and wins over all others; `programs` names other commands for worker and
    portal. `say` takes lines for the person who runs it,
    `echo` the log lines of worker and portal.

    Use it as `async with Stack(folder) as stack:`, or call `start()` and `stop()`.
    """

    def __init__(
        self,
        var_dir: Path,
        *,
        alone: bool = True,
        ports: Ports | None = None,
        environment: Mapping[str, str] | None = None,
        programs: Mapping[str, Sequence[str]] | None = None,
        say: Callable[[str], None] = print,
        echo: Callable[[str], None] | None = None,
    ) -> None:
        self._var = var_dir.resolve()
        self._alone = alone
        self._ports = ports or Ports()
        self._given = dict(environment or {})
        self._programs = {
            WORKER: [sys.executable, str(PROJECT / "worker.py")],
            PORTAL: [sys.executable, "-m", "portal"],
        } | dict(programs or {})
        self._say = say
        self._echo = echo
        self._parts: dict[str, Part] = {}
        self._client: Client | None = None
        self._lock: IO[str] | None = None
        self._shared: dict[str, str] = {}
        self._payload_key: str | None = None
        self._last_key: str | None = None
        self._addresses: Addresses | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def addresses(self) -> Addresses:
        """Where the parts are reached. Raises RuntimeError before `start()`."""
        if self._addresses is None:
            raise RuntimeError("the stack has not been started")
        return self._addresses

    def settings(self) -> Settings:
        """Settings for a program in this process that works with the stack."""
        return load_settings(self._parts_environment())

    async def client(self) -> Client:
        """A Temporal client of the stack's server."""
        return await connect(self.settings(), self._parts_environment())

    async def start(self) -> None:
        """Start all parts and wait until each does its work.

        Raises StackBusy when a stack runs on this folder already, PartFailed when a part doesn't
        start, and BadInput for wrong settings. Whatever was started is stopped again then.
        """
        self._take_folder()
        try:
            self._plan()
            await self._start_parts()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop all parts, those that take work in first, and the server last."""
        for name in (PORTAL, WORKER, MAILBOX, CODEC, TEMPORAL):
            if name in self._parts:
                await self._parts[name].stop()
        if self._lock is not None:
            self._note(running=False)
            self._lock.close()
            self._lock = None

    async def kill(self, part: str) -> None:
        """End a part with SIGKILL. The stack starts it again; see `wait_ready`."""
        await self._parts[part].kill()

    def process(self, part: str) -> Process | None:
        """The process that a part runs as now; None while it is down."""
        return self._parts[part].process

    async def wait_ready(self, part: str) -> None:
        """Wait until a part does its work (again)."""
        await self._parts[part].wait_ready()

    async def restart(self, part: str) -> None:
        """Stop a part in good order and start it again."""
        await self._parts[part].stop()
        await self._parts[part].start()

    # --- Before the parts ------------------------------------------------------------------------

    def _take_folder(self) -> None:
        self._var.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = folder_lock(self._var)
        if lock is None:
            other = running_stack(self._var)
            where = f" The portal is at {other.settings['PORTAL_URL']}." if other else ""
            pid = f", process {other.supervisor.pid}" if other and other.supervisor else ""
            raise StackBusy(f"A stack runs on {self._var} already{pid}.{where}")
        self._lock = lock
        left = read_note(self._var)
        for name, process in (left.parts if left else {}).items():
            if process.alive():
                self._say(f"A {name} of an earlier run is still there; it is ended.")
                os.kill(process.pid, signal.SIGKILL)
        self._last_key = left.settings.get(PAYLOAD_KEY) if left else None
        # Links that were sent out hold the portal's port of last time.
        before = left.ports.portal if left else 0
        if before and self._ports.portal == Ports().portal:
            self._ports = self._ports.model_copy(update={"portal": before})

    def _plan(self) -> None:
        outer = self._outer()
        encrypted = any({name, f"{name}_FILE"} & outer.keys() for name in _PAYLOAD_KEYS)
        if not encrypted:  # any port will do for what does not run
            self._ports = self._ports.model_copy(update={"codec": 0})
        ports = choose_ports(self._ports, self._say)
        self._ports = ports
        temporal_outside = "TEMPORAL_ADDRESS" in outer or "TEMPORAL_PROFILE" in outer
        mail_outside = "SMTP_URL" in outer or "SMTP_URL_FILE" in outer
        shared = {
            "VAR_DIR": str(self._var),
            "PORTAL_URL": f"http://localhost:{ports.portal}",
            "PORTAL_PORT": str(ports.portal),
            "TEMPORAL_UI_URL": f"http://localhost:{ports.temporal_ui}",
            "MACHINE_NAME": "local",  # the computer’s own name may be that of its owner
        }
        if not temporal_outside:
            shared["TEMPORAL_ADDRESS"] = f"{_HOST}:{ports.temporal}"
            shared["TEMPORAL_CONFIG_FILE"] = os.devnull
        if not mail_outside:
            shared["SMTP_URL"] = f"smtp://{_HOST}:{ports.smtp}?tls=none"
            shared["MAILBOX_URL"] = f"http://localhost:{ports.mailbox}"
            shared["MAIL_RATE"] = "1000"  # it takes what comes
        if encrypted:
            shared["CODEC_PORT"] = str(ports.codec)
        # A port is the stack's to choose; every other word of the environment wins.
        self._shared = shared | {
            name: outer[name]
            for name in shared
            if name in outer and name not in ("PORTAL_PORT", "CODEC_PORT")
        }
        for name in _PAYLOAD_KEYS:  # so that who types finds them by the note
            if f"{name}_FILE" in outer:
                self._shared[f"{name}_FILE"] = str(Path(outer[f"{name}_FILE"]).resolve())
        if "CONTENT_FOLDER" in outer:  # who asks for a report elsewhere finds it in the note
            own = Path(outer["CONTENT_FOLDER"]).expanduser().resolve()
            self._shared["CONTENT_FOLDER"] = str(own)
        if not any(name in outer for name in ("LINK_KEYS", "LINK_KEYS_FILE")):
            self._given["LINK_KEYS_FILE"] = str(own_keys(self._var, self._say))
        settings = self.settings()
        settings.signing_keys()
        self._payload_key = self._key_of(settings)
        codec = f"http://localhost:{ports.codec}" if encrypted else None
        self._addresses = Addresses(
            portal=settings.portal_url,
            temporal=connection(settings, self._parts_environment())["target_host"],
            temporal_ui=settings.temporal_ui_url,
            mailbox=settings.mailbox_url,
            watch={name: f"http://{_HOST}:{port}" for name, port in self._watched().items()},
            codec=codec,
        )
        if not temporal_outside:
            command = temporal_command(self._var / "temporal.db", ports, codec)
            self._add(TEMPORAL, command, self._temporal_answers, 15)
        if codec is not None:
            self._add(CODEC, [sys.executable, "-m", "runtime.codec_server"], self._codec_answers, 5)
        if not mail_outside:
            self._add(MAILBOX, _mailbox_command(self._var, ports), self._mailbox_answers, 5)
        self._add(WORKER, self._programs[WORKER], self._worker_polls, 40)
        self._add(PORTAL, self._programs[PORTAL], self._portal_answers, 10)

    def _watched(self) -> dict[str, int]:
        """The parts that answer watchers, and on which port."""
        return {WORKER: self._ports.worker_watch, PORTAL: self._ports.portal_watch}

    def _key_of(self, settings: Settings) -> str | None:
        """The id of the key that encrypts. Raises BadInput where that of the last run is gone."""
        codec = encryption(settings)
        if self._last_key is not None and self._last_key not in codec.ids:
            problem = Problem(
                file=ENVIRONMENT,
                field="PAYLOAD_KEYS",
                message=f"the last run encrypted with the key {self._last_key}, which is missing "
                "now: its programs could not go on.",
                hint="Set it again, in PAYLOAD_READ_KEYS if nothing more is to be encrypted. If "
                f"those programs are not needed any more, delete {self._var / NOTE}.",
            )
            raise BadInput([problem])
        return codec.seals_with

    def _outer(self) -> dict[str, str]:
        """The settings that come from outside: this process's, unless alone, and those given."""
        outer = {} if self._alone else {name: value for name, value in os.environ.items() if value}
        return outer | self._given

    def _parts_environment(self) -> dict[str, str]:
        basis = {
            name: value
            for name, value in os.environ.items()
            if not (self._alone and _is_setting(name))
        }
        path = os.pathsep.join([str(PROJECT), basis.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        return basis | {"PYTHONPATH": path, "LOG_FORMAT": "json"} | self._shared | self._given

    def _add(
        self,
        name: str,
        command: Sequence[str],
        ready: Callable[[int], Awaitable[bool]],
        drain_seconds: float,
    ) -> None:
        watch = self._watched().get(name)
        self._parts[name] = Part(
            name=name,
            command=command,
            environment=self._parts_environment()
            | ({} if watch is None else {"WATCH_PORT": str(watch), "WATCH_HOST": _HOST}),
            ready=ready,
            log_file=self._var / "logs" / f"{name.split(maxsplit=1)[0].lower()}.log",
            say=self._say,
            changed=self._note,
            drain_seconds=drain_seconds,
            echo=self._echo if name in (WORKER, PORTAL) else None,
        )

    # --- The parts -------------------------------------------------------------------------------

    async def _start_parts(self) -> None:
        first = [self._parts[name] for name in (TEMPORAL, MAILBOX, CODEC) if name in self._parts]
        await _together(asyncio.to_thread(self._migrate), *(part.start() for part in first))
        if TEMPORAL in self._parts:
            await _prepare_namespace(await self.client())
        await _together(self._parts[WORKER].start(), self._parts[PORTAL].start())

    def _migrate(self) -> None:
        database = Database(self.settings().database)
        try:
            migrate(database)
        finally:
            database.close()

    def _note(self, *, running: bool = True) -> None:
        parts = {name: part.process for name, part in self._parts.items()}
        key = {PAYLOAD_KEY: self._payload_key} if self._payload_key else {}
        write_note(
            self._var,
            RunningStack(
                supervisor=Process.of(os.getpid()) if running else None,
                parts={name: process for name, process in parts.items() if process},
                ports=self._ports,
                settings=self._shared | key,
            ),
        )

    async def _temporal_answers(self, _pid: int) -> bool:
        client = await self._watcher()
        return await client.service_client.check_health(timeout=_PATIENCE) and await _answers(
            f"http://{_HOST}:{self._ports.temporal_ui}/"
        )

    async def _mailbox_answers(self, _pid: int) -> bool:
        reader, writer = await asyncio.open_connection(_HOST, self._ports.smtp)
        banner = await reader.readline()
        writer.close()
        return banner.startswith(b"220") and await _answers(
            f"http://{_HOST}:{self._ports.mailbox}/healthz"
        )

    async def _portal_answers(self, _pid: int) -> bool:
        return await _answers(f"{_at(self.settings().portal_host, self._ports.portal)}/readyz")

    async def _codec_answers(self, _pid: int) -> bool:
        return await _answers(f"{_at(self.settings().codec_host, self._ports.codec)}/healthz")

    async def _worker_polls(self, pid: int) -> bool:
        """Whether this very process asks for all the work that it is to do.

        Its identity begins with its process id.
        """
        settings = self.settings()
        for work in settings.work:
            queue = queue_of(work, settings.task_queue)
            if not await self._is_polled(
                queue, _WORKFLOW if work is Work.WORKFLOWS else _ACTIVITY, pid
            ):
                return False
        return True

    async def _is_polled(self, queue: str, kind: TaskQueueType.ValueType, pid: int) -> bool:
        polls = await last_polls(await self._watcher(), queue, kind, _PATIENCE)
        return any(identity.startswith(f"{pid}@") for identity in polls)

    async def _watcher(self) -> Client:
        """A client for the checks, made once."""
        if self._client is None:
            self._client = await self.client()
        return self._client


async def _together(*work: Coroutine[Any, Any, None]) -> None:
    """Wait for all. The first that fails ends the others, and its error is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _is_setting(name: str) -> bool:
    return name.removesuffix("_FILE") in _OURS or name.startswith("TEMPORAL_")


def _at(host: str, port: int) -> str:
    """Where this machine reaches what listens on an address."""
    return f"http://{_HOST if host in _EVERYWHERE else host}:{port}"


def temporal_command(file: Path | None, ports: Ports, codec: str | None = None) -> list[str]:
    """How the embedded Temporal server is started: its file, or in memory where there is none.

    `codec` is the address at which its UI reads payloads. Raises PartFailed where the program is
    missing.
    """
    beside = Path(sys.executable).parent / "temporal"
    program = str(beside) if beside.exists() else shutil.which("temporal")
    if program is None:
        raise PartFailed("The temporal program is missing. Run: make setup")
    pragmas = ("journal_mode=WAL", "synchronous=normal") if file else ()
    # One partition is enough for one machine, and takes seconds off the latency under load. With
    # fairness programs take turns in it.
    dynamic = (
        "matching.enableFairness=true",
        "matching.numTaskqueueReadPartitions=1",
        "matching.numTaskqueueWritePartitions=1",
    )
    return [
        program,
        *("server", "start-dev", "--ip", _HOST, "--port", str(ports.temporal)),
        *("--ui-ip", _HOST, "--ui-port", str(ports.temporal_ui), "--ui-disable-news-fetch"),
        *(("--ui-codec-endpoint", codec) if codec else ()),
        *(("--db-filename", str(file)) if file else ()),
        *("--log-level", "warn", "--disable-config-env", "--disable-config-file"),
        *(word for pragma in pragmas for word in ("--sqlite-pragma", pragma)),
        *(word for value in dynamic for word in ("--dynamic-config-value", value)),
    ]


def _mailbox_command(var: Path, ports: Ports) -> list[str]:
    return [
        *(sys.executable, "-m", "runtime.mailbox", "--host", _HOST),
        *("--smtp-port", str(ports.smtp), "--http-port", str(ports.mailbox)),
        *("--file", str(var / "mailbox.db")),
    ]


async def _prepare_namespace(client: Client) -> None:
    await ensure_search_attributes(client)
    service = client.workflow_service
    now = await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    wanted = Duration(seconds=int(RETENTION.total_seconds()))
    if now.config.workflow_execution_retention_ttl != wanted:
        await service.update_namespace(
            UpdateNamespaceRequest(
                namespace=client.namespace,
                config=NamespaceConfig(workflow_execution_retention_ttl=wanted),
            )
        )


async def _answers(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as web:
        try:
            return (await web.get(url)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


# --- make run ------------------------------------------------------------------------------------

_RENDER = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())


def readable_line(line: str) -> str:
    """A log line of a part, written as JSON, as a person reads it; any other line as it is."""
    try:
        event = json.loads(line)
    except ValueError:
        return line
    if not isinstance(event, dict):
        return line
    errors = event.pop("exception", None) or ()
    shown = [str(_RENDER(None, str(event.get("level", "info")), event))]
    if errors:
        shown.append(readable_errors(errors))
    return "\n".join(shown)


async def run() -> int:
    """The stack for real use, until SIGINT or SIGTERM. Gives the exit code."""
    settings = load_settings()
    stop = _stop_signals()
    as_json = settings.log_format is LogFormat.JSON
    stack = Stack(
        settings.var_dir,
        alone=False,
        ports=Ports(portal=settings.portal_port),
        say=_tell,
        echo=_tell if as_json else lambda line: _tell(readable_line(line)),
    )
    _tell("Starting …")
    starting = asyncio.create_task(stack.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
    try:
        await starting
    except asyncio.CancelledError:
        return 0
    at = stack.addresses()
    _tell(f"The stack is up. Ctrl-C stops it; its data stays in {settings.var_dir}.")
    links = {
        "Portal": at.portal,
        "Temporal UI": at.temporal_ui,
        "Codec server": at.codec,
        "Mailbox": at.mailbox,
    }
    links |= {f"{name.capitalize()} metrics": f"{at.watch[name]}/metrics" for name in at.watch}
    for name, link in links.items():
        if link is not None:
            _tell(f"  {name:<14} {link}")
    await stopping
    _tell("Stopping …")
    await stack.stop()
    _tell("Stopped.")
    return 0


def _stop_signals() -> asyncio.Event:
    stop = asyncio.Event()

    def asked() -> None:
        if stop.is_set():
            leave(130)  # asked twice: the parts die with this process
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, asked)
    return stop


def _tell(line: str) -> None:
    print(line, flush=True)


@telling_bad_input
def main() -> int:
    """`make run`."""
    try:
        return asyncio.run(run())
    except (StackBusy, PartFailed) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    leave_with(main)
