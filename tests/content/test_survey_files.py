"""Survey files of one's own: what the format holds, and what is told of a wrong one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.problems import BadInput
from domain.surveys import Item, Scale, Subscale, Survey, bounds_of, score_of
from runtime.settings import PROJECT
from store.content import Content
from store.content_folders import SHIPPED
from store.survey_file import read_survey

INSTRUMENTS = Path(__file__).parent / "instruments"
"""A folder of content with two invented instruments: one of 12 items on two subscales, and one of
21 items with seven points, as published scales are."""

CONTENT = Content([INSTRUMENTS, SHIPPED])
"""What ships, and those two."""


def scores(survey: Survey, numbers: list[int]) -> dict[str, float | None]:
    """What the answers to all items, in their order, come to on each subscale."""
    answers = {item.id: number for item, number in zip(survey.items, numbers, strict=True)}
    return {scale.id: score_of(survey, scale, answers) for scale in survey.scales}


def test_twelve_items_on_two_subscales_are_scored_by_their_means() -> None:
    survey = CONTENT.survey("statements_12")
    numbers = [4, 2, 5, 1, 3, 3, 2, 5, 1, 4, 5, 2]
    # Of 1 to 5, turned round: statement 3 (5 → 1) and 9 (1 → 5) of the odd, 4 (1 → 5) of the even.
    odd = (4 + 1 + 3 + 2 + 5 + 5) / 6
    even = (2 + 5 + 3 + 5 + 4 + 2) / 6
    assert scores(survey, numbers) == pytest.approx({"odd": odd, "even": even})
    assert [bounds_of(survey, scale) for scale in survey.scales] == [(1, 5), (1, 5)]


def test_twenty_one_items_of_seven_points_are_scored_by_their_sums() -> None:
    survey = CONTENT.survey("statements_21")
    assert {(item.low, item.high) for item in survey.items} == {(0, 6)}
    numbers = [6, 0, 3, 1, 5, 2, 4, 0, 6, 2, 3, 1, 5, 6, 4, 2, 0, 1, 3, 6, 5]
    # Of 0 to 6, turned round: statement 2 (0 → 6), 7 (4 → 2), 15 (4 → 2) and 21 (5 → 1).
    first = 6 + 1 + 2 + 2 + 5 + 2 + 3
    second = 6 + 5 + 0 + 3 + 6 + 0 + 6
    third = 3 + 2 + 6 + 1 + 2 + 1 + 1
    assert scores(survey, numbers) == {
        "first": first,
        "second": second,
        "third": third,
        "all": first + second + third,
    }
    assert [bounds_of(survey, scale) for scale in survey.scales] == [(0, 42)] * 3 + [(0, 126)]


def test_every_item_of_an_instrument_has_the_labels_that_were_written_once() -> None:
    twelve, twenty_one = CONTENT.survey("statements_12"), CONTENT.survey("statements_21")
    assert {item.label_of(3) for item in twelve.items} == {"Neither agree nor disagree"}
    assert {item.label_of(0) for item in twenty_one.items} == {"Never"}
    assert {item.label_of(6) for item in twenty_one.items} == {"Always"}
    assert all(item.label_of(n) for item in twenty_one.items for n in range(7))


def test_the_guide_shows_a_survey_that_can_be_read_and_names_every_field(tmp_path: Path) -> None:
    guide = (PROJECT / "docs" / "surveys.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    path = tmp_path / "teamwork.yaml"
    path.write_text(example, encoding="utf-8")
    survey = read_survey(path)
    assert [scale.id for scale in survey.scales] == ["respect"]
    assert survey.items[0].label_of(5) == "Very much"
    fields = {name for part in (Survey, Item, Scale, Subscale) for name in part.model_fields}
    assert sorted(field for field in fields if f"`{field}`" not in guide) == []


def problems_with(folder: Path, text: str) -> list[str]:
    path = folder / "ours.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_survey(path)
    return [str(problem).removeprefix(f"{path}, ") for problem in caught.value.problems]


def test_all_that_is_wrong_with_a_survey_is_told_with_its_item_and_what_to_do(
    tmp_path: Path,
) -> None:
    wrong = problems_with(
        tmp_path,
        """id: ours
