"""How a program stands, from rows that are kept of its pairs and from counts of its journal.

It says what `domain.projection.project` says of all events, and reads few of them. Who reads has
called `store.standings.catch_up` before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.journal import EventKind
from domain.lifecycle import PairState
from domain.model import Value
from domain.projection import FACT_KINDS, SAID, PairStatus, ProgramFacts, facts_of
from domain.standing import LOOKED_AFTER, PairNow, Standing
from store import journal
from store.tables import JournalRow, PairStandingRow


class PairsNow(Value):
    """The pairs of a program: those that were asked for, and how many there are besides."""

    listed: tuple[PairNow, ...]
    waiting: int
    """Of all pairs, of how many something waits for the coordinator."""
    rest: dict[PairState, int]
    """How many pairs are not listed, by state, the state of the first of them first."""

    @property
    def statuses(self) -> tuple[PairStatus, ...]:
        """Where those stand that were asked for."""
        return tuple(one.status for one in self.listed)


def facts(session: Session, program: str) -> ProgramFacts:
    """Where a program stands, without each of its pairs."""
    row = PairStandingRow
    counts = session.execute(
        select(row.state, func.count()).where(row.program_id == program).group_by(row.state)
    )
    return facts_of(
        journal.read_kinds(session, program, FACT_KINDS),
        _said(session, program),
        {PairState(state): count for state, count in counts},
        session.scalar(journal.last_instant(program)),
    )


def all_pairs(session: Session, program: str) -> PairsNow:
    """Every pair of a program, by id."""
    pairs = _pairs(session, program, [PairStandingRow.pair_id])
    return PairsNow(listed=pairs, waiting=sum(bool(one.asks) for one in pairs), rest={})


def first_pairs(session: Session, program: str, most: int) -> PairsNow:
    """The pairs that HR should look at first, at most so many."""
    row = PairStandingRow
    waiting = select(func.count()).where(row.program_id == program, row.rank < LOOKED_AFTER)
    listed = _pairs(session, program, [row.rank, row.pair_id], most)
    return PairsNow(
        listed=listed,
        waiting=session.scalar(waiting) or 0,
        rest=_rest(session, program, listed[-1]) if len(listed) == most else {},
    )


def some_pairs(session: Session, program: str, pairs: Sequence[str]) -> PairsNow:
    """These pairs, by id."""
    row = PairStandingRow
    listed = _pairs(session, program, [row.pair_id], where=row.pair_id.in_(pairs))
    return PairsNow(listed=listed, waiting=sum(bool(one.asks) for one in listed), rest={})


def _pairs(
    session: Session,
    program: str,
    order: Sequence[InstrumentedAttribute[Any]],
    most: int | None = None,
    where: ColumnElement[bool] | None = None,
) -> tuple[PairNow, ...]:
    row = PairStandingRow
    query = select(row.pair_id, row.kept).where(row.program_id == program)
    if where is not None:
        query = query.where(where)
    rows = session.execute(query.order_by(*order).limit(most))
    found = (Standing.taken_up(pair, kept).now() for pair, kept in rows)
    return tuple(one for one in found if one is not None)


def _rest(session: Session, program: str, last: PairNow) -> dict[PairState, int]:
    """How many pairs come after this one, by state, in the order in which they come."""
    row, rank = PairStandingRow, last.rank
    rows = session.execute(
        select(row.state, row.rank, func.min(row.pair_id), func.count())
        .where(
            row.program_id == program,
            (row.rank > rank) | and_(row.rank == rank, row.pair_id > last.status.pair),
        )
        .group_by(row.state, row.rank)
    )
    found = Counter[PairState]()
    for state, _, _, count in sorted(rows, key=lambda one: (one[1], one[2])):
        found[PairState(state)] += count
    return dict(found)


def _said(session: Session, program: str) -> dict[EventKind, int]:
    """Of each kind how many people it is the last that is told of, among kinds of its group."""
    groups = {kind.value: number for number, group in enumerate(SAID) for kind in group}
    who = func.coalesce(func.nullif(JournalRow.person_id, ""), JournalRow.id)
    newest_first = func.row_number().over(
        partition_by=(case(groups, value=JournalRow.kind), who),
        order_by=(JournalRow.at.desc(), JournalRow.position.desc()),
    )
    ranked = (
        select(JournalRow.kind, newest_first.label("rank"))
        .where(JournalRow.program_id == program, JournalRow.kind.in_(groups))
        .subquery()
    )
    rows = session.execute(
        select(ranked.c.kind, func.count()).where(ranked.c.rank == 1).group_by(ranked.c.kind)
    )
    return {EventKind(kind): count for kind, count in rows}
