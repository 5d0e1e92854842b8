"""Which modules of the training somebody reads."""

from __future__ import annotations

import pytest

from domain.definition import Mode
from domain.people import Role
from domain.sections import Training
from domain.training import Module, OnlyIf, modules_for, roles_prepared_for

BOTH = (Role.MENTOR, Role.MENTEE)


def module(
    name: str, roles: tuple[Role, ...], order: int = 0, only_if: OnlyIf | None = None
) -> Module:
    return Module(
        id=name,
        title=name,
        version=1,
        minutes=3,
        roles=roles,
        order=order,
        only_if=only_if,
        html="<p>x</p>",
    )


MODULES = (
    module("last", BOTH, 90),
    module("teach", (Role.MENTOR,), 20),
    module("learn", (Role.MENTEE,), 10),
    module("begin", (Role.MENTOR,), 10),
    module("secrets", BOTH, 60, OnlyIf.NEW_TECHNOLOGY),
)


def ids(training: Training, *roles: Role) -> list[str]:
    return [found.id for found in modules_for(MODULES, training, roles)]


def test_each_role_reads_its_own_in_their_order() -> None:
    assert ids(Training(), Role.MENTOR) == ["begin", "teach", "last"]
    assert ids(Training(), Role.MENTEE) == ["learn", "last"]


def test_who_has_both_roles_reads_what_is_for_both_once() -> None:
    assert ids(Training(), *BOTH) == ["begin", "learn", "teach", "last"]


def test_new_technology_adds_what_is_only_for_it() -> None:
    training = Training(new_technology=True)
    assert ids(training, Role.MENTOR) == ["begin", "teach", "secrets", "last"]


def test_a_definition_that_names_modules_has_those_and_no_others() -> None:
    training = Training(modules=("teach", "learn", "gone"))
    assert ids(training, Role.MENTOR) == ["teach"]
    assert ids(training, Role.MENTEE) == ["learn"]


def test_naming_modules_does_not_take_away_what_new_technology_needs() -> None:
    training = Training(modules=("teach",), new_technology=True)
    assert ids(training, Role.MENTOR) == ["teach", "secrets"]


def test_a_module_that_is_named_is_read_whatever_the_program_is_about() -> None:
    assert ids(Training(modules=("secrets",)), Role.MENTEE) == ["secrets"]


def test_there_may_be_nothing_to_read() -> None:
    assert ids(Training(modules=()), *BOTH) == []


@pytest.mark.parametrize("role", Role)
def test_in_mutual_mode_everybody_prepares_for_both_sides(role: Role) -> None:
    assert roles_prepared_for(Mode.MUTUAL, role) == BOTH
    assert roles_prepared_for(Mode.ONE_WAY, role) == (role,)
