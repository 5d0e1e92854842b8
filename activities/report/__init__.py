"""The report: one self-contained page, and the same numbers as CSV, as a workbook and as JSON.

Rebuilding a report from the same journal and answers gives the same bytes: "now" is when the
journal's latest event happened, and nothing depends on the machine, the day or the order of rows.
No name, address or id of a person stands in any file of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from activities.report.facts import Facts
from activities.report.files import csv_of, json_of
from activities.report.page import page_of
from activities.report.tables import Cell, Table, tables_of
from activities.report.words import ReportWords
from domain.evaluation import evaluate
from domain.model import Value
from domain.record import Record
from domain.responses import Instruments
from domain.statistics import CONFIDENCE
from domain.survey_results import Masking
from store.content import Content
from store.content_folders import file_in

REPORT_HTML = "report.html"
REPORT_XLSX = "report.xlsx"
REPORT_JSON = "report.json"
METRICS_CSV = "metrics.csv"
PAIRS_CSV = "pairs.csv"
ANSWERS_CSV = "answers-summary.csv"

_FORMAT = 1
"""Of the JSON document. Raised when a table or column is renamed or taken away."""
_ORDINARY_WORDS = "report/ordinary_words.txt"


class ReportFile(Value):
    """One file of a report."""

    name: str
    content: bytes


class ReportFiles(Value):
    """A report: `report.html`, `report.xlsx`, `report.json`, and a CSV file for each table."""

    files: tuple[ReportFile, ...]

    def __getitem__(self, name: str) -> bytes:
        """The content of a file. Raises KeyError if the report has no such file."""
        for file in self.files:
            if file.name == name:
                return file.content
        raise KeyError(name)


def render_report(
    record: Record, content_folders: Path | Sequence[Path], language: str = "en"
) -> ReportFiles:
    """The report on a program, in a language or the nearest one that there is.

    Works at any time: before the end it says that it is an interim report. `content_folders`
    are what `Content` takes. Raises BadInput if the content can't be read.
    """
    from activities.report.workbook import xlsx_of  # noqa: PLC0415 - see there

    content = Content(content_folders, language)
    words = ReportWords(content.report)
    facts = facts_of(record, content)
    tables = tables_of(facts, words)
    title = f"{facts.definition.program.title}: {words('head.report')}"
    first = words("workbook.sheet"), _first_sheet(facts, words, tables)
    return ReportFiles(
        files=(
            ReportFile(name=REPORT_HTML, content=page_of(facts, words, content)),
            ReportFile(name=REPORT_XLSX, content=xlsx_of(title, first, tables)),
            ReportFile(name=REPORT_JSON, content=json_of(_about(facts, content.language), tables)),
            *(ReportFile(name=f"{table.name}.csv", content=csv_of(table)) for table in tables),
        )
    )


def facts_of(record: Record, content: Content) -> Facts:
    """What a report on a program is made of, with names masked in the content's language."""
    surveys = Instruments(content.surveys)
    masking = Masking(
        names=record.names,
        mask=content.report("mask"),
        ordinary_words=_ordinary_words(content),
        seed=record.program,
    )
    evaluation = evaluate(record, surveys, masking)
    return Facts(record, evaluation, surveys.with_asked(record.asked))


def write_report(files: ReportFiles, out: Path) -> Path:
    """Write a report's files into `out`, made if need be; returns the path of the HTML file."""
    out.mkdir(parents=True, exist_ok=True)
    for file in files.files:
        (out / file.name).write_bytes(file.content)
    return out / REPORT_HTML


def _ordinary_words(content: Content) -> frozenset[str]:
    """Words that are names too and are left standing in what people wrote, in this language."""
    path = file_in(content.roots, _ORDINARY_WORDS)
    assert path is not None  # noqa: S101 - English has every file
    return frozenset(path.read_text(encoding="utf-8").split())


def _about(facts: Facts, language: str) -> dict[str, Any]:
    program = facts.definition.program
    return {
        "format": _FORMAT,
        "program": {
            "id": program.id,
            "title": program.title,
            "organisation": program.organisation,
            "scheme": program.scheme,
            "starts": program.starts.isoformat(),
        },
        "stage": facts.status.stage.value,
        "interim": facts.is_interim,
        "as_of": facts.as_of.isoformat() if facts.as_of else None,
        "language": language,
        "anonymity_threshold": facts.threshold,
        "confidence": CONFIDENCE,
    }


def _first_sheet(
    facts: Facts, words: ReportWords, tables: Sequence[Table]
) -> list[tuple[Cell, ...]]:
    """What the workbook is, and what stands on which sheet."""
    program = facts.definition.program
    as_of = words.day(facts.as_of) if facts.as_of else "–"
    kind = words("head.interim" if facts.is_interim else "head.final")
    return [
        (words("workbook.program"), program.title),
        (words("workbook.organisation"), program.organisation),
        (kind, as_of),
        (words("workbook.anonymity"), words("workbook.empty_cells", facts.threshold)),
        (),
        *((table.name, words(f"tables.{table.name}")) for table in tables),
    ]
