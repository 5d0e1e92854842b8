"""Where one pair stands, as something that is kept and gone on from when the next event comes.

What events mean stands in `domain.projection` and `domain.pair_story`; here is only how far a pair
has been read. A pair whose events are read in any number of steps stands where it would had they
been read at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Self

from domain.journal import JournalEvent
from domain.lifecycle import PairState
from domain.model import Value
from domain.pair_story import Ask, Attention, attention_after
from domain.projection import PairFold, PairStatus

FOLD = 1
"""Which version of the fold this is. To be raised when what is kept, or what an event means for a
pair, changes: then everything kept by another version is made anew."""

LOOKED_AFTER = 4
"""The first rank of pairs of which nothing waits for the coordinator."""


class PairNow(Value):
    """Where a pair stands, and what waits for the coordinator."""

    status: PairStatus
    attention: Attention

    @property
    def asks(self) -> tuple[Ask, ...]:
        """What waits for the coordinator."""
        return self.attention.asks

    @property
    def rank(self) -> int:
        """How soon HR should look at it."""
        return rank_of(self.status.state, self.asks)


def rank_of(state: PairState, asks: tuple[Ask, ...]) -> int:
    """How soon HR should look at a pair: 0 is first.

    First those of which something waits, then those that stand still, last those that are over.
    """
    stands_still = state in (PairState.STALLED, PairState.PAUSED)
    return LOOKED_AFTER * (not asks) + 2 * (not stands_still) + state.is_over


class Standing:
    """One pair, as far as it was read."""

    def __init__(self, pair: str) -> None:
        self._pair = pair
        self._fold: PairFold | None = None
        self.attention = Attention()

    @classmethod
    def taken_up(cls, pair: str, kept: Mapping[str, Any]) -> Self:
        """It as it was put away."""
        standing = cls(pair)
        if "fold" in kept:
            standing._fold = PairFold.taken_up(pair, kept["fold"])
        if "attention" in kept:
            standing.attention = Attention.model_validate(kept["attention"])
        return standing

    def read(self, events: Iterable[tuple[int, JournalEvent]]) -> None:
        """Go on by the pair's next events, each with its position, in the order of these.

        None may have happened earlier than one that was read before, nor been written earlier.
        """
        written = sorted(events, key=itemgetter(0))
        for _, event in written:
            self.attention = attention_after(self.attention, event)
        for _, event in sorted(written, key=lambda one: one[1].at):
            if self._fold is None:
                self._fold = PairFold(self._pair, event.at)
            self._fold.add(event)

    def put_away(self) -> dict[str, Any]:
        """All of it as JSON. Ids, numbers, instants and enums."""
        kept: dict[str, Any] = {}
        if self._fold is not None:
            kept["fold"] = self._fold.put_away()
        if self.attention != Attention():
            kept["attention"] = self.attention.model_dump(mode="json", exclude_defaults=True)
        return kept

    @property
    def state(self) -> PairState:
        """The state that the pair is in."""
        return self._fold.state if self._fold is not None else PairState.INTRODUCED

    @property
    def rank(self) -> int:
        """How soon HR should look at it."""
        return rank_of(self.state, self.attention.asks)

    def now(self) -> PairNow | None:
        """Where it stands; None before its first event."""
        if self._fold is None:
            return None
        return PairNow(status=self._fold.result(), attention=self.attention)
