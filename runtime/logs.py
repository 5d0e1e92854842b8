"""Log lines: one an event, the same fields on every process, ids and never names.

Everything goes through one structlog chain, also what libraries and Temporal's replay-safe
`workflow.logger` and `activity.logger` write by the standard library. Use `structlog.get_logger()`
anywhere but in a workflow, and there `workflow.logger`.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger
from temporalio import activity, workflow

from domain import ids
from runtime.settings import LogFormat, Settings
from runtime.stray_words import CarefulHandler, keep_out_stray_words

# A traceback's local variables hold names and addresses.
_WITHOUT_LOCALS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)

_OURS_OR_TEMPORALS = frozenset({"ApplicationError", "NondeterminismError", "RPCError"})
"""Errors whose words hold ids at most. Those of any other may hold what somebody is called."""

_QUOTE_ERRORS = frozenset(
    ("asyncio", "temporalio.activity", "temporalio.worker._activity", "temporalio.worker._workflow")
)
"""Loggers that put what an error says into their own text."""

_QUOTED = re.compile(r"[:(<\[\"'\n]")

_CODE = re.compile(r"\bcode: (\w+)")

_FROM_TEMPORAL = ("temporal_workflow", "temporal_activity")


def set_up_logs(settings: Settings, process: str) -> None:
    """Send all log lines of this process to standard error, each with `process` as a field."""
    # Temporal's adapters put their facts into the text too, where no machine finds them.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False

    readable = settings.log_format is LogFormat.READABLE or (
        settings.log_format is LogFormat.AUTO and sys.stderr.isatty()
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Process(process),
        say_what_the_sdk_said,
        say_which_run,
        without_what_others_quote,
    ]
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_readable)]
        if readable
        else [
            structlog.processors.ExceptionRenderer(without_words),
            structlog.processors.JSONRenderer(),
        ]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = CarefulHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.value.upper())
    keep_out_stray_words()
    # These write addresses, link tokens and mail traffic, or what we say ourselves, or each step.
    for name in ("httpx", "httpcore", "mail.log", "markdown_it", "uvicorn", "urllib3"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def say_which_run(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put program, pair, cohort, run and attempt on a line written in a workflow or an activity."""
    details: dict[str, Any] = {}
    for key in _FROM_TEMPORAL:
        given = event.pop(key, None)
        if isinstance(given, Mapping):
            details |= given
    if not details and activity.in_activity():
        info = activity.info()
        details = {
            "workflow_id": info.workflow_id,
            "workflow_run_id": info.workflow_run_id,
            "activity_type": info.activity_type,
            "attempt": info.attempt,
        }
    if not details:
        return event
    run = details.get("workflow_run_id") or details.get("run_id")
    facts = {
        **ids_of(str(details.get("workflow_id") or "")),
        "run": run,
        "activity": details.get("activity_type"),
        "update": details.get("update_name"),
        "attempt": details.get("attempt"),
    }
    for name, value in facts.items():
        if value is not None:
            event.setdefault(name, value)
    return event


def say_what_the_sdk_said(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Of a line of the SDK's core, keep its ids and the code of an error: the rest is its words."""
    said = event.pop("temporal_log", None)
    if said is None:
        return event
    fields = said.fields
    if "workflow_id" in fields:
        event.update(ids_of(str(fields["workflow_id"])))
    if "run_id" in fields:
        event["run"] = fields["run_id"]
    code = _CODE.search(str(fields.get("error", "")))
    if code:
        event["code"] = code[1]
    return event


def without_what_others_quote(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Of what asyncio and the SDK say about an error keep the beginning: the rest quotes it."""
    if event.get("logger") in _QUOTE_ERRORS:
        event["event"] = _QUOTED.split(str(event["event"]), maxsplit=1)[0].rstrip()
    return event


def without_words(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Which errors, and where: without what they say, unless that was written by us."""
    errors = _WITHOUT_LOCALS(exc_info)
    _take_words(errors)
    return errors


def _take_words(errors: list[dict[str, Any]]) -> None:
    for error in errors:
        if error["exc_type"] not in _OURS_OR_TEMPORALS:
            error["exc_value"] = ""
        error["exc_notes"] = []
        for group in error["exceptions"]:
            _take_words(group)


def _readable(out: TextIO, exc_info: ExcInfo) -> None:
    out.write("\n" + readable_errors(without_words(exc_info)))


def readable_errors(errors: list[dict[str, Any]]) -> str:
    """Errors as a person reads them, the one that was caught first, each with its place."""
    lines = []
    for error in errors:
        lines.append(f"    {error['exc_type']}: {error['exc_value']}".rstrip(": "))
        lines += [
            f"        {frame['filename']}:{frame['lineno']} {frame['name']}"
            for frame in error["frames"]
        ]
    return "\n".join(lines)


def ids_of(workflow_id: str) -> dict[str, str]:
    """The program, pair or cohort that a workflow id names."""
    parts = workflow_id.split("/")
    if len(parts) < 2 or parts[0] != ids.WORKFLOW_PREFIX:
        return {"workflow": workflow_id} if workflow_id else {}
    found = {"program": parts[1]}
    found.update(zip(parts[2::2], parts[3::2], strict=False))
    return found


class _Process:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["process"] = self._name
        return event
