"""Reports that several tests read. None of them changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.report import REPORT_HTML, ReportFile, ReportFiles, facts_of, render_report
from activities.report.files import csv_of
from activities.report.page import page_of
from activities.report.tables import tables_of
from activities.report.words import ReportWords
from domain.record import Record
from store.content_folders import SHIPPED
from store.database import Database
from store.tables import Base
from tests import shipped
from tests.report import sample
from tests.report.sample import Sample

ENGLISH = shipped.CONTENT
WORDS = ReportWords(ENGLISH.report)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty store."""
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


def recorded(folder: Path, example: Sample) -> Record:
    """An example program, written into a store of its own and read back."""
    database = Database(f"sqlite:///{folder / 'store.db'}")
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        record = sample.load(session, example)
    database.close()
    return record


def shown(record: Record) -> ReportFiles:
    """The page and the CSV files of a report in English, which takes half as long as all of it."""
    facts = facts_of(record, ENGLISH)
    tables = ((f"{table.name}.csv", csv_of(table)) for table in tables_of(facts, WORDS))
    files = ((REPORT_HTML, page_of(facts, WORDS, ENGLISH)), *tables)
    return ReportFiles(files=tuple(ReportFile(name=name, content=made) for name, made in files))


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """The example program."""
    return recorded(tmp_path_factory.mktemp("report"), sample.make())


@pytest.fixture(scope="session")
def files(record: Record) -> ReportFiles:
    """Its report."""
    return render_report(record, SHIPPED)


@pytest.fixture(scope="session")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A program with all that one can have: a follow-up, earlier runs, a later people file."""
    example = sample.make()
    sample.ask_again(example)
    record = sample.with_everything(recorded(tmp_path_factory.mktemp("rich"), example))
    sessions = record.definition.sessions.model_copy(update={"count": 9})
    return record.model_copy(
        update={"definition": record.definition.model_copy(update={"sessions": sessions})}
    )


@pytest.fixture(scope="session")
def rich_files(rich: Record) -> ReportFiles:
    """Its report."""
    return render_report(rich, SHIPPED)
