"""The proposal as a file: for HR to read and edit in Excel, and back again.

Files show the organisation's own ids and names, whatever keys the proposal itself goes by. Each
row has a number that says which pair it was, so that rows may be sorted, and each file says which
proposal it was made from, so that an older one is recognised.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from domain.edits import MAX_COMMENT, NEW_PAIR, Edit, EditKind, Two
from domain.people import Person
from domain.problems import BadInput, Problem, did_you_mean
from domain.proposal import Proposal, ProposedPair
from store.input_file import read_bytes, refuse
from store.table_cells import Unreadable, folded, text_cell
from store.table_file import MAX_BYTES, MAX_ROWS, Row, Table, read_table

MATCHES_SHEET = "Matches"
UNMATCHED_SHEET = "Not matched"
OVERVIEW_SHEET = "Overview"
HELP_SHEET = "How to edit"
PROGRAM, NUMBER = "Program", "Proposal"
"""Where the overview says what the file was made from."""

DECISIONS = tuple(kind.value for kind in EditKind if kind not in NEW_PAIR)

NO, DECISION, MENTOR, MENTEE, COMMENT = "No.", "Decision", "Mentor ID", "Mentee ID", "Comment"
MENTOR_NAME, MENTEE_NAME = "Mentor", "Mentee"

_DIGITS = 9
"""Of a pair's number, at most."""


class Source(NamedTuple):
    """Which proposal a file is made from."""

    program: str
    number: int


# --- Out -----------------------------------------------------------------------------------------


def export_proposal(
    path: Path,
    proposal: Proposal,
    people: Mapping[str, Person],
    *,
    source: Source | None = None,
    timings: Mapping[str, float] | None = None,
) -> None:
    """Write a proposal to a .xlsx or .json file.

    `people` are everybody it names, by its keys. `timings` (seconds by step) go into JSON only.

    Raises:
        BadInput: the file's ending is another one, or it can't be written.
    """
    kind = check_target(path)
    try:
        if kind == ".json":
            document = proposal_document(proposal, people, source=source, timings=timings)
            text = json.dumps(document, ensure_ascii=False, indent=2)
            path.write_text(text + "\n", encoding="utf-8")
        else:
            # Excel's format takes long to load, and JSON does without.
            from store.proposal_sheet import workbook_of  # noqa: PLC0415

            workbook_of(proposal, people, source).save(path)
    except OSError as error:
        raise refuse(
            path,
            "this file can't be written.",
            "Is the folder there, and the file closed in Excel?",
        ) from error


def check_target(path: Path) -> str:
    """The ending of a file to write. Raises `BadInput` when it is none of ours."""
    kind = path.suffix.lower()
    if kind not in (".xlsx", ".json"):
        raise refuse(path, "a proposal is written to a file that ends in .xlsx or .json.")
    return kind


def refuse_to_overwrite(path: Path, inputs: Iterable[Path] = (), *, force: bool) -> None:
    """See that writing to `path` loses nothing: no file of HR's, and never one that is read.

    Raises:
        BadInput: `path` is one of `inputs`, or it is there already and `force` is not given.
    """
    if not path.exists():
        return
    if any(given.exists() and path.samefile(given) for given in inputs):
        raise refuse(path, "this file is one of those to read.", "Name another to write to.")
    if not force:
        raise refuse(path, "this file is there already.", "Name another, or add --force.")


def decision_of(pair: ProposedPair) -> str:
    """The decision that a pair has as it stands."""
    return (EditKind.LOCK if pair.fixed else EditKind.APPROVE).value


