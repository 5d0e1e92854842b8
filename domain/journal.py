"""The journal: what happened in a program, as an append-only list of domain events.

Status and reports are read from it, and from nothing else that counts.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.model import Value
from domain.people import Role


class EventKind(StrEnum):
    """What can happen."""

    # The program's workflow
    PROGRAM_STARTED = "program_started"
    STAGE_ENTERED = "stage_entered"
    PEOPLE_INVITED = "people_invited"
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
    PROGRAM_COMPLETED = "program_completed"
    PROGRAM_CANCELLED = "program_cancelled"
    # A pair's workflow
    PAIR_INTRODUCED = "pair_introduced"
    PAIR_PREPARING = "pair_preparing"
    PREPARATION_OVERDUE = "preparation_overdue"
    PAIR_MEETING = "pair_meeting"
    SESSION_DUE = "session_due"
    SESSION_INVITED = "session_invited"
    CHECK_IN_SENT = "check_in_sent"
    PAIR_STALLED = "pair_stalled"
    LADDER_CLIMBED = "ladder_climbed"
    PAIR_RECOVERED = "pair_recovered"
    PAIR_PAUSED = "pair_paused"
    PAIR_RESUMED = "pair_resumed"
    PAIR_EVALUATING = "pair_evaluating"
    PAIR_COMPLETED = "pair_completed"
    PAIR_CLOSED = "pair_closed"
    PAIR_DECLINED = "pair_declined"
    PAIR_WITHDRAWN = "pair_withdrawn"
    PAIR_CANCELLED = "pair_cancelled"
    # People, in the portal
    JOINED = "joined"
    STAYED_OUT = "stayed_out"
    INTRODUCTION_ACCEPTED = "introduction_accepted"
    INTRODUCTION_DECLINED = "introduction_declined"
    GUIDE_READ = "guide_read"
    AGREEMENT_SIGNED = "agreement_signed"
    GOALS_WRITTEN = "goals_written"
    SESSION_BOOKED = "session_booked"
    SESSION_HELD = "session_held"
    SESSION_MISSED = "session_missed"
    SURVEY_ANSWERED = "survey_answered"
    HELP_ASKED = "help_asked"
    WITHDREW = "withdrew"


class JournalEvent(Value):
    """One thing that happened. Holds ids, numbers and enums, never a word that a person wrote.

    `id` derives from the workflow and the position in it, or from the answer it records, so that
    writing an event twice writes it once.
    """

    id: str
    kind: EventKind
    at: datetime
    pair: str | None = None
    person: str | None = None
    role: Role | None = None
    data: dict[str, int | str] = Field(default_factory=dict)
    """`session` (its number), `step`, `action`, `survey`, `occasion`, `stage`, `count`, `reason`
    and the like: what the kind needs."""
