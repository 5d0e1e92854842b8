"""What may be asked after the end of a program, and what can't be about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from domain.definition import Definition
from domain.plan import ProgramPlan, plan_of
from domain.posting import outlives_its_program
from domain.sections import MOST_FOLLOW_UPS, FollowUp
from tests.domain.definitions import definition_with

EPOCH = datetime(2027, 1, 11, tzinfo=UTC)


def definition(**changes: Any) -> Definition:
    values = definition_with(skills="Skills", goals="Goals").model_dump(mode="json")
    return Definition.model_validate({**values, **changes})


def kept_for(days: int) -> dict[str, Any]:
    return {"privacy": {"keep_days": days}}


def asked(found: Definition) -> list[str]:
    return [follow_up.occasion for follow_up in found.planned_follow_ups]


def test_where_none_are_written_there_are_two() -> None:
    assert asked(definition()) == ["follow_up:after-91", "follow_up:after-364"]
    assert [follow_up.closes for follow_up in definition().planned_follow_ups] == [112, 385]
    assert definition().contradictions() == []


@pytest.mark.parametrize(("days", "left"), [(385, 2), (384, 1), (112, 1), (111, 0), (0, 0)])
def test_the_usual_ones_end_before_answers_are_erased(days: int, left: int) -> None:
    found = definition(**kept_for(days))
    assert len(found.planned_follow_ups) == left
    assert found.contradictions() == []


def test_an_empty_list_switches_them_off() -> None:
    assert definition(follow_ups=[]).planned_follow_ups == ()


def test_those_that_are_written_must_end_before_answers_are_erased() -> None:
    year = [{"after": "52 weeks"}]
    ((where, words),) = definition(follow_ups=year, **kept_for(384)).contradictions()
    assert where == ("privacy", "keep_days")
    assert "384 days" in words
    assert "until day 385" in words
    assert definition(follow_ups=year, **kept_for(385)).contradictions() == []


@pytest.mark.parametrize(
    ("follow_ups", "wrong"),
    [
        ([(91, 21), (112, 21)], []),
        ([(91, 21), (111, 21)], [1]),
        ([(364, 21), (91, 21)], [1]),
        ([(91, 30), (120, 30), (140, 30)], [1, 2]),
        ([(91, 21), (91, 21)], [1]),
    ],
)
def test_they_come_one_after_the_other(follow_ups: list[tuple[int, int]], wrong: list[int]) -> None:
    written = [{"after": after, "open": days} for after, days in follow_ups]
    found = definition(follow_ups=written).contradictions()
    assert [where for where, _ in found] == [("follow_ups", place, "after") for place in wrong]


@pytest.mark.parametrize("settings", [{"after": 0}, {"after": 91, "open": 6}, {}, {"survey": "x"}])
def test_one_that_can_not_be_asked_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FollowUp.model_validate(settings)


def test_there_are_not_too_many() -> None:
    many = [{"after": 30 * number} for number in range(1, MOST_FOLLOW_UPS + 2)]
    with pytest.raises(ValidationError):
        definition(follow_ups=many)
    assert definition(follow_ups=many[1:]).contradictions() == []


def test_the_plan_has_them_and_that_of_a_program_from_before_has_none() -> None:
    plan = plan_of(definition(), EPOCH)
    assert plan.follow_ups == definition().planned_follow_ups
    before = plan.model_dump(mode="json", exclude={"follow_ups"})
    assert ProgramPlan.model_validate(before).follow_ups == ()


@pytest.mark.parametrize(
    ("kind", "outlives"),
    [("follow_up", True), ("follow_up_reminder", True), ("not_matched", False)],
)
def test_what_asks_later_keeps_its_point_when_the_program_is_over(
    kind: str, outlives: bool
) -> None:
    assert outlives_its_program(kind) is outlives
