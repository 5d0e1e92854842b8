"""The outbox: signals that workflows have yet to be told, kept until they are delivered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from domain.deeds import DEED_SIGNAL, Deed
from domain.ids import pair_workflow_id
from store.tables import OutboxRow, table_of


class Outcome(StrEnum):
    """How the delivery of a signal ended."""

    DELIVERED = "delivered"
    ENDED = "ended"
    """The workflow was over, so there was nobody left to tell."""


_ADD = insert(table_of(OutboxRow))


def add(session: Session, program: str, pair: str, deed: Deed) -> None:
    """Have a pair's workflow told of a deed, once the session's transaction is committed."""
    told = deed.model_dump(mode="json", exclude_none=True)
    add_signal(session, pair_workflow_id(program, pair), DEED_SIGNAL, told)


def add_signal(
    session: Session, workflow_id: str, signal: str, argument: Mapping[str, Any]
) -> None:
    """Have a workflow told something, once the session's transaction is committed.

    `argument` becomes event history: ids, numbers, instants and enums only.
    """
    row = {
        "workflow_id": workflow_id,
        "signal": signal,
        "argument": dict(argument),
        "created_at": datetime.now(UTC),
    }
    session.execute(_ADD, row)


def pending(
    session: Session, limit: int, passing_over: Collection[str] = ()
) -> Sequence[OutboxRow]:
    """Signals not delivered yet, the oldest first, at most `limit`.

    `passing_over` are ids of workflows that are not to be tried now.
    """
    query = select(OutboxRow).where(OutboxRow.delivered_at.is_(None))
    if passing_over:
        query = query.where(OutboxRow.workflow_id.not_in(sorted(passing_over)))
    return session.scalars(query.order_by(OutboxRow.position).limit(limit)).all()


def mark(session: Session, positions: Collection[int], outcome: Outcome) -> None:
    """Note that signals need no more delivering."""
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.position.in_(sorted(positions)))
        .values(delivered_at=datetime.now(UTC), outcome=outcome.value)
    )


def size(session: Session) -> int:
    """How many signals are not delivered yet."""
    found = session.scalar(select(func.count()).where(OutboxRow.delivered_at.is_(None)))
    return found or 0


def age(session: Session) -> timedelta | None:
    """How long the oldest undelivered signal has been waiting; None if none is."""
    oldest = session.scalar(
        select(func.min(OutboxRow.created_at)).where(OutboxRow.delivered_at.is_(None))
    )
    return None if oldest is None else datetime.now(UTC) - oldest
