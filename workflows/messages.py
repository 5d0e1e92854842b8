"""What the workflows tell each other, and what HR and participants tell them."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.signatures import NewPairs, ProposalRef
    from domain.ids import Id
    from domain.journal import JournalEvent
    from domain.lifecycle import PairState, Stage
    from domain.model import Value
    from domain.pair import Pair
    from domain.pair_orders import Order
    from domain.people import Role
    from domain.plan import PairPlan, ProgramPlan
    from domain.sections import FollowUp


class Recorded(Value):
    """How far a workflow has come with its events, for its next run."""

    written: int = 0
    """How many there were."""
    waiting: tuple[JournalEvent, ...] = ()
    """Those that no activity has written down yet."""


class ProgramCarried(Value):
    """What a program's workflow takes with it into its next run."""

    chapter: int
    """How much of its story is told."""
    plan: ProgramPlan
    recorded: Recorded
    stage: Stage
    stage_ends: datetime | None
    paused_at: datetime | None
    paused_for: timedelta
    paused_until: datetime | None
    extended: int
    postponed: int
    proposal: ProposalRef | None
    approved: Id | None
    reminders: int
    pairs_formed_at: datetime | None
    new_pairs: NewPairs | None
    new_pairs_approved: bool
    look_for_partners_at: datetime | None
    remind_of_new_pairs_at: datetime | None
    counts: dict[int, dict[PairState, int]]
    cohorts: int
    """How many there are."""
    first_invitations: datetime | None
    invited_to: list[Id]
    asked_about: list[Id]
    moved: int
    held_until: datetime | None
    """When messages can go out that had to be held."""


class ProgramInput(Value):
    """Start a program, or go on with one in a new run."""

    program: Id
    plan: ProgramPlan
    carried: ProgramCarried | None = None


class SchemeInput(Value):
    """Open the program of a scheme whose turn it is."""

    scheme: Id


class SchemeOutcome(Value):
    """The program whose turn it was."""

    program: Id
    is_new: bool
    """False if it was started before."""


class ProgramOutcome(Value):
    """How a program ended."""

    stage: Stage
    pairs: dict[PairState, int]
    metrics_met: int = 0
    metrics_not_met: int = 0
    metrics_cant_tell: int = 0


class CohortInput(Value):
    """Start the pairs of a cohort, or go on with them in a new run."""

    program: Id
    cohort: int
    plan: PairPlan
    states: dict[Id, PairState] = Field(default_factory=dict)
    """Where the pairs stood when the run before this one ended."""


class PairCarried(Value):
    """What a pair's workflow takes with it into its next run."""

    pair: Pair
    recorded: Recorded
    reported: tuple[PairState, bool]
    """What the cohort was told last: the state, and whether everybody knows that it is over."""
    listed: tuple[PairState, int]
    """What the lists show: the state, and the step of the ladder."""
    since: datetime
    """When the pair came to its state."""


class PairInput(Value):
    """Start a pair, or go on with one in a new run."""

    program: Id
    cohort: int
    pair: Id
    plan: PairPlan
    carried: PairCarried | None = None


class PairOutcome(Value):
    """How a pair ended."""

    pair: Id
    state: PairState
    sessions_held: int


class PairChanged(Value):
    """A pair tells its cohort that its state changed."""

    pair: Id
    state: PairState
    everybody_knows: bool = False
    """Whether the two of a pair that is over were told, or will be as soon as they may be."""


class CohortCounts(Value):
    """A cohort tells the program how many of its pairs stand where."""

    cohort: int
    counts: dict[PairState, int]


class HrOrder(Value):
    """HR's order to a pair, or to all pairs of a cohort."""

    order: Order
    until: datetime | None = None
    """The instant at which a hold ends by itself."""
    days: int = 0
    """Program days by which to extend."""


class CoordinatorDecision(Value):
    """What the coordinator decided about a pair that they were asked to look after."""

    order: Order | None = None
    until: datetime | None = None
    """The instant at which a hold ends by itself."""
    snooze_until: datetime | None = None
    """The coordinator is on it: the ladder waits until then."""


class AfterwardsInput(Value):
    """Remind a pair that goes on after its program."""

    program: Id
    pair: Id
    roles: tuple[Role, ...]
    """Who would like the reminders."""
    mails: int
    every: int
    """Program days between them."""
    day_seconds: float
    scheduler: Role
    sessions_held: int


class FollowUpInput(Value):
    """Ask those who took part in a program how things are, once it has been over for a while."""

    program: Id
    follow_ups: tuple[FollowUp, ...]
    """The earliest first."""
    completed_at: datetime
    """The instant from which their days count."""
    day_seconds: float


class RetentionInput(Value):
    """Delete the personal data of a program that is over when its time has come."""

    program: Id


class RetentionOutcome(Value):
    """How it went: whether the data is deleted, or there was nothing to wait for."""

    deleted: bool


class HoldSwitched(Value):
    """A legal hold was set or lifted. Why stands in the store."""

    held: bool


class MatchesChange(Value):
    """HR's edited proposal takes the place of the one before."""

    proposal: Id
    number: int
    pairs: int
    unmatched: int


class EditMatches(Value):
    """HR edited a proposal: what they want changed stands in the store."""

    draft: Id
    number: int
    """The proposal that was edited, so that nobody edits what they have not seen."""


class MatchesEdited(Value):
    """The proposal that came of HR's edits."""

    number: int
    applied: int
    refused: int


class PairsChecked(Value):
    """What a check of the hard rules found among the pairs that meet."""

    paused: int
    told: int


class MatchesApproval(Value):
    """HR approves a proposal by its number, so that nobody approves what they have not seen."""

    number: int


class Postponement(Value):
    """HR makes a program later."""

    until: datetime
    """The instant at which it starts now, or goes on."""
    days: int
    """Program days by which that is later: by so many its group sessions move."""


class Extension(Value):
    """HR gives every pair of a program more time."""

    days: int
    """Program days."""


class ProgramView(Value):
    """Where a program stands, for who asks its workflow."""

    stage: Stage
    paused: bool
    paused_until: datetime | None = None
    """When the pause ends by itself, if it does."""
    proposal: Id | None
    proposal_number: int | None
    awaits_approval: bool
    awaits_selection: bool = False
    """Whether HR is asked to choose whom to match."""
    stage_ends: datetime | None
    pairs: dict[PairState, int]
