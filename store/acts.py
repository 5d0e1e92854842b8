"""The record of HR's acts: appended, finished once, and kept for three years.

An act is written down before it is done, in a transaction of its own, so that one which is cut off
leaves a trace. The database itself refuses to change what is finished and to delete what is young.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.acts import KEPT, HrAct, Outcome, Through
from store.tables import ActRow


def add(session: Session, act: HrAct) -> int:
    """Append an act; gives its position. Those that have been kept for long enough go."""
    row = ActRow(
        at=act.at,
        who=act.who,
        through=act.through.value,
        act=act.act,
        program_id=act.program,
        pair_id=act.pair,
        person_id=act.person,
        data=act.data,
        outcome=act.outcome.value,
        ended_at=act.ended_at,
    )
    session.execute(delete(ActRow).where(ActRow.at < act.at - KEPT))
    session.add(row)
    session.flush()
    return row.position


def add_done(
    session: Session,
    who: str,
    through: Through,
    act: str,
    *,
    program: str,
    pair: str | None = None,
    data: Mapping[str, int | str] | None = None,
) -> None:
    """Append an act that is done in this very transaction."""
    now = datetime.now(UTC)
    done = HrAct(
        at=now,
        who=who,
        through=through,
        act=act,
        program=program,
        pair=pair,
        data=dict(data or {}),
        outcome=Outcome.DONE,
        ended_at=now,
    )
    add(session, done)


def say_more(session: Session, position: int, program: str | None, data: dict[str, Any]) -> None:
    """Add to an act under way what it is about. Nothing of a finished one is changed."""
    row = session.get_one(ActRow, position)
    if row.outcome == Outcome.BEGAN:
        row.program_id = program or row.program_id
        row.data = row.data | data


def finish(session: Session, position: int, outcome: Outcome) -> None:
    """Say what became of an act. Only the first word counts."""
    row = session.get(ActRow, position)
    if row is not None and row.outcome == Outcome.BEGAN:
        row.outcome = outcome.value
        row.ended_at = datetime.now(UTC)


def read(
    session: Session,
    *,
    program: str | None = None,
    pair: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
) -> list[HrAct]:
    """Acts in the order in which they began, of a program, of a pair, or all of them.

    `since` is the first instant, `before` the position of an act from which on none is given.
    """
    query = select(ActRow).order_by(ActRow.position)
    if program is not None:
        query = query.where(ActRow.program_id == program)
    if pair is not None:
        query = query.where(ActRow.pair_id == pair)
    if since is not None:
        query = query.where(ActRow.at >= since)
    if before is not None:
        query = query.where(ActRow.position < before)
    return [_act(row) for row in session.scalars(query)]


def _act(row: ActRow) -> HrAct:
    return HrAct(
        at=row.at,
        who=row.who,
        through=Through(row.through),
        act=row.act,
        program=row.program_id,
        pair=row.pair_id,
        person=row.person_id,
        data=row.data,
        outcome=Outcome(row.outcome),
        ended_at=row.ended_at,
    )
