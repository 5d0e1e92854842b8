"""How often somebody may try, and whom it is counted for."""

from __future__ import annotations

import pytest

from portal.limits import MOST_REMEMBERED, Limit, TooOften, client_of


def test_after_a_minute_it_may_be_tried_again() -> None:
    now = [0.0]
    limit = Limit("sends", 2, clock=lambda: now[0])
    limit.count("a")
    limit.count("a")
    limit.count("b")
    now[0] = 20.0
    with pytest.raises(TooOften) as caught:
        limit.count("a")
    assert (caught.value.what, caught.value.wait) == ("sends", 40)
    now[0] = 60.0
    limit.count("a")


def test_who_makes_up_addresses_fills_no_memory() -> None:
    limit = Limit("wrong_links", 1, clock=lambda: 0.0)
    for number in range(MOST_REMEMBERED + 100):
        limit.count(str(number))
    assert len(limit._counted) == MOST_REMEMBERED


@pytest.mark.parametrize(
    ("forwarded", "proxies", "counted"),
    [
        ([], 0, "192.0.2.9"),
        (["203.0.113.5"], 0, "192.0.2.9"),
        (["203.0.113.5"], 1, "203.0.113.5"),
        (["10.9.9.9, 203.0.113.5"], 1, "203.0.113.5"),
        (["10.9.9.9", "203.0.113.5"], 1, "203.0.113.5"),
        (["10.9.9.9, 203.0.113.5, 198.51.100.1"], 2, "203.0.113.5"),
        (["203.0.113.5"], 2, "192.0.2.9"),
        ([], 1, "192.0.2.9"),
        (["made up"], 1, "192.0.2.9"),
        (["2001:db8:1:2:3:4:5:6"], 1, "2001:db8:1:2::/64"),
        (["::ffff:203.0.113.5"], 1, "203.0.113.5"),
    ],
)
def test_only_what_our_own_proxies_say_is_believed(
    forwarded: list[str], proxies: int, counted: str
) -> None:
    assert client_of("192.0.2.9", forwarded, proxies) == counted
