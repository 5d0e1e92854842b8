"""What a session could look like, by its number, its length and the mode of the program."""

from __future__ import annotations

from typing import Any

import pytest

from domain.agenda import Agenda, PartKind, agenda_of
from domain.definition import Definition, Mode
from domain.people import Role
from domain.sections import Leader
from tests.portal.scene import DEFINITION


def definition(mode: Mode = Mode.ONE_WAY, **sessions: Any) -> Definition:
    return DEFINITION.model_copy(
        update={
            "program": DEFINITION.program.model_copy(update={"mode": mode}),
            "sessions": DEFINITION.sessions.model_copy(update=sessions),
        }
    )


def agenda(number: int, mode: Mode = Mode.ONE_WAY, **sessions: Any) -> Agenda:
    return agenda_of(definition(mode, **sessions), number, 6)


def kinds(made: Agenda) -> list[PartKind]:
    return [part.kind for part in made.parts]


def test_the_first_session_begins_with_each_other_and_the_last_looks_back_on_all() -> None:
    assert kinds(agenda(1))[0] is PartKind.WELCOME
    assert kinds(agenda(3))[0] is PartKind.LOOK_BACK
    assert kinds(agenda(6))[-2:] == [PartKind.REVIEW, PartKind.GO_ON]
    assert PartKind.NEXT_STEP in kinds(agenda(5))
    assert PartKind.NEXT_STEP not in kinds(agenda(6))


def test_in_a_program_of_one_way_the_mentor_teaches_whoever_leads() -> None:
    made = agenda(2, led_by=Leader.MENTEE)
    assert made.lead is Role.MENTEE
    assert {part.teacher for part in made.parts if part.kind is PartKind.TOPIC} == {Role.MENTOR}


def test_who_leads_alternates_where_it_should() -> None:
    leads = [agenda(n, led_by=Leader.ALTERNATING).lead for n in (1, 2, 3)]
    assert leads == [Role.MENTOR, Role.MENTEE, Role.MENTOR]


@pytest.mark.parametrize("number", [1, 3, 6])
def test_in_mutual_mode_each_teaches_one_half_and_nobody_leads_alone(number: int) -> None:
    made = agenda(number, Mode.MUTUAL)
    halves = [part for part in made.parts if part.kind is PartKind.HALF]
    assert [half.teacher for half in halves] == [Role.MENTOR, Role.MENTEE]
    assert made.lead is None
    assert abs(halves[0].minutes - halves[1].minutes) <= 5


def test_who_teaches_first_alternates_in_mutual_mode_too() -> None:
    made = agenda(2, Mode.MUTUAL, led_by=Leader.ALTERNATING)
    assert next(part.teacher for part in made.parts if part.teacher) is Role.MENTEE


@pytest.mark.parametrize("minutes", [10, 11, 25, 30, 45, 47, 60, 90, 120, 480])
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("number", [1, 2, 6])
def test_the_parts_add_up_to_the_session(minutes: int, mode: Mode, number: int) -> None:
    parts = agenda(number, mode, minutes=minutes).parts
    assert sum(part.minutes for part in parts) == minutes
    assert all(part.minutes > 0 for part in parts)
    if minutes >= 30 and minutes % 5 == 0:
        assert all(part.minutes % 5 == 0 for part in parts)
