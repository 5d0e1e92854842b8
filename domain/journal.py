"""The journal: what happened in a program, as an append-only list of domain events.

Status and reports are read from it, and from nothing else that counts.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.ids import Id
from domain.model import Value
from domain.people import Role


class EventKind(StrEnum):
    """What can happen."""

    # The program's workflow
    PROGRAM_STARTED = "program_started"
    STAGE_ENTERED = "stage_entered"
    PEOPLE_INVITED = "people_invited"
    ENROLMENT_CLOSED = "enrolment_closed"
    """Nobody joins any more, though matching does not follow at once: `selection` is 1 where HR
    chooses first whom to match."""
    MANAGER_ASKED = "manager_asked"
    """Whether they agree that the person takes part."""
    PEOPLE_SELECTED = "people_selected"
    """HR chose whom to match of those who joined."""
    MATCHES_PROPOSED = "matches_proposed"
    MATCHES_CHANGED = "matches_changed"
    MATCHES_APPROVED = "matches_approved"
    NEW_PAIRS_PROPOSED = "new_pairs_proposed"
    """In place of pairs that ended early."""
    NEW_PAIRS_APPROVED = "new_pairs_approved"
    RULES_BROKEN = "rules_broken"
    """What is known of two people changed, so that a hard rule keeps them apart now."""
    PROGRAM_PAUSED = "program_paused"
    PROGRAM_RESUMED = "program_resumed"
    PROGRAM_POSTPONED = "program_postponed"
    PROGRAM_EXTENDED = "program_extended"
    GROUP_SESSION_ANNOUNCED = "group_session_announced"
    GROUP_SESSION_ASKED = "group_session_asked"
    """Who was invited was asked whether they came."""
    PROGRAM_COMPLETED = "program_completed"
    PROGRAM_CANCELLED = "program_cancelled"
    # What comes after a program
    FOLLOW_UP_CLOSED = "follow_up_closed"
    """The time for answers to a follow-up is over."""
    RETENTION_STARTED = "retention_started"
    """The time for which personal data is kept runs: `until` is when it ends."""
    IDENTITY_DELETED = "identity_deleted"
    """The matches are approved, and what people said they are is gone."""
    HOLD_SET = "hold_set"
    """A legal hold: nothing is deleted."""
    HOLD_LIFTED = "hold_lifted"
    PERSONAL_DATA_DELETED = "personal_data_deleted"
    """All that was personal in the program is gone: how many rows of each kind that were."""
    # A pair's workflow
    PAIR_INTRODUCED = "pair_introduced"
    PAIR_PREPARING = "pair_preparing"
    PREPARATION_OVERDUE = "preparation_overdue"
    PAIR_MEETING = "pair_meeting"
    SESSION_DUE = "session_due"
    SESSION_INVITED = "session_invited"
    CHECK_IN_SENT = "check_in_sent"
    CHECK_IN_FLAGGED = "check_in_flagged"
    """An answer passed a threshold: the coordinator is asked to look."""
    PAIR_STALLED = "pair_stalled"
    LADDER_CLIMBED = "ladder_climbed"
    PAIR_RECOVERED = "pair_recovered"
    TASK_OPENED = "task_opened"
    """The coordinator was asked to look after the pair."""
    TASK_TAKEN = "task_taken"
    """The coordinator is on it; the ladder waits."""
    PAIR_PAUSED = "pair_paused"
    PAIR_RESUMED = "pair_resumed"
    PAIR_EVALUATING = "pair_evaluating"
    PAIR_EXTENDED = "pair_extended"
    PAIR_COMPLETED = "pair_completed"
    PAIR_CONTINUED = "pair_continued"
    """Completed, and both wish to go on meeting."""
    PAIR_CLOSED = "pair_closed"
    PAIR_DECLINED = "pair_declined"
    PAIR_WITHDRAWN = "pair_withdrawn"
    PAIR_CANCELLED = "pair_cancelled"
    # People, in the portal
    JOINED = "joined"
    STAYED_OUT = "stayed_out"
    CONSENTED = "consented"
    """To the processing of their data, or of what they say they are: `kind`."""
    CONSENT_WITHDRAWN = "consent_withdrawn"
    INTRODUCTION_ACCEPTED = "introduction_accepted"
    INTRODUCTION_DECLINED = "introduction_declined"
    MANAGER_APPROVED = "manager_approved"
    MANAGER_DECLINED = "manager_declined"
    GUIDE_READ = "guide_read"
    """All of the training, as 0.2.0 and before it called it."""
    TRAINING_READ = "training_read"
    TRAINING_DONE = "training_done"
    AGREEMENT_SIGNED = "agreement_signed"
    GOALS_WRITTEN = "goals_written"
    SESSION_PROPOSED = "session_proposed"
    SESSION_BOOKED = "session_booked"
    SESSION_CANCELLED = "session_cancelled"
    SESSION_HELD = "session_held"
    SESSION_MISSED = "session_missed"
    SURVEY_ANSWERED = "survey_answered"
    HELP_ASKED = "help_asked"
    WENT_AWAY = "went_away"
    CAME_BACK = "came_back"
    WISHED = "wished"
    ATTENDED = "attended"
    """Somebody says that they were at a group session."""
    MISSED_GROUP_SESSION = "missed_group_session"
    WITHDREW = "withdrew"


_KINDS = tuple(EventKind)

BY_PEOPLE = frozenset(_KINDS[_KINDS.index(EventKind.JOINED) :])
"""What people do in the portal: their answers."""


class JournalEvent(Value):
    """One thing that happened. Holds ids, numbers and enums, never a word that a person wrote.

    `id` derives from the workflow and the position in it, or from the answer it records, so that
    writing an event twice writes it once.
    """

    id: str
    kind: EventKind
    at: datetime
    pair: Id | None = None
    person: Id | None = None
    role: Role | None = None
    data: dict[Id, int | Id] = Field(default_factory=dict)
    """`session` (its number), `step`, `action`, `survey`, `occasion`, `stage`, `count`, `reason`
    and the like: what the kind needs."""
