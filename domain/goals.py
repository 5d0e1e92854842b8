"""Goals: what somebody wants to learn, and where they stand on each, over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field

from domain.model import Value

LOWEST, HIGHEST = 1, 5
"""Of the scale on which somebody says where they stand: from the very beginning to being able."""


class Goal(Value):
    """One goal, at one point of time."""

    number: int = Field(ge=1)
    """Which of the person's goals it is: stays the same when the words change."""
    text: str
    rating: int | None = Field(default=None, ge=LOWEST, le=HIGHEST)
    """Where the person stood; None in what 0.2.0 and before kept."""
    words: str | None = None
    """What they wanted to add, when they looked at it again."""


def content_of_goals(goals: Sequence[Goal]) -> dict[str, Any]:
    """An answer about goals, as the store keeps it."""
    content: dict[str, Any] = {
        "goals": [goal.text for goal in goals],
        "ratings": [goal.rating for goal in goals],
        "numbers": [goal.number for goal in goals],
    }
    if any(goal.words for goal in goals):
        content["words"] = [goal.words or "" for goal in goals]
    return content


def goals_in(content: Mapping[str, Any]) -> tuple[Goal, ...]:
    """The goals of an answer as the store keeps it, or as 0.2.0 and before did."""
    texts = content["goals"]
    nothing = [None] * len(texts)
    columns = zip(
        content.get("numbers") or range(1, len(texts) + 1),
        texts,
        content.get("ratings") or nothing,
        content.get("words") or nothing,
        strict=True,
    )
    return tuple(
        Goal(number=number, text=text, rating=rating, words=words or None)
        for number, text, rating, words in columns
    )


def ratings_of(number: int, earlier: Iterable[Sequence[Goal]]) -> tuple[int, ...]:
    """Where somebody stood on one goal each time they said so, in order."""
    return tuple(
        goal.rating
        for goals in earlier
        for goal in goals
        if goal.number == number and goal.rating is not None
    )
