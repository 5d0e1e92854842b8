"""What the activities take and give. Workflows know this and nothing behind it.

Ids, numbers, dates and enums only: all of it becomes event history, which can't be edited.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from temporalio import activity

from domain.journal import JournalEvent
from domain.model import Value
from domain.pair import Moment, Step
from domain.people import Role


class PairMoment(Value):
    """A moment of one pair: what to send, and what to write in the journal with it."""

    program: str
    pair: str
    moment: Moment
    now: datetime
    scheduler: Role
    sessions_held: int
    open_steps: tuple[tuple[Role, Step], ...] = ()
    events: tuple[JournalEvent, ...] = ()


class Sent(Value):
    """How many messages went out, and how many no mail server would take."""

    sent: int
    refused: int = 0


class ProgramMomentKind(StrEnum):
    """Something that the service does for a program as a whole."""

    INVITATION = "invitation"
    INVITATION_REMINDER = "invitation_reminder"
    MATCHES_READY = "matches_ready"
    MATCHES_REMINDER = "matches_reminder"
    NOT_MATCHED = "not_matched"
    FAREWELL_CANCELLED = "farewell_cancelled"
    """The program is cancelled: for those who are in no pair. The pairs tell their own."""
    REPORT_READY = "report_ready"


class ProgramMoment(Value):
    """A moment of a program, or one page of it where many people are written to."""

    program: str
    kind: ProgramMomentKind
    now: datetime
    until: datetime | None = None
    """By when what it asks for is wanted."""
    occasion: str
    """Tells it from other moments of the same kind."""
    after: str = ""
    """Person id after which this page begins."""
    events: tuple[JournalEvent, ...] = ()


class PageSent(Value):
    """One page of messages."""

    sent: int
    refused: int = 0
    next: str | None = None
    """Where the next page begins; None after the last."""


class MatchRequest(Value):
    """Match the people who joined."""

    program: str
    now: datetime


class ProposalRef(Value):
    """A stored proposal. The pairs themselves stay in the store."""

    proposal: str
    number: int
    pairs: int
    unmatched: int


class FormPairs(Value):
    """Make the pairs of an approved proposal."""

    program: str
    proposal: str
    events: tuple[JournalEvent, ...] = ()


class PairsFormed(Value):
    """How many pairs there are now, in how many cohorts."""

    pairs: int
    cohorts: int


class CohortRef(Value):
    """One cohort of a program."""

    program: str
    cohort: int


class PairIds(Value):
    """The pairs of a cohort."""

    pairs: tuple[str, ...]


class Evaluate(Value):
    """Compute what the program achieved."""

    program: str
    now: datetime


class Verdicts(Value):
    """How many of the success metrics were met."""

    met: int
    not_met: int
    cant_tell: int


class Record(Value):
    """Events that go with no other work."""

    program: str
    events: tuple[JournalEvent, ...]


class PairActivities:
    """What a pair's workflow calls."""

    @activity.defn
    def send_pair_moment(self, moment: PairMoment) -> Sent:
        """Send a moment's messages to a pair and write its events."""
        raise NotImplementedError

    @activity.defn
    def record(self, record: Record) -> None:
        """Write events that go with no other work."""
        raise NotImplementedError


class ProgramActivities:
    """What the workflows of a program and its cohorts call."""

    @activity.defn
    def send_program_moment(self, moment: ProgramMoment) -> PageSent:
        """Send one page of a program's messages and write its events."""
        raise NotImplementedError

    @activity.defn
    def propose_matches(self, request: MatchRequest) -> ProposalRef:
        """Match the people who joined and store the proposal."""
        raise NotImplementedError

    @activity.defn
    def form_pairs(self, order: FormPairs) -> PairsFormed:
        """Make the pairs of an approved proposal and share them out among cohorts."""
        raise NotImplementedError

    @activity.defn
    def pairs_of_cohort(self, ref: CohortRef) -> PairIds:
        """The pairs of one cohort."""
        raise NotImplementedError

    @activity.defn
    def evaluate(self, order: Evaluate) -> Verdicts:
        """Compute the success metrics."""
        raise NotImplementedError
