"""Serving pages."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from starlette.applications import Starlette

DRAIN_SECONDS = 8
"""How long requests that are being answered may take when the process is told to stop."""


async def serve(app: Starlette, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then answer what was begun.

    Requests are not logged: their paths hold the tokens of links.
    Raises SystemExit when the port can't be had.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            access_log=False,
            server_header=False,
            log_config=None,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    # When it is done, uvicorn raises the signal once more, for whoever handled it before.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _already_done)
    await server.serve()


def _already_done(*_: object) -> None:
    return
