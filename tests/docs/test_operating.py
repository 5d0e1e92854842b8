"""What docs/operating.md says is in the Temporal UI is there, and what it says to type works.

A real server with its real UI, and a program of real workflows on it, named as in the document.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, async_playwright, expect
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from domain.ids import cohort_workflow_id, pair_workflow_id, program_workflow_id
from domain.lifecycle import PairState
from domain.lifecycle import Stage as ProgramStage
from runtime.ports import any_free_port
from tests.chromium import ARGUMENTS, chromium_path
from tests.conftest import program_beside_python
from tests.docs import program_to_look_at
from tests.docs.operating import PAIR, PROGRAM, columns, commands, tab_for, to_come, views
from tests.docs.program_to_look_at import (
    CLOSED,
    COUNTS,
    DECLINED,
    STALLED,
    STALLED_TOO,
    UNSENT,
    Handle,
    ToLookAt,
    play,
    slow_plan,
    start,
)
from tests.workflows.stage import PAIR_PLAN, Stage, on_stage
from workflows import search_attributes
from workflows.messages import ProgramView
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow

in_its_loop = pytest.mark.asyncio(loop_scope="module")

COMMANDS = commands()
IN_THE_UI = 20_000
"""Milliseconds within which the UI shows what is there, on a busy machine."""

ANOTHER = f"{PROGRAM}-2"
"""The program in which acts are tried."""

HERE = program_workflow_id(PROGRAM)
COHORT = cohort_workflow_id(PROGRAM, 1)
PAIRS = {one: pair_workflow_id(PROGRAM, one) for one in program_to_look_at.PAIRS}
BOTH_STALLED = {PAIRS[STALLED], PAIRS[STALLED_TOO]}

SHOWS = {
    "programs": {HERE},
    "programs in one stage": {HERE},
    "programs whose stage ends soon": {HERE},
    "everything of one program": {HERE, COHORT, *PAIRS.values()},
    "stalled pairs": BOTH_STALLED,
    "stalled pairs of one program": BOTH_STALLED,
    "pairs that have been stalled for long": BOTH_STALLED,
    "pairs whose next step is long overdue": BOTH_STALLED,
    "pairs of one cohort": set(PAIRS.values()),
    "pairs that ended without completing": {PAIRS[DECLINED], PAIRS[CLOSED]},
    "workflows that wait for mended code": set(),
}
"""What each view of the document finds here."""


@dataclass(frozen=True)
class Scene:
    """A server on which the program is to be seen."""

    client: Client
    ui: str
    stage: ToLookAt
    task_queue: str = "to-look-at"

    async def typed(self, words: list[str], **ids: str) -> subprocess.CompletedProcess[str]:
        """What comes of a command of the document, of another program or pair than it names."""
        there, pair = ids.get("program", PROGRAM), ids.get("pair", PAIR)
        line = [to_come(word.replace(PROGRAM, there).replace(PAIR, pair)) for word in words]
        return await asyncio.to_thread(
            subprocess.run,
            [program_beside_python(line[0]), *line[1:]],
            env={
                "PATH": os.environ["PATH"],
                "HOME": "/nonexistent",
                "TEMPORAL_ADDRESS": self.client.service_client.config.target_host,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )

    async def attribute(self, workflow: str, key: SearchAttributeKey[datetime]) -> datetime:
        """A search attribute of a workflow."""
        described = await self.client.get_workflow_handle(workflow).describe()
        return described.typed_search_attributes[key]

    async def shown(self, pair: str) -> str:
        """The current details of a pair of the program."""
        handle = self.client.get_workflow_handle(PAIRS[pair])
        described = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        return str(described.current_details)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[Scene]:
    port = any_free_port()
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=program_beside_python("temporal"),
        search_attributes=list(search_attributes.ALL),
        data_converter=pydantic_data_converter,
        dev_server_log_level="error",
        dev_server_extra_args=["--ui-disable-news-fetch"],
        ui=True,
        ui_port=port,
    )
    async with environment:
        found = Scene(environment.client, f"http://localhost:{port}", ToLookAt())
        async with on_stage(found.client, found.task_queue, found.stage):
            await play(found.client, found.task_queue, found.stage)
            yield found


# --- The list filters ----------------------------------------------------------------------------


@in_its_loop
async def test_every_view_of_the_document_shows_what_it_says(scene: Scene) -> None:
    assert set(views()) == set(SHOWS)
    for view, query in views().items():
        wanted = SHOWS[view]
        async with asyncio.timeout(20):  # the lists come a moment after what they list
            while await _listed(scene.client, to_come(query), PROGRAM) != wanted:
                await asyncio.sleep(0.1)


async def _listed(client: Client, query: str, program: str) -> set[str]:
    """What the list shows of a program."""
    top = program_workflow_id(program)
    found = {workflow.id async for workflow in client.list_workflows(query)}
    return {name for name in found if name == top or name.startswith(f"{top}/")}


# --- The UI --------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="module")
async def page(scene: Scene) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=list(ARGUMENTS)
        )
        page = await browser.new_page(
            viewport={"width": 1400, "height": 900}, timezone_id="UTC", locale="en-US"
        )
        page.set_default_timeout(IN_THE_UI)
        expect.set_options(timeout=IN_THE_UI)
        await page.goto(f"{scene.ui}/namespaces/default/workflows")
        yield page
        await browser.close()


async def look_at(page: Page, view: str) -> None:
    """Type the view's filter where the document says that it goes."""
    query = page.get_by_placeholder("Enter a query")
    if not await query.is_visible():
        await page.get_by_test_id("toggle-manual-query").click()
    await query.fill(to_come(views()[view]))
    await query.press("Enter")


