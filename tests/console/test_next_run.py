"""`new --from` writes the next run's definition from the store, with what the report suggests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.intake import read_all
from runtime.settings import load_settings
from store.content_folders import SHIPPED
from store.database import Database
from store.migrate import migrate
from tests.console.typed import type_in
from tests.report import sample
from tests.report.sample import Sample

FIXED: dict[str, Any] = {"rules": [], "preferences": [], "fixed": [["E0000", "E0001"]]}
MISSED: dict[str, Any] = {
    "matching": FIXED,
    "sessions": {"count": 12, "every": "10 days", "minimum": 4},
    "success": [{"metric": "response_rate", "target": ">= 99%"}],
}
"""A definition of which the sample reached less than it wanted."""


def stored(made: Sample) -> Sample:
    """A program in HR's own store."""
    database = Database(load_settings().database)
    migrate(database)
    with database.write() as session:
        made.write(session)
    database.close()
    return made


def sample_of(**changes: Any) -> Sample:
    made = sample.make()
    made.definition = sample.definition(**changes)
    return made


def test_the_next_run_is_written_with_suggestions_and_passes_its_check(here: Path) -> None:
    stored(sample_of(**MISSED))
    done = type_in("new", "Learning 2028", "--from", "example-2026")
    assert done.code == 0
    assert "Wrote learning-2028.yaml. Edit it, then: python starter.py check" in done.out
    assert (
        "2 suggestions stand in it as comments, with what was seen in “example-2026”." in done.out
    )
    assert "1 pair under matching.fixed was left out" in done.out
    text = (here / "learning-2028.yaml").read_text("utf-8")
    assert text.count("# Suggestion: ") == 2
    assert "  scheme: example-2026\n" in text
    plan = read_all(here / "learning-2028.yaml", None, (SHIPPED,)).definition
    assert (plan.program.title, plan.sessions.count) == ("Learning 2028", 12)
    assert plan.coordinator == sample.definition().coordinator
    assert plan.program.starts >= datetime.now(UTC).date() + timedelta(days=21)


def test_a_program_that_is_not_over_gives_no_suggestions(here: Path) -> None:
    stored(sample_of(**MISSED).until(sample.START + timedelta(days=100)))
    done = type_in("new", "example-2028", "--from", "example-2026")
    assert done.code == 0
    assert "is not final yet, so there are no suggestions." in done.out
    assert "Suggestion" not in (here / "example-2028.yaml").read_text("utf-8")


def test_a_report_that_suggests_nothing_is_told_so() -> None:
    stored(sample.make())
    done = type_in("new", "example-2028", "--from", "example-2026")
    assert "The report on “example-2026” suggests nothing." in done.out
    assert "fixed" not in done.out


def test_what_can_not_be_followed_is_bad_input_and_writes_nothing(here: Path) -> None:
    stored(sample.make())
    for name, *words, told in (
        ("example-2028", "--from", "nope", "There is no program “nope” in the store. There are: "),
        ("Example 2026", "--from", "example-2026", "There is a program “example-2026” already."),
        ("??", "--from", "example-2026", "does not make an id"),
        ("x-y-z", "--from", "x", "--template", "standard", "Give either --template or --from."),
    ):
        done = type_in("new", name, *words)
        assert (done.code, done.out) == (2, "")
        assert told in done.err
    assert list(here.iterdir()) == []
