"""What HR hands in, the definition and the people, read with the problems of both at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from domain.background import Background
from domain.calendar import REAL_DAY
from domain.definition import Definition, Mode
from domain.enrolling import without_a_manager_in_words
from domain.model import Value
from domain.people import Person, Role
from domain.problems import BadInput, Problem
from store.content_folders import SHIPPED, languages_in
from store.definition_file import MAX_BYTES, STAND_INS, definition_problem, load_definition
from store.input_file import read_bytes
from store.people_file import PeopleFile, load_people
from store.table_file import read_table
from store.vocabulary_file import load_vocabulary
from store.written_yaml import WrittenYaml

if TYPE_CHECKING:
    from store.programs import Entrant


class Intake(Value):
    """A definition that fits, and its people."""

    definition: Definition
    people: tuple[Person, ...] = ()
    """Everybody in the people file, in its order; none where no file was given."""
    roles: tuple[tuple[Role, ...], ...] = ()
    """What each of them may be, eligibility considered."""
    notes: tuple[str, ...] = ()
    """What was guessed or passed over in the people file, in words, and what else was noticed."""

    def noting(self, more: Sequence[str]) -> Intake:
        """The same with more that was noticed."""
        return self.model_copy(update={"notes": (*self.notes, *more)})

    @cached_property
    def candidates(self) -> dict[str, Person]:
        """Who may be in a pair, by reference."""
        return {
            person.reference: person
            for person, roles in zip(self.people, self.roles, strict=True)
            if roles
        }

    @property
    def background(self) -> Background:
        """What matching should know beyond the candidates, as far as the files say it."""
        return Background(everybody=self.people)

    @property
    def entrants(self) -> tuple[Entrant, ...]:
        """The people as a program takes them in."""
        from store.programs import Entrant  # noqa: PLC0415 - matching needs no database

        return tuple(
            Entrant(person=person, roles=roles)
            for person, roles in zip(self.people, self.roles, strict=True)
        )

    @property
    def remarks(self) -> list[str]:
        """What the files themselves give to think about."""
        past = start_date_problem(self.definition)
        unasked = without_a_manager_in_words(self.definition, self.people, self.candidates)
        return [
            *([f"{past} It can’t be started before."] if past else []),
            *([unasked] if unasked else []),
            *self.notes,
        ]

    @property
    def warnings(self) -> list[str]:
        """What is allowed and yet worth a thought: of the files, and of who could be with whom."""
        return [*self.remarks, *(self._diagnosis() if self.people else [])]

    def _diagnosis(self) -> Sequence[str]:
        from domain.diagnosis import diagnose  # noqa: PLC0415 - only a look at the people needs it

        return diagnose(self.definition, self.people)


def read_intake(
    definition: Path, people: Path | None, content: Sequence[Path] = (SHIPPED,)
) -> Intake:
    """Read both files, and the vocabularies that the definition names.

    `content` are the folders of content, the first laid over the others.

    Raises:
        BadInput: with every problem of all. Where the definition has problems, the people are
            checked as far as what it says of their columns can be understood.
    """
    try:
        plan = load_definition(definition, content)
    except BadInput as bad:
        of_people = _problems_of_people(definition, people, content) if people else ()
        raise BadInput([*bad.problems, *of_people]) from None
    if people is None:
        load_vocabulary(plan.people.vocabularies, plan.program.language, definition.parent, content)
        return Intake(definition=plan)
    found = read_people(people, plan, definition.parent, content)
    intake = Intake(definition=plan, people=found.people, roles=found.roles, notes=found.notes)
    if wrong := _wrong_fixed_pairs(definition, intake):
        raise BadInput(wrong)
    return intake


def read_people(
    people: Path, plan: Definition, folder: Path, content: Sequence[Path] = (SHIPPED,)
) -> PeopleFile:
    """A people file, read as a definition says whose own vocabularies stand in `folder`.

    Raises:
        BadInput: with every problem of the file and the vocabularies.
    """
    named = plan.people.vocabularies
    try:
        vocabulary = (
            load_vocabulary(named, plan.program.language, folder, content) if named else None
        )
    except BadInput as bad:
        # What the vocabularies would say of its words can't be told, everything else can.
        raise BadInput([*bad.problems, *_problems(people, plan)]) from None
    return load_people(people, plan, vocabulary)


def read_all(definition: Path, people: Path | None, content: Sequence[Path]) -> Intake:
    """Read both files, and all that an organisation laid over the content that ships.

    Raises:
        BadInput: with every problem of everything.
    """
    wrong = _problems_of_own_content(content)
    try:
        intake = read_intake(definition, people, content)
    except BadInput as bad:
        raise BadInput([*bad.problems, *wrong]) from None
    if wrong:
        raise BadInput(wrong)
    return intake


def _problems_of_own_content(folders: Sequence[Path]) -> Sequence[Problem]:
    if len(folders) < 2:  # what ships is checked before it does
        return ()
    from store.content import Content  # noqa: PLC0415 - takes long to load, and few need it

    found: dict[str, Problem] = {}
    for language in languages_in(folders):
        try:
            _ = Content(folders, language).report  # which is read when it is asked for
        except BadInput as bad:
            found |= {str(problem): problem for problem in bad.problems}
    return tuple(found.values())


def start_date_problem(definition: Definition) -> str | None:
    """What is wrong with starting now, as far as the start date goes; None if nothing is.

    A demonstration's days are short, so its dates are not real ones.
    """
    today = datetime.now(UTC).astimezone(ZoneInfo(definition.calendar.timezone)).date()
    starts = definition.program.starts
    if definition.calendar.day != REAL_DAY or starts >= today:
        return None
    return f"program.starts, {starts}, is past. Set it to today or later."


def _wrong_fixed_pairs(definition: Path, intake: Intake) -> list[Problem]:
    """Pairs that HR set and that can't be, each with its line in the definition."""
    if not intake.definition.matching.fixed:
        return []
    from domain.diagnosis import wrong_fixed_pairs  # noqa: PLC0415 - few definitions fix pairs

    wrong = wrong_fixed_pairs(intake.definition, intake.candidates, intake.background)
    return [
        definition_problem(definition, ("matching", "fixed", number), message)
        for number, message in wrong
    ]


def _problems(people: Path, plan: Definition) -> Sequence[Problem]:
    try:
        load_people(people, plan)
    except BadInput as bad:
        return bad.problems
    return ()


def _problems_of_people(
    definition: Path, people: Path, content: Sequence[Path]
) -> Sequence[Problem]:
    try:
        stand_in = _as_far_as_understood(definition)
        if stand_in is None:
            read_table(people, [])
        else:
            read_people(people, stand_in, definition.parent, content)
    except BadInput as bad:
        return bad.problems
    return ()


def _as_far_as_understood(definition: Path) -> Definition | None:
    """A definition with the columns of this one, or None where they can't be understood."""
    try:
        written = WrittenYaml(definition, read_bytes(definition, MAX_BYTES)).data
    except BadInput:
        return None
    if not isinstance(written, dict):
        return None
    program = written.get("program")
    mode = program.get("mode") if isinstance(program, dict) else None
    known = mode if mode in list(Mode) else Mode.ONE_WAY
    whole = {
        **STAND_INS,
        "program": {**STAND_INS["program"], "mode": known},
        "people": written.get("people"),
    }
    for matching in (written.get("matching"), None):  # its scales say what columns may hold
        try:
            return Definition.model_validate(
                whole if matching is None else {**whole, "matching": matching}
            )
        except ValidationError:
            continue
    return None
