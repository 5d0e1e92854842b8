"""The proposal goes to HR as a file, and HR's edits come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from domain.edits import Edit, EditKind
from domain.matching import match, proposal_of
from domain.people import Person, Role
from domain.problems import BadInput
from domain.proposal import BlockingPair, Chosen, Proposal, Reached
from store.proposal_file import ReadEdits, Source, export_proposal, read_edits
from tests.domain.definitions import definition_with

DEFINITION = definition_with(
    matching={"rules": [{"rule": "different", "column": "department"}]}, department="Unit"
)
SOURCE = Source("example", 2)


def person(reference: str, role: Role, department: str, **more: Any) -> Person:
    values = {"name": f"Example {reference}", "email": f"{reference}@example.com", **more}
    return Person(reference=reference, roles=(role,), department=department, **values)


PEOPLE = {
    "p-a": person("1", Role.MENTOR, "IT", name="=HYPERLINK(1)", skills=("AI",)),
    "p-b": person("2", Role.MENTOR, "Sales"),
    "p-c": person("3", Role.MENTOR, "Law"),
    "p-d": person("4", Role.MENTOR, "Law"),
    "p-x": person("11", Role.MENTEE, "Sales", goals=("AI",)),
    "p-y": person("12", Role.MENTEE, "IT"),
    "p-z": person("13", Role.MENTEE, "Sales"),
}
AWAY = "p-d"
"""Somebody in the program who takes no part."""


@pytest.fixture
def proposal() -> Proposal:
    """Three pairs, the last of them HR's."""
    here = {key: p for key, p in PEOPLE.items() if key != AWAY}
    pairs = [
        Chosen("p-a", "p-x"),
        Chosen("p-b", "p-y", comment="=1+1"),
        Chosen("p-c", "p-z", fixed=True),
    ]
    return proposal_of(DEFINITION, here, pairs)


@pytest.fixture(params=["xlsx", "json"])
def file(request: pytest.FixtureRequest, tmp_path: Path, proposal: Proposal) -> Path:
    path = tmp_path / f"matches.{request.param}"
    export_proposal(path, proposal, PEOPLE, source=SOURCE)
    return path


@pytest.fixture
def sheet(tmp_path: Path, proposal: Proposal) -> Path:
    path = tmp_path / "matches.xlsx"
    export_proposal(path, proposal, PEOPLE, source=SOURCE)
    return path


FIELDS = {"No.": "no", "Decision": "decision", "Comment": "comment"}
FIELDS |= {"Mentor ID": "mentor", "Mentor": "mentor_name"}
FIELDS |= {"Mentee ID": "mentee", "Mentee": "mentee_name"}


def edit(path: Path, row: int, **changes: Any) -> None:
    """Change the row-th pair of a file (from 1; the next one is new). Names are JSON's."""
    if path.suffix == ".json":
        document = json.loads(path.read_text("utf-8"))
        pairs = document["pairs"]
        pairs += [{}] * (row - len(pairs))
        pairs[row - 1] = {**pairs[row - 1], **changes}
        path.write_text(json.dumps(document), "utf-8")
    else:
        book = load_workbook(path)
        headings = [FIELDS.get(str(cell.value)) for cell in book["Matches"][1]]
        for name, value in changes.items():
            book["Matches"].cell(row + 1, headings.index(name) + 1, value)
        book.save(path)


def change(path: Path, how: Callable[[Worksheet], None], name: str = "Matches") -> None:
    book = load_workbook(path)
    how(book[name])
    book.save(path)


def read(path: Path, proposal: Proposal, source: Source = SOURCE) -> ReadEdits:
    taking_part = PEOPLE.keys() - {AWAY}
    return read_edits(path, proposal, PEOPLE, source=source, taking_part=taking_part)


def told(path: Path, proposal: Proposal) -> list[str]:
    return [str(p).removeprefix(f"{path}, ") for p in read(path, proposal).problems]


def refusal(path: Path, proposal: Proposal, source: Source = SOURCE) -> list[str]:
    with pytest.raises(BadInput) as refused:
        read(path, proposal, source)
    return [str(problem).removeprefix(f"{path}") for problem in refused.value.problems]


