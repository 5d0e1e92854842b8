"""What a benchmark found, as Markdown tables: printed, and kept in `docs/benchmarks.md`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.runs import PROJECT

DOCUMENT = PROJECT / "docs" / "benchmarks.md"
_PART = re.compile(r"(<!-- measured: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Check:
    """A claim, and whether it held."""

    claim: str
    holds: bool

    def __str__(self) -> str:
        return f"{'PASS' if self.holds else 'FAIL'}  {self.claim}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure that should hold on any machine, and is recorded so that a worse one is noticed."""

    name: str
    value: float
    rises: bool = False
    """Whether more is better."""


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark's part of the document."""

    name: str
    """Names the markers that it stands between."""
    text: str
    checks: tuple[Check, ...]
    ratios: tuple[Ratio, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every claim held."""
        return all(check.holds for check in self.checks)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned for reading in a terminal."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    return "".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |\n"
        for line in lines
    )


def checks_text(checks: Iterable[Check]) -> str:
    """The claims, one a line, to be read as they are."""
    return "".join(f"{check}\n" for check in checks)


def with_results(text: str, results: Iterable[Result]) -> str:
    """A document with these results between their markers, all else as it was.

    Raises KeyError for a result that the document has no place for.
    """
    new = {result.name: result for result in results}
    missing = new.keys() - {part[2] for part in _PART.finditer(text)}
    if missing:
        raise KeyError(", ".join(sorted(missing)))

    def renewed(part: re.Match[str]) -> str:
        result = new.get(part[2])
        return part[0] if result is None else f"{part[1]}{result.text.rstrip()}\n{part[3]}"

    return _PART.sub(renewed, text)


def write_results(results: Iterable[Result], document: Path = DOCUMENT) -> None:
    """Put results into the document."""
    text = document.read_text(encoding="utf-8")
    document.write_text(with_results(text, results), encoding="utf-8")
