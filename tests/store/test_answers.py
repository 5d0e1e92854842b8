"""What people do is recorded once, in one piece, and told to the pair's workflow once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from domain.deeds import Deed, DeedKind, Wish
from domain.goals import Goal
from domain.ids import pair_workflow_id
from domain.journal import EventKind, JournalEvent
from domain.people import Preferences, Role
from store import answers, outbox
from store.answers import AlreadyHeld, TooLate
from store.database import Database
from store.lateness import PAIR_ENDINGS, PROGRAM_ENDINGS
from store.links import Link, Purpose
from store.outbox import Outcome
from store.tables import AnswerRow, OutboxRow, PairRow, ParticipantRow, SessionRow
from tests.portal.scene import EXPIRES, PROGRAM, Scene, fill

TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


@pytest.fixture
def scene(database: Database) -> Scene:
    """An example program, on SQLite and on PostgreSQL."""
    return fill(database)


@pytest.fixture
def session(scene: Scene) -> Iterator[Session]:
    with scene.database.write() as open_session:
        yield open_session


def link(purpose: Purpose, person: str = "p-mia", **about: object) -> Link:
    return Link.model_validate(
        {
            "purpose": purpose,
            "program": PROGRAM,
            "person": person,
            "pair": "pair-1",
            "expires": EXPIRES,
            **about,
        }
    )


WANTED = {Role.MENTOR: ("first", "second"), Role.MENTEE: ("first", "other")}
"""Modules to read, by role."""


def read(session: Session, module: str, person: str = "p-mia", pair: str = "pair-1") -> bool:
    return answers.read_module(
        session, link(Purpose.TRAINING, person, pair=pair, occasion=module), module, 1, WANTED
    )


def also_in(session: Session, pair: str, mentor: str, mentee: str) -> None:
    """Another pair of the program."""
    row = PairRow(
        id=pair,
        program_id=PROGRAM,
        cohort=0,
        mentor_id=mentor,
        mentee_id=mentee,
        score=1.0,
        reasons=[],
    )
    session.add(row)
    session.flush()


def goal(words: str) -> Goal:
    return Goal(number=1, text=words, rating=2)


def deeds(session: Session) -> list[Deed]:
    session.flush()
    return [Deed.model_validate(row.argument) for row in outbox.pending(session, 100)]


def events(session: Session) -> list[str]:
    from store import journal

    session.flush()
    return [event.kind.value for _, event in journal.read(session, PROGRAM)][1:]


def test_a_deed_is_an_answer_an_event_and_a_signal_to_the_pairs_workflow(session: Session) -> None:
    assert answers.accept_introduction(session, link(Purpose.INTRODUCTION))
    assert events(session) == [EventKind.INTRODUCTION_ACCEPTED]
    (deed,) = deeds(session)
    assert (deed.kind, deed.role) == (DeedKind.ACCEPTED, Role.MENTOR)
    (row,) = outbox.pending(session, 10)
    assert row.workflow_id == pair_workflow_id(PROGRAM, "pair-1")
    assert row.signal == "person_did"


def test_the_same_again_writes_nothing_and_tells_nobody(session: Session) -> None:
    goals = link(Purpose.GOALS, "p-theo")
    assert answers.write_goals(session, goals, [goal("Read a dashboard")])
    assert not answers.write_goals(session, goals, [goal("Read a dashboard")])
    assert len(deeds(session)) == 1
    assert events(session) == [EventKind.GOALS_WRITTEN]


def test_back_and_forth_is_told_each_time(session: Session) -> None:
    goals = link(Purpose.GOALS, "p-theo")
    for words in ("One", "Two", "One"):
        assert answers.write_goals(session, goals, [goal(words)])
        session.flush()
    assert len(deeds(session)) == 3
    assert events(session) == [EventKind.GOALS_WRITTEN] * 3


def test_words_stay_in_the_answer(session: Session) -> None:
    secret = "What I would never say in the open"
    answers.write_goals(session, link(Purpose.GOALS, "p-theo"), [goal(secret)])
    answers.decline_introduction(session, link(Purpose.INTRODUCTION), secret)
    answers.ask_help(session, link(Purpose.OVERVIEW), secret, 1)
    survey = link(Purpose.SURVEY, survey="pulse", occasion="pulse:2")
    answers.answer_survey(session, survey, 1, {"note": secret, "useful": 5})
    answers.book_session(session, link(Purpose.BOOK, session=1), TOMORROW, secret)
    session.flush()
    assert not [row for row in outbox.pending(session, 99) if secret in str(row.argument)]
    from store import journal

    assert secret not in str(journal.read(session, PROGRAM))


def test_a_transaction_that_fails_leaves_nothing_behind(scene: Scene) -> None:
    before = scene.everything()

    def cut_short() -> None:
        with scene.database.write() as session:
            read(session, "first")
            session.flush()
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        cut_short()
    assert scene.everything() == before


def test_each_module_that_is_read_is_told_and_the_last_one_as_the_last(session: Session) -> None:
    assert read(session, "second")
    assert not answers.training_is_done(session, PROGRAM, "p-mia", WANTED[Role.MENTOR])
    assert read(session, "first")
    assert events(session) == [EventKind.TRAINING_READ, EventKind.TRAINING_DONE]
    assert [(deed.kind, deed.role) for deed in deeds(session)] == [
        (DeedKind.TRAINING_READ, Role.MENTOR),
        (DeedKind.TRAINING_DONE, Role.MENTOR),
    ]
    assert answers.training_is_done(session, PROGRAM, "p-mia", WANTED[Role.MENTOR])


def test_reading_a_module_again_is_no_news(session: Session) -> None:
    mine = link(Purpose.TRAINING, occasion="first")
    for version in (1, 1, 2):
        answers.read_module(session, mine, "first", version, WANTED)
        session.flush()
    assert events(session) == [EventKind.TRAINING_READ]
    assert len(deeds(session)) == 1
    assert session.get_one(AnswerRow, f"{PROGRAM}/-/p-mia/training:first").version == 1


def test_the_journal_knows_which_module_by_its_id(session: Session) -> None:
    from store import journal

    read(session, "first")
    session.flush()
    (_, _), (_, event) = journal.read(session, PROGRAM)
    assert (event.pair, event.person, event.data) == ("pair-1", "p-mia", {"module": "first"})


def test_what_is_read_in_one_pair_counts_in_all_that_go_on(session: Session) -> None:
    for pair in ("pair-3", "pair-4"):
        also_in(session, pair, "p-mia", "p-vera")
    over = JournalEvent(id="over", kind=EventKind.PAIR_CLOSED, at=EXPIRES, pair="pair-4")
    from store import journal

    journal.append(session, PROGRAM, [over])
    read(session, "first")
    read(session, "second", pair="pair-3")
    session.flush()
    told = [
        (row.workflow_id.rpartition("/")[2], row.argument["kind"])
        for row in outbox.pending(session, 10)
    ]
    assert told == [
        ("pair-1", "training_read"),
        ("pair-1", "training_done"),
        ("pair-3", "training_done"),
    ]


def test_who_teaches_in_one_pair_and_learns_in_another_is_done_with_each_in_its_time(
    session: Session,
) -> None:
    also_in(session, "pair-3", "p-vera", "p-mia")
    read(session, "second")
    read(session, "first")
    assert not answers.training_is_done(session, PROGRAM, "p-mia", WANTED[Role.MENTEE])
    assert answers.modules_open(session, PROGRAM, "p-mia", WANTED[Role.MENTEE]) == ("other",)
    read(session, "other", pair="pair-3")
    assert [(deed.kind, deed.role) for deed in deeds(session)] == [
        (DeedKind.TRAINING_READ, Role.MENTOR),
        (DeedKind.TRAINING_DONE, Role.MENTOR),
        (DeedKind.TRAINING_DONE, Role.MENTEE),
    ]


def test_who_read_the_guide_in_an_earlier_version_has_done_the_training(session: Session) -> None:
    guide = AnswerRow(
        id=f"{PROGRAM}/pair-1/p-mia/guide",
        program_id=PROGRAM,
        pair_id="pair-1",
        person_id="p-mia",
        role="mentor",
        kind="guide",
        occasion="guide",
        version=1,
        content={},
        answered_at=EXPIRES,
    )
    session.add(guide)
    session.flush()
    assert answers.training_is_done(session, PROGRAM, "p-mia", WANTED[Role.MENTOR])
    assert not read(session, "first")
    assert deeds(session) == []


def test_there_is_nothing_to_do_where_nothing_is_to_be_read(session: Session) -> None:
    assert answers.training_is_done(session, PROGRAM, "p-mia", ())


def test_a_booking_that_changes_raises_the_calendars_sequence(session: Session) -> None:
    book = link(Purpose.BOOK, session=1)
    assert answers.book_session(session, book, TOMORROW, "Room 1")
    assert not answers.book_session(session, book, TOMORROW, "Room 1")
    partner = link(Purpose.BOOK, "p-theo", session=1)
    assert answers.book_session(session, partner, TOMORROW, "Room 2")
    assert answers.book_session(session, partner, TOMORROW + timedelta(days=1), "Room 2")
    assert session.get_one(SessionRow, ("pair-1", 1)).sequence == 2
    assert events(session) == [EventKind.SESSION_BOOKED] * 3
    assert [deed.booked_for for deed in deeds(session)] == [
        TOMORROW,
        TOMORROW,
        TOMORROW + timedelta(days=1),
    ]


def test_one_of_the_two_is_enough_to_log_a_session(session: Session) -> None:
    assert answers.log_session(session, link(Purpose.SESSION, session=1), held=True)
    assert not answers.log_session(session, link(Purpose.SESSION, "p-theo", session=1), held=True)
    assert events(session) == [EventKind.SESSION_HELD]
    assert session.get_one(SessionRow, ("pair-1", 1)).held_at is not None


def test_a_session_that_was_held_stays_held(session: Session) -> None:
    answers.log_session(session, link(Purpose.SESSION, session=1), held=True)
    with pytest.raises(AlreadyHeld):
        answers.log_session(session, link(Purpose.SESSION, "p-theo", session=1), held=False)
    with pytest.raises(AlreadyHeld):
        answers.book_session(session, link(Purpose.BOOK, session=1), TOMORROW, None)


def test_a_session_that_the_partner_logs_meanwhile_stays_held(postgres_database: Database) -> None:
    """SQLite has one writer at a time: there, nothing can happen meanwhile."""
    scene = fill(postgres_database)
    mine, theirs = (link(Purpose.SESSION, who, session=1) for who in ("p-mia", "p-theo"))
    with scene.database.write() as session:
        answers.book_session(session, link(Purpose.BOOK, session=1), TOMORROW, None)
    with scene.database.write() as session:
        shown = session.get_one(SessionRow, ("pair-1", 1))
        assert shown.held_at is None
        with scene.database.write() as of_partner:
            answers.log_session(of_partner, theirs, held=True)
        with pytest.raises(AlreadyHeld):
            answers.log_session(session, mine, held=False)


def test_a_missed_session_waits_for_a_new_date_and_can_be_missed_again(session: Session) -> None:
    book, log = link(Purpose.BOOK, session=1), link(Purpose.SESSION, session=1)
    answers.book_session(session, book, TOMORROW, "Room 1")
    assert answers.log_session(session, log, held=False)
    session.flush()
    assert not answers.log_session(session, link(Purpose.SESSION, "p-theo", session=1), held=False)
    assert session.get_one(SessionRow, ("pair-1", 1)).booked_for is None
    answers.book_session(session, book, TOMORROW, "Room 1")
    assert answers.log_session(session, log, held=False)
    assert events(session) == [
        EventKind.SESSION_BOOKED,
        EventKind.SESSION_MISSED,
        EventKind.SESSION_BOOKED,
        EventKind.SESSION_MISSED,
    ]


def test_a_survey_put_aside_is_no_answer_yet(session: Session) -> None:
    survey = link(Purpose.SURVEY, survey="final", occasion="final")
    assert answers.answer_survey(session, survey, 1, {"learned": 4}, partial=True)
    row = session.get_one(AnswerRow, f"{PROGRAM}/pair-1/p-mia/final")
    assert row.kind == "draft"
    assert deeds(session) == []
    assert answers.answer_survey(session, survey, 1, {"learned": 4})
    assert row.kind == "survey"
    assert row.content == {"learned": 4}
    (deed,) = deeds(session)
    assert deed.occasion == "final"
    assert not answers.answer_survey(session, survey, 1, {"learned": 1}, partial=True)
    assert row.content == {"learned": 4}


def test_the_same_words_a_month_later_are_a_new_call_for_help(session: Session) -> None:
    overview = link(Purpose.OVERVIEW)
    assert answers.ask_help(session, overview, "We are stuck", 1)
    assert not answers.ask_help(session, overview, "We are stuck", 1)
    assert answers.ask_help(session, overview, "We are stuck", 2)
    assert events(session) == [EventKind.HELP_ASKED] * 2


def test_who_does_not_feel_safe_is_told_to_the_pair_and_to_no_journal(session: Session) -> None:
    safety = link(Purpose.SAFETY)
    assert answers.latest_safety(session, "pair-1", "p-mia") is None
    assert answers.raise_safety(session, safety, "What happened", 1)
    assert not answers.raise_safety(session, safety, "What happened", 1)
    (deed,) = deeds(session)
    assert (deed.kind, deed.role) == (DeedKind.SAFETY_RAISED, Role.MENTOR)
    assert "What happened" not in deed.model_dump_json()
    assert events(session) == []
    assert answers.latest_safety(session, "pair-1", "p-mia") == "What happened"
    assert answers.raise_safety(session, safety, "", 2)
    assert answers.latest_safety(session, "pair-1", "p-mia") == ""
    assert len(deeds(session)) == 2


def test_going_away_and_coming_back_is_told_to_each_pair_that_goes_on(session: Session) -> None:
    participant = session.get_one(ParticipantRow, (PROGRAM, "p-mia"))
    for _ in range(2):
        assert answers.go_away(session, PROGRAM, "p-mia", TOMORROW)
        assert not answers.go_away(session, PROGRAM, "p-mia", TOMORROW)
        assert answers.come_back(session, PROGRAM, "p-mia")
        assert not answers.come_back(session, PROGRAM, "p-mia")
    told = [(deed.kind, deed.until) for deed in deeds(session)]
    assert told == [(DeedKind.WENT_AWAY, TOMORROW), (DeedKind.CAME_BACK, None)] * 2
    assert events(session) == [EventKind.WENT_AWAY, EventKind.CAME_BACK] * 2
    assert participant.away_until is None


def test_another_date_of_coming_back_is_told_too(session: Session) -> None:
    answers.go_away(session, PROGRAM, "p-mia", TOMORROW)
    assert answers.go_away(session, PROGRAM, "p-mia", TOMORROW + timedelta(days=1))
    assert [deed.until for deed in deeds(session)] == [TOMORROW, TOMORROW + timedelta(days=1)]


def test_coming_back_after_the_date_tells_nobody(session: Session) -> None:
    answers.go_away(session, PROGRAM, "p-mia", datetime.now(UTC) - timedelta(seconds=1))
    assert not answers.come_back(session, PROGRAM, "p-mia")
    assert [deed.kind for deed in deeds(session)] == [DeedKind.WENT_AWAY]


def test_a_pair_that_has_ended_is_not_told_of_who_is_away(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_CLOSED)
    with scene.database.write() as session:
        assert answers.go_away(session, PROGRAM, "p-mia", TOMORROW)
        assert deeds(session) == []


def test_preferences_are_kept_and_tell_no_workflow(session: Session) -> None:
    assert not answers.prefer(session, PROGRAM, "p-mia", Preferences())
    assert answers.prefer(session, PROGRAM, "p-mia", Preferences(calendar=False))
    participant = session.get_one(ParticipantRow, (PROGRAM, "p-mia"))
    assert answers.preferences_of(participant) == Preferences(calendar=False)
    assert deeds(session) == []


def test_a_wish_to_go_on_is_told_to_the_pair_and_the_journal_does_not_say_which(
    session: Session,
) -> None:
    going_on = link(Purpose.CONTINUE)
    assert answers.wish(session, going_on, Wish.GO_ON_WITH_MAILS)
    assert not answers.wish(session, going_on, Wish.GO_ON_WITH_MAILS)
    assert answers.wish(session, going_on, Wish.STOP)
    assert [deed.wish for deed in deeds(session)] == [Wish.GO_ON_WITH_MAILS, Wish.STOP]
    assert answers.wished(session, PROGRAM, "pair-1", "p-mia") is Wish.STOP
    assert answers.wished(session, PROGRAM, "pair-1", "p-theo") is None
    from store import journal

    written = [event for _, event in journal.read(session, PROGRAM)][1:]
    assert [(event.kind, event.data) for event in written] == [(EventKind.WISHED, {})] * 2


def test_reminders_can_be_stopped_after_the_end_and_nothing_else_can(scene: Scene) -> None:
    going_on = link(Purpose.CONTINUE)
    with scene.database.write() as session:
        answers.wish(session, going_on, Wish.GO_ON_WITH_MAILS)
    scene.happened(EventKind.PAIR_CONTINUED)
    with scene.database.write() as session:
        with pytest.raises(TooLate):
            answers.wish(session, going_on, Wish.STOP)
        assert not answers.stop_reminders(session, link(Purpose.CONTINUE, "p-theo"))
        assert answers.stop_reminders(session, going_on)
        assert not answers.stop_reminders(session, going_on)
        assert [deed.wish for deed in deeds(session)] == [Wish.GO_ON_WITH_MAILS, Wish.GO_ON]


def test_leaving_is_told_to_each_pair_of_this_person_once(session: Session) -> None:
    assert answers.withdraw(session, PROGRAM, "p-theo")
    assert not answers.withdraw(session, PROGRAM, "p-theo")
    (row,) = outbox.pending(session, 10)
    assert row.workflow_id == pair_workflow_id(PROGRAM, "pair-1")
    assert deeds(session)[0].role is Role.MENTEE
    assert events(session) == [EventKind.WITHDREW]


def test_who_has_left_can_do_nothing_more_in_a_pair_but_may_still_say_why(session: Session) -> None:
    answers.withdraw(session, PROGRAM, "p-mia")
    with pytest.raises(TooLate):
        read(session, "first")
    exit_survey = link(Purpose.SURVEY, survey="exit", occasion="exit")
    assert answers.answer_survey(session, exit_survey, 1, {"main_reason": "time"})


@pytest.mark.parametrize("ending", PROGRAM_ENDINGS)
def test_what_a_pair_is_asked_can_be_answered_until_the_program_is_over(
    scene: Scene, ending: EventKind
) -> None:
    final = link(Purpose.SURVEY, survey="final", occasion="final:evaluation")
    scene.happened(EventKind.PAIR_COMPLETED)
    with scene.database.write() as session:
        assert answers.answer_survey(session, final, 1, {"satisfaction": 4})
    scene.happened(ending, pair=None)
    before = scene.everything()
    with scene.database.write() as session:
        for partial in (False, True):
            with pytest.raises(TooLate) as late:
                answers.answer_survey(session, final, 1, {"satisfaction": 5}, partial=partial)
            assert late.value.what == "survey"
        with pytest.raises(TooLate):
            answers.review_goals(
                session, link(Purpose.GOALS, "p-theo", occasion="goals:evaluation"), [goal("x")]
            )
    assert scene.everything() == before


def test_why_a_pair_ended_can_be_said_once_the_program_is_over(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_CLOSED)
    scene.happened(EventKind.PROGRAM_COMPLETED, pair=None)
    exit_survey = link(Purpose.SURVEY, survey="exit", occasion="exit:closed")
    with scene.database.write() as session:
        assert answers.answer_survey(session, exit_survey, 1, {"main_reason": "time"})


def test_a_follow_up_is_answered_for_no_pair_until_it_is_closed(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_COMPLETED)
    scene.happened(EventKind.PROGRAM_COMPLETED, pair=None)
    first, second = (
        link(Purpose.SURVEY, pair=None, role=Role.MENTOR, survey="follow_up", occasion=occasion)
        for occasion in ("follow_up:after-91", "follow_up:after-364")
    )
    with scene.database.write() as session:
        assert answers.who_answered(session, PROGRAM, "follow_up:after-91") == frozenset()
        assert answers.answer_survey(session, first, 1, {"speaks_up": 4})
        assert not answers.answer_survey(session, first, 1, {"speaks_up": 4})
        assert answers.answer_survey(session, first, 1, {"speaks_up": 5})
        assert answers.who_answered(session, PROGRAM, "follow_up:after-91") == {"p-mia"}
        assert deeds(session) == []
    (row,) = scene.rows(AnswerRow)
    assert isinstance(row, AnswerRow)
    assert (row.pair_id, row.role, row.content) == (None, "mentor", {"speaks_up": 5})
    scene.happened(EventKind.FOLLOW_UP_CLOSED, pair=None, occasion="follow_up:after-91")
    with scene.database.write() as session:
        with pytest.raises(TooLate) as late:
            answers.answer_survey(session, first, 1, {"speaks_up": 1})
        assert late.value.what == "survey"
        assert answers.answer_survey(session, second, 1, {"speaks_up": 3})


@pytest.mark.parametrize("ending", PAIR_ENDINGS)
def test_nothing_is_done_to_a_pair_that_has_ended(scene: Scene, ending: EventKind) -> None:
    scene.happened(ending)
    with scene.database.write() as session, pytest.raises(TooLate):
        answers.book_session(session, link(Purpose.BOOK, session=1), TOMORROW, None)


@pytest.mark.parametrize(
    "deed",
    [
        lambda s, _: answers.sign_agreement(
            s, link(Purpose.AGREEMENT), 1, "en", "What I read", {"place": "remote"}
        ),
        lambda s, who: answers.log_session(s, link(Purpose.SESSION, who, session=1), held=True),
        lambda s, who: answers.book_session(
            s, link(Purpose.BOOK, who, session=1), TOMORROW, "Room 1"
        ),
        lambda s, _: answers.go_away(s, PROGRAM, "p-mia", TOMORROW),
        lambda s, _: answers.withdraw(s, PROGRAM, "p-mia"),
        lambda s, _: read(s, "first"),
    ],
    ids=["sign", "log", "book", "away", "withdraw", "read"],
)
def test_clicks_at_the_same_moment_are_one_deed(
    scene: Scene, deed: Callable[[Session, str], bool]
) -> None:
    def click(number: int) -> bool:
        with scene.database.write() as session:
            return deed(session, ("p-mia", "p-theo")[number % 2])

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(click, range(8))) == 1
    assert len(scene.rows(OutboxRow)) == 1
    assert len(scene.events()) == 2


def test_joining_and_staying_out_tell_no_workflow(session: Session) -> None:
    session.get_one(ParticipantRow, (PROGRAM, "p-mia")).joined = None
    join = link(Purpose.JOIN, pair=None)
    assert answers.join(session, join, joins=True)
    assert not answers.join(session, join, joins=True)
    assert answers.join(session, join, joins=False)
    assert answers.join(session, join, joins=True)
    assert events(session) == [EventKind.JOINED, EventKind.STAYED_OUT, EventKind.JOINED]
    assert deeds(session) == []


def test_the_outbox_gives_the_oldest_first_and_forgets_what_is_done_with(session: Session) -> None:
    read(session, "first")
    read(session, "first", "p-nils", pair="pair-2")
    read(session, "first", "p-theo")
    session.flush()
    first, second, third = outbox.pending(session, 10)
    assert (first.workflow_id, third.workflow_id) == (pair_workflow_id(PROGRAM, "pair-1"),) * 2
    outbox.mark(session, [first.position], Outcome.DELIVERED)
    assert outbox.pending(session, 1)[0].position == second.position
    passing_over = [second.workflow_id]
    assert [r.position for r in outbox.pending(session, 9, passing_over)] == [third.position]
    age = outbox.age(session)
    assert age is not None
    assert age < timedelta(minutes=1)
    assert session.get_one(OutboxRow, first.position).outcome == "delivered"
