"""Matching: who should meet whom, why, and why somebody is left without a partner.

Three steps, which a command may time apart: `Ground` scores, `choose` solves, `written_out`
explains. Imports numpy and scipy, so workflows never import it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from domain.assignment import Choice, Search, frontier
from domain.background import Background
from domain.definition import Definition
from domain.eligibility import why_not
from domain.explaining import blocking_pairs, pair_in_words, points, unmatched_in_words
from domain.ground import Ground
from domain.organisation import Organisation, organisation_of
from domain.pairing_rules import is_allowed, why_broken
from domain.people import Person, Role
from domain.proposal import Chosen, Proposal, ProposedPair, Reached, Totals
from domain.relaxation import Standing

MOST_CELLS_FOR_FRONTIER = 4_000_000
"""Beyond so many possible pairs the frontier is not looked for: each of its points is a solution
of its own."""
FRONTIER_POINTS = 3


def match(
    definition: Definition,
    people: Mapping[str, Person],
    *,
    background: Background | None = None,
    fixed: Sequence[tuple[str, str]] = (),
    apart: Iterable[tuple[str, str]] = (),
) -> Proposal:
    """The best pairs among `people`, under the hard rules and by the preferences.

    Nobody is in more pairs than their capacity, with themselves, or with the same person twice.
    The order in which people are given makes no difference.

    Args:
        definition: the rules, the preferences and what comes first. Its own fixed pairs are kept
            too, where both take part, may meet, and have a place left; where not, the proposal says
            why (`fixed_not_made`).
        people: those who take part, by the key that the proposal should name them with. Which
            role each may take follows from `domain.eligibility`.
        background: the rest of the organisation, and what was before.
        fixed: pairs (mentor, mentee) that HR set. They are kept as they are, with the rest
            matched around them.
        apart: pairs of keys that may not be made, in either direction: two who declined.
    """
    ground = Ground(definition, people, background, apart)
    return written_out(ground, choose(ground, fixed))


def proposal_of(
    definition: Definition,
    people: Mapping[str, Person],
    chosen: Sequence[Chosen],
    *,
    background: Background | None = None,
    apart: Iterable[tuple[str, str]] = (),
) -> Proposal:
    """The proposal that consists of just these pairs, with scores, reasons and who is left.

    Two of `apart` are no possibility for it: they are not told of as a better choice.
    """
    return written_out(Ground(definition, people, background, apart), chosen, anew=False)


# --- The steps -----------------------------------------------------------------------------------


def choose(ground: Ground, fixed: Sequence[tuple[str, str]] = ()) -> list[Chosen]:
    """The best pairs on a ground: those that are fixed, and the best ones around them."""
    kept = _all_fixed(ground, fixed)
    chosen = [Chosen(mentor, mentee, fixed=True) for mentor, mentee in kept]
    return chosen + [
        Chosen(ground.keys[ground.mentors[row]], ground.keys[ground.mentees[column]])
        for row, column in _search(ground, kept).best(ground.definition.matching.objective)
    ]


def _all_fixed(ground: Ground, fixed: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the caller fixed, and what the definition does, as far as it still can be."""
    kept = list(dict.fromkeys(fixed))
    used = Counter(key for pair in kept for key in pair)
    together = {frozenset(pair) for pair in kept}
    for references in ground.definition.matching.fixed:
        if not all(reference in ground.key_of for reference in references):
            continue
        mentor, mentee = (ground.key_of[reference] for reference in references)
        one, other = ground.position[mentor], ground.position[mentee]
        room = used[mentor] < ground.places[one] and used[mentee] < ground.places[other]
        new = frozenset((mentor, mentee)) not in together
        if new and room and ground.may_meet(one, other):
            kept.append((mentor, mentee))
            used.update((mentor, mentee))
            together.add(frozenset((mentor, mentee)))
    return kept


def _fixed_not_made(ground: Ground, pairs: Sequence[ProposedPair]) -> Iterator[str]:
    """Why pairs that the definition fixes are not among these, by reference."""
    made = {frozenset((pair.mentor, pair.mentee)) for pair in pairs}
    used = Counter(key for pair in pairs if pair.fixed for key in (pair.mentor, pair.mentee))
    for references in ground.definition.matching.fixed:
        if frozenset(ground.key_of.get(reference) for reference in references) not in made:
            mentor, mentee = references
            why = _why_not_fixed(ground, references, used)
            yield f"{mentor} as mentor of {mentee}: {' '.join(why)}"


def _why_not_fixed(
    ground: Ground, references: tuple[str, str], used: Mapping[str, int]
) -> Sequence[str]:
    if absent := [f"{ref} takes no part." for ref in references if ref not in ground.key_of]:
        return absent
    keys = [ground.key_of[reference] for reference in references]
    one, other = (ground.position[key] for key in keys)
    mentor, mentee = ground.people[one], ground.people[other]
    why = broken_rules(ground.definition, mentor, mentee, ground.organisation)
    if (one, other) in ground.apart:
        why.append("the two are kept apart: one of them said no, or their pair has ended.")
    return why or [
        f"{reference} has no place left: other pairs that you set take {used[key]} of {places}."
        for reference, key in zip(references, keys, strict=True)
        if used[key] >= (places := ground.places[ground.position[key]])
    ]


