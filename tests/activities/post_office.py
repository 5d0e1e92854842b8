"""A real mail server that keeps what it takes, and can be told whom to turn away."""

from __future__ import annotations

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
        content = envelope.content or b""
        raw = content.encode("utf-8") if isinstance(content, str) else content
        self.mailbox.keep(raw, envelope.rcpt_tos)
        return "250 Kept"


@contextmanager
def open_post_office(folder: Path, *, utf8: bool = True) -> Iterator[PostOffice]:
    """Take mail on a free port for the length of the block."""
    mailbox = Mailbox(folder / "mailbox.db")
    office = PostOffice(mailbox)
    controller = Controller(
        office, hostname=office.server.host, port=office.server.port, enable_SMTPUTF8=utf8
    )
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
        mailbox.close()
