"""The parts of a definition about enrolling, a pair's life, and what comes after it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from domain.model import Section
from domain.people import Role
from domain.written import Days, Hours, LocalTime, Name, Slug, written_as

# --- Before the first session --------------------------------------------------------------------


class Enrolment(Section):
    """What comes between an invitation and being matched."""

    manager_approval: bool = False
    """Ask the line manager of who said yes whether they agree in principle. Who has no manager in
    the people file needs no approval; whose manager has not said yes at the closing date is not
    matched."""
    selection: bool = False
    """HR chooses whom to match of those who joined."""


class Training(Section):
    """What people read before they meet; the texts stand in `content/<language>/training`."""

    modules: tuple[str, ...] | None = None
    """Ids of modules; all that there are for the role, if left out."""
    new_technology: bool = False
    """Whether pairs talk about new technology: adds the modules that are only for that, such as the
    one on privacy and company data."""


class GroupFor(StrEnum):
    """Who comes to a group session."""

    MENTOR = "mentor"
    MENTEE = "mentee"
    BOTH = "both"

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that come."""
        return tuple(Role) if self is GroupFor.BOTH else (Role(self.value),)


class GroupSession(Section):
    """A workshop or a supervision to which many come, held on several dates."""

    id: Slug
    title: Name
    whom: GroupFor
    dates: tuple[LocalTime, ...] = Field(min_length=1, max_length=50)
    """In the program's time zone."""
    minutes: int = Field(default=60, ge=10, le=480)
    place: Name | None = None
    """A room, or the link to a video call."""
    needed: int = Field(default=0, ge=0)
    """To how many of the dates everybody should come."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.needed > len(self.dates):
            raise ValueError(f"needed ({self.needed}) is more than there are dates.")
        if list(self.dates) != sorted(set(self.dates)):
            raise ValueError("the dates must be different, and in order.")
        return self


def contradictions_in_group_sessions(
    sessions: Sequence[GroupSession], starts: date, days: int
) -> list[tuple[tuple[str | int, ...], str]]:
    """What can't be about the group sessions of a program: where, and what.

    It starts on that day and lasts so many days.
    """
    found: list[tuple[tuple[str | int, ...], str]] = []
    ends = starts + timedelta(days=days)
    known: set[str] = set()
    for place, group in enumerate(sessions):
        if group.id in known:
            found.append((("group_sessions", place, "id"), f"there are two called “{group.id}”."))
        known.add(group.id)
        for number, when in enumerate(group.dates):
            where: tuple[str | int, ...] = ("group_sessions", place, "dates", number)
            if when.date() < starts:
                found.append((where, f"{when:%Y-%m-%d} is before the program starts ({starts})."))
            elif when.date() > ends:
                found.append((where, f"{when:%Y-%m-%d} is after the program has ended ({ends})."))
    return found


class AgreementSection(Section):
    """What the mentoring agreement says that is the program's to decide."""

    reply_within: Hours | None = None
    """Hours within which the two promise to answer each other. Where it is set, somebody who
    proposed times and got no answer by then is helped: the other one gets a reminder."""


# --- Meetings ------------------------------------------------------------------------------------


class Scheduler(StrEnum):
    """Who proposes the time of a session."""

    MENTOR = "mentor"
    MENTEE = "mentee"


class Leader(StrEnum):
    """Who leads a session."""

    MENTOR = "mentor"
    MENTEE = "mentee"
    ALTERNATING = "alternating"
    """The mentor the first, the mentee the second, and so on."""

    def of(self, session: int) -> Role:
        """Who leads this session."""
        if self is Leader.ALTERNATING:
            return Role.MENTOR if session % 2 else Role.MENTEE
        return Role(self.value)


MOST_SESSIONS = 60
USUAL_SESSIONS = 6
USUAL_DISTANCE = 21
"""Program days."""


