"""What a workflow starts or waits for says in words what it is for: operators read those."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.settings import PROJECT
from runtime.version import VERSION
from tests.histories.keeping import read, recorded

SOURCES = sorted((PROJECT / "workflows").glob("*.py"))
RECORDED = [file for file in recorded() if file.parent.name == VERSION]

ACTIVITIES_ARE_CALLED_IN = "options.py"

NEEDS_A_SUMMARY = frozenset(
    f"EVENT_TYPE_{kind}"
    for kind in (
        "ACTIVITY_TASK_SCHEDULED",
        "TIMER_STARTED",
        "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
    )
)


def _called(call: ast.Call) -> str:
    """The last word of what is called."""
    function = call.func
    if isinstance(function, ast.Subscript):
        function = function.value
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _calls(source: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def _says(call: ast.Call, *words: str) -> bool:
    given = {keyword.arg for keyword in call.keywords}
    return set(words) <= given or None in given  # None: `**start_options(…)` has them all


def _waits_for_ever(call: ast.Call) -> bool:
    until = next((k.value for k in call.keywords if k.arg == "until"), None)
    return isinstance(until, ast.Constant) and until.value is None


def silent_calls(file: str, source: str) -> list[str]:
    """Where something is started or waited for without a word, each with its line."""
    return [
        f"{file}:{call.lineno} {_called(call)}"
        for call in _calls(source)
        if (check := _CHECKS.get(_called(call))) is not None and not check(file, call)
    ]


def _child(_file: str, call: ast.Call) -> bool:
    return _says(call, "static_summary", "static_details")


def _activity(file: str, call: ast.Call) -> bool:
    return file == ACTIVITIES_ARE_CALLED_IN and _says(call, "summary")


def _sleep(_file: str, call: ast.Call) -> bool:
    return _says(call, "summary")


def _condition(_file: str, call: ast.Call) -> bool:
    return not _says(call, "timeout") or _says(call, "timeout_summary")


def _step(_file: str, call: ast.Call) -> bool:
    return _waits_for_ever(call) or _says(call, "summary")


_CHECKS: dict[str, Callable[[str, ast.Call], bool]] = {
    **dict.fromkeys(("start_child_workflow", "execute_child_workflow"), _child),
    **{
        f"{verb}_{local}activity{suffix}": _activity
        for verb in ("start", "execute")
        for local in ("", "local_")
        for suffix in ("", "_method", "_class")
    },
    "sleep": _sleep,
    "wait_condition": _condition,
    **dict.fromkeys(("_wait", "_wait_and_repair"), _step),
}


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_nothing_is_started_or_waited_for_without_a_word(file: Path) -> None:
    assert silent_calls(file.name, file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        'workflow.start_child_workflow(A.run, static_summary="a")',
        "workflow.execute_activity_method(A.a, summary='a')",
        "workflow.sleep(1)",
        "asyncio.sleep(1)",
        "workflow.wait_condition(done, timeout=1)",
        "self._wait(until=at)",
    ],
)
def test_what_says_nothing_is_found(line: str) -> None:
    assert len(silent_calls("pair.py", line)) == 1


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.name.split(".")[0])
def test_every_activity_timer_and_child_that_was_recorded_has_a_summary(file: Path) -> None:
    kinds = NEEDS_A_SUMMARY
    if file.name.startswith("scene-"):  # most are of the test server, which forgets a child's
        kinds -= {"EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED"}
    events = [e for e in json.loads(read(file))["events"] if e["eventType"] in kinds]
    silent = [e["eventId"] for e in events if "summary" not in e.get("userMetadata", {})]
    assert silent == []
