"""How a proposal looks in a terminal: the whole first, then the pairs, the weakest where many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.edits import Refusal
from domain.problems import Problem
from domain.proposal import Proposal, ProposedPair, Totals, Unmatched
from domain.proposal_words import (
    blocking_in_words,
    choices_in_words,
    counted,
    first_in_words,
    fixed_in_words,
    reach_in_words,
)
from store.programs import Participant
from store.proposal_file import Source, proposal_document
from store.proposals import StoredProposal

MOST_MATCHES = 30
"""Pairs that `matches show` lists one by one; of more, it shows the weakest."""

WEAKEST = 6
"""How many those are."""

MOST_WAITING = 5
"""People on the reserve list that `matches show` names; `matches reserve` names all."""

MOST_BLOCKING = 5

_BAR = 30
"""Characters of the longest bar."""

People = Mapping[str, Participant]


def facts(stored: StoredProposal, people: People, program: str) -> dict[str, Any]:
    """The proposal as data: the same that an export to JSON holds, and who left since."""
    document = proposal_document(
        stored.proposal,
        {key: participant.person for key, participant in people.items()},
        source=Source(program, stored.number),
    )
    gone = [
        p.person.reference
        for key, p in people.items()
        if key in _named(stored.proposal) and not p.takes_part
    ]
    return {**document, "left_since": sorted(gone)}


def _named(proposal: Proposal) -> set[str]:
    return {key for pair in proposal.pairs for key in (pair.mentor, pair.mentee)}


def proposal(
    stored: StoredProposal,
    people: People,
    program: str,
    *,
    everything: bool,
    first: Totals | None = None,
) -> RenderableType:
    """The proposal: its sums, what else it could be, and its pairs with their reasons.

    `first` is what the first proposal reached, where this one came out of it by HR's edits.
    """
    made = stored.proposal
    many = len(made.pairs) > MOST_MATCHES and not everything
    parts = [
        _heading(stored),
        *(Text(words, style="yellow") for words in fixed_in_words(made)),
        *_sums(made),
        *_tensions(made, people, first),
        *_parted(made, people),
    ]
    shown: Sequence[tuple[int, ProposedPair]] = list(enumerate(made.pairs, start=1))
    if many:
        shown = sorted(shown, key=lambda entry: entry[1].score)[:WEAKEST]
        parts += [Text(""), _title(f"The {WEAKEST} weakest pairs")]
    parts += [_one_pair(number, pair, people) for number, pair in shown]
    parts += _waiting_in_short(made, people, program, everything=everything)
    if many:
        parts += [
            Text(""),
            _hint("Every pair: --all. To edit them in Excel:"),
            _hint(f"  python starter.py matches {program} export matches.xlsx"),
        ]
    return Group(*parts)


def _title(words: str) -> Text:
    return Text(words, style="bold")


def _hint(words: str) -> Text:
    return Text(words, style="dim")


def _heading(stored: StoredProposal) -> RenderableType:
    made = stored.proposal
    pairs = counted(len(made.pairs), "pair")
    return _title(f"Proposal {stored.number}: {pairs}, {len(made.unmatched)} without a partner")


# --- The whole -----------------------------------------------------------------------------------


def _sums(made: Proposal) -> list[RenderableType]:
    if not made.pairs:
        return []
    scores = [pair.score for pair in made.pairs]
    parts: list[RenderableType] = [Text(words) for words in reach_in_words(made)]
    if len(scores) > MOST_MATCHES:
        parts.append(_histogram(scores))
    return parts


def _histogram(scores: Iterable[float]) -> RenderableType:
    """A bar for each ten points, the highest first; only the bands between that have any."""
    bands = Counter(min(int(score // 10), 9) for score in scores)
    most = max(bands.values())
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="dim")
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(justify="right")
    for band in range(max(bands), min(bands) - 1, -1):
        count = bands[band]
        bar = "█" * max(round(_BAR * count / most), 1 if count else 0)
        table.add_row(f"{band * 10}–{band * 10 + (10 if band == 9 else 9)}", bar, f"{count:,}")
    return Padding(table, (0, 0, 0, 2))


def _tensions(made: Proposal, people: People, first: Totals | None) -> list[RenderableType]:
    """What else could be chosen, and who would rather have each other."""
    parts: list[RenderableType] = [Text(words) for words in choices_in_words(made)]
    if first is not None and (before := first_in_words(made, first)):
        parts.append(Text(before))
    if made.blocking_count:
        now = _lowest_scores(made)
        parts.append(Text(blocking_in_words(made)))
        for two in made.blocking[:MOST_BLOCKING]:
            have = " and ".join(
                f"{now[key]:.0f}" if key in now else "none" for key in (two.mentor, two.mentee)
            )
            line = f"• {_who(two.mentor, people)} and {_who(two.mentee, people)}: "
            parts.append(_indented(f"{line}{two.score:.0f}; now {have}"))
        more = made.blocking_count - min(len(made.blocking), MOST_BLOCKING)
        if more > 0:
            parts.append(_indented(f"and {more:,} more; --json and an export have them", "dim"))
    return parts


def _parted(made: Proposal, people: People) -> list[RenderableType]:
    if not made.parted:
        return []
    return [
        Text("For these new pairs, these would end:"),
        *(
            _indented(f"• {_who(mentor, people)} and {_who(mentee, people)}")
            for mentor, mentee in made.parted
        ),
    ]


def _lowest_scores(made: Proposal) -> Mapping[str, float]:
    scores: dict[str, float] = {}
    for pair in made.pairs:
        for key in (pair.mentor, pair.mentee):
            scores[key] = min(pair.score, scores.get(key, pair.score))
    return scores


# --- One pair ------------------------------------------------------------------------------------


def _one_pair(number: int, pair: ProposedPair, people: People) -> RenderableType:
    """A pair with the number that its row has in HR's file."""
    line = Text(f"\n{number}. ")
    line.append(_who(pair.mentor, people), style="bold")
    line.append(f" ({people[pair.mentor].person.reference}) teaches ")
    line.append(_who(pair.mentee, people), style="bold")
    line.append(f" ({people[pair.mentee].person.reference})")
    line.append(f"  {pair.score:.0f}", style="cyan")
    if pair.fixed:
        line.append("  set by you", style="dim")
    parts: list[RenderableType] = [line]
    both = (people[pair.mentor], people[pair.mentee])
    gone = [one.person.name for one in both if not one.takes_part]
    if gone:
        said = f"{' and '.join(gone)} left in the meantime: this pair will not be made"
        parts.append(_indented(said, "yellow"))
    parts += _noted("+", pair.all_reasons)
    parts += _noted("–", pair.against, "dim")
    parts += _noted("! set aside by you:", pair.overruled, "yellow")
    if pair.comment:
        parts.append(_indented(f"“{pair.comment}”", "italic"))
    return Group(*parts)


