"""What an answer to a check-in means, and which thresholds make sense."""

from __future__ import annotations

import pytest

from domain.check_ins import beyond, look_if_of, verdict_of, wrong_threshold
from domain.deeds import Verdict
from domain.sections import CheckIn, Threshold
from domain.surveys import Survey

FIT = Survey.model_validate(
    {
        "id": "pair_fit",
        "version": 1,
        "title": "Do you fit?",
        "intro": "-",
        "minutes": 1,
        "items": [
            {
                "id": "fit",
                "kind": "choice",
                "text": "How is it?",
                "verdict": True,
                "options": [{"id": verdict, "text": verdict} for verdict in Verdict],
            },
            {"id": "energy", "kind": "scale", "text": "How much energy?", "low": 0, "high": 10},
            {"id": "why", "kind": "text", "text": "Why?"},
        ],
    }
)

CHECK_INS = tuple(
    CheckIn.model_validate(one)
    for one in (
        {"survey": "pulse", "when": "after session 2", "look_if": {"going_well": "<= 2"}},
        {"survey": "pulse", "when": "50% of meetings", "look_if": {"useful": "<= 1"}},
        {"survey": "final", "when": "evaluation"},
    )
)


@pytest.mark.parametrize("verdict", Verdict)
def test_the_option_that_was_picked_is_the_verdict(verdict: Verdict) -> None:
    assert verdict_of(FIT, {"fit": verdict.value, "energy": 3}) is verdict


def test_without_an_answer_there_is_no_verdict() -> None:
    assert verdict_of(FIT, {"energy": 3}) is None


@pytest.mark.parametrize(
    ("occasion", "items"),
    [
        ("pulse:session-2", {"going_well"}),
        ("pulse:share-50", {"useful"}),
        ("pulse:session-5", {"going_well"}),
        (None, {"going_well"}),
    ],
)
def test_each_occasion_has_its_thresholds(occasion: str | None, items: set[str]) -> None:
    assert set(look_if_of(CHECK_INS, "pulse", occasion)) == items
    assert look_if_of(CHECK_INS, "final", "final:evaluation") == {}
    assert look_if_of(CHECK_INS, "exit", "exit:closed") == {}


def test_an_answer_at_the_threshold_passes_it() -> None:
    look_if = {
        "low": Threshold(comparison="<=", value=2),
        "high": Threshold(comparison=">=", value=4),
    }
    assert beyond(look_if, {"low": 2, "high": 4}) == ("low", "high")
    assert beyond(look_if, {"low": 3, "high": 3}) == ()
    assert beyond(look_if, {"low": "words"}) == ()


@pytest.mark.parametrize(
    ("item", "threshold", "said"),
    [
        ("energy", "<= 2", None),
        ("enrgy", "<= 2", "has no item “enrgy”"),
        ("fit", "<= 2", "not answered by a number"),
        ("why", ">= 2", "not answered by a number"),
        ("energy", ">= 11", "goes from 0 to 10; 11 is outside"),
        ("energy", "<= -1", "goes from 0 to 10; -1 is outside"),
        ("energy", "<= 10", "every answer to “energy” would be <= 10"),
        ("energy", ">= 0", "every answer to “energy” would be >= 0"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_told(
    item: str, threshold: str, said: str | None
) -> None:
    comparison, value = threshold.split()
    found = wrong_threshold(
        FIT, item, Threshold.model_validate({"comparison": comparison, "value": int(value)})
    )
    assert found is None if said is None else said in str(found)
