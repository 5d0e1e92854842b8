"""The agenda in words: each reads their own side, and goals only where they belong."""

from __future__ import annotations

import pytest

from domain.definition import Definition, Mode
from domain.people import Role
from domain.sections import Training
from store.agenda import Goals, agenda_lines, lead_of
from tests.portal.scene import DEFINITION
from tests.shipped import CONTENT

GOALS: Goals = {Role.MENTEE: ["Read a dashboard", "Ask\nbetter questions"]}


def in_mode(mode: Mode) -> Definition:
    program = DEFINITION.program.model_copy(update={"mode": mode})
    return DEFINITION.model_copy(update={"program": program})


def lines(number: int, role: Role, goals: Goals = GOALS, mode: Mode = Mode.ONE_WAY) -> list[str]:
    return agenda_lines(CONTENT, in_mode(mode), number, 6, role, goals)


def test_the_one_who_teaches_and_the_one_who_learns_read_the_same_from_two_sides() -> None:
    mentor, mentee = lines(2, Role.MENTOR), lines(2, Role.MENTEE)
    assert len(mentor) == len(mentee)
    assert any("You show one thing" in line for line in mentor)
    assert any("Your partner shows you one thing" in line for line in mentee)
    assert mentor[0].startswith("10 min: ")


def test_goals_come_up_in_turns_on_one_line_each() -> None:
    about = ["“Read a dashboard”", "“Ask better questions”", "“Read a dashboard”"]
    for number, goal in enumerate(about, 1):
        assert sum(goal in line for line in lines(number, Role.MENTOR)) == 1
        assert sum(goal in line for line in lines(number, Role.MENTEE)) == 1


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("number", [1, 3, 6])
def test_every_agenda_has_words_and_without_goals_nobodys(
    mode: Mode, role: Role, number: int
) -> None:
    said = " ".join(lines(number, role, {}, mode))
    assert "{" not in said
    for goal in GOALS[Role.MENTEE]:
        assert goal.split()[-1] not in said


def test_in_mutual_mode_each_half_is_about_the_goal_of_who_learns_in_it() -> None:
    goals: Goals = {Role.MENTOR: ["Lead a meeting"], Role.MENTEE: ["Read a dashboard"]}
    halves = [line for line in lines(2, Role.MENTOR, goals, Mode.MUTUAL) if "teach" in line]
    assert len(halves) == 2
    assert "You teach" in halves[0]
    assert "Read a dashboard" in halves[0]
    assert "Your partner teaches" in halves[1]
    assert "Lead a meeting" in halves[1]


def test_a_part_names_the_module_that_goes_with_it_where_the_reader_has_it() -> None:
    mentor, mentee = lines(2, Role.MENTOR), lines(2, Role.MENTEE)
    assert any("(In your training: “Teaching someone senior”.)" in line for line in mentor)
    assert not any("Teaching someone senior" in line for line in mentee)
    fewer = in_mode(Mode.ONE_WAY).model_copy(update={"training": Training(modules=("feedback",))})
    said = " ".join(agenda_lines(CONTENT, fewer, 2, 6, Role.MENTOR))
    assert "“Feedback”" in said
    assert "Teaching someone senior" not in said


def test_every_module_that_an_agenda_names_is_there() -> None:
    named = {CONTENT.agenda(k) for k in CONTENT.agenda.keys() if k.startswith("modules.")}  # noqa: SIM118
    assert named <= {module.id for module in CONTENT.training()}


def test_each_sees_who_leads_from_their_own_side() -> None:
    assert [lead_of(in_mode(Mode.ONE_WAY), 1, role) for role in Role] == ["me", "partner"]
    assert [lead_of(in_mode(Mode.MUTUAL), 1, role) for role in Role] == ["both", "both"]


def test_no_words_of_the_agenda_lie_around_unused() -> None:
    kinds = {part.split(".")[1] for part in CONTENT.agenda.keys() if part.startswith("parts.")}  # noqa: SIM118
    said = {
        line
        for mode in Mode
        for role in Role
        for number in (1, 3, 6)
        for goals in ({}, {Role.MENTOR: ["G"], Role.MENTEE: ["G"]})
        for line in lines(number, role, goals, mode)
    }
    for kind in kinds:
        for key in [k for k in CONTENT.agenda.keys() if k.startswith(f"parts.{kind}.")]:  # noqa: SIM118
            assert any(CONTENT.agenda(key, goal="G") in line for line in said), key
