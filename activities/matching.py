"""Matching the people who joined, carrying out HR's edits, and finding new partners on the way."""

from __future__ import annotations

import hashlib
from datetime import datetime

from temporalio.exceptions import ApplicationError

from activities.signatures import (
    BrokenPairs,
    CheckPairs,
    CohortRef,
    EditDone,
    EditRequest,
    FormPairs,
    MatchRequest,
    NewPairs,
    PairIds,
    PairsFormed,
    ProgramRef,
    ProposalRef,
    RepairRequest,
    Selected,
    SettleRequest,
)
from activities.standing import Standing, taking_part
from activities.uninterrupted import uninterrupted
from domain.editing import edited
from domain.edits import EditsOutcome
from domain.matching import match, proposal_of, rule_check
from domain.proposal import Chosen, Proposal
from domain.protection import protection_check
from domain.repairing import StandingPair, repair
from store import identity, journal, programs, proposals, selections
from store.database import Database
from store.proposals import StoredProposal


class Matching:
    """Everything about who meets whom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    def settle_selection(self, program: ProgramRef) -> Selected:
        """Take whom HR has not said no to as chosen, and give how many they are."""
        with self._database.write() as session:
            choice = selections.settle(session, program.program)
        return Selected(selected=choice.selected, not_selected=choice.not_selected)

    @uninterrupted
    def propose_matches(self, request: MatchRequest) -> ProposalRef:
        """Match the people who joined and store the proposal."""
        with self._database.read() as session:
            program = programs.get(session, request.program)
            everybody = programs.participants(session, request.program)
            background = proposals.background(session, request.program, everybody)
        people = taking_part(everybody)
        proposal = match(program.definition, people, background=background)
        with self._database.write() as session:
            stored = proposals.save_proposal(
                session, request.program, proposal, "solver", request.now
            )
        return _ref(stored)

    @uninterrupted
    def propose_new_pairs(self, request: RepairRequest) -> NewPairs:
        """Look for new partners for those who lost theirs, and store the proposal."""
        with self._database.read() as session:
            program = programs.get(session, request.program)
            now = Standing(session, request.program)
            latest = proposals.latest_proposal(session, request.program)
        before = latest.proposal if latest is not None else None
        waits = latest is not None and latest.id == request.pending
        kept = now.set_by_hr(before) if before is not None and waits else []
        taken_apart = before.apart if before is not None else ()
        apart = (*now.apart, *taken_apart)
        standing = [
            *(
                StandingPair(mentor=p.mentor, mentee=p.mentee, changeable=not p.has_met)
                for p in now.living
            ),
            *(StandingPair(mentor=p.mentor, mentee=p.mentee, changeable=False) for p in kept),
        ]
        found = repair(
            program.definition,
            now.people,
            standing,
            background=now.background,
            apart=apart,
            changes=request.changes,
        )
        chosen = [
            *(Chosen(*p.two, fixed=True, comment=p.comment) for p in kept),
            *(Chosen(*pair.two) for pair in found.new),
        ]
        if not chosen and not waits:
            alone = len(now.without_a_partner())
            return NewPairs(proposal="", number=0, pairs=0, waiting=alone)
        free = now.free(without=found.parted)
        proposal = proposal_of(
            program.definition, free, chosen, background=now.background, apart=apart
        ).model_copy(
            update={"unmatched": found.unmatched, "parted": found.parted, "apart": taken_apart}
        )
        return self._new_pairs(request.program, now, proposal, request.now)

    @uninterrupted
    def settle_new_pairs(self, request: SettleRequest) -> NewPairs:
        """What of approved new pairs can be made now, and which pairs are parted for it.

        Since they were proposed somebody may have left, got another manager, or met the partner
        from whom they were to be parted.
        """
        with self._database.read() as session:
            program = programs.get(session, request.program)
            now = Standing(session, request.program)
            approved = proposals.proposal(session, request.proposal).proposal
        broken = rule_check(program.definition, now.background)
        possible = [
            pair.two
            for pair in approved.pairs
            if {pair.mentor, pair.mentee} <= now.people.keys()
            and frozenset(pair.two) not in now.never
            and not broken(now.people[pair.mentor], now.people[pair.mentee])
        ]
        settled = now.settled(approved, possible)
        pairs = tuple(p for p in approved.pairs if p.two in settled.new)
        proposal = approved.model_copy(update={"pairs": pairs, "parted": settled.parted})
        return self._new_pairs(request.program, now, proposal, request.now)

    def _new_pairs(
        self, program: str, standing: Standing, proposal: Proposal, now: datetime
    ) -> NewPairs:
        with self._database.write() as session:
            stored = proposals.save_proposal(session, program, proposal, "solver", now)
        parted = [p for p in standing.living if p.two in proposal.parted]
        return NewPairs(
            proposal=stored.id,
            number=stored.number,
            pairs=len(proposal.pairs),
            parted=tuple(pair.pair for pair in parted),
        )

    @uninterrupted
    def edit_matches(self, request: EditRequest) -> EditDone:
        """Carry out HR's edits of a proposal; what can't stand is refused with its reason, once."""
        with self._database.read() as session:
            program = programs.get(session, request.program)
            current = proposals.latest_proposal(session, request.program)
            edits = proposals.edits(session, request.program, request.draft)
            done = proposals.edits_outcome(session, request.program, request.draft)
            if current is not None and done is not None:  # done before, and our answer was lost
                return _done(current, done)
            if current is None or current.number != request.number:
                raise ApplicationError(
                    f"Proposal {request.number} is not the latest in the store. Was the store "
                    "restored from an older backup?",
                    type="UnknownProposal",
                    non_retryable=True,
                )
            begun = programs.count_pairs(session, request.program) > 0
            now = Standing(session, request.program)
        after = edited(
            program.definition,
            now.free(without=current.proposal.parted) if begun else now.people,
            current.proposal,
            edits.edits,
            background=now.background,
            never=now.never,
            without_room=now.people,
            solve=edits.solve,
        )
        if begun:
            after = now.without_stranding(program.definition, after)
        with self._database.write() as session:
            stored = proposals.save_proposal(
                session, request.program, after.proposal, "coordinator", request.now
            )
            outcome = EditsOutcome(
                number=stored.number,
                applied=after.applied,
                refused=after.refused,
                pairs=len(stored.proposal.pairs),
                unmatched=len(stored.proposal.unmatched),
            )
            proposals.close_edits(session, request.program, request.draft, outcome)
        return _done(stored, outcome)

    @uninterrupted
    def check_pairs(self, request: CheckPairs) -> BrokenPairs:
        """Find the pairs that a hard rule keeps apart now, each once for the same reason."""
        with self._database.read() as session:
            definition = programs.get(session, request.program).definition
            now = Standing(session, request.program)
        broken = rule_check(definition, now.background)
        depends = protection_check(definition, now.background)
        found: dict[str, str | None] = {}
        stop: set[str] = set()
        for pair in now.living:
            mentor, mentee = now.people[pair.mentor], now.people[pair.mentee]
            rules = broken(mentor, mentee)
            digest = hashlib.sha256("\n".join(rules).encode()).hexdigest()
            found[pair.pair] = digest if rules else None
            if depends(mentor, mentee):
                stop.add(pair.pair)
        with self._database.write() as session:
            new = proposals.newly_broken(session, request.program, found, request.now)
        return BrokenPairs(
            stop=tuple(pair for pair in new if pair in stop),
            tell=tuple(pair for pair in new if pair not in stop),
        )

    @uninterrupted
    def form_pairs(self, order: FormPairs) -> PairsFormed:
        """Make the pairs of an approved proposal and share them out among cohorts, once.

        With that, what people said they are has served its purpose.
        """
        with self._database.write() as session:
            chosen = proposals.proposal(session, order.proposal).proposal
            cohorts = programs.form_pairs(
                session, order.program, chosen, order.first_cohort, order.sessions
            )
            journal.append(session, order.program, order.events)
            identity.forget_matched(session, order.program, order.proposal)
            return PairsFormed(pairs=programs.count_pairs(session, order.program), cohorts=cohorts)

    @uninterrupted
    def pairs_of_cohort(self, ref: CohortRef) -> PairIds:
        """The pairs of one cohort."""
        with self._database.read() as session:
            return PairIds(pairs=tuple(programs.pairs_of_cohort(session, ref.program, ref.cohort)))


def _ref(stored: StoredProposal) -> ProposalRef:
    return ProposalRef(
        proposal=stored.id,
        number=stored.number,
        pairs=len(stored.proposal.pairs),
        unmatched=len(stored.proposal.unmatched),
    )


def _done(stored: StoredProposal, outcome: EditsOutcome) -> EditDone:
    return EditDone(proposal=_ref(stored), applied=outcome.applied, refused=len(outcome.refused))
