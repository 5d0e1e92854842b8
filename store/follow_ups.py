"""Follow-ups as the journal tells of them: who is asked, and whether it is too late to answer."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.journal import EventKind
from domain.people import Role
from domain.projection import STARTED
from store.tables import JournalRow, PairRow

_BEGAN = sorted(f"pair_{state}" for state in STARTED)
"""The events of a pair of which the two agreed to begin."""


def roles_in_begun_pairs(session: Session, program: str) -> dict[str, Role]:
    """Everybody who is or was in a pair that had begun to prepare, by id, each with their role.

    Who was a mentor in one pair and a mentee in another counts as a mentor.
    """
    began = select(JournalRow.pair_id).where(
        JournalRow.program_id == program, JournalRow.kind.in_(_BEGAN)
    )
    pairs = session.execute(
        select(PairRow.mentor_id, PairRow.mentee_id).where(
            PairRow.program_id == program, PairRow.id.in_(began)
        )
    ).all()
    mentees = dict.fromkeys((mentee for _, mentee in pairs), Role.MENTEE)
    return {**mentees, **dict.fromkeys((mentor for mentor, _ in pairs), Role.MENTOR)}


def is_closed(session: Session, program: str, occasion: str) -> bool:
    """Whether the journal says that the time for answers to a follow-up is over."""
    closed = session.scalars(
        select(JournalRow).where(
            JournalRow.program_id == program, JournalRow.kind == EventKind.FOLLOW_UP_CLOSED.value
        )
    )
    return any(row.data.get("occasion") == occasion for row in closed)
