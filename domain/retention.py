"""Until when the personal data of a program is kept, and what comes then."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from domain.calendar import program_days
from domain.model import Value

NOTICE = 7
"""Program days before personal data is deleted at which HR is told."""


class Step(StrEnum):
    """What comes next for the personal data of a program that is over."""

    ANNOUNCE = "announce"
    """HR is told that it will be deleted, in time to hold it."""
    DELETE = "delete"


class Due(NamedTuple):
    """What comes next, and when."""

    step: Step
    at: datetime


class Term(Value):
    """Until when the personal data of a program that is over is kept."""

    ends: datetime
    day_seconds: float
    held: bool = False
    """Whether a legal hold is on."""
    lifted_at: datetime | None = None
    """When the last hold was lifted."""
    deleted: bool = False
    """Whether all of it is gone."""

    def next_step(self, announced_at: datetime | None) -> Due | None:
        """What comes next; None while a hold is on, and once all is deleted.

        HR has `NOTICE` from the announcement on, also where it came late. Who lifts a hold after
        the term knows that it is over: what follows needs no announcement.
        """
        if self.held or self.deleted:
            return None
        if self.lifted_at is not None and self.lifted_at >= self.ends:
            return Due(Step.DELETE, self.lifted_at)
        if announced_at is None:
            return Due(Step.ANNOUNCE, self.ends - self._notice)
        return Due(Step.DELETE, max(self.ends, announced_at + self._notice))

    @property
    def _notice(self) -> timedelta:
        return program_days(NOTICE, self.day_seconds)
