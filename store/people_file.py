"""Reading the people file: an HR system's export, as it comes, with all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from domain.definition import Columns, Definition
from domain.eligibility import eligible_roles
from domain.model import Value
from domain.people import Person, Role
from domain.problems import BadInput, Problem, did_you_mean
from domain.vocabulary import Vocabulary
from store.people_cells import NO_SKILLS, OPT_IN, CellReader, Complaint, Skills
from store.table_file import Cell, Row, Table, Unreadable, folded, read_table

MAX_ROWS_NAMED = 4
"""Rows that are named one by one where the same thing is wrong in several."""

_AS_READ = (
    "level", "manager", "department", "location", "timezone", "country", "working_hours",
)  # fmt: skip
"""Columns of one value, or None, that goes into a person as its reader gives it."""


class PeopleFile(Value):
    """The people of a file, and what HR should hear about it."""

    people: tuple[Person, ...]
    """In the order of the file."""
    roles: tuple[tuple[Role, ...], ...]
    """What each of them may be, eligibility considered."""
    notes: tuple[str, ...] = ()
    """What was guessed or passed over, in words."""

    @property
    def mentors(self) -> int:
        """How many may be a mentor. Who may be both counts in both."""
        return sum(Role.MENTOR in given for given in self.roles)

    @property
    def mentees(self) -> int:
        """How many may be a mentee."""
        return sum(Role.MENTEE in given for given in self.roles)

    @property
    def without_role(self) -> int:
        """How many take no part: the file gives them no role, or eligibility leaves them none."""
        return sum(not given for given in self.roles)


def load_people(
    path: Path, definition: Definition, vocabulary: Vocabulary | None = None
) -> PeopleFile:
    """The people in a CSV or XLSX file, its columns read as the definition maps them.

    Skills and goals come out in the words of `vocabulary`, which the caller reads from the files
    that the definition names; without one every word is taken as it is.

    Raises:
        BadInput: with every problem found, each with its row and column. What is wrong in the same
            way in several rows is one problem, with all of them.
    """
    table = read_table(path, [heading for _, heading in _mapped(definition)])
    complaints = _Complaints(path)
    everybody = _Reader(definition, vocabulary, table, complaints).read()
    if problems := complaints.problems():
        raise BadInput(problems)
    roles = [eligible_roles(definition, person) for person in everybody.people]
    people = [
        _with_places(definition, person, given) if is_open else person
        for person, given, is_open in zip(
            everybody.people, roles, everybody.capacity_open, strict=True
        )
    ]
    return PeopleFile(
        people=tuple(people), roles=tuple(roles), notes=(*table.notes, *complaints.notes())
    )


def _with_places(definition: Definition, person: Person, roles: Sequence[Role]) -> Person:
    """In how many pairs somebody may be whose cell does not say: the larger of both roles'."""
    places = definition.matching.places
    capacity = max((getattr(places, role.value) for role in roles), default=1)
    return person if capacity == 1 else person.model_copy(update={"capacity": capacity})


def _mapped(definition: Definition) -> list[tuple[str, str]]:
    """Each mapping that the definition makes: our word for a column, and its heading."""
    columns, identity = definition.people.columns, definition.people.identity
    found: list[tuple[str, str]] = []
    for ours in Columns.model_fields:
        given = getattr(columns, ours)
        if ours == "extra":
            found += columns.extra.items()
        elif ours == "name":
            found += [("name", heading) for heading in columns.name]
        elif given:
            found.append((ours, given))
    return [*found, (OPT_IN, identity.opt_in)] if identity else found


# --- Complaints ----------------------------------------------------------------------------------


class _Told(NamedTuple):
    """Where a complaint was heard. The keys keep their order, and each is there once."""

    fields: dict[str, None]
    rows: dict[int, None]


class _Complaints:
    """All that is wrong with a file; the same thing in many rows is told once, with its rows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told: dict[tuple[Complaint, str | None], _Told] = {}

    def tell(self, complaint: Complaint, row: int, field: str | None = None) -> None:
        """Hear a complaint of a row's cell, or of the row."""
        key = (complaint, None if complaint.anywhere else field)
        told = self._told.setdefault(key, _Told({}, {}))
        told.rows[row] = None
        if field is not None:
            told.fields[field] = None

    def problems(self) -> list[Problem]:
        """What must be mended, by the first row of each."""
        found = [
            Problem(
                file=str(self._path),
                row=min(told.rows),
                field=", ".join(told.fields) or None,
                message=_with_rows(complaint.message, sorted(told.rows)),
                hint=complaint.hint,
            )
            for (complaint, _), told in self._told.items()
            if not complaint.harmless
        ]
        return sorted(found, key=lambda problem: problem.row or 0)

    def notes(self) -> list[str]:
        """What does no harm and is worth a look."""
        return [
            f"{', '.join(told.fields)}, row {min(told.rows)}: "
            + _with_rows(complaint.message, sorted(told.rows))
            for (complaint, _), told in self._told.items()
            if complaint.harmless
        ]