async def row(page: Page, workflow: str) -> str:
    """A workflow's row in the list, in words."""
    found = page.get_by_role("row").filter(has=page.get_by_role("link", name=workflow, exact=True))
    await expect(found).to_be_visible()
    return await found.inner_text()


async def opened(page: Page, workflow: str, question: str) -> None:
    """Click on a workflow in the list, and on the tab that answers the question."""
    await page.get_by_role("link", name=workflow, exact=True).click()
    await page.get_by_role("tab", name=re.compile(f"^{tab_for(question)}")).click()


def in_details(page: Page, name: str) -> Locator:
    """The value that the current details give under a name."""
    rows = page.frame_locator("iframe").last.get_by_role("row")
    return rows.filter(has_text=re.compile(rf"^\s*{name}\b")).locator("th, td").last


@in_its_loop
async def test_an_operator_finds_what_the_document_promises(scene: Scene, page: Page) -> None:
    await page.get_by_role("button", name="Configure Columns").click()
    for column in columns():
        await page.get_by_role("button", name=f"Add {column} column").click()
    for column in ("Run ID", "Type", "Start", "End"):
        await page.get_by_role("button", name=f"Remove {column} column").click()
    await page.get_by_role("button", name="Close Workflows Table configuration").click()

    await look_at(page, "programs")
    listed = await row(page, HERE)
    assert ProgramStage.PREPARATION.value in listed
    assert shown_in_lists(await scene.attribute(HERE, search_attributes.NEXT_DUE)) in listed
    await opened(page, HERE, "How does a program stand?")
    await expect(in_details(page, "Stage")).to_have_text(ProgramStage.PREPARATION.value)
    for state, count in COUNTS.items():
        await expect(in_details(page, state.value)).to_have_text(str(count))

    await page.get_by_role("link", name="Back to Workflows").click()
    await look_at(page, "stalled pairs")
    since = await scene.attribute(PAIRS[STALLED], search_attributes.STATE_SINCE)
    assert shown_in_lists(since) in await row(page, PAIRS[STALLED])
    await opened(page, PAIRS[STALLED], "What comes next for a pair, and when?")
    await expect(in_details(page, "State")).to_contain_text(f"since {since:%Y-%m-%d %H:%M:%S}")
    due = await scene.attribute(PAIRS[STALLED], search_attributes.NEXT_DUE)
    await expect(in_details(page, "Next step")).to_have_text(
        f"ladder step 4: tell sponsor, due {due:%Y-%m-%d %H:%M:%S} UTC"
    )

    await page.get_by_role("link", name="Back to Workflows").click()
    await look_at(page, "pairs of one cohort")
    await opened(page, PAIRS[UNSENT], "What failed, and is it tried again?")
    for words in ("send_pair_moment", "Attempt", "Next Retry"):
        await expect(page.get_by_text(words, exact=True)).to_be_visible()
    failure = page.get_by_role("textbox", name="Last Failure")
    await expect(failure).to_contain_text("Check SMTP_URL, and that it runs.")


def shown_in_lists(instant: datetime) -> str:
    """An instant as the list shows it, without what is less than a minute."""
    return f"{instant:%b} {instant.day}, {instant.year}, {instant.hour % 12 or 12}:{instant:%M}:"


# --- The command line ----------------------------------------------------------------------------


async def until(program: Handle, is_there: Callable[[ProgramView], bool]) -> None:
    """Wait until the program has come to where an act fits."""
    async with asyncio.timeout(20):
        while not is_there(await program.query(ProgramWorkflow.view)):
            await asyncio.sleep(0.05)


@in_its_loop
async def test_what_the_document_says_to_type_works(scene: Scene) -> None:
    async with on_stage(scene.client, "to-type-at", stage := Stage()):
        await type_all(scene, stage, await start(scene.client, "to-type-at", ANOTHER, slow_plan()))


