"""A later people file is imported: who is still there and who rose, and nothing of too few."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from runtime.settings import load_settings
from store import outcomes
from store.database import Database
from store.migrate import migrate
from tests.console.typed import type_in
from tests.report import sample
from tests.report.sample import Sample

HEADINGS = ["id", "name", "email", "grade"]
LEVELS = ["Analyst", "Manager", "Director", "Executive"]
STRANGER = ["E9999", "Zoe New", "zoe.new@example.org", "Analyst"]


@pytest.fixture
def program() -> Sample:
    """A program that is over, in HR's own store."""
    database = Database(load_settings().database)
    migrate(database)
    made = sample.make()
    with database.write() as session:
        made.write(session)
    database.close()
    return made


def rows_of(made: Sample) -> list[list[str]]:
    """Everybody as the first people file had them."""
    return [
        [str(row.profile[column]) for column in ("reference", "name", "email", "level")]
        for row in made.participants
    ]


def written(folder: Path, rows: Sequence[Sequence[str]]) -> Path:
    path = folder / "later.csv"
    path.write_text("\n".join(",".join(row) for row in [HEADINGS, *rows]), "utf-8")
    return path


def promoted(row: list[str]) -> list[str]:
    return [*row[:3], LEVELS[LEVELS.index(row[3]) + 1]]


def test_who_is_there_and_who_rose_is_counted_for_those_who_took_part(
    program: Sample, here: Path
) -> None:
    rows = rows_of(program)
    rose = next(n for n in range(2, 26) if rows[n][3] != "Executive")
    rows[rose] = promoted(rows[rose])
    file = written(here, [*(row for n, row in enumerate(rows) if n not in (20, 38)), STRANGER])
    done = type_in("outcomes", program.program, file)
    assert done.code == 0
    assert "what the file says of 40 people of “example-2026”" in done.out
    assert "1 row is about people who were not in it, and ignored." in done.out
    assert (
        "• 24 people who were in a pair that started: 23 found, 1 gone; 1 of the 23 whose level "
        "both files have on a higher one." in done.out
    )
    assert "• 16 people who could have been in a pair and were not: 15 found" in done.out
    assert "The success metrics “stayed” and “promoted” are made of it." in done.out
    assert "python starter.py report example-2026 --out DIR" in done.out


def test_a_second_import_replaces_the_first_and_a_spreadsheet_will_do(
    program: Sample, here: Path
) -> None:
    rows = rows_of(program)
    with Database(load_settings().database).write() as session:
        outcomes.save(session, program.program, {})
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [HEADINGS, *rows]:
        sheet.append(row)
    book.save(here / "later.xlsx")
    facts = type_in("outcomes", program.program, here / "later.xlsx", "--json").json
    assert facts == {
        "program": "example-2026",
        "people": 40,
        "ignored": 0,
        "took_part": {"people": 24, "found": 24, "gone": 0, "with_level": 24, "promoted": 0},
        "did_not_take_part": {
            "people": 16, "found": 16, "gone": 0, "with_level": 16, "promoted": 0,
        },
        "metrics": ["stayed", "promoted"],
    }  # fmt: skip


def test_too_few_are_not_told_of(program: Sample, here: Path) -> None:
    levels = [[*row[:3], "" if n > 5 else row[3]] for n, row in enumerate(rows_of(program))]
    facts = type_in("outcomes", program.program, written(here, levels), "--json").json
    assert (facts["took_part"]["with_level"], facts["took_part"]["promoted"]) == (None, None)
    assert facts["took_part"]["found"] == 24


def test_of_a_small_group_nothing_is_told(here: Path) -> None:
    database = Database(load_settings().database)
    migrate(database)
    made = sample.make()
    made.definition = sample.definition(privacy={"anonymity_threshold": 25})
    with database.write() as session:
        made.write(session)
    done = type_in("outcomes", made.program, written(here, rows_of(made)))
    assert "There are too few who were in a pair that started to tell of them." in done.out
    assert "24" not in done.out


def test_every_problem_of_the_file_is_told_and_nothing_is_kept(program: Sample, here: Path) -> None:
    rows = rows_of(program)
    rows[3][3] = "Managr"
    rows[7] = rows[6]
    done = type_in("outcomes", program.program, written(here, rows))
    assert (done.code, done.out) == (2, "")
    assert (
        "later.csv, row 5, grade: “Managr” is not in people.levels. Did you mean “Manager”?"
        in done.err
    )
    assert "later.csv, row 9, id: “E0006” stands in row 8 already." in done.err
    assert "Nothing was changed." in done.err
    with Database(load_settings().database).read() as session:
        assert outcomes.load(session, program.program) == {}


def test_a_file_of_other_people_is_refused(program: Sample, here: Path) -> None:
    done = type_in("outcomes", program.program, written(here, [STRANGER]))
    assert (done.code, done.out) == (2, "")
    assert "nobody of this program is in this file. Is it the right one?" in done.err


def test_a_program_that_has_not_begun_has_no_outcomes(here: Path) -> None:
    database = Database(load_settings().database)
    migrate(database)
    made = sample.make()
    waiting = made.until(made.events[0].at)
    waiting.events = [event for event in waiting.events if event.kind.value == "program_started"]
    with database.write() as session:
        waiting.write(session)
    done = type_in("outcomes", made.program, written(here, rows_of(made)))
    assert done.code == 1
    assert "has not begun" in done.err
    assert f"python starter.py people {made.program} PEOPLE" in done.err


def test_an_unknown_program_is_bad_input(program: Sample, here: Path) -> None:
    done = type_in("outcomes", "nope", written(here, rows_of(program)), "--json")
    assert done.code == 2
    assert "There is no program “nope”" in done.json["problems"][0]["message"]
