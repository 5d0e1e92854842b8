"""The Temporal SDK's own metrics and log lines.

The SDK's core serves its metrics on a port of its own, to this machine only; `Sdk.metrics` takes
them from there, so that a process has one page of metrics.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import httpx
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
)

from runtime.ports import any_free_port

_FILTER = LoggingConfig.default.filter
_ATTEMPTS = 5
_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class Sdk:
    """The runtime to make a client with, and where its metrics are."""

    runtime: Runtime
    port: int | None
    """None where nobody asks for metrics."""

    async def metrics(self) -> bytes:
        """The SDK's metrics as text; nothing where they can't be had."""
        if self.port is None:
            return b""
        async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_SECONDS) as web:
            try:
                answer = await web.get(f"http://127.0.0.1:{self.port}/metrics")
            except httpx.HTTPError:
                return b""
        return answer.content if answer.is_success else b""


def sdk(*, metrics: bool) -> Sdk:
    """A runtime of the SDK whose log lines go where all others go, with metrics or without.

    Raises RuntimeError when no port can be had for the metrics.
    """
    logs = LoggingConfig(
        filter=_FILTER,
        forwarding=LogForwardingConfig(
            logger=logging.getLogger("temporal"),
            append_target_to_name=False,
            prepend_target_on_message=False,
            append_log_fields_to_message=False,
        ),
    )
    if not metrics:
        return Sdk(Runtime(telemetry=TelemetryConfig(logging=logs)), None)
    for attempt in range(1, _ATTEMPTS + 1):
        port = any_free_port()
        where = PrometheusConfig(
            bind_address=f"127.0.0.1:{port}",
            counters_total_suffix=True,
            unit_suffix=True,
            durations_as_seconds=True,
        )
        try:
            return Sdk(Runtime(telemetry=TelemetryConfig(logging=logs, metrics=where)), port)
        except (RuntimeError, ValueError):  # somebody else took the port meanwhile
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError
