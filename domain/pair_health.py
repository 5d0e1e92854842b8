"""Pair health: which pairs fell silent, what brought them back, and who was matched anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from pydantic import Field

from domain.definition import Definition
from domain.escalation import LadderAction
from domain.lifecycle import SUCCESSES
from domain.model import Value
from domain.projection import PairStatus, ProgramStatus, StallOutcome


class PairMembers(Value):
    """Who meets whom, by opaque person ids."""

    pair: str
    mentor: str
    mentee: str
    score: float = 0.0
    """How well the preferences were met when they were matched, from 0 to 100."""
    likings: tuple[float | None, ...] = ()
    """How well each of the definition's preferences was met, from 0 to 1, in their order; None
    where it says nothing of the two, or is about what people say they are."""

    @property
    def people(self) -> tuple[str, str]:
        """Both."""
        return self.mentor, self.mentee


class StepResult(Value):
    """What one step of the ladder did."""

    action: LadderAction
    taken: int
    """Times that the step was taken."""
    came_back: int
    """Times that it was the last step before a sign of life."""


class PairHealth(Value):
    """How pairs fell silent, and came back."""

    started: int
    stalled: int
    """Started pairs that stalled at least once."""
    met_again: int
    """Of these, those that held a session after they last stalled."""
    stalled_now: int
    steps: tuple[StepResult, ...]
    """In the ladder's order; an action that the ladder no longer has comes last."""
    help_asked: int = Field(ge=0)
    """Pairs in which somebody asked for help."""
    interventions: int = Field(ge=0)
    """Times that the coordinator was asked to look after a pair, or ended one."""
    rematched: int = Field(ge=0)
    """Pairs that came in place of one that had ended early."""


def pair_health(
    definition: Definition, status: ProgramStatus, members: Iterable[PairMembers]
) -> PairHealth:
    """How many pairs fell silent, and which step of the ladder brought them back."""
    started = status.started
    stalled = [pair for pair in started if pair.stalls]
    taken: Counter[LadderAction] = Counter()
    came_back: Counter[LadderAction] = Counter()
    for stall in (stall for pair in status.pairs for stall in pair.stalls):
        taken.update(stall.steps)
        if stall.outcome is StallOutcome.CAME_BACK and stall.steps:
            came_back[stall.steps[-1]] += 1
    order = dict.fromkeys(
        [*(a for ladder in definition.ladder for step in ladder.steps for a in step.do), *taken]
    )
    return PairHealth(
        started=len(started),
        stalled=len(stalled),
        met_again=sum(1 for pair in stalled if met_again(pair)),
        stalled_now=sum(
            1 for p in status.pairs if p.stalls and p.stalls[-1].outcome is StallOutcome.OPEN
        ),
        steps=tuple(
            StepResult(action=action, taken=taken[action], came_back=came_back[action])
            for action in order
        ),
        help_asked=sum(1 for pair in status.pairs if pair.help_asked),
        interventions=sum(pair.interventions for pair in status.pairs),
        rematched=len(matched_anew(status, members)),
    )


def met_again(pair: PairStatus) -> bool:
    """Whether a pair that stalled held a session after it last did."""
    return bool(pair.stalls) and any(at > pair.stalls[-1].since for at in pair.held.values())


def matched_anew(status: ProgramStatus, members: Iterable[PairMembers]) -> frozenset[str]:
    """The pairs in which somebody is whose earlier pair had ended before its time."""
    by_pair = {pair.pair: pair for pair in status.pairs}
    both = {m.pair: m.people for m in members if m.pair in by_pair}
    ended_at: dict[str, list[tuple[datetime, str]]] = {}
    for pair, people in both.items():
        state = by_pair[pair].state
        if state.is_over and state not in SUCCESSES:
            for person in people:
                ended_at.setdefault(person, []).append((by_pair[pair].since, pair))
    return frozenset(
        pair
        for pair, people in both.items()
        if any(
            earlier != pair and at <= by_pair[pair].history[0].at
            for person in people
            for at, earlier in ended_at.get(person, ())
        )
    )
