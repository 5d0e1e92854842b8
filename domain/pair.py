"""A pair: how it stands, and what can come about for it.

What is due next, `domain.pair_next` says; what changes when something has come, `domain.pair_after`
(a moment), `domain.pair_deeds` (a person did something) and `domain.pair_orders` (HR did). All are
pure, so that the workflow only waits, calls and listens.

A moment changes the pair first and is carried out then: what a person does while a message is on
its way meets the pair as it will be.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from domain.deeds import Wish
from domain.escalation import LadderAction, Trigger
from domain.ids import Id
from domain.journal import EventKind
from domain.lifecycle import PairState
from domain.model import Value
from domain.people import Role
from domain.plan import PlannedCheckIn
from domain.reach import PairHours

BOTH = (Role.MENTOR, Role.MENTEE)


class Step(StrEnum):
    """What one of a pair does to be prepared."""

    GUIDE = "guide"
    """Read the training of one's role."""
    AGREEMENT = "agreement"
    GOALS = "goals"


class MomentKind(StrEnum):
    """Something that the service does for a pair at a point in time."""

    INTRODUCTION = "introduction"
    PREPARATION = "preparation"
    PREPARATION_REMINDER = "preparation_reminder"
    PREPARATION_OVERDUE = "preparation_overdue"
    AGREEMENT_CHANGED = "agreement_changed"
    SESSION_DUE = "session_due"
    SESSION_PROPOSED = "session_proposed"
    ANSWER_REMINDER = "answer_reminder"
    """The time in which the two promised to answer each other is over."""
    SESSION_INVITATION = "session_invitation"
    SESSION_CANCELLED = "session_cancelled"
    SESSION_REMINDER = "session_reminder"
    SESSION_FOLLOW_UP = "session_follow_up"
    CHECK_IN = "check_in"
    CHECK_IN_REMINDER = "check_in_reminder"
    FLAGGED = "flagged"
    """An answer passed a threshold: the coordinator should look."""
    LADDER_STEP = "ladder_step"
    RECOVERED = "recovered"
    """Off the ladder by a sign of life: those who had been told are told so."""
    HELP = "help"
    SAFETY = "safety"
    AWAY = "away"
    """One of the two is away for a while: the other is told."""
    RETURN = "return"
    """The pause is over: the pair goes on."""
    EXTENDED = "extended"
    EVALUATION = "evaluation"
    FAREWELL = "farewell"
    CONTINUED_REMINDER = "continued_reminder"
    """Now and then, for a pair that goes on after the program."""
    HELD = "held"
    """Messages that had to be held can go out now."""


class EndReason(StrEnum):
    """Why a pair was closed without fault."""

    LADDER = "ladder"
    TOO_FEW_SESSIONS = "too_few_sessions"
    NEVER_PREPARED = "never_prepared"
    COORDINATOR = "coordinator"
    NO_FIT = "no_fit"
    """One of the two said so; both can have another partner, and nobody is told who."""
    REMATCH = "rematch"
    """So that both can have another partner."""
    PARTED = "parted"
    """So that somebody who lost their partner can have one of the two, and the other as well."""


class Moment(Value):
    """What is due for a pair, and when."""

    kind: MomentKind
    at: datetime
    roles: tuple[Role, ...] = BOTH
    """Whom of the two it concerns."""
    session: int | None = None
    attempt: int = 1
    """Which asking or booking of that session."""
    proposal: int | None = None
    """Which proposal of times for it."""
    check_ins: tuple[PlannedCheckIn, ...] = ()
    """Surveys that go out with it."""
    until: datetime | None = None
    """By when what it asks for is wanted."""
    step: int | None = None
    """Which step of the ladder, from 1."""
    trigger: Trigger | None = None
    """What the ladder began with; None for pairs of 0.2.0 and before: silence."""
    action: LadderAction | None = None
    also: tuple[LadderAction, ...] = ()
    """What else the step does."""
    has_a_date: bool = False
    """Of a step of the ladder: whether the session has a date, which is past."""
    days_quiet: int | None = None
    """Program days since the ladder's trigger: without a sign of life, where that is silence."""
    ending: PairState | None = None
    reason: EndReason | None = None
    left_by: Role | None = None
    """Who of the two declined or withdrew."""

    @property
    def actions(self) -> tuple[LadderAction, ...]:
        """All that a step of the ladder does."""
        return (self.action, *self.also) if self.action is not None else ()


