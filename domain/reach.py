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
    """The spans of time in which messages may reach somebody. Without any span, every time is."""

    base: datetime
    minute: float
    """How many real seconds a program minute takes."""
    spans: tuple[int, ...]
    """Program minutes after `base`, rising: opens, closes, opens, closes, …

    Each span is one working day. Where one ends as the next begins, both ends stand here."""
    opens: int = 0
    """Program minutes from midnight, where they are, to when their day opens."""

    @property
    def known_until(self) -> datetime:
        """The instant after which nothing is known: then every time is taken to be open."""
        return self._instant(self.spans[-1]) if self.spans else self.base

    def is_open(self, at: datetime) -> bool:
        """Whether a message may go out at an instant."""
        return self.next_open(at) == at

    def next_open(self, at: datetime) -> datetime:
        """The first instant from `at` on at which a message may go out."""
        place = self._place(at)
        if place % 2 or place >= len(self.spans):
            return at
        return self._instant(self.spans[place])

    def last_open(self, at: datetime) -> datetime:
        """The last good instant up to `at` at which a message may go out; `at` if none is known.

        Where `at` is closed, that is `BEFORE_CLOSING` ahead of the end of the day before it, so
        that there is time to read it.
        """
        place = self._place(at)
        if place % 2 or place == 0 or place >= len(self.spans):
            return at
        opened, closed = self.spans[place - 2 : place]
        return self._instant(max(opened, closed - BEFORE_CLOSING))

    def after_working_days(self, at: datetime, days: int) -> datetime:
        """The instant at which so many working days after `at` have passed.

        A working day is one that has open hours. The day of `at` does not count, whatever the hour:
        one working day after a Friday is the next Monday, when it opens. Beyond what is known, five
        working days take a week.
        """
        if days == 0:
            return self.next_open(at)
        opening = self._next_day(at) + 2 * (days - 1)
        if opening < len(self.spans):
            return self._instant(self.spans[opening])
        unknown = (opening - len(self.spans)) // 2 + 1
        return max(at, self.known_until) + self._long(round(unknown * _DAY * 7 / 5))

    def _next_day(self, at: datetime) -> int:
        """The place in `spans` where the first working day after that of `at` opens."""
        place = self._place(at)
        if place % 2:
            return place + 1
        if place < len(self.spans) and at >= self._instant(self.spans[place] - self.opens):
            return place + 2  # early on a working day
        return min(place, len(self.spans))

    def _place(self, at: datetime) -> int:
        """How many ends of spans are not after `at`: an odd number while it is open.

        Compares instants, since these are rounded: a short day has minutes of some microseconds.
        """
        place = bisect_right(self.spans, (at - self.base).total_seconds() / self.minute)
        while place < len(self.spans) and self._instant(self.spans[place]) <= at:
            place += 1
        while place and self._instant(self.spans[place - 1]) > at:
            place -= 1
        return place

    def _instant(self, minutes: int) -> datetime:
        return self.base + self._long(minutes)

    def _long(self, minutes: int) -> timedelta:
        return timedelta(seconds=minutes * self.minute)


_DAY = 24 * 60
"""Minutes."""

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