async def type_all(scene: Scene, stage: Stage, program: Handle) -> None:
    """Type what the document gives, each act when the program has come to it."""
    name, (first, second) = ANOTHER, stage.pairs

    async def done(act: str, pair: str = first) -> str:
        typed = await scene.typed(COMMANDS[act], program=name, pair=pair)
        assert typed.returncode == 0, f"{act}: {typed.stderr}"
        return typed.stdout

    async def refused(act: str, pair: str = first) -> str:
        typed = await scene.typed(COMMANDS[act], program=name, pair=pair)
        assert typed.returncode != 0, f"{act}: {typed.stdout}"
        return typed.stderr

    async def state(pair: str = first) -> PairState:
        handle = scene.client.get_workflow_handle(pair_workflow_id(name, pair))
        return PairState(await handle.query(PairWorkflow.state))

    async def view() -> ProgramView:
        return await program.query(ProgramWorkflow.view)

    await until(program, lambda at: at.stage is ProgramStage.MATCHING)
    assert "No matches wait for approval." in await refused("program approve_matches")
    await done("program close_enrolment")
    assert "Enrolment is not open." in await refused("program close_enrolment")
    await until(program, lambda at: at.awaits_selection)
    await done("program confirm_selection")
    assert "No selection waits for you." in await refused("program confirm_selection")
    await until(program, lambda at: at.awaits_approval)
    assert "There are no pairs yet." in await refused("program check_pairs")
    assert re.search(r"proposal_number\W+1\b", await done("program view"))
    await done("program approve_matches")
    await until(program, lambda at: sum(at.pairs.values()) == 2)
    await done("program check_pairs")

    await done("program pause")
    assert "The program is paused already." in await refused("program pause")
    await done("program postpone")
    assert (await view()).paused_until is not None
    await done("program resume")
    assert "The program is not paused." in await refused("program resume")
    await done("program extend")
    assert [order.meetings for order in stage.extended] == [PAIR_PLAN.meetings + 21]

    await until_pair_is(scene, name, first, PairState.INTRODUCED)
    await done("pair hold")
    assert await state() is PairState.PAUSED
    assert "This pair is paused already." in await refused("pair hold")
    await done("pair resume")
    assert "This pair is not paused" in await refused("pair resume")
    await done("pair extend")
    await done("pair rematch")
    assert await state() is PairState.CLOSED
    await done("pair close", second)
    assert await state(second) is PairState.CLOSED

    await done("terminate")
    with pytest.raises(WorkflowFailureError):
        await program.result()
    async with asyncio.timeout(20):
        while await _listed(scene.client, 'ExecutionStatus = "Running"', ANOTHER):
            await asyncio.sleep(0.1)


async def until_pair_is(scene: Scene, program: str, pair: str, state: PairState) -> None:
    """Wait until a pair has heard that its program goes on."""
    handle = scene.client.get_workflow_handle(pair_workflow_id(program, pair))
    async with asyncio.timeout(20):
        while await handle.query(PairWorkflow.state) is not state:
            await asyncio.sleep(0.05)


@in_its_loop
async def test_a_program_is_cancelled_as_the_document_says(scene: Scene) -> None:
    name = f"{PROGRAM}-3"
    plan = slow_plan(starts_in=timedelta(days=1))
    program = await start(scene.client, scene.task_queue, name, plan)
    assert (await scene.typed(COMMANDS["program cancel"], program=name)).returncode == 0
    assert (await program.result()).stage is ProgramStage.CANCELLED


@in_its_loop
async def test_the_coordinator_can_be_said_to_be_on_it(scene: Scene) -> None:
    typed = await scene.typed(COMMANDS["pair coordinator_decided"], pair=STALLED_TOO)
    assert typed.returncode == 0, typed.stderr
    async with asyncio.timeout(20):
        while "is on it; the ladder waits until" not in await scene.shown(STALLED_TOO):
            await asyncio.sleep(0.05)


def test_every_act_of_hr_has_a_word_on_it_and_a_command_in_the_document() -> None:
    for workflow in (ProgramWorkflow, PairWorkflow):
        known = getattr(workflow, "__temporal_workflow_definition")
        for kind in (known.updates, known.signals, known.queries):
            assert [name for name, one in kind.items() if not one.description] == []
    acts = getattr(ProgramWorkflow, "__temporal_workflow_definition").updates
    typed = {act.removeprefix("program ") for act in COMMANDS}
    assert set(acts) - typed == {"edit_matches", "change_matches"}  # by the starter only; no more


def test_every_command_of_the_document_is_tried() -> None:
    tried = re.findall(
        r'(?:done|refused)\("([\w ]+)"|COMMANDS\["([\w ]+)"\]', Path(__file__).read_text()
    )
    assert {one or other for one, other in tried} == set(COMMANDS)
