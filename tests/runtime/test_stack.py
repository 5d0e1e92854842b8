"""The embedded stack: it starts, keeps its parts running, keeps their data, and leaves nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import smtplib
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from runtime.parts import PartFailed
from runtime.ports import ANY_PORTS, any_free_port
from runtime.running import Process, RunningStack, read_note, running_stack, write_note
from runtime.settings import PROJECT, content_folders, load_settings
from runtime.stack import (
    MAILBOX,
    PORTAL,
    RETENTION,
    TEMPORAL,
    WORKER,
    Stack,
    StackBusy,
    readable_line,
)
from runtime.temporal import connect
from store.database import Database
from store.migrate import latest_revision, revision_of
from workflows import search_attributes

STAND_INS = {
    WORKER: (sys.executable, "-m", "tests.runtime.stand_in_worker"),
    PORTAL: (sys.executable, "-m", "tests.runtime.stand_in_portal"),
}


def make_stack(folder: Path, said: list[str] | None = None, **more: str) -> Stack:
    return Stack(
        folder,
        ports=ANY_PORTS,
        programs=STAND_INS,
        environment=more,
        say=(said if said is not None else []).append,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One running stack for the tests that only look at it or kill its parts.

    While it starts, the environment points elsewhere.
    """
    stack = make_stack(tmp_path_factory.mktemp("var"))
    with pytest.MonkeyPatch.context() as environment:
        point_elsewhere(environment)
        await stack.start()
    yield stack
    await stack.stop()


