"""The proposal as a file: for HR to read and edit in Excel, and back again.

Files show the organisation's own ids and names, whatever keys the proposal itself goes by.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from domain.definition import Definition
from domain.matching import Chosen, Proposal, proposal_of, rule_check
from domain.people import Person
from domain.problems import BadInput, Problem, did_you_mean, suggestion
from store.input_file import read_bytes, refuse
from store.table_file import MAX_BYTES, Unreadable, folded, read_table, tidy

MATCHES_SHEET = "Matches"
UNMATCHED_SHEET = "Not matched"
APPROVE, DROP = "approve", "drop"
MAX_COMMENT = 2_000

_DECISION, _MENTOR, _MENTEE, _COMMENT = "Decision", "Mentor ID", "Mentee ID", "Comment"
_COLUMNS = (
    # heading, width in characters
    (_DECISION, 11),
    (_MENTOR, 13),
    ("Mentor", 26),
    (_MENTEE, 13),
    ("Mentee", 26),
    ("Score", 8),
    ("What speaks for it", 60),
    ("What counted against it", 44),
    (_COMMENT, 40),
)
_UNMATCHED_COLUMNS = (("ID", 13), ("Name", 26), ("Would be", 12), ("Why", 90))
_EDITABLE = frozenset({_DECISION, _MENTOR, _MENTEE, _COMMENT})
_HELP = (
    "White columns are yours to change: write “drop” to take a pair out, another id to replace "
    "somebody, a new row at the end to add a pair. Grey columns are for reading and are made anew."
)


# --- Out -----------------------------------------------------------------------------------------


def export_proposal(
    path: Path,
    proposal: Proposal,
    people: Mapping[str, Person],
    timings: Mapping[str, float] | None = None,
) -> None:
    """Write a proposal to a .xlsx or .json file.

    `people` are everybody it names, by its keys. `timings` (seconds by step) go into JSON only.

    Raises:
        BadInput: the file's ending is another one, or it can't be written.
    """
    kind = path.suffix.lower()
    if kind not in (".xlsx", ".json"):
        raise refuse(path, "a proposal is written to a file that ends in .xlsx or .json.")
    try:
        if kind == ".json":
            text = json.dumps(_document(proposal, people, timings), ensure_ascii=False, indent=2)
            path.write_text(text + "\n", encoding="utf-8")
        else:
            _workbook(proposal, people).save(path)
    except OSError as error:
        raise refuse(
            path,
            "this file can't be written.",
            "Is the folder there, and the file closed in Excel?",
        ) from error


def _document(
    proposal: Proposal, people: Mapping[str, Person], timings: Mapping[str, float] | None
) -> dict[str, Any]:
    return {
        "objective": proposal.totals.model_dump(mode="json"),
        "pairs": [
            {
                "decision": APPROVE,
                "mentor": people[pair.mentor].reference,
                "mentor_name": people[pair.mentor].name,
                "mentee": people[pair.mentee].reference,
                "mentee_name": people[pair.mentee].name,
                "score": pair.score,
                "reasons": pair.reasons,
                "against": pair.against,
                "fixed": pair.fixed,
                "comment": pair.comment,
            }
            for pair in proposal.pairs
        ],
        "unmatched": [
            {
                "id": people[left.key].reference,
                "name": people[left.key].name,
                "role": left.role.value if left.role else None,
                "reasons": left.reasons,
            }
            for left in proposal.unmatched
        ],
        **({"timings": dict(timings)} if timings is not None else {}),
    }


def _workbook(proposal: Proposal, people: Mapping[str, Person]) -> Workbook:
    book = Workbook()
    matches = book.worksheets[0]
    matches.title = MATCHES_SHEET
    _fill(
        matches,
        _COLUMNS,
        [
            (
                APPROVE,
                people[pair.mentor].reference,
                people[pair.mentor].name,
                people[pair.mentee].reference,
                people[pair.mentee].name,
                pair.score,
                "; ".join(pair.reasons),
                "; ".join(pair.against),
                pair.comment,
            )
            for pair in proposal.pairs
        ],
        _EDITABLE,
    )
    _offer_decisions(matches)
    _fill(
        book.create_sheet(UNMATCHED_SHEET),
        _UNMATCHED_COLUMNS,
        [
            (
                people[left.key].reference,
                people[left.key].name,
                left.role.value if left.role else "",
                "; ".join(left.reasons),
            )
            for left in proposal.unmatched
        ],
        frozenset(),
    )
    help_sheet = book.create_sheet("How to edit")
    help_sheet.column_dimensions["A"].width = 100
    _write(help_sheet.cell(1, 1), _HELP)
    return book


def _fill(
    sheet: Worksheet,
    columns: Sequence[tuple[str, int]],
    rows: Iterable[tuple[str | float, ...]],
    editable: frozenset[str],
) -> None:
    head, grey = PatternFill("solid", fgColor="1F3A5F"), PatternFill("solid", fgColor="F0F0F0")
    for number, (heading, width) in enumerate(columns, start=1):
        cell = sheet.cell(1, number)
        _write(cell, heading)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), head
        sheet.column_dimensions[get_column_letter(number)].width = width
    last = 1
    for last, row in enumerate(rows, start=2):
        for number, (value, (heading, _)) in enumerate(zip(row, columns, strict=True), start=1):
            cell = sheet.cell(last, number)
            _write(cell, value)
            if editable and heading not in editable:
                cell.fill = grey
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{last}"


def _write(cell: Cell | MergedCell, value: str | float) -> None:
    """Text stays text, also where it looks like a formula: what people wrote is never computed."""
    assert isinstance(cell, Cell)  # noqa: S101 - nothing is merged here
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = value[:1] in tuple("=+-@\t\r")
    else:
        cell.number_format = "0.0"
    cell.alignment = Alignment(vertical="top", wrap_text=True)


def _offer_decisions(sheet: Worksheet) -> None:
    choices = DataValidation(type="list", formula1=f'"{APPROVE},{DROP}"', allow_blank=True)
    choices.errorTitle, choices.error = "Decision", f"Choose {APPROVE} or {DROP}."
    sheet.add_data_validation(choices)
    choices.add("A2:A20000")


# --- And back ------------------------------------------------------------------------------------


class _Line(NamedTuple):
    """A pair as it stands in the file."""

    row: int
    decision: str
    mentor: str
    mentee: str
    comment: str


def import_proposal(
    path: Path,
    definition: Definition,
    people: Mapping[str, Person],
    *,
    everybody: Iterable[Person] = (),
) -> Proposal:
    """Read back a proposal that HR edited: the pairs as they now are, all of them HR's decision.

    Scores, reasons and who is left over are made anew. `people` are those who can be paired, by
    the keys the proposal shall have; `everybody` all of the people file, for lines of managers.

    Raises:
        BadInput: with every edit that can't stand: unknown people, broken hard rules with their
            reason, people over their capacity, the same two twice.
    """
    kind = path.suffix.lower()
    if kind not in (".xlsx", ".json"):
        raise refuse(path, "a proposal is read from a file that ends in .xlsx or .json.")
    problems: list[Problem] = []
    lines = _lines_of_json(path, problems) if kind == ".json" else _lines_of_sheet(path, problems)
    known = list(everybody) or list(people.values())
    checker = _Checker(path, definition, people, known, problems)
    chosen = [pair for line in lines if (pair := checker.pair(line)) is not None]
    checker.check_capacities(chosen)
    if problems:
        raise BadInput(sorted(problems, key=lambda problem: problem.row or 0))
    return proposal_of(definition, people, [pair for _, pair in chosen], everybody=known)


class _Checker:
    def __init__(
        self,
        path: Path,
        definition: Definition,
        people: Mapping[str, Person],
        everybody: Sequence[Person],
        problems: list[Problem],
    ) -> None:
        self._file = str(path)
        self._broken = rule_check(definition, everybody)
        self._people = people
        self._everybody = everybody
        self._keys = {person.reference: key for key, person in people.items()}
        self._problems = problems
        self._seen: dict[frozenset[str], int] = {}

    def _tell(self, row: int, field: str | None, message: str, hint: str | None = None) -> None:
        self._problems.append(
            Problem(file=self._file, row=row, field=field, message=message, hint=hint)
        )

    def pair(self, line: _Line) -> tuple[int, Chosen] | None:
        """The pair of a line, or None when it is dropped or can't stand."""
        decision = line.decision.casefold()
        if decision == DROP:
            return None
        if decision not in ("", APPROVE):
            self._tell(
                line.row,
                _DECISION,
                f"“{line.decision}” is no decision.",
                did_you_mean(line.decision, (APPROVE, DROP)),
            )
        mentor = self._who(line.row, _MENTOR, line.mentor)
        mentee = self._who(line.row, _MENTEE, line.mentee)
        if len(line.comment) > MAX_COMMENT:
            self._tell(line.row, _COMMENT, f"this is longer than {MAX_COMMENT:,} characters.")
        if mentor is None or mentee is None:
            return None
        for broken in self._broken(self._people[mentor], self._people[mentee]):
            self._tell(line.row, None, f"{line.mentor} and {line.mentee} can't be a pair: {broken}")
        both = frozenset((mentor, mentee))
        first = self._seen.setdefault(both, line.row)
        if first != line.row:
            self._tell(
                line.row,
                None,
                f"{line.mentor} and {line.mentee} are a pair in row {first} already.",
                "Drop one of the rows.",
            )
            return None
        return line.row, Chosen(mentor, mentee, fixed=True, comment=line.comment)

    def _who(self, row: int, field: str, reference: str) -> str | None:
        if not reference:
            self._tell(row, field, "this is empty.", f"Write an id, or “{DROP}” as decision.")
            return None
        key = self._keys.get(reference)
        if key is None:
            if any(person.reference == reference for person in self._everybody):
                self._tell(row, field, f"“{reference}” does not take part in this program.")
            else:
                near = suggestion(reference, self._keys)
                self._tell(
                    row,
                    field,
                    f"there is nobody with the id “{reference}”.",
                    f"Did you mean “{near}”?" if near else None,
                )
        return key

    def check_capacities(self, chosen: Sequence[tuple[int, Chosen]]) -> None:
        """Tell of everybody who is in more pairs than they offered."""
        pairs = Counter(key for _, pair in chosen for key in (pair.mentor, pair.mentee))
        for key, count in pairs.items():
            person = self._people[key]
            if count > person.capacity:
                rows = [row for row, pair in chosen if key in (pair.mentor, pair.mentee)]
                self._tell(
                    rows[-1],
                    None,
                    f"{person.reference} would be in {count} pairs (rows "
                    f"{', '.join(map(str, rows))}), but has room for {person.capacity}.",
                    f"Write “{DROP}” in one of the rows, or another id.",
                )


