"""Whom to match as a workbook. White cells are HR's to change."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl import Workbook

from store.programs import Participant
from store.proposal_sheet import fill, offer, write
from store.selection_file import (
    COMMENT,
    DECISION,
    HELP_SHEET,
    ID,
    NAME,
    NO,
    OVERVIEW_SHEET,
    PEOPLE_SHEET,
    PROGRAM,
    YES,
)

_COLUMNS = (
    (DECISION, 9),
    (ID, 13),
    (NAME, 28),
    ("Would be", 16),
    ("Level", 18),
    ("Department", 22),
    ("Location", 18),
    ("Can teach", 40),
    ("Would like to learn", 40),
    ("Line manager", 14),
    (COMMENT, 40),
)
_EDITABLE = frozenset({DECISION, COMMENT})

_HELP = (
    "White columns are yours to change. Grey ones are for reading.",
    "Match “yes”: the person is matched. “no”: they are not, and get a kind message once you "
    "confirm.",
    "A row that you delete, or whose word you delete, stays as it is in the program.",
    "Comments are for you and whom you give this file; they stay in it and are not taken over.",
    "Sort and filter as you like: the id says who a row is about.",
    "Import the file as often as you like. Nobody hears of it before you confirm.",
)


def selection_workbook(program: str, people: Sequence[Participant]) -> Workbook:
    """The workbook in which HR chooses. `people` are those who may be chosen, in their order."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = PEOPLE_SHEET
    fill(sheet, _COLUMNS, [_row(person) for person in people], _EDITABLE)
    offer(sheet, [heading for heading, _ in _COLUMNS].index(DECISION) + 1, DECISION, (YES, NO))
    overview = book.create_sheet(OVERVIEW_SHEET)
    overview.column_dimensions["A"].width = 30
    overview.column_dimensions["B"].width = 60
    for number, (heading, value) in enumerate(
        ((PROGRAM, program), ("People who joined", str(len(people)))), start=1
    ):
        write(overview.cell(number, 1), heading)
        write(overview.cell(number, 2), value)
    help_sheet = book.create_sheet(HELP_SHEET)
    help_sheet.column_dimensions["A"].width = 110
    for number, line in enumerate(_HELP, start=1):
        write(help_sheet.cell(number, 1), line)
    return book


def _row(participant: Participant) -> tuple[str, ...]:
    person = participant.person
    return (
        NO if participant.selected is False else YES,
        person.reference,
        person.name,
        " or ".join(participant.eligible_roles),
        person.level or "",
        person.department or "",
        person.location or "",
        "\n".join(person.skills),
        "\n".join(person.goals),
        "agrees" if participant.approved else "not asked",
        "",
    )
