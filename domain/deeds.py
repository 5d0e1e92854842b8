"""What a participant did in the portal, as the pair's workflow is told of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.model import Value
from domain.people import Role


class DeedKind(StrEnum):
    """What can be done to a pair by the two people in it. Each is a sign of life."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    GUIDE_READ = "guide_read"
    AGREEMENT_SIGNED = "agreement_signed"
    GOALS_WRITTEN = "goals_written"
    SESSION_BOOKED = "session_booked"
    SESSION_HELD = "session_held"
    SESSION_MISSED = "session_missed"
    SURVEY_ANSWERED = "survey_answered"
    HELP_ASKED = "help_asked"
    WITHDREW = "withdrew"


class Deed(Value):
    """One deed. Telling a workflow of the same deed twice changes nothing the second time."""

    kind: DeedKind
    role: Role
    at: datetime
    session: int | None = None
    """Which session was booked, held or missed."""
    booked_for: datetime | None = None
    booking: int = 0
    """Which booking of that session it is about: rises when its time or place changes."""
    occasion: str | None = None
    """Which survey was answered: `pulse:after-session-2`."""


DEED_SIGNAL = "person_did"
"""Name of the signal that carries a deed."""