def _lines_of_sheet(path: Path, problems: list[Problem]) -> list[_Line]:
    needed = (_DECISION, _MENTOR, _MENTEE)
    table = read_table(path, needed, MATCHES_SHEET)
    headings = [folded(heading) for heading in table.headings]
    places = {
        heading: headings.index(folded(heading))
        for heading in (*needed, _COMMENT)
        if folded(heading) in headings
    }
    missing = [heading for heading in needed if heading not in places]
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
    lines: list[_Line] = []
    for row in table.rows:
        values = {}
        for heading, place in places.items():
            cell = row.cell(place)
            if isinstance(cell, Unreadable):
                problems.append(
                    Problem(
                        file=str(path),
                        row=row.number,
                        field=heading,
                        message=cell.why,
                        hint=cell.hint,
                    )
                )
            values[heading] = "" if isinstance(cell, Unreadable) else cell
        if any(values.values()):
            lines.append(
                _Line(
                    row.number,
                    values[_DECISION],
                    values[_MENTOR],
                    values[_MENTEE],
                    values.get(_COMMENT, ""),
                )
            )
    return lines


def _lines_of_json(path: Path, problems: list[Problem]) -> list[_Line]:
    data = read_bytes(path, MAX_BYTES)
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise refuse(path, "this is not JSON.", line=error.lineno) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise refuse(path, "this is not JSON in UTF-8.") from error
    pairs = document.get("pairs") if isinstance(document, dict) else None
    if not isinstance(pairs, list):
        raise refuse(path, "this is no proposal: “pairs” is missing or no list.")
    lines: list[_Line] = []
    for number, pair in enumerate(pairs, start=1):
        entry = pair if isinstance(pair, dict) else {}
        words = [entry.get(key, "") for key in ("decision", "mentor", "mentee", "comment")]
        if not isinstance(pair, dict) or not all(isinstance(word, str) for word in words):
            problems.append(
                Problem(
                    file=str(path),
                    field=f"pairs[{number}]",
                    message="an entry needs “mentor” and “mentee”, all in quotation marks.",
                )
            )
            continue
        lines.append(_Line(number, *(tidy(word) for word in words)))
    return lines
