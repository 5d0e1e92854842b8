"""A real mail server that keeps what it takes, and can be told whom to turn away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from activities.mail import MailServer
from runtime.mailbox import Mail, Mailbox
from runtime.ports import any_free_port


class PostOffice:
    """The mailbox behind the server, and the server's moods."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.turns_away: dict[str, str] = {}
        """For an address, what the server answers in place of taking a message for it."""
        self.hangs_up_after: int | None = None
        """After so many messages the server is gone."""
        self.keeps_waiting: int | None = None
        """Of this message, by its number, the sender does not hear yet whether it is taken."""
        self.somebody_waits = threading.Event()
        self.goes_on = threading.Event()
        """Answers the sender that waits."""
        self.connections = 0
        self.broken_off = 0
        """Connections that ended between the sender of a message and our word on it."""
        self.asked = 0
        """How many messages were handed over, taken or not."""
        self.server = MailServer(host="127.0.0.1", port=any_free_port(), timeout=5)
        self._mails: list[Mail] = []

    def mails(self, to: str | None = None) -> list[Mail]:
        """What was taken, in order. Each is read once, however often a test looks."""
        last = self._mails[-1].id if self._mails else 0
        self._mails += self.mailbox.after(last)
        return [mail for mail in self._mails if to is None or to in mail.to]

    def kinds(self) -> list[tuple[str, str]]:
        """Who got what, in order."""
        return [(mail.to[0].removesuffix("@example.com"), mail.kind) for mail in self.mails()]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.turns_away:
            return self.turns_away[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.hangs_up_after is not None and self.mailbox.count() >= self.hangs_up_after:
            return "421 Gone fishing"
        self.asked += 1
        if self.asked == self.keeps_waiting:
            self.somebody_waits.set()
            await asyncio.to_thread(self.goes_on.wait, 60)
        content = envelope.content or b""
        raw = content.encode("utf-8") if isinstance(content, str) else content
        self.mailbox.keep(raw, envelope.rcpt_tos)
        return "250 Kept"

    def stop_at(self, number: int) -> None:
        """Keep the sender of the message with this number waiting, until `goes_on` is set."""
        self.somebody_waits.clear()
        self.goes_on.clear()
        self.keeps_waiting = number


class _Counter(SMTP):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.connections += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.envelope is not None and self.envelope.mail_from is not None:
            self.event_handler.broken_off += 1
        super().connection_lost(error)


class _Desk(Controller):
    def factory(self) -> SMTP:
        return _Counter(self.handler, **self.SMTP_kwargs)


@contextmanager
def open_post_office(folder: Path, *, utf8: bool = True) -> Iterator[PostOffice]:
    """Take mail on a free port for the length of the block."""
    mailbox = Mailbox(folder / "mailbox.db")
    office = PostOffice(mailbox)
    controller = _Desk(
        office, hostname=office.server.host, port=office.server.port, enable_SMTPUTF8=utf8
    )
    controller.start()
    office.connections = 0  # the controller has tried whether it answers
    try:
        yield office
    finally:
        controller.stop()
        mailbox.close()
