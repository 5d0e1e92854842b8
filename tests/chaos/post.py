"""The way from the worker to the mail server, on which mails are put off, refused and lost.

It speaks SMTP to both sides and knows of each mail whether the server accepted it, and whether the
worker could have heard so.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from time import monotonic

from tests.chaos.faults import Fault, Plan, Tally

ASK_NOTHING = frozenset(
    {
        *("session_invitation", "session_reminder", "farewell_completed", "farewell_continued"),
        *("report_ready", "not_matched"),
    }
)
"""Messages that nobody has to answer: one that never arrives changes nothing that people do."""

HANG_SECONDS = 3.0

LARGEST = 4 * 1024 * 1024
"""Bytes of a mail."""

_TO = re.compile(rb"^RCPT TO:\s*<([^>]*)>", re.IGNORECASE)


@dataclass
class Acceptance:
    """A mail that the server accepted."""

    message_id: str
    at: float
    lost: str | None = None
    """Why the worker does not know of it, where it doesn't: the mail has to come again."""
    unsure: str | None = None
    """Why our note of it may have failed: the mail may come again."""


@dataclass
class Refusal:
    """A mail that was refused for good."""

    message_id: str
    at: float


@dataclass
class _Mail:
    to: list[bytes] = field(default_factory=list)
    sender: bytes = b""
    content: bytes = b""

    def header(self, name: str) -> str:
        """A header of the mail, without line breaks."""
        return str(BytesHeaderParser().parsebytes(self.content).get(name, "")).strip()

    @property
    def kinds(self) -> set[str]:
        return set(self.header("X-Mentoring-Message").split(", "))


class PostRoute:
    """An SMTP server for the worker, which hands on to the real one."""

    def __init__(self, plan: Plan, tally: Tally, refused: Collection[str] = ()) -> None:
        self.accepted: list[Acceptance] = []
        self.refusals: list[Refusal] = []
        self.unheard: list[str] = []
        """Message-IDs of mails that the server was given and, killed, said nothing of."""
        self.turned_away: set[str] = set()
        """Addresses that were refused."""
        self.port = 0
        self._plan = plan
        self._tally = tally
        self._refused = frozenset(refused)
        self._upstream: Callable[[], int] = lambda: 0
        self._number = 0
        self._waiting: list[Fault] = []
        self._handing_on = 0
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to listen on a port of its own."""
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0, limit=LARGEST)
        self.port = self._server.sockets[0].getsockname()[1]

    def leads_to(self, port: Callable[[], int]) -> None:
        """Say where the real server is."""
        self._upstream = port

    async def close(self) -> None:
        """Listen no more, and break off what is still said."""
        if self._server is not None:
            self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def quiet(self) -> None:
        """Wait until no mail is being handed on, as after the worker is gone."""
        await asyncio.sleep(0.5)
        while self._handing_on:
            await asyncio.sleep(0.02)

    @property
    def by_message(self) -> dict[str, list[Acceptance]]:
        """What was accepted, by Message-ID, in its order."""
        found: dict[str, list[Acceptance]] = defaultdict(list)
        for one in self.accepted:
            found[one.message_id].append(one)
        return dict(found)

    @property
    def refused_in_the_end(self) -> frozenset[str]:
        """Message-IDs of mails that were refused, and not accepted at a later try.

        There is one where the worker was killed, or could not note the refusal.
        """
        accepted = {one.message_id: one.at for one in self.accepted}
        later = (one for one in self.refusals if one.at > accepted.get(one.message_id, 0.0))
        return frozenset(one.message_id for one in later)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Talk(self, reader, writer).run()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # one of the two sides was killed
        finally:
            writer.close()

    def next_fault(self, mail: _Mail) -> Fault | None:
        """What happens to this mail."""
        planned = self._plan.of_mails.get(self._number)
        self._number += 1
        if planned is not None:
            self._waiting.append(planned)
        for place, fault in enumerate(self._waiting):
            if fault is Fault.REFUSED and not mail.kinds <= ASK_NOTHING:
                continue  # waits for a mail that nobody has to answer
            del self._waiting[place]
            return fault
        return None

    def is_refused(self, address: str) -> bool:
        """Whether mail to this address is never taken."""
        return address.lower() in self._refused

    def note(self, fault: Fault, mail: _Mail) -> None:
        """Count it."""
        self._tally.note(fault, mail.header("X-Mentoring-Message"))

    @contextlib.contextmanager
    def handing_on(self) -> Iterator[int]:
        """Gives the real server's port; meanwhile `quiet` waits."""
        self._handing_on += 1
        try:
            yield self._upstream()
        finally:
            self._handing_on -= 1


