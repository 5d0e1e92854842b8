"""Who is matched, and that approved pairs are formed once."""

from __future__ import annotations

import pytest

from activities.signatures import CohortRef, FormPairs, MatchRequest
from domain.journal import EventKind, JournalEvent
from domain.people import Role
from domain.proposal import Proposal
from store import answers, programs, proposals
from store.tables import PairRow, ParticipantRow, ProposalRow
from tests.activities.conftest import NOW, Works
from tests.portal.scene import PROGRAM

APPROVED = JournalEvent(id="program#1", kind=EventKind.MATCHES_APPROVED, at=NOW)


def nobody_is_paired_yet(works: Works) -> None:
    """The scene has two pairs; here they have yet to be made. Seniority makes both possible."""
    for who, role in (("mia", Role.MENTOR), ("nils", Role.MENTOR)):
        works.change_profile(who, roles=[role.value], level="junior")
    for who in ("theo", "vera"):
        works.change_profile(who, level="director")
    with works.scene.database.write() as session:
        for pair in ("pair-1", "pair-2"):
            session.delete(session.get_one(PairRow, pair))


def propose(works: Works) -> Proposal:
    ref = works.matching.propose_matches(MatchRequest(program=PROGRAM, now=NOW))
    with works.scene.database.read() as session:
        return proposals.proposal(session, ref.proposal).proposal


def people_in(proposal: Proposal) -> set[str]:
    return {key for pair in proposal.pairs for key in (pair.mentor, pair.mentee)}


def form(works: Works) -> tuple[int, int]:
    order = FormPairs(program=PROGRAM, proposal=f"{PROGRAM}-1", events=(APPROVED,))
    formed = works.matching.form_pairs(order)
    return formed.pairs, formed.cohorts


def test_everybody_who_joined_is_matched(works: Works) -> None:
    nobody_is_paired_yet(works)
    assert people_in(propose(works)) == {"p-mia", "p-nils", "p-theo", "p-vera"}


def test_who_did_not_join_or_left_is_not_matched(works: Works) -> None:
    nobody_is_paired_yet(works)
    with works.scene.database.write() as session:
        session.get_one(ParticipantRow, (PROGRAM, "p-mia")).joined = False
        session.get_one(ParticipantRow, (PROGRAM, "p-theo")).joined = None
        answers.withdraw(session, PROGRAM, "p-vera")
    proposal = propose(works)
    assert proposal.pairs == ()
    assert [left.key for left in proposal.unmatched] == ["p-nils"]


def test_a_proposal_that_is_retried_is_the_same_proposal(works: Works) -> None:
    nobody_is_paired_yet(works)
    request = MatchRequest(program=PROGRAM, now=NOW)
    first = works.matching.propose_matches(request)
    assert works.matching.propose_matches(request) == first
    assert (first.number, first.pairs, first.unmatched) == (1, 2, 0)
    assert len(works.scene.rows(ProposalRow)) == 1


def test_nobody_joined_gives_an_empty_proposal(works: Works) -> None:
    nobody_is_paired_yet(works)
    with works.scene.database.write() as session:
        for row in session.query(ParticipantRow):
            row.joined = None
    ref = works.matching.propose_matches(MatchRequest(program=PROGRAM, now=NOW))
    assert (ref.pairs, ref.unmatched) == (0, 0)
    assert form(works) == (0, 0)


def test_pairs_formed_twice_are_formed_once(works: Works) -> None:
    nobody_is_paired_yet(works)
    propose(works)
    assert form(works) == form(works) == (2, 1)
    assert len(works.scene.rows(PairRow)) == 2
    assert works.scene.events().count("matches_approved") == 1
    ids = works.matching.pairs_of_cohort(CohortRef(program=PROGRAM, cohort=1)).pairs
    assert len(set(ids)) == 2


def test_a_pair_of_which_one_left_before_the_approval_is_not_made(works: Works) -> None:
    nobody_is_paired_yet(works)
    left = propose(works).pairs[0].mentor
    with works.scene.database.write() as session:
        answers.withdraw(session, PROGRAM, left)
    assert form(works) == (1, 1)
    with works.scene.database.read() as session:
        assert left not in programs.paired_people(session, PROGRAM)


def test_who_leaves_after_the_pairs_are_made_is_told_to_the_pair_and_stays_in_it(
    works: Works,
) -> None:
    nobody_is_paired_yet(works)
    left = propose(works).pairs[0].mentor
    form(works)
    with works.scene.database.write() as session:
        answers.withdraw(session, PROGRAM, left)
    assert form(works) == (2, 1)


def test_more_pairs_than_a_cohort_holds_are_shared_out(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "COHORT_SIZE", 1)
    nobody_is_paired_yet(works)
    propose(works)
    assert form(works) == (2, 2)
    for cohort in (1, 2):
        ref = CohortRef(program=PROGRAM, cohort=cohort)
        assert len(works.matching.pairs_of_cohort(ref).pairs) == 1
