"""The embedded mailbox: an SMTP server that takes every message, and a page that shows them.

For demonstrations and for trying a program out: nothing is ever sent on. A message that was
accepted is on disk first, and each delivery is kept, the same Message-ID twice too.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import policy
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from domain.model import Value
from runtime.exit import leave_with
from runtime.web import serve

LARGEST_MESSAGE_BYTES = 20 * 1024 * 1024
MESSAGES_ON_A_PAGE = 200
MESSAGES_IN_AN_ANSWER = 1_000
_BUSY_SECONDS = 30
"""How long to wait for another process that writes."""

_LINK = re.compile(r"https?://[^\s<>\"'\]]+")
_HREF = re.compile(r"""href\s*=\s*["'](https?://[^"']+)["']""", re.IGNORECASE)
_ENDS_OF_A_SENTENCE = ".,;:!?)"


class Mail(Value):
    """One delivery, as the page and the simulated people see it."""

    id: int
    """Rises with each delivery."""
    received_at: datetime
    to: tuple[str, ...]
    """The addresses it was delivered to, in small letters."""
    sender: str
    subject: str
    kind: str
    """What our own messages say of themselves, for mail filters: `X-Mentoring-Message`."""
    message_id: str
    text: str
    html: str | None
    links: tuple[str, ...]
    """Web addresses in the text and behind the HTML's links, each once."""
    attachments: tuple[str, ...]
    """File names, in the message's order."""


class Mails(Value):
    """Deliveries, oldest first."""

    messages: tuple[Mail, ...]


class Mailbox:
    """The deliveries, in a SQLite file. Safe to share between threads."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._connection.executescript(
            """
            PRAGMA journal_mode=WAL;
            PRAGMA synchronous=FULL;
            CREATE TABLE IF NOT EXISTS deliveries (
                id INTEGER PRIMARY KEY AUTOINCREMENT, received_at TEXT NOT NULL, raw BLOB NOT NULL
            );
            CREATE TABLE IF NOT EXISTS recipients (
                delivery INTEGER NOT NULL REFERENCES deliveries(id), address TEXT NOT NULL
            );
            CREATE INDEX IF NOT EXISTS recipients_address ON recipients(address, delivery);
            """
        )

    def keep(self, raw: bytes, recipients: list[str]) -> int:
        """Write a delivery to disk; gives its id. After this returns it survives a power cut."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                row = self._connection.execute(
                    "INSERT INTO deliveries (received_at, raw) VALUES (?, ?)",
                    (datetime.now(UTC).isoformat(), raw),
                )
                delivery = int(row.lastrowid or 0)
                self._connection.executemany(
                    "INSERT INTO recipients VALUES (?, ?)",
                    [(delivery, address.lower()) for address in recipients],
                )
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            return delivery

    def raw(self, delivery: int) -> EmailMessage | None:
        """A delivery as a message, or None if there is none of that id."""
        with self._lock:
            row = self._connection.execute(
                "SELECT raw FROM deliveries WHERE id = ?", (delivery,)
            ).fetchone()
        return _parse(row[0]) if row else None

    def one(self, delivery: int) -> Mail | None:
        """One delivery, or None."""
        found = self._read("d.id = ?", (delivery,), newest_first=False, limit=1)
        return found[0] if found else None

    def after(self, delivery: int, to: str | None = None) -> list[Mail]:
        """The deliveries that came after one, oldest first, at most `MESSAGES_IN_AN_ANSWER`."""
        return self._read(*_filter("d.id > ?", delivery, to), False, MESSAGES_IN_AN_ANSWER)

    def latest(self, to: str | None = None) -> list[Mail]:
        """The last deliveries, newest first, at most `MESSAGES_ON_A_PAGE`."""
        return self._read(*_filter("d.id > ?", 0, to), True, MESSAGES_ON_A_PAGE)

    def count(self, to: str | None = None) -> int:
        """How many deliveries there are."""
        where, values = _filter("d.id > ?", 0, to)
        with self._lock:
            row = self._connection.execute(
                f"SELECT count(*) FROM deliveries d WHERE {where}",  # noqa: S608 - fixed texts
                values,
            ).fetchone()
        return int(row[0])

    def find(self, addresses: frozenset[str], names: Callable[[str], bool]) -> list[int]:
        """The deliveries to one of these addresses (in small letters), or that name somebody."""
        with self._lock:
            ids = [row[0] for row in self._connection.execute("SELECT id FROM deliveries")]
        found = []
        for delivery in ids:
            mail, raw = self.one(delivery), self.raw(delivery)
            if mail is None or raw is None:
                continue
            if not addresses.isdisjoint(mail.to) or any(map(names, _texts(mail, raw))):
                found.append(delivery)
        return found

    def forget(self, addresses: frozenset[str], names: Callable[[str], bool]) -> int:
        """Take these deliveries out, so that nothing of them is left in the file. Gives how many.

        Another process may have the mailbox open meanwhile.
        """
        found = [(delivery,) for delivery in self.find(addresses, names)]
        if not found:
            return 0
        with self._lock:
            self._connection.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
            self._connection.execute("PRAGMA secure_delete=ON")
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("DELETE FROM recipients WHERE delivery = ?", found)
            self._connection.executemany("DELETE FROM deliveries WHERE id = ?", found)
            self._connection.execute("COMMIT")
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return len(found)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _read(
        self, where: str, values: tuple[Any, ...], newest_first: bool, limit: int
    ) -> list[Mail]:
        order = "DESC" if newest_first else "ASC"
        with self._lock:
            rows = self._connection.execute(
                "SELECT d.id, d.received_at, d.raw, (SELECT group_concat(address, char(10)) "  # noqa: S608
                f"FROM recipients WHERE delivery = d.id) FROM deliveries d WHERE {where} "
                f"ORDER BY d.id {order} LIMIT {limit}",
                values,
            ).fetchall()
        return [_mail(*row) for row in rows]


