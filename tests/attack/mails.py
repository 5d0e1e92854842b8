"""Mails to people whose names, and about programs whose titles, would be headers or links."""

from __future__ import annotations

import email
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from bs4 import BeautifulSoup

from activities.invitations import Session as Meeting
from activities.invitations import invite
from activities.mail import Mailer, MailServer, Outgoing, compose
from domain.definition import Contact
from domain.written import no_address
from runtime.ports import any_free_port
from store.content import Mail
from tests import shipped
from tests.attack.ground import Attack, GotThrough, check_page, some
from tests.attack.texts import HOSTILE
from tests.content.test_mails import URL, values_for

HOST = urlsplit(URL).netloc
TO = "mia@example.com"

WORDS = [
    *HOSTILE,
    "Ann\r\nBcc: evil@example.net", "Ann\nBcc: evil@example.net\n\n<b>",
    "Ann\rBcc: evil@example.net",
    "x\r\n.\r\nMAIL FROM:<evil@example.net>", "x\n.\nRCPT TO:<evil@example.net>",
    "x\r.\rQUIT",
    "\r\n.\r\n",
    "=?utf-8?b?DQpCY2M6IGV2aWxAZXhhbXBsZS5uZXQ=?=", "=?utf-8?q?=0A?= =?utf-8?q?Bcc:x?=",
    "=?utf-8?q?=00=1B?=", '"Mia" <evil@example.net>, "', "evil@example.net,", "<evil@example.net>",
    "Friends: evil@example.net;", "(Mia", "Mia)", '"',
    "\u0645" * 199, "\U0001f600" * 100, "e\u0301" * 90,
    "www.evil.example.net", "evil.example.net", "javascript:alert(1)", "data:text/html,x",
    "a b" * 60,
]  # fmt: skip

KEYS = {
    "From", "To", "Subject", "Message-ID", "Date", "Auto-Submitted", "X-Mentoring-Message",
    "MIME-Version", "Content-Type",
}  # fmt: skip


class _Taken:
    """What came, as it came."""

    def __init__(self) -> None:
        self.last: tuple[list[str], bytes] = ([], b"")
        self.count = 0
        self.lock = threading.Lock()

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        self.last = (list(envelope.rcpt_tos), content)
        self.count += 1
        return "250 Kept"


@contextmanager
def _office() -> Iterator[tuple[_Taken, Outgoing, MailServer]]:
    taken = _Taken()
    server = MailServer(host="127.0.0.1", port=any_free_port(), timeout=5)
    controller = Controller(taken, hostname=server.host, port=server.port, enable_SMTPUTF8=True)
    controller.start()
    try:
        with Mailer(server).connect() as outgoing:
            yield taken, outgoing, server
    finally:
        controller.stop()


def mails(rng: random.Random, times: int) -> Iterator[Attack]:
    """Every mail in both languages, through a real mail server, with all of these in all places."""
    every = [
        (mail, language, word, place)
        for mail in Mail
        for language in ("en", "de")
        for word in WORDS
        for place in ("name", "title", "words")
    ]
    with _office() as (taken, outgoing, server):
        for mail, language, word, place in some(rng, every, times):

            def attempt(
                mail: Mail = mail, language: str = language, word: str = word, place: str = place
            ) -> None:
                content = shipped.CONTENT.in_language(language)
                text = content.mail(mail.value, **_values(mail, word, place))
                name = " ".join(word.split())[:200] if place == "name" else "Mia Example"
                to = Contact.model_construct(name=name, email=TO)
                invitation = invite(_meeting(word, to), datetime.now(UTC), "example.com")
                message = compose(
                    server, to, text, mail.value, "<a@example.com>", datetime.now(UTC), invitation
                )
                before = taken.count
                try:
                    outgoing.send(message)
                except MessageError as error:
                    raise GotThrough("a header that can't be written") from error
                if taken.count != before + 1:
                    raise GotThrough(f"{taken.count - before} mails came of one")
                _check(*taken.last)

            yield Attack(f"{mail} ({language}) with {word[:40]!r} as {place}", attempt)


def _values(mail: Mail, word: str, place: str) -> dict[str, Any]:
    values: dict[str, Any] = {**values_for(mail)}
    if place == "title":
        values["program"] = {"id": "up", "title": word, "organisation": word}
    elif place == "name":
        first = (word.split() or ["x"])[0]
        for key in ("me", "partner", "mentor", "mentee", "coordinator"):
            if key in values:
                named = {"name": no_address(word), "first_name": no_address(first)}
                values[key] = {**values[key], **named}
    elif "session" in values and "called_off" in values["session"]:
        off = {**values["session"]["called_off"], "words": word}
        values["session"] = {**values["session"], "called_off": off, "place": word}
        values["reasons"] = [word]
    elif "calls" in values:
        values["calls"] = [{"name": "Mia Example", "words": word}]
        values["happened"] = [word]
    return values


def _meeting(word: str, to: Contact) -> Meeting:
    return Meeting(
        uid="u", starts=datetime(2026, 3, 2, 9, tzinfo=UTC), minutes=60, sequence=0, place=word,
        title=word, description=word, organizer=to, attendees=(to,), timezone="Europe/London",
    )  # fmt: skip


def _check(recipients: list[str], raw: bytes) -> None:
    if recipients != [TO]:
        raise GotThrough(f"it went to {recipients}")
    if b"\r" in raw.replace(b"\r\n", b"") or b"\n" in raw.replace(b"\r\n", b""):
        raise GotThrough("a line ends otherwise than by CR and LF")
    if max(len(line) for line in raw.split(b"\r\n")) > 998:
        raise GotThrough("a line is longer than mail servers take")
    message = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    if set(message.keys()) != KEYS or len(message.keys()) != len(KEYS):
        raise GotThrough(f"headers {sorted(message.keys())}")
    if [address.addr_spec for address in message["To"].addresses] != [TO]:
        raise GotThrough(f"to {message['To']}")
    if message["Auto-Submitted"] != "auto-generated":
        raise GotThrough("it does not say that it is automatic")
    for part in message.walk():
        if part.get_content_type() == "text/html":
            _check_html(part.get_content())
        elif part.get_content_type() == "text/calendar":
            _check_calendar(part.get_content())


def _check_html(html: str) -> None:
    page = BeautifulSoup(html, "html.parser")
    for tag in page.find_all(True):  # mail programs want a style in its place
        tag.attrs.pop("style", None)
    check_page(str(page), f"https://{HOST}")
    for link in page.find_all("a"):
        where = str(link["href"])
        if urlsplit(where).netloc not in (HOST, ""):
            raise GotThrough(f"a link to {where}")
        if where.startswith("mailto:") and "evil" in where:
            raise GotThrough(f"a link to {where}")


def _check_calendar(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\n ", "").split("\n")
    for begins, times in (("BEGIN:VEVENT", 1), ("ATTENDEE", 1), ("ORGANIZER", 1), ("METHOD", 1)):
        if sum(line.startswith(begins) for line in lines) != times:
            raise GotThrough(f"not {times} {begins} in the invitation")
    for line in lines:
        if line.startswith(("ATTENDEE", "ORGANIZER")) and not line.endswith(f":mailto:{TO}"):
            raise GotThrough(f"somebody else is invited: {line}")
