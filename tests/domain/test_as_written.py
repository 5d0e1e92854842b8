"""A definition comes back in the words of who wrote it, and says the same when it is read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from domain.as_written import as_written
from domain.definition import Definition
from domain.working_time import days_as_text, days_of_week, hours_as_text, hours_of_day
from runtime.settings import PROJECT
from store.definition_file import load_definition
from tests.domain.definitions import definition_with
from tests.domain.examples import examples

FILES = sorted(
    [*PROJECT.glob("examples/*/definition.yaml"), *PROJECT.glob("bench/definitions/*.yaml")]
)


def definition(**said: Any) -> Definition:
    """A definition that says what a test is about, and else as little as it must."""
    least = definition_with().model_dump(
        mode="json",
        include={"program", "coordinator", "sponsor", "people", "matching", "success"},
    )
    return Definition.model_validate({**least, **said})


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name + "-" + file.stem)
def test_what_is_written_says_what_was_meant(file: Path) -> None:
    meant = load_definition(file)
    assert Definition.model_validate(as_written(meant)) == meant


@pytest.mark.parametrize(
    "said",
    [
        {"stages": {"enrolment": "1 day", "preparation": "10 days"}},
        {"calendar": {"day": "0.4s", "working_days": "Sun-Thu", "mail_hours": "09:00-24:00"}},
        {"calendar": {"day": "2min", "working_days": "Mon;Wed;Fri", "holidays": "GB-SCT"}},
        {"agreement": {"reply_within": "48 hours"}},
        {"check_ins": [
            {"survey": "pulse", "when": "after session 2", "look_if": {"useful": "<= 2"}},
            {"survey": "pulse", "when": "7% of meetings"},
            {"survey": "final", "when": "evaluation"},
        ]},
        {"ladder": [{"trigger": "gap", "times": 1.5, "steps": [
            {"after": "1 working day", "do": "nudge_both"},
            {"after": "14 days", "do": ["tell_coordinator", "tell_sponsor"]},
        ]}]},
        {"success": [
            {"metric": "stalled_pairs", "target": "<= 12.5%"},
            {"metric": "recommendation", "target": ">= -10"},
            {"metric": "change", "target": ">= 0.5", "scale": "confidence", "role": "mentee"},
        ]},
        {"group_sessions": [
            {"id": "talk", "title": "Talk", "whom": "both", "dates": ["2027-02-10 12:00"]},
        ]},
        {"follow_ups": [{"after": "26 days", "open": "10 days", "survey": "pulse"}]},
    ],
    ids="-".join,
)  # fmt: skip
def test_settings_are_written_as_people_write_them(said: dict[str, Any]) -> None:
    (name,) = said
    assert as_written(definition(**said))[name] == said[name]


def test_what_holds_anyway_is_left_out_unless_it_is_asked_for() -> None:
    plan = definition(stages={"approval": "3 days"})
    assert as_written(plan)["stages"] == {"approval": "3 days"}
    assert "ladder" not in as_written(plan)
    more = as_written(plan, {("stages", "evaluation"), ("privacy", "keep_days")})
    assert more["stages"] == {"approval": "3 days", "evaluation": "14 days"}
    assert more["privacy"] == {"keep_days": "400 days"}


def test_what_is_kept_in_the_store_is_as_it_was() -> None:
    kept = definition(stages={"approval": "3 days"}).model_dump(mode="json")
    assert kept["stages"]["approval"] == 3
    assert kept["calendar"]["working_days"] == [0, 1, 2, 3, 4]
    assert kept["success"] == [
        {
            "metric": "sessions_held",
            "target": {"comparison": ">=", "value": 0.8, "is_share": True},
            "scale": None,
            "role": None,
        }
    ]
    assert kept["ladder"][0]["steps"][0] == {
        "after": {"days": 7, "working": False},
        "do": ["nudge_scheduler"],
    }


@seed(3)
@examples(30)
@given(st.sets(st.integers(0, 6), min_size=1).map(sorted))
def test_days_of_the_week_are_read_as_they_are_written(days: list[int]) -> None:
    assert days_of_week(days_as_text(days)) == tuple(days)


@pytest.mark.parametrize("text", ["09:00-17:30", "00:00-08:00", "16:00-24:00", "22:00-06:00"])
def test_hours_of_a_day_are_read_as_they_are_written(text: str) -> None:
    assert hours_as_text(hours_of_day(text)) == text