class Sessions(Section):
    """How often a pair meets."""

    count: int = Field(default=0, ge=0, le=MOST_SESSIONS)
    """How many; as many as `every` leaves room for, if left out; 6 if both are."""
    every: Days = 0
    """Program days from one session to the next; spread over the meetings, if left out."""
    minutes: int = Field(default=60, ge=10, le=480)
    minimum: int | None = Field(default=None, ge=0)
    """Sessions that make a pair count as completed; half of `count`, rounded up, if left out."""
    scheduled_by: Scheduler = Scheduler.MENTOR
    """Who proposes the times; the partner picks one."""
    led_by: Leader = Leader.MENTOR
    """Who leads a session: prepares it and keeps the time. In `mutual` mode each leads a half."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.count and self.minimum is not None and self.minimum > self.count:
            raise ValueError(f"minimum ({self.minimum}) is more than count ({self.count}).")
        return self

    def within(self, meetings: int) -> Sessions:
        """The same with number and distance filled in, for a window of so many program days."""
        count, every = self.count, self.every
        if not count and not every:
            count, every = USUAL_SESSIONS, min(USUAL_DISTANCE, max(1, meetings // USUAL_SESSIONS))
        elif not count:
            count = min(meetings // every + 1, MOST_SESSIONS)
        elif not every:
            every = max(1, meetings // count)
        return self.model_copy(update={"count": count, "every": every})

    @property
    def needed(self) -> int:
        """Sessions that make a pair count as completed."""
        return (self.count + 1) // 2 if self.minimum is None else self.minimum


class CheckInPoint(StrEnum):
    """At which kind of moment a check-in goes out."""

    PREPARATION = "preparation"
    AFTER_SESSION = "after_session"
    SHARE = "share"
    EVALUATION = "evaluation"
    OFFER = "offer"
    """When the ladder offers another partner. Not for definitions."""


class When(Section):
    """A point in a pair's life."""

    point: CheckInPoint
    session: int | None = None
    share: float | None = None
    """How far into the meetings, from 0 to 1."""


def _read_when(value: Any) -> Any:
    if isinstance(value, When | dict):
        return value
    text = value.strip().lower() if isinstance(value, str) else ""
    if text in ("preparation", "evaluation"):
        return When(point=CheckInPoint(text))
    if match := re.fullmatch(r"after session (\d{1,2})", text):
        return When(point=CheckInPoint.AFTER_SESSION, session=int(match[1]))
    if match := re.fullmatch(r"(\d{1,2})\s*% of meetings", text):
        return When(point=CheckInPoint.SHARE, share=int(match[1]) / 100)
    raise ValueError(
        "this is not a point in time. Write “preparation”, “after session 2”, "
        "“50% of meetings” or “evaluation”."
    )


def _when_as_text(when: When) -> str:
    if when.point is CheckInPoint.AFTER_SESSION:
        return f"after session {when.session}"
    if when.point is CheckInPoint.SHARE:
        return f"{when.share or 0:.0%} of meetings"
    return when.point.value


WhenWritten = Annotated[
    When,
    BeforeValidator(_read_when),
    written_as(_when_as_text),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*(preparation|evaluation|after session \d{1,2}"
            r"|\d{1,2}\s*% of meetings)\s*$",
            "examples": ["after session 2", "50% of meetings", "evaluation"],
        },
        mode="validation",
    ),
]


_LOOK = re.compile(r"\s*(>=|<=)\s*(-?\d{1,3})\s*")


class Threshold(Section):
    """From which answer on the coordinator should look."""

    comparison: Literal[">=", "<="]
    value: int

    def is_passed_by(self, answer: int) -> bool:
        """Whether an answer is on the far side, or on the threshold."""
        return answer >= self.value if self.comparison == ">=" else answer <= self.value


def _read_threshold(value: Any) -> Any:
    if isinstance(value, Threshold | dict):
        return value
    match = _LOOK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("this is not a threshold. Write it like “<= 2”.")
    return {"comparison": match[1], "value": int(match[2])}


