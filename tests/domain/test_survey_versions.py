"""Which version of a survey somebody answers, and in which language."""

from __future__ import annotations

import pytest

from domain.survey_versions import Instrument, in_version
from domain.surveys import Survey


def survey(version: int, text: str, high: int = 5) -> Survey:
    item = {"id": "well", "kind": "scale", "text": text, "high": high}
    head = {"id": "ours", "version": version, "title": text, "intro": text, "minutes": 1}
    return Survey.model_validate({**head, "items": [item]})


ENGLISH, GERMAN = survey(1, "All well?"), survey(1, "Alles gut?")
NEWER = Instrument(survey=survey(2, "How well?"), language="en")
NOT_THE_SAME = Instrument(survey=survey(1, "Wie gut?", high=7), language="de")


def text_in(
    language: str, stored: dict[str, Survey], now: Instrument | None, version: int = 1
) -> str | None:
    found = in_version(version, language, stored, now)
    return None if found is None else found.survey.title


@pytest.mark.parametrize("now", [None, NEWER])
def test_what_was_asked_counts_whatever_content_has(now: Instrument | None) -> None:
    assert text_in("en", {"en": ENGLISH, "de": GERMAN}, now) == "All well?"
    assert text_in("de", {"en": ENGLISH, "de": GERMAN}, now) == "Alles gut?"
    assert text_in("de-AT", {"en": ENGLISH, "de": GERMAN}, now) == "Alles gut?"
    assert text_in("fr", {"en": ENGLISH, "de": GERMAN}, now) == "All well?"
    assert text_in("fr", {"de": GERMAN}, now) == "Alles gut?"


def test_a_translation_that_came_later_is_shown() -> None:
    now = Instrument(survey=GERMAN, language="de")
    assert text_in("de", {"en": ENGLISH}, now) == "Alles gut?"
    assert text_in("de-AT", {"en": ENGLISH}, now) == "Alles gut?"


def test_a_translation_that_asks_something_else_under_the_same_version_is_not() -> None:
    assert text_in("de", {"en": ENGLISH}, NOT_THE_SAME) == "All well?"


def test_what_content_has_serves_where_nothing_was_asked_in_that_version() -> None:
    assert text_in("cs", {}, NEWER, version=2) == "How well?"
    assert text_in("cs", {}, NEWER, version=1) is None
    assert text_in("cs", {}, None) is None
