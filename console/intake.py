"""What HR hands in, the definition and the people, read with the problems of both at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from domain.calendar import REAL_DAY
from domain.definition import Definition, Mode
from domain.eligibility import eligible_roles
from domain.matching import diagnose
from domain.model import Value
from domain.problems import BadInput, Problem
from store.definition_file import MAX_BYTES, STAND_INS, load_definition
from store.input_file import read_bytes
from store.people_file import load_people
from store.programs import Entrant
from store.table_file import read_table
from store.written_yaml import WrittenYaml


class Intake(Value):
    """A definition that fits, and its people."""

    definition: Definition
    entrants: tuple[Entrant, ...] = ()
    notes: tuple[str, ...] = ()
    """What was guessed or passed over in the people file, in words."""

    @property
    def warnings(self) -> list[str]:
        """What is allowed and yet worth a thought."""
        past = start_date_problem(self.definition)
        people = [entrant.person for entrant in self.entrants]
        found = diagnose(self.definition, people) if people else []
        return [*([f"{past} It can’t be started before."] if past else []), *self.notes, *found]


def read_intake(definition: Path, people: Path | None) -> Intake:
    """Read both files.

    Raises:
        BadInput: with every problem of both. Where the definition has problems, the people are
            checked as far as what it says of their columns can be understood.
    """
    try:
        plan = load_definition(definition)
    except BadInput as bad:
        of_people = _problems_of_people(definition, people) if people else ()
        raise BadInput([*bad.problems, *of_people]) from None
    if people is None:
        return Intake(definition=plan)
    found = load_people(people, plan)
    entrants = tuple(Entrant(person=p, roles=eligible_roles(plan, p)) for p in found.people)
    return Intake(definition=plan, entrants=entrants, notes=found.notes)


def start_date_problem(definition: Definition) -> str | None:
    """What is wrong with starting now, as far as the start date goes; None if nothing is.

    A demonstration's days are short, so its dates are not real ones.
    """
    today = datetime.now(UTC).astimezone(ZoneInfo(definition.calendar.timezone)).date()
    starts = definition.program.starts
    if definition.calendar.day != REAL_DAY or starts >= today:
        return None
    return f"program.starts, {starts}, is past. Set it to today or later."


def _problems_of_people(definition: Path, people: Path) -> Sequence[Problem]:
    try:
        stand_in = _as_far_as_understood(definition)
        if stand_in is None:
            read_table(people, [])
        else:
            load_people(people, stand_in)
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
    try:
        return Definition.model_validate(
            {
                **STAND_INS,
                "program": {**STAND_INS["program"], "mode": known},
                "people": written.get("people"),
            }
        )
    except ValidationError:
        return None
