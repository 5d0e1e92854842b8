"""What a definition accepts, and what does not fit together in it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.definition import (
    CheckIn,
    CheckInPoint,
    Comparison,
    Days,
    Definition,
    RealSeconds,
    SuccessMetric,
)
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
    values["ladder"][1]["after"] = 3
    assert [where for where, _ in Definition.model_validate(values).contradictions()] == [
        ("sessions", "every"),
        ("check_ins", 0, "when"),
        ("ladder", 1, "after"),
    ]
