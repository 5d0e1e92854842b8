"""What the documents take from the code is what the code says today."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.generated import DOCUMENT_OF, PARTS, Task, pair_table, settings_table, up_to_date
from domain.lifecycle import PAIR_TRANSITIONS
from runtime.settings import Settings


@pytest.mark.parametrize(("task", "document"), DOCUMENT_OF.items())
def test_a_generated_part_is_up_to_date(task: Task, document: Path) -> None:
    text = document.read_text("utf-8")
    assert text == up_to_date(text), f"run: make {task}"


def test_every_part_stands_in_a_document() -> None:
    texts = "".join(document.read_text("utf-8") for document in DOCUMENT_OF.values())
    assert [name for name in PARTS if f"<!-- generated: {name} -->" not in texts] == []


def test_a_part_that_was_changed_by_hand_is_noticed_and_mended() -> None:
    text = "before\n<!-- generated: pair-table -->\nby hand\n<!-- end -->\nafter\n"
    assert up_to_date(text) == text.replace("by hand\n", pair_table())


def test_a_marker_that_names_no_part_is_refused() -> None:
    with pytest.raises(KeyError, match="pair-tabel"):
        up_to_date("<!-- generated: pair-tabel -->\n<!-- end -->")


def test_every_transition_of_a_pair_is_in_the_table() -> None:
    rows = [line.strip("| ").split(" | ") for line in pair_table().splitlines()]
    written = {(of, row[1], row[2]) for row in rows for of in row[0].split(", ")}
    for transition in PAIR_TRANSITIONS:
        assert (transition.source, transition.target, transition.reason) in written


def test_every_setting_is_in_the_table_and_says_what_it_is_for() -> None:
    rows = [line.strip("| ").split(" | ") for line in settings_table().splitlines()[2:]]
    assert [row[0] for row in rows] == [f"`{name.upper()}`" for name in Settings.model_fields]
    assert all(len(row) == 3 and row[2] for row in rows)
