"""What suggestions rest on is said in every language, with its numbers, and never as a cause."""

from __future__ import annotations

import re

import pytest

from domain.languages import FALLBACK
from domain.suggestions import Seen, Suggestion
from store.suggestion_words import suggestion_in_words
from tests.shipped import CONTENT

NUMBERS = {
    Seen.FEWER_SESSIONS: {"share": 0.583, "median": 3.5},
    Seen.MANY_STALLED: {"share": 0.583},
    Seen.EARLY_START: {"had": 0.9, "had_not": 0.4, "early": 0.583},
    Seen.PREFERENCE_WENT_WITH: {"had": 0.9, "had_not": 0.583},
    Seen.PREFERENCE_WENT_AGAINST: {"had": 0.4, "had_not": 0.583},
    Seen.FEW_ANSWERED: {"share": 0.583},
    Seen.NO_TIME: {"share": 0.583},
}
"""What `domain.suggestions` counts for each."""


def said(seen: Seen, language: str = FALLBACK) -> str:
    one = Suggestion(
        path=("sessions", "count"), current="6", proposed="4", seen=seen, numbers=NUMBERS[seen]
    )
    return suggestion_in_words(one, CONTENT.in_language(language).report)


@pytest.mark.parametrize("language", CONTENT.languages)
@pytest.mark.parametrize("seen", Seen)
def test_every_number_is_said(seen: Seen, language: str) -> None:
    text = said(seen, language)
    assert "58" in text
    assert len(re.findall(r"\d+\s?%", text)) == len(NUMBERS[seen].keys() - {"median"})
    assert not re.search(r"[{}]|because|weil|deshalb|durch ", text)


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert "58% of the planned sessions" in said(Seen.FEWER_SESSIONS)
    assert "held 3.5 or fewer" in said(Seen.FEWER_SESSIONS)
    assert "58\N{NO-BREAK SPACE}% statt" in said(Seen.FEWER_SESSIONS, "de")
    assert "höchstens 3,5." in said(Seen.FEWER_SESSIONS, "de")


@pytest.mark.parametrize(
    "seen", [Seen.EARLY_START, Seen.PREFERENCE_WENT_WITH, Seen.PREFERENCE_WENT_AGAINST]
)
def test_what_went_together_is_not_called_a_cause(seen: Seen) -> None:
    assert "The one need not come from the other." in said(seen)
    assert "Das eine muss nicht vom anderen kommen." in said(seen, "de")
