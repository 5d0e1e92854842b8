"""The rules of surveys: scales, subscales, and what answers come to."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from domain.people import Role
from domain.surveys import (
    Item,
    ItemKind,
    Misfit,
    Scoring,
    Subscale,
    Survey,
    WrongSurvey,
    bounds_of,
    number_on,
    score_of,
    turned_round,
)


def survey_of(*items: dict[str, Any], **more: Any) -> Survey:
    head = {"id": "test", "version": 1, "title": "Test", "intro": "A test.", "minutes": 1}
    return Survey.model_validate({**head, "items": items, **more})


def scale(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": "scale", "text": f"Statement {name}", **more}


def wrong_with(*items: dict[str, Any], **more: Any) -> list[str]:
    """What is wrong with a survey: each time where, and what."""
    with pytest.raises(ValidationError) as caught:
        survey_of(*items, **more)
    found = []
    for detail in caught.value.errors():
        error = detail["ctx"]["error"]
        misfits = (
            error.misfits if isinstance(error, WrongSurvey) else [Misfit(detail["loc"], str(error))]
        )
        found += [f"{'.'.join(map(str, where))}: {message}" for where, message in misfits]
    return found


def test_every_point_of_a_scale_can_have_a_label() -> None:
    item = Item(
        id="a",
        kind=ItemKind.SCALE,
        text="A",
        low=0,
        high=3,
        low_label="Never",
        labels={1: "Rarely", 3: "Always"},
    )
    assert [item.label_of(n) for n in range(4)] == ["Never", "Rarely", "", "Always"]


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (
            scale("a", labels={6: "Six"}),
            "the scale goes from 1 to 5, so there is nothing to label at 6.",
        ),
        (
            scale("a", low_label="Never", labels={1: "Rarely"}),
            "1 has two labels, “Never” and “Rarely”",
        ),
        (
            {"id": "a", "kind": "text", "text": "A", "labels": {1: "One"}},
            "labels are for the points",
        ),
        ({"id": "a", "kind": "text", "text": "A", "subscale": "b"}, "only a scale item counts"),
    ],
)
def test_an_item_with_labels_or_a_subscale_that_can_not_be_is_refused(
    item: dict[str, Any], says: str
) -> None:
    assert says in wrong_with(item, scale("z"))[0]


def test_a_scale_for_the_whole_survey_is_that_of_each_item_without_its_own() -> None:
    survey = survey_of(
        scale("plain"),
        scale("words", high_label="Very often"),
        scale("own", low=0, high=10),
        {"id": "free", "kind": "text", "text": "Why?"},
        scale={"low": 1, "high": 7, "low_label": "Never", "labels": {4: "Sometimes"}},
    )
    plain, words, own, free = survey.items
    assert (plain.low, plain.high, plain.label_of(1), plain.label_of(4)) == (
        1,
        7,
        "Never",
        "Sometimes",
    )
    assert (words.low, words.high, words.label_of(1), words.label_of(7)) == (1, 7, "", "Very often")
    assert (own.low, own.high, own.label_of(4)) == (0, 10, "")
    assert free.labels == {}


def test_a_survey_reads_back_what_it_writes() -> None:
    survey = survey_of(
        scale("a", subscale="one"),
        scale("b", subscale="two"),
        scale={"low": 0, "high": 6, "labels": {0: "Never", 6: "Always"}},
        subscales=[{"id": "one", "title": "One", "score": "sum"}],
        citation="Somebody (2026)",
    )
    assert Survey.model_validate_json(survey.model_dump_json()) == survey


def test_a_wrong_scale_of_the_whole_survey_is_named() -> None:
    (wrong,) = wrong_with(scale("a"), scale={"low": "one"})
    assert "the survey’s scale can’t be read" in wrong


def test_subscales_are_the_declared_ones_and_those_that_items_name() -> None:
    survey = survey_of(
        scale("a", subscale="mutual_trust"),
        scale("b", subscale="ease"),
        scale("c", subscale="mutual_trust"),
        scale("d"),
        subscales=[
            {"id": "total", "title": "All", "score": "sum", "items": ["c", "a", "b"]},
            {"id": "ease", "title": "At ease"},
        ],
    )
    assert [(s.id, s.title, s.score, s.items) for s in survey.scales] == [
        ("total", "All", Scoring.SUM, ("a", "b", "c")),
        ("ease", "At ease", Scoring.MEAN, ("b",)),
        ("mutual_trust", "Mutual trust", Scoring.MEAN, ("a", "c")),
    ]
    assert [item.id for item in survey.items_of("mutual_trust")] == ["a", "c"]


def test_a_question_outside_all_subscales_can_be_named_as_a_scale() -> None:
    survey = survey_of(
        scale("d", low=0, high=10),
        scale("a", subscale="trust"),
        {"id": "free", "kind": "text", "text": "Why?"},
    )
    found = survey.scale("d")
    assert found == Subscale(id="d", title="Statement d", items=("d",))
    assert bounds_of(survey, found) == (0, 10)
    assert survey.scale("a") is survey.scale("free") is survey.scale("nothing") is None
    assert survey.items_of("nothing") == ()


def test_a_reversed_item_is_turned_round_on_its_scale() -> None:
    item = Item(id="a", kind=ItemKind.SCALE, text="A", low=0, high=6, reversed=True)
    assert [turned_round(item, value) for value in (0, 2, 6)] == [6, 4, 0]


@pytest.mark.parametrize("answer", [0, 6, True, "3", None])
def test_what_does_not_fit_the_scale_is_no_number(answer: Any) -> None:
    item = Item(id="a", kind=ItemKind.SCALE, text="A")
    assert number_on(item, {} if answer is None else {"a": answer}) is None
    assert number_on(item, {"a": 3}) == 3


def test_a_score_is_the_mean_or_the_sum_of_the_items_turned_round() -> None:
    survey = survey_of(
        scale("a", subscale="s"),
        scale("b", subscale="s", reversed=True),
        scale("c", subscale="t", low=0, high=3),
        scale("d", subscale="t", low=0, high=10, reversed=True),
        subscales=[{"id": "t", "title": "T", "score": "sum"}],
    )
    mean, total = survey.scale("s"), survey.scale("t")
    assert mean is not None
    assert total is not None
    answers = {"a": 4, "b": 1, "c": 2, "d": 7}
    assert score_of(survey, mean, answers) == 4.5
    assert score_of(survey, total, answers) == 5
    assert bounds_of(survey, mean) == (1, 5)
    assert bounds_of(survey, total) == (0, 13)


def test_a_score_needs_every_item_that_the_person_is_asked() -> None:
    survey = survey_of(
        scale("a", subscale="s"),
        scale("b", subscale="s", only="mentee"),
        scale("c", subscale="t", only="mentor"),
    )
    both, mentors = survey.scale("s"), survey.scale("t")
    assert both is not None
    assert mentors is not None
    assert score_of(survey, both, {"a": 2}, Role.MENTOR) == 2
    assert score_of(survey, both, {"a": 2}, Role.MENTEE) is None
    assert score_of(survey, both, {"a": 2, "b": 4}, Role.MENTEE) == 3
    assert score_of(survey, both, {"a": 2, "b": 4}) == 2
    assert score_of(survey, mentors, {"c": 2}, Role.MENTEE) is None
    assert score_of(survey, mentors, {"c": 2}, Role.MENTOR) == 2


def test_everything_that_does_not_fit_together_is_told_at_once() -> None:
    problems = wrong_with(
        scale("a", subscale="mixed"),
        scale("b", subscale="mixed", low=0, high=10),
        scale("a"),
        scale("c", subscale="listed"),
        scale("d", subscale="summed"),
        scale("e", subscale="summed", only="mentor"),
        scale("clash"),
        scale("f", subscale="clash"),
        {"id": "free", "kind": "text", "text": "Why?"},
        subscales=[
            {"id": "listed", "title": "Listed", "items": ["d", "freee"]},
            {"id": "summed", "title": "Summed", "score": "sum"},
            {"id": "summed", "title": "Summed"},
            {"id": "empty", "title": "Empty"},
            {"id": "words", "title": "Words", "items": ["free"]},
        ],
    )
    assert problems == [
        "items.2.id: “a” is the id of another one as well. Give one of them another.",
        "subscales.2.id: “summed” is the id of another one as well. Give one of them another.",
        "subscales.0: there is no item “freee”. Did you mean “free”?",
        "subscales.3: no item belongs to it. List some under items, or name it in an item’s "
        "subscale.",
        "items.3.subscale: “listed” lists its items, and this is not among them. Add it there, or "
        "leave the list out.",
        "subscales.1: some of its items are asked of one role only, so sums could not be compared. "
        "Score it as a mean, or ask both roles the same.",
        "subscales.4: only scale items are scored, and free is none.",
        "items.0.subscale: its items are on different scales (1 to 5, 0 to 10), so they have no "
        "mean. Put them on one, or score it as a sum.",
        "items.7.subscale: an item that is not part of it is called “clash” as well, so nobody "
        "could say which of the two they mean. Give one of them another name.",
    ]