def _search(ground: Ground, kept: Sequence[tuple[str, str]]) -> Search:
    """The search for what is best beside the pairs that are kept.

    The frontier goes on from the search that the pairs were chosen by; where there will be none, it
    is not kept, for the memory.
    """
    around = frozenset(kept)
    search = ground.searches.get(around) or Search(_choice(ground, kept))
    if _has_frontier(ground):
        ground.searches[around] = search
    return search


def _choice(ground: Ground, kept: Sequence[tuple[str, str]]) -> Choice:
    """What there is to choose from beside the pairs that are kept."""
    positions = [(ground.position[a], ground.position[b]) for a, b in kept]
    mentors, mentees = np.array(positions, dtype=np.int64).reshape(-1, 2).T
    in_pairs = np.bincount(np.concatenate([mentors, mentees]), minlength=len(ground.people))
    permitted = ground.permitted
    ground.strike(permitted, mentors, mentees)
    return Choice(
        mentors=ground.mentors,
        mentees=ground.mentees,
        allowed=permitted,
        worth=ground.worth,
        places=np.maximum(ground.places - in_pairs, 0),
        waiting=in_pairs == 0,
        objective=ground.definition.matching.objective,
    )


def written_out(ground: Ground, chosen: Iterable[Chosen], *, anew: bool = True) -> Proposal:
    """The proposal of these pairs, explained.

    `anew` is whether they are what `choose` gave: then it also says which fixed pairs are missing.
    """

    def by_reference(pair: Chosen) -> tuple[int, int]:
        return ground.position[pair.mentor], ground.position[pair.mentee]

    ordered = sorted(chosen, key=by_reference)
    standing = Standing.of(ground, [(*by_reference(pair), pair.fixed) for pair in ordered])
    pairs = tuple(pair_in_words(ground, pair) for pair in ordered)
    unmatched, not_looked_at = unmatched_in_words(ground, standing)
    blocking, count = blocking_pairs(ground, standing)
    scores = [pair.score for pair in pairs]
    return Proposal(
        pairs=pairs,
        unmatched=unmatched,
        not_looked_at=not_looked_at,
        fixed_not_made=tuple(_fixed_not_made(ground, pairs)) if anew else (),
        totals=Totals(
            objective=ground.definition.matching.objective,
            pairs=len(pairs),
            people=int(np.count_nonzero(standing.in_pairs)),
            score=round(sum(scores), 2),
            lowest=min(scores, default=None),
        ),
        frontier=_frontier(ground, [pair for pair in pairs if pair.fixed]),
        blocking=blocking,
        blocking_count=count,
    )


def _has_frontier(ground: Ground) -> bool:
    rows, columns = ground.shape
    return 0 < rows * columns <= MOST_CELLS_FOR_FRONTIER


def _frontier(ground: Ground, fixed: Sequence[ProposedPair]) -> tuple[Reached, ...]:
    if not _has_frontier(ground):
        return ()
    kept = [(pair.mentor, pair.mentee) for pair in fixed]
    covered = {ground.position[key] for pair in kept for key in pair}
    search = _search(ground, kept)
    score = sum(pair.score for pair in fixed)
    return tuple(
        Reached(
            people=len(
                covered.union(*((ground.mentors[r], ground.mentees[c]) for r, c in further))
            ),
            pairs=len(kept) + len(further),
            score=round(score + sum(points(int(ground.worth[cell])) for cell in further), 2),
        )
        for further in frontier(search.choice, FRONTIER_POINTS, search)
    )


# --- Questions about two people ------------------------------------------------------------------


def rule_check(
    definition: Definition, background: Background
) -> Callable[[Person, Person], list[str]]:
    """A question to ask of many pairs: each hard rule they would break, their roles included.

    Args:
        definition: the rules.
        background: the organisation that the pairs come from. Lines of managers run through its
            `everybody`, who should include those asked about.
    """
    organisation = organisation_of(definition, background.everybody, background)
    return lambda mentor, mentee: broken_rules(definition, mentor, mentee, organisation)


def broken_rules(
    definition: Definition, mentor: Person, mentee: Person, organisation: Organisation
) -> list[str]:
    """Each hard rule that these two would break as a pair, in words; their roles included."""
    if mentor.reference == mentee.reference:
        return ["nobody is paired with themselves."]
    broken = [
        f"not eligible as {role.value}: {reason}"
        for person, role in ((mentor, Role.MENTOR), (mentee, Role.MENTEE))
        for reason in why_not(definition, person, role)
    ]
    broken += [
        why_broken(rule, mentor, mentee, organisation)
        for rule in definition.matching.rules
        if not is_allowed(rule, mentor, mentee, organisation)
    ]
    return broken


