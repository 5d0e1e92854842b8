"""The embedded stack with PAYLOAD_KEYS: Temporal holds nothing readable, and who may reads it."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from domain.problems import BadInput
from runtime.payload_codec import ENCODING
from runtime.payload_keys import key_id
from runtime.running import read_note
from runtime.settings import load_settings
from runtime.stack import CODEC, Stack
from runtime.temporal import connection
from tests.chromium import ARGUMENTS, chromium_path
from tests.payload_keys import A, B, text_of
from tests.runtime.test_stack import make_stack

in_its_loop = pytest.mark.asyncio(loop_scope="module")

SUMMARY = "Pair m-1 of the spring"


@dataclass(frozen=True)
class Encrypted:
    """A stack that encrypts, and a workflow that ran on it."""

    stack: Stack
    folder: Path
    keys: Path
    workflow: str = "kept"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def encrypted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Encrypted]:
    folder = tmp_path_factory.mktemp("var")
    keys = tmp_path_factory.mktemp("keys") / "payload"
    keys.write_text(f"{text_of(A)}\n")
    async with make_stack(folder, PAYLOAD_KEYS_FILE=str(keys)) as stack:
        found = Encrypted(stack, folder, keys)
        client = await stack.client()
        await client.execute_workflow(
            "Nothing",
            id=found.workflow,
            task_queue=stack.settings().task_queue,
            static_summary=SUMMARY,
        )
        yield found


async def shown_by_the_cli(stack: Stack, workflow: str, *codec: str) -> str:
    """What `temporal workflow show` prints, as one who has the program and no keys types it."""
    program = Path(sys.executable).parent / "temporal"
    asked = ("workflow", "show", "--workflow-id", workflow, "--output", "json")
    done = await asyncio.to_thread(
        subprocess.run,
        [str(program), *asked, "--address", stack.addresses().temporal, *codec],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@in_its_loop
async def test_temporal_holds_nothing_readable(encrypted: Encrypted) -> None:
    shown = await shown_by_the_cli(encrypted.stack, encrypted.workflow)
    assert base64.b64encode(ENCODING).decode() in shown
    for word in (SUMMARY, "done"):
        assert word not in shown
        assert base64.b64encode(f'"{word}"'.encode()).decode() not in shown


@in_its_loop
async def test_the_command_line_reads_it_by_the_codec_server(encrypted: Encrypted) -> None:
    codec = encrypted.stack.addresses().codec
    assert codec is not None
    shown = await shown_by_the_cli(encrypted.stack, encrypted.workflow, "--codec-endpoint", codec)
    for word in (SUMMARY, "done"):
        assert base64.b64encode(f'"{word}"'.encode()).decode() in shown


@in_its_loop
async def test_the_ui_reads_it_by_the_codec_server(encrypted: Encrypted) -> None:
    at = encrypted.stack.addresses()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=list(ARGUMENTS)
        )
        page = await browser.new_page()
        await page.goto(f"{at.temporal_ui}/namespaces/default/workflows/{encrypted.workflow}")
        await expect(page.get_by_text('"done"').first).to_be_visible(timeout=20_000)
        await page.get_by_role("tab", name="User Metadata").click()
        for place, text in enumerate((SUMMARY, "nothing is left to do")):
            shown = page.frame_locator("iframe").nth(place).get_by_text(text)
            await expect(shown).to_be_visible(timeout=20_000)
        await browser.close()


@in_its_loop
async def test_the_codec_server_comes_back_where_it_was(encrypted: Encrypted) -> None:
    before = read_note(encrypted.folder)
    await encrypted.stack.kill(CODEC)
    await encrypted.stack.wait_ready(CODEC)
    after = read_note(encrypted.folder)
    assert before is not None
    assert after is not None
    assert before.parts[CODEC] != after.parts[CODEC]
    assert before.ports == after.ports


@in_its_loop
async def test_neither_note_nor_logs_hold_the_key(encrypted: Encrypted) -> None:
    for file in [encrypted.folder / "stack.json", *(encrypted.folder / "logs").iterdir()]:
        assert text_of(A) not in file.read_text(), file


@in_its_loop
async def test_who_types_finds_the_keys_by_the_folder(encrypted: Encrypted) -> None:
    settings = load_settings({"VAR_DIR": str(encrypted.folder)})
    assert [key.get_secret_value() for key in settings.payload_keys] == [text_of(A)]
    assert connection(settings, {})["target_host"] == encrypted.stack.addresses().temporal


@in_its_loop
async def test_who_types_with_another_key_is_stopped_before_anything_is_written(
    encrypted: Encrypted,
) -> None:
    settings = load_settings({"VAR_DIR": str(encrypted.folder), "PAYLOAD_KEYS": text_of(B)})
    with pytest.raises(BadInput) as refused:
        connection(settings, {})
    [problem] = refused.value.problems
    assert problem.field == "PAYLOAD_KEYS"
    assert f"encrypts with the key {key_id(A)}, and here is set the key {key_id(B)}" in str(problem)


def test_a_stack_does_not_start_without_the_key_of_its_last_run(tmp_path: Path) -> None:
    def start(**keys: str) -> None:
        stack = make_stack(tmp_path, None, **keys)
        stack._take_folder()
        try:
            stack._plan()
            stack._note(running=False)
        finally:
            stack._lock.close()  # type: ignore[union-attr]

    start(PAYLOAD_KEYS=text_of(A))
    for missing in ({}, {"PAYLOAD_KEYS": text_of(B)}):
        with pytest.raises(BadInput) as refused:
            start(**missing)
        assert f"the last run encrypted with the key {key_id(A)}" in str(refused.value.problems[0])
    start(PAYLOAD_KEYS=f"{text_of(B)} {text_of(A)}")
    start(PAYLOAD_READ_KEYS=text_of(B))
    start()
