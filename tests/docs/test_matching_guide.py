"""What the matching guide shows is what the commands say, and what it counts is what there is."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from docs.played import EXAMPLES, GUIDE, played
from domain.criteria import HardRule, Preference
from domain.definition import Definition
from domain.explaining import BLOCKING_SHOWN, LOOKED_AT
from domain.matching import MOST_CELLS_FOR_FRONTIER
from runtime.settings import PROJECT
from store.people_cells import MAX_CAPACITY
from store.proposal_file import HELP_SHEET
from store.table_file import MAX_BYTES, MAX_ROWS

TEXT = GUIDE.read_text("utf-8")
PEOPLE = sorted((PROJECT / EXAMPLES).glob("*.csv"))
PARTS = re.compile(r"<!-- played: .*?<!-- end -->", re.DOTALL)
FRAGMENTS = re.findall(r"```yaml\n((?:matching|people):\n.*?)```", TEXT, re.DOTALL)


@pytest.fixture(autouse=True)
def _nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")


def test_all_that_is_shown_is_what_the_commands_say() -> None:
    shown, said = PARTS.findall(TEXT), PARTS.findall(played(TEXT))
    assert len(shown) > 20
    assert shown == said, "run: make guide"


def test_a_part_that_was_changed_by_hand_is_noticed_and_mended() -> None:
    marked = "<!-- played: part our-words.yaml terms -->\n{}<!-- end -->\n"
    mended = played(marked.format("by hand\n"))
    assert "label: Shift board" in mended
    assert "by hand" not in mended
    assert played(mended) == mended


def test_a_marker_of_no_kind_is_refused() -> None:
    with pytest.raises(KeyError, match="sheat"):
        played("<!-- played: sheat 1.xlsx -->\n<!-- end -->")


def test_every_rule_and_every_preference_is_explained() -> None:
    rules, preferences = (get_args(get_args(union)[0]) for union in (HardRule, Preference))
    named = [kind.model_fields["rule"].default for kind in rules]
    named += [kind.model_fields["prefer"].default for kind in preferences]
    assert len(named) >= 17
    assert [name for name in named if f"`{name}`" not in TEXT] == []


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        both = {key: _merged(below.get(key), value) for key, value in above.items()}
        return {**below, **both}
    return above


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_what_a_definition_may_say_is_said_as_a_definition_understands_it(fragment: str) -> None:
    yaml = YAML(typ="safe")
    whole = yaml.load((PROJECT / EXAMPLES / "skills-4.yaml").read_text("utf-8"))
    Definition.model_validate(_merged(whole, yaml.load(fragment)))


def test_the_limits_are_those_of_the_code() -> None:
    limits = TEXT[TEXT.index("## Limits") :]
    assert f"{MAX_BYTES // 1_000_000} MB, {MAX_ROWS:,} rows" in limits
    assert f"| {MAX_CAPACITY} |" in limits
    assert f"for {LOOKED_AT} people" in limits
    assert f"the {BLOCKING_SHOWN} that would gain most" in limits
    assert f"above {MOST_CELLS_FOR_FRONTIER // 1_000_000} million possible pairs" in limits
    assert f"*{HELP_SHEET}*" in TEXT


@pytest.mark.parametrize("file", PEOPLE, ids=lambda file: file.name)
def test_everybody_in_the_examples_is_marked_as_one(file: Path) -> None:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert 20 <= len(rows) <= 40
    for row in rows:
        assert row["Name"].endswith(" Example")
        assert re.fullmatch(r"[a-z]+@example\.(com|org)", row["Mail"])