class _Talk:
    """One connection of the worker's."""

    def __init__(
        self, route: PostRoute, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._route = route
        self._reader = reader
        self._writer = writer
        self._mail = _Mail()

    async def _say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()

    async def run(self) -> None:
        if not await _is_there(self._route):
            return  # as where nobody listens
        await self._say("220 chaos")
        while line := await self._reader.readline():
            command = line[:4].upper()
            if command in (b"EHLO", b"HELO"):
                await self._say("250 chaos")
            elif command == b"MAIL":
                self._mail = _Mail(sender=line)
                await self._say("250 OK")
            elif command == b"RCPT":
                await self._recipient(line)
            elif command == b"DATA":
                await self._say("354 go on")
                if not await self._data():
                    return
            elif command == b"QUIT":
                await self._say("221 bye")
                return
            else:
                await self._say("250 OK")

    async def _recipient(self, line: bytes) -> None:
        found = _TO.match(line)
        address = found[1].decode() if found else ""
        if self._route.is_refused(address):
            self._route.turned_away.add(address.lower())
            self._route.note(Fault.REFUSED, self._mail)
            await self._say("550 no such address")
            return
        self._mail.to.append(line)
        await self._say("250 OK")

    async def _data(self) -> bool:
        """Take a mail. Gives whether the connection goes on."""
        mail, route = self._mail, self._route
        mail.content = await self._reader.readuntil(b"\r\n.\r\n")
        fault = route.next_fault(mail)
        if fault is not None:
            route.note(fault, mail)
        if fault is Fault.PUT_OFF:
            await self._say("451 try later")
        elif fault is Fault.REFUSED:
            route.refusals.append(Refusal(mail.header("Message-ID"), monotonic()))
            await self._say("554 no")
        elif fault is Fault.CLOSING:
            await self._say("421 closing")
            return False
        elif fault is Fault.LOST_BEFORE:
            return False
        elif fault is Fault.HANG:
            await asyncio.sleep(HANG_SECONDS)
            return False
        else:
            return await self._hand_on(lost=fault is Fault.LOST_AFTER)
        return True

    async def _hand_on(self, *, lost: bool) -> bool:
        with self._route.handing_on() as port:
            reply = await _handed_on(port, self._mail)
            if reply.startswith("250"):
                message_id = self._mail.header("Message-ID")
                accepted = Acceptance(message_id, monotonic(), "reply lost" if lost else None)
                self._route.accepted.append(accepted)
            elif not reply:
                self._route.unheard.append(self._mail.header("Message-ID"))
            if lost or not reply:
                return False
            await self._say(reply)
        return True


async def _is_there(route: PostRoute) -> bool:
    with route.handing_on() as port:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True


async def _handed_on(port: int, mail: _Mail) -> str:
    """What the real server says of a mail; nothing where it is gone or hangs up."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return ""
    try:
        await reader.readline()
        for line in (b"HELO chaos\r\n", mail.sender, *mail.to, b"DATA\r\n"):
            writer.write(line)
            await writer.drain()
            reply = await reader.readline()
            if reply[:1] not in b"23" or not reply:
                return reply.decode().strip()
        writer.write(mail.content)
        await writer.drain()
        return (await reader.readline()).decode().strip()
    except OSError:
        return ""
    finally:
        writer.close()
