"""The files beside the page: the same numbers in each, and nothing in them is computed."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from activities.report import REPORT_JSON, REPORT_XLSX, ReportFiles
from activities.report.files import csv_of, json_of, neutralised
from activities.report.tables import Table
from activities.report.words import Share
from activities.report.workbook import xlsx_of
from tests.report.reading import rows

EARLIER_COLUMNS = {
    "metrics": ("metric", "name", "value", "n", "comparison", "target", "verdict", "why"),
    "answers-summary": (
        *("survey", "occasion", "item", "question", "group", "n", "measure", "value"),
    ),
    "pairs": (
        *("pair", "state", "started", "sessions_held", "sessions_planned", "completed"),
        *("sessions_missed", "times_stalled", "times_came_back", "last_ladder_step"),
        *("first_session_day", "last_session_day"),
    ),
}
"""As files of earlier releases had them, in their order: somebody's sheet reads them."""


def workbook(files: ReportFiles) -> Workbook:
    return load_workbook(io.BytesIO(files[REPORT_XLSX]))


def document(files: ReportFiles) -> dict[str, list[dict[str, object]]]:
    tables = json.loads(files[REPORT_JSON])["tables"]
    assert isinstance(tables, dict)
    return tables


def test_every_table_is_a_csv_file_a_sheet_and_a_part_of_the_document(
    rich_files: ReportFiles,
) -> None:
    tables = document(rich_files)
    csv_files = [f.name.removesuffix(".csv") for f in rich_files.files if f.name.endswith(".csv")]
    assert list(tables) == csv_files == workbook(rich_files).sheetnames[1:]
    assert all(tables.values()), "a program that has it all must fill each of them"


def test_the_same_numbers_stand_in_all_of_them(rich_files: ReportFiles) -> None:
    book = workbook(rich_files)
    for name, found in document(rich_files).items():
        sheet = [list(row) for row in book[name].iter_rows(values_only=True)]
        assert sheet[0] == list(found[0])
        assert sheet[1:] == [
            [value if value != "" else None for value in row.values()] for row in found
        ]
        in_csv = [list(row.values()) for row in rows(rich_files, f"{name}.csv")]
        assert in_csv == [
            ["" if value is None else str(value) for value in row.values()] for row in found
        ]


@pytest.mark.parametrize("name", EARLIER_COLUMNS)
def test_columns_that_somebody_may_read_stay_where_they_were(files: ReportFiles, name: str) -> None:
    head = tuple(rows(files, f"{name}.csv")[0])
    assert head[: len(EARLIER_COLUMNS[name])] == EARLIER_COLUMNS[name]


def test_a_sheet_has_a_head_that_stays_and_percentages(files: ReportFiles) -> None:
    sheet = workbook(files)["metrics"]
    assert sheet.freeze_panes == "A2"
    assert all(cell.font.bold for cell in sheet[1])
    value, n = sheet["C2"], sheet["D2"]
    assert (value.data_type, value.number_format) == ("n", "0.0%")
    assert (n.data_type, n.value) == ("n", 12)


def test_what_may_not_be_told_is_an_empty_cell(files: ReportFiles) -> None:
    hidden = next(row for row in document(files)["metrics"] if row["metric"] == "stayed")
    assert (hidden["value"], hidden["verdict"]) == (None, "cant_tell")


# --- Formulas ------------------------------------------------------------------------------------

FORMULAS = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u200b=1"),
    *("\ufeff=1", "＝1+1", "＋1", "－1", "＠SUM(A1)", "﹦1", "−1", "  ＝1"),
)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_like_a_formula_is_neutralised_in_csv_and_a_text_in_a_workbook(text: str) -> None:
    table = Table("metrics", ("name",), ((text,),))
    assert csv_of(table).decode("utf-8-sig").split("name", 1)[1].lstrip('\r\n"').startswith("'")
    cell = load_workbook(io.BytesIO(xlsx_of("", ("first", []), [table])))["metrics"]["A2"]
    assert cell.data_type == "s"
    assert cell.quotePrefix


@seed(13)
@given(st.text(max_size=12))
def test_no_cell_of_any_text_is_a_formula(text: str) -> None:
    cell = str(neutralised(text))
    seen = [c for c in unicodedata.normalize("NFKC", cell) if not c.isspace()]
    assert not "".join(seen).startswith(("=", "+", "-", "@", "−"))
    assert not cell.startswith(("\t", "\r", "\n"))
    assert cell.endswith(text)


@pytest.mark.parametrize("text", ["Finance", "1 − 2", "a=b", "’tis", ""])
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert neutralised(text) == text


@pytest.mark.parametrize("number", [-12.5, -3, Share(-0.25)])
def test_a_negative_number_stays_a_number(number: float) -> None:
    table = Table("metrics", ("value",), ((number,),))
    assert csv_of(table).decode("utf-8-sig").split() == ["value", str(number)]
    cell = load_workbook(io.BytesIO(xlsx_of("", ("first", []), [table])))["metrics"]["A2"]
    assert (cell.data_type, cell.value) == ("n", number)
    assert json.loads(json_of({}, [table]))["tables"]["metrics"] == [{"value": number}]


def test_a_character_that_a_workbook_can_not_hold_does_not_stop_it() -> None:
    table = Table("metrics", ("name",), (("a\x07b",),))
    assert load_workbook(io.BytesIO(xlsx_of("", ("first", []), [table])))["metrics"][
        "A2"
    ].value == ("ab")