def _texts(mail: Mail, raw: EmailMessage) -> Iterator[str]:
    """All that a delivery says, as a person reads it."""
    yield from (mail.subject, mail.text, mail.html or "", *mail.to, *mail.attachments)
    yield from (_header(raw, name) for name in dict.fromkeys(raw.keys()))
    for part in raw.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield content.decode("utf-8", "replace").replace("\r\n ", "")  # long lines of calendars


def _filter(where: str, delivery: int, to: str | None) -> tuple[str, tuple[Any, ...]]:
    if not to:
        return where, (delivery,)
    return (
        f"{where} AND d.id IN (SELECT delivery FROM recipients WHERE address = ?)",  # noqa: S608
        (delivery, to.strip().lower()),
    )


def _parse(raw: bytes) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)


def _mail(delivery: int, received_at: str, raw: bytes, recipients: str | None) -> Mail:
    message = _parse(raw)
    plain, rich = (_content(message, kind) for kind in ("plain", "html"))
    text = plain or ""
    found = [link.rstrip(_ENDS_OF_A_SENTENCE) for link in _LINK.findall(text)]
    found += [html.unescape(link) for link in _HREF.findall(rich or "")]
    return Mail(
        id=delivery,
        received_at=datetime.fromisoformat(received_at),
        to=tuple((recipients or "").split("\n")),
        sender=_header(message, "From"),
        subject=_header(message, "Subject"),
        kind=_header(message, "X-Mentoring-Message"),
        message_id=_header(message, "Message-ID"),
        text=text,
        html=rich,
        links=tuple(dict.fromkeys(found)),
        attachments=tuple(name for name, _ in _attachments(message)),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, "")).strip()
    except (HeaderParseError, IndexError, ValueError):  # too broken for Python's parser
        raw = (str(value) for key, value in message.raw_items() if key.lower() == name.lower())
        return next(raw, "").strip()


