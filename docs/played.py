"""Plays what the matching guide shows, so that all of it is what the commands really say.

A played part of a document stands between two markers, `<!-- played: KIND WORDS -->` and
`<!-- end -->`. The parts are played in their order, in a folder of their own that has the examples,
so that a later one may show what an earlier one wrote:

* `run COMMAND`: the command, and all that it prints.
* `sheet FILE SHEET`: a sheet of a workbook; with `columns=A,B` some of its columns, with
  `with=HEADING:TEXT` the rows that have the text there, with `weakest=3` the pairs that score
  least, the weakest first.
* `counted HEADING FILE FILE … texts=A,B`: in how many rows of each file a column has a text in it.
* `part FILE KEY`: a section of a definition as it stands there.
* `change FILE FILE`: the lines in which two definitions differ.
* `score DEFINITION PEOPLE MENTOR MENTEE`: how the score of two people comes about.
* `started DEFINITION PEOPLE`: nothing; from here on the program is there, with everybody matched.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from unittest import mock

from openpyxl import load_workbook
from typer.testing import CliRunner

from console.commands import app
from console.intake import read_intake
from console.terminal import console
from domain.calendar import epoch_for
from domain.diagnosis import preference_name
from domain.ground import worth_of
from domain.matching import match
from domain.organisation import organisation_of
from domain.pairing_rules import liking_of
from runtime.exit import leave_with
from runtime.settings import PROJECT, Settings, load_settings
from store import programs, proposals
from store.database import Database
from store.migrate import migrate
from store.tables import ParticipantRow

GUIDE = PROJECT / "docs" / "matching.md"
EXAMPLES = Path("examples") / "matching"

_MARKED = re.compile(r"(<!-- played: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)

_Row = Mapping[str, str]


def played(text: str) -> str:
    """A document with its played parts as the commands have them now.

    Raises KeyError for a marker of no kind.
    """
    with _office():
        return _MARKED.sub(_play, text)


def _play(part: re.Match[str]) -> str:
    kind, *words = shlex.split(part[2])
    options = dict(word.split("=", 1) for word in words if "=" in word and kind != "run")
    given = [word for word in words if kind == "run" or "=" not in word]
    return f"{part[1]}{KINDS[kind](given, options)}{part[3]}"


@contextmanager
def _office() -> Iterator[None]:
    """A folder with the examples and a store of its own, and nothing else set."""
    here = Path.cwd()
    ours = {f"{field.upper()}{end}" for field in Settings.model_fields for end in ("", "_FILE")}
    env = {name: value for name, value in os.environ.items() if name not in ours}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PROJECT / EXAMPLES, Path(folder) / EXAMPLES)
        env |= {"VAR_DIR": str(Path(folder) / "var")}
        with mock.patch.dict(os.environ, env, clear=True), _width(100):
            os.chdir(folder)
            try:
                yield
            finally:
                os.chdir(here)


@contextmanager
def _width(columns: int) -> Iterator[None]:
    """Terminals so wide, whatever the environment said when they were made."""
    terminals = (console(), console(stderr=True))
    widths = [terminal.width for terminal in terminals]
    for terminal in terminals:
        terminal.width = columns
    try:
        yield
    finally:
        for terminal, width in zip(terminals, widths, strict=True):
            terminal.width = width


# --- The kinds -----------------------------------------------------------------------------------


def _run(words: Sequence[str], _: Mapping[str, str]) -> str:
    done = CliRunner().invoke(app, list(words[2:]))  # without “python starter.py”
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    typed = " ".join(f'"{word}"' if " " in word else word for word in words)
    lines = [line.rstrip() for line in done.output.splitlines()]
    return _fenced("console", [f"$ {typed}", *lines])


def _sheet(words: Sequence[str], options: Mapping[str, str]) -> str:
    rows = _rows_of(*words)
    if "with" in options:
        heading, _, text = options["with"].partition(":")
        rows = [row for row in rows if text in row[heading]]
    if "weakest" in options:
        rows = sorted(rows, key=lambda row: float(row["Score"]))[: int(options["weakest"])]
    headings = options["columns"].split(",") if "columns" in options else list(rows[0])
    cells = [[_cell(row, heading) for heading in headings] for row in rows]
    return _table(headings, cells)


def _counted(words: Sequence[str], options: Mapping[str, str]) -> str:
    heading, *files = words
    columns = [[row[heading] for row in _rows_of(file, "Matches")] for file in files]
    return _table(
        [f"rows whose “{heading}” says", *(f"`{file}`" for file in files)],
        [
            [f"“{text}”", *(str(sum(text in cell for cell in cells)) for cells in columns)]
            for text in options["texts"].split(",")
        ],
    )


def _part(words: Sequence[str], _: Mapping[str, str]) -> str:
    file, key = words
    lines = (EXAMPLES / file).read_text("utf-8").splitlines()
    first = lines.index(f"{key}:")
    more = (n for n, line in enumerate(lines) if n > first and line and not line.startswith(" "))
    section = "\n".join(lines[first : next(more, len(lines))]).rstrip()
    return _fenced("yaml", section.splitlines())


def _change(words: Sequence[str], _: Mapping[str, str]) -> str:
    one, other = ((EXAMPLES / file).read_text("utf-8").splitlines() for file in words)
    lines = [
        line
        for line in difflib.unified_diff(one, other, n=1, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    return _fenced("diff", lines)


def _score(words: Sequence[str], _: Mapping[str, str]) -> str:
    definition, people, mentor, mentee = words
    intake = read_intake(EXAMPLES / definition, EXAMPLES / people)
    one, other = [intake.candidates[mentor]], [intake.candidates[mentee]]
    organisation = organisation_of(intake.definition, intake.people)
    rows: list[list[str]] = []
    points = weights = 0.0
    for preference in intake.definition.matching.preferences:
        liking = liking_of(preference, one, other, organisation)
        if liking.says is not None and not liking.says[0, 0]:
            rows.append([preference_name(preference), "says nothing", "–", "–"])
            continue
        share = float(liking.share[0, 0])
        points, weights = points + share * preference.weight, weights + preference.weight
        cells = (f"{share:.3f}", f"{preference.weight:g}", f"{share * preference.weight:.3f}")
        rows.append([preference_name(preference), *cells])
    worth = int(worth_of(intake.definition, one, other, organisation)[0, 0])
    rows.append(["together", "", f"{weights:g}", f"{points:.3f}"])
    rows.append([f"score: 100 × {points:.3f} / {weights:g}", "", "", f"**{worth / 100:g}**"])
    return _table(
        ["preference", "how well it is met, from 0 to 1", "weight", "the two multiplied"], rows
    )


def _started(words: Sequence[str], _: Mapping[str, str]) -> str:
    """As if everybody had joined, one an hour in the order of the file, and were matched."""
    definition, people = words
    intake = read_intake(EXAMPLES / definition, EXAMPLES / people)
    plan, program = intake.definition, intake.definition.program.id
    now = datetime(2026, 1, 5, 9, tzinfo=UTC)
    database = Database(load_settings().database)
    migrate(database)
    try:
        with database.write() as session:
            programs.enter(session, plan, intake.entrants, epoch_for(plan, now), now)
        hours = {person.reference: n for n, person in enumerate(intake.people)}
        with database.write() as session:
            for found in programs.participants(session, program):
                row = session.get_one(ParticipantRow, (program, found.id))
                row.joined = True
                row.answered_at = now + timedelta(hours=hours[found.person.reference])
        with database.write() as session:
            everybody = programs.participants(session, program)
            taking_part = {found.id: found.person for found in everybody if found.takes_part}
            background = proposals.background(session, program)
            proposal = match(plan, taking_part, background=background)
            proposals.save_proposal(session, program, proposal, "solver", now)
    finally:
        database.close()
    return ""


KINDS: dict[str, Callable[[Sequence[str], Mapping[str, str]], str]] = {
    "run": _run,
    "sheet": _sheet,
    "counted": _counted,
    "part": _part,
    "change": _change,
    "score": _score,
    "started": _started,
}
"""What a part may be, by the word that names it."""


# --- Writing -------------------------------------------------------------------------------------


def _rows_of(file: str, sheet: str) -> list[_Row]:
    """A sheet's rows by heading; of the overview its facts, whose headings are ours."""
    head, *rows = (
        ["" if cell is None else _shown(cell) for cell in row]
        for row in load_workbook(file)[sheet].iter_rows(values_only=True)
    )
    if sheet == "Overview":
        facts = takewhile(any, [head, *rows])  # blocking pairs follow after an empty row
        return [{"Overview": fact[0], f"`{file}`": fact[1]} for fact in facts]
    return [dict(zip(head, row, strict=True)) for row in rows]


def _shown(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _cell(row: _Row, heading: str) -> str:
    # A score of 55 comes out of the workbook without its decimal, in which Excel shows it.
    return f"{float(row[heading]):.1f}" if heading == "Score" else row[heading]


def _fenced(language: str, lines: Sequence[str]) -> str:
    return "\n".join([f"```{language}", *lines, "```", ""])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", "/").replace("\n", "<br>") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def main() -> int:
    """Play the guide and write what came of it."""
    GUIDE.write_text(played(GUIDE.read_text("utf-8")), "utf-8")
    print(f"Wrote {GUIDE.relative_to(PROJECT)}.")
    return 0


if __name__ == "__main__":
    leave_with(main)
