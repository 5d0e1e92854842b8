"""The proposal as a workbook. White cells are HR's to change; everything people wrote is text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from domain.people import Person
from domain.proposal import Proposal, ProposedPair
from domain.proposal_words import blocking_in_words, objective_in_words, other_choices
from store.proposal_file import (
    COMMENT,
    DECISION,
    DECISIONS,
    HELP_SHEET,
    MATCHES_SHEET,
    MENTEE,
    MENTEE_NAME,
    MENTOR,
    MENTOR_NAME,
    NO,
    NUMBER,
    OVERVIEW_SHEET,
    PROGRAM,
    UNMATCHED_SHEET,
    Source,
    decision_of,
)

_Value = str | int | float
_Columns = Sequence[tuple[str, int]]
"""Headings, and their width in characters."""

_COLUMNS: _Columns = (
    (NO, 6),
    (DECISION, 11),
    (MENTOR, 13),
    (MENTOR_NAME, 26),
    (MENTEE, 13),
    (MENTEE_NAME, 26),
    ("Score", 8),
    ("What speaks for it", 60),
    ("What counted against it", 44),
    (COMMENT, 40),
)
_UNMATCHED: _Columns = (
    ("Place", 8),
    ("ID", 13),
    ("Name", 26),
    ("Would be", 12),
    ("Why", 70),
    ("What would have helped", 60),
)
_BLOCKING: _Columns = ((MENTOR_NAME, 30), (MENTEE_NAME, 60), ("Score", 8), ("Scores now", 40))
_EDITABLE = frozenset({DECISION, MENTOR, MENTEE, COMMENT})
_WHOLE = frozenset({NO, "Place"})
_LAST_ROW = 20_000
"""As far down as decisions are offered, new rows included."""

_HELP = (
    "White columns are yours to change. Grey ones are for reading and are made anew.",
    "Decision “approve”: the pair is good. Should the rest be matched anew, it may still change.",
    "Decision “lock”: the pair stays as it is, whatever else changes.",
    "Decision “drop”: the pair is not made. A row that you delete counts as dropped, too.",
    "Decision “swap”: write the id of somebody of another pair over one of the two ids here. They "
    "come into this pair, and who was here takes their place there.",
    "To bring in somebody who has no partner, write their id over one of the two ids.",
    "To add a pair, write both ids into a new row at the end, without a number.",
    "Comments are yours alone; nobody in a pair reads them.",
    "Sort and filter as you like: the number says which pair a row is.",
    "What breaks a hard rule is refused with its reason, and everything else applies.",
)

_HEAD = PatternFill("solid", fgColor="1F3A5F")
_GREY = PatternFill("solid", fgColor="F0F0F0")
_HEAD_FONT = Font(bold=True, color="FFFFFF")
_BOLD = Font(bold=True)
_TOP = Alignment(vertical="top", wrap_text=True)


def workbook_of(
    proposal: Proposal, people: Mapping[str, Person], source: Source | None
) -> Workbook:
    """The workbook that HR edits. `people` are everybody it names, by the proposal's keys."""
    book = Workbook()
    matches = book.worksheets[0]
    matches.title = MATCHES_SHEET
    fill(
        matches,
        _COLUMNS,
        [
            (
                number,
                decision_of(pair),
                people[pair.mentor].reference,
                people[pair.mentor].name,
                people[pair.mentee].reference,
                people[pair.mentee].name,
                pair.score,
                "\n".join(pair.all_reasons),
                "\n".join(_against(pair)),
                pair.comment,
            )
            for number, pair in enumerate(proposal.pairs, start=1)
        ],
        _EDITABLE,
    )
    place = 1 + [heading for heading, _ in _COLUMNS].index(DECISION)
    offer(matches, place, DECISION, DECISIONS)
    fill(
        book.create_sheet(UNMATCHED_SHEET),
        _UNMATCHED,
        [
            (
                left.place if left.place is not None else "",
                people[left.key].reference,
                people[left.key].name,
                left.role.value if left.role else "",
                "\n".join(left.reasons),
                "\n".join(left.relaxations),
            )
            for left in proposal.unmatched
        ],
    )
    _overview(book.create_sheet(OVERVIEW_SHEET), proposal, people, source)
    help_sheet = book.create_sheet(HELP_SHEET)
    help_sheet.column_dimensions["A"].width = 110
    for row, line in enumerate(_HELP, start=1):
        write(help_sheet.cell(row, 1), line)
    return book


