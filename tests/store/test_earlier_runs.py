"""A report compares a run with earlier ones of its scheme, the very first one included."""

from __future__ import annotations

from datetime import date, timedelta

from domain.definition import Definition
from domain.journal import EventKind, JournalEvent
from store import journal, programs
from store.database import Database
from store.report_data import load_record
from tests.store.test_programs import NOW, program


def run_of(slug: str, starts: date, scheme: str | None) -> Definition:
    plan = program(slug)
    changed = plan.program.model_copy(update={"starts": starts, "scheme": scheme})
    return plan.model_copy(update={"program": changed})


def enter(database: Database, slug: str, year: int, scheme: str | None, *, over: bool) -> None:
    with database.write() as session:
        plan = run_of(slug, date(year, 1, 11), scheme)
        programs.enter(session, plan, [], NOW, NOW)
        if over:
            stage = JournalEvent(
                id=f"{slug}#1",
                kind=EventKind.STAGE_ENTERED,
                at=NOW + timedelta(days=200),
                data={"stage": "completed"},
            )
            journal.append(session, slug, [stage])


def test_earlier_runs_are_those_that_are_over_of_the_same_scheme(sqlite_database: Database) -> None:
    enter(sqlite_database, "leaders", 2026, None, over=True)
    enter(sqlite_database, "leaders-2027", 2027, "leaders", over=True)
    enter(sqlite_database, "leaders-2028", 2028, "leaders", over=False)
    enter(sqlite_database, "others", 2026, None, over=True)
    enter(sqlite_database, "leaders-2029", 2029, "leaders", over=True)
    with sqlite_database.read() as session:
        third = load_record(session, "leaders-2028")
        first = load_record(session, "leaders")
    assert [earlier.program for earlier in third.earlier] == ["leaders-2027", "leaders"]
    assert first.earlier == ()
