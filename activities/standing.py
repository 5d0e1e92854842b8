"""A program on its way, as matching anew sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from domain.definition import Definition
from domain.editing import Edited
from domain.edits import Refusal
from domain.matching import proposal_of
from domain.people import Person
from domain.proposal import Chosen, Proposal, ProposedPair
from domain.repairing import Settled, settle
from store import programs, proposals
from store.programs import Participant
from store.proposals import Paired


class Standing:
    """The pairs that live, and who is free for another.

    A pair of which one has left the program counts as over, though its workflow may yet have to
    say so.
    """

    def __init__(self, session: Session, program: str) -> None:
        everybody = programs.participants(session, program)
        self.everybody = {p.id: p for p in everybody}
        self.background = proposals.background(session, program, everybody)
        here = taking_part(everybody)
        pairs = proposals.pairs_for_matching(session, program)
        self.living = [p for p in pairs if not p.is_over and {p.mentor, p.mentee} <= here.keys()]
        lives = {pair.pair for pair in self.living}
        over = [pair for pair in pairs if pair.pair not in lives]
        self.apart = [pair.two for pair in over]
        free_again = {key for pair in over for key in pair.may_match_anew}
        free_again |= _in(pair for pair in over if not pair.is_over)
        shut_out = _in(over) - _in(self.living) - free_again
        self._free_again = free_again & here.keys()
        self.people = {key: person for key, person in here.items() if key not in shut_out}
        """Who is in a living pair, waits for the first, or is free again."""
        self.never = {
            **dict.fromkeys(map(frozenset, self.apart), "their pair has ended."),
            **{frozenset(p.two): "they are a pair already." for p in self.living},
        }
        """Two who can't become a pair, and why."""

    def free(self, without: Iterable[tuple[str, str]] = ()) -> Mapping[str, Person]:
        """Who has room for another pair once some are parted, each with the places left."""
        parted = set(without)
        taken = Counter(key for pair in self.living if pair.two not in parted for key in pair.two)
        return {
            key: person.model_copy(update={"capacity": person.capacity - taken[key]})
            for key, person in self.people.items()
            if person.capacity > taken[key]
        }

    def without_a_partner(self) -> list[Person]:
        """Who has none since a pair of theirs ended, by name."""
        alone = self._free_again - _in(self.living)
        return sorted((self.people[key] for key in alone), key=lambda person: person.name)

    def set_by_hr(self, waiting: Proposal) -> list[ProposedPair]:
        """The pairs that HR set in a proposal of new pairs and that need nobody to be parted."""
        room = Counter({key: person.capacity for key, person in self.free().items()})
        possible: list[ProposedPair] = []
        for pair in waiting.pairs:
            both = pair.two
            if pair.fixed and frozenset(both) not in self.never and all(room[key] for key in both):
                room.subtract(both)
                possible.append(pair)
        return possible

    def settled(self, proposal: Proposal, possible: Sequence[tuple[str, str]]) -> Settled:
        """Which of the possible pairs fit, and the partings that they need and that may be."""
        may_part = {p.two for p in self.living if not p.has_met}
        return settle(
            possible,
            [two for two in proposal.parted if two in may_part],
            [p.two for p in self.living],
            {key: person.capacity for key, person in self.people.items()},
        )

    def without_stranding(self, definition: Definition, after: Edited) -> Edited:
        """HR's edits, less the new pairs for which somebody would be parted and left alone."""
        proposal = after.proposal
        settled = self.settled(proposal, [pair.two for pair in proposal.pairs])
        refused = tuple(
            Refusal(
                row=None,
                who=pair.two,
                reasons=("somebody would lose their partner for it and get no other.",),
            )
            for pair in proposal.pairs
            if pair.two not in settled.new
        )
        if refused:
            left = [
                Chosen(*pair.two, fixed=pair.fixed, comment=pair.comment)
                for pair in proposal.pairs
                if pair.two in settled.new
            ]
            free = self.free(without=settled.parted)
            anew = proposal_of(
                definition,
                free,
                left,
                background=self.background,
                apart=(*self.apart, *proposal.apart),
            )
            proposal = anew.model_copy(update={"apart": proposal.apart})
        return after.model_copy(
            update={
                "proposal": proposal.model_copy(update={"parted": settled.parted}),
                "refused": (*after.refused, *refused),
            }
        )


def _in(pairs: Iterable[Paired]) -> set[str]:
    return {key for pair in pairs for key in pair.two}


def taking_part(everybody: Iterable[Participant]) -> dict[str, Person]:
    """Who said yes, may take a role, and has not left."""
    return {p.id: p.person for p in everybody if p.takes_part}
