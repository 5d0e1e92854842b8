"""What the journal says: a program's status, as a pure fold over its events.

`status`, the portal and the reports read this and nothing else that counts, so that they agree, and
so that reading the journal again gives the same answer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import count
from operator import attrgetter
from typing import Any, NamedTuple, Self, TypeVar

from domain.escalation import LadderAction, Trigger
from domain.journal import EventKind, JournalEvent
from domain.lifecycle import SUCCESSES, PairState, Stage
from domain.model import Value
from domain.pair import EndReason
from domain.people import Role

Choice = TypeVar("Choice", bound=StrEnum)


class StageEntry(Value):
    """When a program came to a stage."""

    stage: Stage
    at: datetime


class StateEntry(Value):
    """When a pair came to a state."""

    state: PairState
    at: datetime


class StallOutcome(StrEnum):
    """How a stall ended."""

    OPEN = "open"
    """It has not: the pair is stalled now."""
    CAME_BACK = "came_back"
    """One of the two gave a sign of life."""
    ENDED = "ended"
    """The pair, or the time for its meetings, came to an end first."""
    SET_ASIDE = "set_aside"
    """HR paused the pair; after that the ladder begins anew."""


class Stall(Value):
    """One time that a pair fell silent."""

    since: datetime
    until: datetime | None
    outcome: StallOutcome
    steps: tuple[LadderAction, ...]
    """The ladder's steps taken in it, in order."""


class NextStep(StrEnum):
    """What a pair is expected to do next."""

    ANSWER_INTRODUCTION = "answer_introduction"
    PREPARE = "prepare"
    BOOK_SESSION = "book_session"
    HOLD_SESSION = "hold_session"
    ANSWER_SURVEY = "answer_survey"


class NextDue(Value):
    """The next thing due from a pair, and for which session."""

    step: NextStep
    session: int | None = None


class PairStatus(Value):
    """Where one pair stands."""

    pair: str
    state: PairState
    since: datetime
    """When it came to this state."""
    history: tuple[StateEntry, ...]
    """Every state it was in, in order; the last is `state`."""
    held: dict[int, datetime]
    """Sessions held, by number, and when that was first said. One that both logged counts once."""
    missed: int
    """Times that a session was logged as missed."""
    called_off: int
    """Times that a session was called off beforehand."""
    last_sign_of_life: datetime | None
    """The latest deed of one of the two; None before the first."""
    ladder_step: int | None
    """The step of the ladder that was climbed last, as the workflow numbers it; None once there was
    a sign of life."""
    ladder_action: LadderAction | None
    trigger: Trigger | None
    """What the ladder that it is on began with."""
    task_since: datetime | None
    """When the coordinator was asked to look after it; None when nothing waits for them."""
    task_taken: bool
    """Whether the coordinator said that they are on it."""
    stalls: tuple[Stall, ...]
    help_asked: int
    """Times that one of the two asked for help."""
    next_due: NextDue | None
    """None when the pair is paused or over."""
    ended_because: str | None
    """The reason given when it was closed."""
    planned: int | None = None
    """Sessions planned for it; None for those of the definition."""
    needed: int | None = None
    """Sessions that make it count as completed; None for those of the definition."""
    interventions: int = 0
    """Times that the coordinator was asked to look after it, or ended it."""

    @property
    def sessions_held(self) -> int:
        """How many different sessions took place."""
        return len(self.held)

    @property
    def has_started(self) -> bool:
        """Whether the two agreed to begin: the pair came as far as preparation."""
        return any(entry.state in STARTED for entry in self.history)


class CheckInStatus(Value):
    """How many a check-in was sent to, and how many answered."""

    survey: str
    occasion: str
    """Without the survey's id: `after-session-2`."""
    sent: int
    answered: int


class PeopleCounts(Value):
    """How many people stand where. Somebody who joined and then withdrew counts in both."""

    invited: int
    joined: int
    stayed_out: int
    withdrew: int
    manager_agrees: int = 0
    manager_says_no: int = 0
    not_selected: int = 0
    """To whom HR said no, once that was confirmed."""


