"""What stands around every page: headers, limits, a log without tokens, and no leak on failure."""

from __future__ import annotations

import asyncio
import re
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from store.links import Purpose

LARGEST_BODY = 64 * 1024
"""Bytes of a form. The longest survey, with every text at its limit, stays below half of it."""

LONGEST_BODY_SECONDS = 30.0
"""How long a form may take to arrive: what a slow phone needs for the longest, and some."""

ErrorPage = Callable[[int, str, str], "tuple[bytes, str]"]
"""Renders the page of an error, as body and media type.

It takes the status, the key of its words, and the languages that the browser asks for.
"""

METHODS = ("GET", "HEAD", "POST")
"""What browsers do here."""

_log = structlog.get_logger("portal")

_PURPOSES = frozenset(Purpose)

_NUMBER = re.compile(r"[0-9]{1,18}")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}

_NOT_KEPT = (b"cache-control", b"no-store")

_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


class _Gone(Exception):
    """Who was sending hung up before the end."""


class Protection:
    """The outermost middleware.

    It logs each request by the route's template, never by its path, because the path holds a
    token. An exception is logged by type and place only, because its message may quote what
    somebody wrote; the visitor gets a page that says that it was not their fault.
    """

    def __init__(self, app: ASGIApp, base_url: str, error_page: ErrorPage) -> None:
        self._app = app
        parts = urlsplit(base_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        headers = _HEADERS | (_HTTPS if parts.scheme == "https" else {})
        self._headers = [(k.lower().encode(), v.encode()) for k, v in headers.items()]
        self._names = frozenset(name for name, _ in self._headers)
        self._error_page = error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._guarded(message["headers"])}
            await send(message)

        try:
            await self._serve(scope, receive, send_guarded)
        except Exception as error:  # noqa: BLE001 - the last one who can explain it to a person
            _log.error(
                "request failed",
                error=type(error).__name__,
                at=[f"{f.filename}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)][
                    -5:
                ],
            )
            if status == 0:
                await self._refuse(500, "failed", scope, send_guarded)
        finally:
            route = scope.get("route")
            _log.info(
                "request",
                method=scope["method"],
                route=getattr(route, "path", None),
                purpose=_purpose(scope),
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )

    def _guarded(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers of an answer, with ours in place of any of the same names."""
        others = [header for header in headers if header[0] not in self._names]
        is_kept = any(name == b"cache-control" for name, _ in others)
        return [*others, *self._headers, *(() if is_kept else (_NOT_KEPT,))]

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in METHODS:
            await self._refuse(405, "not_here", scope, send)
            return
        if scope["method"] == "POST":
            headers = Headers(scope=scope)
            if not self._is_from_here(headers):
                await self._refuse(403, "elsewhere", scope, send)
                return
            if "content-length" in headers and "transfer-encoding" in headers:
                # Two who read it differently, one behind the other, would see two requests in it.
                await self._refuse(400, "unreadable", scope, send)
                return
            try:
                async with asyncio.timeout(LONGEST_BODY_SECONDS):
                    body = await _whole_body(headers, receive)
            except TimeoutError:
                await self._refuse(408, "too_slow", scope, send)
                return
            except _Gone:
                return  # half a form is none
            if body is None:
                await self._refuse(413, "too_large", scope, send)
                return
            await self._app(scope, _replay(body, receive), send)
            return
        await self._app(scope, receive, send)

    def _is_from_here(self, headers: Headers) -> bool:
        """Whether a form was sent from one of our pages.

        The browser's `Sec-Fetch-Site` decides where there is one. Older browsers send `Origin`;
        it is `null` under our own Referrer-Policy, so `null` can't be refused. What protects a
        page in the end is its token, that no other site knows.
        """
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        if origin in (None, "null", self._origin):
            return True
        try:
            return urlsplit(origin).netloc == headers.get("host")
        except ValueError:
            return False

    async def _refuse(self, status: int, key: str, scope: Scope, send: Send) -> None:
        languages = Headers(scope=scope).get("accept-language", "")
        body, media_type = self._error_page(status, key, languages)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", media_type.encode()),
                    (b"content-length", str(len(body)).encode()),
                    (b"connection", b"close"),
                    *([(b"allow", ", ".join(METHODS).encode())] if status == 405 else []),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})


def _purpose(scope: Scope) -> str | None:
    """Which page was asked for. Never what else stands in its place: it may be half a link."""
    asked = scope.get("path_params", {}).get("purpose")
    return asked if asked in _PURPOSES else None


async def _whole_body(headers: Headers, receive: Receive) -> bytes | None:
    """The request's body, or None if it is larger than any form of ours. Raises _Gone."""
    declared = headers.get("content-length", "0")
    if not _NUMBER.fullmatch(declared) or int(declared) > LARGEST_BODY:
        return None
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Gone
        body += bytes(message.get("body", b""))
        if len(body) > LARGEST_BODY:
            return None
        if not message.get("more_body", False):
            return body


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Hand a body that was read already to the application."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