def _with_rows(message: str, rows: Sequence[int]) -> str:
    """A message that says in which rows it holds, if these are several."""
    if len(rows) == 1:
        return message
    named, more = rows, len(rows) - (MAX_ROWS_NAMED - 1)
    last = str(rows[-1])
    if len(rows) > MAX_ROWS_NAMED:
        named, last = rows[:MAX_ROWS_NAMED], f"{more} more"
    words = ", ".join(str(row) for row in named[:-1])
    return f"{message.removesuffix('.')} (rows {words} and {last})."


# --- Columns and people --------------------------------------------------------------------------


class _Place(NamedTuple):
    position: int
    heading: str


class _Meanings(dict[Cell, Any]):
    """What each thing that stands in a column means, found once however many cells hold it."""

    def __init__(self, read: Callable[[str], Any], heard: list[Complaint]) -> None:
        super().__init__()
        self._read = read
        self._heard = heard
        self.wrong: dict[Cell, tuple[Complaint, ...]] = {}
        """What is wrong with those that are not as they should be."""

    def __missing__(self, cell: Cell) -> Any:
        self._heard.clear()
        if isinstance(cell, Unreadable):
            value = None
            self._heard.append(Complaint(cell.why, cell.hint))
        else:
            value = self._read(cell)
        self[cell] = value
        if self._heard:
            self.wrong[cell] = tuple(self._heard)
        return value


