"""The codec server: shows who may read it what Temporal holds encrypted. `docs/encryption.md`.

`python -m runtime.codec_server` speaks the protocol that the Temporal UI and `temporal
--codec-endpoint` use: POST …/decode and …/encode with a `Payloads` message as JSON. It needs the
keys and nothing else, neither Temporal nor the store. Whoever can ask it can read, so it listens on
this machine only, unless something else keeps others out.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload, Payloads

from domain.problems import BadInput, Problem
from runtime.exit import leave_with, telling_bad_input
from runtime.logs import set_up_logs
from runtime.payload_codec import Encryption, PayloadUnreadable, encryption
from runtime.settings import ENVIRONMENT, LOOPBACK, MAKE_KEY, Settings, load_settings
from runtime.web import serve

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes of a request. Temporal takes 2 MB a payload and 4 MB a message; as JSON that is a third
more."""

_HEADERS = ("authorization", "authorization-extras", "content-type", "x-namespace")
_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

log = structlog.get_logger(__name__)


def create_app(codec: Encryption, origins: tuple[str, ...], token: str | None = None) -> Starlette:
    """The codec server for pages of `origins`, and for who sends the token, if there is one."""
    guard = _Guard(origins, token)

    async def decode(request: Request) -> Response:
        return await _answer(request, guard, codec.decode)

    async def encode(request: Request) -> Response:
        return await _answer(request, guard, codec.encode)

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok")

    # The protocol looks at the last part of the path only, so that it may stand below another.
    routes = [Route("/healthz", healthz)]
    for name, answer in (("decode", decode), ("encode", encode)):
        routes += [
            Route(f"{before}/{name}", answer, methods=["POST"]) for before in ("", "/{before:path}")
        ]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["POST"],
        allow_headers=_HEADERS,
        allow_credentials=True,
    )
    return Starlette(routes=routes, middleware=[cors])


class _Guard:
    """Says who is not answered. What a browser may show to a page is said by CORS besides."""

    def __init__(self, origins: tuple[str, ...], token: str | None) -> None:
        self._origins = origins
        self._header = f"Bearer {token}".encode() if token else None

    def refuses(self, request: Request) -> Response | None:
        """The answer to who may not ask, or None."""
        origin = request.headers.get("origin")
        if origin is not None and origin not in self._origins:
            return _said(403, "This site may not ask here. CODEC_ORIGINS says which may.")
        if self._header is not None:
            given = request.headers.get("authorization", "").encode()
            if not secrets.compare_digest(given, self._header):
                return _said(401, "The token of CODEC_TOKEN is missing or another one.")
        return None


async def _answer(
    request: Request, guard: _Guard, change: Callable[[list[Payload]], Awaitable[list[Payload]]]
) -> Response:
    refused = guard.refuses(request)
    if refused is not None:
        return refused
    body = await _body(request)
    if body is None:
        return _said(413, f"More than {LARGEST_BODY} bytes.")
    try:
        given = json_format.Parse(body, Payloads(), ignore_unknown_fields=True)
    except (json_format.ParseError, UnicodeDecodeError, RecursionError):
        return _said(400, "This is not a Payloads message as JSON.")
    try:
        changed = await change(list(given.payloads))
    except PayloadUnreadable as error:
        log.warning("payload not readable", reason=str(error))
        return _said(422, str(error))
    text = json_format.MessageToJson(Payloads(payloads=changed), indent=None)
    return Response(text, media_type="application/json", headers=_ALWAYS)


async def _body(request: Request) -> bytes | None:
    """What was sent, or None if it is too much."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > LARGEST_BODY:
            return None
    return bytes(held)


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(text, status, headers=_ALWAYS)


def origins(settings: Settings) -> tuple[str, ...]:
    """The sites whose pages may ask, as browsers name them."""
    sites = settings.codec_origins or (settings.temporal_ui_url,)
    return tuple(origin for site in sites for origin in _origins_of(site))


def _origins_of(site: str) -> tuple[str, ...]:
    parts = urlsplit(site)
    own = f"{parts.scheme}://{parts.netloc}".lower()
    if parts.hostname not in LOOPBACK:
        return (own,)
    port = f":{parts.port}" if parts.port else ""
    return (f"{parts.scheme}://localhost{port}", f"{parts.scheme}://127.0.0.1{port}")


def checked(settings: Settings) -> Encryption:
    """The codec to serve. Raises BadInput where there is no key, or anybody could ask."""
    problems = []
    if not (settings.payload_keys or settings.payload_read_keys):
        problems.append(
            Problem(
                file=ENVIRONMENT,
                field="PAYLOAD_KEYS",
                message="there is no key, so there is nothing to decode.",
                hint="Set the keys that the worker has, or PAYLOAD_KEYS_FILE to a file that holds "
                f"them. Make one with: {MAKE_KEY}",
            )
        )
    guarded = settings.codec_token is not None or settings.codec_trust_network
    if settings.codec_host not in LOOPBACK and not guarded:
        problems.append(
            Problem(
                file=ENVIRONMENT,
                field="CODEC_HOST",
                message=f"on {settings.codec_host} anybody who reaches this machine could read all "
                "that is encrypted.",
                hint="Set CODEC_TOKEN, and let the proxy with your sign-on send it; or set "
                "CODEC_TRUST_NETWORK=true where only that proxy reaches this address.",
            )
        )
    if problems:
        raise BadInput(problems)
    return encryption(settings)


async def run() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = load_settings()
    codec = checked(settings)
    set_up_logs(settings, "codec")
    token = settings.codec_token.get_secret_value() if settings.codec_token else None
    app = create_app(codec, origins(settings), token)
    log.info("codec server ready", port=settings.codec_port, origins=origins(settings))
    await serve(app, settings.codec_host, settings.codec_port)
    log.info("codec server stopped")


def tell_ids() -> None:
    """Print the ids of the keys that are set, as Temporal holds them beside what is encrypted."""
    settings = load_settings()
    codec = encryption(settings)
    for name in codec.ids:
        print(f"{name}  {'encrypts and decrypts' if name == codec.seals_with else 'decrypts'}")


@telling_bad_input
def main() -> int:
    """Start from the command line."""
    parser = argparse.ArgumentParser(description="Shows the Temporal UI what is encrypted.")
    parser.add_argument("--ids", action="store_true", help="print the ids of the keys, and end")
    if parser.parse_args().ids:
        tell_ids()
    else:
        asyncio.run(run())
    return 0


if __name__ == "__main__":
    leave_with(main)