class CheckInProgress(Value):
    """A check-in that was sent."""

    check_in: PlannedCheckIn
    sent_at: datetime
    reminded: bool = False
    answered: tuple[Role, ...] = ()

    @property
    def open_roles(self) -> tuple[Role, ...]:
        """Who has yet to answer."""
        return tuple(role for role in self.check_in.roles if role not in self.answered)


class SessionProgress(Value):
    """The session that a pair is at: asked for, proposed, booked, held."""

    number: int
    attempt: int = 1
    """Rises when a booked session did not happen, or is moved."""
    asked_at: datetime | None = None
    proposal: int = 0
    """The last proposal of times that the pair was told of; 0 before the first."""
    proposed_by: Role | None = None
    """Who proposed it; None while no proposal waits for an answer."""
    proposed_at: datetime | None = None
    """When the times were proposed; once the partner was told of them, when that was."""
    proposal_told: bool = True
    answer_wanted: bool = False
    """Whether the partner was reminded that an answer was promised."""
    booked_for: datetime | None = None
    booking: int = -1
    """The last booking of it that the pair was told of; -1 before the first."""
    invited: bool = False
    called_off: int | None = None
    """Which attempt was called off, until both were told."""
    reminded: bool = False
    followed_up_at: datetime | None = None


class Away(Value):
    """One of the two is away."""

    role: Role
    until: datetime
    told: bool = False
    """Whether the partner knows."""


class Undecided(Value):
    """One of the two was still deciding about the other, after so many sessions."""

    role: Role
    held: int


