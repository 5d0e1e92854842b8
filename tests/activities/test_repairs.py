"""New partners, HR's edits, and rules that come to be broken: the store's side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.signatures import (
    BrokenPairs,
    CheckPairs,
    EditDone,
    EditRequest,
    FormPairs,
    MatchRequest,
    NewPairs,
    ProgramMomentKind,
    RepairRequest,
    SettleRequest,
)
from domain.edits import Edit, EditKind, Edits, EditsOutcome
from domain.journal import EventKind, JournalEvent
from domain.people import Person, Role
from domain.proposal import Proposal
from store import answers, journal, programs, proposals
from store.tables import PairRow
from tests.activities.conftest import NOW, Works
from tests.portal.scene import PROGRAM

MIA, NILS, THEO, VERA = "p-mia", "p-nils", "p-theo", "p-vera"


@pytest.fixture
def two_pairs(works: Works) -> Works:
    """Mia teaches Theo, Nils teaches Vera; by seniority either mentor may teach either mentee."""
    for who in ("mia", "nils"):
        works.change_profile(who, level="junior", roles=["mentor"])
    for who in ("theo", "vera"):
        works.change_profile(who, level="director", roles=["mentee"])
    return works


def look(works: Works, changes: int = 0) -> NewPairs:
    request = RepairRequest(program=PROGRAM, now=NOW, changes=changes)
    return works.matching.propose_new_pairs(request)


def pairs_of(works: Works, found: NewPairs) -> list[tuple[str, str]]:
    with works.scene.database.read() as session:
        pairs = proposals.proposal(session, found.proposal).proposal.pairs
    return [(pair.mentor, pair.mentee) for pair in pairs]


def ended(works: Works, pair: str, kind: EventKind, **data: int | str) -> None:
    works.scene.happened(kind, pair=pair, **data)


def mia_leaves(works: Works) -> None:
    with works.scene.database.write() as session:
        answers.withdraw(session, PROGRAM, MIA)
        ending = JournalEvent(
            id="pair-1/end",
            kind=EventKind.PAIR_WITHDRAWN,
            at=NOW,
            pair="pair-1",
            role=Role.MENTOR,
        )
        journal.append(session, PROGRAM, [ending])


def test_while_all_pairs_live_there_is_nobody_to_match(two_pairs: Works) -> None:
    assert look(two_pairs).pairs == 0
    with two_pairs.scene.database.read() as session:
        assert proposals.latest_proposal(session, PROGRAM) is None  # nothing for HR to look at


def test_two_who_declined_are_not_put_together_again(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    assert look(two_pairs).pairs == 0


def test_those_left_behind_by_two_pairs_find_each_other(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    ended(two_pairs, "pair-2", EventKind.PAIR_DECLINED)
    assert pairs_of(two_pairs, look(two_pairs)) == [(MIA, VERA), (NILS, THEO)]


def test_a_pair_that_fell_silent_is_not_matched_anew(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    ended(two_pairs, "pair-2", EventKind.PAIR_CLOSED, reason="ladder")
    assert look(two_pairs).pairs == 0


def test_hr_can_have_a_pair_matched_anew(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_CLOSED, reason="rematch")
    ended(two_pairs, "pair-2", EventKind.PAIR_CLOSED, reason="rematch")
    assert pairs_of(two_pairs, look(two_pairs)) == [(MIA, VERA), (NILS, THEO)]


def test_other_pairs_are_parted_only_as_far_as_hr_allows(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    assert look(two_pairs, changes=0).parted == ()
    found = look(two_pairs, changes=1)
    assert pairs_of(two_pairs, found) == [(MIA, VERA), (NILS, THEO)]
    assert len(found.parted) == 1


def test_a_pair_that_has_met_is_never_parted(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    two_pairs.scene.happened(EventKind.SESSION_HELD, pair="pair-2", session=1)
    assert look(two_pairs, changes=5).pairs == 0


def test_the_reserve_list_is_asked_when_somebody_becomes_free(two_pairs: Works) -> None:
    with two_pairs.scene.database.write() as session:
        session.delete(session.get_one(PairRow, "pair-2"))
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    # Nils and Vera wait; Mia and Theo are free again.
    assert set(pairs_of(two_pairs, look(two_pairs))) == {(MIA, VERA), (NILS, THEO)}


def test_who_stays_behind_is_offered_who_waits(two_pairs: Works) -> None:
    with two_pairs.scene.database.write() as session:
        session.delete(session.get_one(PairRow, "pair-2"))
    mia_leaves(two_pairs)
    found = pairs_of(two_pairs, look(two_pairs))
    assert found in ([(NILS, THEO)], [(NILS, VERA)])  # one mentor for two who wait
    assert MIA not in {person for pair in found for person in pair}


def test_somebody_who_left_though_their_pair_has_yet_to_say_so_is_no_obstacle(
    two_pairs: Works,
) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    with two_pairs.scene.database.write() as session:
        answers.withdraw(session, PROGRAM, NILS)
    assert pairs_of(two_pairs, look(two_pairs)) == [(MIA, VERA)]


def settle(works: Works, found: NewPairs) -> NewPairs:
    request = SettleRequest(program=PROGRAM, proposal=found.proposal, now=NOW)
    settled = works.matching.settle_new_pairs(request)
    assert works.matching.settle_new_pairs(request).pairs == settled.pairs
    return settled


def test_new_pairs_are_made_as_approved_while_nothing_has_changed(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    found = look(two_pairs, changes=1)
    assert settle(two_pairs, found) == found


def test_a_pair_that_met_since_the_proposal_is_not_parted(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    found = look(two_pairs, changes=1)
    two_pairs.scene.happened(EventKind.SESSION_HELD, pair="pair-2", session=1)
    settled = settle(two_pairs, found)
    assert (settled.pairs, settled.parted) == (0, ())


def test_nobody_is_parted_for_somebody_who_left_since_the_proposal(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    found = look(two_pairs, changes=1)
    with two_pairs.scene.database.write() as session:
        answers.withdraw(session, PROGRAM, THEO)
    settled = settle(two_pairs, found)
    assert (settled.pairs, settled.parted) == (0, ())  # Nils would be alone


def test_who_reports_to_the_other_by_now_is_not_introduced(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    ended(two_pairs, "pair-2", EventKind.PAIR_DECLINED)
    found = look(two_pairs)
    reports_to(two_pairs, MIA, VERA)
    assert pairs_of(two_pairs, settle(two_pairs, found)) == [(NILS, THEO)]


def test_new_pairs_go_into_a_cohort_of_their_own(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    ended(two_pairs, "pair-2", EventKind.PAIR_DECLINED)
    found = look(two_pairs)
    order = FormPairs(program=PROGRAM, proposal=found.proposal, first_cohort=2, sessions=3)
    assert two_pairs.matching.form_pairs(order).cohorts == 1
    assert two_pairs.matching.form_pairs(order).cohorts == 1  # a second time changes nothing
    new = [row for row in two_pairs.scene.rows(PairRow) if isinstance(row, PairRow)]
    assert sorted((row.cohort, row.sessions) for row in new) == [(0, None)] * 2 + [(2, 3)] * 2


# --- HR's edits ----------------------------------------------------------------------------------


@pytest.fixture
def proposed(two_pairs: Works) -> Works:
    """The four have joined, and a proposal waits for HR."""
    with two_pairs.scene.database.write() as session:
        for pair in ("pair-1", "pair-2"):
            session.delete(session.get_one(PairRow, pair))
    two_pairs.matching.propose_matches(MatchRequest(program=PROGRAM, now=NOW))
    return two_pairs


def latest(works: Works) -> Proposal:
    with works.scene.database.read() as session:
        stored = proposals.latest_proposal(session, PROGRAM)
    assert stored is not None
    return stored.proposal


def edit(works: Works, *edits: Edit, number: int = 1) -> tuple[EditDone, EditsOutcome]:
    with works.scene.database.write() as session:
        given = Edits(edits=edits, solve=False, based_on=number)
        draft = proposals.save_edits(session, PROGRAM, given, NOW)
    request = EditRequest(program=PROGRAM, draft=draft, number=number, now=NOW)
    done = works.matching.edit_matches(request)
    assert works.matching.edit_matches(request) == done  # a retry finds it done
    with works.scene.database.read() as session:
        outcome = proposals.edits_outcome(session, PROGRAM, draft)
    assert outcome is not None
    return done, outcome


def test_an_edit_that_breaks_a_rule_is_refused_and_the_others_apply(proposed: Works) -> None:
    first, second = latest(proposed).pairs
    upside_down = (first.mentee, first.mentor)
    done, outcome = edit(
        proposed,
        Edit(
            row=2,
            kind=EditKind.ADD,
            before=(first.mentor, first.mentee),
            after=upside_down,
        ),
        Edit(row=3, kind=EditKind.DROP, before=(second.mentor, second.mentee)),
    )
    assert (done.applied, done.refused) == (1, 1)
    assert outcome.refused[0].row == 2
    kept = latest(proposed)
    assert [(p.mentor, p.mentee) for p in kept.pairs] == [(first.mentor, first.mentee)]
    assert done.proposal.number == 2


def test_what_hr_locked_is_marked(proposed: Works) -> None:
    first = latest(proposed).pairs[0]
    both = (first.mentor, first.mentee)
    edit(proposed, Edit(row=2, kind=EditKind.LOCK, before=both, after=both, comment="as agreed"))
    kept = latest(proposed).pairs[0]
    assert (kept.fixed, kept.comment) == (True, "as agreed")


def test_hr_can_t_put_together_two_whose_pair_ended_or_is_on_its_way(two_pairs: Works) -> None:
    with two_pairs.scene.database.write() as session:
        session.delete(session.get_one(PairRow, "pair-2"))
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    found = look(two_pairs)  # Mia with Vera, Nils with Theo
    again = Edit(row=9, kind=EditKind.ADD, after=(MIA, THEO))
    free = [
        Edit(row=2, kind=EditKind.DROP, before=(MIA, VERA)),
        Edit(row=3, kind=EditKind.DROP, before=(NILS, THEO)),
    ]
    _, outcome = edit(two_pairs, *free, again, number=found.number)
    assert [(no.row, no.reasons) for no in outcome.refused] == [(9, ("their pair has ended.",))]


def test_hr_can_t_leave_somebody_alone_by_dropping_half_of_an_exchange(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    found = look(two_pairs, changes=1)  # Nils and Vera are parted: Mia gets Vera, and Nils Theo
    drop = Edit(row=3, kind=EditKind.DROP, before=(NILS, THEO))
    _, outcome = edit(two_pairs, drop, number=found.number)
    assert [no.who for no in outcome.refused] == [(MIA, VERA)]
    assert (latest(two_pairs).pairs, latest(two_pairs).parted) == ((), ())


def test_what_hr_locked_among_new_pairs_outlives_the_next_search(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    ended(two_pairs, "pair-2", EventKind.PAIR_DECLINED)
    found = look(two_pairs)
    both = (MIA, VERA)
    lock = Edit(row=2, kind=EditKind.LOCK, before=both, after=both, comment="they asked for it")
    done, _ = edit(two_pairs, lock, number=found.number)
    request = RepairRequest(program=PROGRAM, now=NOW, changes=0, pending=done.proposal.proposal)
    two_pairs.matching.propose_new_pairs(request)
    kept = {(p.mentor, p.mentee): p for p in latest(two_pairs).pairs}
    assert kept[both].fixed
    assert kept[both].comment == "they asked for it"
    assert (NILS, THEO) in kept


# --- Rules that come to be broken ----------------------------------------------------------------


def reports_to(works: Works, person: str, manager: str) -> None:
    with works.scene.database.read() as session:
        people = programs.participants(session, PROGRAM)
    boss = next(p.person.reference for p in people if p.id == manager)
    works.change_profile(person.removeprefix("p-"), manager=boss)


def check(works: Works, after: timedelta = timedelta(0)) -> BrokenPairs:
    return works.matching.check_pairs(CheckPairs(program=PROGRAM, now=NOW + after))


def test_hr_hears_of_a_broken_rule_once_and_again_when_another_one_breaks(
    two_pairs: Works,
) -> None:
    reports_to(two_pairs, MIA, THEO)
    assert check(two_pairs).stop == ("pair-1",)
    assert check(two_pairs).stop == ("pair-1",)  # the same check, tried again
    assert check(two_pairs, timedelta(days=1)).stop == ()  # HR knows, and may have resumed it
    two_pairs.change_profile("mia", level="director")
    assert check(two_pairs, timedelta(days=2)).stop == ("pair-1",)
    two_pairs.change_profile("mia", level="junior", manager=None)
    assert check(two_pairs, timedelta(days=3)).stop == ()
    reports_to(two_pairs, MIA, THEO)
    assert check(two_pairs, timedelta(days=4)).stop == ("pair-1",)


def test_a_mentor_whose_new_manager_reports_to_the_mentee_stops_the_pair(
    two_pairs: Works,
) -> None:
    with two_pairs.scene.database.read() as session:
        everybody = [p.person for p in programs.participants(session, PROGRAM)]
    boss = Person(reference="9", name="New", email="new@example.com", roles=(), manager="p-theo")
    mia = next(person for person in everybody if person.reference == MIA)
    others = [person for person in everybody if person.reference != MIA]
    newer = [mia.model_copy(update={"manager": "9"}), *others, boss]
    with two_pairs.scene.database.write() as session:
        assert programs.update_people(session, PROGRAM, newer).strangers == 1
    assert check(two_pairs).stop == ("pair-1",)
    with two_pairs.scene.database.read() as session:
        new = programs.participant_by_reference(session, PROGRAM, "9")
    assert new is not None
    assert not new.takes_part


def test_the_coordinator_hears_for_whom_there_is_nobody(two_pairs: Works) -> None:
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    assert look(two_pairs).waiting == 2
    two_pairs.of_program(ProgramMomentKind.NOBODY_FOUND)
    [letter] = two_pairs.post.mails()
    assert "no other partner yet for 2 people" in letter.subject
    assert "Mia Example" in letter.text
    assert "Theo Example" in letter.text
    assert "Nils Example" not in letter.text


def test_a_mentor_who_now_reports_to_the_mentee_stops_the_pair(two_pairs: Works) -> None:
    assert check(two_pairs).stop == ()
    reports_to(two_pairs, MIA, THEO)
    found = check(two_pairs)
    assert (found.stop, found.tell) == (("pair-1",), ())


def test_a_promotion_is_told_and_stops_nobody(two_pairs: Works) -> None:
    two_pairs.change_profile("mia", level="director")
    found = check(two_pairs)
    assert (found.stop, found.tell) == ((), ("pair-1",))


def test_a_pair_that_is_over_is_not_checked(two_pairs: Works) -> None:
    reports_to(two_pairs, MIA, THEO)
    ended(two_pairs, "pair-1", EventKind.PAIR_DECLINED)
    assert check(two_pairs).stop == ()


def test_the_coordinator_reads_which_rule_and_what_to_do(two_pairs: Works) -> None:
    reports_to(two_pairs, MIA, THEO)
    two_pairs.of_program(ProgramMomentKind.RULES_BROKEN, pairs=("pair-1",))
    [letter] = two_pairs.post.mails()
    text = letter.text
    assert "Mia Example" in text
    assert "Theo Example" in text
    assert "line of managers" in text
    assert "Paused" in text
    assert f"python starter.py pair {PROGRAM} PAIR rematch" in text


# --- A newer people file -------------------------------------------------------------------------


def test_a_newer_people_file_changes_what_is_known_of_people(two_pairs: Works) -> None:
    with two_pairs.scene.database.read() as session:
        everybody = [p.person for p in programs.participants(session, PROGRAM)]
    mia = next(person for person in everybody if person.name == "Mia Example")
    promoted = mia.model_copy(update={"level": "senior", "email": "mia.new@example.com"})
    stranger = Person(reference="9", name="New Example", email="new@example.com", roles=())
    others = [person for person in everybody if person.name not in ("Mia Example", "Vera Example")]
    with two_pairs.scene.database.write() as session:
        update = programs.update_people(session, PROGRAM, [promoted, *others, stranger])
    vera = next(person for person in everybody if person.name == "Vera Example")
    assert (update.changed, update.missing, update.strangers) == (1, (vera.reference,), 1)
    with two_pairs.scene.database.read() as session:
        now = programs.participant(session, PROGRAM, MIA)
    assert now is not None
    assert now.person == promoted
