"""Countries are known by code and by English name, and by the parts that have holidays."""

from __future__ import annotations

import re

import holidays
import pytest
from babel import Locale

from domain.countries import ALSO_CALLED, NAME_OF, PARTS_OF, country_code, why_no_country


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("GB", "GB"),
        ("gb_sct", "GB-SCT"),
        ("NO", "NO"),
        ("at-9", "AT-9"),
        ("United Kingdom", "GB"),
        ("the netherlands", "NL"),
        ("Scotland", "GB-SCT"),
        ("UK", "GB"),
        ("U.S.A.", "US"),
        ("Cote d'Ivoire", "CI"),
        ("Saint Lucia", "LC"),
        ("Trinidad and Tobago", "TT"),
        ("GB-XX", None),
        ("XX", None),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_a_country_is_found(text: str, code: str | None) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("text", "wrong", "hint"),
    [
        ("Germny", "is no country that is known here.", "Did you mean “Germany”?"),
        (
            "XX",
            "is no country that is known here.",
            "Write a code like GB, or GB-SCT for a part of the country, or the English name.",
        ),
        (
            "GB-XX",
            "names no part of GB whose holidays are known.",
            "Write GB, or GB- and one of: ENG, NIR, SCT, WLS.",
        ),
        (
            "IE-D",
            "names no part of IE whose holidays are known.",
            "Write IE: they are the same everywhere there.",
        ),
        (
            "IT-XX",
            "names no part of IT whose holidays are known.",
            "Write IT for the whole country.",
        ),
    ],
)
def test_what_is_no_country_is_told_with_what_would_be(text: str, wrong: str, hint: str) -> None:
    assert why_no_country(text) == (wrong, hint)


def test_every_country_has_the_name_that_the_cldr_gives_it() -> None:
    names = Locale("en").territories
    assert {code: names[code] for code in NAME_OF} == NAME_OF
    assert [country_code(name) for name in NAME_OF.values()] == list(NAME_OF)
    assert {country_code(name) for name in ALSO_CALLED} == set(ALSO_CALLED.values())


def test_holidays_are_known_of_every_country_and_part() -> None:
    known = holidays.list_supported_countries(include_aliases=False)
    assert set(NAME_OF) == set(known)
    parts = {
        code: {part for part in given if re.fullmatch("[0-9A-Z]{1,3}", part)}
        for code, given in known.items()
    }
    assert {code: set(given) for code, given in PARTS_OF.items()} == {
        code: given for code, given in parts.items() if given
    }
