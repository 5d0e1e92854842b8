"""Whatever is put into a span, only ids leave the process."""

from __future__ import annotations

import subprocess
import sys

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from runtime.settings import PROJECT, load_settings
from runtime.watching.traces import IdsOnly
from tests.watching.collector import collecting

NAME = "Żaneta Secretova"


def test_words_are_taken_out_of_a_span() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(IdsOnly(kept)))
    with provider.get_tracer("test").start_as_current_span("RunActivity:record") as span:
        span.set_attributes({"temporalWorkflowID": "program/x", "who": NAME})
        span.add_event(NAME)
        span.record_exception(LookupError(NAME))
        span.set_status(Status(StatusCode.ERROR, NAME))
    (sent,) = kept.get_finished_spans()
    assert NAME not in sent.to_json(indent=None).encode().decode("unicode_escape")
    assert sent.attributes == {"temporalWorkflowID": "program/x"}
    assert sent.status.status_code is StatusCode.ERROR
    assert sent.name == "RunActivity:record"
    assert sent.context == span.get_span_context()


def test_a_short_process_sends_its_spans_before_it_leaves() -> None:
    program = """
import sys
from runtime.exit import leave_with
from runtime.watching.traces import tracing
def main():
    with tracing(sys.argv[1], "short").tracer.start_as_current_span("done"):
        return 3
leave_with(main)
"""
    with collecting() as collector:
        code = subprocess.run(
            [sys.executable, "-c", program, collector.url], cwd=PROJECT, check=False
        ).returncode
        assert code == 3
        assert [(service, span.name) for service, span in collector.spans] == [
            ("mentoring-short", "done")
        ]


def test_without_the_setting_nothing_of_it_is_loaded() -> None:
    assert load_settings({"VAR_DIR": "/nonexistent"}).traces_url is None
    program = "import sys, worker; print('runtime.watching.traces' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "False"
