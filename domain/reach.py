"""When messages may reach somebody, as instants: what workflows know of days and hours.

Time zones and holidays are looked up outside the workflows (`domain/reaching.py`); here is what
came of it, and how to find the next or the last time at which somebody may be written to.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.model import Value
from domain.people import Role


class OpenHours(Value):
    """The spans of time in which messages may reach somebody."""

    base: datetime
    minute: float
    """How many real seconds a program minute takes."""
    spans: tuple[int, ...]
    """Program minutes after `base`, rising: opens, closes, opens, closes, …"""

    @property
    def known_until(self) -> datetime:
        """The instant after which nothing is known: then every time is taken to be open."""
        return self._instant(self.spans[-1]) if self.spans else self.base

    def is_open(self, at: datetime) -> bool:
        """Whether a message may go out at an instant."""
        return self.next_open(at) == at

    def next_open(self, at: datetime) -> datetime:
        """The first instant from `at` on at which a message may go out."""
        place = bisect_right(self.spans, self._minutes(at))
        if place % 2 or place >= len(self.spans):
            return at
        return max(at, self._instant(self.spans[place]))

    def last_open(self, at: datetime) -> datetime:
        """The last instant up to `at` at which a message may go out; `at` if there is none."""
        place = bisect_right(self.spans, self._minutes(at))
        if place % 2 or place == 0 or place >= len(self.spans):
            return at
        opened, closed = self.spans[place - 2 : place]
        return self._instant(max(opened, closed - BEFORE_CLOSING))

    def after_working_days(self, at: datetime, days: int) -> datetime:
        """The instant at which so many working days after `at` have passed.

        A working day is one that has open hours. The day of `at` does not count: five working days
        after a Friday afternoon is the next Friday, when it opens.
        """
        if days == 0:
            return self.next_open(at)
        place = bisect_right(self.spans, self._minutes(at))
        opening = place + (place % 2) + 2 * (days - 1)
        if opening < len(self.spans):
            return self._instant(self.spans[opening])
        return at + timedelta(minutes=1) * days * (7 / 5) * 1440 * (self.minute / 60)

    def _minutes(self, at: datetime) -> float:
        return (at - self.base).total_seconds() / self.minute

    def _instant(self, minutes: int) -> datetime:
        return self.base + timedelta(seconds=minutes * self.minute)


BEFORE_CLOSING = 60
"""Program minutes before the end of a day at which what should come before it goes out."""


def next_common(hours: Sequence[OpenHours], at: datetime, within: timedelta) -> datetime | None:
    """The first instant from `at` on that is open to all; None if there is none for so long."""
    end = at + within
    while at <= end:
        later = max((one.next_open(at) for one in hours), default=at)
        if later == at:
            return at
        at = later
    return None


class PairHours(Value):
    """When messages may reach the two of a pair, and those who run the program."""

    mentor: OpenHours
    mentee: OpenHours
    program: OpenHours

    def of(self, role: Role | None) -> OpenHours:
        """Of one of the two, or of those who run the program."""
        if role is None:
            return self.program
        return self.mentor if role is Role.MENTOR else self.mentee

    @property
    def known_until(self) -> datetime:
        """The instant after which nothing is known of one of them."""
        return min(one.known_until for one in (self.mentor, self.mentee, self.program))
