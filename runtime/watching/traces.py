"""Traces by OpenTelemetry, for who asks for them with `TRACES_URL`.

What leaves this process says which workflow and which activity, by their ids, and how long it took.
Words of errors do not: they are taken out of every span, whoever put them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from temporalio.contrib.opentelemetry import TracingInterceptor

from runtime.exit import before_leaving

IDS = (
    "temporalActivityID",
    "temporalActivityType",
    "temporalRunID",
    "temporalUpdateID",
    "temporalWorkflowID",
)
"""All that a span says besides its name, its times and how it ended."""

_PATIENCE_SECONDS = 3


@cache
def tracing(url: str, process: str) -> TracingInterceptor:
    """What makes spans of what a client and its worker do, and sends them to the collector there.

    The same for the same process, so that all its clients share one way out. The collector's other
    settings are those that every OpenTelemetry program reads (`OTEL_EXPORTER_OTLP_HEADERS`,
    `OTEL_TRACES_SAMPLER`, …).
    """
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: f"mentoring-{process}"}))
    collector = OTLPSpanExporter(endpoint=f"{url}/v1/traces", timeout=_PATIENCE_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(IdsOnly(collector)))
    before_leaving(provider.shutdown)
    return TracingInterceptor(provider.get_tracer("mentoring"))


class IdsOnly(SpanExporter):
    """Hands spans on without words: no events, no description of an error, no unknown attribute."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand them on."""
        return self._exporter.export([_ids_only(span) for span in spans])

    def shutdown(self) -> None:
        """No more will come."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._exporter.force_flush(timeout_millis)


def _ids_only(span: ReadableSpan) -> ReadableSpan:
    attributes = span.attributes or {}
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes={name: attributes[name] for name in IDS if name in attributes},
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
