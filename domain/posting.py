"""When a message goes out: at once, with others in one mail, or later.

A message is a mail template to one person; a mail is what reaches their mailbox, with one message
in it or several. All of this is decided on the workflow's instants.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.calendar import program_days
from domain.model import Value
from domain.reach import OpenHours

MOST_A_DAY = 2
"""Mails to one participant on one program day. What goes at once does not count. Those who run the
program get theirs without a limit: a decision that waits for them makes many others wait."""

AT_ONCE = frozenset(
    {
        "session_invitation",
        "session_cancelled",
        "group_session_cancelled",
        "safety_raised",
        "help_asked",
    }
)
"""Messages that wait for no hour and go alone. A session that is booked, moved or cancelled may be
tonight's, and calendars expect one event a mail; who asks for help waits for nobody's morning."""

_LAST_WORDS = frozenset(
    {"partner_away", "welcome_back", "continued_reminder", "group_session_cancelled"}
)

_AFTER_THE_END = frozenset({"follow_up", "follow_up_reminder"})

_ASK_HR_TO_ACT = frozenset(
    {"preparation_overdue", "pair_stalled", "pair_stalled_sponsor", "coordinator_task"}
)

TRY_AGAIN_FIRST = timedelta(minutes=15)
"""Program time after which a mail server that put a message off is asked again: many take a
stranger's mail at the second try only. Each further wait is twice as long."""

TRY_AGAIN_LAST = timedelta(hours=12)
"""No wait is longer."""

GIVE_UP_AFTER = 3
"""Program days after which a message that a mail server puts off again and again is given up."""


def goes_at_once(kind: str) -> bool:
    """Whether a message goes alone, at any hour."""
    return kind in AT_ONCE


def outlives_its_pair(kind: str) -> bool:
    """Whether a message to one of a pair keeps its point when the pair is over or paused.

    Farewells do, and what tells of the pause itself.
    """
    return kind.startswith("farewell_") or kind in _LAST_WORDS


def outlives_its_program(kind: str) -> bool:
    """Whether a message about no pair keeps its point when the program is over."""
    return kind in _AFTER_THE_END


def asks_hr_to_act(kind: str) -> bool:
    """Whether a message asks those who run the program to do something for a pair that goes on."""
    return kind in _ASK_HR_TO_ACT


class Day(Value):
    """How a person's present program day stands."""

    ends: datetime
    mails: int
    """That they got on it, or are about to."""
    most: int | None = MOST_A_DAY
    """How many they may get; None for no limit."""

    @property
    def is_full(self) -> bool:
        """Whether a further mail has to wait for another day."""
        return self.most is not None and self.mails >= self.most


def goes_out_at(
    now: datetime, hours: OpenHours, day: Day, useful_until: datetime | None = None
) -> datetime:
    """When an ordinary message to somebody goes out; `now` for at once.

    It waits for the person's open hours, and for the next day when this one is full. What would
    come too late by waiting goes at once: a reminder at the wrong hour is worth more than none.
    """
    at = hours.next_open(now)
    if day.is_full and at < day.ends:
        at = hours.next_open(day.ends)
    return now if useful_until is not None and at >= useful_until else at


def urgent_goes_out_at(
    now: datetime,
    hours: OpenHours,
    away_until: datetime | None,
    useful_until: datetime | None = None,
) -> datetime:
    """When a message that waits for no hour goes out: at once, unless the person is away.

    Who is away asked for no mail, and reads of a session that comes after that when they are back.
    Of one that comes before they hear at once.
    """
    if away_until is None or away_until <= now:
        return now
    back = hours.next_open(away_until)
    return now if useful_until is not None and back >= useful_until else back


def try_again_after(times: int, day_seconds: float) -> timedelta:
    """How long a message waits that a mail server has put off so many times."""
    wait = min(TRY_AGAIN_FIRST * 2.0 ** min(times - 1, 16), TRY_AGAIN_LAST)
    return wait * (program_days(1, day_seconds) / timedelta(days=1))


def is_given_up(first_put_off: datetime, now: datetime, day_seconds: float) -> bool:
    """Whether a message that was first put off then has had its tries."""
    return now - first_put_off >= program_days(GIVE_UP_AFTER, day_seconds)
