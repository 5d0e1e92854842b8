"""Fixtures of the commands' tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runtime.settings import PROJECT, Settings

EXAMPLE = PROJECT / "examples" / "digital-leaders"
DEFINITION = EXAMPLE / "definition.yaml"
PEOPLE = EXAMPLE / "people.csv"


ALWAYS_OPEN = """
calendar:
  day: {day}
  working_days: Mon-Sun
  mail_hours: 00:00-24:00"""
"""Mail goes out at any hour, so that a test does not hang on the clock."""


def always_open(program: str, day: str = "15s") -> str:
    """The example's definition for a program of this name, in which nobody has hours."""
    text = DEFINITION.read_text("utf-8").replace("id: digital-leaders", f"id: {program}", 1)
    for column in ("timezone", "working_days", "working_hours"):
        text = re.sub(rf"    {column}: .*\n", "", text, count=1)
    text = re.sub(r"    - rule: shared_hours .*\n(?:      .*\n)*", "", text, count=1)
    return text.replace("\ncalendar:", ALWAYS_OPEN.format(day=day), 1)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HR's folder, with nothing in it, and no settings but that the data is kept below it."""
    for name in (
        *(field.upper() for field in Settings.model_fields),
        *("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE"),
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")  # where nothing answers
    folder = tmp_path / "hr"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "80")
    return folder
