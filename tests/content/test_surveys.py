"""Surveys and the agreement hold what the rest of the program relies on."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.lifecycle import ENDINGS
from domain.pair import EndReason, Step
from domain.surveys import ItemKind
from store.content import Content

CONTENT = Content(Path(__file__).parents[2] / "content")


def test_the_final_survey_holds_what_the_metrics_are_made_of() -> None:
    items = {item.id: item for item in CONTENT.survey("final").items}
    assert (items["recommendation"].low, items["recommendation"].high) == (0, 10)
    for scale in ("satisfaction", "learned"):
        assert (items[scale].low, items[scale].high) == (1, 5)
    assert items["best_part"].kind is items["to_improve"].kind is ItemKind.TEXT
    assert any(item.reversed for item in items.values())


def test_the_pulse_is_two_clicks() -> None:
    items = CONTENT.survey("pulse").items
    assert [item.id for item in items if item.required] == ["going_well", "useful"]


@pytest.mark.parametrize("survey", CONTENT.survey_ids)
def test_a_reversed_item_shares_its_subscale_with_one_that_is_not(survey: str) -> None:
    items = CONTENT.survey(survey).items
    for item in items:
        if item.reversed:
            assert [i for i in items if i.subscale == item.subscale and not i.reversed]


def test_the_agreement_speaks_of_all_that_a_pair_should_settle() -> None:
    agreement = CONTENT.agreement()
    for words in ("What we talk about", "What stays between us", "There are limits", "How we meet"):
        assert words in agreement.html
    assert agreement.choices.version == agreement.version


def test_the_words_cover_every_step_reason_and_ending() -> None:
    for step in Step:
        assert CONTENT.words(f"mail.steps.{step}")
    for reason in (*EndReason, *ENDINGS, "none"):
        assert CONTENT.words(f"mail.reasons.{reason}")


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(KeyError, match=r"base\.nothing"):
        CONTENT.words("base.nothing")
