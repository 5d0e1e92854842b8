"""What a file that means no good, or is only odd, comes to: a person as they are, or a sentence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from console import terminal
from domain.matching import proposal_of
from domain.problems import MAX_SAID, BadInput, Problem
from domain.proposal import Chosen
from store.definition_file import load_definition
from store.people_file import load_people
from store.proposal_file import export_proposal, read_edits
from store.selection_file import read_selection
from store.table_file import Unreadable, read_table
from tests.console.typed import type_in
from tests.domain.definitions import definition_with
from tests.intake import test_proposal_file as matched
from tests.intake.test_selection_file import PEOPLE as CHOSEN
from tests.intake.test_selection_file import PROGRAM, edit, export

PLAIN = definition_with()


def name_of(folder: Path, name: str) -> str:
    path = folder / "people.csv"
    quoted = '"' + name.replace('"', '""') + '"'
    path.write_text(f"ID,Name,Mail\n1,{quoted},one@example.com\n", "utf-8")
    return load_people(path, PLAIN).people[0].name


def told(bad: BadInput, folder: Path) -> list[str]:
    return [str(problem).replace(f"{folder}/", "") for problem in bad.problems]


# --- People --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "NULL", "None", "nan", "true", "N/A", "Sinéad O'Brien", 'Ann "Nan" Lee', "=1+1",
        "[red]x[/red]",
        "Robert'); DROP TABLE person;--", "דוד בן־גוריון", "محمد علي", "李 小龍", "👩\u200d💻 Ada",
    ],
)  # fmt: skip
def test_a_name_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    assert name_of(tmp_path, name) == name


@pytest.mark.parametrize(
    "name", ["\u202bמשה\u202c", "\u200fמשה\u200f", "\u2067משה\u2069", "מ\u200bשה"]
)
def test_marks_of_direction_that_nobody_sees_are_left_out(tmp_path: Path, name: str) -> None:
    assert name_of(tmp_path, name) == "משה"


def test_addresses_that_look_the_same_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("ID,Name,Mail\n1,A,a@x.io\n2,B,\u202aa@x.io\u202c\n", "utf-8")
    with pytest.raises(BadInput) as bad:
        load_people(path, PLAIN)
    assert told(bad.value, tmp_path) == [
        "people.csv, row 3, Mail: “a@x.io” stands in row 2 already. Each person must be in the "
        "file once."
    ]


def test_cells_that_are_merged_are_not_taken_for_empty(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (("ID", "Unit"), ("1", "Sales"), ("2", None), ("3", "Law"), ("4", "IT")):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    sheet.merge_cells("A5:B5")
    book.save(tmp_path / "people.xlsx")
    rows = read_table(tmp_path / "people.xlsx", []).rows
    first, second, third, last = (row.cell(1) for row in rows)
    assert (first, third) == ("Sales", "Law")
    for cell in (second, last):
        assert isinstance(cell, Unreadable)
    assert isinstance(second, Unreadable)
    assert "merged with others (B2:B3)" in second.why


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'sep="\na,b\n', "“sep=” names a character that can't separate columns."),
        (b"ID,Name,Mail\n1," + b"x" * 140_000 + b",m\n", "a cell here has more than 131,072"),
    ],
)
def test_a_csv_that_can_t_be_read_says_why(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(data)
    with pytest.raises(BadInput) as bad:
        load_people(path, PLAIN)
    assert said in told(bad.value, tmp_path)[0]


def test_a_heading_of_any_length_and_shape_is_read(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    for heading in ("x" * 120_000, "a\rb,c", "\x1c,\x85"):
        path.write_text(f"{heading}\n1,2\n", "utf-8", newline="")
        assert read_table(path, []).heading_row == 1


# --- Definitions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('program: "\\e[31m"\n', "a character stands here that can't be seen (U+001B)."),
        ('program: "\\ud800"\n', "a character stands here that can't be seen (U+D800)."),
        ("program: \u202eevil\n", "a character stands here that can't be seen (U+202E)."),
        ("calendar: {timezone: []}\n", "no such time zone."),
        (f"program: 0x{'f' * 5_000}\n", "this must be a group of settings"),
        ("sessions: {count: .inf}\n", "this must be a whole number; it is “.inf”."),
    ],
)
def test_odd_values_of_a_definition_are_told_with_their_line(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "definition.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadInput) as bad:
        load_definition(path)
    found = told(bad.value, tmp_path)
    assert any(one.startswith("definition.yaml, line 1") and said in one for one in found), found


def test_what_is_said_of_a_file_is_short_and_steers_no_terminal() -> None:
    problem = Problem(file="\udcff.csv", message="“\x1b[31m\u202e”\nx", field="\a" * 5_000)
    said = str(problem)
    assert "“\\u001b[31m\\u202e” x" in said
    assert said.isprintable()
    assert len(said) < 2 * MAX_SAID


def test_markup_of_a_terminal_in_a_file_is_text(tmp_path: Path) -> None:
    (tmp_path / "definition.yaml").write_text("'[red]x[/red]': 1\n", "utf-8")
    done = type_in("check", tmp_path / "definition.yaml")
    assert done.code == 2
    assert "[red]x[/red]: there is no setting “[red]x[/red]”." in done.err


def test_of_very_many_problems_some_are_told_and_all_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "MOST_TOLD", 10)
    lines = [f"k{number}: 1" for number in range(50)]
    (tmp_path / "definition.yaml").write_text("\n".join(lines), "utf-8")
    done = type_in("check", tmp_path / "definition.yaml")
    assert "more; “--json” tells all." in done.err
    assert len(done.err.splitlines()) == 12
    as_json = type_in("check", tmp_path / "definition.yaml", "--json").json
    assert len(as_json["problems"]) > 50


# --- Matches and selections ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"comment": "\ud800"}, "a character was lost in this text"),
        ({"comment": "a\0b"}, "this text holds characters that can't be seen"),
        ({"mentor": "x" * 10_001}, "this text has more than 10,000 characters"),
        ({"no": "9" * 4_301}, "there is no pair 999"),
    ],
)
def test_odd_words_of_a_proposal_leave_its_pair_as_it_is(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    here = {key: person for key, person in matched.PEOPLE.items() if key != matched.AWAY}
    proposal = proposal_of(matched.DEFINITION, here, [Chosen("p-a", "p-x"), Chosen("p-b", "p-y")])
    path = tmp_path / "matches.json"
    export_proposal(path, proposal, matched.PEOPLE, source=matched.SOURCE)
    document = json.loads(path.read_text("utf-8"))
    document["pairs"][0] |= change
    path.write_text(json.dumps(document), "utf-8")
    read = read_edits(path, proposal, matched.PEOPLE, source=matched.SOURCE, taking_part=here)
    assert [edit.row for edit in read.edits] == [2]
    assert not read.taken_out
    assert said in str(read.problems[0])


def test_ids_that_nobody_has_take_no_time_however_many_there_are(tmp_path: Path) -> None:
    people = [
        CHOSEN[0].model_copy(
            update={
                "id": f"p-{n}",
                "person": CHOSEN[0].person.model_copy(update={"reference": f"{n:08}-staff"}),
            }
        )
        for n in range(1_000)
    ]
    path = export(tmp_path)
    rows: Sequence[tuple[str, str]] = [(f"B{n}", f"staff-{n:07}") for n in range(2, 402)]
    edit(path, *rows, *((f"A{n}", "yes") for n in range(2, 402)))
    with pytest.raises(BadInput) as bad:
        read_selection(path, PROGRAM, people)
    assert len(bad.value.problems) == 400


def test_no_cell_that_people_wrote_is_computed(tmp_path: Path) -> None:
    path = tmp_path / "matches.xlsx"
    names = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A0", "a\x0bb")
    for name in names:
        person = matched.PEOPLE["p-a"].model_copy(update={"name": name})
        people = {**matched.PEOPLE, "p-a": person}
        here = {key: person for key, person in people.items() if key != matched.AWAY}
        made = proposal_of(matched.DEFINITION, here, [Chosen("p-a", "p-x", comment=name)])
        export_proposal(path, made, people, source=matched.SOURCE)
        cells = [cell for ws in load_workbook(path) for row in ws.iter_rows() for cell in row]
        assert "f" not in {cell.data_type for cell in cells}
        looks_like_one = [cell for cell in cells if str(cell.value)[:1] in tuple("=+-@")]
        assert all(cell.quotePrefix for cell in looks_like_one)
