"""Reading the people file: an HR system's export, as it comes, with all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale

from domain.definition import EMAIL_PATTERN, MAX_EMAIL, Columns, Definition, Mode
from domain.eligibility import eligible_roles
from domain.model import Value
from domain.people import Person, Role
from domain.problems import BadInput, Problem, did_you_mean, suggestion
from store.table_file import Row, Table, Unreadable, folded, read_table, split_cell

MAX_CAPACITY = 50
MAX_NAME = 200


class PeopleFile(Value):
    """The people of a file, and what HR should hear about it."""

    people: tuple[Person, ...]
    """In the order of the file."""
    mentors: int
    """How many may be a mentor, eligibility considered. Who may be both counts in both."""
    mentees: int
    without_role: int
    """How many take no part: the file gives them no role, or eligibility leaves them none."""
    notes: tuple[str, ...] = ()
    """What was guessed or passed over, in words."""


def load_people(path: Path, definition: Definition) -> PeopleFile:
    """The people in a CSV or XLSX file, its columns read as the definition maps them.

    Raises:
        BadInput: with every problem found, each with its row and column.
    """
    columns = definition.people.columns
    table = read_table(path, [heading for _, heading in _mapped(columns)])
    reader = _Reader(path, definition, table)
    people = reader.read()
    if reader.problems:
        raise BadInput(sorted(reader.problems, key=lambda problem: problem.row or 0))
    roles = [eligible_roles(definition, person) for person in people]
    return PeopleFile(
        people=tuple(people),
        mentors=sum(Role.MENTOR in given for given in roles),
        mentees=sum(Role.MENTEE in given for given in roles),
        without_role=sum(not given for given in roles),
        notes=table.notes,
    )


def _mapped(columns: Columns) -> Iterator[tuple[str, str]]:
    """Each mapping that the definition makes: our word for a column, and its heading."""
    for ours in Columns.model_fields:
        given = getattr(columns, ours)
        if ours == "extra":
            yield from columns.extra.items()
        elif ours == "name":
            yield from (("name", heading) for heading in columns.name)
        elif given:
            yield ours, given


class _Place(NamedTuple):
    position: int
    heading: str


class _Reader:
    """Reads the rows one by one and keeps every problem."""

    def __init__(self, path: Path, definition: Definition, table: Table) -> None:
        self._path = path
        self._definition = definition
        self._table = table
        self.problems: list[Problem] = []
        self._places: dict[str, list[_Place]] = {}
        people = definition.people
        self._levels = {folded(level): level for level in people.levels}
        both = (Role.MENTOR, Role.MENTEE)
        words = people.role_words
        self._role_words: dict[str, tuple[Role, ...]] = {
            **{folded(word): (Role.MENTOR,) for word in words.mentor},
            **{folded(word): (Role.MENTEE,) for word in words.mentee},
            **{folded(word): both for word in words.both},
        }
        self._row = 0
        self._unreadable: set[str] = set()
        """Columns of the present row whose cell was told of already."""

    def read(self) -> list[Person]:
        """Everybody in the file; whatever is wrong is in `problems`."""
        self._find_columns()
        if self.problems:
            return []
        if not self._table.rows:
            self.problems.append(
                Problem(
                    file=str(self._path),
                    row=self._table.heading_row,
                    message="there are headings and no people below them.",
                )
            )
        found: list[tuple[int, Person]] = []
        for row in self._table.rows:
            self._row = row.number
            self._check_width(row)
            found.append((row.number, self._person(row)))
        self._check_one_of_each(found)
        self._check_managers(found)
        return [person for _, person in found]

    def _tell(
        self,
        message: str,
        hint: str | None = None,
        column: str | None = None,
        row: int | None = None,
    ) -> None:
        self.problems.append(
            Problem(
                file=str(self._path),
                row=self._row if row is None else row,
                field=self._heading(column) if column else None,
                message=message,
                hint=hint,
            )
        )

    def _heading(self, column: str) -> str:
        places = self._places.get(column)
        return " + ".join(place.heading for place in places) if places else column

    # --- The file as a whole ---------------------------------------------------------------------

    def _find_columns(self) -> None:
        headings = [folded(heading) for heading in self._table.headings]
        self._row = self._table.heading_row
        for column, wanted in _mapped(self._definition.people.columns):
            places = [index for index, heading in enumerate(headings) if heading == folded(wanted)]
            if not places:
                self._tell(
                    f"no column is headed “{wanted}”, which the definition names for “{column}”.",
                    did_you_mean(wanted, [given for given in self._table.headings if given]),
                )
            elif len(places) > 1:
                self._tell(
                    f"{len(places)} columns are headed “{wanted}”, which the definition names for "
                    f"“{column}”.",
                    "Rename all but one.",
                )
            else:
                self._places.setdefault(column, []).append(_Place(places[0], wanted))

    def _check_width(self, row: Row) -> None:
        if len(row.cells) > len(self._table.headings):
            self._tell(
                f"this row has {len(row.cells)} cells, but there are "
                f"{len(self._table.headings)} headings.",
                "A cell may hold the character that separates columns, without quotation marks.",
            )

    def _check_one_of_each(self, found: list[tuple[int, Person]]) -> None:
        for column, values in (
            ("id", [(row, person.reference) for row, person in found]),
            ("email", [(row, person.email.casefold()) for row, person in found]),
        ):
            first: dict[str, int] = {}
            for row, value in values:
                if value and value in first:
                    self._tell(
                        f"“{value}” stands in row {first[value]} already.",
                        "Each person must be in the file once.",
                        column,
                        row,
                    )
                first.setdefault(value, row)

    def _check_managers(self, found: list[tuple[int, Person]]) -> None:
        rows = {person.reference: row for row, person in found if person.reference}
        managers: dict[str, str] = {}
        for row, person in found:
            manager = person.manager
            if manager is None:
                continue
            if manager == person.reference:
                self._tell("this person is their own manager.", "Clear the cell.", "manager", row)
            elif manager not in rows:
                near = suggestion(manager, rows)
                self._tell(
                    f"there is nobody with the id “{manager}” in this file.",
                    (f"Did you mean “{near}”? " if near else "")
                    + "Managers must be in the file too, without a role if they take no part.",
                    "manager",
                    row,
                )
            else:
                managers.setdefault(person.reference, manager)
        for circle in _circles(managers):
            self._tell(
                f"these people manage each other in a circle: {' → '.join((*circle, circle[0]))}.",
                "One of them has the wrong manager.",
                "manager",
                rows[circle[0]],
            )

    # --- One row ---------------------------------------------------------------------------------

    def _person(self, row: Row) -> Person:
        self._unreadable.clear()
        text = {column: self._text(row, column) for column in self._places}
        reference = self._needed(text, "id")
        name = self._needed(text, "name")
        if len(name) > MAX_NAME:
            self._tell(f"this name is longer than {MAX_NAME} characters.", column="name")
        separator = self._definition.people.separator
        extra = self._definition.people.columns.extra
        return Person.model_construct(
            reference=reference,
            name=name,
            email=self._email(text),
            roles=self._roles(text),
            level=self._level(text),
            manager=text.get("manager") or None,
            department=text.get("department") or None,
            location=text.get("location") or None,
            language=self._language(text),
            timezone=self._timezone(text),
            skills=split_cell(text.get("skills", ""), separator),
            goals=split_cell(text.get("goals", ""), separator),
            interests=split_cell(text.get("interests", ""), separator),
            capacity=self._capacity(text),
            extra={column: text[column] for column in extra if text.get(column)},
        )

    def _text(self, row: Row, column: str) -> str:
        parts: list[str] = []
        for place in self._places[column]:
            cell = row.cell(place.position)
            if isinstance(cell, Unreadable):
                self._unreadable.add(column)
                self._tell(cell.why, cell.hint, column)
            elif cell:
                parts.append(cell)
        return " ".join(parts)

    def _needed(self, text: Mapping[str, str], column: str) -> str:
        value = text.get(column, "")
        if not value and column not in self._unreadable:
            self._tell("this is empty.", "Everybody needs one.", column)
        return value

    def _email(self, text: Mapping[str, str]) -> str:
        value = self._needed(text, "email")
        if value and (len(value) > MAX_EMAIL or not re.match(EMAIL_PATTERN, value)):
            self._tell(
                f"“{value[:80]}” is no mail address.", "Write one, like name@example.com.", "email"
            )
        return value

    def _roles(self, text: Mapping[str, str]) -> tuple[Role, ...]:
        if "role" not in self._places:
            return tuple(Role)
        value = text["role"]
        if not value:
            return ()
        roles = self._role_words.get(folded(value))
        if roles is None:
            words = self._definition.people.role_words
            self._tell(
                f"“{value}” is no role that people.role_words knows.",
                did_you_mean(value, (*words.mentor, *words.mentee, *words.both)),
                "role",
            )
            return ()
        return tuple(Role) if self._definition.program.mode is Mode.MUTUAL else roles

    def _level(self, text: Mapping[str, str]) -> str | None:
        value = text.get("level")
        if not value or not self._levels:
            return value or None
        level = self._levels.get(folded(value))
        if level is None:
            self._tell(
                f"“{value}” is not in people.levels.",
                did_you_mean(value, self._definition.people.levels),
                "level",
            )
        return level

    def _capacity(self, text: Mapping[str, str]) -> int:
        value = text.get("capacity")
        if not value:
            return 1
        if not re.fullmatch(r"[0-9]{1,3}", value) or not 1 <= int(value) <= MAX_CAPACITY:
            self._tell(
                f"“{value}” is no number of pairs.",
                f"Write a whole number from 1 to {MAX_CAPACITY}, or leave the cell empty for 1.",
                "capacity",
            )
            return 1
        return int(value)

    def _language(self, text: Mapping[str, str]) -> str:
        value = text.get("language")
        if not value:
            return self._definition.program.language
        code = re.fullmatch(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?", value)
        if code:
            return code[1].lower() + (f"-{code[2].upper()}" if code[2] else "")
        known = _languages()
        if folded(value) not in known:
            self._tell(
                f"“{value}” is no language that is known here.",
                "Write a code like en or pt-BR, or the language's English name.",
                "language",
            )
        return known.get(folded(value), self._definition.program.language)

    def _timezone(self, text: Mapping[str, str]) -> str | None:
        value = text.get("timezone")
        if not value:
            return None
        if not _is_timezone(value):
            near = suggestion(value, available_timezones())
            self._tell(
                f"“{value}” is no time zone.",
                f"Did you mean “{near}”?" if near else "Write it like Europe/London.",
                "timezone",
            )
        return value


@cache
def _languages() -> Mapping[str, str]:
    """Codes of two letters by the English name of the language."""
    names = Locale("en").languages
    return {folded(name): code for code, name in names.items() if re.fullmatch("[a-z]{2}", code)}


@cache
def _is_timezone(value: str) -> bool:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        return False
    return True


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