class _Reader:
    """Reads the columns one by one, makes people of the rows, and keeps every problem."""

    def __init__(
        self,
        definition: Definition,
        vocabulary: Vocabulary | None,
        table: Table,
        complaints: _Complaints,
    ) -> None:
        self._definition = definition
        self._table = table
        self._complaints = complaints
        self._heard: list[Complaint] = []
        self._cells = CellReader(definition, vocabulary, self._heard.append)
        self._places = self._find_columns(_mapped(definition))

    def read(self) -> _Everybody:
        """Everybody in the file; whatever is wrong went to the complaints."""
        if self._complaints.problems():
            return _Everybody([], [])
        if not self._table.rows:
            self._complaints.tell(
                Complaint("there are headings and no people below them."),
                self._table.heading_row,
            )
        for row in self._table.rows:
            self._check_width(row)
        values = {column: self._column(column) for column in self._places if column != OPT_IN}
        people = self._people(values)
        found = [(row.number, person) for row, person in zip(self._table.rows, people, strict=True)]
        self._check_one_of_each(found)
        self._check_managers(found)
        capacities = values.get("capacity", [None] * len(people))
        return _Everybody(people, [capacity is None for capacity in capacities])

    def _column(self, column: str) -> list[Any]:
        """What each row says in a column, None where the cell can't be taken as text."""
        cells = self._column_cells(column)
        meanings = _Meanings(self._cells.reader_of(column), self._heard)
        values = [meanings[cell] for cell in cells]
        if meanings.wrong:
            heading = self._heading(column)
            for row, cell in zip(self._table.rows, cells, strict=True):
                for complaint in meanings.wrong.get(cell, ()):
                    self._complaints.tell(complaint, row.number, heading)
        return values

    def _column_cells(self, column: str) -> list[Cell]:
        """A column's cells; what people say they are is taken only from who opted in."""
        rows = self._table.rows
        first, *others = (place.position for place in self._places[column])
        cells = [row.cell(first) for row in rows]
        for position in others:
            cells = [
                _joined(cell, row.cell(position)) for cell, row in zip(cells, rows, strict=True)
            ]
        identity = self._definition.people.identity
        if identity is None or column not in identity.columns:
            return cells
        opted_in = self._opted_in
        return [cell if may else "" for cell, may in zip(cells, opted_in, strict=True)]

    @cached_property
    def _opted_in(self) -> list[bool]:
        return [value is True for value in self._column(OPT_IN)]

    def _people(self, values: Mapping[str, list[Any]]) -> list[Person]:
        extra = [column for column in self._definition.people.columns.extra if column in values]
        nothing: list[Any] = [None] * len(self._table.rows)
        skills: list[Skills] = [value or NO_SKILLS for value in values.get("skills", nothing)]
        fields: dict[str, Iterable[Any]] = {
            "reference": [value or "" for value in values["id"]],
            "name": [value or "" for value in values["name"]],
            "email": [value or "" for value in values["email"]],
            "roles": [value or () for value in values["role"]]
            if "role" in values
            else [tuple(Role)] * len(nothing),
            "language": [
                value or self._definition.program.language
                for value in values.get("language", nothing)
            ],
            "skills": [given.names for given in skills],
            "skill_levels": [given.levels for given in skills],
            "capacity": [value or 1 for value in values.get("capacity", nothing)],
            "extra": [
                {column: value for column, value in zip(extra, given, strict=True) if value}
                for given in zip(*(values[column] for column in extra), strict=True)
            ]
            if extra
            else [{}] * len(nothing),
        }
        for column in _AS_READ:
            fields[column] = values.get(column, nothing)
        for column in ("languages", "working_days", "goals", "interests"):
            fields[column] = [value or () for value in values.get(column, nothing)]
        if "consent" in values:
            fields["consent"] = [value is True for value in values["consent"]]
        if OPT_IN in self._places:
            fields["opted_in"] = self._opted_in
        # Validated, though the readers made it: it is pydantic's fastest way to build a value.
        return [
            Person.model_validate(dict(zip(fields, given, strict=True)))
            for given in zip(*fields.values(), strict=True)
        ]

    def _heading(self, column: str) -> str:
        return " + ".join(place.heading for place in self._places[column])

    # --- The file as a whole ---------------------------------------------------------------------

    def _find_columns(self, columns: Sequence[tuple[str, str]]) -> dict[str, list[_Place]]:
        headings = [folded(heading) for heading in self._table.headings]
        found: dict[str, list[_Place]] = {}
        for column, wanted in columns:
            places = [index for index, heading in enumerate(headings) if heading == folded(wanted)]
            if len(places) == 1:
                found.setdefault(column, []).append(_Place(places[0], wanted))
                continue
            if not places:
                complaint = Complaint(
                    f"no column is headed “{wanted}”, which the definition names for “{column}”.",
                    did_you_mean(wanted, [given for given in self._table.headings if given]),
                )
            else:
                complaint = Complaint(
                    f"{len(places)} columns are headed “{wanted}”, which the definition names for "
                    f"“{column}”.",
                    "Rename all but one.",
                )
            self._complaints.tell(complaint, self._table.heading_row)
        return found

    def _check_width(self, row: Row) -> None:
        if len(row.cells) > len(self._table.headings):
            self._complaints.tell(
                Complaint(
                    f"this row has {len(row.cells)} cells, but there are "
                    f"{len(self._table.headings)} headings.",
                    "A cell may hold the character that separates columns, without quotation "
                    "marks.",
                ),
                row.number,
            )

    def _check_one_of_each(self, found: list[tuple[int, Person]]) -> None:
        for column, values in (
            ("id", [(row, person.reference) for row, person in found]),
            ("email", [(row, person.email.casefold()) for row, person in found]),
        ):
            first: dict[str, int] = {}
            for row, value in values:
                if value and first.setdefault(value, row) != row:
                    self._complaints.tell(
                        Complaint(
                            f"“{value}” stands in row {first[value]} already.",
                            "Each person must be in the file once.",
                        ),
                        row,
                        self._heading(column),
                    )

    def _check_managers(self, found: list[tuple[int, Person]]) -> None:
        if "manager" not in self._places:
            return
        heading = self._heading("manager")
        rows = {person.reference: row for row, person in found if person.reference}
        managers: dict[str, str] = {}
        unknown: dict[str, Complaint] = {}
        for row, person in found:
            manager = person.manager
            if manager is None:
                continue
            if manager == person.reference:
                complaint = Complaint("this person is their own manager.", "Clear the cell.")
                self._complaints.tell(complaint, row, heading)
            elif manager in rows:
                managers.setdefault(person.reference, manager)
            else:
                if manager not in unknown:
                    unknown[manager] = Complaint(
                        f"there is nobody with the id “{manager}” in this file.",
                        self._cells.nobody(manager, rows.keys()),
                    )
                self._complaints.tell(unknown[manager], row, heading)
        for circle in _circles(managers):
            way = " → ".join((*circle, circle[0]))
            complaint = Complaint(
                f"these people manage each other in a circle: {way}.",
                "One of them has the wrong manager.",
            )
            self._complaints.tell(complaint, rows[circle[0]], heading)


class _Everybody(NamedTuple):
    """The people of the rows, and of each whether their cell leaves the capacity open."""

    people: list[Person]
    capacity_open: list[bool]


def _joined(one: Cell, other: Cell) -> Cell:
    """Two cells as one; what can't be read makes the whole unreadable."""
    if isinstance(one, Unreadable):
        return one
    if isinstance(other, Unreadable):
        return other
    return f"{one} {other}".strip()


def _circles(managers: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The circles in who manages whom, each once, from its smallest id on."""
    settled: set[str] = set()
    found: list[tuple[str, ...]] = []
    for start in managers:
        path: list[str] = []
        here: str | None = start
        on_path: set[str] = set()
        while here is not None and here not in settled and here not in on_path:
            path.append(here)
            on_path.add(here)
            here = managers.get(here)
        if here is not None and here in on_path:
            circle = path[path.index(here) :]
            least = circle.index(min(circle))
            found.append((*circle[least:], *circle[:least]))
        settled.update(path)
    return found
