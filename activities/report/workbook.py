"""The workbook that a report's numbers stand in: a sheet that says what it is, and one a table.

The same tables give the same bytes, and no text in it is ever computed. openpyxl takes a fifth of a
second to import: import this where a workbook is written.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import MergedCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from activities.report.files import is_like_a_formula
from activities.report.tables import Cell, Table
from activities.report.words import Share

_WIDEST = 60
"""Characters of a sheet's column."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP archive can name: every part of a workbook bears it."""
_NO_DAY = "1980-01-01T00:00:00Z"


def xlsx_of(
    title: str, first: tuple[str, Sequence[Sequence[Cell]]], tables: Iterable[Table]
) -> bytes:
    """A workbook: a sheet that says what it is, its name and lines, and one a table."""
    book = Workbook()
    book.properties.title = title
    book.properties.creator = ""
    name, lines = first
    sheet = book.worksheets[0]
    sheet.title = name
    _fill(sheet, lines)
    for table in tables:
        sheet = book.create_sheet(table.name)
        _fill(sheet, [table.head, *table.rows])
        _head(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return _with_fixed_dates(buffer.getvalue())


def _fill(sheet: Worksheet, rows: Sequence[Sequence[Cell]]) -> None:
    widths: dict[int, int] = {}
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            _write(cell, value)
            widths[column] = max(widths.get(column, 8), len(str(cell.value or "")) + 2)
    for column, width in widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = min(width, _WIDEST)


def _head(sheet: Worksheet) -> None:
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    if sheet.max_row > 1:
        sheet.auto_filter.ref = sheet.dimensions


def _write(cell: SheetCell | MergedCell, value: Cell) -> None:
    """A text is a text, also where it looks like a formula; a number can be computed with."""
    assert not isinstance(cell, MergedCell)  # noqa: S101 - nothing is merged here
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"
        cell.quotePrefix = is_like_a_formula(value)
    elif isinstance(value, Share):
        cell.value, cell.number_format = float(value), "0.0%"
    elif isinstance(value, float):
        cell.value, cell.number_format = value, "0.00"
    else:
        cell.value = value


def _with_fixed_dates(workbook: bytes) -> bytes:
    """The same workbook without the moment at which it was written."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as given,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for part in given.infolist():
            content = given.read(part)
            if part.filename == "docProps/core.xml":
                content = re.sub(
                    rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>" + _NO_DAY.encode(), content
                )
            named = zipfile.ZipInfo(part.filename, _EARLIEST)
            named.create_system = 0  # not the machine's own
            made.writestr(named, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
