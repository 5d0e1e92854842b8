"""The goals of somebody in a pair, and each time they said where they stand on them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.goals import Goal, goals_in
from domain.model import Value
from store.answers import AnswerKind
from store.tables import AnswerRow


class Look(Value):
    """One look at the goals: when they were written down, or at a review."""

    occasion: str
    """`goals` for writing them down, `goals:share-50` and the like for a review."""
    at: datetime
    goals: tuple[Goal, ...]


def looks_at_goals(session: Session, pair: str, person: str) -> tuple[Look, ...]:
    """Each look of one person at their goals in a pair, the first one first.

    Where they never wrote any there is none.
    """
    rows = session.scalars(
        select(AnswerRow)
        .where(
            AnswerRow.pair_id == pair,
            AnswerRow.person_id == person,
            AnswerRow.kind.in_((AnswerKind.GOALS.value, AnswerKind.GOALS_REVIEW.value)),
        )
        .order_by(AnswerRow.answered_at, AnswerRow.occasion)
    )
    looks = [
        Look(occasion=row.occasion, at=row.answered_at, goals=goals_in(row.content)) for row in rows
    ]
    # Words that are changed later don't make the goals younger than a look that was taken at them.
    return tuple(sorted(looks, key=lambda look: look.occasion != AnswerKind.GOALS))
