"""The proposal goes to HR as a file, and HR's edits come back checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from domain.definition import Definition
from domain.matching import Proposal, match
from domain.people import Person, Role
from domain.problems import BadInput
from store.proposal_file import export_proposal, import_proposal
from tests.domain.definitions import definition_with

DEFINITION = definition_with(
    matching={"rules": [{"rule": "different", "column": "department"}]}, department="Unit"
)


def person(reference: str, role: Role, department: str, **more: Any) -> Person:
    values = {"name": f"Example {reference}", "email": f"{reference}@example.com", **more}
    return Person(reference=reference, roles=(role,), department=department, **values)


PEOPLE = {
    "p-a": person("1", Role.MENTOR, "IT", name="=HYPERLINK(1)", skills=("AI",)),
    "p-b": person("2", Role.MENTOR, "Sales"),
    "p-c": person("3", Role.MENTOR, "Law", capacity=2),
    "p-x": person("11", Role.MENTEE, "Sales", goals=("AI",)),
    "p-y": person("12", Role.MENTEE, "IT"),
}


def pairs_of(proposal: Proposal) -> list[tuple[str, str]]:
    return [(pair.mentor, pair.mentee) for pair in proposal.pairs]


@pytest.fixture
def proposal() -> Proposal:
    return match(DEFINITION, PEOPLE)


@pytest.fixture
def sheet(tmp_path: Path, proposal: Proposal) -> Path:
    path = tmp_path / "matches.xlsx"
    export_proposal(path, proposal, PEOPLE)
    return path


def edit(path: Path, changes: dict[str, Any]) -> Path:
    book = load_workbook(path)
    for cell, value in changes.items():
        book["Matches"][cell] = value
    book.save(path)
    return path


def problems_of(path: Path, definition: Definition = DEFINITION) -> list[str]:
    with pytest.raises(BadInput) as refused:
        import_proposal(path, definition, PEOPLE)
    return [str(problem).removeprefix(f"{path}, ") for problem in refused.value.problems]


@pytest.mark.parametrize("ending", ["xlsx", "json"])
def test_a_file_that_nobody_changed_comes_back_the_same(
    tmp_path: Path, proposal: Proposal, ending: str
) -> None:
    path = tmp_path / f"matches.{ending}"
    export_proposal(path, proposal, PEOPLE)
    back = import_proposal(path, DEFINITION, PEOPLE)
    assert pairs_of(back) == pairs_of(proposal)
    assert [pair.score for pair in back.pairs] == [pair.score for pair in proposal.pairs]
    assert back.unmatched == proposal.unmatched
    assert all(pair.fixed for pair in back.pairs)


def test_the_sheet_shows_ids_names_and_reasons_of_the_organisation(sheet: Path) -> None:
    book = load_workbook(sheet)
    rows = list(book["Matches"].iter_rows(values_only=True))
    assert rows[1][:6] == ("approve", "1", "=HYPERLINK(1)", "11", "Example 11", 100)
    assert "the mentor can teach 1 of the mentee's 1 goals: AI" in str(rows[1][6])
    assert book["Matches"].freeze_panes == "A2"
    left = list(book["Not matched"].iter_rows(values_only=True))
    assert len(left) == 2
    assert not any("p-a" in str(cell) for row in rows for cell in row)


def test_text_that_looks_like_a_formula_stays_text(sheet: Path) -> None:
    cell = load_workbook(sheet)["Matches"]["C2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=HYPERLINK(1)", "s", True)


def test_hr_drops_replaces_adds_and_comments(sheet: Path) -> None:
    edit(
        sheet,
        {
            "A3": "Drop",
            "B2": 3,
            "I2": "know each other from the fair",
            "B4": 3,
            "D4": 12,
        },
    )
    back = import_proposal(sheet, DEFINITION, PEOPLE)
    assert pairs_of(back) == [("p-c", "p-x"), ("p-c", "p-y")]
    assert back.pairs[0].comment == "know each other from the fair"
    assert {left.key for left in back.unmatched} == {"p-a", "p-b"}


def test_every_edit_that_cannot_stand_is_told_at_once(sheet: Path) -> None:
    edit(
        sheet,
        {
            "A2": "aprove",
            "B2": 2,  # and 2 and 11 are both in Sales
            "B3": "99",
            "D3": 12,
            "B4": 1,
            "D4": 11,
            "B5": 1,
            "D5": 11,
            "B6": "",
            "D6": 12,
            "B7": 3,
            "D7": 11,
            "B8": 12,
            "D8": 3,
        },
    )
    assert problems_of(sheet) == [
        "row 2, Decision: “aprove” is no decision. Did you mean “approve”?",
        "row 2: 2 and 11 can't be a pair: different department: both have “Sales”.",
        "row 3, Mentor ID: there is nobody with the id “99”.",
        "row 5: 1 and 11 are a pair in row 4 already. Drop one of the rows.",
        "row 6, Mentor ID: this is empty. Write an id, or “drop” as decision.",
        "row 7: 11 would be in 3 pairs (rows 2, 4, 7), but has room for 1. "
        "Write “drop” in one of the rows, or another id.",
        "row 8: 12 and 3 can't be a pair: not eligible as mentor: the people file does not say "
        "mentor.",
        "row 8: 12 and 3 can't be a pair: not eligible as mentee: the people file does not say "
        "mentee.",
    ]


def test_a_missing_column_is_named(sheet: Path) -> None:
    edit(sheet, {"B1": "Who"})
    assert problems_of(sheet) == [
        "row 1: there is no column “Mentor ID”. Leave the headings as they were exported."
    ]


def test_json_holds_what_a_program_needs(tmp_path: Path, proposal: Proposal) -> None:
    path = tmp_path / "matches.json"
    export_proposal(path, proposal, PEOPLE, {"solve": 0.1})
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["objective"]["pairs"] == 2
    assert document["pairs"][0]["mentor"] == "1"
    assert document["unmatched"][0]["reasons"]
    assert document["timings"] == {"solve": 0.1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "line 1: this is not JSON."),
        ("[]", "this is no proposal: “pairs” is missing or no list."),
        (
            '{"pairs": [{"mentor": 1}]}',
            "pairs[1]: an entry needs “mentor” and “mentee”, all in quotation marks.",
        ),
    ],
)
def test_json_that_is_no_proposal_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "matches.json"
    path.write_text(text)
    assert [p.removeprefix(f"{path}: ") for p in problems_of(path)] == [told]


def test_another_ending_is_refused(tmp_path: Path, proposal: Proposal) -> None:
    with pytest.raises(BadInput):
        export_proposal(tmp_path / "matches.pdf", proposal, PEOPLE)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, proposal: Proposal) -> None:
    with pytest.raises(BadInput):
        export_proposal(tmp_path / "nowhere" / "matches.xlsx", proposal, PEOPLE)
