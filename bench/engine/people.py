"""The two of a pair as a benchmark plays them: what they do at a moment, and how soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from domain.deeds import Deed, DeedKind, Wish
from domain.model import Value
from domain.pair import BOTH, MomentKind
from domain.people import Role
from domain.plan import PairPlan

HOURS = 2.0
"""Program hours after which the first of the two answers; the second takes as long again."""

TO_A_SESSION = 6.0
"""Program days from booking a session to it."""


class Asked(Value):
    """A moment that came for a pair, as the office says it."""

    kind: MomentKind
    session: int
    occasions: tuple[str, ...]


class Act(Value):
    """Something that one of the two does, so many program hours later."""

    hours: float
    kind: DeedKind
    role: Role
    session: int | None = None
    occasion: str | None = None
    proposal: int = 0
    wish: Wish | None = None

    def deed(self, at: datetime, plan: PairPlan) -> Deed:
        """What the workflow is told of it."""
        booked = self.kind is DeedKind.SESSION_BOOKED
        return Deed(
            kind=self.kind,
            role=self.role,
            at=at,
            session=self.session,
            occasion=self.occasion,
            proposal=self.proposal,
            wish=self.wish,
            terms=1 if self.kind is DeedKind.AGREEMENT_SIGNED else 0,
            booked_for=at + plan.days(TO_A_SESSION) if booked else None,
        )


Habit = Callable[[Asked], Iterator[Act]]


def read_moments(words: str) -> tuple[Asked, ...]:
    """The moments of a line that the office said."""
    return tuple(_read(word) for word in words.split(","))


def _read(word: str) -> Asked:
    kind, session, occasions = word.split(":")
    asked = tuple(one.replace("/", ":") for one in occasions.split("+") if one)
    return Asked(kind=MomentKind(kind), session=int(session), occasions=asked)


def _both(kind: DeedKind, first: float = HOURS, occasion: str | None = None) -> Iterator[Act]:
    for place, role in enumerate(BOTH, start=1):
        yield Act(hours=first * place, kind=kind, role=role, occasion=occasion)


def _until_they_meet(asked: Asked) -> Iterator[Act]:
    if asked.kind is MomentKind.INTRODUCTION:
        yield from _both(DeedKind.ACCEPTED)
    elif asked.kind is MomentKind.PREPARATION:
        yield from _both(DeedKind.TRAINING_DONE)
        yield from _both(DeedKind.AGREEMENT_SIGNED, HOURS * 2)
        yield Act(hours=HOURS * 5, kind=DeedKind.GOALS_WRITTEN, role=Role.MENTEE)


def prompt(asked: Asked) -> Iterator[Act]:
    """Two who do whatever they are asked on the same day."""
    yield from _until_they_meet(asked)
    about = {"session": asked.session}
    match asked.kind:
        case MomentKind.SESSION_DUE:
            kind = DeedKind.SESSION_PROPOSED
            yield Act(hours=HOURS, kind=kind, role=Role.MENTOR, proposal=1, **about)
        case MomentKind.SESSION_PROPOSED:
            yield Act(hours=HOURS, kind=DeedKind.SESSION_BOOKED, role=Role.MENTEE, **about)
        case MomentKind.SESSION_FOLLOW_UP:
            yield Act(hours=HOURS, kind=DeedKind.SESSION_HELD, role=Role.MENTOR, **about)
        case MomentKind.CHECK_IN | MomentKind.EVALUATION:
            for occasion in asked.occasions:
                yield from _both(DeedKind.SURVEY_ANSWERED, occasion=occasion)
    if asked.kind is MomentKind.EVALUATION:
        for act in _both(DeedKind.WISHED, HOURS * 1.5):
            yield act.model_copy(update={"wish": Wish.STOP})


def silent(asked: Asked) -> Iterator[Act]:
    """Two who prepare, and are not heard of again: they climb the whole ladder."""
    yield from _until_they_meet(asked)


def instant_of(act: Act, now: datetime, plan: PairPlan) -> datetime:
    """When they do it: program hours after now."""
    return now + timedelta(seconds=act.hours / 24 * plan.day_seconds)
