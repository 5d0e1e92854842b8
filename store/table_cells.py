"""A cell of a table as it is read: text that was tidied, or a word on why it can't be taken."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from domain.problems import BadInput
from store.input_file import refuse

MAX_COLUMNS = 1_000
MAX_CELL = 10_000
"""Characters of a cell."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that holds something which can't be taken as it is."""

    why: str
    hint: str


Cell = str | Unreadable
"""Text in Unicode's composed form, inner and outer white space tidied; "" when empty."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Cells that a sheet shows as one. Rows and columns from 1, the last ones included."""

    name: str
    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @property
    def covered(self) -> Unreadable:
        """What stands in those that the first one covers."""
        return Unreadable(
            f"this cell is merged with others ({self.name}), and only their first holds anything.",
            "Unmerge them and write into each what it should say.",
        )


_UNSEEN = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Marks that only say where a line may break or in which direction it runs.

Right-to-left exports and addresses copied from a web page have them. The joiners (U+200C, U+200D)
stay: Persian names and some pictures are spelt with them.
"""

_LOST = re.compile("[\ufffd\ud800-\udfff]")

_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def tidy(text: str) -> str:
    """Text in composed form with single spaces and no marks that nobody sees.

    So what looks the same is the same.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    return " ".join(text.split())


def folded(heading: str) -> str:
    """A heading as it is compared: case and white space don't matter."""
    return tidy(heading).casefold()


def text_cell(value: str) -> Cell:
    """What a cell says that holds this text."""
    if _INVISIBLE.search(value):
        return Unreadable(
            "this cell holds characters that can't be seen.", "Clear it and type it again."
        )
    if _LOST.search(value):
        return Unreadable(
            "a character was lost in this cell (“\ufffd”).",
            "Export the file again, as “CSV UTF-8”.",
        )
    if len(value) > MAX_CELL:
        return Unreadable(f"this cell has more than {MAX_CELL:,} characters.", "Shorten it.")
    return tidy(value)


def too_wide(path: Path, row: int) -> BadInput:
    """The refusal of a table that has too many columns in a row."""
    return refuse(path, f"at most {MAX_COLUMNS:,} columns are read.", row=row)


def split_cell(cell: str, separator: str) -> tuple[str, ...]:
    """The entries of a tidy cell that holds several, each once, in their order."""
    entries = dict.fromkeys(entry.strip() for entry in cell.split(separator))
    entries.pop("", None)
    return tuple(entries)
