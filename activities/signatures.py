"""What the activities take and give. Workflows know this and nothing behind it.

Ids, numbers, dates and enums only: all of it becomes event history, which can't be edited.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field
from temporalio import activity

from domain.group_sessions import PlannedGroupDate
from domain.ids import Id
from domain.journal import JournalEvent
from domain.lifecycle import PairState
from domain.model import Value
from domain.pair import Moment, Step
from domain.people import Role
from domain.plan import ProgramPlan
from domain.reach import PairHours
from domain.retention import Term


class PairMoment(Value):
    """A moment of one pair: what to send, and what to write in the journal with it."""

    program: Id
    pair: Id
    moment: Moment
    now: datetime
    scheduler: Role
    sessions_held: int
    open_steps: tuple[tuple[Role, Step], ...] = ()
    events: tuple[JournalEvent, ...] = ()
    also: tuple[Moment, ...] = ()
    """Further moments that are due at the same time: who is written to for several of them gets one
    message."""
    wants_hours: bool = False
    """Whether the answer should say when messages may reach the two."""


class PairRef(Value):
    """One pair of a program, and when it is."""

    program: Id
    pair: Id
    now: datetime


class Sent(Value):
    """How many messages went out, and how many no mail server would take."""

    sent: int
    refused: int = 0
    held: int = 0
    """How many of them wait for a time at which they may go out."""
    later: datetime | None = None
    """The instant from which on messages can go out that had to be held; None if none is."""
    done: tuple[tuple[Role, Step], ...] = ()
    """What one of a pair has done before, in another pair of theirs, of what a moment asks for."""
    hours: PairHours | None = None
    """When messages may reach the two, where that was asked for."""


class ProgramMomentKind(StrEnum):
    """Something that the service does for a program as a whole."""

    INVITATION = "invitation"
    INVITATION_REMINDER = "invitation_reminder"
    APPROVAL_REQUEST = "approval_request"
    """For line managers: whether they agree that people of theirs take part."""
    APPROVAL_REQUEST_REMINDER = "approval_request_reminder"
    NOT_APPROVED = "not_approved"
    """The closing date is past: for those who have no yes of their manager."""
    SELECTION_READY = "selection_ready"
    """HR chooses now whom to match."""
    SELECTION_REMINDER = "selection_reminder"
    NOT_SELECTED = "not_selected"
    MATCHES_READY = "matches_ready"
    MATCHES_REMINDER = "matches_reminder"
    NOT_MATCHED = "not_matched"
    FAREWELL_CANCELLED = "farewell_cancelled"
    """The program is cancelled: for those who are in no pair. The pairs tell their own."""
    NEW_PAIRS_READY = "new_pairs_ready"
    """Pairs in place of some that ended early wait for HR's approval."""
    NOBODY_FOUND = "nobody_found"
    """For some who lost their partner there is no other."""
    RULES_BROKEN = "rules_broken"
    """Pairs that a hard rule keeps apart, now that what is known of people has changed."""
    GROUP_SESSION = "group_session"
    """An invitation to a date of a group session, or word that it has moved."""
    GROUP_SESSION_FOLLOW_UP = "group_session_follow_up"
    """Whether those who were invited came."""
    GROUP_SESSION_CANCELLED = "group_session_cancelled"
    PROGRAM_POSTPONED = "program_postponed"
    """Everything is later: for those who are in it."""
    REPORT_READY = "report_ready"
    DELETION_AHEAD = "deletion_ahead"
    """The personal data of the program will be deleted on the date in `until`."""
    DATA_DELETED = "data_deleted"
    """It is deleted."""
    PROGRAM_OPENED = "program_opened"
    """A schedule has opened the program: HR may look at it, and at its people, before it starts."""
    FOLLOW_UP = "follow_up"
    """The program has been over for a while: how are things now?"""
    FOLLOW_UP_REMINDER = "follow_up_reminder"
    """The same, for those who have not answered."""


class GroupDate(Value):
    """One date of a group session, as those who come know it."""

    group: Id
    number: int
    """Which of its dates, from 1."""
    starts: datetime
    moved: int = 0
    """How often dates of the program have been moved."""


