"""Takes the pictures in docs/images from a running demonstration: `make pictures`.

Needs Chromium. The demonstration runs slowly enough for the pictures of its middle to be taken.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from playwright.async_api import Browser, async_playwright
from rich.console import Console
from temporalio.client import WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from console import show_status
from console.status import read_standing
from domain.ids import pair_workflow_id
from domain.lifecycle import PairState, Stage
from domain.projection import PairStatus
from runtime.exit import leave
from runtime.ports import any_free_port
from runtime.running import running_stack
from runtime.settings import PROJECT, Settings, load_settings
from store.database import Database
from tests.docs.program_to_look_at import UNSENT, ToLookAt, play
from tests.workflows.stage import on_stage
from workflows import search_attributes

IMAGES = PROJECT / "docs" / "images"
PROGRAM = "digital-leaders"
DAY = "0.7"
DESK = {"width": 1400, "height": 900}
LIST = {"width": 1640, "height": 500}
DESK_TO_THE_FAILURE = {"width": 1400, "height": 570}
"""Below it are the places in the code, with where it is installed."""
PHONE = {"width": 390, "height": 844}
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)

VIEWS = {
    "temporal-programs": 'WorkflowType = "Program" AND ExecutionStatus = "Running"',
    "temporal-stalled": 'PairState = "stalled"',
}
COLUMNS = ("Status", "Workflow ID", "MentoringStage", "PairState", "StateSince", "NextDue")
"""Of the lists, as docs/operating.md advises."""

_COLUMNS_ARE_KEPT_AS = "namespace-workflow-table-columns"


def _columns() -> str:
    return json.dumps({"default": [{"label": name} for name in COLUMNS]})


async def take_all() -> None:
    """Run the demonstration and take every picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        demo = await asyncio.create_subprocess_exec(
            *(sys.executable, str(PROJECT / "starter.py"), "demo", "--keep"),
            *("--day", DAY, "--folder", folder),
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            await _take(Path(folder))
        finally:
            demo.terminate()
            await demo.wait()


async def _take(folder: Path) -> None:
    while running_stack(folder) is None:
        await asyncio.sleep(0.5)
    settings = load_settings({**os.environ, "VAR_DIR": str(folder)})
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        database = Database(settings.database)
        await _middle(browser, settings, database)
        await _end(browser, settings, database, folder)
        database.close()
        await _without_a_mail_server(browser)
        await browser.close()


async def _middle(browser: Browser, settings: Settings, database: Database) -> None:
    stalled = await _stalled_pair(database)
    ui = f"{settings.temporal_ui_url}/namespaces/default/workflows"
    program, pair = (
        quote(f"program/{PROGRAM}{rest}", safe="") for rest in ("", f"/pair/{stalled}")
    )
    await _shoot(browser, f"{ui}/{pair}", "temporal-pair", tab="User Metadata")
    for name, query in VIEWS.items():
        await _shoot(browser, f"{ui}?query={quote(query)}", name, size=LIST)
    await _shoot(browser, f"{ui}/{program}", "temporal-program", tab="User Metadata")
    await _shoot(browser, f"{ui}/{pair}", "temporal-timeline", heading="Timeline")
    await _shoot(
        browser, f"{ui}/{program}", "temporal-relationships", tab="Relationships", then="Expand All"
    )
    standing = read_standing(database, PROGRAM)
    terminal = Console(record=True, width=110, file=io.StringIO(), force_terminal=True)
    terminal.print(show_status.standing(standing, settings))
    terminal.save_svg(str(IMAGES / "status.svg"), title=f"starter.py status {PROGRAM}")
    mails = httpx.get(f"{settings.mailbox_url}/api/messages", params={"after": 0}, timeout=60)
    asks = [mail for mail in mails.json()["messages"] if mail["kind"] == "check_in"][-1]
    link = next(link for link in asks["links"] if "/survey/" in link)
    await _shoot(browser, link, "portal-survey", size=PHONE)
    await _shoot(browser, f"{settings.mailbox_url}/", "mailbox")


async def _end(browser: Browser, settings: Settings, database: Database, folder: Path) -> None:
    while not (folder / "report" / "report.html").exists():
        await asyncio.sleep(1)
    await asyncio.sleep(1)
    report = f"file://{folder}/report/report.html"
    for name, size in (("report", DESK), ("report-phone", PHONE)):
        await _shoot(browser, report, name, size=size)
        await _shoot(browser, report, f"{name}-change", size=size, part="change")


async def _without_a_mail_server(browser: Browser) -> None:
    """The tests' program, in which a mail can't go out."""
    port = any_free_port()
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(Path(sys.executable).parent / "temporal"),
        search_attributes=list(search_attributes.ALL),
        data_converter=pydantic_data_converter,
        dev_server_log_level="error",
        ui=True,
        ui_port=port,
    )
    stage, queue = ToLookAt(), load_settings({}).task_queue
    async with environment, on_stage(environment.client, queue, stage):
        await play(environment.client, queue, stage)
        pair = pair_workflow_id(PROGRAM, UNSENT)
        await _is_tried_rarely(environment.client.get_workflow_handle(pair))
        url = f"http://localhost:{port}/namespaces/default/workflows/{quote(pair, safe='')}"
        await _shoot(
            browser, url, "temporal-pending", tab="Pending Activities", size=DESK_TO_THE_FAILURE
        )


async def _is_tried_rarely(failing: WorkflowHandle[Any, Any]) -> None:
    """Wait until there are seconds before the next try, so that the picture shows when it is."""
    while True:
        described = await failing.describe()
        if any(one.attempt > 5 for one in described.raw_description.pending_activities):
            return
        await asyncio.sleep(0.2)


async def _stalled_pair(database: Database) -> str:
    """A pair that has been stalled for a while, once there is one."""

    def found(pair: PairStatus) -> bool:
        return pair.state is PairState.STALLED and (pair.ladder_step or 0) >= 3

    while True:
        await asyncio.sleep(0.5)
        standing = await asyncio.to_thread(_standing_or_none, database)
        if standing is not None and standing.status.stage is Stage.MEETINGS:
            for pair in standing.pairs.statuses:
                if found(pair):
                    return pair.pair


def _standing_or_none(database: Database) -> show_status.Standing | None:
    try:
        return read_standing(database, PROGRAM)
    except Exception:  # noqa: BLE001 - the program is not in the store yet
        return None


async def _shoot(
    browser: Browser,
    url: str,
    name: str,
    *,
    tab: str | None = None,
    then: str | None = None,
    heading: str | None = None,
    size: dict[str, int] | None = None,
    part: str | None = None,
) -> None:
    """Take a page's top, or one section of it."""
    page = await browser.new_page(viewport=size or DESK)  # type: ignore[arg-type]
    await page.add_init_script(f"localStorage.setItem('{_COLUMNS_ARE_KEPT_AS}', '{_columns()}')")
    await page.goto(url)
    if tab:
        await page.get_by_role("tab", name=re.compile(f"^{tab}")).click()
    if then:
        await page.get_by_text(then).click()
    await page.wait_for_timeout(3_000)  # the UI asks for more and more while a workflow runs
    if heading:
        found = page.get_by_role("heading", name=heading)
        await found.evaluate("found => found.scrollIntoView()")
    path = IMAGES / f"{name}.png"
    if part:
        await page.locator(f"section[aria-labelledby={part}]").screenshot(path=path)
    else:
        await page.screenshot(path=path)
    await page.close()


if __name__ == "__main__":
    asyncio.run(take_all())
    leave(0)
