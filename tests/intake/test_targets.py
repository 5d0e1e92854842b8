"""Metrics that can't be measured, and targets that can't be meant, are told before a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.problems import BadInput
from store.definition_file import load_definition

DEFINITION = """\
program:
  id: example
  title: Example
  organisation: Example organisation
  starts: 2027-01-11
  goals:
    - {{goal: Learn, priority: Digital}}
coordinator: {{name: Coordinator, email: coordinator@example.com}}
sponsor: {{name: Sponsor, email: sponsor@example.com}}
people:
  columns: {{id: ID, name: Name, email: Mail}}
matching: {{rules: [], preferences: []}}
check_ins: {check_ins}
success:
  - metric: sessions_held
    target: ">= 80%"
  - metric: {metric}
    {more}target: "{target}"
"""
BOTH = "[{survey: baseline, when: preparation}, {survey: final, when: evaluation}]"
BEFORE = "[{survey: baseline, when: preparation}]"
METRIC, MORE = 17, 18
"""Lines on which the metric stands, and what comes next."""


def check(
    folder: Path, metric: str, target: str, more: str = "", check_ins: str = BOTH
) -> list[str]:
    """All that is said of a definition with this metric."""
    path = folder / "d.yaml"
    filled = DEFINITION.format(metric=metric, target=target, check_ins=check_ins, more=more)
    path.write_text(filled, "utf-8")
    try:
        load_definition(path)
    except BadInput as bad:
        return [str(problem).replace(str(path), "D") for problem in bad.problems]
    return []


@pytest.mark.parametrize(
    ("metric", "target"),
    [
        ("stalled_pairs", "<= 0.25"),
        ("response_rate", ">= 100%"),
        ("recommendation", ">= -20"),
        ("satisfaction", ">= 4.2"),
        ("days_to_first_session", "<= 21"),
        ("interventions", "<= 0.5"),
        ("stayed", ">= 90%"),
    ],
)
def test_a_target_in_the_unit_of_its_metric_is_fine(
    tmp_path: Path, metric: str, target: str
) -> None:
    assert check(tmp_path, metric, target) == []


@pytest.mark.parametrize(
    ("metric", "target", "told"),
    [
        ("pairs_completed", ">= 4.2", "“pairs_completed” is a share, from 0% to 100%; it can't be "
         "4.2. Write it like “>= 80%”."),
        ("stayed", ">= 120%", "“stayed” is a share, from 0% to 100%; it can't be 120%. Write it "
         "like “>= 80%”."),
        ("satisfaction", ">= 80%", "“satisfaction” is the mean of what was answered; it can't be "
         "80%. Write it like “>= 4.2”."),
        ("satisfaction", ">= 8", "“satisfaction” is asked from 1 to 5; it can't be 8."),
        ("recommendation", ">= 300", "“recommendation” is a score from -100 to 100; it can't be "
         "300. Write it like “>= 30”."),
        ("interventions", "<= -1", "“interventions” is a number of times a pair; it can't be -1. "
         "Write it like “<= 0.5”."),
    ],
)  # fmt: skip
def test_a_target_that_its_metric_can_never_be_is_told(
    tmp_path: Path, metric: str, target: str, told: str
) -> None:
    assert check(tmp_path, metric, target) == [f"D, line {MORE}, success[2].target: {told}"]


def test_a_scale_that_is_asked_before_and_after_can_be_measured(tmp_path: Path) -> None:
    assert check(tmp_path, "change", ">= 0.5", "scale: confidence\n    ") == []


def test_a_scale_that_is_not_asked_twice_is_told_with_the_one_that_was_meant(
    tmp_path: Path,
) -> None:
    (told,) = check(tmp_path, "change", ">= 0.5", "scale: confidense\n    ")
    assert told.startswith(f"D, line {MORE}, success[2].scale: “confidense” is not asked in the ")
    assert told.endswith("Did you mean “confidence”?")
    (told,) = check(tmp_path, "change", ">= 0.5", "scale: confidence\n    ", BEFORE)
    assert told.endswith("and one, such as “final”, with “when: evaluation”.")


def test_a_change_that_is_longer_than_its_scale_is_told(tmp_path: Path) -> None:
    (told,) = check(tmp_path, "change", ">= 5", "scale: confidence\n    ")
    where = f"D, line {MORE + 1}, success[2].target"
    assert told == f"{where}: “confidence” goes from 1 to 5, so it can't change by 5."


@pytest.mark.parametrize(
    ("metric", "target"),
    [("satisfaction", ">= 4"), ("recommendation", ">= 30"), ("response_rate", ">= 70%")],
)
def test_what_no_survey_at_the_evaluation_asks_is_told(
    tmp_path: Path, metric: str, target: str
) -> None:
    (told,) = check(tmp_path, metric, target, check_ins=BEFORE)
    assert told.startswith(f"D, line {METRIC}, success[2].metric: no survey ")
    assert told.endswith("Add one, such as “final”, under check_ins, with “when: evaluation”.")


def test_a_survey_that_is_not_there_is_told_alone(tmp_path: Path) -> None:
    (told,) = check(tmp_path, "satisfaction", ">= 4", check_ins="[{survey: x, when: evaluation}]")
    assert "there is no survey “x”" in told


def test_promotions_need_levels(tmp_path: Path) -> None:
    (told,) = check(tmp_path, "promoted", ">= 10%")
    assert told.startswith(f"D, line {METRIC}, success[2].metric: this compares levels, but ")


def test_a_wrong_target_is_told_with_mistakes_elsewhere(tmp_path: Path) -> None:
    told = check(tmp_path, "stayed", ">= 42", check_ins="[{survey: final, when: some day}]")
    assert [one.split(": ")[0] for one in told] == [
        "D, line 13, check_ins[1].when",
        f"D, line {MORE}, success[2].target",
    ]