def _against(pair: ProposedPair) -> list[str]:
    return [*pair.against, *(f"set aside by you: {wish}" for wish in pair.overruled)]


def _overview(
    sheet: Worksheet, proposal: Proposal, people: Mapping[str, Person], source: Source | None
) -> None:
    totals = proposal.totals
    facts: list[tuple[str, _Value]] = []
    if source is not None:
        facts += [(PROGRAM, source.program), (NUMBER, str(source.number))]
    facts += [("Fixed pairs not made", why) for why in proposal.fixed_not_made]
    facts += [
        ("Put first", objective_in_words(totals.objective)),
        ("Pairs", str(totals.pairs)),
        ("People in a pair", str(totals.people)),
        ("People without", str(len(proposal.unmatched))),
        ("Total score", f"{totals.score:,.1f}"),
        ("Weakest pair", "" if totals.lowest is None else f"{totals.lowest:.1f} of 100"),
    ]
    facts += [("Other choices", words) for words in other_choices(proposal)]
    facts.append(("Blocking pairs", blocking_in_words(proposal)))
    for row, (heading, value) in enumerate(facts, start=1):
        write(sheet.cell(row, 1), heading)
        sheet.cell(row, 1).font = _BOLD
        write(sheet.cell(row, 2), value)
    if proposal.blocking:
        scores = _scores(proposal)
        fill(
            sheet,
            _BLOCKING,
            [
                (
                    f"{people[two.mentor].name} ({people[two.mentor].reference})",
                    f"{people[two.mentee].name} ({people[two.mentee].reference})",
                    two.score,
                    f"{_now(scores, two.mentor)} and {_now(scores, two.mentee)}",
                )
                for two in proposal.blocking
            ],
            first=len(facts) + 2,
        )
    sheet.column_dimensions["A"].width = 30
    sheet.column_dimensions["B"].width = 60
    sheet.freeze_panes = None
    sheet.auto_filter.ref = None


def _scores(proposal: Proposal) -> Mapping[str, float]:
    """The lowest score that each person has in a pair."""
    scores: dict[str, float] = {}
    for pair in proposal.pairs:
        for key in (pair.mentor, pair.mentee):
            scores[key] = min(pair.score, scores.get(key, pair.score))
    return scores


def _now(scores: Mapping[str, float], key: str) -> str:
    return f"{scores[key]:.1f}" if key in scores else "no partner"


def fill(
    sheet: Worksheet,
    columns: _Columns,
    rows: Iterable[tuple[_Value, ...]],
    editable: frozenset[str] = frozenset(),
    *,
    first: int = 1,
) -> None:
    """Write a table: headings, rows, and which columns are HR's to change."""
    for number, (heading, width) in enumerate(columns, start=1):
        cell = sheet.cell(first, number)
        write(cell, heading)
        cell.font, cell.fill = _HEAD_FONT, _HEAD
        sheet.column_dimensions[get_column_letter(number)].width = width
    last = first
    for last, row in enumerate(rows, start=first + 1):
        for number, (value, (heading, _)) in enumerate(zip(row, columns, strict=True), start=1):
            cell = sheet.cell(last, number)
            write(cell, value, "0" if heading in _WHOLE else "0.0")
            if editable and heading not in editable:
                cell.fill = _GREY
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A{first}:{get_column_letter(len(columns))}{last}"


def write(cell: Cell | MergedCell, value: _Value, number_format: str = "0.0") -> None:
    """Text stays text, also where it looks like a formula: what people wrote is never computed."""
    assert isinstance(cell, Cell)  # noqa: S101 - nothing is merged here
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = value[:1] in tuple("=+-@\t\r")
    else:
        cell.number_format = number_format
    cell.alignment = _TOP


def offer(sheet: Worksheet, number: int, heading: str, words: Sequence[str]) -> None:
    """Let a column's cells be chosen from a few words, new rows included."""
    choices = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
    choices.errorTitle = heading
    choices.error = f"Choose {', '.join(words[:-1])} or {words[-1]}."
    sheet.add_data_validation(choices)
    column = get_column_letter(number)
    choices.add(f"{column}2:{column}{_LAST_ROW}")
