"""What stands in a proposal as a whole, in words: for the terminal and for HR's file alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from domain.criteria import Objective
from domain.edits import Edit, EditKind, Refusal, Two
from domain.proposal import Proposal, ProposedPair, Totals

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


def reach_in_words(proposal: Proposal) -> Sequence[str]:
    """What matching put first and what it reached, a line each; empty without any pair."""
    if not proposal.pairs:
        return ()
    totals, scores = proposal.totals, sorted(pair.score for pair in proposal.pairs)
    fixed = sum(pair.fixed for pair in proposal.pairs)
    return (
        f"{counted(totals.people, 'person', 'people')} in a pair. Put first: "
        f"{objective_in_words(totals.objective)}.",
        f"Scores from {scores[0]:.0f} to {scores[-1]:.0f} of 100, half of them "
        f"{scores[len(scores) // 2]:.0f} or more; total {totals.score:,.0f}."
        + (f" Set by you: {fixed}." if fixed else ""),
    )


def choices_in_words(proposal: Proposal) -> Sequence[str]:
    """What another choice of pairs could reach, or that none would reach more.

    Around what HR has set; what was reached before, `first_in_words` tells.
    """
    if not proposal.frontier:
        return ()
    if choices := other_choices(proposal)[:MOST_CHOICES]:
        return choices
    who = "With what you set, no" if _is_set(proposal) else "No"
    return (f"{who} other choice would reach more people or a better total.",)


def first_in_words(proposal: Proposal, first: Totals) -> str | None:
    """What the first proposal reached, where HR's settings have led to something else."""
    now = proposal.totals
    if not _is_set(proposal) or (first.people, first.score) == (now.people, now.score):
        return None
    people = counted(first.people, "person", "people")
    return f"Proposal 1, before your changes, reached {people} and a total of {first.score:,.0f}."


def _is_set(proposal: Proposal) -> bool:
    return bool(proposal.apart) or any(pair.fixed for pair in proposal.pairs)


Section = tuple[str, Sequence[str]]
"""A heading, and the lines below it."""


def pair_in_sections(pair: ProposedPair) -> Sequence[Section]:
    """What HR reads of a pair: what speaks for it, and what does not."""
    sections = (
        ("What speaks for it", pair.all_reasons),
        ("What counted against it", pair.against),
        ("Set aside by you", pair.overruled),
        ("Your note", (pair.comment,) if pair.comment else ()),
    )
    return [
        (f"They are a pair: it scores {pair.score:g}.", ()),
        *((heading, lines) for heading, lines in sections if lines),
    ]


def lines_of(sections: Iterable[Section]) -> Sequence[str]:
    """Sections as they stand below each other."""
    return [
        line
        for heading, lines in sections
        for line in (*([heading] if heading else []), *(f"• {line}" for line in lines))
    ]


def pair_of(proposal: Proposal, one: str, other: str) -> ProposedPair | None:
    """The pair of these two, by the proposal's keys, whoever of them is the mentor."""
    return next((p for p in proposal.pairs if {p.mentor, p.mentee} == {one, other}), None)


def edits_in_words(
    edits: Iterable[Edit],
    refused: Iterable[Refusal],
    before: Proposal,
    named: Callable[[str], str],
) -> Sequence[str]:
    """Each edit that changed something, with its row where it has one."""
    gone = {(no.row, no.who if no.row is None else None) for no in refused}
    pairs = {(pair.mentor, pair.mentee): pair for pair in before.pairs}
    return [
        f"row {edit.row}: {words}" if edit.row is not None else words
        for edit in edits
        if (edit.row, (edit.after or edit.before) if edit.row is None else None) not in gone
        and (words := _edit_in_words(edit, pairs, named))
    ]


def _edit_in_words(
    edit: Edit, pairs: Mapping[Two, ProposedPair], named: Callable[[str], str]
) -> str:
    def both(two: Two) -> str:
        return f"{named(two[0])} – {named(two[1])}"

    if edit.after is None:
        return f"dropped {both(edit.before)}" if edit.before else ""
    if edit.before is None:
        return f"added {both(edit.after)}"
    if edit.after != edit.before:
        return f"{both(edit.after)} in place of {both(edit.before)}"
    pair = pairs.get(edit.before)
    if pair is None:
        return ""
    fixed = edit.kind is not EditKind.APPROVE
    changes = []
    if fixed is not pair.fixed:
        changes.append("locked" if fixed else "no longer locked")
    if edit.comment != pair.comment:
        changes.append("your note")
    return f"{', '.join(changes)}: {both(edit.after)}" if changes else ""


def blocking_in_words(proposal: Proposal) -> str:
    """How many two would both rather have each other."""
    count = proposal.blocking_count
    if not count:
        return "No two people would both score higher with each other than with whom they have."
    return (
        f"{counted(count, 'blocking pair')}: two who may meet and would both score higher together "
        "than with whom they have."
    )