class MatchCounts(Value):
    """The matches that count now: the approved ones, or else the latest proposal."""

    proposal: str | None
    pairs: int
    unmatched: int
    approved_at: datetime | None


class NewPairs(Value):
    """Pairs in place of some that ended early, as they were proposed last."""

    proposal: str
    pairs: int
    waiting: bool
    """Whether HR has yet to approve them."""


class ProgramFacts(Value):
    """Where a program stands, without where each of its pairs does."""

    stage: Stage
    paused: bool
    paused_until: datetime | None = None
    """The instant at which the pause ends by itself: the program was postponed to it."""
    started_at: datetime | None
    updated_at: datetime | None
    """When the latest event happened: what "now" means to a report."""
    stages: tuple[StageEntry, ...]
    people: PeopleCounts
    matches: MatchCounts
    selection_waits: bool
    """Whether HR is asked to choose whom to match."""
    new_pairs: NewPairs | None
    """None while nobody lost their partner for whom there is another."""
    counts: dict[PairState, int]
    """How many pairs are in each state; every state has an entry."""

    @property
    def number_of_pairs(self) -> int:
        """How many pairs there are, in whatever state."""
        return sum(self.counts.values())

    @property
    def ended_at(self) -> datetime | None:
        """When it was completed or cancelled. What people answer later is about it still."""
        ends = (Stage.COMPLETED, Stage.CANCELLED)
        return next((entry.at for entry in self.stages if entry.stage in ends), None)

    @property
    def is_over(self) -> bool:
        """Whether the program itself is: completed, cancelled, or every pair evaluated."""
        if self.stage in (Stage.COMPLETED, Stage.CANCELLED):
            return True
        return self.stage is Stage.EVALUATION and all(
            state.is_over for state, count in self.counts.items() if count
        )


class ProgramStatus(ProgramFacts):
    """Where a program stands, and each of its pairs."""

    pairs: tuple[PairStatus, ...]
    """By pair id."""
    check_ins: tuple[CheckInStatus, ...]
    """In the order of their first sending."""
    closed: tuple[tuple[str, str], ...] = ()
    """Follow-ups that take no more answers, each a survey and its occasion."""

    @property
    def started(self) -> tuple[PairStatus, ...]:
        """The pairs that started."""
        return tuple(pair for pair in self.pairs if pair.has_started)


STARTED = frozenset((PairState.PREPARING, PairState.MEETING, PairState.EVALUATING, *SUCCESSES))
"""States that only a pair which agreed to begin can be in."""


def project(events: Iterable[JournalEvent]) -> ProgramStatus:
    """Fold a program's events into its status.

    Events count in the order in which they happened (`at`), whatever order they arrived in; those
    of one instant in the order they arrived. An event whose id was seen counts once. An event that
    makes no sense where it stands (a deed for a pair that is over, a value this version does not
    know) changes what it can and never fails, so that one odd entry can't hide a whole program.
    """
    fold = _Fold()
    for event in sorted(events, key=attrgetter("at")):
        fold.add(event)
    return fold.result()


def facts_of(
    events: Iterable[JournalEvent],
    said: Mapping[EventKind, int],
    counts: Mapping[PairState, int],
    updated_at: datetime | None,
) -> ProgramFacts:
    """The same without the pairs, from few events and what was counted of the others.

    Args:
        events: those of `FACT_KINDS`, in the order in which they happened.
        said: of each kind in `SAID`, how many people it is the last of its group that is told of.
        counts: how many pairs are in each state; 0 where a state has no entry.
        updated_at: when the latest event of any kind happened.
    """
    fold = _Fold()
    for event in events:
        fold.add(event)
    fold.updated_at = updated_at
    people = _PeopleSaid(
        joined=said.get(EventKind.JOINED, 0),
        stayed_out=said.get(EventKind.STAYED_OUT, 0),
        withdrew=said.get(EventKind.WITHDREW, 0),
        approved=said.get(EventKind.MANAGER_APPROVED, 0),
        declined=said.get(EventKind.MANAGER_DECLINED, 0),
    )
    return ProgramFacts(**fold.facts(people, counts))


