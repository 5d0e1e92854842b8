"""Workflow code of today replays the histories of every release, whole ones and those half-way."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import pytest

from runtime.version import VERSION
from tests.histories.commands import DoesNotReplay, commands_of, fingerprints
from tests.histories.keeping import name_of, recorded
from worker import WORKFLOWS, workflow_runner

RECORDED = recorded()

WHAT_TO_DO = (
    "This change to a workflow breaks runs in flight. Keep the old path behind workflow.patched(), "
    "or undo it. New histories are recorded with “make histories”, never to make this test pass."
)

WHAT_TO_DO_NOW = (
    "Runs in flight replay, but this change makes them ask for other things than they did: see "
    "above. If that is not meant, undo it. If they should go on as they were, keep the old path "
    "behind workflow.patched(). If it is meant for them too, “make fingerprints” writes it down; "
    "name it in CHANGELOG.md, and in docs/upgrading.md where there is a patch."
)


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: f"{file.parent.name}/{name_of(file)}")
async def test_a_recorded_run_replays_and_asks_for_what_is_written_down(file: Path) -> None:
    try:
        found = await commands_of(file, WORKFLOWS, workflow_runner())
    except DoesNotReplay as failure:
        pytest.fail(f"{WHAT_TO_DO}\n{failure}")
    written = fingerprints(file.parent.name)[name_of(file)]
    change = "\n".join(unified_diff(written, found, "written down", "asked now", lineterm="", n=2))
    assert not change, f"{change}\n\n{WHAT_TO_DO_NOW}"


def test_nothing_is_written_down_of_runs_that_are_not_recorded() -> None:
    releases = {file.parent.name for file in RECORDED}
    written = {(release, name) for release in releases for name in fingerprints(release)}
    assert written == {(file.parent.name, name_of(file)) for file in RECORDED}


def test_there_are_histories_of_every_workflow_of_this_version() -> None:
    names = {name_of(file) for file in RECORDED if file.parent.name == VERSION}
    wanted = {"program", "cohort"}
    assert {f"{when}-{name}" for when in ("midway", "whole") for name in wanted} <= names
    assert {"shared-whole-program", "whole-afterwards", "whole-follow-up"} <= names
    endings = {name for name in names if name.startswith("whole-pair-")}
    assert len(endings) >= 5, f"only {sorted(endings)}: run make histories"
