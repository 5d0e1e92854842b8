"""Matching the people who joined, and forming the pairs that HR approved."""

from __future__ import annotations

from temporalio import activity

from activities.signatures import (
    CohortRef,
    FormPairs,
    MatchRequest,
    PairIds,
    PairsFormed,
    ProposalRef,
)
from domain.matching import match
from store import journal, programs
from store.database import Database


class Matching:
    """Everything about who meets whom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    def propose_matches(self, request: MatchRequest) -> ProposalRef:
        """Match the people who joined and store the proposal."""
        with self._database.read() as session:
            program = programs.get(session, request.program)
            everybody = programs.participants(session, request.program)
        people = {p.id: p.person for p in everybody if p.takes_part}
        proposal = match(program.definition, people, everybody=[p.person for p in everybody])
        with self._database.write() as session:
            stored = programs.save_proposal(
                session, request.program, proposal, "solver", request.now
            )
        return ProposalRef(
            proposal=stored.id,
            number=stored.number,
            pairs=len(stored.proposal.pairs),
            unmatched=len(stored.proposal.unmatched),
        )

    @activity.defn
    def form_pairs(self, order: FormPairs) -> PairsFormed:
        """Make the pairs of an approved proposal and share them out among cohorts, once."""
        with self._database.write() as session:
            chosen = programs.proposal(session, order.proposal).proposal
            cohorts = programs.form_pairs(session, order.program, chosen)
            journal.append(session, order.program, order.events)
            return PairsFormed(pairs=programs.count_pairs(session, order.program), cohorts=cohorts)

    @activity.defn
    def pairs_of_cohort(self, ref: CohortRef) -> PairIds:
        """The pairs of one cohort."""
        with self._database.read() as session:
            return PairIds(pairs=tuple(programs.pairs_of_cohort(session, ref.program, ref.cohort)))
