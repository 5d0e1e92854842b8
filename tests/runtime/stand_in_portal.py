"""A portal with one page, for tests of the stack: it shows its own settings."""

import os

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.exit import leave_with
from runtime.settings import load_settings


def ready(_request: Request) -> Response:
    """Say which process this is, and whether it can sign links."""
    settings = load_settings()
    return JSONResponse({"pid": os.getpid(), "keys": len(settings.signing_keys())})


def main() -> None:
    """Serve until SIGTERM."""
    settings = load_settings()
    pages = Starlette(routes=[Route("/readyz", ready)])
    uvicorn.run(pages, host=settings.portal_host, port=settings.portal_port, log_level="warning")


if __name__ == "__main__":
    leave_with(main)
