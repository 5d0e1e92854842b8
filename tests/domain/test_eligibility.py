"""Who may take which role, and why not."""

from __future__ import annotations

from typing import Any

import pytest

from domain.eligibility import eligible_roles, why_not, why_not_counted
from domain.people import Person, Role
from tests.domain.definitions import definition_with

DEFINITION = definition_with(
    levels=["Low", "Mid", "High"],
    level="Grade",
    location="Office",
    eligibility={
        "mentor": {"max_level": "Low"},
        "mentee": {"min_level": "Mid", "where": {"location": ["Leeds"]}},
    },
)


def person(**values: Any) -> Person:
    base = {"reference": "1", "name": "Example", "email": "e@example.com", "roles": tuple(Role)}
    return Person.model_validate({**base, **values})


@pytest.mark.parametrize(
    ("values", "roles"),
    [
        ({"level": "Low"}, (Role.MENTOR,)),
        ({"level": "Mid", "location": "Leeds"}, (Role.MENTEE,)),
        ({"level": "High", "location": "LEEDS"}, (Role.MENTEE,)),
        ({"level": "High", "location": "York"}, ()),
        ({"level": None}, ()),
        ({"level": "Low", "roles": (Role.MENTEE,)}, ()),
        ({"level": "Low", "roles": ()}, ()),
    ],
)
def test_levels_columns_and_the_file_decide(
    values: dict[str, Any], roles: tuple[Role, ...]
) -> None:
    assert eligible_roles(DEFINITION, person(**values)) == roles


def test_every_reason_is_given() -> None:
    assert why_not(DEFINITION, person(level="Low", location="York"), Role.MENTEE) == (
        "Low is below Mid, the lowest level.",
        "location is “York”; admitted: Leeds.",
    )
    assert why_not(DEFINITION, person(level="High"), Role.MENTOR) == (
        "High is above Low, the highest level.",
    )
    assert why_not(DEFINITION, person(level=None), Role.MENTOR) == ("their level is not known.",)
    assert why_not(DEFINITION, person(roles=()), Role.MENTOR) == ("the people file gives no role.",)


def test_without_conditions_the_file_decides() -> None:
    assert eligible_roles(definition_with(), person(level=None)) == tuple(Role)


def test_who_has_not_agreed_takes_no_role() -> None:
    someone = person(level="Low", consent=False)
    assert eligible_roles(DEFINITION, someone) == ()
    assert why_not(DEFINITION, someone, Role.MENTOR) == ("has not agreed to be matched.",)


def test_what_somebody_says_of_themselves_is_not_repeated() -> None:
    definition = definition_with(
        extra={"gender": "Gender"},
        people={"identity": {"columns": ["gender"], "opt_in": "Use"}},
        eligibility={"mentor": {"where": {"gender": ["woman"]}}},
    )
    (reason,) = why_not(definition, person(extra={"gender": "zebra"}), Role.MENTOR)
    assert reason == "did not opt in, or gender is not what is admitted."
    assert eligible_roles(definition, person(extra={"gender": "Woman"})) == tuple(Role)


def test_those_without_a_role_are_counted_by_reason() -> None:
    people = [
        person(level="High", roles=(Role.MENTOR,)),
        person(level="Mid", roles=(Role.MENTOR,), consent=False),
        person(level="High", location="York", roles=(Role.MENTEE,)),
        person(roles=()),
        person(level="Low"),
    ]
    assert why_not_counted(DEFINITION, people) == (
        "2 are above Low, the highest level of a mentor",
        "1 has no location that is admitted of a mentee",
        "1 has no role in the people file",
        "1 has not agreed to be matched",
    )
