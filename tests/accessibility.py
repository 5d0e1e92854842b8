"""The accessibility check (axe) of a page that a browser shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT, AxeResults  # type: ignore[import-untyped]
from playwright.sync_api import Page


def wrongs_of(page: Page, without: Sequence[str] = (), **options: Any) -> str:
    """What the page does wrong, as a report; nothing is wrong when it is empty.

    `without` are CSS selectors of what is not looked at, `options` those of axe. The check is
    brought into a page once, and only what is wrong comes back: the rest would take a third longer.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    context: Mapping[str, Any] = {"exclude": [[each] for each in without]} if without else {}
    found = page.evaluate(
        """async ([context, options]) => {
            const {violations} = await axe.run(context, options);
            return JSON.stringify({violations});
        }""",
        [context or "html", {"resultTypes": ["violations"], **options}],
    )
    results = AxeResults(json.loads(found))
    return str(results.generate_report()) if results.violations_count else ""
