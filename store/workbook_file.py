"""Reading a sheet of an Excel workbook, without trusting it: what it may cost is bounded.

A workbook is a ZIP archive of XML, so that a small file may unpack to gigabytes, and what unpacks
to little may ask for a million sheets. It is looked through as bytes before anything parses it.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.workbook import Workbook
from openpyxl.worksheet._reader import (
    FORMULA_TAG,
    MERGE_TAG,
    ROW_TAG,
    WorkSheetParser,
)
from openpyxl.xml.functions import iterparse

from domain.problems import BadInput, sayable
from store.input_file import refuse
from store.table_cells import MAX_COLUMNS, Cell, Merged, Unreadable, text_cell, too_wide

MAX_UNPACKED_BYTES = 200_000_000
"""Size of an XLSX file's parts once unpacked."""
MAX_RATIO = 200
"""How many times larger than the file its parts may be, unless they are small. Sheets of people
come to 10 or 20."""
SMALL = 10_000_000
MAX_TAGS = {"xl/worksheets/": 10_000_000, "xl/sharedstrings": 2_000_000, "": 300_000}
"""XML tags, opening and closing, by what the names of parts begin with: 2 million cells take about
20 seconds; of texts there may be 500,000 different ones; the rest is styles and names, which are
read into memory as a whole."""
MAX_SHEETS = 500
MAX_MERGES = 10_000
_CHUNK = 1 << 20
_LONGEST_WORD = 20

_NAMES_SHEET = re.compile(rb"<(?:\w+:)?sheet[\s/>]")


class SheetFile:
    """One sheet of a workbook: its rows, and what HR should hear about it."""

    def __init__(self, path: Path, data: bytes, sheet: str | None) -> None:
        """Open the sheet of this name, or the first one that is not hidden.

        Raises:
            BadInput: it is no workbook that can be read, or would cost too much, or has no such
                sheet.
        """
        self._path = path
        if data.startswith(b"\xd0\xcf\x11\xe0"):
            raise refuse(
                path,
                "this file is protected by a password, or in Excel's old format.",
                "Save it as .xlsx without a password.",
            )
        _look_into_archive(path, data)
        self._book = _open(path, data)
        names = [ws.title for ws in self._book.worksheets if ws.sheet_state == "visible"]
        if sheet is not None and sheet not in names:
            raise refuse(path, f"there is no sheet “{sheet}”.", f"It has: {', '.join(names)}.")
        if not names:
            raise refuse(path, "no sheet of this file is visible.")
        self._sheet = sheet or names[0]
        self.notes: tuple[str, ...] = ()
        if sheet is None and names[1:]:
            self.notes = (sayable(f"of its {len(names)} sheets, “{self._sheet}” was read."),)
        self.merged: list[Merged] = []
        """Known once the rows were read."""

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """The rows that hold anything, each with its number.

        Raises:
            BadInput: the sheet is damaged, or has too many columns.
        """
        try:
            yield from self._parse()
        except BadInput:
            raise
        except Exception as error:
            # A damaged sheet can raise anything out of zipfile, XML and openpyxl.
            raise _not_excel(self._path) from error

    def _parse(self) -> Iterator[tuple[int, list[Cell]]]:
        book: Any = self._book  # what its own reader asks of it is not in its types
        sheet = book[self._sheet]
        last = 0
        with sheet._get_source() as source:
            parser = _SheetParser(
                source,
                sheet._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            for number, cells in parser.rows():
                if number <= last:
                    raise refuse(self._path, "the rows of this sheet are not in order.", row=number)
                last = number
                yield number, self._row(number, cells)
        self.merged += parser.merges

    def _row(self, number: int, cells: list[dict[str, Any]]) -> list[Cell]:
        found: list[Cell] = []
        for cell in cells:
            said = _excel_cell(cell)
            if said == "":
                continue
            place = cell["column"] - 1
            if place >= MAX_COLUMNS:
                raise too_wide(self._path, number)
            found += [""] * (place + 1 - len(found))
            found[place] = said
        return found


class _SheetParser(WorkSheetParser):
    """Reads rows and what is merged, and nothing else of a sheet.

    openpyxl's own rows come with a cell for each column and each row that is missing, of which a
    sheet of some bytes can name any number.
    """

    def rows(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Each row with its number, its cells in the file's order."""
        self.merges: list[Merged] = []
        for _, element in iterparse(self.source):
            if element.tag == ROW_TAG:
                yield self.parse_row(element)
                element.clear()
            elif element.tag == MERGE_TAG:
                if len(element) > MAX_MERGES:
                    raise ValueError(element.tag)
                self.merges = [_merged(one.get("ref", "")) for one in element]

    def parse_cell(self, element: Element) -> dict[str, Any]:
        """A cell with its value as it was computed last, and whether it is computed."""
        cell: dict[str, Any] = super().parse_cell(element)
        return {**cell, "is_formula": element.find(FORMULA_TAG) is not None}


def _merged(name: str) -> Merged:
    left, top, right, bottom = range_boundaries(name)
    if None in (left, top, right, bottom):
        raise ValueError(name)
    return Merged(name, int(top or 1), int(left or 1), int(bottom or 1), int(right or 1))


def _look_into_archive(path: Path, data: bytes) -> None:
    """Refuse what would unpack to too much, or take too long to parse."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if size > min(MAX_UNPACKED_BYTES, max(SMALL, MAX_RATIO * len(data))):
                most = f"{MAX_UNPACKED_BYTES // 1_000_000} MB"
                if size <= MAX_UNPACKED_BYTES:
                    most = f"{MAX_RATIO} times its size"
                raise refuse(path, f"this file unpacks to more than {most}.", "Save it as .csv.")
            left = dict(MAX_TAGS)
            sheets = 0
            for part in parts:
                kind = next(one for one in left if part.filename.lower().startswith(one))
                for chunk in _chunks(archive, part):
                    left[kind] -= chunk.count(b"<")
                    sheets += 0 if kind else len(_NAMES_SHEET.findall(chunk))
                    if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                        raise _not_excel(path)  # which never writes them
                if min(left.values()) < 0 or sheets > MAX_SHEETS:
                    raise refuse(path, "this file holds too much to be read.", "Save it as .csv.")
    except BadInput:
        raise
    except Exception as error:
        raise _not_excel(path) from error


def _chunks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part as bytes, without the zeros that UTF-16 puts between letters.

    Each begins with the end of the one before, so that a word is found wherever it stands. Reading
    stops at the size that the archive names.
    """
    before = b""
    with archive.open(part) as opened:
        while chunk := opened.read(_CHUNK):
            chunk = chunk.replace(b"\0", b"")
            yield before + chunk
            before = chunk[-_LONGEST_WORD:]


def _open(path: Path, data: bytes) -> Workbook:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it does not read; nobody needs them.
            warnings.simplefilter("ignore")
            return load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        # A damaged archive can raise anything out of zipfile, XML and openpyxl.
        raise _not_excel(path) from error


def _not_excel(path: Path) -> BadInput:
    return refuse(
        path,
        "this is no Excel file, or it is damaged.",
        "Open it in Excel and save it again as .xlsx.",
    )


def _excel_cell(cell: dict[str, Any]) -> Cell:
    value = cell["value"]
    if value is None:
        if cell["is_formula"]:
            return Unreadable(
                "this cell holds a formula that was never computed.",
                "Open the file in Excel and save it, or write the value itself.",
            )
        return ""
    if cell["data_type"] == "e":
        return Unreadable(f"this cell holds the error {value}.", "Write the value itself.")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time().isoformat() == "00:00:00":
        return value.date().isoformat()
    return text_cell(str(value))
