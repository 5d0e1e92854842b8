"""Whom HR chooses to match, as a workbook: one row a person, with a yes or a no, and back again.

The file shows the organisation's own ids and names. What is wrong with it is told all at once, and
then nothing of it is taken over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from domain.problems import BadInput, NearWords, Problem
from store.input_file import refuse
from store.programs import Participant
from store.table_file import Unreadable, folded, read_table

PEOPLE_SHEET = "People"
OVERVIEW_SHEET = "Overview"
HELP_SHEET = "How to choose"
PROGRAM = "Program"
"""Where the overview says which program the file is about."""

DECISION, ID, NAME, COMMENT = "Match", "ID", "Name", "Comment"
YES, NO = "yes", "no"


def check_selection_target(path: Path) -> None:
    """See that a file to write, or to read, is a workbook. Raises `BadInput`."""
    if path.suffix.lower() != ".xlsx":
        raise refuse(path, "a selection is a file that ends in .xlsx.")


def export_selection(path: Path, program: str, people: Sequence[Participant]) -> None:
    """Write who may be chosen to a .xlsx file, each with the decision as it stands.

    Raises:
        BadInput: the file's ending is another one, or it can't be written.
    """
    check_selection_target(path)
    # Excel's format takes long to load.
    from store.selection_sheet import selection_workbook  # noqa: PLC0415

    try:
        selection_workbook(program, people).save(path)
    except OSError as error:
        raise refuse(
            path,
            "this file can't be written.",
            "Is the folder there, and the file closed in Excel?",
        ) from error


def read_selection(path: Path, program: str, people: Sequence[Participant]) -> Mapping[str, bool]:
    """Whom HR said yes and no to, by person id. Who has no row, or no word in it, is left out.

    `people` are those who may be chosen.

    Raises:
        BadInput: with every problem, each with its row and column.
    """
    check_selection_target(path)
    table = read_table(path, (DECISION, ID), PEOPLE_SHEET)
    _check_program(path, program)
    headings = [folded(heading) for heading in table.headings]
    missing = [heading for heading in (DECISION, ID) if folded(heading) not in headings]
    if missing:
        raise BadInput(
            [
                Problem(
                    file=str(path),
                    row=table.heading_row,
                    message=f"there is no column “{heading}”.",
                    hint="Leave the headings as they were exported.",
                )
                for heading in missing
            ]
        )
    decisions, ids = headings.index(folded(DECISION)), headings.index(folded(ID))
    reader = _Reader(str(path), people)
    for row in table.rows:
        reader.row(row.number, row.cell(decisions), row.cell(ids))
    if reader.problems:
        raise BadInput(reader.problems)
    return reader.chosen


class _Reader:
    def __init__(self, file: str, people: Sequence[Participant]) -> None:
        self._file = file
        self._known = {person.person.reference: person.id for person in people}
        self._near = NearWords()
        self._rows: dict[str, int] = {}
        self.problems: list[Problem] = []
        self.chosen: dict[str, bool] = {}

    def row(self, number: int, decision: str | Unreadable, reference: str | Unreadable) -> None:
        """Understand one row."""
        unreadable = False
        for field, cell in ((DECISION, decision), (ID, reference)):
            if isinstance(cell, Unreadable):
                self._tell(number, field, cell.why, cell.hint)
                unreadable = True
        if unreadable or isinstance(decision, Unreadable) or isinstance(reference, Unreadable):
            return
        said = self._decision(number, decision)
        person = self._person(number, reference)
        if said is not None and person is not None:
            self.chosen[person] = said

    def _decision(self, number: int, written: str) -> bool | None:
        word = folded(written)
        if word in ("", YES, NO):
            return None if not word else word == YES
        self._tell(number, DECISION, f"“{written}” is neither yes nor no.")
        return None

    def _person(self, number: int, reference: str) -> str | None:
        if not reference:
            self._tell(number, ID, "this is empty.", "Leave the ids as they were exported.")
            return None
        if reference not in self._known:
            near = self._near.suggestion(reference, self._known)
            self._tell(
                number,
                ID,
                f"“{reference}” is nobody who joined and may be chosen.",
                f"Did you mean “{near}”?" if near else None,
            )
            return None
        if reference in self._rows:
            self._tell(number, ID, f"{reference} stands in row {self._rows[reference]} already.")
            return None
        self._rows[reference] = number
        return self._known[reference]

    def _tell(self, number: int, field: str, message: str, hint: str | None = None) -> None:
        self.problems.append(
            Problem(file=self._file, row=number, field=field, message=message, hint=hint)
        )


def _check_program(path: Path, program: str) -> None:
    try:
        table = read_table(path, (), OVERVIEW_SHEET)
    except BadInput:
        said = None
    else:
        rows = [table.headings, *(row.cells for row in table.rows)]
        named = (row[1] for row in rows if len(row) > 1 and row[0] == PROGRAM)
        said = next(named, None)
    anew = f"Export it anew: python starter.py selection {program} export {path.name}"
    if not isinstance(said, str) or not said:
        raise refuse(path, "this file does not say which program it is about.", anew)
    if said != program:
        raise refuse(path, f"this file is about the program “{said}”, not “{program}”.")