class ProgramMoment(Value):
    """A moment of a program, or one page of it where many people are written to."""

    program: Id
    kind: ProgramMomentKind
    now: datetime
    until: datetime | None = None
    """By when what it asks for is wanted."""
    occasion: Id
    """Tells it from other moments of the same kind."""
    after: Id = ""
    """Person id after which this page begins; a manager's, where managers are written to."""
    pairs: tuple[Id, ...] = ()
    """The pairs that it is about, where it is about some."""
    group: GroupDate | None = None
    """The date of a group session, where it is about one."""
    survey: Id | None = None
    """The survey that it asks for, on `occasion`, where it asks for one."""
    events: tuple[JournalEvent, ...] = ()


class PageSent(Value):
    """One page of messages."""

    sent: int
    refused: int = 0
    held: int = 0
    """How many of them wait for a time at which they may go out."""
    next: Id | None = None
    """Where the next page begins; None after the last."""
    later: datetime | None = None
    """The instant from which on messages can go out that had to be held; None if none is."""


class ProgramRef(Value):
    """A program, and when it is."""

    program: Id
    now: datetime


class Selected(Value):
    """Whom HR chose to be matched, of those who joined."""

    selected: int
    not_selected: int


class PostponeProgram(Value):
    """Write down that a program is later."""

    program: Id
    starts: datetime | None = None
    """When its first day begins now, if it had not begun."""
    events: tuple[JournalEvent, ...]


class Rescheduled(Value):
    """When things are, now that a program was postponed."""

    group_sessions: tuple[PlannedGroupDate, ...]


class ExtendProgram(Value):
    """Write down that there is more time for meetings."""

    program: Id
    meetings: int
    """The program days that there are for them now."""
    events: tuple[JournalEvent, ...]


class OpenProgram(Value):
    """Make the program of a scheme whose turn it is."""

    scheme: Id
    scheduled: datetime
    """The instant for which the schedule planned this: it says which program is meant."""
    now: datetime


class Opened(Value):
    """The program whose turn it is, as it stands in the store."""

    program: Id
    plan: ProgramPlan | None
    """None if it has begun before."""


class MatchRequest(Value):
    """Match the people who joined."""

    program: Id
    now: datetime


class ProposalRef(Value):
    """A stored proposal. The pairs themselves stay in the store."""

    proposal: Id
    number: int
    pairs: int
    unmatched: int


class RepairRequest(Value):
    """Find new partners for those who lost theirs, and for the reserve list."""

    program: Id
    now: datetime
    changes: int
    """How many pairs that have not met yet may be parted for it."""
    pending: Id | None = None
    """A proposal of new pairs that waits for HR: what they set in it is kept."""


class SettleRequest(Value):
    """Look again at new pairs that HR approved: much may have changed since."""

    program: Id
    proposal: Id
    now: datetime


class NewPairs(Value):
    """A stored proposal of pairs to be added, and the pairs that end for it.

    Without any pairs there is no proposal.
    """

    proposal: Id
    number: int
    pairs: int
    parted: tuple[Id, ...] = ()
    waiting: int = 0
    """How many who lost their partner have none in it either."""


class EditRequest(Value):
    """Carry out HR's edits of a proposal, as far as they can stand."""

    program: Id
    draft: Id
    number: int
    """The proposal that was edited."""
    now: datetime


class EditDone(Value):
    """The proposal after HR's edits, and how many of them could not stand."""

    proposal: ProposalRef
    applied: int
    refused: int


class CheckPairs(Value):
    """Check the hard rules on the pairs that meet, by what is known of people now."""

    program: Id
    now: datetime


class BrokenPairs(Value):
    """Pairs that a hard rule keeps apart."""

    stop: tuple[Id, ...] = ()
    """Those that should not go on before HR has looked: somebody depends on the other, or HR
    named the two."""
    tell: tuple[Id, ...] = ()
    """Those that HR should know of."""


class FormPairs(Value):
    """Make the pairs of an approved proposal."""

    program: Id
    proposal: Id
    first_cohort: int = 1
    """The number of the first cohort that they go into."""
    sessions: int | None = None
    """How many sessions they have, where that differs from the definition."""
    events: tuple[JournalEvent, ...] = ()


class PairsFormed(Value):
    """How many pairs there are now, in how many cohorts."""

    pairs: int
    cohorts: int
    """How many cohorts the pairs of this order went into."""


class CohortRef(Value):
    """One cohort of a program."""

    program: Id
    cohort: int


class PairIds(Value):
    """The pairs of a cohort."""

    pairs: tuple[Id, ...]


class Evaluate(Value):
    """Compute what the program achieved."""

    program: Id
    now: datetime


