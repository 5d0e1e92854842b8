"""Reading a table (CSV or XLSX) that comes out of an HR system or Excel, without trusting it."""

from __future__ import annotations

import csv
import io
import re
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from store.input_file import read_bytes, refuse
from store.table_cells import (
    MAX_COLUMNS,
    Cell,
    Merged,
    Unreadable,
    folded,
    split_cell,
    text_cell,
    tidy,
    too_wide,
)

__all__ = (
    "MAX_BYTES", "MAX_ROWS", "Cell", "Row", "Table", "Unreadable", "folded", "read_table",
    "split_cell", "tidy",
)  # fmt: skip

MAX_BYTES = 20_000_000
"""Size of a file. 10,000 people with 20 columns take about 2 MB."""
MAX_ROWS = 100_000
MAX_MERGED = 100_000
"""Cells that are merged into others, as far as they stand in the table."""
MAX_HEAD = 100_000
"""Characters of the first line that are looked at to tell what separates its cells."""
_SEPARATORS = (",", ";", "\t")
_NO_SEPARATORS = ('"', "\r", "\n", "\0", " ")
_SHOWN = 5
"""Cells shown for the person to see whether their letters came out right."""
_SHOWN_OF_EACH = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the headings. `number` is a spreadsheet's, where the first row is 1."""

    number: int
    cells: tuple[Cell, ...]

    def cell(self, column: int) -> Cell:
        """What stands in a column; rows may be shorter than the headings."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and the rows that hold anything."""

    headings: tuple[str, ...]
    heading_row: int
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    """What had to be guessed, for the person to look at."""


def read_table(path: Path, expected: Collection[str], sheet: str | None = None) -> Table:
    """The table in a .csv, .txt or .tsv file, or in an .xlsx file's sheet.

    `expected` are headings that should occur: they tell which character separates the columns.
    `sheet` names the sheet of an .xlsx file; otherwise it is the first one that is not hidden.

    Raises:
        BadInput: the file can't be read as a table at all.
    """
    kind = path.suffix.lower()
    if kind not in (".csv", ".txt", ".tsv", ".xlsx", ".xlsm"):
        raise refuse(
            path,
            f"files of the type “{kind or path.name}” are not read.",
            "Save it as .xlsx or .csv.",
        )
    data = read_bytes(path, MAX_BYTES)
    if kind not in (".xlsx", ".xlsm"):
        return _table(path, *_csv_rows(path, data, expected))
    # Excel's format takes long to load, and CSV does without.
    from store.workbook_file import SheetFile  # noqa: PLC0415

    found = SheetFile(path, data, sheet)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's, of dates that there are not
        table = _table(path, found.rows(), found.notes)
    return replace(table, rows=_with_merged(path, table, found.merged))


def _table(path: Path, numbered: Iterator[tuple[int, list[Cell]]], notes: Sequence[str]) -> Table:
    heading_row = 0
    headings: tuple[str, ...] = ()
    rows: list[Row] = []
    for number, cells in numbered:
        while cells and cells[-1] == "":
            cells.pop()
        if not cells:
            continue
        if len(cells) > MAX_COLUMNS:
            raise too_wide(path, number)
        if not heading_row:
            heading_row = number
            headings = tuple(cell if isinstance(cell, str) else "" for cell in cells)
            continue
        if len(rows) == MAX_ROWS:
            raise refuse(path, f"at most {MAX_ROWS:,} rows are read; this file has more.")
        rows.append(Row(number, tuple(cells)))
    if not heading_row:
        raise refuse(path, "this file is empty.")
    return Table(headings, heading_row, tuple(rows), tuple(notes))


def _with_merged(path: Path, table: Table, merged: Sequence[Merged]) -> tuple[Row, ...]:
    """The rows, with a word in every cell that is merged into another one.

    A sheet shows one value for all of them, and holds it in the first alone.
    """
    rows = table.rows
    numbers = [row.number for row in rows]
    changed: dict[int, list[Cell]] = {}
    left = MAX_MERGED
    for one in merged:
        last_column = min(one.last_column, len(table.headings))
        first, last = bisect_left(numbers, one.first_row), bisect_right(numbers, one.last_row)
        left -= max(last - first, 0) * max(last_column - one.first_column + 1, 0)
        if left < 0:
            raise refuse(path, f"more than {MAX_MERGED:,} cells are merged.", "Unmerge them.")
        for place in range(first, last):
            cells = changed.setdefault(place, list(rows[place].cells))
            cells += [""] * (last_column - len(cells))
            for column in range(one.first_column, last_column + 1):
                if (rows[place].number, column) != (one.first_row, one.first_column):
                    cells[column - 1] = one.covered
    return tuple(
        Row(row.number, tuple(changed[place])) if place in changed else row
        for place, row in enumerate(rows)
    )