def states_over_time(
    pairs: Iterable[PairStatus], instants: Sequence[datetime]
) -> list[Counter[PairState]]:
    """How many pairs were in each state at each of `instants`, which must be in rising order."""
    steps: list[Counter[PairState]] = [Counter() for _ in range(len(instants) + 1)]
    for pair in pairs:
        before: PairState | None = None
        for entry in pair.history:
            place = bisect_left(instants, entry.at)
            steps[place][entry.state] += 1
            if before is not None:
                steps[place][before] -= 1
            before = entry.state
    running: Counter[PairState] = Counter()
    result: list[Counter[PairState]] = []
    for step in steps[:-1]:
        for state, change in step.items():
            running[state] += change
        result.append(Counter({state: number for state, number in running.items() if number}))
    return result


# --- The fold ------------------------------------------------------------------------------------

STATE_EVENTS = {
    EventKind.PAIR_INTRODUCED: PairState.INTRODUCED,
    EventKind.PAIR_PREPARING: PairState.PREPARING,
    EventKind.PAIR_MEETING: PairState.MEETING,
    EventKind.PAIR_EVALUATING: PairState.EVALUATING,
    EventKind.PAIR_COMPLETED: PairState.COMPLETED,
    EventKind.PAIR_CONTINUED: PairState.CONTINUED,
    EventKind.PAIR_CLOSED: PairState.CLOSED,
    EventKind.PAIR_DECLINED: PairState.DECLINED,
    EventKind.PAIR_WITHDRAWN: PairState.WITHDRAWN,
    EventKind.PAIR_CANCELLED: PairState.CANCELLED,
}
"""Events that bring a pair to a state, whatever it was in before."""

SIGNS_OF_LIFE = frozenset(
    (
        EventKind.INTRODUCTION_ACCEPTED,
        EventKind.GUIDE_READ,
        EventKind.TRAINING_READ,
        EventKind.TRAINING_DONE,
        EventKind.AGREEMENT_SIGNED,
        EventKind.GOALS_WRITTEN,
        EventKind.SESSION_PROPOSED,
        EventKind.SESSION_BOOKED,
        EventKind.SESSION_CANCELLED,
        EventKind.SESSION_HELD,
        EventKind.SESSION_MISSED,
        EventKind.SURVEY_ANSWERED,
        EventKind.HELP_ASKED,
        EventKind.WISHED,
    )
)
"""Deeds of a pair's member that bring a stalled pair back."""


_EMPTY_COUNTS = frozenset(("step", "needed", "ended_because"))
"""What is known of a pair although it is 0 or empty."""


