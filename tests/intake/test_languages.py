"""Languages are known by code and by English name."""

from __future__ import annotations

import re

import pytest
from babel import Locale

from domain.languages import NAME_OF
from store.languages import language_tag, spoken_language


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("en", "en"),
        ("PT_br", "pt-BR"),
        ("French", "fr"),
        ("norwegian bokmål", "nb"),
        ("Mandarin", "zh"),
        ("xx", None),
        ("GB", None),
        ("Elvish", None),
        ("", None),
    ],
)
def test_a_language_is_found(text: str, tag: str | None) -> None:
    assert language_tag(text) == tag


def test_people_talk_in_a_language_wherever_it_is_written_differently() -> None:
    spoken = [spoken_language(text) for text in ("pt-BR", "Portuguese", "nb", "nn", "Norwegian")]
    assert spoken == ["pt", "pt", "no", "no", "no"]


def test_every_language_has_the_name_that_the_cldr_gives_it() -> None:
    names = Locale("en").languages
    assert {code: names[code] for code in NAME_OF} == NAME_OF
    assert {code for code in names if re.fullmatch("[a-z]{2}", str(code))} - NAME_OF.keys() == {
        "sh"  # given up in favour of hr, bs and sr
    }