class Verdicts(Value):
    """How many of the success metrics were met."""

    met: int
    not_met: int
    cant_tell: int


class Record(Value):
    """Events that go with no other work."""

    program: Id
    events: tuple[JournalEvent, ...]


class Workflows(Value):
    """Workflows that somebody waits for without being their parent any more."""

    ids: tuple[Id, ...]


class Ending(Value):
    """A workflow that has ended, and how its pairs did: unknown, if it was ended from outside."""

    workflow: Id
    pairs: dict[PairState, int] = Field(default_factory=dict)


class Endings(Value):
    """Those of some workflows that have ended."""

    ended: tuple[Ending, ...]


class Retained(Value):
    """How the time for which a program's personal data is kept stands."""

    term: Term | None
    """None where the program has not ended, or is not in the store."""


class DeletedSome(Value):
    """How a deletion of personal data went on."""

    more: bool
    """Whether there may be more to delete."""
    held: bool = False
    """Whether a legal hold came in between."""


class PairActivities:
    """What a pair's workflow calls."""

    @activity.defn
    def send_pair_moment(self, moment: PairMoment) -> Sent:
        """Send a moment's messages to a pair and write its events."""
        raise NotImplementedError

    @activity.defn
    def send_held(self, pair: PairRef) -> Sent:
        """Send what was held for the two of a pair and may go out now, in one message each."""
        raise NotImplementedError

    @activity.defn
    def pair_hours(self, pair: PairRef) -> PairHours:
        """When messages may reach the two of a pair, and those who run the program."""
        raise NotImplementedError

    @activity.defn
    def record(self, record: Record) -> None:
        """Write events that go with no other work."""
        raise NotImplementedError


class ProgramActivities:
    """What the workflows of a program and its cohorts call."""

    @activity.defn
    def open_program(self, order: OpenProgram) -> Opened:
        """Put the program of a scheme whose turn it is into the store, unless it is there."""
        raise NotImplementedError

    @activity.defn
    def send_program_moment(self, moment: ProgramMoment) -> PageSent:
        """Send one page of a program's messages and write its events."""
        raise NotImplementedError

    @activity.defn
    def send_held_of_program(self, program: ProgramRef) -> Sent:
        """Send what was held for anybody in a program and may go out now."""
        raise NotImplementedError

    @activity.defn
    def settle_selection(self, program: ProgramRef) -> Selected:
        """Take whom HR has not said no to as chosen, and give how many they are."""
        raise NotImplementedError

    @activity.defn
    def postpone_program(self, order: PostponeProgram) -> Rescheduled:
        """Note that a program is later, and work out when its group sessions are now."""
        raise NotImplementedError

    @activity.defn
    def extend_program(self, order: ExtendProgram) -> None:
        """Note that a program has more time for meetings."""
        raise NotImplementedError

    @activity.defn
    def propose_matches(self, request: MatchRequest) -> ProposalRef:
        """Match the people who joined and store the proposal."""
        raise NotImplementedError

    @activity.defn
    def propose_new_pairs(self, request: RepairRequest) -> NewPairs:
        """Look for new partners for those who lost theirs, and store the proposal."""
        raise NotImplementedError

    @activity.defn
    def settle_new_pairs(self, request: SettleRequest) -> NewPairs:
        """What of approved new pairs can be made now, and which pairs are parted for it."""
        raise NotImplementedError

    @activity.defn
    def edit_matches(self, request: EditRequest) -> EditDone:
        """Carry out HR's edits of a proposal; what can't stand is refused with its reason."""
        raise NotImplementedError

    @activity.defn
    def check_pairs(self, request: CheckPairs) -> BrokenPairs:
        """Find the pairs that a hard rule keeps apart now."""
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
    def endings(self, workflows: Workflows) -> Endings:
        """Which of these workflows have ended, and how."""
        raise NotImplementedError

    @activity.defn
    def look_at_retention(self, program: ProgramRef) -> Retained:
        """Until when a program's personal data is kept, and whether a hold is on."""
        raise NotImplementedError

    @activity.defn
    def delete_personal_data(self, program: ProgramRef) -> DeletedSome:
        """Delete what is personal in a program, or as much of it as a minute allows."""
        raise NotImplementedError

    @activity.defn
    def evaluate(self, order: Evaluate) -> Verdicts:
        """Compute the success metrics."""
        raise NotImplementedError
