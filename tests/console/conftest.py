"""Fixtures of the commands' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.settings import PROJECT, Settings

EXAMPLE = PROJECT / "examples" / "digital-leaders"
DEFINITION = EXAMPLE / "definition.yaml"
PEOPLE = EXAMPLE / "people.csv"


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
