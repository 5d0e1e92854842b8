"""Serving pages."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.applications import Starlette

DRAIN_SECONDS = 8
"""How long requests that are being answered may take when the process is told to stop."""

HEAD_SECONDS = 15.0
"""How long the head of a request may take to arrive."""

READING_SECONDS = 30.0
"""How long somebody may take nothing of an answer that waits for them."""

_LOOKS_EVERY = 1.0

_UNREADABLE = (
    "This request could not be read. Please open the link in your message again.\n"
    "Diese Anfrage war nicht lesbar. Bitte öffnen Sie noch einmal den Link in Ihrer Nachricht.\n"
)


class Guarded(H11Protocol):
    """Hangs up on who sends the head of a request, or takes an answer, more slowly than people do.

    How long a body may take is for the application to say: it knows what it waits for.
    """

    head_seconds = HEAD_SECONDS
    reading_seconds = READING_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look after it."""
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        self._unread: tuple[int, float] = (0, self._waiting_since)
        self._look = self.loop.call_later(_LOOKS_EVERY, self._look_again)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._look.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Say that this was no HTTP: with words, and with the headers of our other answers."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()  # an answer has begun
            return
        body = _UNREADABLE.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        response = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _look_again(self) -> None:
        now = self.loop.time()
        answering = self.cycle is not None and not self.cycle.response_complete
        between = self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]
        if answering or (self.cycle is not None and between):
            self._waiting_since = now
        unread = self.transport.get_write_buffer_size()
        if unread == 0 or unread != self._unread[0]:
            self._unread = (unread, now)
        if (
            now - self._waiting_since > self.head_seconds
            or now - self._unread[1] > self.reading_seconds
        ):
            self.transport.abort()
            return
        self._look = self.loop.call_later(_LOOKS_EVERY, self._look_again)


async def serve(app: Starlette, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then answer what was begun.

    Requests are not logged: their paths hold the tokens of links.
    Raises SystemExit when the port can't be had.
    """
    server = uvicorn.Server(config_of(app, host, port))
    # When it is done, uvicorn raises the signal once more, for whoever handled it before.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _already_done)
    await server.serve()


def config_of(app: Starlette, host: str, port: int) -> uvicorn.Config:
    """How pages are served: nobody is believed what they say of themselves, or kept waiting for."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Guarded,
        ws="none",
        proxy_headers=False,
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _already_done(*_: object) -> None:
    return
