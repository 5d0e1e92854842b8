"""Group sessions: on which dates they are, when people are told and asked, and who came to enough.

Their dates are dates: rooms and speakers are booked for them. A pause of the program leaves them as
they are; when the program is postponed, those that are still to come move with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.calendar import ProgramCalendar, after_working_days, morning_of
from domain.definition import Definition
from domain.ids import Id
from domain.model import Value
from domain.sections import GroupSession

INVITE_BEFORE = 7
"""Days before a date at which people are invited to it."""

TIME_TO_TELL = timedelta(days=7)
"""Program time after a date in which somebody who has not said whether they came may still have
been there. Who has not said so by then counts as not having come."""


class Move(Value):
    """The program was postponed, and with it the dates that were still to come."""

    at: datetime
    """When, in program time."""
    days: int


class PlannedGroupDate(Value):
    """One date of a group session, as a program's workflow knows it. All of it in instants."""

    group: Id
    number: int
    """Which of its dates, from 1."""
    invite_at: datetime
    starts_at: datetime
    ask_at: datetime
    """When people are asked whether they came: in the morning of the next working day."""

    @property
    def name(self) -> str:
        """Names the date among all of a program."""
        return occasion_of(self.group, self.number)


def occasion_of(group: str, number: int) -> str:
    """Names one date of a group session: in links, in the ledger, among answers."""
    return f"{group}:{number}"


def read_occasion(occasion: str) -> tuple[str, int] | None:
    """The group session and the number of the date that an occasion names, if it names one."""
    group, _, number = occasion.rpartition(":")
    return (group, int(number)) if group and number.isascii() and number.isdigit() else None


def dates_of(
    definition: Definition, group: GroupSession, moves: Sequence[Move] = ()
) -> tuple[datetime, ...]:
    """On which dates a group session is, in program time.

    `moves` are the postponements so far, in order. What is moved keeps its time of day.
    """
    zone = ZoneInfo(definition.calendar.timezone)
    return tuple(_moved(written, zone, moves) for written in group.dates)


def _moved(written: datetime, zone: ZoneInfo, moves: Iterable[Move]) -> datetime:
    for move in moves:
        if written.replace(tzinfo=zone) > move.at:
            written += timedelta(days=move.days)
    return written.replace(tzinfo=zone).astimezone(UTC)


def planned_dates(
    definition: Definition, calendar: ProgramCalendar, moves: Sequence[Move] = ()
) -> tuple[PlannedGroupDate, ...]:
    """Every date of every group session, the earliest first."""
    zone = ZoneInfo(definition.calendar.timezone)
    planned = [
        PlannedGroupDate(
            group=group.id,
            number=number,
            invite_at=calendar.to_instant(
                morning_of(
                    definition, starts.astimezone(zone).date() - timedelta(days=INVITE_BEFORE)
                )
            ),
            starts_at=calendar.to_instant(starts),
            ask_at=calendar.to_instant(after_working_days(definition, starts, 1)),
        )
        for group in definition.group_sessions
        for number, starts in enumerate(dates_of(definition, group, moves), start=1)
    ]
    return tuple(sorted(planned, key=lambda one: (one.starts_at, one.name)))


class NextGroupMails(Value):
    """What is to be written about group sessions next."""

    at: datetime
    """When; it may be past."""
    invite: tuple[PlannedGroupDate, ...] = ()
    """To these dates. Who was invited before is not invited again, so it may name some of which
    only newcomers have yet to hear."""
    ask: tuple[PlannedGroupDate, ...] = ()
    """Who was invited to these is asked whether they came."""


def next_group_mails(
    dates: Sequence[PlannedGroupDate],
    invited: Collection[str],
    asked: Collection[str],
    now: datetime,
    not_before: datetime,
) -> NextGroupMails | None:
    """What to write about group sessions next; None when nothing is left.

    People are invited to a date when its time has come, but not before `not_before`, and with it to
    every other date that is still to come and was announced: some may be new since. A date that
    came before anybody could be invited is let go.

    Args:
        dates: all of them.
        invited: names of those that were announced.
        asked: names of those after which people were asked.
        now: the present.
        not_before: the first instant at which there is somebody to invite.
    """
    first = max(now, not_before)
    to_invite = [
        (max(one.invite_at, not_before), one)
        for one in dates
        if one.name not in invited and one.starts_at > first
    ]
    to_ask = [(one.ask_at, one) for one in dates if one.name in invited and one.name not in asked]
    if not to_invite and not to_ask:
        return None
    at = min(due for due, _ in (*to_invite, *to_ask))
    by = max(at, now)
    invite = [one for due, one in to_invite if due <= by]
    if invite:
        invite += [one for one in dates if one.name in invited and one.starts_at > by]
    return NextGroupMails(
        at=at, invite=tuple(invite), ask=tuple(one for due, one in to_ask if due <= by)
    )


class Attendance(Value):
    """To how many dates of a group session somebody came, and to how many they should."""

    attended: int
    needed: int
    """Fewer than the definition says for whom there were too few while they were in a pair."""
    to_come: int
    """Dates to which they may still come, or may still say that they came."""
    untold: tuple[int, ...]
    """Numbers of the dates that are past, of which they have not said whether they came."""
    next: datetime | None
    """The next date, in program time."""

    @property
    def is_enough(self) -> bool:
        """Whether they came to as many as they should."""
        return self.attended >= self.needed

    @property
    def is_on_course(self) -> bool:
        """Whether they came to enough, or still can."""
        return self.attended + self.to_come >= self.needed


def attendance_of(
    dates: Sequence[datetime],
    needed: int,
    span: tuple[datetime, datetime | None],
    said: dict[int, bool],
    now: datetime,
) -> Attendance:
    """How somebody stands with a group session.

    Args:
        dates: its dates.
        needed: to how many of them everybody should come.
        span: when the person's first pair began, and when their last one ended, if none goes on;
            before and after that there is nothing to come to.
        said: by number of the date, from 1, whether they say that they came.
        now: the present. All times are program times.
    """
    since, until = span
    attended = sum(said.values())
    theirs = [
        number
        for number, day in enumerate(dates, start=1)
        if (since < day and (until is None or day <= until)) or number in said
    ]
    unsaid = {number: dates[number - 1] for number in theirs if number not in said}
    return Attendance(
        attended=attended,
        needed=min(needed, len(theirs)),
        to_come=sum(day + TIME_TO_TELL > now for day in unsaid.values()),
        untold=tuple(number for number, day in unsaid.items() if day <= now),
        next=min((day for number in theirs if (day := dates[number - 1]) > now), default=None),
    )
