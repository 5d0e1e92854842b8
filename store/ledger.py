"""The message ledger: what should go to whom, and how far it got. It makes sending idempotent."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.model import Value
from store.database import insert_new
from store.tables import MessageRow


class MessageState(StrEnum):
    """How far a message got."""

    SENDING = "sending"
    """Written down before the mail server is asked. After a crash nobody knows whether it took the
    message, so it is handed over again under the same Message-ID."""
    SENT = "sent"
    REFUSED = "refused"
    """No mail server will ever take it."""
    DROPPED = "dropped"
    """It lost its point before it was known to have gone: what it asks for was done meanwhile."""


class Entry(Value):
    """A message that should go out."""

    key: str
    program: str
    pair: str | None
    person: str | None
    recipient: str
    kind: str


def message_id(key: str, domain: str) -> str:
    """The Message-ID of a message: always the same for the same key."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def open_entries(
    session: Session, entries: Sequence[Entry], domain: str, now: datetime
) -> list[Entry]:
    """Write down what is about to be sent, and give what has yet to be: all but what was sent."""
    if not entries:
        return []
    rows = [
        {
            "key": entry.key,
            "program_id": entry.program,
            "pair_id": entry.pair,
            "person_id": entry.person,
            "recipient": entry.recipient,
            "kind": entry.kind,
            "state": MessageState.SENDING.value,
            "message_id": message_id(entry.key, domain),
            "attempts": 0,
            "queued_at": now,
        }
        for entry in entries
    ]
    insert_new(session, MessageRow, rows, key="key")
    waiting = MessageRow.state == MessageState.SENDING.value
    keys = set(_where_key(session, entries, waiting))
    session.execute(
        update(MessageRow)
        .where(MessageRow.key.in_(sorted(keys)))
        .values(attempts=MessageRow.attempts + 1)
    )
    return [entry for entry in entries if entry.key in keys]


def mark_sent(session: Session, key: str, now: datetime) -> None:
    """The mail server took the message."""
    session.execute(
        update(MessageRow)
        .where(MessageRow.key == key)
        .values(state=MessageState.SENT.value, sent_at=now, error=None)
    )


def mark_refused(session: Session, key: str, code: int) -> None:
    """The mail server refused the message for good, with this status code."""
    session.execute(
        update(MessageRow)
        .where(MessageRow.key == key)
        .values(state=MessageState.REFUSED.value, error=str(code))
    )


def drop(session: Session, entries: Sequence[Entry]) -> None:
    """Give up messages that have lost their point, unless it is known what became of them."""
    session.execute(
        update(MessageRow)
        .where(
            MessageRow.key.in_([entry.key for entry in entries]),
            MessageRow.state == MessageState.SENDING.value,
        )
        .values(state=MessageState.DROPPED.value)
    )


def states(session: Session, keys: Sequence[str]) -> Counter[MessageState]:
    """How many of these messages got how far."""
    rows = session.scalars(select(MessageRow.state).where(MessageRow.key.in_(keys)))
    return Counter(MessageState(state) for state in rows)


def counts(session: Session, program: str) -> dict[MessageState, int]:
    """How many messages of a program got how far."""
    rows = session.execute(
        select(MessageRow.state, func.count())
        .where(MessageRow.program_id == program)
        .group_by(MessageRow.state)
    )
    return {MessageState(state): count for state, count in rows}


def _where_key(session: Session, entries: Iterable[Entry], condition: object) -> Sequence[str]:
    keys = [entry.key for entry in entries]
    return session.scalars(
        select(MessageRow.key).where(MessageRow.key.in_(keys), condition)  # type: ignore[arg-type]
    ).all()
