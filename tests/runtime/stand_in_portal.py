"""A portal with one page, for tests of the stack: it shows its own settings."""

import asyncio
import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.exit import leave_with
from runtime.settings import load_settings
from runtime.web import serve


def ready(_request: Request) -> Response:
    """Say which process this is, and whether it can sign links."""
    settings = load_settings()
    return JSONResponse({"pid": os.getpid(), "keys": len(settings.signing_keys())})


if __name__ == "__main__":
    settings = load_settings()
    pages = Starlette(routes=[Route("/readyz", ready)])
    leave_with(lambda: asyncio.run(serve(pages, settings.portal_host, settings.portal_port)))