class Pair(Value):
    """How a pair stands. Immutable: every change makes a new one."""

    state: PairState
    started_at: datetime
    since: datetime
    """When the part of its life began that it is in: introduction, preparation, …"""
    sign_of_life: datetime
    mutual: bool = False
    """Whether both teach and both learn."""
    hours: PairHours | None = None
    """When messages may reach whom; None while that is not known, or must be worked out anew."""
    hours_asked_at: datetime | None = None
    held_until: datetime | None = None
    """When messages can go out that had to be held."""
    under: PairState | None = None
    """The state under `stalled` or `paused`, to which the pair returns."""
    greeted: bool = False
    accepted: tuple[Role, ...] = ()
    steps: tuple[tuple[Role, Step], ...] = ()
    signed: tuple[tuple[Role, int], ...] = ()
    """Which terms of the agreement each has signed last, where terms are counted."""
    terms_told: int = 0
    """The terms that whoever has to sign again was told of."""
    terms_at: datetime | None = None
    """When the terms changed last."""
    reminded: bool = False
    overdue_told: bool = False
    session: SessionProgress = SessionProgress(number=1)
    held: tuple[int, ...] = ()
    last_held_at: datetime | None = None
    fell_through: int = 0
    """Sessions in a row that did not take place on the day that was agreed."""
    fell_through_at: datetime | None = None
    check_ins: tuple[CheckInProgress, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    flagged: tuple[tuple[Role, Id], ...] = ()
    """Answers, by who gave them and occasion, at which the coordinator has yet to be asked to look.
    """
    offers: int = 0
    """How often another partner was offered."""
    ladder: Trigger | None = None
    """Which ladder the pair is on."""
    ladder_step: int = 0
    """How many steps of the ladder the pair has climbed."""
    ladder_since: datetime | None = None
    """When the ladder's trigger was there."""
    climbed_at: datetime | None = None
    """When the last of its steps was carried out."""
    snoozed_until: datetime | None = None
    """The coordinator is on it: the ladder waits."""
    hr_was_told: bool = False
    """Whether somebody who runs the program was told, and no sign of life came since."""
    recovered_at: datetime | None = None
    """When a sign of life last took the pair off a ladder."""
    recovery_to_tell: bool = False
    help_wanted: tuple[Role, ...] = ()
    safety_raised: tuple[Role, ...] = ()
    """Who does not feel safe, until the contact was told."""
    paused_at: datetime | None = None
    program_paused: bool = False
    """Whether HR paused the whole program."""
    on_hold: bool = False
    """Whether HR paused this very pair: only HR resumes it, or the date that they named."""
    hold_until: datetime | None = None
    away: tuple[Away, ...] = ()
    extended: int = 0
    """Program days by which the window for meetings is longer."""
    extension_to_tell: bool = False
    wishes: tuple[tuple[Role, Wish], ...] = ()
    reason: EndReason | None = None
    left_by: Role | None = None
    """Who declined or withdrew."""
    ended: bool = False
    """Over, and everybody told."""

    @property
    def phase(self) -> PairState:
        """The part of life the pair is in, also while it is stalled or paused."""
        return self.under or self.state

    @property
    def terms(self) -> int:
        """The latest terms of the agreement that one of the two has signed; 0 before the first."""
        return max((terms for _, terms in self.signed), default=0)

    def has_signed(self, role: Role) -> bool:
        """Whether this one has signed the agreement as it is now."""
        own = dict(self.signed).get(role)
        if own is None:  # signed before terms were counted, if at all: that was the first
            return self.terms <= 1 and self._did(role, _SIGN)
        return own == self.terms

    def open_steps(self, role: Role) -> tuple[Step, ...]:
        """What this one has yet to do to be prepared."""
        learns = role is Role.MENTEE or self.mutual
        wanted = (Step.GUIDE, _SIGN, Step.GOALS) if learns else (Step.GUIDE, _SIGN)
        return tuple(
            step
            for step in wanted
            if not (self.has_signed(role) if step is _SIGN else self._did(role, step))
        )

    def _did(self, role: Role, step: Step) -> bool:
        return (role, step) in self.steps

    @property
    def is_prepared(self) -> bool:
        """Whether both have done everything that comes before the first session."""
        return not any(self.open_steps(role) for role in BOTH)

    @property
    def goes_on(self) -> bool:
        """Whether both wish to go on meeting once the program is over."""
        wishes = dict(self.wishes)
        return all(wishes.get(role, Wish.STOP) is not Wish.STOP for role in BOTH)

    @property
    def resumes_at(self) -> datetime | None:
        """When a pause ends by itself; None while nobody knows."""
        if self.program_paused or (self.on_hold and self.hold_until is None):
            return None
        ends = [away.until for away in self.away]
        ends += [self.hold_until] if self.hold_until is not None else []
        return max(ends, default=None)


_SIGN = Step.AGREEMENT


class Happening(Value):
    """Something for the journal."""

    kind: EventKind
    data: dict[str, int | str] = Field(default_factory=dict)
    role: Role | None = None


class Change(Value):
    """A pair after something happened, and what to write down about it."""

    pair: Pair
    happenings: tuple[Happening, ...] = ()


def begin(now: datetime, *, mutual: bool = False) -> Pair:
    """A pair on the day it is introduced."""
    return Pair(
        state=PairState.INTRODUCED, started_at=now, since=now, sign_of_life=now, mutual=mutual
    )


def changed(pair: Pair, *happenings: Happening, **update: Any) -> Change:
    """A pair with some fields different."""
    return Change(pair=pair.model_copy(update=update), happenings=happenings)


def including(values: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    """The values with one more, unless it is among them."""
    return values if value in values else (*values, value)