def _written(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


_read = datetime.fromisoformat


class _OpenStall:
    __slots__ = ("since", "steps")

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.steps: list[LadderAction] = []


class PairFold:
    """What the fold knows of one pair so far. It can be put away, and gone on with later."""

    __slots__ = (
        "action",
        "active",
        "booked",
        "called_off",
        "ended_because",
        "held",
        "help_asked",
        "history",
        "interventions",
        "last_sign",
        "missed",
        "needed",
        "open_stall",
        "pair",
        "planned",
        "stalls",
        "state",
        "step",
        "task_since",
        "task_taken",
        "trigger",
    )

    def __init__(self, pair: str, at: datetime) -> None:
        self.pair = pair
        self.state = PairState.INTRODUCED
        self.active = PairState.INTRODUCED
        """The state under a stall or a pause."""
        self.history: list[tuple[PairState, datetime]] = [(self.state, at)]
        self.held: dict[int, datetime] = {}
        self.booked: set[int] = set()
        self.missed = 0
        self.called_off = 0
        self.trigger: Trigger | None = None
        self.task_since: datetime | None = None
        self.task_taken = False
        self.help_asked = 0
        self.interventions = 0
        self.last_sign: datetime | None = None
        self.step: int | None = None
        self.action: LadderAction | None = None
        self.stalls: list[Stall] = []
        self.open_stall: _OpenStall | None = None
        self.ended_because: str | None = None
        self.planned: int | None = None
        self.needed: int | None = None

    def add(self, event: JournalEvent) -> None:
        """Go on by an event of this pair, which happened no earlier than those before it."""
        is_sign_of_life, on_pair, _ = _EFFECTS[event.kind]
        if is_sign_of_life:
            self.give_sign_of_life(event.at)
        if on_pair is not None:
            on_pair(self, event)

    def put_away(self) -> dict[str, Any]:
        """All of it as JSON, without what is as it was at the beginning."""
        stall = self.open_stall
        kept = {
            "active": self.active.value,
            "history": [[state.value, at.isoformat()] for state, at in self.history],
            "held": [[session, at.isoformat()] for session, at in self.held.items()],
            "booked": sorted(self.booked),
            "missed": self.missed,
            "called_off": self.called_off,
            "trigger": self.trigger,
            "task_since": _written(self.task_since),
            "task_taken": self.task_taken,
            "help_asked": self.help_asked,
            "interventions": self.interventions,
            "last_sign": _written(self.last_sign),
            "step": self.step,
            "action": self.action,
            "stalls": [one.model_dump(mode="json") for one in self.stalls],
            "open_stall": [stall.since.isoformat(), *stall.steps] if stall else None,
            "ended_because": self.ended_because,
            "planned": self.planned,
            "needed": self.needed,
        }
        return {
            name: value
            for name, value in kept.items()
            if value or (value is not None and name in _EMPTY_COUNTS)
        }

    @classmethod
    def taken_up(cls, pair: str, kept: Mapping[str, Any]) -> Self:
        """It as it was put away."""
        history = [(PairState(state), _read(at)) for state, at in kept["history"]]
        fold = cls(pair, history[0][1])
        fold.history = history
        fold.state, fold.active = history[-1][0], PairState(kept["active"])
        fold.held = {session: _read(at) for session, at in kept.get("held", ())}
        fold.booked = set(kept.get("booked", ()))
        fold.missed, fold.called_off = kept.get("missed", 0), kept.get("called_off", 0)
        fold.trigger = Trigger(kept["trigger"]) if "trigger" in kept else None
        fold.task_since = _read(kept["task_since"]) if "task_since" in kept else None
        fold.task_taken = kept.get("task_taken", False)
        fold.help_asked, fold.interventions = (
            kept.get("help_asked", 0),
            kept.get("interventions", 0),
        )
        fold.last_sign = _read(kept["last_sign"]) if "last_sign" in kept else None
        fold.step = kept.get("step")
        fold.action = LadderAction(kept["action"]) if "action" in kept else None
        fold.stalls = [Stall.model_validate(one) for one in kept.get("stalls", ())]
        if "open_stall" in kept:
            since, *steps = kept["open_stall"]
            fold.open_stall = _OpenStall(_read(since))
            fold.open_stall.steps = [LadderAction(step) for step in steps]
        fold.ended_because = kept.get("ended_because")
        fold.planned, fold.needed = kept.get("planned"), kept.get("needed")
        return fold

    def enter(self, state: PairState, at: datetime) -> None:
        if self.state is state or self.state.is_over:
            return
        self.state = state
        if state not in (PairState.STALLED, PairState.PAUSED):
            self.active = state
        self.history.append((state, at))

    def stall(self, at: datetime, step: int | None) -> None:
        if self.state.is_over or self.open_stall is not None:
            return
        self.open_stall = _OpenStall(at)
        if self.step is None:
            self.step = step
        elif self.action is not None:  # the step was written just before the stall it began
            self.open_stall.steps.append(self.action)
        self.enter(PairState.STALLED, at)

    def climb(self, step: int | None, actions: Sequence[LadderAction]) -> None:
        self.step, self.action = step, actions[0] if actions else None
        if self.open_stall is not None:
            self.open_stall.steps += actions

    def end_stall(self, at: datetime, outcome: StallOutcome) -> None:
        if self.open_stall is not None:
            self.stalls.append(self._stall(self.open_stall, at, outcome))
            self.open_stall = None
        self.step = self.action = self.trigger = self.task_since = None
        self.task_taken = False

    def give_sign_of_life(self, at: datetime) -> None:
        self.last_sign = at
        if self.step is not None or self.open_stall is not None:
            self.come_back(at)

    def come_back(self, at: datetime) -> None:
        self.end_stall(at, StallOutcome.CAME_BACK)
        if self.state is PairState.STALLED:
            self.enter(self.active, at)

    def result(self) -> PairStatus:
        stalls = list(self.stalls)
        if self.open_stall is not None:
            stalls.append(self._stall(self.open_stall, None, StallOutcome.OPEN))
        return PairStatus(
            pair=self.pair,
            state=self.state,
            since=self.history[-1][1],
            history=tuple(StateEntry(state=state, at=at) for state, at in self.history),
            held=dict(sorted(self.held.items())),
            missed=self.missed,
            called_off=self.called_off,
            last_sign_of_life=self.last_sign,
            ladder_step=self.step,
            ladder_action=self.action,
            trigger=self.trigger,
            task_since=self.task_since,
            task_taken=self.task_taken,
            stalls=tuple(stalls),
            help_asked=self.help_asked,
            next_due=self._next_due(),
            ended_because=self.ended_because,
            planned=self.planned,
            needed=self.needed,
            interventions=self.interventions,
        )

    def _next_due(self) -> NextDue | None:
        if self.state.is_over or self.state is PairState.PAUSED:
            return None
        if self.active is PairState.MEETING:
            session = next(n for n in count(1) if n not in self.held)
            booked = session in self.booked
            step = NextStep.HOLD_SESSION if booked else NextStep.BOOK_SESSION
            return NextDue(step=step, session=session)
        return NextDue(
            step={
                PairState.INTRODUCED: NextStep.ANSWER_INTRODUCTION,
                PairState.PREPARING: NextStep.PREPARE,
            }.get(self.active, NextStep.ANSWER_SURVEY)
        )

    @staticmethod
    def _stall(stall: _OpenStall, until: datetime | None, outcome: StallOutcome) -> Stall:
        return Stall(since=stall.since, until=until, outcome=outcome, steps=tuple(stall.steps))


class _PeopleSaid(NamedTuple):
    """How many people said what, each counted by what they said last."""

    joined: int
    stayed_out: int
    withdrew: int
    approved: int
    declined: int


class _CheckIn:
    __slots__ = ("answered", "sent")

    def __init__(self) -> None:
        self.sent = 0
        self.answered: set[tuple[str | None, str | None]] = set()


class _Fold:
    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.stage = Stage.DEFINITION
        self.stages: list[StageEntry] = []
        self.paused = False
        self.paused_until: datetime | None = None
        self.started_at: datetime | None = None
        self.updated_at: datetime | None = None
        self.invited = 0
        self.joined: dict[str, bool] = {}
        self.withdrew: set[str] = set()
        self.approvals: dict[str, bool] = {}
        self.selection_waits = False
        self.not_selected = 0
        self.matches = MatchCounts(proposal=None, pairs=0, unmatched=0, approved_at=None)
        self.new_pairs: NewPairs | None = None
        self.pairs: dict[str, PairFold] = {}
        self.check_ins: dict[tuple[str, str], _CheckIn] = {}
        self.closed: dict[tuple[str, str], None] = {}

    def add(self, event: JournalEvent) -> None:
        if event.id in self.seen:
            return
        self.seen.add(event.id)
        self.updated_at = event.at
        name = event.pair
        if name is not None:
            pair = self.pairs.get(name)
            if pair is None:
                pair = self.pairs[name] = PairFold(name, event.at)
            pair.add(event)
        on_program = _EFFECTS[event.kind][2]
        if on_program is not None:
            on_program(self, event)

    def result(self) -> ProgramStatus:
        pairs = tuple(self.pairs[pair].result() for pair in sorted(self.pairs))
        joined, approved = sum(self.joined.values()), sum(self.approvals.values())
        people = _PeopleSaid(
            joined=joined,
            stayed_out=len(self.joined) - joined,
            withdrew=len(self.withdrew),
            approved=approved,
            declined=len(self.approvals) - approved,
        )
        return ProgramStatus(
            **self.facts(people, Counter(pair.state for pair in pairs)),
            pairs=pairs,
            check_ins=tuple(
                CheckInStatus(
                    survey=survey,
                    occasion=occasion,
                    sent=check_in.sent,
                    answered=len(check_in.answered),
                )
                for (survey, occasion), check_in in self.check_ins.items()
            ),
            closed=tuple(self.closed),
        )

    def facts(self, people: _PeopleSaid, counts: Mapping[PairState, int]) -> dict[str, Any]:
        """The fields of `ProgramFacts`."""
        return {
            "stage": self.stage,
            "paused": self.paused,
            "paused_until": self.paused_until if self.paused else None,
            "started_at": self.started_at,
            "updated_at": self.updated_at,
            "stages": tuple(self.stages),
            "people": PeopleCounts(
                invited=self.invited,
                joined=people.joined,
                stayed_out=people.stayed_out,
                withdrew=people.withdrew,
                manager_agrees=people.approved,
                manager_says_no=people.declined,
                not_selected=self.not_selected,
            ),
            "matches": self.matches,
            "selection_waits": self.selection_waits,
            "new_pairs": self.new_pairs,
            "counts": {state: counts.get(state, 0) for state in PairState},
        }

    def enter_stage(self, stage: Stage | None, at: datetime) -> None:
        if stage is None or (stage is self.stage and self.stages):
            return
        self.stage = stage
        self.stages.append(StageEntry(stage=stage, at=at))

    def check_in(self, event: JournalEvent) -> _CheckIn:
        return self.check_ins.setdefault(_asked_in(event), _CheckIn())


def _asked_in(event: JournalEvent) -> tuple[str, str]:
    """Which survey an event is about, and on which occasion."""
    survey = str(event.data.get("survey", ""))
    return survey, str(event.data.get("occasion", "")).removeprefix(f"{survey}:")


def _known(kind: type[Choice], value: int | str | None) -> Choice | None:
    try:
        return kind(str(value))
    except ValueError:
        return None


def _number(event: JournalEvent, key: str) -> int:
    value = event.data.get(key, 0)
    return value if isinstance(value, int) else 0


def _on_state(pair: PairFold, event: JournalEvent) -> None:
    if pair.state.is_over:
        return
    state = STATE_EVENTS[event.kind]
    if state is PairState.INTRODUCED:
        pair.planned = _number(event, "sessions") or None
        pair.needed = _number(event, "needed") if "needed" in event.data else None
    if state is PairState.CLOSED and "step" in event.data:  # the ladder's last step
        pair.climb(_number(event, "step"), (LadderAction.CLOSE,))
    goes_on = state in (PairState.PREPARING, PairState.MEETING)
    pair.end_stall(event.at, StallOutcome.CAME_BACK if goes_on else StallOutcome.ENDED)
    pair.enter(state, event.at)
    reason = event.data.get("reason")
    if state.is_over and reason is not None:
        pair.ended_because = str(reason)
        pair.interventions += reason == EndReason.COORDINATOR


def _on_stalled(pair: PairFold, event: JournalEvent) -> None:
    pair.stall(event.at, _number(event, "step"))
    pair.trigger = _known(Trigger, event.data.get("trigger"))


def _on_climbed(pair: PairFold, event: JournalEvent) -> None:
    words = str(event.data.get("action")).split("+")
    known = (_known(LadderAction, word) for word in words)
    pair.climb(_number(event, "step"), [action for action in known if action is not None])


def _on_task_opened(pair: PairFold, event: JournalEvent) -> None:
    pair.task_since, pair.task_taken = event.at, False
    pair.interventions += 1


def _on_task_taken(pair: PairFold, _event: JournalEvent) -> None:
    pair.task_taken = pair.task_since is not None


def _on_recovered(pair: PairFold, event: JournalEvent) -> None:
    pair.come_back(event.at)


def _on_paused(pair: PairFold, event: JournalEvent) -> None:
    pair.end_stall(event.at, StallOutcome.SET_ASIDE)
    pair.enter(PairState.PAUSED, event.at)


def _on_resumed(pair: PairFold, event: JournalEvent) -> None:
    if pair.state is PairState.PAUSED:
        pair.enter(pair.active, event.at)


def _on_booked(pair: PairFold, event: JournalEvent) -> None:
    pair.booked.add(_number(event, "session"))


def _on_held(pair: PairFold, event: JournalEvent) -> None:
    pair.held.setdefault(_number(event, "session"), event.at)


def _on_missed(pair: PairFold, event: JournalEvent) -> None:
    pair.missed += 1
    pair.booked.discard(_number(event, "session"))


def _on_called_off(pair: PairFold, event: JournalEvent) -> None:
    pair.called_off += 1
    pair.booked.discard(_number(event, "session"))


def _on_help_asked(pair: PairFold, _event: JournalEvent) -> None:
    pair.help_asked += 1


_ON_PAIR: dict[EventKind, Callable[[PairFold, JournalEvent], None]] = {
    **dict.fromkeys(STATE_EVENTS, _on_state),
    EventKind.PAIR_STALLED: _on_stalled,
    EventKind.LADDER_CLIMBED: _on_climbed,
    EventKind.PAIR_RECOVERED: _on_recovered,
    EventKind.PAIR_PAUSED: _on_paused,
    EventKind.PAIR_RESUMED: _on_resumed,
    EventKind.SESSION_BOOKED: _on_booked,
    EventKind.SESSION_HELD: _on_held,
    EventKind.SESSION_MISSED: _on_missed,
    EventKind.SESSION_CANCELLED: _on_called_off,
    EventKind.TASK_OPENED: _on_task_opened,
    EventKind.TASK_TAKEN: _on_task_taken,
    EventKind.HELP_ASKED: _on_help_asked,
}


def _on_program_started(fold: _Fold, event: JournalEvent) -> None:
    if fold.started_at is None:
        fold.started_at = event.at


def _on_stage_entered(fold: _Fold, event: JournalEvent) -> None:
    fold.enter_stage(_known(Stage, event.data.get("stage")), event.at)


def _on_program_completed(fold: _Fold, event: JournalEvent) -> None:
    fold.enter_stage(Stage.COMPLETED, event.at)


def _on_program_cancelled(fold: _Fold, event: JournalEvent) -> None:
    fold.selection_waits = False
    fold.enter_stage(Stage.CANCELLED, event.at)


def _on_program_paused(fold: _Fold, _event: JournalEvent) -> None:
    fold.paused = True


def _on_program_resumed(fold: _Fold, _event: JournalEvent) -> None:
    fold.paused, fold.paused_until = False, None


def _on_program_postponed(fold: _Fold, event: JournalEvent) -> None:
    if fold.stage is not Stage.DEFINITION:  # before that it only starts later
        fold.paused_until = _instant_in(event.data.get("until"))


def _instant_in(value: int | str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _on_invited(fold: _Fold, event: JournalEvent) -> None:
    fold.invited += _number(event, "count")


def _on_joined(fold: _Fold, event: JournalEvent) -> None:
    fold.joined[event.person or event.id] = True


def _on_stayed_out(fold: _Fold, event: JournalEvent) -> None:
    fold.joined[event.person or event.id] = False


def _on_withdrew(fold: _Fold, event: JournalEvent) -> None:
    fold.withdrew.add(event.person or event.id)


def _on_manager_answered(fold: _Fold, event: JournalEvent) -> None:
    fold.approvals[event.person or event.id] = event.kind is EventKind.MANAGER_APPROVED


def _on_enrolment_closed(fold: _Fold, event: JournalEvent) -> None:
    fold.selection_waits = bool(_number(event, "selection"))


def _on_selected(fold: _Fold, event: JournalEvent) -> None:
    fold.selection_waits = False
    fold.not_selected = _number(event, "not_selected")


def _on_matches(fold: _Fold, event: JournalEvent) -> None:
    proposal = event.data.get("proposal")
    fold.matches = MatchCounts(
        proposal=fold.matches.proposal if proposal is None else str(proposal),
        pairs=_number(event, "pairs"),
        unmatched=_number(event, "unmatched")
        if "unmatched" in event.data
        else fold.matches.unmatched,
        approved_at=event.at if event.kind is EventKind.MATCHES_APPROVED else None,
    )


def _on_new_pairs(fold: _Fold, event: JournalEvent) -> None:
    pairs = _number(event, "pairs")
    approved = event.kind is EventKind.NEW_PAIRS_APPROVED
    fold.new_pairs = (
        NewPairs(proposal=str(event.data.get("proposal", "")), pairs=pairs, waiting=not approved)
        if pairs
        else None
    )


def _on_check_in_sent(fold: _Fold, event: JournalEvent) -> None:
    both = 2 if event.pair is not None else 0
    fold.check_in(event).sent += _number(event, "count") or both


def _on_answered(fold: _Fold, event: JournalEvent) -> None:
    fold.check_in(event).answered.add((event.pair, event.person or _role_word(event.role)))


def _on_follow_up_closed(fold: _Fold, event: JournalEvent) -> None:
    fold.closed[_asked_in(event)] = None


def _role_word(role: Role | None) -> str | None:
    return role.value if role else None


_ON_PROGRAM: dict[EventKind, Callable[[_Fold, JournalEvent], None]] = {
    EventKind.PROGRAM_STARTED: _on_program_started,
    EventKind.STAGE_ENTERED: _on_stage_entered,
    EventKind.PROGRAM_COMPLETED: _on_program_completed,
    EventKind.PROGRAM_CANCELLED: _on_program_cancelled,
    EventKind.PROGRAM_PAUSED: _on_program_paused,
    EventKind.PROGRAM_RESUMED: _on_program_resumed,
    EventKind.PROGRAM_POSTPONED: _on_program_postponed,
    EventKind.PEOPLE_INVITED: _on_invited,
    EventKind.JOINED: _on_joined,
    EventKind.STAYED_OUT: _on_stayed_out,
    EventKind.WITHDREW: _on_withdrew,
    EventKind.MANAGER_APPROVED: _on_manager_answered,
    EventKind.MANAGER_DECLINED: _on_manager_answered,
    EventKind.ENROLMENT_CLOSED: _on_enrolment_closed,
    EventKind.PEOPLE_SELECTED: _on_selected,
    EventKind.MATCHES_PROPOSED: _on_matches,
    EventKind.MATCHES_CHANGED: _on_matches,
    EventKind.MATCHES_APPROVED: _on_matches,
    EventKind.NEW_PAIRS_PROPOSED: _on_new_pairs,
    EventKind.NEW_PAIRS_APPROVED: _on_new_pairs,
    EventKind.CHECK_IN_SENT: _on_check_in_sent,
    EventKind.SURVEY_ANSWERED: _on_answered,
    EventKind.FOLLOW_UP_CLOSED: _on_follow_up_closed,
}

_EFFECTS = {
    kind: (kind in SIGNS_OF_LIFE, _ON_PAIR.get(kind), _ON_PROGRAM.get(kind)) for kind in EventKind
}
"""For each kind: whether it is a sign of life, what it does to its pair and to the program."""

SAID = (
    (EventKind.JOINED, EventKind.STAYED_OUT),
    (EventKind.WITHDREW,),
    (EventKind.MANAGER_APPROVED, EventKind.MANAGER_DECLINED),
)
"""What people say for themselves, or their managers of them: of each group the last counts."""

FACT_KINDS = frozenset(_ON_PROGRAM).difference(
    *SAID, (EventKind.CHECK_IN_SENT, EventKind.SURVEY_ANSWERED, EventKind.FOLLOW_UP_CLOSED)
)
"""What changes a program, some dozens of events however many people are in it."""
