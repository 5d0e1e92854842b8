"""What a transaction wrote, for those who count it: told only once it is kept.

A retry that finds everything written already notes nothing, and what is rolled back is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from sqlalchemy import event
from sqlalchemy.orm import Session

from domain.journal import JournalEvent
from domain.model import Value

_NOTED = "written"


class Outcome(StrEnum):
    """What became of a message, this time."""

    SENT = "sent"
    REFUSED = "refused"
    """No mail server, or not all chat rooms, will ever take it."""
    HELD = "held"
    """It waits for a time at which it may go out."""
    PUT_OFF = "put_off"
    """The mail server wants it later."""
    DROPPED = "dropped"
    """It lost its point."""


class Way(StrEnum):
    """How a message reaches its reader."""

    MAIL = "mail"
    CHAT = "chat"


class Settled(Value):
    """A message came to a state that it was not in before."""

    kind: str
    way: Way
    outcome: Outcome


Written = JournalEvent | Settled


def note(session: Session, written: Iterable[Written]) -> None:
    """Have this told once the session's transaction is kept."""
    session.info.setdefault(_NOTED, []).extend(written)


def noted(session: Session) -> Sequence[Written]:
    """What was noted in a session since it began, or since its last rollback."""
    found: list[Written] = session.info.get(_NOTED, [])
    return found


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_NOTED, None)