class CheckIn(Section):
    """A survey sent at a set point to both of a pair."""

    survey: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    when: WhenWritten
    look_if: dict[
        str,
        Annotated[
            Threshold,
            BeforeValidator(_read_threshold),
            written_as(lambda threshold: f"{threshold.comparison} {threshold.value}"),
            WithJsonSchema(
                {"type": "string", "pattern": r"^\s*(>=|<=)\s*-?\d{1,3}\s*$", "examples": ["<= 2"]},
                mode="validation",
            ),
        ],
    ] = Field(default_factory=dict)
    """Items, each with the answer from which on the coordinator is asked to look. Who answers is
    told so on the page."""


class GoalsSection(Section):
    """The goals of who learns."""

    most: int = Field(default=3, ge=1, le=10)
    """How many somebody may write down."""
    review: tuple[WhenWritten, ...] = Field(
        default=(
            When(point=CheckInPoint.SHARE, share=0.5),
            When(point=CheckInPoint.EVALUATION),
        ),
        max_length=10,
    )
    """When they look at them again and say where they stand. By default in the middle of the
    meetings and at the end."""


class Afterwards(Section):
    """What a pair gets that wishes to go on, with the program's mails, once it is over."""

    mails: int = Field(default=3, ge=0, le=24)
    """How many reminders to meet."""
    every: Days = 42
    """Program days between them."""


# --- After the end -------------------------------------------------------------------------------


MOST_FOLLOW_UPS = 4
SHORTEST_FOLLOW_UP = 7
"""Program days: there must be time left once who has not answered was reminded."""


class FollowUp(Section):
    """A survey some time after the end, to everybody whose pair had begun to prepare."""

    survey: str = Field(default="follow_up", pattern=r"^[a-z][a-z0-9_]*$")
    after: Days
    """Program days from the end of the program to the day on which it is asked."""
    open: Days = 21
    """Program days in which answers are welcome: at least 7."""

    @field_validator("after")
    @classmethod
    def _after_the_end(cls, value: int) -> int:
        if value < 1:
            raise ValueError("this must be at least 1 day: it counts from the end of the program.")
        return value

    @field_validator("open")
    @classmethod
    def _long_enough(cls, value: int) -> int:
        if value < SHORTEST_FOLLOW_UP:
            raise ValueError(
                f"this must be at least {SHORTEST_FOLLOW_UP} days: who has not answered is "
                "reminded on the way."
            )
        return value

    @property
    def occasion(self) -> str:
        """Names this sending of the survey."""
        return f"{self.survey}:after-{self.after}"

    @property
    def closes(self) -> int:
        """Program days from the end of the program until no answer is taken any more."""
        return self.after + self.open


USUAL_FOLLOW_UPS = (FollowUp(after=13 * 7), FollowUp(after=52 * 7))
"""After three months and after a year."""


def contradictions_in_follow_ups(
    follow_ups: Sequence[FollowUp], keep_days: int
) -> list[tuple[tuple[str | int, ...], str]]:
    """What can't be about the follow-ups of a program whose answers are kept for so many days."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    before: FollowUp | None = None
    for place, follow_up in enumerate(follow_ups):
        if before is not None and follow_up.after < before.closes:
            where: tuple[str | int, ...] = ("follow_ups", place, "after")
            words = (
                f"this one begins {follow_up.after} days after the end, while the one before it is "
                f"open until day {before.closes}. Write them one after the other, the first first."
            )
            found.append((where, words))
        before = follow_up
    last = max((follow_up.closes for follow_up in follow_ups), default=0)
    if keep_days < last:
        words = (
            f"answers are kept for {keep_days} days, but those to the last of the follow-ups are "
            f"welcome until day {last} after the end."
        )
        found.append((("privacy", "keep_days"), words))
    return found
