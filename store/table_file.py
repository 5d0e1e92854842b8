"""Reading a table (CSV or XLSX) that comes out of an HR system or Excel, without trusting it."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.problems import BadInput
from store.input_file import read_bytes, refuse

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

MAX_BYTES = 20_000_000
"""Size of a file. 10,000 people with 20 columns take about 2 MB."""
MAX_UNPACKED_BYTES = 200_000_000
"""Size of an XLSX file's parts once unpacked."""
MAX_ROWS = 100_000
MAX_COLUMNS = 1_000
MAX_CELL = 10_000
"""Characters of a cell."""

_SEPARATORS = (",", ";", "\t")
_SHOWN = 5
"""Cells shown for the person to see whether their letters came out right."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that holds something which can't be taken as it is."""

    why: str
    hint: str


Cell = str | Unreadable
"""Text in Unicode's composed form, inner and outer white space tidied; "" when empty."""


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


def folded(heading: str) -> str:
    """A heading as it is compared: case and white space don't matter."""
    return tidy(heading).casefold()


def tidy(text: str) -> str:
    """Text in composed form with single spaces, so that what looks the same is the same."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFC", text)).split())


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
    if kind in (".xlsx", ".xlsm"):
        numbered, notes = _xlsx_rows(path, data, sheet)
    else:
        numbered, notes = _csv_rows(path, data, expected)
    return _table(path, numbered, notes)


def _table(path: Path, numbered: Iterator[tuple[int, list[Cell]]], notes: list[str]) -> Table:
    heading_row = 0
    headings: tuple[str, ...] = ()
    rows: list[Row] = []
    for number, cells in numbered:
        while cells and cells[-1] == "":
            cells.pop()
        if not cells:
            continue
        if len(cells) > MAX_COLUMNS:
            raise refuse(path, f"at most {MAX_COLUMNS:,} columns are read.", row=number)
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
            cells = dict.fromkeys(re.findall(r"[^\n\r,;\t]*[^\x00-\x7f][^\n\r,;\t]*", text))
            shown = ", ".join(f"“{tidy(cell)}”" for cell in list(cells)[:_SHOWN])
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
    first = next((line for line in text.splitlines() if line.strip()), "")

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
        self[text] = cell = _text_cell(text)
        return cell


_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _text_cell(value: str) -> Cell:
    if _INVISIBLE.search(value):
        return Unreadable(
            "this cell holds characters that can't be seen.", "Clear it and type it again."
        )
    if "\ufffd" in value:
        return Unreadable(
            "a character was lost in this cell (“\ufffd”).",
            "Export the file again, as “CSV UTF-8”.",
        )
    if len(value) > MAX_CELL:
        return Unreadable(f"this cell has more than {MAX_CELL:,} characters.", "Shorten it.")
    return tidy(value)


# --- XLSX ----------------------------------------------------------------------------------------


def _xlsx_rows(
    path: Path, data: bytes, sheet: str | None
) -> tuple[Iterator[tuple[int, list[Cell]]], list[str]]:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise refuse(
            path,
            "this file is protected by a password, or in Excel's old format.",
            "Save it as .xlsx without a password.",
        )
    has_formulas = _look_into_archive(path, data)
    values = _open(path, data, data_only=True)
    names = [ws.title for ws in values.worksheets if ws.sheet_state == "visible"]
    if sheet is not None and sheet not in names:
        raise refuse(path, f"there is no sheet “{sheet}”.", f"It has: {', '.join(names)}.")
    if not names:
        raise refuse(path, "no sheet of this file is visible.")
    chosen = sheet or names[0]
    notes = (
        [f"of its {len(names)} sheets, “{chosen}” was read."] if sheet is None and names[1:] else []
    )
    formulas = _open(path, data, data_only=False) if has_formulas else None
    return _guarded(path, _parse_xlsx(values, formulas, chosen)), notes


def _look_into_archive(path: Path, data: bytes) -> bool:
    """Refuse what would unpack to too much; tell whether any sheet holds a formula."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                raise refuse(
                    path,
                    f"this file unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB.",
                    "Save it as .csv.",
                )
            return any(
                b"<f>" in (xml := archive.read(part)) or b"<f " in xml
                for part in parts
                if part.filename.startswith("xl/worksheets/")
            )
    except BadInput:
        raise
    except Exception as error:
        raise _not_excel(path) from error


def _open(path: Path, data: bytes, *, data_only: bool) -> Workbook:
    from openpyxl import load_workbook  # noqa: PLC0415 - takes long, and CSV does without

    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it does not read; nobody needs them.
            warnings.simplefilter("ignore")
            return load_workbook(io.BytesIO(data), read_only=True, data_only=data_only)
    except Exception as error:
        # A damaged archive can raise anything out of zipfile, XML and openpyxl.
        raise _not_excel(path) from error


def _not_excel(path: Path) -> BadInput:
    return refuse(
        path,
        "this is no Excel file, or it is damaged.",
        "Open it in Excel and save it again as .xlsx.",
    )


def _guarded(
    path: Path, rows: Iterator[tuple[int, list[Cell]]]
) -> Iterator[tuple[int, list[Cell]]]:
    try:
        yield from rows
    except BadInput:
        raise
    except Exception as error:
        raise _not_excel(path) from error


def _parse_xlsx(
    values: Workbook, formulas: Workbook | None, sheet: str
) -> Iterator[tuple[int, list[Cell]]]:
    # The sheet's own word on its size may be wrong; without it, openpyxl counts for itself.
    values[sheet].reset_dimensions()
    if formulas is None:
        for number, row in enumerate(values[sheet].iter_rows(), start=1):
            yield number, [_excel_cell(cell) for cell in row]
        return
    formulas[sheet].reset_dimensions()
    both = zip(values[sheet].iter_rows(), formulas[sheet].iter_rows(), strict=False)
    for number, (row, written) in enumerate(both, start=1):
        yield (
            number,
            [
                _excel_cell(cell, source.data_type == "f")
                for cell, source in zip(row, written, strict=False)
            ],
        )


def _excel_cell(cell: Any, is_formula: bool = False) -> Cell:
    value = cell.value
    if value is None:
        if is_formula:
            return Unreadable(
                "this cell holds a formula that was never computed.",
                "Open the file in Excel and save it, or write the value itself.",
            )
        return ""
    if cell.data_type == "e":
        return Unreadable(f"this cell holds the error {value}.", "Write the value itself.")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time().isoformat() == "00:00:00":
        return value.date().isoformat()
    return _text_cell(str(value))


def split_cell(cell: str, separator: str) -> tuple[str, ...]:
    """The entries of a tidy cell that holds several, each once, in their order."""
    entries = dict.fromkeys(entry.strip() for entry in cell.split(separator))
    entries.pop("", None)
    return tuple(entries)
