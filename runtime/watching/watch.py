"""What a process lets those see that watch it: a small server of its own, on `WATCH_PORT`.

It never answers on the portal's port, which participants reach.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.runtime import Runtime

from domain.problems import BadInput, Problem
from runtime.settings import ENVIRONMENT, Settings
from runtime.watching.health import Health
from runtime.watching.metrics import Metrics, gauges_of
from runtime.watching.reading import StoreReadings
from runtime.watching.sdk import Sdk, sdk
from store.database import Database

_log = structlog.get_logger("watch")


class Watch:
    """Counts what a process writes, and answers who asks how it is; nobody, without `WATCH_PORT`.

    `sends` says whether the process sends messages.
    """

    def __init__(self, settings: Settings, database: Database, *, sends: bool) -> None:
        self._host, self._port = settings.watch_host, settings.watch_port
        self._sdk: Sdk = sdk(metrics=bool(self._port))
        self._readings = StoreReadings(database)
        self._metrics = Metrics(sends=sends)
        if self._port:
            database.listen(self._metrics.count)

    @property
    def runtime(self) -> Runtime:
        """What the process makes its Temporal client with."""
        return self._sdk.runtime

    @asynccontextmanager
    async def serving(self, health: Health) -> AsyncIterator[None]:
        """Answer for the length of the block. Raises BadInput when the port can't be had."""
        if not self._port:
            yield
            return
        listening = _listen(self._host, self._port)
        server = _Server(
            uvicorn.Config(
                self.app(health),
                access_log=False,
                server_header=False,
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        task = asyncio.create_task(server.serve(sockets=[listening]), name="watch")
        _log.info("watchers are answered", port=self._port)
        try:
            yield
        finally:
            server.should_exit = True
            await task

    def app(self, health: Health) -> Starlette:
        """The three addresses."""

        async def healthz(_request: Request) -> Response:
            return JSONResponse({"status": "alive"})

        async def readyz(_request: Request) -> Response:
            report = await health.report(await self._readings.signals())
            return JSONResponse(report.answer(), 200 if report.ready else 503)

        async def metrics(_request: Request) -> Response:
            return Response(await self.page(health), media_type=CONTENT_TYPE_PLAIN_0_0_4)

        handlers = (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics))
        return Starlette(routes=[Route(path, handler) for path, handler in handlers])

    async def page(self, health: Health) -> bytes:
        """All metrics: ours, and behind them the SDK's own."""
        signals, found, of_sdk = await asyncio.gather(
            self._readings.signals(), self._readings.overview(), self._sdk.metrics()
        )
        report = await health.report(signals)
        return self._metrics.page([*gauges_of(found), *report.gauges()]) + of_sdk


class _Server(uvicorn.Server):
    """Leaves signals to the process that it is in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        problem = Problem(
            file=ENVIRONMENT,
            field="WATCH_PORT",
            message=f"{host}:{port} can't be listened on: {error.strerror or error}.",
            hint="Each worker and portal needs a port of its own; 0 turns it off.",
        )
        raise BadInput([problem]) from error
    return listening
