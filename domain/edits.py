"""What HR wants changed in a proposal, row by row, and what became of it.

Light to import; the checking is in `domain/editing.py`.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from domain.model import Value

MAX_COMMENT = 2_000
"""Characters of HR's note on a pair."""

Two = tuple[str, str]
"""Mentor and mentee, by the proposal's keys."""


class EditKind(StrEnum):
    """What HR decides about a row."""

    APPROVE = "approve"
    """The pair is good; matching anew may still find a better one."""
    LOCK = "lock"
    """The pair stays, also when the rest is matched anew."""
    DROP = "drop"
    """The pair is not made, nor made again when the rest is matched anew."""
    SWAP = "swap"
    """Somebody who is in another pair comes into this one; who was here takes their place there."""
    ADD = "add"
    """A pair that the proposal does not have."""
    RESTORE = "restore"
    """The same, of an earlier proposal in which HR had not set it."""


NEW_PAIR = (EditKind.ADD, EditKind.RESTORE)
"""Decisions about a pair that the proposal does not have; the others are about one that it has."""


class Edit(Value):
    """One row of HR's file, by the proposal's keys; somebody unknown stands as HR wrote them."""

    row: int | None
    """Where it stands in the file; None for a row that HR took out."""
    kind: EditKind
    before: Two | None = None
    """The pair as proposed; None for a new one."""
    after: Two | None = None
    """The pair as HR wants it; None to drop it."""
    comment: str = Field(default="", max_length=MAX_COMMENT)
    """HR's note as it now stands."""


class Edits(Value):
    """All that HR's file says, kept in the store until the program has decided about it."""

    edits: tuple[Edit, ...]
    solve: bool
    """Whether the pairs that HR did not set are matched anew."""
    based_on: int
    """The number of the proposal that the file was made from."""


class Refusal(Value):
    """An edit that can't stand, and why; its pair is as it was."""

    row: int | None
    who: Two
    """The pair that was asked for; for a row taken out, the pair that stood there."""
    reasons: tuple[str, ...]


class EditsOutcome(Value):
    """What became of HR's edits in the program."""

    number: int
    """The number of the proposal as it now is."""
    applied: int
    refused: tuple[Refusal, ...]
    pairs: int
    unmatched: int