def point_elsewhere(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SMTP_URL", "smtp://mail.example.com")
    environment.setenv("TEMPORAL_ADDRESS", "temporal.example.com:7233")
    environment.setenv("TEMPORAL_API_KEY", "not-for-here")
    environment.setenv("DATABASE_URL", "postgresql://db.example.com/x")


in_its_loop = pytest.mark.asyncio(loop_scope="module")


def quiet(_line: str) -> None:
    """Say nothing."""


def folder_of(stack: Stack) -> Path:
    return stack.settings().var_dir


async def portal_pid(stack: Stack) -> int:
    async with httpx.AsyncClient(trust_env=False) as web:
        return int((await web.get(f"{stack.addresses().portal}/readyz")).json()["pid"])


async def run_nothing(client: Client, queue: str) -> str:
    return str(await client.execute_workflow("Nothing", id=f"nothing-{uuid4()}", task_queue=queue))


@in_its_loop
async def test_every_part_does_its_work(stack: Stack) -> None:
    at = stack.addresses()
    async with httpx.AsyncClient(trust_env=False) as web:
        assert (await web.get(f"{at.portal}/readyz")).json()["keys"] == 1
        assert (await web.get(at.temporal_ui)).status_code == 200
        server = stack.settings().mail_server
        with smtplib.SMTP(server.host, server.port) as smtp:
            smtp.sendmail("a@example.com", ["b@example.com"], "Subject: hello\n\nyou")
        mails = (await web.get(f"{at.mailbox}/api/messages")).json()["messages"]
    assert [mail["subject"] for mail in mails] == ["hello"]
    assert await run_nothing(await stack.client(), stack.settings().task_queue) == "done"


@in_its_loop
async def test_the_server_knows_our_search_attributes_and_keeps_histories(stack: Stack) -> None:
    client = await stack.client()
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    assert {key.name for key in search_attributes.ALL} <= set(listed.custom_attributes)
    namespace = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    assert namespace.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION


@in_its_loop
async def test_the_store_is_migrated(stack: Stack) -> None:
    database = Database(stack.settings().database)
    assert revision_of(database) == latest_revision()
    database.close()


@in_its_loop
async def test_others_find_the_running_stack_by_its_folder(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("TEMPORAL_")]:
        monkeypatch.delenv(name)
    settings = load_settings({"VAR_DIR": str(folder_of(stack))})
    assert settings.portal_url == stack.addresses().portal
    assert settings.mailbox_url == stack.addresses().mailbox
    client = await connect(settings)
    assert client.service_client.config.target_host == stack.addresses().temporal


@in_its_loop
async def test_the_note_and_the_logs_hold_no_key(stack: Stack) -> None:
    folder = folder_of(stack)
    key = (folder / "link_keys").read_text().strip()
    assert len(key) >= 32
    assert stat.S_IMODE((folder / "link_keys").stat().st_mode) == 0o600
    for file in [folder / "stack.json", *(folder / "logs").iterdir()]:
        assert key not in file.read_text(), file


@in_its_loop
@pytest.mark.parametrize("part", [WORKER, PORTAL, MAILBOX, TEMPORAL])
async def test_a_part_that_is_killed_comes_back_at_the_same_place(stack: Stack, part: str) -> None:
    addresses, before = stack.addresses(), read_note(folder_of(stack))
    await stack.kill(part)
    await stack.wait_ready(part)
    after = read_note(folder_of(stack))
    assert before is not None
    assert after is not None
    assert after.parts[part] != before.parts[part]
    assert stack.addresses() == addresses
    await portal_pid(stack)
    assert await run_nothing(await stack.client(), stack.settings().task_queue) == "done"


@in_its_loop
async def test_a_part_can_be_restarted_in_good_order(stack: Stack) -> None:
    before = await portal_pid(stack)
    await stack.restart(PORTAL)
    assert await portal_pid(stack) != before


@in_its_loop
async def test_a_second_stack_on_the_same_folder_is_refused(stack: Stack) -> None:
    with pytest.raises(StackBusy, match=f"already, process {os.getpid()}. The portal is at http"):
        await make_stack(folder_of(stack)).start()


async def test_data_key_and_portal_address_outlive_a_restart(tmp_path: Path) -> None:
    async with make_stack(tmp_path) as first:
        client = await first.client()
        await client.execute_workflow("Nothing", id="kept", task_queue=first.settings().task_queue)
        keys, portal = first.settings().signing_keys(), first.addresses().portal
    assert running_stack(tmp_path) is None
    async with Stack(tmp_path, programs=STAND_INS, say=quiet) as second:
        assert await (await second.client()).get_workflow_handle("kept").result() == "done"
        assert second.settings().signing_keys() == keys
        assert second.addresses().portal == portal


async def test_what_the_environment_points_elsewhere_is_not_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://mail.example.com")
    monkeypatch.setenv("PORTAL_URL", "https://mentoring.example.com")
    monkeypatch.setenv("TASK_QUEUE", "ours")
    monkeypatch.setenv("CONTENT_FOLDER", str(tmp_path))
    stack = Stack(tmp_path, alone=False, ports=ANY_PORTS, programs=STAND_INS, say=quiet)
    async with stack:
        note = read_note(tmp_path)
        assert note is not None
        assert set(note.parts) == {TEMPORAL, WORKER, PORTAL}
        assert stack.addresses().mailbox is None
        assert stack.addresses().portal == "https://mentoring.example.com"
        assert stack.settings().mail_server.host == "mail.example.com"
        monkeypatch.delenv("CONTENT_FOLDER")
        assert content_folders({"VAR_DIR": str(tmp_path)})[0] == tmp_path
        assert await run_nothing(await stack.client(), "ours") == "done"


@in_its_loop
async def test_a_stack_of_its_own_ignores_the_environment(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_elsewhere(monkeypatch)
    note = read_note(folder_of(stack))
    assert note is not None
    assert set(note.parts) == {TEMPORAL, MAILBOX, WORKER, PORTAL}
    assert stack.settings().mail_server.host == "127.0.0.1"
    assert stack.settings().database == f"sqlite:///{folder_of(stack)}/store.db"
    assert await run_nothing(await stack.client(), stack.settings().task_queue) == "done"


async def test_a_part_that_does_not_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    stack = Stack(
        tmp_path,
        ports=ANY_PORTS,
        programs=STAND_INS | {PORTAL: (sys.executable, "-c", "raise SystemExit('no such key')")},
        say=quiet,
    )
    with pytest.raises(PartFailed, match=r"The portal ended with code 1[\s\S]*no such key"):
        await stack.start()
    assert running_stack(tmp_path) is None
    note = read_note(tmp_path)
    assert note is not None
    assert note.parts == {}


async def test_what_an_earlier_run_left_behind_is_ended(tmp_path: Path) -> None:
    orphan = subprocess.Popen(["/bin/sleep", "600"])
    gone = Process(pid=orphan.pid, started="an earlier process with the orphan's number")
    write_note(
        tmp_path,
        RunningStack(
            supervisor=gone,
            parts={
                WORKER: Process.of(orphan.pid),
                PORTAL: Process(pid=os.getpid(), started="another process had this number"),
            },
            ports=ANY_PORTS,
            settings={},
        ),
    )
    said: list[str] = []
    async with make_stack(tmp_path, said):
        assert orphan.wait(10) == -signal.SIGKILL
    assert "A worker of an earlier run is still there; it is ended." in said
    assert not any("portal" in line for line in said)


# --- As a program --------------------------------------------------------------------------------

RUNNER = """
import asyncio, runtime.stack as stack
from tests.runtime.test_stack import STAND_INS
def with_stand_ins(*arguments, **more):
    return ORIGINAL(*arguments, **more, programs=STAND_INS)
ORIGINAL, stack.Stack = stack.Stack, with_stand_ins
stack.leave_with(stack.main)
"""


def start_program(folder: Path) -> subprocess.Popen[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")
    } | {"VAR_DIR": str(folder), "PORTAL_PORT": str(any_free_port()), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", RUNNER],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if text in line:
            return lines
    raise AssertionError("\n".join(lines))


def parts_of(folder: Path) -> dict[str, Process]:
    note = read_note(folder)
    assert note is not None
    return dict(note.parts)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    process = start_program(tmp_path)
    lines = read_until(process, "Mailbox")
    assert any(line.strip().startswith("Portal ") and "http://localhost:" in line for line in lines)
    parts = parts_of(tmp_path)
    assert set(parts) == {TEMPORAL, MAILBOX, WORKER, PORTAL}
    process.send_signal(number)
    rest = read_until(process, "Stopped.")
    assert process.wait(30) == 0
    assert not any(part.alive() for part in parts.values())
    assert not any("killed" in line for line in rest)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends what was left")
def test_nothing_outlives_a_killed_stack(tmp_path: Path) -> None:
    process = start_program(tmp_path)
    read_until(process, "Mailbox")
    parts = parts_of(tmp_path)
    process.kill()
    process.wait()
    for part in parts.values():
        wait_until(lambda part=part: not part.alive())  # type: ignore[misc]


def wait_until(holds: Callable[[], bool]) -> None:
    async def look() -> None:
        while not holds():
            await asyncio.sleep(0.02)

    asyncio.run(asyncio.wait_for(look(), 10))


@in_its_loop
async def test_a_second_program_says_that_one_runs_already(stack: Stack) -> None:
    second = start_program(folder_of(stack))
    said, _ = await asyncio.to_thread(second.communicate, timeout=30)
    assert second.returncode == 1
    assert f"A stack runs on {folder_of(stack)} already, process {os.getpid()}." in said
    assert "Traceback" not in said


def test_a_json_line_of_a_part_is_shown_readable() -> None:
    line = readable_line(json.dumps({"event": "mail sent", "level": "info", "pair": "p1"}))
    assert "mail sent" in line
    assert not line.startswith("{")
    assert readable_line("not json") == "not json"
    assert readable_line("7") == "7"
