"""When line managers are asked, and about whom."""

from __future__ import annotations

import pytest

from domain.enrolling import EnrolmentStep, enrolment_steps, without_a_manager_in_words
from domain.people import Person, Role
from tests.domain.definitions import definition_with

S = EnrolmentStep


def steps(days: int, what: EnrolmentStep) -> list[float]:
    planned = enrolment_steps(days, manager_approval=True)
    return [step.after for step in planned if step.what is what]


def test_without_approval_an_enrolment_has_one_reminder_half_way() -> None:
    (step,) = enrolment_steps(14, manager_approval=False)
    assert (step.after, step.what, step.number) == (7, S.REMIND_PEOPLE, 1)


def test_managers_are_asked_every_day_and_reminded_three_days_before_the_end() -> None:
    assert steps(14, S.ASK_MANAGERS) == list(range(1, 14))
    assert steps(14, S.REMIND_MANAGERS) == [11]
    assert steps(14, S.REMIND_PEOPLE) == [7]


@pytest.mark.parametrize("days", [1, 2, 3, 7, 60, 365])
def test_however_long_an_enrolment_is_managers_are_asked_often_enough_and_not_too_often(
    days: int,
) -> None:
    looks = steps(days, S.ASK_MANAGERS)
    assert 3 <= len(looks) < 30
    assert all(0 < after < days for after in looks)
    (reminder,) = steps(days, S.REMIND_MANAGERS)
    assert looks[0] <= reminder < days


def test_steps_come_in_their_order_each_with_its_number() -> None:
    planned = enrolment_steps(10, manager_approval=True)
    assert [step.after for step in planned] == sorted(step.after for step in planned)
    numbers = [step.number for step in planned if step.what is S.ASK_MANAGERS]
    assert numbers == list(range(1, len(numbers) + 1))


def person(reference: str, manager: str | None = None) -> Person:
    return Person(
        reference=reference,
        name=f"Example {reference}",
        email=f"{reference}@example.com",
        roles=(Role.MENTOR,),
        manager=manager,
    )


def test_who_has_no_manager_in_the_file_is_named_where_managers_are_asked() -> None:
    people = [person("1"), person("2", "1"), person("3", "9"), person("4", "4"), person("5")]
    plan = definition_with(manager="Manager ID")
    asks = plan.model_copy(
        update={"enrolment": plan.enrolment.model_copy(update={"manager_approval": True})}
    )
    invited = {"1", "2", "3", "4"}
    assert without_a_manager_in_words(plan, people, invited) is None
    said = without_a_manager_in_words(asks, people, invited)
    assert said == (
        "3 people who may take part have no manager in the people file, so that nobody is asked "
        "about them: 1, 3, 4."
    )
    assert without_a_manager_in_words(asks, people, {"2"}) is None
    many = [person(str(number)) for number in range(100)]
    said = without_a_manager_in_words(asks, many, {p.reference for p in many})
    assert said is not None
    assert said.endswith("7, 8, 9 ….")


def test_approval_without_a_column_for_managers_is_a_contradiction() -> None:
    plan = definition_with()
    asks = plan.model_copy(
        update={"enrolment": plan.enrolment.model_copy(update={"manager_approval": True})}
    )
    said = dict(asks.contradictions())[("enrolment", "manager_approval")]
    assert "people.columns.manager" in said