def why_not_these(
    definition: Definition,
    people: Mapping[str, Person],
    proposal: Proposal,
    one: str,
    other: str,
    *,
    background: Background | None = None,
) -> tuple[str, ...]:
    """Why two people are no pair of a proposal, and what it would cost to make them one.

    For HR: the words have names in them.

    Args:
        definition: the rules and preferences that the proposal was made by.
        people: those who take part, by the proposal's keys.
        proposal: the pairs as they are.
        one: the key of somebody, in either role.
        other: the key of somebody else.
        background: the rest of the organisation, and what was before.
    """
    unknown = [key for key in (one, other) if key not in people]
    if unknown:
        return tuple(f"“{key}” takes no part in this program." for key in unknown)
    if one == other:
        return ("nobody is paired with themselves.",)
    for pair in proposal.pairs:
        if {pair.mentor, pair.mentee} == {one, other}:
            return (f"they are a pair: it scores {pair.score:g}.", *pair.all_reasons)
    return _Asked(Ground(definition, people, background), proposal).about(one, other)


class _Asked:
    """A proposal, to be asked why two people are not a pair of it."""

    def __init__(self, ground: Ground, proposal: Proposal) -> None:
        self._ground = ground
        self._proposal = proposal

    def about(self, one: str, other: str) -> tuple[str, ...]:
        ways = [(one, other), (other, one)]
        eligible = [way for way in ways if self._cell(way) is not None]
        if not eligible:
            return tuple(
                f"{self._called(key)} is not eligible as {role.value}: {why}"
                for key in (one, other)
                for role in Role
                for why in self._why_no(role, key)
            )
        why_not_ways = {way: self._why_not(way) for way in eligible}
        permitted = [way for way, why in why_not_ways.items() if not why]
        if permitted:
            best = max(permitted, key=self._worth)
            return (
                f"the rules allow it: they would score {points(self._worth(best)):g}.",
                *(self._partners(key) for key in (one, other)),
                self._cost(best),
            )
        if len(eligible) == 1:
            return tuple(why_not_ways[eligible[0]])
        return tuple(
            f"with {self._called(mentor)} as mentor and {self._called(mentee)} as mentee: {why}"
            for (mentor, mentee), found in why_not_ways.items()
            for why in found
        )

    def _cell(self, way: tuple[str, str]) -> tuple[int, int] | None:
        mentor, mentee = (self._ground.position[key] for key in way)
        return self._ground.cell(mentor, mentee)

    def _worth(self, way: tuple[str, str]) -> int:
        return self._ground.worth_of_pair(*(self._ground.position[key] for key in way))

    def _why_no(self, role: Role, key: str) -> tuple[str, ...]:
        person = self._ground.people[self._ground.position[key]]
        return why_not(self._ground.definition, person, role)

    def _called(self, key: str) -> str:
        person = self._ground.people[self._ground.position[key]]
        return f"{person.name} ({person.reference})"

    def _why_not(self, way: tuple[str, str]) -> list[str]:
        ground = self._ground
        mentor, mentee = (ground.people[ground.position[key]] for key in way)
        why = broken_rules(ground.definition, mentor, mentee, ground.organisation)
        if self._worth(way) < ground.floor_worth:
            score, floor = points(self._worth(way)), ground.definition.matching.floor
            why.append(f"they would score {score:g}, below the floor of {floor:g}.")
        return why

    def _partners(self, key: str) -> str:
        with_whom = [
            f"{self._called(pair.mentee if key == pair.mentor else pair.mentor)} "
            f"({pair.score:g}{', fixed' if pair.fixed else ''})"
            for pair in self._proposal.pairs
            if key in (pair.mentor, pair.mentee)
        ]
        if not with_whom:
            return f"{self._called(key)} is in no pair."
        free = self._ground.places[self._ground.position[key]] > len(with_whom)
        return (
            f"{self._called(key)} is with {' and '.join(with_whom)}"
            f"{', and has a free place' if free else ''}."
        )

    def _cost(self, way: tuple[str, str]) -> str:
        """What the best proposal with these two would lose."""
        ground, proposal = self._ground, self._proposal
        fixed = [(pair.mentor, pair.mentee) for pair in proposal.pairs if pair.fixed]
        used = Counter(key for pair in fixed for key in pair)
        for key in way:
            if used[key] >= ground.places[ground.position[key]]:
                return f"HR fixed the pairs that take all places of {self._called(key)}."
        chosen = choose(ground, [*fixed, way])
        people = len({key for pair in chosen for key in (pair.mentor, pair.mentee)})
        worth = sum(
            ground.worth_of_pair(ground.position[pair.mentor], ground.position[pair.mentee])
            for pair in chosen
        )
        fewer = proposal.totals.people - people
        lost = round(proposal.totals.score - points(worth), 2)
        changes: list[str] = []
        if fewer:
            count = "1 person" if abs(fewer) == 1 else f"{abs(fewer)} people"
            changes.append(f"{count} {'fewer' if fewer > 0 else 'more'} would have a partner")
        if lost:
            changes.append(f"the total would {'fall' if lost > 0 else 'rise'} by {abs(lost):g}")
        if not changes:
            return (
                "put together, with the others matched anew, as many people would have a partner "
                "and the total would be the same: it is a tie."
            )
        return f"put together, with the others matched anew, {' and '.join(changes)}."
