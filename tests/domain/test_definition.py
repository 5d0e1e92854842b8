"""What a definition accepts, and what does not fit together in it."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.criteria import HardRule, Preference, PreferHigh
from domain.criteria_checks import NEEDS, ONE_VALUE, SEVERAL_VALUES
from domain.definition import Columns, Comparison, Definition, SuccessMetric
from domain.people import Person
from domain.sections import CheckIn, CheckInPoint
from domain.written import Days, RealSeconds
from tests.domain.definitions import definition_with


@pytest.mark.parametrize(
    ("written", "days"), [("10 days", 10), ("1 day", 1), ("3 Weeks", 21), (5, 5)]
)
def test_spans_are_written_in_days_and_weeks(written: str | int, days: int) -> None:
    assert TypeAdapter(Days).validate_python(written) == days


@pytest.mark.parametrize("written", ["", "ten days", "2 months", "-1 days", True, 2.5, "9999 days"])
def test_other_spans_are_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Days).validate_python(written)


@pytest.mark.parametrize(
    ("written", "seconds"), [("24h", 86_400), ("2min", 120), ("0.4s", 0.4), (1, 1)]
)
def test_a_program_day_can_be_short(written: str | int, seconds: float) -> None:
    assert TypeAdapter(RealSeconds).validate_python(written) == seconds


def test_points_in_time_are_read() -> None:
    def when(text: str) -> tuple[CheckInPoint, int | None, float | None]:
        point = CheckIn.model_validate({"survey": "pulse", "when": text}).when
        return point.point, point.session, point.share

    assert when("After session 2") == (CheckInPoint.AFTER_SESSION, 2, None)
    assert when("50% of meetings") == (CheckInPoint.SHARE, None, 0.5)
    assert when("evaluation") == (CheckInPoint.EVALUATION, None, None)


def test_targets_are_read() -> None:
    share = SuccessMetric.model_validate({"metric": "sessions_held", "target": ">= 80%"}).target
    assert (share.comparison, share.value, share.is_share) == (Comparison.AT_LEAST, 0.8, True)
    number = SuccessMetric.model_validate({"metric": "satisfaction", "target": "<=4.2"}).target
    assert (number.comparison, number.value, number.is_share) == (Comparison.AT_MOST, 4.2, False)


def test_a_definition_survives_storage() -> None:
    definition = definition_with(levels=["A", "B"], level="Grade")
    assert Definition.model_validate(definition.model_dump(mode="json")) == definition


@pytest.mark.parametrize("title", ["Two\nlines", "Null\0", "   "])
def test_a_title_that_would_break_a_mail_header_is_refused(title: str) -> None:
    values = definition_with().model_dump(mode="json")
    values["program"]["title"] = title
    with pytest.raises(ValidationError):
        Definition.model_validate(values)


@pytest.mark.parametrize(
    ("settings", "where", "words"),
    [
        (
            {"matching": {"rules": [{"rule": "different", "column": "departement"}]},
             "department": "Unit"},
            ("matching", "rules", 0, "column"),
            "people.columns names no “departement”. Did you mean “department”?",
        ),
        (
            {"matching": {"rules": [{"rule": "same", "column": "email"}]}, "location": "Office"},
            ("matching", "rules", 0, "column"),
            "“email” can't be compared. Use one of: location.",
        ),
        (
            {"matching": {"rules": [{"rule": "level_gap", "min": 2}]}, "levels": ["A", "B"],
             "level": "Grade"},
            ("matching", "rules", 0, "min"),
            "a gap of 2 levels leaves nobody: people.levels has 2 levels.",
        ),
        (
            {"eligibility": {"mentor": {"max_level": "Directr"}}, "levels": ["Clerk", "Director"],
             "level": "Grade"},
            ("eligibility", "mentor", "max_level"),
            "“Directr” is no level. Did you mean “Director”?",
        ),
        (
            {"extra": {"level": "Grade"}},
            ("people", "columns", "extra", "level"),
            "“level” has a place of its own: write it under people.columns.",
        ),
    ],
)  # fmt: skip
def test_contradictions_are_found(
    settings: dict[str, Any], where: tuple[str | int, ...], words: str
) -> None:
    base = {"skills": "Skills", "goals": "Goals", **settings}
    assert definition_with(**base).contradictions() == [(where, words)]


def matching_contradictions(
    rules: list[dict[str, Any]] | None = None,
    preferences: list[dict[str, Any]] | None = None,
    **more: Any,
) -> list[tuple[tuple[str | int, ...], str]]:
    """Of a definition whose people file has a department, a manager and skills to say."""
    matching = {"rules": rules or [], "preferences": preferences or [], **more.pop("matching", {})}
    columns = {
        "department": "Unit",
        "manager": "Boss",
        "skills": "Skills",
        "extra": {"track": "Track", "gender": "Gender"},
        **more,
    }
    return definition_with(matching=matching, **columns).contradictions()


def rule(name: str, **settings: Any) -> dict[str, Any]:
    return {"rule": name, **settings}


def prefer(name: str, **settings: Any) -> dict[str, Any]:
    return {"prefer": name, **settings}


IDENTITY = {"identity": {"columns": ["gender"], "opt_in": "Use it"}}


@pytest.mark.parametrize(
    ("settings", "where", "words"),
    [
        (
            {"rules": [rule("same", column="skills")]},
            ("rules", 0, "column"),
            "“skills” holds several values, which only “shared” compares.",
        ),
        (
            {"rules": [rule("shared", column="department")]},
            ("rules", 0, "column"),
            "“department” holds one value, which “same” and “different” compare.",
        ),
        (
            {"preferences": [prefer("shared", column="interests")]},
            ("preferences", 0, "column"),
            "people.columns names no “interests”. Use one of: gender, skills, track.",
        ),
        (
            {"preferences": [prefer("high", column="department", numbers=[1, 5])]},
            ("preferences", 0, "column"),
            "“department” has no order from low to high. Use one of: gender, track.",
        ),
        (
            {"preferences": [prefer("far", column="level")], "level": "Grade"},
            ("preferences", 0, "column"),
            "people.levels must name at least two levels.",
        ),
        (
            {"preferences": [prefer("goals_meet_skills")]},
            ("preferences", 0),
            "this needs the column people.columns.goals, which is left out.",
        ),
        (
            {"rules": [rule("shared_hours")]},
            ("rules", 0),
            "without one of these under people.columns all work alike: "
            "timezone, working_hours, working_days.",
        ),
        (
            {"rules": [rule("no_shared_manager")], "manager": None},
            ("rules", 0),
            "this needs the column people.columns.manager, which is left out.",
        ),
        (
            {"rules": [rule("same", column="track"), rule("same", column="track")]},
            ("rules", 1, "column"),
            "this stands here twice on “track”: put it together with rule 1.",
        ),
        (
            {"rules": [rule("not_paired_before"), rule("not_paired_before")]},
            ("rules", 1),
            "this stands here twice: put it together with rule 1.",
        ),
        (
            {"rules": [rule("different", column="track"), rule("same", column="track")]},
            ("rules", 1, "column"),
            "nobody can be the same and different in “track” (rule 1).",
        ),
        (
            {
                "rules": [rule("different", column="track")],
                "preferences": [prefer("same", column="track")],
            },
            ("preferences", 0, "column"),
            "this can never be met: only who differs in “track” may meet (rule 1).",
        ),
        (
            {"rules": [rule("same", column="gender")], "people": IDENTITY},
            ("rules", 0, "column"),
            "“gender” stands under people.identity: write it as a preference. A rule would shut "
            "out everybody who did not opt in.",
        ),
        (
            {
                "rules": [rule("not_these_pairs", pairs=[["1", "2"]])],
                "matching": {"fixed": [["2", "1"]]},
            },
            ("fixed", 0),
            "these two are kept apart by rule 1 (not_these_pairs).",
        ),
        (
            {"matching": {"fixed": [["1", "2"], ["1", "3"], ["1", "2"]]}},
            ("fixed", 2),
            "these two are a pair already: see number 1.",
        ),
        (
            {"matching": {"fixed": [["1", "1"]]}},
            ("fixed", 0),
            "a pair needs two different people.",
        ),
        (
            {"rules": [rule("not_these_pairs", pairs=[["1", "2"], ["3", "3"]])]},
            ("rules", 0, "pairs", 1),
            "a pair needs two different people.",
        ),
        (
            {"matching": {"floor": 40}},
            ("floor",),
            "without preferences all pairs score the same: a floor needs some.",
        ),
    ],
)
def test_what_matching_asks_for_must_fit_together(
    settings: dict[str, Any], where: tuple[str | int, ...], words: str
) -> None:
    assert matching_contradictions(**settings) == [(("matching", *where), words)]


def test_what_fits_together_is_not_complained_about() -> None:
    fitting: dict[str, Any] = {
        "rules": [
            rule("different", column="department"),
            rule("different", column="track"),
            rule("shared", column="track"),
            rule("no_shared_manager"),
            rule("not_paired_before"),
            rule("shared_hours"),
            rule("not_these_pairs", pairs=[["1", "2"]]),
        ],
        "preferences": [
            prefer("same", column="gender"),
            prefer("different", column="gender"),
            prefer("high", column="track", numbers=[1, 5]),
            prefer("shared", column="skills"),
        ],
        "matching": {"fixed": [["1", "3"], ["2", "3"]], "floor": 40},
        "timezone": "Zone",
        "people": IDENTITY,
    }
    assert matching_contradictions(**fitting) == []


def test_identity_columns_stand_under_extra() -> None:
    settings: dict[str, Any] = {"people": {"identity": {"columns": ["gendre"], "opt_in": "Use it"}}}
    assert matching_contradictions(**settings) == [
        (
            ("people", "identity", "columns", 0),
            "people.columns.extra names no “gendre”. Did you mean “gender”?",
        )
    ]


def test_all_contradictions_are_told_at_once() -> None:
    found = matching_contradictions(
        rules=[rule("same", column="skills"), rule("shared_hours"), rule("level_gap")],
        preferences=[prefer("goals_meet_skills")],
        matching={"fixed": [["1", "1"]]},
    )
    assert [where for where, _ in found] == [
        ("matching", "rules", 0, "column"),
        ("matching", "rules", 1),
        ("matching", "rules", 2),
        ("matching", "preferences", 0),
        ("matching", "fixed", 0),
    ]


def test_it_is_known_what_every_rule_and_preference_needs() -> None:
    every = (*get_args(get_args(HardRule)[0]), *get_args(get_args(Preference)[0]))
    assert set(every) == NEEDS.keys()


def test_our_columns_are_those_of_a_person() -> None:
    both = Columns.model_fields.keys() & Person.model_fields.keys()
    assert both >= ONE_VALUE | SEVERAL_VALUES


@pytest.mark.parametrize(
    "settings",
    [
        {"column": "level", "numbers": [1, 5]},
        {"column": "openness"},
        {"column": "openness", "scale": ["low", "Low"]},
        {"column": "openness", "scale": ["low"]},
        {"column": "openness", "numbers": [5, 1]},
        {"column": "openness", "numbers": [1, 5], "scale": ["low", "high"]},
    ],
)
def test_a_scale_that_orders_nothing_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PreferHigh.model_validate(settings)


def test_no_check_in_can_wait_for_the_last_session() -> None:
    """The evaluation begins when it was held, so that check-in would never go out."""
    values = definition_with(skills="Skills", goals="Goals").model_dump(mode="json")
    values["check_ins"][0]["when"]["session"] = values["sessions"]["count"]
    ((where, words),) = Definition.model_validate(values).contradictions()
    assert where == ("check_ins", 0, "when")
    assert words.endswith("Write “evaluation”.")


def test_sessions_must_fit_into_the_meetings() -> None:
    values = definition_with(skills="Skills", goals="Goals").model_dump(mode="json")
    values["stages"]["meetings"] = 30
    values["check_ins"][0]["when"]["session"] = 9
    values["ladder"][0]["steps"][1]["after"] = 3
    assert [where for where, _ in Definition.model_validate(values).contradictions()] == [
        ("sessions", "every"),
        ("check_ins", 0, "when"),
        ("ladder", 0, "steps", 1, "after"),
    ]
