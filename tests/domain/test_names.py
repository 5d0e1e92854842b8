"""Names as they are shown: nothing in them changes how the rest is seen, or is a link."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from domain.written import no_address, shown_as_it_reads


@pytest.mark.parametrize("name", ["Mia", "J. R. Müller-Lüdenscheidt", "مريم", "👨‍👩‍👧", "a\tb\nc"])
def test_a_name_stays_as_it_is(name: str) -> None:
    assert shown_as_it_reads(name) == name
    assert no_address(name) == name


def test_what_turns_a_text_over_goes() -> None:
    assert shown_as_it_reads("a\u202eb\u2066c\u2069\x1b\x00d") == "abcd"
    assert isinstance(shown_as_it_reads(Markup("<b>\u202e</b>")), Markup)


def test_what_looks_like_an_address_is_taken_apart_without_being_seen() -> None:
    for name in ("evil.example.com", "http://evil", "a@b.de"):
        assert no_address(name) != name
        assert no_address(name).replace("\u2060", "") == name