def proposal_document(
    proposal: Proposal,
    people: Mapping[str, Person],
    *,
    source: Source | None = None,
    timings: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """A proposal as JSON has it, with the organisation's ids."""

    def who(role: str, key: str) -> dict[str, str]:
        return {role: people[key].reference, f"{role}_name": people[key].name}

    return {
        "program": source.program if source else None,
        "number": source.number if source else None,
        "objective": proposal.totals.model_dump(mode="json"),
        "pairs": [
            {
                "no": number,
                "decision": decision_of(pair),
                **who("mentor", pair.mentor),
                **who("mentee", pair.mentee),
                "score": pair.score,
                "reasons": pair.all_reasons,
                "against": pair.against,
                "fixed": pair.fixed,
                "overruled": pair.overruled,
                "comment": pair.comment,
            }
            for number, pair in enumerate(proposal.pairs, start=1)
        ],
        "unmatched": [
            {
                "id": people[left.key].reference,
                "name": people[left.key].name,
                "role": left.role.value if left.role else None,
                "place": left.place,
                "reasons": left.reasons,
                "relaxations": left.relaxations,
            }
            for left in proposal.unmatched
        ],
        "fixed_not_made": proposal.fixed_not_made,
        "frontier": [reached.model_dump(mode="json") for reached in proposal.frontier],
        "blocking": [
            {**who("mentor", two.mentor), **who("mentee", two.mentee), "score": two.score}
            for two in proposal.blocking
        ],
        "blocking_count": proposal.blocking_count,
        **({"timings": dict(timings)} if timings is not None else {}),
    }


# --- And back ------------------------------------------------------------------------------------


class ReadEdits(NamedTuple):
    """What HR's file says."""

    edits: tuple[Edit, ...]
    """One a row, in the file's order; then one for each row that was taken out."""
    problems: tuple[Problem, ...]
    """Rows that can't be understood. Their pairs stay as they are."""
    taken_out: tuple[Two, ...]
    """Pairs whose rows are not in the file any more: they count as dropped."""


def read_edits(
    path: Path,
    proposal: Proposal,
    people: Mapping[str, Person],
    *,
    source: Source,
    taking_part: Container[str],
) -> ReadEdits:
    """Read what HR decided about each pair. Nothing is checked but the file itself.

    `people` are everybody in the program, by the proposal's keys; who is not `taking_part` stands
    in an edit as HR wrote them.

    Raises:
        BadInput: the file can't be read, is no proposal, or was made from another proposal than
            `source`.
    """
    kind = path.suffix.lower()
    if kind not in (".xlsx", ".json"):
        raise refuse(path, "a proposal is read from a file that ends in .xlsx or .json.")
    reader = _Reader(path, proposal, people, taking_part)
    reader.read(
        _lines_of_json(path, source, reader)
        if kind == ".json"
        else _lines_of_sheet(path, source, reader)
    )
    return reader.result()


class _Line(NamedTuple):
    """A row as it stands in the file. Names are "" where they are not given."""

    row: int
    no: str
    decision: str
    mentor: str
    mentor_name: str
    mentee: str
    mentee_name: str
    comment: str


class _Reader:
    def __init__(
        self,
        path: Path,
        proposal: Proposal,
        people: Mapping[str, Person],
        taking_part: Container[str],
    ) -> None:
        self._file = str(path)
        self._pairs = proposal.pairs
        self._people = people
        self._key_of = {p.reference: key for key, p in people.items() if key in taking_part}
        self._place_of = {self._written(pair): i for i, pair in enumerate(self._pairs)}
        self._met: set[int] = set()
        """Pairs that have a row."""
        self._kept: set[int] = set()
        """Pairs that may have one which can't be read."""
        self._edits: list[Edit] = []
        self._problems: list[Problem] = []

    @cached_property
    def _places_of_one(self) -> Mapping[str, set[int]]:
        """The pairs that somebody is in, on either side."""
        found: dict[str, set[int]] = defaultdict(set)
        for two, place in self._place_of.items():
            for one in two:
                found[one].add(place)
        return found

    @cached_property
    def _ids_by_name(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for person in self._people.values():
            found.setdefault(folded(person.name), []).append(person.reference)
        return found

    def _written(self, pair: ProposedPair) -> Two:
        """The two of a pair as the file names them."""
        return self._people[pair.mentor].reference, self._people[pair.mentee].reference

    def tell(self, row: int, field: str | None, message: str, hint: str | None = None) -> None:
        """Note a problem of a row."""
        self._problems.append(
            Problem(file=self._file, row=row, field=field, message=message, hint=hint)
        )

    def is_about(self, no: str, mentor: str, mentee: str) -> None:
        """Note that the file has a row of this number, or of these two, whatever else it says.

        So its pair does not count as taken out. Where neither leads to a pair, all that have one
        of the two are kept: better a pair too many than one that is lost unasked.
        """
        if self._is_number(no):
            self._kept.add(int(no) - 1)
        elif (place := self._place_of.get((mentor, mentee))) is not None:
            self._kept.add(place)
        else:
            self._kept |= self._places_of_one[mentor] | self._places_of_one[mentee]

    def _is_number(self, no: str) -> bool:
        return no.isdecimal() and len(no) <= _DIGITS and 1 <= int(no) <= len(self._pairs)

    def read(self, lines: Iterable[_Line]) -> None:
        """Understand each line."""
        known = list(lines)
        numbered = {line.no for line in known}
        for line in known:
            place = self._place(line, numbered)
            if place is not None:
                self._line(line, place if place >= 0 else None)

    def result(self) -> ReadEdits:
        """All that was read, and the rows that were not there."""
        gone = [pair for i, pair in enumerate(self._pairs) if i not in self._met | self._kept]
        taken_out = tuple((pair.mentor, pair.mentee) for pair in gone)
        drops = [Edit(row=None, kind=EditKind.DROP, before=two) for two in taken_out]
        problems = sorted(self._problems, key=lambda problem: problem.row or 0)
        return ReadEdits((*self._edits, *drops), tuple(problems), taken_out)

    def _place(self, line: _Line, numbered: Container[str]) -> int | None:
        """Which pair a line is about: -1 for a new one, None when it can't be told."""
        if not line.no:
            place = self._place_of.get((line.mentor, line.mentee), -1)
            its_own = place >= 0 and place not in self._met and str(place + 1) not in numbered
            place = place if its_own else -1
        elif self._is_number(line.no):
            place = int(line.no) - 1
            if place in self._met:  # a row that HR copied to begin a new one from
                place = -1
        else:
            self.tell(
                line.row,
                NO,
                f"there is no pair {line.no} in this proposal.",
                "Leave the numbers as they were; a new row has none.",
            )
            self.is_about("", line.mentor, line.mentee)
            return None
        if place >= 0:
            self._met.add(place)
        return place

    def _line(self, line: _Line, place: int | None) -> None:
        pair = self._pairs[place] if place is not None else None
        before = (pair.mentor, pair.mentee) if pair else None
        kind = self._kind(line, pair)
        after = None if kind is EditKind.DROP else self._after(line, pair)
        if len(line.comment) > MAX_COMMENT:
            self.tell(line.row, COMMENT, f"this is longer than {MAX_COMMENT:,} characters.")
        elif kind is not None and (kind is EditKind.DROP or after is not None):
            self._edits.append(
                Edit(row=line.row, kind=kind, before=before, after=after, comment=line.comment)
            )

    def _kind(self, line: _Line, pair: ProposedPair | None) -> EditKind | None:
        decision = line.decision.casefold()
        if decision and decision not in DECISIONS:
            self.tell(
                line.row,
                DECISION,
                f"“{line.decision}” is no decision.",
                did_you_mean(line.decision, DECISIONS),
            )
            return None
        if pair is not None:
            return EditKind(decision or decision_of(pair))
        if decision in (EditKind.DROP, EditKind.SWAP):
            self.tell(
                line.row,
                DECISION,
                f"this row has no number, so it is a new pair, which can’t be “{decision}”.",
                "Decide so in the row that the pair has.",
            )
            return None
        return EditKind.ADD

    def _after(self, line: _Line, pair: ProposedPair | None) -> Two | None:
        mentor = self._who(
            line, MENTOR, line.mentor, line.mentor_name, pair.mentor if pair else None
        )
        mentee = self._who(
            line, MENTEE, line.mentee, line.mentee_name, pair.mentee if pair else None
        )
        return (mentor, mentee) if mentor is not None and mentee is not None else None

    def _who(
        self, line: _Line, field: str, reference: str, name: str, was: str | None
    ) -> str | None:
        """The key of who stands in a row, what HR wrote for a stranger, None when it is wrong."""
        if not reference:
            self.tell(line.row, field, "this is empty.", "Write an id, or “drop” as decision.")
            return None
        if was is not None and reference == self._people[was].reference:
            if name and folded(name) != folded(self._people[was].name):
                self.tell(
                    line.row,
                    field,
                    f"the name was changed to “{name}”, but the id is still {reference}.",
                    self._id_of(name) or "Write the id of the person who should be here.",
                )
                return None
            return was
        return self._key_of.get(reference, reference)

    def _id_of(self, name: str) -> str | None:
        found = self._ids_by_name.get(folded(name))
        return f"Write the id of {name} here: {' or '.join(found)}." if found else None


def _check_source(path: Path, source: Source, program: str | None, number: str | None) -> None:
    anew = f"Export it anew: python starter.py matches {source.program} export {path.name}"
    if not program or not number:
        raise refuse(path, "this file does not say which proposal it was made from.", anew)
    if program != source.program:
        raise refuse(
            path, f"this file was made from the program “{program}”, not “{source.program}”."
        )
    if number != str(source.number):
        raise refuse(
            path,
            f"this file was made from proposal {number}; it is proposal {source.number} now.",
            anew,
        )


def _lines_of_sheet(path: Path, source: Source, reader: _Reader) -> list[_Line]:
    needed = (NO, DECISION, MENTOR, MENTEE)
    table = read_table(path, needed, MATCHES_SHEET)
    said = _overview(path)
    _check_source(path, source, said.get(folded(PROGRAM)), said.get(folded(NUMBER)))
    places = _columns(path, table, needed, (MENTOR_NAME, MENTEE_NAME, COMMENT))
    lines: list[_Line] = []
    for row in table.rows:
        values = _values(row, places, reader)
        if values is None:
            continue
        line = _Line(
            row.number,
            values[NO],
            values[DECISION],
            values[MENTOR],
            values.get(MENTOR_NAME, ""),
            values[MENTEE],
            values.get(MENTEE_NAME, ""),
            values.get(COMMENT, ""),
        )
        if any(line[1:]):
            lines.append(line)
    return lines


def _overview(path: Path) -> dict[str, str]:
    """What the overview says in its first two columns, as far as it is still there."""
    try:
        table = read_table(path, (), OVERVIEW_SHEET)
    except BadInput:
        return {}
    rows = [table.headings, *(row.cells for row in table.rows)]
    return {
        folded(row[0]): row[1]
        for row in rows
        if len(row) > 1 and isinstance(row[0], str) and isinstance(row[1], str)
    }


def _columns(
    path: Path, table: Table, needed: Sequence[str], others: Sequence[str]
) -> dict[str, int]:
    headings = [folded(heading) for heading in table.headings]
    missing = [heading for heading in needed if folded(heading) not in headings]
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
    return {
        heading: headings.index(folded(heading))
        for heading in (*needed, *others)
        if folded(heading) in headings
    }


def _values(row: Row, places: Mapping[str, int], reader: _Reader) -> dict[str, str] | None:
    """The cells of a row by their headings; None, with every reason told, when one is unreadable.

    Its pair is then one that the file is about, so that it does not count as taken out.
    """
    values: dict[str, str] = {}
    readable = True
    for heading, place in places.items():
        cell = row.cell(place)
        if isinstance(cell, Unreadable):
            reader.tell(row.number, heading, cell.why, cell.hint)
            readable = False
        else:
            values[heading] = cell
    if not readable:
        reader.is_about(*(values.get(heading, "") for heading in (NO, MENTOR, MENTEE)))
        return None
    return values


def _lines_of_json(path: Path, source: Source, reader: _Reader) -> list[_Line]:
    data = read_bytes(path, MAX_BYTES)
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise refuse(path, "this is not JSON.", line=error.lineno) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise refuse(path, "this is not JSON in UTF-8.") from error
    pairs = document.get("pairs") if isinstance(document, dict) else None
    if not isinstance(pairs, list):
        raise refuse(path, "this is no proposal: “pairs” is missing or no list.")
    if len(pairs) > MAX_ROWS:
        raise refuse(path, f"at most {MAX_ROWS:,} pairs are read; this file has more.")
    program, number = document.get("program"), document.get("number")
    _check_source(path, source, program and str(program), number and str(number))
    lines: list[_Line] = []
    for row, pair in enumerate(pairs, start=1):
        entry = pair if isinstance(pair, dict) else {}
        no = entry.get("no")
        number = "" if no is None else str(no)
        keys = ("decision", "mentor", "mentor_name", "mentee", "mentee_name", "comment")
        words = [entry.get(key, "") for key in keys]
        if not isinstance(pair, dict) or not all(isinstance(word, str) for word in words):
            reader.is_about(number, *(str(entry.get(key, "")) for key in ("mentor", "mentee")))
            reader.tell(
                row,
                f"pairs[{row}]",
                "an entry needs “mentor” and “mentee”, all in quotation marks.",
            )
            continue
        cells = dict(zip(keys, (text_cell(word) for word in words), strict=True))
        wrong = {key: cell for key, cell in cells.items() if isinstance(cell, Unreadable)}
        for key, cell in wrong.items():
            reader.tell(row, f"pairs[{row}].{key}", cell.why.replace("cell", "text"), cell.hint)
        if wrong:
            reader.is_about(number, *(str(entry.get(key, "")) for key in ("mentor", "mentee")))
            continue
        lines.append(_Line(row, number, *(str(cell) for cell in cells.values())))
    return lines
