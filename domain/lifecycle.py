"""The lifecycle of a program and of a pair: one table of the transitions that are allowed.

The diagrams in `docs/lifecycle.md` are made from the same tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from domain.model import Value


class Stage(StrEnum):
    """Where a program stands."""

    DEFINITION = "definition"
    MATCHING = "matching"
    PREPARATION = "preparation"
    MEETINGS = "meetings"
    EVALUATION = "evaluation"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class PairState(StrEnum):
    """Where a pair stands."""

    INTRODUCED = "introduced"
    PREPARING = "preparing"
    MEETING = "meeting"
    STALLED = "stalled"
    PAUSED = "paused"
    EVALUATING = "evaluating"
    COMPLETED = "completed"
    CONTINUED = "continued"
    """Completed, and the two go on meeting."""
    CLOSED = "closed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether a pair in this state has ended."""
        return self in ENDINGS


SUCCESSES: tuple[PairState, ...] = (PairState.COMPLETED, PairState.CONTINUED)
"""The endings of a pair that did what it set out to do."""

ENDINGS = (
    PairState.COMPLETED,
    PairState.CONTINUED,
    PairState.CLOSED,
    PairState.DECLINED,
    PairState.WITHDRAWN,
    PairState.CANCELLED,
)

State = TypeVar("State", Stage, PairState)


class StageTransition(Value):
    """A program may go from `source` to `target`, and why."""

    source: Stage
    target: Stage
    reason: str


class PairTransition(Value):
    """A pair may go from `source` to `target`, and why."""

    source: PairState
    target: PairState
    reason: str


def _stages() -> Iterable[StageTransition]:
    walk = (
        (Stage.DEFINITION, Stage.MATCHING, "the start date"),
        (Stage.MATCHING, Stage.PREPARATION, "matches approved"),
        (Stage.PREPARATION, Stage.MEETINGS, "all prepared, or the deadline"),
        (Stage.MEETINGS, Stage.EVALUATION, "all sessions held, or the deadline"),
        (Stage.EVALUATION, Stage.COMPLETED, "all pairs ended"),
    )
    for source, target, reason in walk:
        yield StageTransition(source=source, target=target, reason=reason)
        yield StageTransition(source=source, target=Stage.CANCELLED, reason="HR cancels")


def _pairs() -> Iterable[PairTransition]:
    def to(source: PairState, target: PairState, reason: str) -> PairTransition:
        return PairTransition(source=source, target=target, reason=reason)

    s = PairState
    yield to(s.INTRODUCED, s.PREPARING, "both said yes, or nobody said no")
    for state in (s.INTRODUCED, s.PREPARING, s.PAUSED):
        yield to(state, s.DECLINED, "one said no")
    yield to(s.PREPARING, s.MEETING, "training read, agreement signed, goals written")
    yield to(s.PREPARING, s.STALLED, "a ladder's first step")
    yield to(s.MEETING, s.STALLED, "a ladder's first step")
    yield to(s.STALLED, s.PREPARING, "a sign of life")
    yield to(s.STALLED, s.MEETING, "a sign of life")
    yield to(s.MEETING, s.EVALUATING, "all sessions held, or the window is over")
    yield to(s.STALLED, s.EVALUATING, "the window is over")
    yield to(s.EVALUATING, s.COMPLETED, "enough sessions held")
    yield to(s.EVALUATING, s.CONTINUED, "enough sessions held, and both wish to go on")
    living = (s.INTRODUCED, s.PREPARING, s.MEETING, s.STALLED, s.EVALUATING)
    for state in living:
        yield to(state, s.PAUSED, "HR pauses, or one is away")
        if state is not s.STALLED:
            yield to(s.PAUSED, state, "HR resumes, or the date has come")
    for state in (*living, s.PAUSED):
        yield to(state, s.CLOSED, "closed without fault")
        yield to(state, s.WITHDRAWN, "one of the two withdraws")
        yield to(state, s.CANCELLED, "the program is cancelled")


STAGE_TRANSITIONS: tuple[StageTransition, ...] = tuple(_stages())
PAIR_TRANSITIONS: tuple[PairTransition, ...] = tuple(_pairs())

_ALLOWED_STAGES = frozenset((t.source, t.target) for t in STAGE_TRANSITIONS)
_ALLOWED_PAIRS = frozenset((t.source, t.target) for t in PAIR_TRANSITIONS)


class NotAllowed(Exception):
    """A transition that the lifecycle does not have."""


def move(source: State, target: State) -> State:
    """The state after the transition. Raises `NotAllowed` if the table does not have it."""
    allowed = (
        (source, target) in _ALLOWED_STAGES
        if isinstance(source, Stage)
        else (source, target) in _ALLOWED_PAIRS
    )
    if not allowed:
        raise NotAllowed(f"{source} to {target}")
    return target


def diagram(transitions: Iterable[StageTransition | PairTransition]) -> str:
    """The transitions as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {t.source} --> {t.target}: {t.reason}" for t in transitions]
    return "\n".join(lines) + "\n"
