"""What stands in a proposal as a whole, in words: for the terminal and for HR's file alike."""

from __future__ import annotations

from collections.abc import Sequence

from domain.criteria import Objective
from domain.proposal import Proposal

MOST_CHOICES = 3
"""Other choices that are told in words; all of them stand in the proposal."""


def objective_in_words(objective: Objective) -> str:
    """What matching put first."""
    if objective is Objective.MOST_PEOPLE:
        return "most people in a pair, and of these choices the best total score"
    return "the best total score, and of these choices the most people in a pair"


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with its word: “1 pair”, “12 pairs”."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def other_choices(proposal: Proposal) -> Sequence[str]:
    """What more people or a better total would cost, nearest first; empty when nothing would."""
    totals = proposal.totals
    told: list[tuple[int, str]] = []
    for reached in proposal.frontier:
        more = reached.people - totals.people
        total = f"at a total of {reached.score:,.0f} instead of {totals.score:,.0f}"
        if more > 0:
            people = "1 more person" if more == 1 else f"{more:,} more people"
            told.append((more, f"{people} could have a partner {total}."))
        elif reached.score > totals.score:
            fewer = f", with {counted(-more, 'person fewer', 'fewer people')} in a pair"
            told.append(
                (
                    -more,
                    f"The total could be {reached.score:,.0f} instead of {totals.score:,.0f}"
                    f"{fewer if more else ''}.",
                )
            )
    return [words for _, words in sorted(told)]


def fixed_in_words(proposal: Proposal) -> Sequence[str]:
    """Which pairs that the definition fixes are not made, and why; empty when all are."""
    if not proposal.fixed_not_made:
        return ()
    count = counted(len(proposal.fixed_not_made), "fixed pair")
    return (
        f"{count} of the definition could not be made:",
        *(f"• {why}" for why in proposal.fixed_not_made),
    )


def blocking_in_words(proposal: Proposal) -> str:
    """How many two would both rather have each other."""
    count = proposal.blocking_count
    if not count:
        return "No two people would both score higher with each other than with whom they have."
    return (
        f"{counted(count, 'blocking pair')}: two who may meet and would both score higher together "
        "than with whom they have."
    )