def decided(found: ReadEdits) -> list[tuple[Any, ...]]:
    return [(e.kind.value, e.before, e.after) for e in found.edits]


A_X, B_Y, C_Z = ("p-a", "p-x"), ("p-b", "p-y"), ("p-c", "p-z")
AS_IT_IS = [("approve", A_X, A_X), ("approve", B_Y, B_Y), ("lock", C_Z, C_Z)]


# --- What HR gets --------------------------------------------------------------------------------


def test_the_sheet_shows_ids_names_and_reasons_of_the_organisation(sheet: Path) -> None:
    rows = list(load_workbook(sheet)["Matches"].iter_rows(values_only=True))
    assert rows[1][:7] == (1, "approve", "1", "=HYPERLINK(1)", "11", "Example 11", 100)
    assert "AI" in str(rows[1][7])
    assert [row[1] for row in rows[1:]] == ["approve", "approve", "lock"]
    assert not any("p-a" in str(cell) for row in rows for cell in row)


def test_text_that_looks_like_a_formula_stays_text(sheet: Path) -> None:
    matches = load_workbook(sheet)["Matches"]
    for cell in (matches["D2"], matches["J3"]):
        assert (cell.data_type, cell.quotePrefix) == ("s", True)
        assert str(cell.value).startswith("=")


def test_decisions_can_be_chosen_from_a_list_below_the_last_row_too(sheet: Path) -> None:
    (choices,) = load_workbook(sheet)["Matches"].data_validations.dataValidation
    assert choices.formula1 == '"approve,lock,drop,swap"'
    assert "B5000" in choices.sqref


def test_who_waits_stands_in_order_with_what_would_help(tmp_path: Path) -> None:
    crowd = {**PEOPLE, "p-w": person("14", Role.MENTEE, "Law")}
    path = tmp_path / "matches.xlsx"
    proposal = match(DEFINITION, {key: p for key, p in crowd.items() if key != AWAY})
    export_proposal(path, proposal, crowd, source=SOURCE)
    (heading, row) = load_workbook(path)["Not matched"].iter_rows(values_only=True)
    assert heading[:4] == ("Place", "ID", "Name", "Would be")
    left = proposal.unmatched[0]
    assert row[:4] == (1, crowd[left.key].reference, crowd[left.key].name, "mentee")
    assert left.reasons[0] in str(row[4])
    assert left.relaxations
    assert left.relaxations[0] in str(row[5])


def test_the_overview_says_what_else_could_be_chosen(tmp_path: Path, proposal: Proposal) -> None:
    path = tmp_path / "matches.xlsx"
    weighed = proposal.model_copy(
        update={
            "frontier": (Reached(people=8, pairs=4, score=150),),
            "blocking": (BlockingPair(mentor="p-a", mentee="p-z", score=90),),
            "blocking_count": 1,
            "fixed_not_made": ("1 as mentor of 12: no.",),
        }
    )
    export_proposal(path, weighed, PEOPLE, source=SOURCE)
    cells = [
        str(cell)
        for row in load_workbook(path)["Overview"].iter_rows(values_only=True)
        for cell in row
    ]
    total = f"{proposal.totals.score:,.0f}"
    assert f"2 more people could have a partner at a total of 150 instead of {total}." in cells
    assert any(cell.startswith("1 blocking pair") for cell in cells)
    assert cells.index("1 as mentor of 12: no.") < cells.index("Put first")
    assert "=HYPERLINK(1) (1)" in cells


def test_json_holds_what_a_program_needs(tmp_path: Path, proposal: Proposal) -> None:
    path = tmp_path / "matches.json"
    export_proposal(path, proposal, PEOPLE, source=SOURCE, timings={"solve": 0.1})
    document = json.loads(path.read_text(encoding="utf-8"))
    assert (document["program"], document["number"]) == SOURCE
    assert document["objective"]["pairs"] == 3
    assert (document["pairs"][0]["mentor"], document["pairs"][0]["mentee"]) == ("1", "11")
    assert document["pairs"][0]["reasons"]
    assert document["unmatched"] == []
    assert document["timings"] == {"solve": 0.1}
    assert {"frontier", "blocking", "blocking_count"} <= document.keys()


