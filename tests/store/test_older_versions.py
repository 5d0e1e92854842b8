"""What an earlier version wrote, into the store or into HR's files, is read by this one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from domain.criteria import PreferShared
from domain.definition import Definition
from domain.people import Person
from domain.proposal import Proposal
from store.definition_file import load_definition

KEPT = Path(__file__).parent / "kept"
"""The example program as each release kept it: a definition, a person, a proposal."""

STORES = sorted(KEPT.glob("*.json"))


@pytest.mark.parametrize("file", STORES, ids=lambda file: file.stem)
def test_what_the_store_holds_is_read(file: Path) -> None:
    kept = json.loads(file.read_text("utf-8"))
    definition = Definition.model_validate(kept["definition"])
    assert definition.contradictions() == []
    assert Person.model_validate(kept["person"]).reference == kept["person"]["reference"]
    assert len(Proposal.model_validate(kept["proposal"]).pairs) == 2


@pytest.mark.parametrize("file", sorted(KEPT.glob("*.yaml")), ids=lambda file: file.stem)
def test_hrs_definition_is_read(file: Path) -> None:
    assert load_definition(file).program.id == "digital-leaders"


def test_interests_in_common_are_what_they_were() -> None:
    definition = load_definition(KEPT / "definition-0.1.0.yaml")
    shared = [p for p in definition.matching.preferences if isinstance(p, PreferShared)]
    assert [(p.column, p.enough, p.weight) for p in shared] == [("interests", None, 1)]
