"""HR's choice as a workbook: out, edited, and back, with every problem at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook

from domain.people import Person, Role
from domain.problems import BadInput
from store.programs import Participant
from store.selection_file import export_selection, read_selection

PROGRAM = "example"


def participant(number: int, **fields: object) -> Participant:
    person = Person(
        reference=f"{number:03}",
        name=f"=Name {number}",
        email=f"p{number}@example.com",
        roles=(Role.MENTOR,),
        skills=("Data", "Chat"),
    )
    return Participant(
        id=f"p-{number}", person=person, eligible_roles=(Role.MENTOR,), joined=True, withdrew=False
    ).model_copy(update=fields)


PEOPLE = [participant(1), participant(2, selected=False), participant(3, approved=True)]


def export(folder: Path, people: Sequence[Participant] = PEOPLE) -> Path:
    file = folder / "selection.xlsx"
    export_selection(file, PROGRAM, people)
    return file


def edit(file: Path, *cells: tuple[str, str | None], sheet: str = "People") -> None:
    book = load_workbook(file)
    for cell, value in cells:
        book[sheet][cell] = value
    book.save(file)


def problems(file: Path, program: str = PROGRAM) -> list[str]:
    with pytest.raises(BadInput) as bad:
        read_selection(file, program, PEOPLE)
    return [str(problem).removeprefix(str(file)) for problem in bad.value.problems]


def test_an_export_comes_back_as_it_stands(tmp_path: Path) -> None:
    chosen = read_selection(export(tmp_path), PROGRAM, PEOPLE)
    assert chosen == {"p-1": True, "p-2": False, "p-3": True}


def test_what_people_wrote_is_text_and_ids_keep_their_zeros(tmp_path: Path) -> None:
    sheet = load_workbook(export(tmp_path))["People"]
    row = [cell.value for cell in sheet[2]]
    assert row[:4] == ["yes", "001", "=Name 1", "mentor"]
    assert sheet["C2"].data_type == "s"
    assert sheet["J4"].value == "agrees"
    assert sheet.data_validations.dataValidation[0].formula1 == '"yes,no"'


def test_hr_says_yes_and_no_and_leaves_rows_out(tmp_path: Path) -> None:
    file = export(tmp_path)
    edit(file, ("A2", "NO "), ("A3", "Yes"), ("A4", None), ("K2", "not before May"))
    assert read_selection(file, PROGRAM, PEOPLE) == {"p-1": False, "p-2": True}


def test_every_problem_is_told_with_its_row_and_column(tmp_path: Path) -> None:
    file = export(tmp_path)
    edit(file, ("A2", "maybe"), ("B3", "777"), ("A5", "no"), ("A6", "no"), ("B6", "001"))
    assert problems(file) == [
        ", row 2, Match: “maybe” is neither yes nor no.",
        ", row 3, ID: “777” is nobody who joined and may be chosen.",
        ", row 5, ID: this is empty. Leave the ids as they were exported.",
        ", row 6, ID: 001 stands in row 2 already.",
    ]


def test_a_file_of_another_program_or_of_none_is_refused(tmp_path: Path) -> None:
    file = export(tmp_path)
    (other,) = problems(file, "other")
    assert "about the program “example”, not “other”" in other
    edit(file, ("B1", None), sheet="Overview")
    (none,) = problems(file)
    assert "does not say which program" in none
    assert "python starter.py selection example export selection.xlsx" in none


def test_a_heading_that_is_gone_is_named(tmp_path: Path) -> None:
    file = export(tmp_path)
    edit(file, ("A1", "Decision"), ("B1", None))
    said = problems(file)
    assert [p.split(": ", 1)[1].split(".")[0] for p in said] == [
        "there is no column “Match”",
        "there is no column “ID”",
    ]


@pytest.mark.parametrize("name", ["selection.csv", "selection.json", "selection"])
def test_only_workbooks_are_written_and_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        export_selection(tmp_path / name, PROGRAM, PEOPLE)
    with pytest.raises(BadInput):
        read_selection(tmp_path / name, PROGRAM, PEOPLE)
