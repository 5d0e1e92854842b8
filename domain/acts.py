"""The record of who did what: HR's acts on programs, pairs and people.

The journal says what happened in a program; this says who had it done, or looked. It holds ids,
numbers and enums, never a participant's name or a word that somebody wrote.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.model import Value

KEPT = timedelta(days=1095)
"""How long an act stays in the record: three years."""


class Through(StrEnum):
    """By what somebody acted."""

    TERMINAL = "terminal"
    """A command of `starter.py`."""
    PAGE = "page"
    """A button on the page of a pair. The link proves who could read the mail it came in."""
    SCHEDULE = "schedule"
    """Nobody: a recurring program was opened by itself."""


class Outcome(StrEnum):
    """What became of an act."""

    BEGAN = "began"
    """Not known: it was cut off, or is under way."""
    DONE = "done"
    UNCHANGED = "unchanged"
    """There was nothing to do, or somebody thought better of it."""
    REFUSED = "refused"
    """It was not right as it was given, or the program said no."""
    FAILED = "failed"
    """Something else went wrong; part of it may have been done."""


class HrAct(Value):
    """One act of somebody who runs programs."""

    at: datetime
    """The real instant at which it began."""
    who: str
    """`HR_USER`, or `coordinator` or `sponsor` on a page: no participant."""
    through: Through
    act: str
    """The words of the command: `pause`, `matches approve`. Pages use those of the same act."""
    program: str | None = None
    pair: str | None = None
    person: str | None = None
    """The random id of a participant, which tells nothing once they are erased."""
    data: dict[str, int | str] = Field(default_factory=dict)
    """What else tells it from others: `number` of a proposal, counts, a `schedule`."""
    outcome: Outcome = Outcome.BEGAN
    ended_at: datetime | None = None