def test_another_ending_is_refused(tmp_path: Path, proposal: Proposal) -> None:
    with pytest.raises(BadInput):
        export_proposal(tmp_path / "matches.pdf", proposal, PEOPLE)


@pytest.mark.parametrize("ending", ["xlsx", "json"])
def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, proposal: Proposal, ending: str
) -> None:
    with pytest.raises(BadInput):
        export_proposal(tmp_path / "nowhere" / f"matches.{ending}", proposal, PEOPLE)


# --- What HR decides -----------------------------------------------------------------------------


def test_a_file_that_nobody_changed_asks_for_nothing(file: Path, proposal: Proposal) -> None:
    found = read(file, proposal)
    assert decided(found) == AS_IT_IS
    assert [e.comment for e in found.edits] == ["", "=1+1", ""]
    assert (found.problems, found.taken_out) == ((), ())


def test_hr_locks_drops_swaps_replaces_adds_and_comments(file: Path, proposal: Proposal) -> None:
    edit(file, 1, decision="Lock", comment="know each other from the fair")
    edit(file, 2, decision="drop")
    edit(file, 3, decision="swap", mentee="11")
    edit(file, 4, mentor="2", mentee="13")
    found = read(file, proposal)
    assert decided(found) == [
        ("lock", A_X, A_X),
        ("drop", B_Y, None),
        ("swap", C_Z, ("p-c", "p-x")),
        ("add", None, ("p-b", "p-z")),
    ]
    assert found.edits[0].comment == "know each other from the fair"
    assert found.problems == ()


def test_rows_may_be_sorted(sheet: Path, proposal: Proposal) -> None:
    def turn(matches: Worksheet) -> None:
        matches.move_range("A2:J2", rows=4)
        matches.move_range("A4:J4", rows=-2)
        matches.move_range("A6:J6", rows=-2)

    change(sheet, turn)
    found = read(sheet, proposal)
    assert decided(found) == list(reversed(AS_IT_IS))
    assert [e.row for e in found.edits] == [2, 3, 4]


def test_a_row_that_was_taken_out_counts_as_dropped(sheet: Path, proposal: Proposal) -> None:
    change(sheet, lambda matches: matches.delete_rows(3))
    found = read(sheet, proposal)
    assert found.taken_out == (B_Y,)
    assert Edit(row=None, kind=EditKind.DROP, before=B_Y) in found.edits
    assert found.problems == ()


def test_a_copied_row_is_a_new_pair(file: Path, proposal: Proposal) -> None:
    edit(file, 4, no=1, decision="approve", mentor="1", mentee="13")
    assert decided(read(file, proposal))[3] == ("add", None, ("p-a", "p-z"))


def test_a_row_whose_number_was_cleared_is_known_by_its_two_people(
    file: Path, proposal: Proposal
) -> None:
    edit(file, 2, no=None, decision="drop")
    assert decided(read(file, proposal))[1] == ("drop", B_Y, None)


def test_who_takes_no_part_stands_as_hr_wrote_them(file: Path, proposal: Proposal) -> None:
    edit(file, 1, mentor="4")
    edit(file, 2, mentor="nobody")
    found = read(file, proposal)
    assert [e.after for e in found.edits[:2]] == [("4", "p-x"), ("nobody", "p-y")]


# --- What can't be understood --------------------------------------------------------------------


def test_a_row_that_can_t_be_understood_is_told_and_its_pair_left_alone(
    sheet: Path, proposal: Proposal
) -> None:
    edit(sheet, 1, decision="aprove")
    edit(sheet, 2, mentor="")
    edit(sheet, 3, comment="x" * 2_001)
    edit(sheet, 4, no=9, mentor="1", mentee="13")
    edit(sheet, 5, decision="drop", mentor="1", mentee="13")
    found = read(sheet, proposal)
    assert [str(p).removeprefix(f"{sheet}, ") for p in found.problems] == [
        "row 2, Decision: “aprove” is no decision. Did you mean “approve”?",
        "row 3, Mentor ID: this is empty. Write an id, or “drop” as decision.",
        "row 4, Comment: this is longer than 2,000 characters.",
        "row 5, No.: there is no pair 9 in this proposal. Leave the numbers as they were; a new "
        "row has none.",
        "row 6, Decision: this row has no number, so it is a new pair, which can’t be “drop”. "
        "Decide so in the row that the pair has.",
    ]
    assert (found.edits, found.taken_out) == ((), ())


