"""How often somebody may try: so that guessing and hammering end early, and nobody else notices."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MINUTE = 60.0

MOST_REMEMBERED = 10_000
"""Addresses, or links, that are counted at one time. Beyond it, the oldest is let go."""


class TooOften(Exception):
    """It was tried more often than is let through. `wait` is in seconds, and at least one."""

    def __init__(self, what: str, wait: int) -> None:
        super().__init__(what)
        self.what = what
        self.wait = wait


class Limit:
    """At most `most` times a minute, counted for each key on its own. Safe to share by threads."""

    def __init__(self, what: str, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: dict[str, tuple[float, int]] = {}

    def count(self, key: str) -> None:
        """Count once more. Raises TooOften from the first time that is too much."""
        now = self._clock()
        with self._lock:
            began, times = self._counted.get(key, (now, 0))
            if now - began >= MINUTE:
                began, times = now, 0
                self._counted.pop(key, None)  # goes to the end: the first is the oldest
            self._counted[key] = (began, times + 1)
            if len(self._counted) > MOST_REMEMBERED:
                del self._counted[next(iter(self._counted))]
        if times >= self._most:
            raise TooOften(self._what, max(1, math.ceil(began + MINUTE - now)))


@dataclass(frozen=True)
class Limits:
    """What the portal lets through in a minute. A link that is right is never refused for its
    address: many people share one."""

    wrong_links: int = 60
    """Addresses that lead nowhere, for each network address."""
    sends: int = 30
    """Forms, for each link."""
    proxies: int = 0
    """How many proxies of ours stand in front: only what they say of who asks is believed."""


def client_of(peer: str, forwarded_for: Sequence[str], proxies: int) -> str:
    """Whom a request is counted for: who asked the outermost of our own proxies.

    `forwarded_for` are the values of that header; each proxy adds to the end whom it was asked by,
    and all before what ours have added can be made up. Of an IPv6 address, the network counts:
    a household has as many addresses there as it likes.
    """
    named = [one.strip() for value in forwarded_for for one in value.split(",")]
    told = named[-proxies] if 0 < proxies <= len(named) else peer
    return _counted_as(told) or peer


def _counted_as(address: str) -> str | None:
    """An address as it is counted, or None if it is none."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ipaddress.ip_network((read, 64), strict=False))