title: Ours
intro: Some questions.
minutes: long
items:
  - {id: a, kind: scal, text: A, lables: {1: Never}}
  - {id: Speaks Up, kind: scale, text: B}
  - {id: c, kind: choice, text: C}
  - {id: d, kind: scale, text: D, labels: {1: Never, 8: Always}}
  - {kind: text, text: 5}
  - {id: f, kind: choice, text: F, options: [{id: yes_please}]}
subscales:
  - {id: trust, title: Trust, score: median}
""",
    )
    assert wrong == [
        "line 1, version: this is missing.",
        "line 4, minutes: this must be a whole number; it is “long”.",
        "line 6, item a, kind: “scal” is not known here. Did you mean “scale”?",
        "line 6, item a, lables: there is no setting “lables”. Did you mean “labels”?",
        "line 7, item Speaks Up: “Speaks Up” can't be used here. Use small letters, digits and "
        "underscores, with a letter first.",
        "line 8, item c: options belong to a choice, and a choice needs them.",
        "line 9, item d: the scale goes from 1 to 5, so there is nothing to label at 8.",
        "line 10, item number 5, id: this is missing.",
        "line 10, item number 5, text: this must be text; it is “5”. Put it in quotes.",
        "line 11, item f, options 1 text: this is missing.",
        "line 13, subscale trust, score: “median” is not known here. Did you mean “mean”?",
    ]


def test_parts_that_do_not_fit_are_told_together_with_what_is_wrong_elsewhere(
    tmp_path: Path,
) -> None:
    wrong = problems_with(
        tmp_path,
        """id: ours
version: 1
title: Ours
minutes: 1
items:
  - {id: a, kind: scale, text: A, subscale: trust}
  - {id: b, kind: scale, text: B, subscale: trust, low: 0, high: 10}
subscales:
  - {id: ease, title: Ease, items: [aa]}
""",
    )
    assert wrong == [
        "line 1, intro: this is missing.",
        "line 6, item a, subscale: its items are on different scales (1 to 5, 0 to 10), so they "
        "have no mean. Put them on one, or score it as a sum.",
        "line 9, subscale ease: there is no item “aa”. Did you mean “a”?",
    ]


def test_a_wrong_scale_of_all_items_is_told_once_and_not_of_each(tmp_path: Path) -> None:
    wrong = problems_with(
        tmp_path,
        """id: ours
version: 1
title: Ours
intro: Some questions.
minutes: 1
scale: {low: 1, high: 7, labels: {0: Never, 7: Always}}
items:
  - {id: a, kind: scale, text: A}
  - {id: b, kind: scale, labels: {6: Often}, text: B, revesred: true}
""",
    )
    assert wrong == [
        "line 6, scale: the scale goes from 1 to 7, so there is nothing to label at 0.",
        "line 9, item b, revesred: there is no setting “revesred”. Did you mean “reversed”?",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- one\n", "this is no survey"),
        ("", "this file is empty."),
        ("title: A: B\n", "a second colon stands on this line"),
        ("id: a\nid: b\n", "“id” is written twice here"),
    ],
)
def test_a_file_that_is_no_survey_is_told_as_such(tmp_path: Path, text: str, says: str) -> None:
    assert says in "\n".join(problems_with(tmp_path, text))


def test_an_own_survey_that_is_wrong_is_told_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "en" / "surveys").mkdir(parents=True)
    (tmp_path / "en" / "surveys" / "pulse.yaml").write_text("id: pulse\nversion: 2\n", "utf-8")
    with pytest.raises(BadInput) as caught:
        Content([tmp_path, SHIPPED])
    assert {problem.file for problem in caught.value.problems} == {
        str(tmp_path / "en" / "surveys" / "pulse.yaml")
    }
    assert len(caught.value.problems) == 4
