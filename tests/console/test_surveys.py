"""HR and operators hear of a survey that was changed without a new version."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

import worker
from console.surveys import changed_surveys
from domain.survey_versions import Instrument
from domain.surveys import Survey
from runtime.settings import load_settings
from store import instruments
from store.content_folders import SHIPPED
from store.database import Database
from store.instruments import Asking
from store.migrate import migrate
from store.survey_file import read_survey
from tests.console.conftest import DEFINITION
from tests.console.typed import type_in
from tests.portal.scene import PROGRAM, STARTED, fill

PULSE = SHIPPED / "en" / "surveys" / "pulse.yaml"
TOLD = "surveys/pulse.yaml (en) was changed and is still version 1"


@pytest.fixture
def database() -> Database:
    """The store that the commands use, with a program whose people were asked the pulse."""
    database = Database(load_settings().database)
    migrate(database)
    fill(database)
    asking = Asking(
        occasion="pulse:2", instrument=Instrument(survey=read_survey(PULSE), language="en")
    )
    with database.write() as session:
        instruments.ask(session, PROGRAM, "pair-1", "p-mia", asking, STARTED)
    return database


@pytest.fixture
def own(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pulse of an organisation's own, in other words."""
    path = here / "own" / "en" / "surveys" / "pulse.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(PULSE.read_text("utf-8").replace("How is it going?", "Well?"), "utf-8")
    monkeypatch.setenv("CONTENT_FOLDER", str(here / "own"))
    return path


def test_check_status_and_the_worker_say_to_raise_the_version(
    database: Database, own: Path
) -> None:
    checked = type_in("check", DEFINITION, "--json")
    assert checked.code == 0
    assert TOLD in checked.json["warnings"][-1]
    assert TOLD in " ".join(type_in("status", PROGRAM).out.split())
    assert TOLD in type_in("status", PROGRAM, "--json").json["warnings"][0]
    with capture_logs() as logged:
        worker.log_changed_surveys(database, load_settings())
    assert [TOLD in one["note"] for one in logged] == [True]


def test_with_a_version_of_its_own_there_is_nothing_to_say(database: Database, own: Path) -> None:
    assert len(changed_surveys(load_settings().content)) == 1
    own.write_text(own.read_text("utf-8").replace("version: 1", "version: 2"), "utf-8")
    assert changed_surveys(load_settings().content) == []
    assert type_in("status", PROGRAM, "--json").json["warnings"] == []


def test_what_was_looked_at_is_not_read_again_until_it_changes(
    database: Database, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = own.read_text("utf-8")
    own.write_text(PULSE.read_text("utf-8"), "utf-8")
    read: list[Path] = []

    def counted(path: Path) -> Survey:
        read.append(path)
        return read_survey(path)

    monkeypatch.setattr("store.survey_file.read_survey", counted)
    for _ in range(2):
        assert type_in("status", PROGRAM, "--json").json["warnings"] == []
    assert read == [own]
    own.write_text(changed, "utf-8")
    for _ in range(2):  # and what there is to say is said each time
        assert TOLD in type_in("status", PROGRAM, "--json").json["warnings"][0]


def test_nothing_is_made_to_compare_with(own: Path) -> None:
    assert changed_surveys(load_settings().content) == []
    assert not load_settings().var_dir.exists()


def test_a_store_that_is_not_ready_is_nothing_to_compare_with(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{own.parent / 'empty.db'}")
    (own.parent / "empty.db").touch()
    assert changed_surveys(load_settings().content) == []
    with capture_logs() as logged:
        worker.log_changed_surveys(Database(load_settings().database), load_settings())
    (one,) = logged
    assert "the store is away" in one["event"]
