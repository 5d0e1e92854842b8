"""A collector of traces: takes what is sent by OTLP over HTTP, and keeps it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """What came, as it came and as spans."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.spans: list[tuple[str, Span]] = []
        """Each with the name of the service that sent it."""
        self.url = ""
        self._came = threading.Condition()

    def take(self, body: bytes) -> None:
        """Keep one request."""
        request = ExportTraceServiceRequest.FromString(body)
        with self._came:
            self.raw.append(body)
            for of_process in request.resource_spans:
                labels = {a.key: a.value.string_value for a in of_process.resource.attributes}
                for scope in of_process.scope_spans:
                    self.spans += [(labels["service.name"], span) for span in scope.spans]
            self._came.notify_all()

    def wait_for(self, service: str, beginning: str, workflow: str) -> Span:
        """The first span of a service whose name begins so, about this workflow."""
        with self._came:
            wanted = (service, beginning, workflow)
            self._came.wait_for(lambda: self._find(*wanted) is not None, timeout=30)
            found = self._find(*wanted)
        assert found is not None, (wanted, {(s, x.name) for s, x in self.spans})
        return found

    def _find(self, service: str, beginning: str, workflow: str) -> Span | None:
        for name, span in self.spans:
            about = {attribute.value.string_value for attribute in span.attributes}
            if name == service and span.name.startswith(beginning) and workflow in about:
                return span
        return None


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a port of its own."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            collector.take(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield collector
    server.shutdown()
    server.server_close()