# --- CSV -----------------------------------------------------------------------------------------


def _csv_rows(
    path: Path, data: bytes, expected: Collection[str]
) -> tuple[Iterator[tuple[int, list[Cell]]], list[str]]:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise refuse(
            path,
            "this is no text file: by its content it is an Excel file.",
            "Give it the ending .xlsx, or save it as CSV.",
        )
    text, notes = _decode(path, data)
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) <= 5:
        separator, text = first.strip()[4:] or "\t", rest
        if separator in _NO_SEPARATORS:
            raise refuse(path, "“sep=” names a character that can't separate columns.", row=1)
    else:
        separator = _separator(text, expected)
    return _parse_csv(path, text, separator), notes


def _decode(path: Path, data: bytes) -> tuple[str, list[str]]:
    encodings = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encodings), []
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        guess = _legacy_encoding(data)
        if guess == "cp1252":
            text = data.decode("cp1252")
            shown = ", ".join(f"“{tidy(cell)}”" for cell in _foreign(text))
            note = (
                "this file is not in UTF-8 and was read as Windows-1252 (Western European). Is "
                f"this spelt right: {shown}? If not, save it as “CSV UTF-8”."
            )
            return text, [note]
        seems = f" It may be {guess}." if guess else ""
        raise refuse(
            path,
            f"this row is not in UTF-8, and how it is encoded can't be told for sure.{seems}",
            "In Excel, save it as “CSV UTF-8”.",
            row=row,
        ) from error


def _foreign(text: str) -> Iterable[str]:
    """Some cells that hold more than ASCII, as far as can be shown."""
    cells = (cell[:_SHOWN_OF_EACH] for cell in re.split(r"[\n\r,;\t]", text))
    return islice(dict.fromkeys(cell for cell in cells if not cell.isascii()), _SHOWN)


def _legacy_encoding(data: bytes) -> str | None:
    """The encoding of text that is not Unicode, or None if nothing readable comes out.

    Short lists of names often read equally well in several encodings. Western European is taken
    only where no other one reads better, and some cells are shown then: a refused file is mended
    in a minute, a name that was quietly changed goes out in an invitation.
    """
    from charset_normalizer import from_bytes  # noqa: PLC0415 - takes long, and is seldom needed

    likely = list(
        from_bytes(
            data,
            cp_isolation=["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "mac_roman"],
        )
    )
    if not likely:
        return None
    best = likely[0]
    for match in likely:
        as_good = (match.chaos, match.coherence) == (best.chaos, best.coherence)
        if as_good and "cp1252" in match.could_be_from_charset and _decodes(data, "cp1252"):
            return "cp1252"
    return best.encoding


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _separator(text: str, expected: Collection[str]) -> str:
    wanted = {folded(heading) for heading in expected}
    first = next((line for line in io.StringIO(text, None) if line.strip()), "")
    first = first.rstrip("\n")[:MAX_HEAD]

    def fit(separator: str) -> tuple[int, int]:
        headings = next(csv.reader([first], delimiter=separator), [])
        return len(wanted & {folded(heading) for heading in headings}), len(headings)

    return max(_SEPARATORS, key=fit)


def _parse_csv(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[Cell]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    known = _Cells()
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field limit" in str(error):
                raise refuse(
                    path,
                    f"a cell here has more than {csv.field_size_limit():,} characters.",
                    "A quotation mark that is not closed takes in all that follows.",
                    row=number,
                ) from error
            raise refuse(
                path,
                "a quotation mark does not close here, or stands inside a cell.",
                "Save the file again from Excel; don't edit it as text.",
                row=number,
            ) from error
        yield number, [known[cell] for cell in cells]


class _Cells(dict[str, Cell]):
    """What each text of a file comes to, found once however many cells hold it."""

    def __missing__(self, text: str) -> Cell:
        self[text] = cell = text_cell(text)
        return cell
