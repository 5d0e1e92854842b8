"""Links: signed, expiring, for one person and one purpose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.people import Role
from store.links import Link, LinkExpired, LinkInvalid, Links, Purpose

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LINK = Link(
    purpose=Purpose.SURVEY,
    program="example-2026",
    person="p-1",
    role=Role.MENTEE,
    pair="pair-1",
    survey="pulse",
    occasion="pulse:after-session-2",
    expires=NOW + timedelta(days=7),
)


def token_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


def test_a_link_leads_to_the_page_of_its_purpose_and_says_what_went_in() -> None:
    links = Links("https://mentoring.example.com/", ["one"])
    url = links.url(LINK)
    assert url.startswith("https://mentoring.example.com/survey/")
    assert links.read(token_of(url), Purpose.SURVEY, NOW) == LINK


def test_a_link_for_one_purpose_opens_no_other_page() -> None:
    links = Links("https://x.example", ["one"])
    with pytest.raises(LinkInvalid):
        links.read(links.token(LINK), Purpose.OVERVIEW, NOW)


def test_a_link_expires_by_the_programs_time_and_not_by_the_machines() -> None:
    links = Links("https://x.example", ["one"])
    token = links.token(LINK)
    links.read(token, Purpose.SURVEY, LINK.expires - timedelta(seconds=1))
    with pytest.raises(LinkExpired) as caught:
        links.read(token, Purpose.SURVEY, LINK.expires)
    assert caught.value.link == LINK


def test_a_new_key_in_front_keeps_old_links_alive_and_signs_new_ones() -> None:
    old, new = Links("https://x.example", ["old"]), Links("https://x.example", ["new", "old"])
    assert new.read(old.token(LINK), Purpose.SURVEY, NOW) == LINK
    only_new = Links("https://x.example", ["new"])
    assert only_new.read(new.token(LINK), Purpose.SURVEY, NOW) == LINK
    with pytest.raises(LinkInvalid):
        only_new.read(old.token(LINK), Purpose.SURVEY, NOW)


@pytest.mark.parametrize("place", range(0, 120, 7))
def test_a_token_with_one_character_changed_is_refused(place: int) -> None:
    links = Links("https://x.example", ["one"])
    token = links.token(LINK)
    place %= len(token)
    changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
    with pytest.raises(LinkInvalid):
        links.read(changed, Purpose.SURVEY, NOW)


def test_a_token_is_written_in_one_way_only() -> None:
    links = Links("https://x.example", ["one"])
    token = links.token(LINK)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [token[:-1] + letters[letters.index(token[-1]) ^ bits] for bits in (1, 2, 3)]
    for other in (*others, f"{token}=", f"{token}!", f"{token}ü", f"{token} ", f"{token}\n"):
        with pytest.raises(LinkInvalid):
            links.open(other, Purpose.SURVEY)


@pytest.mark.parametrize("token", ["", ".", "x", "a.b", "é", "A" * 5000])
def test_nonsense_is_refused(token: str) -> None:
    with pytest.raises(LinkInvalid):
        Links("https://x.example", ["one"]).read(token, Purpose.SURVEY, NOW)


def test_links_without_a_key_are_not_made() -> None:
    with pytest.raises(ValueError, match="key"):
        Links("https://x.example", [])


def test_a_token_is_short_enough_not_to_be_broken_by_mail_programs() -> None:
    assert len(Links("https://x.example", ["one"]).token(LINK)) < 200