def _content(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    if part is None:
        return None
    try:
        return str(part.get_content())
    except (LookupError, KeyError, ValueError):  # a character set or type that Python can't read
        return str(part.get_payload())


def _attachments(message: EmailMessage) -> list[tuple[str, EmailMessage]]:
    parts = [part for part in message.iter_attachments() if isinstance(part, EmailMessage)]
    return [(part.get_filename() or f"part-{n}", part) for n, part in enumerate(parts, 1)]


class _Accept:
    """What the SMTP server does with a message: keep it, then say so."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        raw = envelope.content or b""
        content = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else raw
        delivery = await asyncio.to_thread(self._mailbox.keep, content, envelope.rcpt_tos)
        return f"250 Kept as {delivery}"

    async def handle_exception(self, error: Exception) -> str:
        """A full disk, say: the sender is asked to try again."""
        return f"451 Not kept ({type(error).__name__}). Try again later."


# --- The page ------------------------------------------------------------------------------------

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
)
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_STRANGER = _SAFE | {
    # A message is somebody else's page: no script, no form, no loading, an origin of its own.
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
}

_NEW_TAB = '<!doctype html><base target="_blank">'
"""Put before a message's HTML: its links can't open inside the frame."""


def mailbox_pages(mailbox: Mailbox) -> Starlette:
    """The page and the JSON interface of a mailbox."""

    def render(name: str, **values: Any) -> HTMLResponse:
        return HTMLResponse(_PAGES.get_template(name).render(**values), headers=_SAFE)

    def wanted(request: Request) -> Mail:
        mail = mailbox.one(request.path_params["id"])
        if mail is None:
            raise HTTPException(404, "There is no such message.")
        return mail

    def listing(request: Request) -> Response:
        to = request.query_params.get("to", "").strip()
        return render("mailbox.html", mails=mailbox.latest(to), to=to, count=mailbox.count(to))

    def message(request: Request) -> Response:
        return render("message.html", mail=wanted(request))

    def body(request: Request) -> Response:
        return HTMLResponse(_NEW_TAB + (wanted(request).html or ""), headers=_STRANGER)

    def attachment(request: Request) -> Response:
        raw = mailbox.raw(request.path_params["id"])
        parts = _attachments(raw) if raw else []
        number = request.path_params["number"]
        if not 1 <= number <= len(parts):
            raise HTTPException(404, "There is no such attachment.")
        name, part = parts[number - 1]
        content = part.get_payload(decode=True)
        ascii_name = re.sub(r"[^A-Za-z0-9._-]", "_", name)
        return Response(
            content if isinstance(content, bytes) else part.as_bytes(),
            media_type="application/octet-stream",
            headers=_SAFE | {"Content-Disposition": f'attachment; filename="{ascii_name}"'},
        )

    def messages(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            raise HTTPException(400, "after must be the id of a message, or 0.")
        found = mailbox.after(int(after), request.query_params.get("to"))
        return JSONResponse(Mails(messages=tuple(found)).model_dump(mode="json"), headers=_SAFE)

    def healthy(_request: Request) -> Response:
        return JSONResponse({"messages": mailbox.count()})

    return Starlette(
        routes=[
            Route("/", listing),
            Route("/message/{id:int}", message, name="message"),
            Route("/message/{id:int}/html", body, name="body"),
            Route("/message/{id:int}/attachment/{number:int}", attachment, name="attachment"),
            Route("/api/messages", messages),
            Route("/healthz", healthy),
        ]
    )


async def take_and_show(mailbox: Mailbox, host: str, smtp_port: int, http_port: int) -> None:
    """Take mail and show it until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(
        lambda: SMTP(
            _Accept(mailbox),
            data_size_limit=LARGEST_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            hostname="localhost",
            loop=loop,
        ),
        host,
        smtp_port,
    )
    async with smtp:
        await serve(mailbox_pages(mailbox), host, http_port)


def main() -> None:
    """Run a mailbox from the command line."""
    parser = argparse.ArgumentParser(prog="python -m runtime.mailbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument("--http-port", type=int, default=8025)
    parser.add_argument("--file", type=Path, default=Path("var/mailbox.db"))
    options = parser.parse_args()
    mailbox = Mailbox(options.file)
    asyncio.run(take_and_show(mailbox, options.host, options.smtp_port, options.http_port))
    mailbox.close()


if __name__ == "__main__":
    leave_with(main)
