"""What matching knows of earlier programs, and of pairs that ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from domain.edits import Edit, EditKind, Edits, EditsOutcome, Refusal
from domain.journal import EventKind, JournalEvent
from domain.people import Role
from store import journal, programs, proposals
from store.database import Database
from store.tables import ParticipantRow
from tests.store.test_programs import NOW, enter, entrant, ids, proposal_of

EARLIER, NOW_RUNNING = "earlier", "example"


@pytest.fixture
def two_programs(database: Database) -> dict[str, str]:
    """Five people in an earlier program, of whom 1 and 2 were a pair; the same five and a sixth in
    this one. Person 5 said no to the earlier one. Gives our ids by reference."""
    earlier = [entrant(number) for number in range(1, 6)]
    enter(database, *earlier, slug=EARLIER)
    enter(database, *earlier, entrant(6), slug=NOW_RUNNING)
    known = ids(database)
    with database.write() as session:
        for slug, who in ((EARLIER, range(1, 5)), (NOW_RUNNING, range(1, 7))):
            for number in who:
                join(session, slug, known[f"{number:05}"], number)
        session.get_one(ParticipantRow, (EARLIER, known["00005"])).joined = False
        programs.form_pairs(session, EARLIER, proposal_of((known["00001"], known["00002"])))
    return known


def join(session: Session, slug: str, person: str, day: int) -> None:
    row = session.get_one(ParticipantRow, (slug, person))
    row.joined, row.answered_at = True, NOW + timedelta(days=day)


def test_who_was_a_pair_before_is_known_by_reference(
    database: Database, two_programs: dict[str, str]
) -> None:
    with database.read() as session:
        assert proposals.background(session, NOW_RUNNING).met == {("00001", "00002")}
        assert proposals.background(session, EARLIER).met == set()


def test_who_said_yes_and_found_nobody_is_known_and_who_said_no_is_not(
    database: Database, two_programs: dict[str, str]
) -> None:
    with database.read() as session:
        found = proposals.background(session, NOW_RUNNING).left_over
    assert found == {two_programs["00003"]: 1, two_programs["00004"]: 1}


def test_who_left_the_earlier_program_did_not_wait_in_it(
    database: Database, two_programs: dict[str, str]
) -> None:
    with database.write() as session:
        session.get_one(ParticipantRow, (EARLIER, two_programs["00003"])).withdrew_at = NOW
    with database.read() as session:
        found = proposals.background(session, NOW_RUNNING).left_over
    assert found == {two_programs["00004"]: 1}


def test_a_program_that_made_no_pairs_left_nobody_over(database: Database) -> None:
    enter(database, entrant(1), slug=EARLIER)
    enter(database, entrant(1))
    known = ids(database)
    with database.write() as session:
        join(session, EARLIER, known["00001"], 1)
        join(session, NOW_RUNNING, known["00001"], 2)
    with database.read() as session:
        background = proposals.background(session, NOW_RUNNING)
    assert background.left_over == {}
    assert background.said_yes == {known["00001"]: NOW + timedelta(days=2)}


@pytest.mark.parametrize(
    ("kind", "left_by", "reason", "free"),
    [
        (EventKind.PAIR_DECLINED, Role.MENTOR, None, {"mentor", "mentee"}),
        (EventKind.PAIR_WITHDRAWN, Role.MENTOR, None, {"mentee"}),
        (EventKind.PAIR_WITHDRAWN, Role.MENTEE, None, {"mentor"}),
        (EventKind.PAIR_CLOSED, None, "rematch", {"mentor", "mentee"}),
        (EventKind.PAIR_CLOSED, None, "ladder", set()),
        (EventKind.PAIR_CLOSED, None, "coordinator", set()),
        (EventKind.PAIR_COMPLETED, None, None, set()),
    ],
)
def test_who_is_free_for_another_partner_follows_from_how_the_pair_ended(
    database: Database,
    two_programs: dict[str, str],
    kind: EventKind,
    left_by: Role | None,
    reason: str | None,
    free: set[str],
) -> None:
    mentor, mentee = two_programs["00001"], two_programs["00002"]
    pair = programs.pair_id(EARLIER, mentor, mentee)
    with database.read() as session:
        [living] = proposals.pairs_for_matching(session, EARLIER)
    assert (living.is_over, living.has_met, living.may_match_anew) == (False, False, ())
    ended = JournalEvent(
        id="end",
        kind=kind,
        at=NOW,
        pair=pair,
        role=left_by,
        data={"reason": reason} if reason else {},
    )
    with database.write() as session:
        journal.append(session, EARLIER, [ended])
    with database.read() as session:
        [over] = proposals.pairs_for_matching(session, EARLIER)
    assert over.is_over
    assert set(over.may_match_anew) == {{"mentor": mentor, "mentee": mentee}[one] for one in free}


def test_two_who_have_a_date_have_met(database: Database, two_programs: dict[str, str]) -> None:
    pair = programs.pair_id(EARLIER, two_programs["00001"], two_programs["00002"])
    booked = JournalEvent(
        id="booked", kind=EventKind.SESSION_BOOKED, at=NOW, pair=pair, data={"session": 1}
    )
    with database.write() as session:
        journal.append(session, EARLIER, [booked])
    with database.read() as session:
        [found] = proposals.pairs_for_matching(session, EARLIER)
    assert found.has_met


def test_edits_wait_for_their_outcome(database: Database) -> None:
    enter(database)
    edit = Edit(row=2, kind=EditKind.DROP, before=("a", "b"), comment="too close")
    edits = Edits(edits=(edit,), solve=False, based_on=1)
    refused = Refusal(row=2, who=("a", "b"), reasons=("no.",))
    outcome = EditsOutcome(number=2, applied=0, refused=(refused,), pairs=1, unmatched=0)
    with database.write() as session:
        draft = proposals.save_edits(session, "example", edits, NOW)
        assert proposals.edits(session, "example", draft) == edits
        assert proposals.edits_outcome(session, "example", draft) is None
        proposals.close_edits(session, "example", draft, outcome)
    with database.read() as session:
        assert proposals.edits_outcome(session, "example", draft) == outcome
        with pytest.raises(KeyError):
            proposals.edits(session, "other", draft)
