"""What a participant did in the portal, as the pair's workflow is told of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.ids import Id
from domain.model import Value
from domain.people import Role


class DeedKind(StrEnum):
    """What can be done to a pair by the two people in it. Each is a sign of life."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    GUIDE_READ = "guide_read"
    """All of the training, as 0.2.0 and before it called it."""
    TRAINING_READ = "training_read"
    """One module of the training, and there are more to read."""
    TRAINING_DONE = "training_done"
    """The last module that one had to read."""
    AGREEMENT_SIGNED = "agreement_signed"
    GOALS_WRITTEN = "goals_written"
    SESSION_PROPOSED = "session_proposed"
    """Times for a session, of which the partner picks one."""
    SESSION_BOOKED = "session_booked"
    SESSION_CANCELLED = "session_cancelled"
    """A session that has a date, called off before it took place."""
    SESSION_HELD = "session_held"
    SESSION_MISSED = "session_missed"
    SURVEY_ANSWERED = "survey_answered"
    HELP_ASKED = "help_asked"
    SAFETY_RAISED = "safety_raised"
    """Somebody does not feel safe. Goes to the named contact only, and silences the pair."""
    WENT_AWAY = "went_away"
    """Away until a date: the pair waits."""
    CAME_BACK = "came_back"
    """Back before that date."""
    REACH_CHANGED = "reach_changed"
    """When messages may reach the person is different now: it is worked out anew."""
    WISHED = "wished"
    """Whether the person would like to go on meeting once the program is over."""
    WITHDREW = "withdrew"


class Verdict(StrEnum):
    """What an answer to a check-in means for the pair."""

    GOOD = "good"
    """The pair fits."""
    UNDECIDED = "undecided"
    """Still deciding: asked again after the next session."""
    NOT_GOOD = "not_good"
    """Not a good fit: both get the chance of another partner."""


class Wish(StrEnum):
    """What somebody would like once the program is over."""

    STOP = "stop"
    GO_ON = "go_on"
    """Go on meeting, without the program's mails."""
    GO_ON_WITH_MAILS = "go_on_with_mails"


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
    occasion: Id | None = None
    """Which survey was answered: `pulse:after-session-2`."""
    terms: int = 0
    """Which agreement was signed: rises whenever one of the two changes what it says."""
    proposal: int = 0
    """Which proposal of times for a session it is: rises with each."""
    verdict: Verdict | None = None
    """What the answer says of the pair, where the survey asks for it."""
    look: bool = False
    """Whether the answer passes a threshold from which the coordinator should look."""
    until: datetime | None = None
    """The instant at which somebody who went away is back."""
    wish: Wish | None = None


DEED_SIGNAL = "person_did"
"""Name of the signal that carries a deed."""

DECISION_SIGNAL = "coordinator_decided"
"""Name of the signal that carries what who runs the program decided about a pair."""
