"""Handing mail to a mail server."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from temporalio.exceptions import ApplicationError

from activities.invitations import Invitation
from activities.pace import Pace
from domain.definition import Contact
from domain.model import Value
from domain.written import shown_as_it_reads
from store.content import MailText

PERMANENT = 500
"""SMTP status codes from here on are final; those below may work later (RFC 5321, 4.2.1)."""

CLOSING = 421
"""What a server says that is about to hang up: it takes nobody's message now."""

NO_SUCH_ADDRESS = 553
"""What a server says of an address that can't be one; we say it of those we can't even write."""

IDLE_SECONDS = 10.0
"""A connection that was not used for so long is opened anew: servers hang up on who is silent."""

_ABOUT_OUR_ACCOUNT = frozenset({530, 534, 535, 538})
"""Codes that speak of our login, not of the message (RFC 4954, 6)."""


class MailServer(Value):
    """Where mail is handed over."""

    host: str
    port: int
    implicit_tls: bool = False
    starttls: bool = False
    user: str | None = None
    password: str | None = None
    sender: str = "Reverse mentoring <mentoring@example.com>"
    timeout: float = 20.0
    """Seconds to wait for the server to answer."""

    @property
    def domain(self) -> str:
        """The right side of our Message-IDs."""
        return parseaddr(self.sender)[1].partition("@")[2] or "localhost"


