"""Matching the people who joined, carrying out HR's edits, and finding new partners on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session
from temporalio import activity
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
    ProposalRef,
    RepairRequest,
)
from domain.editing import edited
from domain.edits import EditsOutcome
from domain.matching import match, proposal_of, rule_check
from domain.people import Person
from domain.proposal import Chosen
from domain.protection import protection_check
from domain.repairing import StandingPair, repair
from store import journal, programs, proposals
from store.database import Database
from store.programs import Participant, Program
from store.proposals import Paired, StoredProposal


class Matching:
    """Everything about who meets whom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    def propose_matches(self, request: MatchRequest) -> ProposalRef:
        """Match the people who joined and store the proposal."""
        with self._database.read() as session:
            program = programs.get(session, request.program)
            background = proposals.background(session, request.program)
            people = _taking_part(programs.participants(session, request.program))
        proposal = match(program.definition, people, background=background)
        with self._database.write() as session:
            stored = proposals.save_proposal(
                session, request.program, proposal, "solver", request.now
            )
        return _ref(stored)

    @activity.defn
    def propose_new_pairs(self, request: RepairRequest) -> NewPairs:
        """Look for new partners for those who lost theirs, and store the proposal."""
        with self._database.read() as session:
            program = programs.get(session, request.program)
            background = proposals.background(session, request.program)
            ground = _Standing(session, request.program)
            latest = proposals.latest_proposal(session, request.program)
        apart = (*ground.apart, *(latest.proposal.apart if latest is not None else ()))
        found = repair(
            program.definition,
            ground.people,
            [
                StandingPair(mentor=p.mentor, mentee=p.mentee, changeable=not p.has_met)
                for p in ground.living
            ],
            background=background,
            apart=apart,
            changes=request.changes,
        )
        if not found.new:
            return NewPairs(proposal="", number=0, pairs=0)
        proposal = proposal_of(
            program.definition,
            ground.free(without=found.parted),
            [Chosen(pair.mentor, pair.mentee) for pair in found.new],
            background=background,
            apart=apart,
        )
        proposal = proposal.model_copy(
            update={
                "unmatched": found.unmatched,
                "parted": found.parted,
                "apart": tuple(dict.fromkeys(apart)),
            }
        )
        with self._database.write() as session:
            stored = proposals.save_proposal(
                session, request.program, proposal, "solver", request.now
            )
        return NewPairs(
            proposal=stored.id,
            number=stored.number,
            pairs=len(found.new),
            parted=tuple(
                pair.pair for pair in ground.living if (pair.mentor, pair.mentee) in found.parted
            ),
        )

    @activity.defn
    def edit_matches(self, request: EditRequest) -> EditDone:
        """Carry out HR's edits of a proposal; what can't stand is refused with its reason, once."""
        with self._database.read() as session:
            program = programs.get(session, request.program)
            current = proposals.latest_proposal(session, request.program)
            edits = proposals.edits(session, request.program, request.draft)
            done = proposals.edits_outcome(session, request.program, request.draft)
            if current is None:
                raise ApplicationError(
                    "The proposal is not in the store. Was the store restored from an older "
                    "backup? Tried again until it is there.",
                    type="UnknownProposal",
                )
            if done is not None:  # we did it before, and our answer was lost
                return _done(current, done)
            people = _can_be_paired(session, program, current)
            background = proposals.background(session, request.program)
        after = edited(
            program.definition,
            people,
            current.proposal,
            edits.edits,
            background=background,
            solve=edits.solve,
        )
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

    @activity.defn
    def check_pairs(self, request: CheckPairs) -> BrokenPairs:
        """Find the pairs that a hard rule keeps apart now."""
        with self._database.read() as session:
            program = programs.get(session, request.program)
            background = proposals.background(session, request.program)
            ground = _Standing(session, request.program)
        definition = program.definition
        everything = rule_check(definition, background)
        depends = protection_check(definition, background)
        stop: list[str] = []
        tell: list[str] = []
        for pair in ground.living:
            mentor, mentee = ground.everybody[pair.mentor], ground.everybody[pair.mentee]
            if depends(mentor.person, mentee.person):
                stop.append(pair.pair)
            elif everything(mentor.person, mentee.person):
                tell.append(pair.pair)
        return BrokenPairs(stop=tuple(stop), tell=tuple(tell))

    @activity.defn
    def form_pairs(self, order: FormPairs) -> PairsFormed:
        """Make the pairs of an approved proposal and share them out among cohorts, once."""
        with self._database.write() as session:
            chosen = proposals.proposal(session, order.proposal).proposal
            cohorts = programs.form_pairs(
                session, order.program, chosen, order.first_cohort, order.sessions
            )
            journal.append(session, order.program, order.events)
            return PairsFormed(pairs=programs.count_pairs(session, order.program), cohorts=cohorts)

    @activity.defn
    def pairs_of_cohort(self, ref: CohortRef) -> PairIds:
        """The pairs of one cohort."""
        with self._database.read() as session:
            return PairIds(pairs=tuple(programs.pairs_of_cohort(session, ref.program, ref.cohort)))


class _Standing:
    """A program on its way: the pairs that live, and who is free for another."""

    def __init__(self, session: Session, program: str) -> None:
        self.everybody = {p.id: p for p in programs.participants(session, program)}
        pairs = proposals.pairs_for_matching(session, program)
        self.living = [pair for pair in pairs if not pair.is_over]
        self.apart = [(pair.mentor, pair.mentee) for pair in pairs if pair.is_over]
        ended = {key for pair in pairs if pair.is_over for key in (pair.mentor, pair.mentee)}
        free_again = {key for pair in pairs for key in pair.may_match_anew}
        in_a_pair = _in(self.living)
        self.people = {
            key: person
            for key, person in _taking_part(self.everybody.values()).items()
            if key in in_a_pair or key in free_again or key not in ended
        }
        """Who is in a living pair, waits for the first, or is free again."""

    def free(self, without: Iterable[tuple[str, str]]) -> Mapping[str, Person]:
        """Who has room for another pair once some are parted, each with the places left."""
        parted = set(without)
        taken: dict[str, int] = {}
        for pair in self.living:
            if (pair.mentor, pair.mentee) not in parted:
                for key in (pair.mentor, pair.mentee):
                    taken[key] = taken.get(key, 0) + 1
        return {
            key: person.model_copy(update={"capacity": person.capacity - taken.get(key, 0)})
            for key, person in self.people.items()
            if person.capacity > taken.get(key, 0)
        }


def _can_be_paired(
    session: Session, program: Program, current: StoredProposal
) -> Mapping[str, Person]:
    if not programs.count_pairs(session, program.id):
        return _taking_part(programs.participants(session, program.id))
    return _Standing(session, program.id).free(without=current.proposal.parted)


def _in(pairs: Iterable[Paired]) -> set[str]:
    return {key for pair in pairs for key in (pair.mentor, pair.mentee)}


def _taking_part(everybody: Iterable[Participant]) -> dict[str, Person]:
    return {p.id: p.person for p in everybody if p.takes_part}


def _ref(stored: StoredProposal) -> ProposalRef:
    return ProposalRef(
        proposal=stored.id,
        number=stored.number,
        pairs=len(stored.proposal.pairs),
        unmatched=len(stored.proposal.unmatched),
    )


def _done(stored: StoredProposal, outcome: EditsOutcome) -> EditDone:
    return EditDone(proposal=_ref(stored), applied=outcome.applied, refused=len(outcome.refused))