def _noted(sign: str, notes: Sequence[str], style: str = "") -> list[RenderableType]:
    return [_indented(f"{sign} {'; '.join(notes)}", style)] if notes else []


def _indented(words: str, style: str = "") -> RenderableType:
    return Padding(Text(words, style=style), (0, 0, 0, 2))


def _who(key: str, people: People) -> str:
    return people[key].person.name


# --- The reserve list ----------------------------------------------------------------------------


def _waiting_in_short(
    made: Proposal, people: People, program: str, *, everything: bool
) -> list[RenderableType]:
    if not made.unmatched:
        return []
    waiting = [left for left in made.unmatched if left.role is not None]
    roles = Counter(left.role.value for left in waiting if left.role is not None)
    lists = ", ".join(counted(count, role) for role, count in sorted(roles.items()))
    without_role = len(made.unmatched) - len(waiting)
    said = f"Without a partner: {lists or 'nobody who may take a role'}"
    if without_role:
        said += f"; {without_role:,} who may take no role"
    shown = made.unmatched if everything else made.unmatched[:MOST_WAITING]
    parts: list[RenderableType] = [Text(""), _title(said)]
    parts += [_one_waiting(left, people, short=not everything) for left in shown]
    parts += [
        _hint("All of them in their order, and what would help:"),
        _hint(f"  python starter.py matches {program} reserve"),
    ]
    return parts


def _one_waiting(left: Unmatched, people: People, *, short: bool) -> RenderableType:
    reasons = left.reasons[:1] if short else left.reasons
    more = f" (and {len(left.reasons) - 1} more)" if short and len(left.reasons) > 1 else ""
    place = f"{left.place}. " if left.place is not None else "• "
    return Text(f"{place}{_who(left.key, people)}: {'; '.join(reasons)}{more}")


_ORDER = (
    "First who was left over in earlier programs, then who said yes first, then by a lot that "
    "anybody can draw again. Mentors and mentees wait in lists of their own."
)


def reserve(stored: StoredProposal, people: People) -> RenderableType:
    """Everybody without a partner in their order, why they wait, and what would help."""
    left = stored.proposal.unmatched
    if not left:
        return Text("Nobody waits: everybody who joined has a partner.")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", justify="right", style="dim")
    table.add_column("Who", ratio=2)
    table.add_column("Would be", no_wrap=True)
    table.add_column("Why they wait, and what would help", ratio=5)
    for one in sorted(left, key=_list_and_place):
        person = people[one.key].person
        why = Text("\n".join(one.reasons))
        for relaxation in one.relaxations:
            why.append(f"\n→ {relaxation}", style="cyan")
        if not people[one.key].takes_part:
            why.append("\nleft in the meantime", style="yellow")
        table.add_row(
            str(one.place) if one.place is not None else "–",
            Text(f"{person.name}\n{person.reference}"),
            one.role.value if one.role else "no role",
            why,
        )
    parts: list[RenderableType] = [
        _title(f"Reserve list of proposal {stored.number}: {len(left):,}"),
        Text(_ORDER),
        table,
    ]
    if stored.proposal.not_looked_at:
        count = counted(stored.proposal.not_looked_at, "person", "people")
        parts.append(_hint(f"What would help was not looked for at the end of it, for {count}."))
    return Group(*parts)


def _list_and_place(left: Unmatched) -> tuple[str, int]:
    """Mentors and mentees wait in lists of their own; who may take no role comes last."""
    return (left.role.value if left.role else "~", left.place or 0)


def reserve_facts(stored: StoredProposal, people: People, program: str) -> dict[str, Any]:
    """The reserve list as data."""
    document = facts(stored, people, program)
    return {key: document[key] for key in ("program", "number", "unmatched")}


# --- After an import -----------------------------------------------------------------------------


def refusals(file: str, refused: Sequence[Refusal], people: People) -> Sequence[Problem]:
    """What could not be applied, each with its place in HR's file."""

    def named(key: str) -> str:
        found = people.get(key)
        return f"{found.person.name} ({found.person.reference})" if found else f"“{key}”"

    return [
        Problem(
            file=file,
            row=refusal.row,
            message=f"{named(refusal.who[0])} and {named(refusal.who[1])}: {reason}",
        )
        for refusal in refused
        for reason in refusal.reasons
    ]
