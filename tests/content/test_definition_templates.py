"""The template that `new` writes: sound, and with a line for everything that can be asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from domain.criteria import HardRule, MatchingSection, Places, Preference, Repair
from domain.definition import (
    CalendarSection,
    Columns,
    Definition,
    Identity,
    MetricName,
    PeopleSection,
    Privacy,
    ProgramSection,
    SuccessMetric,
)
from domain.escalation import DEFAULT_LADDERS, Ladder, LadderAction, LadderStep, Trigger
from domain.sections import (
    USUAL_FOLLOW_UPS,
    Afterwards,
    AgreementSection,
    CheckIn,
    Enrolment,
    FollowUp,
    GoalsSection,
    GroupSession,
    Sessions,
    Training,
)
from store.definition_file import definition_templates, load_definition, new_definition

OPTIONAL = (
    "floor", "fixed", "skill_levels", "yes", "identity", "extra", "where",
    "consent", "capacity", "language", "languages", "timezone", "country", "working_days",
    "working_hours", "holidays", "modules", "scheme", "contact",
)  # fmt: skip
"""Settings that stand in the template as comments, ready to be used."""


@pytest.fixture(params=definition_templates())
def template(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return new_definition("Any program", tmp_path, date(2026, 12, 1), str(request.param))


def load(folder: Path, text: str) -> Definition:
    path = folder / "definition.yaml"
    path.write_text(text, encoding="utf-8")
    return load_definition(path)


def with_everything(template: str) -> str:
    """The template with all settings that are commented out put to use."""
    keys = "|".join(OPTIONAL)
    return re.sub(rf"^( +)# (- |  |(?=(?:{keys}):))", r"\1\2", template, flags=re.MULTILINE)


def members(union: Any) -> Iterator[type[BaseModel]]:
    yield from get_args(get_args(union)[0])


def named(template: str, model: type[BaseModel]) -> set[str]:
    return {field for field in model.model_fields if re.search(rf"\b{field}:", template)}


def test_it_is_sound_as_it_is_written(template: str, tmp_path: Path) -> None:
    assert load(tmp_path, template).program.starts == date(2026, 12, 28)


def test_it_says_who_hears_when_somebody_does_not_feel_safe(template: str, tmp_path: Path) -> None:
    plan = load(tmp_path, re.sub(r"^# (safety:|  (?:name|email):)", r"\1", template, flags=re.M))
    assert plan.safety_contact.name == "Name of somebody of trust"
    assert load(tmp_path, template).safety_contact == plan.coordinator


def test_every_commented_setting_is_sound_too(template: str, tmp_path: Path) -> None:
    plan = load(tmp_path, with_everything(template))
    assert plan.matching.floor is not None
    assert plan.matching.fixed
    assert plan.people.skill_levels
    assert plan.people.identity is not None


def test_its_group_sessions_are_sound_once_they_are_put_to_use(
    template: str, tmp_path: Path
) -> None:
    start = template.index("# group_sessions:")
    block, rest = template[start:].split("\n\n", 1)
    used = re.sub(r"^# ?", "", block, flags=re.MULTILINE)
    (group,) = load(tmp_path, f"{template[:start]}{used}\n\n{rest}").group_sessions
    assert named(block, GroupSession) == set(GroupSession.model_fields)
    assert len(group.dates) == 2


@pytest.mark.parametrize(
    "model",
    [
        ProgramSection,
        CalendarSection,
        MatchingSection,
        Places,
        Repair,
        PeopleSection,
        Identity,
        Columns,
        Enrolment,
        AgreementSection,
        GoalsSection,
        Training,
        Sessions,
        CheckIn,
        Afterwards,
        FollowUp,
        Ladder,
        LadderStep,
        SuccessMetric,
        Privacy,
    ],
)
def test_it_names_every_setting(template: str, model: type[BaseModel]) -> None:
    for_demonstrations = {"day"} if model is CalendarSection else set()
    assert named(template, model) == set(model.model_fields) - for_demonstrations


def test_it_has_a_line_for_every_rule_and_preference(template: str, tmp_path: Path) -> None:
    matching = load(tmp_path, with_everything(template)).matching
    assert {type(rule) for rule in matching.rules} == set(members(HardRule))
    assert {type(preference) for preference in matching.preferences} == set(members(Preference))


def test_it_shows_every_setting_of_every_rule_and_preference(template: str, tmp_path: Path) -> None:
    matching = load(tmp_path, with_everything(template)).matching
    shown: dict[type[BaseModel], set[str]] = {}
    for criterion in (*matching.rules, *matching.preferences):
        shown.setdefault(type(criterion), set()).update(criterion.model_fields_set)
    scales = {"scale", "numbers"}  # one or the other; each is shown once
    for model, fields in shown.items():
        assert fields >= set(model.model_fields) - scales, model.__name__
    assert scales <= {field for fields in shown.values() for field in fields}


def test_it_has_a_ladder_for_every_trigger_and_names_every_action(
    template: str, tmp_path: Path
) -> None:
    plan = load(tmp_path, with_everything(template))
    assert {ladder.trigger for ladder in plan.ladder} == set(Trigger)
    for action in LadderAction:
        assert re.search(rf"^#   {action} ", template, re.MULTILINE)


def test_it_explains_every_metric(template: str) -> None:
    for metric in MetricName:
        assert re.search(rf"^#   {metric} ", template, re.MULTILINE)


def test_its_ladders_are_those_that_hold_where_none_is_written(
    template: str, tmp_path: Path
) -> None:
    assert load(tmp_path, template).ladder == DEFAULT_LADDERS


def test_what_it_measures_and_asks_later_is_what_holds_where_nothing_is_written(
    template: str, tmp_path: Path
) -> None:
    plan = load(tmp_path, template)
    assert plan.follow_ups == USUAL_FOLLOW_UPS
    assert {check_in.survey for check_in in plan.check_ins} == {
        check_in.survey for check_in in Definition.model_fields["check_ins"].default
    }


def test_its_lines_fit_a_screen(template: str) -> None:
    assert [line for line in template.splitlines()[1:] if len(line) > 100] == []
