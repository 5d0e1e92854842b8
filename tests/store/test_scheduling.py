"""Finding a date for a session: times proposed, picked, moved and called off, by two at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from domain.deeds import Deed, DeedKind
from domain.journal import EventKind
from domain.people import Role
from store import answers, journal, outbox
from store.answers import AlreadyHeld, Outdated, TooLate
from store.database import Database
from store.links import Link, Purpose
from store.tables import AnswerRow, OutboxRow, SessionRow
from tests.portal.scene import EXPIRES, PROGRAM, Scene, fill

MONDAY = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


@pytest.fixture
def scene(database: Database) -> Scene:
    """An example program, on SQLite and on PostgreSQL."""
    return fill(database)


@pytest.fixture
def session(scene: Scene) -> Iterator[Session]:
    with scene.database.write() as open_session:
        yield open_session


def link(purpose: Purpose = Purpose.BOOK, person: str = "p-mia") -> Link:
    return Link(
        purpose=purpose, program=PROGRAM, person=person, pair="pair-1", session=1, expires=EXPIRES
    )


MIA, THEO = link(), link(person="p-theo")


def deeds(session: Session) -> list[Deed]:
    session.flush()
    return [Deed.model_validate(row.argument) for row in outbox.pending(session, 100)]


def events(session: Session) -> list[str]:
    session.flush()
    return [event.kind.value for _, event in journal.read(session, PROGRAM)][1:]


def row_of(session: Session) -> SessionRow:
    session.flush()
    return session.get_one(SessionRow, ("pair-1", 1))


# --- Proposing and picking -----------------------------------------------------------------------


def test_a_proposal_waits_for_the_partner_and_is_told(session: Session) -> None:
    assert answers.propose_times(session, MIA, [MONDAY, TUESDAY], "Room 1")
    assert not answers.propose_times(session, MIA, [MONDAY, TUESDAY], "Room 1")
    row = row_of(session)
    assert answers.proposed_times(row) == (MONDAY, TUESDAY)
    assert (row.proposal, row.proposed_by, row.booked_for) == (1, "mentor", None)
    assert events(session) == [EventKind.SESSION_PROPOSED]
    (deed,) = deeds(session)
    assert (deed.kind, deed.role) == (DeedKind.SESSION_PROPOSED, Role.MENTOR)
    assert (deed.session, deed.proposal) == (1, 1)


def test_picking_books_by_whom_it_was_picked(session: Session) -> None:
    answers.propose_times(session, MIA, [MONDAY, TUESDAY], "Room 1")
    assert answers.pick_time(session, THEO, 1, 1)
    assert not answers.pick_time(session, THEO, 1, 1)
    row = row_of(session)
    assert (row.booked_for, row.place, row.sequence) == (TUESDAY, "Room 1", 0)
    assert answers.proposed_times(row) == ()
    assert events(session) == [EventKind.SESSION_PROPOSED, EventKind.SESSION_BOOKED]
    booked = deeds(session)[-1]
    assert (booked.kind, booked.role) == (DeedKind.SESSION_BOOKED, Role.MENTEE)
    assert (booked.booked_for, booked.booking) == (TUESDAY, 0)


def test_nobody_picks_their_own_times_or_one_that_is_not_there(session: Session) -> None:
    answers.propose_times(session, MIA, [MONDAY], None)
    for who, proposal, index in ((MIA, 1, 0), (THEO, 1, 1), (THEO, 0, 0), (THEO, 2, 0)):
        with pytest.raises(Outdated):
            answers.pick_time(session, who, proposal, index)
    assert row_of(session).booked_for is None


def test_other_times_swap_who_picks(session: Session) -> None:
    answers.propose_times(session, MIA, [MONDAY], "Room 1")
    assert answers.propose_times(session, THEO, [WEDNESDAY], "Café", seen=1)
    with pytest.raises(Outdated):
        answers.pick_time(session, THEO, 1, 0)
    assert answers.pick_time(session, MIA, 2, 0)
    assert (row_of(session).booked_for, row_of(session).place) == (WEDNESDAY, "Café")


def test_who_proposes_without_having_seen_the_partners_times_is_shown_them_first(
    session: Session,
) -> None:
    answers.propose_times(session, MIA, [MONDAY], None, seen=0)
    with pytest.raises(Outdated):
        answers.propose_times(session, THEO, [TUESDAY], None, seen=0)
    assert answers.propose_times(session, MIA, [WEDNESDAY], None, seen=0)
    assert row_of(session).proposal == 2


def test_the_old_date_stays_until_a_new_one_is_picked(session: Session) -> None:
    answers.book_session(session, MIA, MONDAY, "Room 1")
    assert not answers.was_moved(session, "pair-1", 1)
    answers.propose_times(session, THEO, [TUESDAY, WEDNESDAY], "Room 1")
    assert row_of(session).booked_for == MONDAY
    answers.pick_time(session, MIA, 1, 0)
    assert (row_of(session).booked_for, row_of(session).sequence) == (TUESDAY, 1)
    assert answers.was_moved(session, "pair-1", 1)


def test_a_date_that_is_agreed_directly_ends_the_waiting(session: Session) -> None:
    answers.propose_times(session, MIA, [MONDAY], None)
    assert answers.book_session(session, THEO, WEDNESDAY, None)
    with pytest.raises(Outdated):
        answers.pick_time(session, THEO, 1, 0)
    assert row_of(session).booked_for == WEDNESDAY


def test_a_proposal_has_one_to_three_times(session: Session) -> None:
    for times in ([], [MONDAY + timedelta(hours=n) for n in range(4)]):
        with pytest.raises(ValueError, match="1 to 3"):
            answers.propose_times(session, MIA, times, None)


def test_a_session_that_was_held_is_not_scheduled_any_more(session: Session) -> None:
    answers.propose_times(session, MIA, [MONDAY], None)
    answers.log_session(session, THEO, held=True)
    assert answers.proposed_times(row_of(session)) == ()
    with pytest.raises(AlreadyHeld):
        answers.propose_times(session, MIA, [TUESDAY], None)
    with pytest.raises(AlreadyHeld):
        answers.pick_time(session, THEO, 1, 0)
    with pytest.raises(AlreadyHeld):
        answers.cancel_session(session, MIA, 0, None)


def test_a_session_that_was_never_booked_can_have_been_held(session: Session) -> None:
    assert answers.log_session(session, MIA, held=True)
    assert events(session) == [EventKind.SESSION_HELD]


# --- Calling off ---------------------------------------------------------------------------------


def test_a_session_that_is_called_off_has_no_date_and_a_higher_sequence(session: Session) -> None:
    answers.book_session(session, MIA, MONDAY, "Room 1")
    assert answers.cancel_session(session, THEO, 0, "My train is late")
    row = row_of(session)
    assert (row.booked_for, row.place, row.sequence, row.cancelled) == (None, None, 1, 1)
    assert events(session) == [EventKind.SESSION_BOOKED, EventKind.SESSION_CANCELLED]
    deed = deeds(session)[-1]
    assert (deed.kind, deed.role) == (DeedKind.SESSION_CANCELLED, Role.MENTEE)
    assert (deed.session, deed.booking) == (1, 0)
    off = answers.called_off(session, "pair-1", 1)
    assert off is not None
    assert (off.by, off.booked_for, off.place, off.sequence) == (Role.MENTEE, MONDAY, "Room 1", 1)
    assert off.words == "My train is late"


def test_the_sequence_rises_through_all_that_can_happen_to_a_date(session: Session) -> None:
    seen = []

    def note() -> None:
        seen.append(row_of(session).sequence)

    answers.propose_times(session, MIA, [MONDAY], None)
    answers.pick_time(session, THEO, 1, 0)
    note()
    answers.book_session(session, MIA, TUESDAY, "Café")
    note()
    answers.cancel_session(session, MIA, seen[-1], None)
    note()
    answers.propose_times(session, THEO, [WEDNESDAY], None)
    answers.pick_time(session, MIA, 2, 0)
    note()
    answers.cancel_session(session, THEO, seen[-1], None)
    note()
    answers.book_session(session, MIA, MONDAY, None)
    note()
    assert seen == [0, 1, 2, 3, 4, 5]
    assert row_of(session).cancelled == 2
    off = answers.called_off(session, "pair-1", 1)
    assert off is not None
    assert (off.by, off.sequence) == (Role.MENTEE, 4)
    assert not answers.was_moved(session, "pair-1", 1)
    bookings = [d.booking for d in deeds(session) if d.kind is DeedKind.SESSION_BOOKED]
    assert bookings == [0, 1, 3, 5]


def test_only_the_date_that_was_shown_is_called_off(session: Session) -> None:
    answers.book_session(session, MIA, MONDAY, None)
    answers.book_session(session, THEO, TUESDAY, None)
    with pytest.raises(Outdated):
        answers.cancel_session(session, MIA, 0, "Sorry")
    assert row_of(session).booked_for == TUESDAY
    assert answers.called_off(session, "pair-1", 1) is None


def test_times_go_on_waiting_when_the_old_date_is_called_off(session: Session) -> None:
    answers.book_session(session, MIA, MONDAY, None)
    answers.propose_times(session, MIA, [TUESDAY], None)
    answers.cancel_session(session, THEO, 0, None)
    assert answers.pick_time(session, THEO, 1, 0)
    assert row_of(session).booked_for == TUESDAY


def test_a_session_without_a_date_can_not_be_called_off(session: Session) -> None:
    assert not answers.cancel_session(session, MIA, 0, None)
    assert events(session) == []


# --- Words ---------------------------------------------------------------------------------------


def test_words_reach_no_workflow_and_no_journal(session: Session) -> None:
    secret = "What I would never say in the open"
    answers.propose_times(session, MIA, [MONDAY], secret)
    answers.pick_time(session, THEO, 1, 0)
    answers.cancel_session(session, THEO, 0, secret)
    answers.write_note(session, link(Purpose.SESSION), secret)
    session.flush()
    assert secret not in str([row.argument for row in outbox.pending(session, 99)])
    assert secret not in str(journal.read(session, PROGRAM))


def test_a_note_is_the_writers_own_and_no_sign_of_life(session: Session) -> None:
    log = link(Purpose.SESSION)
    answers.log_session(session, log, held=True)
    before = (events(session), len(deeds(session)))
    assert answers.write_note(session, log, "Ask about the budget")
    assert not answers.write_note(session, log, "Ask about the budget")
    session.flush()
    assert (events(session), len(deeds(session))) == before
    assert answers.note_of(session, PROGRAM, "pair-1", "p-mia", 1) == "Ask about the budget"
    assert answers.note_of(session, PROGRAM, "pair-1", "p-theo", 1) == ""
    assert answers.write_note(session, log, "")
    session.flush()
    assert answers.note_of(session, PROGRAM, "pair-1", "p-mia", 1) == ""


# --- Both at once --------------------------------------------------------------------------------


def attempt(scene: Scene, deed: Callable[[Session], bool]) -> str:
    """What came of a deed in a transaction of its own."""
    try:
        with scene.database.write() as session:
            return "done" if deed(session) else "nothing new"
    except (Outdated, AlreadyHeld, TooLate) as error:
        return type(error).__name__


def at_once(scene: Scene, *all_deeds: Callable[[Session], bool]) -> list[str]:
    with ThreadPoolExecutor(len(all_deeds)) as threads:
        return list(threads.map(lambda deed: attempt(scene, deed), all_deeds))


@pytest.mark.parametrize("_again", range(4))
def test_a_pick_while_other_times_are_proposed_books_what_was_picked_or_nothing(
    scene: Scene, _again: int
) -> None:
    with scene.database.write() as session:
        answers.propose_times(session, MIA, [MONDAY, TUESDAY], None)
    outcome = at_once(
        scene,
        lambda s: answers.pick_time(s, THEO, 1, 0),
        lambda s: answers.propose_times(s, MIA, [WEDNESDAY], None, seen=1),
    )
    with scene.database.read() as session:
        row = session.get_one(SessionRow, ("pair-1", 1))
        if outcome[0] == "done":
            assert row.booked_for == MONDAY
        else:
            assert outcome == ["Outdated", "done"]
            assert row.booked_for is None
            assert answers.proposed_times(row) == (WEDNESDAY,)


@pytest.mark.parametrize("_again", range(4))
def test_a_date_that_is_called_off_while_another_is_picked_is_never_the_other_one(
    scene: Scene, _again: int
) -> None:
    with scene.database.write() as session:
        answers.book_session(session, MIA, MONDAY, None)
        session.flush()
        answers.propose_times(session, MIA, [WEDNESDAY], None)
    outcome = at_once(
        scene,
        lambda s: answers.pick_time(s, THEO, 1, 0),
        lambda s: answers.cancel_session(s, MIA, 0, None),
    )
    with scene.database.read() as session:
        row = session.get_one(SessionRow, ("pair-1", 1))
        assert outcome in (["done", "Outdated"], ["done", "done"])
        assert row.booked_for == WEDNESDAY
        assert row.sequence == (2 if outcome[1] == "done" else 1)


def test_both_call_off_at_once_and_it_is_called_off_once(scene: Scene) -> None:
    with scene.database.write() as session:
        answers.book_session(session, MIA, MONDAY, None)
    outcome = at_once(
        scene,
        *(lambda s, who=who: answers.cancel_session(s, who, 0, "Sorry") for who in (MIA, THEO) * 3),
    )
    assert sorted(outcome) == ["done", *["nothing new"] * 5]
    (row,) = scene.rows(SessionRow)
    assert isinstance(row, SessionRow)
    assert (row.cancelled, row.sequence) == (1, 1)
    assert len(scene.rows(OutboxRow)) == 2
    assert len(scene.rows(AnswerRow)) == 1


def test_both_propose_at_once_and_the_second_sees_the_first(scene: Scene) -> None:
    outcome = at_once(
        scene,
        lambda s: answers.propose_times(s, MIA, [MONDAY], None, seen=0),
        lambda s: answers.propose_times(s, THEO, [TUESDAY], None, seen=0),
    )
    assert sorted(outcome) == ["Outdated", "done"]


def test_eight_clicks_on_one_time_book_it_once(scene: Scene) -> None:
    with scene.database.write() as session:
        answers.propose_times(session, MIA, [MONDAY], None)
    outcome = at_once(scene, *[lambda s: answers.pick_time(s, THEO, 1, 0)] * 8)
    assert sorted(outcome) == ["done", *["nothing new"] * 7]
    assert scene.events()[1:] == ["session_proposed", "session_booked"]


def test_nothing_is_scheduled_once_the_pair_has_ended(scene: Scene) -> None:
    with scene.database.write() as session:
        answers.propose_times(session, MIA, [MONDAY], None)
    scene.happened(EventKind.PAIR_CLOSED)
    assert (
        at_once(
            scene,
            lambda s: answers.pick_time(s, THEO, 1, 0),
            lambda s: answers.propose_times(s, THEO, [MONDAY], None),
            lambda s: answers.cancel_session(s, THEO, 0, None),
        )
        == ["TooLate"] * 3
    )
