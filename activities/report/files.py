"""The files that a report's numbers stand in: CSV, and one JSON document.

The same tables give the same bytes. No cell is ever computed by what opens it, whoever wrote it.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable
from typing import Any

from activities.report.tables import Cell, Table

_FORMULA = ("=", "+", "-", "@", "\N{MINUS SIGN}", "\t", "\r", "\n")

# --- Cells ---------------------------------------------------------------------------------------


def is_like_a_formula(text: str) -> bool:
    """Whether a spreadsheet might compute a text.

    What it begins with counts as it would be read: full-width and other forms of a character are
    that character, and white space and what can't be seen before it are passed over.
    """
    if text[:1] in ("\t", "\r", "\n"):
        return True
    for letter in unicodedata.normalize("NFKC", text):
        if letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf"):
            continue
        return letter in _FORMULA
    return False


def neutralised(cell: Cell) -> str | int | float:
    """A cell for CSV: a text that looks like a formula gets an apostrophe before it."""
    if cell is None:
        return ""
    return f"'{cell}" if isinstance(cell, str) and is_like_a_formula(cell) else cell


# --- CSV -----------------------------------------------------------------------------------------


def csv_of(table: Table) -> bytes:
    """UTF-8 with a mark that tells Excel so."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(table.head)
    writer.writerows([neutralised(cell) for cell in row] for row in table.rows)
    return ("\ufeff" + buffer.getvalue()).encode()


# --- JSON ----------------------------------------------------------------------------------------


def json_of(about: dict[str, Any], tables: Iterable[Table]) -> bytes:
    """One document: what the report is about, and each table as a list of its rows by column.

    Texts stand in it as they are: nothing computes a JSON document.
    """
    found = {
        table.name: [dict(zip(table.head, row, strict=True)) for row in table.rows]
        for table in tables
    }
    text = json.dumps({**about, "tables": found}, ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode()