def test_a_name_typed_over_another_is_no_silent_nothing(file: Path, proposal: Proposal) -> None:
    edit(file, 1, mentee_name="example 13")
    place = "row 1" if file.suffix == ".json" else "row 2"
    assert told(file, proposal) == [
        f"{place}, Mentee ID: the name was changed to “example 13”, but the id is still 11. "
        "Write the id of example 13 here: 13."
    ]


def test_a_cell_that_can_t_be_read_leaves_its_pair_alone(sheet: Path, proposal: Proposal) -> None:
    edit(sheet, 1, mentor="=1+1")
    (problem,) = told(sheet, proposal)
    assert problem.startswith("row 2, Mentor ID: this cell holds a formula")
    found = read(sheet, proposal)
    assert found.taken_out == ()
    assert [e.row for e in found.edits] == [3, 4]


def test_a_file_of_an_older_proposal_is_recognised(file: Path, proposal: Proposal) -> None:
    assert refusal(file, proposal, Source("example", 3)) == [
        ": this file was made from proposal 2; it is proposal 3 now. Export it anew: python "
        f"starter.py matches example export {file.name}"
    ]


def test_a_file_of_another_program_is_recognised(file: Path, proposal: Proposal) -> None:
    assert refusal(file, proposal, Source("other", 2)) == [
        ": this file was made from the program “example”, not “other”."
    ]


def test_a_file_that_does_not_say_its_proposal_is_refused(
    tmp_path: Path, proposal: Proposal
) -> None:
    for ending in ("xlsx", "json"):
        path = tmp_path / f"without.{ending}"
        export_proposal(path, proposal, PEOPLE)
        (words,) = refusal(path, proposal)
        assert "does not say which proposal it was made from" in words


def test_a_missing_column_is_named(sheet: Path, proposal: Proposal) -> None:
    change(sheet, lambda matches: matches.delete_cols(1))
    assert refusal(sheet, proposal) == [
        ", row 1: there is no column “No.”. Leave the headings as they were exported."
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", ", line 1: this is not JSON."),
        ("[]", ": this is no proposal: “pairs” is missing or no list."),
        ('{"pairs": []}', ": this file does not say which proposal it was made from."),
    ],
)
def test_json_that_is_no_proposal_is_refused(
    tmp_path: Path, proposal: Proposal, text: str, words: str
) -> None:
    path = tmp_path / "matches.json"
    path.write_text(text)
    assert refusal(path, proposal)[0].startswith(words)


def test_an_entry_of_another_shape_is_told_and_its_pair_left_alone(
    tmp_path: Path, proposal: Proposal
) -> None:
    path = tmp_path / "matches.json"
    export_proposal(path, proposal, PEOPLE, source=SOURCE)
    edit(path, 1, mentor=1)
    assert told(path, proposal) == [
        "row 1, pairs[1]: an entry needs “mentor” and “mentee”, all in quotation marks."
    ]
    assert read(path, proposal).taken_out == ()


def test_a_row_whose_number_can_t_be_read_keeps_its_pair(file: Path, proposal: Proposal) -> None:
    edit(file, 1, no="first")
    found = read(file, proposal)
    assert [problem.field for problem in found.problems] == ["No."]
    assert found.taken_out == ()
    assert decided(found) == AS_IT_IS[1:]


def test_a_row_of_which_one_id_is_left_keeps_its_pair_too(file: Path, proposal: Proposal) -> None:
    edit(file, 1, no="first", mentee="13")
    found = read(file, proposal)
    assert found.taken_out == ()
    assert decided(found) == AS_IT_IS[1:]
