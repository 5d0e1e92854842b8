"""The launch of a program: everybody is invited, at the rate that is set, through a restart."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_urlsafe
from tempfile import TemporaryDirectory

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from bench.engine.filled import fill_invited
from bench.engine.processes import running
from bench.engine.server import open_server
from bench.machine import machine
from bench.tables import Check, Result, checks_text, table
from domain.ids import program_workflow_id
from domain.plan import plan_of
from runtime.ports import any_free_port
from store.database import Database
from workflows.messages import ProgramInput
from workflows.program import ProgramWorkflow
from workflows.starting import start_options

MOST_OVER = 1.1
"""Of the rate, in any ten seconds."""

WINDOW = 10.0
AWAY = 3.0
"""Seconds without a worker."""

QUEUE = "invitations"
PATIENCE = 4.0
"""Times as long as the rate allows, after which it is given up."""


@dataclass
class Sink:
    """A mail server that takes all and keeps nothing but who got what, and when."""

    at: list[float] = field(default_factory=list)
    got: Counter[str] = field(default_factory=Counter)
    """By recipient."""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    wanted: int = 0
    """`came` is set when so many recipients have theirs."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: SmtpSession, envelope: Envelope
    ) -> str:
        """Take a message."""
        self.at.append(time.monotonic())
        self.got.update(envelope.rcpt_tos)
        if len(self.got) >= self.wanted:
            self.came.set()
        return "250 OK"

    async def until(self, recipients: int, within: float) -> None:
        """Wait until so many people have theirs. Raises TimeoutError."""
        self.wanted = recipients
        self.came.clear()
        if len(self.got) < recipients:
            async with asyncio.timeout(within):
                await self.came.wait()


@dataclass(frozen=True, slots=True)
class Launched:
    """What came of a launch."""

    people: int
    rate: float
    sink: Sink

    @property
    def seconds(self) -> float:
        """From the first mail to the last."""
        return self.sink.at[-1] - self.sink.at[0]

    @property
    def most_a_second(self) -> float:
        """The most mails a second over any ten."""
        at = self.sink.at
        most = max(bisect_left(at, begin + WINDOW) - place for place, begin in enumerate(at))
        return most / min(WINDOW, max(self.seconds, 1.0))

    @property
    def doubled(self) -> int:
        """Who got it more than once."""
        return sum(count > 1 for count in self.sink.got.values())

    @property
    def missing(self) -> int:
        """Who got none."""
        return self.people - len(self.sink.got)


async def measure(people: int, rate: float) -> Launched:
    """Invite so many people at this rate; in the middle the worker is killed, and started anew."""
    sink = Sink()
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        now = datetime.now(UTC)
        database = Database(url)
        definition = fill_invited(database, people, now)
        database.close()
        async with open_server() as server, _taking_mail(sink) as port:
            settings = {
                "DATABASE_URL": url,
                "LINK_KEYS": token_urlsafe(32),
                "MAIL_RATE": str(rate),
                "SMTP_URL": f"smtp://127.0.0.1:{port}",
                "TASK_QUEUE": QUEUE,
                "TEMPORAL_ADDRESS": server.address,
                "VAR_DIR": folder,
            }
            program = definition.program.id
            await server.client.start_workflow(
                ProgramWorkflow.run,
                ProgramInput(program=program, plan=plan_of(definition, now)),
                task_queue=QUEUE,
                **start_options(program),
            )
            within = PATIENCE * people / rate + 60
            worker = (sys.executable, "worker.py")
            async with running(worker, settings) as first:
                await sink.until(people // 2, within)
                first.send_signal(signal.SIGKILL)
            await asyncio.sleep(AWAY)
            async with running(worker, settings):
                await sink.until(people, within)
            await server.client.get_workflow_handle(program_workflow_id(program)).terminate()
    return Launched(people, rate, sink)


@asynccontextmanager
async def _taking_mail(sink: Sink) -> AsyncIterator[int]:
    port = any_free_port()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink), "127.0.0.1", port)
    async with server:
        yield port


def result_of(found: Launched, command: str) -> Result:
    """The table, and whether what is claimed holds."""
    row = (
        f"{found.people:,}",
        f"{found.rate:g}",
        f"{found.seconds:.0f}",
        f"{found.people / found.rate:.0f}",
        f"{found.most_a_second:.1f}",
        f"{found.doubled}",
        f"{found.missing}",
    )
    head = (
        *("people", "rate, mails a second", "took, s", "least at that rate, s"),
        *("most a second over ten", "got two", "got none"),
    )
    checks = (
        Check(f"everybody is invited ({found.missing} are not)", found.missing == 0),
        Check(
            f"never faster than the rate ({found.most_a_second:.1f} of {found.rate:g} a second)",
            found.most_a_second <= found.rate * MOST_OVER,
        ),
        Check(
            f"only what was on its way when the worker was killed is doubled ({found.doubled})",
            found.doubled <= 1,
        ),
    )
    text = (
        f"{machine()}. `{command}`; the worker is killed when half is out, and started anew "
        f"{AWAY:g} s later.\n\n{table(head, [row])}\n```\n{checks_text(checks)}```\n"
    )
    return Result("invitations", text, checks)
