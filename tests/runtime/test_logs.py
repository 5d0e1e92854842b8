"""Log lines carry ids, are the same from everywhere, and are not repeated on replay."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from runtime.logs import ids_of, set_up_logs
from runtime.settings import PROJECT, load_settings
from runtime.watching.sdk import sdk
from tests.log_setup import logs_to_set_up


@pytest.fixture
def json_logs(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Sets logs up when called: only in the test itself is standard error the captured one."""
    with logs_to_set_up(tmp_path) as set_up:
        yield set_up


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    ("workflow_id", "ids"),
    [
        ("program/spring", {"program": "spring"}),
        ("program/spring/cohort/2", {"program": "spring", "cohort": "2"}),
        ("program/spring/pair/p7", {"program": "spring", "pair": "p7"}),
        ("something-else", {"workflow": "something-else"}),
        ("", {}),
    ],
)
def test_a_workflow_id_is_read_as_our_ids(workflow_id: str, ids: dict[str, str]) -> None:
    assert ids_of(workflow_id) == ids


def test_both_kinds_of_loggers_write_the_same_line(
    json_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    json_logs()
    structlog.get_logger("a").info("mail sent", kind="nudge")
    logging.getLogger("a").info("mail sent", extra={"kind": "nudge"})
    first, second = lines(capsys)
    assert first.pop("timestamp") <= second.pop("timestamp")
    assert first == second
    assert first == {
        "event": "mail sent",
        "kind": "nudge",
        "level": "info",
        "logger": "a",
        "process": "test",
    }


@activity.defn
def send() -> None:
    """Log by both kinds of loggers."""
    structlog.get_logger("activities").info("sending")
    activity.logger.info("sending")


def test_a_line_of_an_activity_says_which_run(
    json_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    json_logs()
    environment = ActivityEnvironment()
    environment.info = environment.default_info()
    environment.run(send)
    for line in lines(capsys):
        assert (line["activity"], line["attempt"]) == ("unknown", 1)
        assert line["event"] == "sending"


@workflow.defn(sandboxed=False)
class Speaks:
    """Logs one line."""

    @workflow.run
    async def run(self) -> None:
        """Log, wait, end."""
        workflow.logger.info("stage entered")
        await workflow.sleep(1)


async def test_a_workflow_line_has_its_ids_and_is_not_repeated_on_replay(
    json_logs: Callable[[], None],
    time_skipping: WorkflowEnvironment,
    task_queue: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    json_logs()
    client = time_skipping.client
    async with Worker(client, task_queue=task_queue, workflows=[Speaks]):
        handle = await client.start_workflow(
            Speaks.run, id="program/spring/pair/p7", task_queue=task_queue
        )
        await handle.result()
    said = [line for line in lines(capsys) if line["event"] == "stage entered"]
    assert [(line["program"], line["pair"]) for line in said] == [("spring", "p7")]
    assert said[0]["run"] == handle.result_run_id
    assert "temporal_workflow" not in said[0]

    await Replayer(workflows=[Speaks]).replay_workflow(await handle.fetch_history())
    assert [line for line in lines(capsys) if line["event"] == "stage entered"] == []


def test_an_error_is_logged_without_local_variables(
    json_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    json_logs()
    address = "somebody@example.com"
    try:
        raise LookupError(len(address))
    except LookupError:
        structlog.get_logger("a").exception("failed")
    (line,) = lines(capsys)
    assert line["exception"][0]["exc_type"] == "LookupError"
    assert address not in json.dumps(line)


def test_lines_are_readable_on_a_terminal_and_json_elsewhere() -> None:
    program = (
        "import structlog\nfrom runtime.logs import set_up_logs\n"
        "from runtime.settings import load_settings\n"
        "set_up_logs(load_settings(), 'x')\nstructlog.get_logger().info('up', port=1)"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert json.loads(elsewhere.stderr)["port"] == 1
    terminal = subprocess.run(
        [sys.executable, "-c", f"import pty\npty.spawn([{sys.executable!r}, '-c', {program!r}])"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "port" in terminal.stdout
    assert not terminal.stdout.startswith("{")


def test_an_error_is_logged_without_its_words_unless_they_are_ours(
    json_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    json_logs()
    name = "Żaneta Secretova"
    try:
        try:
            raise LookupError(name)
        except LookupError as error:
            error.add_note(name)
            raise ExceptionGroup(name, [ValueError(name)]) from error
    except ExceptionGroup:
        logging.getLogger("a").exception("failed")
    try:
        raise ApplicationError("We wrote this ourselves.", type="Ours")
    except ApplicationError:
        structlog.get_logger("a").exception("failed")
    first, second = lines(capsys)
    assert "Secretova" not in json.dumps(first, ensure_ascii=False)
    kinds = [error["exc_type"] for error in first["exception"]]
    assert kinds == ["ExceptionGroup", "LookupError"]
    assert first["exception"][0]["frames"][0]["lineno"]
    assert second["exception"][0]["exc_value"] == "Ours: We wrote this ourselves."


def test_an_error_is_readable_on_a_terminal_without_its_words(
    tmp_path: Path, json_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    json_logs()  # puts everything back afterwards
    set_up_logs(load_settings({"VAR_DIR": str(tmp_path), "LOG_FORMAT": "readable"}), "test")
    try:
        raise LookupError("Żaneta Secretova")
    except LookupError:
        structlog.get_logger("a").exception("failed")
    said = capsys.readouterr().err
    assert "Secretova" not in said
    assert "LookupError\n" in said
    assert "test_logs.py:" in said


async def test_a_line_of_the_sdks_core_is_one_of_ours_without_its_words(
    json_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    json_logs()
    with pytest.raises(RuntimeError):
        await Client.connect("127.0.0.1:1", runtime=sdk(metrics=False).runtime)
    core = SimpleNamespace(
        fields={
            "run_id": "r-1",
            "workflow_id": "program/spring/pair/p7",
            "error": "Status { code: Unavailable, message: 'Żaneta' }",
            "failure": "Żaneta",
        }
    )
    logging.getLogger("temporal").warning("retried", extra={"temporal_log": core})
    line = lines(capsys)[-1]
    assert line.pop("timestamp")
    assert line == {
        "event": "retried",
        "level": "warning",
        "logger": "temporal",
        "process": "test",
        "program": "spring",
        "pair": "p7",
        "run": "r-1",
        "code": "Unavailable",
    }
