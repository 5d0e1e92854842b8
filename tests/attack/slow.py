"""Connections that no browser makes: slow ones, half ones, and such that are no HTTP."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest.mock import patch

import uvicorn

from portal.app import create_app
from runtime.web import Guarded, config_of
from store.links import Purpose
from tests.attack.ground import UNLIMITED, Attack, GotThrough, Ground, ground

HEAD, BODY, READING = 1.5, 1.5, 2.0
"""Seconds that are waited here, in place of what people get."""

LONGEST = 12.0
"""Seconds after which a connection has been kept for ever."""


class Hasty(Guarded):
    """The same, with less patience."""

    head_seconds = HEAD
    reading_seconds = READING


@contextmanager
def serving(here: Ground, http: type[asyncio.Protocol] = Hasty) -> Iterator[int]:
    """The portal on a port of its own, by the server that serves it."""
    app = create_app(here.scene.database, here.scene.links, here.scene.content, limits=UNLIMITED)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        config = config_of(app, "127.0.0.1", 0)
        config.http = http
        server = uvicorn.Server(config)
        with patch.object(server, "capture_signals", _nothing):
            thread = threading.Thread(
                target=server.run, kwargs={"sockets": [listening]}, daemon=True
            )
            thread.start()
            while not server.started:
                time.sleep(0.01)
            try:
                yield int(listening.getsockname()[1])
            finally:
                server.should_exit = True
                thread.join()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def talk(port: int, pieces: Sequence[bytes], pause: float, *, reads: bool = True) -> bytes:
    """Say these, with pauses, and hear what comes until the other side hangs up.

    Where it is not `reads`, nothing is taken for longer than anybody waits.
    """
    heard = b""
    began = time.monotonic()
    with socket.socket() as connection:
        if not reads:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.settimeout(LONGEST)
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            if not reads:
                time.sleep(READING + 2)
            while data := connection.recv(65536):
                heard += data
        except (ConnectionError, BrokenPipeError):
            pass  # it hung up while we spoke
        except TimeoutError:
            raise GotThrough("the connection is kept for ever") from None
    if time.monotonic() - began > LONGEST:
        raise GotThrough("the connection is kept for ever")
    if not reads and heard.count(b"HTTP/1.1 200") >= len(pieces):
        raise GotThrough("what nobody takes is kept for them")
    return heard


def slow(rng: random.Random, times: int, http: type[asyncio.Protocol] = Hasty) -> Iterator[Attack]:
    """All at once, on a real server."""
    with (
        ground() as here,
        patch("portal.protection.LONGEST_BODY_SECONDS", BODY),
        serving(here, http) as port,
    ):
        before = here.scene.everything()
        cases = _cases(here)
        with ThreadPoolExecutor(len(cases)) as pool:
            made = [
                (name, pool.submit(_try, port, pieces, pause, says, reads))
                for name, pieces, pause, says, reads in cases
            ]
        for name, outcome in made:
            yield Attack(name, outcome.result)

        def nothing_changed() -> None:
            if here.scene.everything() != before:
                raise GotThrough("something was written")

        yield Attack("what all of these leave behind", nothing_changed)


def _try(port: int, pieces: Sequence[bytes], pause: float, says: bytes, reads: bool) -> None:
    heard = talk(port, pieces, pause, reads=reads)
    if says and heard and not heard.startswith(b"HTTP/1.1 " + says):
        raise GotThrough(f"answered {heard[:40]!r}")
    if b"server: uvicorn" in heard.lower() or b"Traceback" in heard:
        raise GotThrough("says what it runs on")
    if heard and b"content-security-policy" not in heard:
        raise GotThrough("an answer without its headers")


def _cases(here: Ground) -> list[tuple[str, list[bytes], float, bytes, bool]]:
    url = here.url(Purpose.GOALS).encode()
    guide = here.url(Purpose.GUIDE).encode()
    head = b" HTTP/1.1\r\nHost: mentoring.example.com\r\n"
    form = b"POST " + url + head + b"Content-Type: application/x-www-form-urlencoded\r\n"
    good = b"goal_1=Read&rating_1=2"
    drip = [b"x"] * 40
    return [
        ("says nothing", [], 0, b"", True),
        ("a head letter by letter", [b"GET / HTTP/1.1\r\nX: ", *drip], 0.2, b"", True),
        (
            "a second head letter by letter",
            [b"GET /healthz" + head + b"\r\n", b"GET", *drip],
            0.2,
            b"200",
            True,
        ),
        (
            "a form letter by letter",
            [form + b"Content-Length: 50\r\n\r\n", *drip],
            0.2,
            b"408",
            True,
        ),
        ("a form that stops", [form + b"Content-Length: 50\r\n\r\ngoal_1=Re"], 0, b"408", True),
        (
            "a body where none is wanted",
            [b"GET " + url + head + b"Content-Length: 99\r\n\r\n", *drip],
            0.2,
            b"200",
            True,
        ),
        ("takes nothing of the answers", [b"GET " + guide + head + b"\r\n"] * 50, 0, b"", False),
        (
            "half a form",
            [form + b"Transfer-Encoding: chunked\r\n\r\n" + b"16\r\n" + good + b"\r\nzz\r\n"],
            0.3,
            b"400",
            True,
        ),
        (
            "two lengths",
            [form + b"Content-Length: 5\r\nContent-Length: 22\r\n\r\n" + good],
            0,
            b"400",
            True,
        ),
        (
            "two ways of length",
            [form + b"Content-Length: 22\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
            0,
            b"400",
            True,
        ),
        ("an odd coding", [form + b"Transfer-Encoding: xchunked\r\n\r\n" + good], 0, b"400", True),
        ("no HTTP", [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"], 0, b"400", True),
        ("a line break in the address", [b"GET /a\rb" + head + b"\r\n"], 0, b"400", True),
        ("a NUL in the address", [b"GET /a\x00b" + head + b"\r\n"], 0, b"400", True),
        ("a header over two lines", [b"GET /\n" + head + b"X : y\r\n\r\n"], 0, b"400", True),
        ("no host", [b"GET / HTTP/1.1\r\n\r\n"], 0, b"400", True),
        ("very many headers", [b"GET /" + head + b"X: y\r\n" * 20_000 + b"\r\n"], 0, b"", True),
        (
            "another site's address",
            [b"GET http://evil.example.net/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
            0,
            b"404",
            True,
        ),
        (
            "to be passed on",
            [b"CONNECT evil.example.net:25 HTTP/1.1\r\nHost: x\r\n\r\n"],
            0,
            b"405",
            True,
        ),
        (
            "a web socket",
            [b"GET " + url + head + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
            0,
            b"200",
            True,
        ),
    ]