class NotTaken(Exception):
    """The mail server did not take one message. Carries its status code only, never its words."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Refused(NotTaken):
    """It never will."""


class Deferred(NotTaken):
    """It may later. Others may get theirs meanwhile."""


class Outgoing:
    """The way to a mail server for one turn, connected while mails go."""

    def __init__(self, connect: Callable[[], smtplib.SMTP], pace: Pace) -> None:
        self._connect = connect
        self._pace = pace
        self._began = time.monotonic()
        self._client: smtplib.SMTP | None = None
        self._used = 0.0

    def send(self, message: EmailMessage) -> None:
        """Hand over one message, when its time has come.

        Raises `Refused` or `Deferred` where it is about this message, and `ApplicationError` where
        no message can be handed over now.
        """
        self._pace.wait(self._began)
        client = self._connected()
        try:
            client.send_message(message, to_addrs=_recipients(message))
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise self._failure(code) from None
        except smtplib.SMTPNotSupportedError:  # not ASCII before the @, and no SMTPUTF8 there
            raise Refused(NO_SUCH_ADDRESS) from None
        except smtplib.SMTPHeloError:
            raise _unavailable() from None
        except smtplib.SMTPSenderRefused as error:
            if error.smtp_code < PERMANENT:
                raise asked_to_wait(error.smtp_code) from None
            raise ApplicationError(
                f"The mail server does not accept our sender address (code {error.smtp_code}). "
                "Check MAIL_FROM and the account in SMTP_URL. Tried again until it does.",
                type="SenderRefused",
            ) from None
        except smtplib.SMTPResponseException as error:
            raise self._failure(error.smtp_code) from None
        except (OSError, smtplib.SMTPException):
            raise _unavailable() from None
        finally:
            self._used = time.monotonic()

    def close(self) -> None:
        """Take leave of the server."""
        client, self._client = self._client, None
        if client is not None:
            _leave(client)

    def _connected(self) -> smtplib.SMTP:
        if self._client is not None and time.monotonic() - self._used > IDLE_SECONDS:
            self.close()
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _failure(self, code: int) -> Exception:
        if code in _ABOUT_OUR_ACCOUNT:
            return _account_refused(code)
        if code == CLOSING:
            return asked_to_wait(code)
        return Refused(code) if code >= PERMANENT else Deferred(code)


class Mailer:
    """Opens connections to one mail server, and keeps to one pace on all of them."""

    def __init__(self, server: MailServer, pace: Pace | None = None) -> None:
        self.server = server
        self._pace = pace or Pace()

    def stop(self) -> None:
        """Hand over nothing more, as the worker is told to stop; a mail on its way arrives."""
        self._pace.stop()

    @contextmanager
    def connect(self) -> Iterator[Outgoing]:
        """A way to hand over a few messages, one turn."""
        outgoing = Outgoing(self._connected, self._pace)
        try:
            yield outgoing
        finally:
            outgoing.close()

    def _connected(self) -> smtplib.SMTP:
        """A connection. Raises `ApplicationError` where there is none."""
        server = self.server
        try:
            if server.implicit_tls:
                context = ssl.create_default_context()
                client: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=server.timeout, context=context
                )
            else:
                client = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        except (OSError, smtplib.SMTPException):
            raise _unavailable() from None
        try:
            self._open(client)
        except ApplicationError:
            _leave(client)
            raise
        return client

    def _open(self, client: smtplib.SMTP) -> None:
        server = self.server
        try:
            if server.starttls:
                client.starttls(context=ssl.create_default_context())
            if server.user and server.password:
                client.login(server.user, server.password)
        except smtplib.SMTPAuthenticationError as error:
            raise _account_refused(error.smtp_code) from None
        except (OSError, smtplib.SMTPException):
            raise _unavailable() from None


def _leave(client: smtplib.SMTP) -> None:
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        client.close()


def _unavailable() -> ApplicationError:
    return ApplicationError(
        "The mail server can't be reached, or the connection broke. Check SMTP_URL, and that it "
        "runs. Tried again until it works.",
        type="MailUnavailable",
    )


def asked_to_wait(code: int) -> ApplicationError:
    """What an activity fails with when the server takes nothing for now."""
    return ApplicationError(
        f"The mail server asks to try later (code {code}). Tried again until it takes it.",
        type="MailDeferred",
    )


def _account_refused(code: int) -> ApplicationError:
    return ApplicationError(
        f"The mail server does not know our account (code {code}). "
        "Check SMTP_URL. Tried again until it does.",
        type="MailAccountRefused",
    )


def compose(
    server: MailServer,
    to: Contact,
    text: MailText,
    kind: str,
    message_id: str,
    date: datetime,
    invitation: Invitation | None = None,
) -> EmailMessage:
    """A message ready to send: text, HTML, and a calendar invitation where there is one.

    Raises `Refused` for an address that no header can hold.
    """
    name, address = parseaddr(server.sender)
    message = EmailMessage()
    message["From"] = _address(name, address)
    try:
        message["To"] = _address(to.name, to.email)
    except (ValueError, LookupError, HeaderParseError):  # whatever the header's parser trips over
        raise Refused(NO_SUCH_ADDRESS) from None
    message["Subject"] = _for_header(text.subject)
    message["Message-ID"] = message_id
    message["Date"] = format_datetime(date)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Mentoring-Message"] = kind  # what mail filters can go by
    message.set_content(text.text)
    message.add_alternative(text.html, subtype="html")
    if invitation is not None:
        message.add_alternative(
            invitation.ics,
            subtype="calendar",
            params={"method": invitation.method, "name": invitation.filename},
        )
        message.add_attachment(
            invitation.ics.encode(),
            maintype="application",
            subtype="ics",
            filename=invitation.filename,
        )
    return message


def _address(name: str, address: str) -> Address:
    """A person for a header. What is odd in an address is for the mail server to judge."""
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        domain = domain.encode("idna").decode()
    return Address(display_name=_for_header(name), username=local, domain=domain)


def _for_header(text: str) -> str:
    """A text as it can stand in a header: one line, that nothing in it can end.

    Python reads `=?utf-8?q?=0A?=` in a header as what it encodes, a line break, and then writes
    that out.
    """
    return shown_as_it_reads(" ".join(text.split())).replace("=?", "= ?")


def _recipients(message: EmailMessage) -> list[str]:
    """To whom it goes: as it was put into the header, not as somebody would read it out of there.

    A name with commas or brackets in it must never become an address.
    """
    return [address.addr_spec for address in message["To"].addresses]
