"""The page in a real browser: for everybody, on a phone, in the dark, and on paper."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from activities.report import REPORT_HTML, ReportFiles
from tests.accessibility import wrongs_of
from tests.chromium import ARGUMENTS, chromium_path

PHONE = {"width": 320, "height": 640}
"""The narrowest screen that WCAG 1.4.10 asks for."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Skipped without it, but not in CI."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page_at(rich_files: ReportFiles, tmp_path: Path) -> str:
    """Where the page of a program lies that has all that one can have."""
    (tmp_path / REPORT_HTML).write_bytes(rich_files[REPORT_HTML])
    return (tmp_path / REPORT_HTML).as_uri()


def test_the_page_passes_the_accessibility_check_light_dark_and_on_a_phone(
    chromium: Browser, page_at: str
) -> None:
    """In the dark only colours differ, so nothing else is looked at again."""
    found: dict[str, str] = {}
    rules: dict[str, Any]
    for scheme, size, rules in (
        ("light", None, {}),
        ("dark", PHONE, {"runOnly": ["color-contrast"]}),
    ):
        context = chromium.new_context(color_scheme=scheme, viewport=size)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(page_at)
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        # Around drawings stand their text alternatives.
        if wrongs := wrongs_of(page, without=["svg"], **rules):
            found[scheme] = wrongs
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            found[f"{scheme} width"] = f"{wide} px too wide"
        if shots := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{shots}/report-{scheme}.png", full_page=True)
        context.close()
    assert found == {}


def test_the_page_prints_on_a_few_sheets_with_all_that_is_folded_away(
    chromium: Browser, page_at: str
) -> None:
    page = chromium.new_page()
    page.goto(page_at)
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert 6 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 16
    page.emulate_media(media="print")
    for table in page.locator("details table").all():
        assert table.is_visible()
    assert not page.locator("nav").is_visible()
    if shots := os.environ.get("SCREENSHOTS"):
        Path(f"{shots}/report.pdf").write_bytes(printed)
    page.close()
