"""What is wrong with something a person wrote, said so that they can mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from domain.model import Value

MAX_SAID = 1_000
"""Characters of a text that is said about a file. What it repeats of the file may be longer."""

MAX_COMPARISONS = 100_000
"""How many words are compared in all to find what unknown ones were meant to be: about a second.
A column of names where ids belong would take hours otherwise."""
MAX_COMPARED = 60
"""Longer words are no typing mistakes."""

_UNSAID = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that steer a terminal, or turn the direction of what follows them."""


def sayable(text: str) -> str:
    """A text that may repeat what stands in a file, as it can be shown.

    Control characters, marks that turn the direction of writing and halves of characters come out
    as their codes, a line break as a space, and what is too long ends in “…”.
    """
    shown = _UNSAID.sub(_code, text)
    return shown if len(shown) <= MAX_SAID else f"{shown[: MAX_SAID - 1]}…"


def _code(found: re.Match[str]) -> str:
    character = found[0]
    return " " if character in "\t\n\r" else f"\\u{ord(character):04x}"


def _read(value: Any) -> Any:
    return sayable(value) if isinstance(value, str) else value


_Sayable = Annotated[str, BeforeValidator(_read)]


class Problem(Value):
    """One thing that is wrong in a file: where it stands, what it is, and what would be right."""

    file: _Sayable
    message: _Sayable
    line: int | None = None
    """Line of a text file, from 1."""
    row: int | None = None
    """Row of a table as a spreadsheet numbers it: the heading is row 1."""
    field: _Sayable | None = None
    hint: _Sayable | None = None

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f", line {self.line}"
        if self.row is not None:
            place += f", row {self.row}"
        if self.field:
            place += f", {self.field}"
        text = f"{place}: {self.message}"
        return f"{text} {self.hint}" if self.hint else text


class BadInput(Exception):
    """Input that can't be used. Carries every problem found, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problem(s)")
        self.problems = tuple(problems)


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was most likely meant to be, or None if none is near.

    Case and surrounding space are ignored; `difflib`'s ratio of at least 0.6 counts as near.
    """
    by_folded = {k.casefold(): k for k in known}
    near = difflib.get_close_matches(word.strip().casefold(), by_folded, n=1)
    return by_folded[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown word: the nearest known one, or else the list of all."""
    options = list(known)
    near = suggestion(word, options)
    if near is not None:
        return f"Did you mean “{near}”?"
    return "Use one of: " + ", ".join(options) + "." if options else ""


class NearWords:
    """Finds what words were meant to be, and gives up before it takes too long."""

    def __init__(self) -> None:
        self._left = MAX_COMPARISONS

    def may_compare(self, word: str, count: int) -> bool:
        """Whether a word may be compared with so many others."""
        if len(word) > MAX_COMPARED:
            return False
        self._left -= count
        return self._left >= 0

    def suggestion(self, word: str, known: Collection[str]) -> str | None:
        """The known word that is meant, or None if none is near, or it would take too long."""
        return suggestion(word, known) if self.may_compare(word, len(known)) else None

    def did_you_mean(self, word: str, known: Collection[str]) -> str | None:
        """A hint for an unknown word: the nearest known one, or else the list of all."""
        return did_you_mean(word if self.may_compare(word, len(known)) else "", known) or None
