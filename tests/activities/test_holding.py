"""When mails go out: several messages in one, what waits for its time, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from activities import post as sending
from activities.reach import reach_of
from activities.signatures import ProgramMomentKind, ProgramRef, Sent
from domain.ids import answer_id
from domain.journal import EventKind
from domain.lifecycle import PairState
from domain.pair import MomentKind
from domain.people import Role
from domain.plan import PlannedCheckIn
from domain.posting import MOST_A_DAY
from domain.sections import CheckInPoint
from store import answers, ledger
from store.database import Database
from store.links import Link, Purpose
from store.tables import AnswerRow, MessageRow, ParticipantRow, SessionRow
from tests.activities.conftest import Works, make_works
from tests.activities.post_office import PostOffice
from tests.portal.scene import DEFINITION, EXPIRES, PROGRAM

LONDON = ZoneInfo("Europe/London")
PULSE = PlannedCheckIn(survey="pulse", point=CheckInPoint.AFTER_SESSION, session=1)


def next_day(weekday: int, hour: int) -> datetime:
    """A day of the week after the program's start, by the clock of London."""
    starts = DEFINITION.program.starts
    day = starts + timedelta(days=7 + (weekday - starts.weekday()) % 7)
    return datetime.combine(day, time(hour), LONDON)


FRIDAY = next_day(4, 12)
SATURDAY = FRIDAY + timedelta(days=1)
MONDAY_MORNING = datetime.combine(FRIDAY.date() + timedelta(days=3), time(8), LONDON)
MONDAY = MONDAY_MORNING + timedelta(hours=4)
TUESDAY_MORNING = datetime.combine(FRIDAY.date() + timedelta(days=4), time(8), LONDON)
NIGHT = datetime.combine(FRIDAY.date() - timedelta(days=1), time(23, 30), LONDON)


@pytest.fixture
def open_works(database: Database, post: PostOffice) -> Works:
    """The activities, with the hours that the definition asks for."""
    return _same_zone(_with_hours(database, post))


@pytest.fixture
def works_on_sqlite(sqlite_database: Database, post: PostOffice) -> Works:
    """The same, for what has nothing to do with the store."""
    return _same_zone(_with_hours(sqlite_database, post))


def _with_hours(database: Database, post: PostOffice) -> Works:
    return make_works(database, post, reach_of)


def _same_zone(works: Works) -> Works:
    for who in ("mia", "theo", "nils", "vera"):
        works.change_profile(who, timezone="Europe/London")
    return works


def change(works: Works, who: str, **fields: object) -> None:
    with works.scene.database.write() as session:
        row = session.get_one(ParticipantRow, (PROGRAM, f"p-{who}"))
        for name, value in fields.items():
            setattr(row, name, value)


def second_pair_of_mia(works: Works) -> str:
    """Mia teaches Vera too."""
    works.scene.pair("pair-3", "p-mia", "p-vera")
    return "pair-3"


def book(works: Works, at: datetime, number: int = 1) -> None:
    link = Link(
        purpose=Purpose.BOOK,
        program=PROGRAM,
        person="p-mia",
        role=Role.MENTOR,
        pair="pair-1",
        session=number,
        expires=EXPIRES,
    )
    with works.scene.database.write() as session:
        answers.book_session(session, link, at, None)


def to(works: Works, who: str) -> list[str]:
    """The kinds of mail that somebody got, in order."""
    return [kind for reader, kind in works.post.kinds() if reader == who]


def state_of(works: Works, who: str, kind: str, pair: str | None = "pair-1") -> str:
    (row,) = [
        row
        for row in works.messages()
        if row.person_id == f"p-{who}" and row.kind == kind and row.pair_id == pair
    ]
    return row.state


# --- Several messages in one mail ----------------------------------------------------------------


def test_several_messages_for_one_person_are_one_mail(open_works: Works) -> None:
    sent = open_works.of_pair(MomentKind.PREPARATION, now=FRIDAY, check_ins=(PULSE,))
    assert sent == Sent(sent=4)
    assert open_works.post.kinds() == [
        ("mia", "preparation, check_in"),
        ("theo", "preparation, check_in"),
    ]
    mail = open_works.post.mails()[0]
    assert mail.subject == "2 things for you in “Looking Up 2026”"
    assert mail.text.count("Hello Mia,") == 1
    for words in ("Getting ready to meet Theo", "How is it going?", "Questions? Cora Example"):
        assert words in mail.text
        assert words in (mail.html or "").replace("&#39;", "'")
    purposes = {link.split("/")[3] for link in mail.links}
    assert {"guide", "agreement", "survey", "overview"} <= purposes


def test_the_messages_of_a_mail_share_its_message_id_and_are_marked_together(
    open_works: Works,
) -> None:
    open_works.of_pair(MomentKind.PREPARATION, now=FRIDAY, check_ins=(PULSE,))
    mine = [row for row in open_works.messages() if row.person_id == "p-mia"]
    first = next(row for row in mine if row.kind == "preparation")
    assert {row.message_id for row in mine} == {ledger.message_id(first.key, "example.com")}
    assert {(row.state, row.letter, row.attempts) for row in mine} == {("sent", None, 1)}
    assert open_works.post.mails()[0].message_id == first.message_id


# --- Hours and days ------------------------------------------------------------------------------


def test_what_is_due_at_the_weekend_goes_out_on_monday_morning(open_works: Works) -> None:
    sent = open_works.of_pair(MomentKind.INTRODUCTION, now=SATURDAY)
    assert sent == Sent(sent=0, held=2, later=MONDAY_MORNING)
    assert open_works.post.mails() == []
    early = open_works.held(MONDAY_MORNING - timedelta(minutes=1))
    assert early == Sent(sent=0, later=MONDAY_MORNING)
    assert open_works.held(MONDAY_MORNING) == Sent(sent=2)
    assert to(open_works, "mia") == to(open_works, "theo") == ["introduction"]
    assert open_works.post.mails("mia@example.com")[0].subject.startswith("Meet Theo Example")
    assert open_works.held(MONDAY) == Sent(sent=0)


def test_each_gets_it_in_their_own_morning(works_on_sqlite: Works) -> None:
    works_on_sqlite.change_profile("theo", timezone="America/New_York")
    sent = works_on_sqlite.of_pair(MomentKind.INTRODUCTION, now=MONDAY_MORNING)
    assert (sent.sent, sent.held) == (1, 1)
    assert sent.later is not None
    assert sent.later.astimezone(ZoneInfo("America/New_York")).hour == 8
    assert works_on_sqlite.held(sent.later).sent == 1
    assert works_on_sqlite.post.kinds() == [("mia", "introduction"), ("theo", "introduction")]


def test_what_waited_goes_out_together_across_the_pairs_of_a_person(open_works: Works) -> None:
    other = second_pair_of_mia(open_works)
    open_works.of_pair(MomentKind.SESSION_DUE, now=SATURDAY, session=1)
    open_works.of_pair(MomentKind.INTRODUCTION, now=SATURDAY, pair=other)
    assert open_works.held(MONDAY_MORNING).sent == 3  # two of Mia's, one of Theo's
    assert to(open_works, "mia") == ["session_due, introduction"]
    assert to(open_works, "theo") == ["session_due"]
    mail = open_works.post.mails("mia@example.com")[0]
    assert "Time to plan session 1 with Theo" in mail.text
    assert "Meet Vera Example" in mail.text
    assert open_works.held(MONDAY_MORNING, pair=other).sent == 1  # Vera's
    assert len(to(open_works, "mia")) == 1


def test_what_waits_goes_with_the_next_mail_to_the_person(open_works: Works) -> None:
    open_works.of_pair(MomentKind.CHECK_IN, now=SATURDAY, check_ins=(PULSE,))
    open_works.of_pair(MomentKind.SESSION_DUE, now=MONDAY, session=1)
    assert to(open_works, "mia") == ["session_due, check_in"]
    assert open_works.held(MONDAY) == Sent(sent=0)


def test_the_third_mail_of_a_day_waits_for_the_next_morning(open_works: Works) -> None:
    assert MOST_A_DAY == 2
    for hour, number in enumerate((1, 2, 3, 4)):
        now = MONDAY_MORNING + timedelta(hours=hour)
        sent = open_works.of_pair(MomentKind.SESSION_DUE, now=now, session=number)
    assert sent == Sent(sent=0, held=2, later=TUESDAY_MORNING)
    assert to(open_works, "mia") == ["session_due", "session_due"]
    open_works.held(TUESDAY_MORNING)
    *_, last = open_works.post.mails("mia@example.com")
    assert len(to(open_works, "mia")) == 3
    assert last.subject.startswith("2 things for you")
    assert "plan session 3" in last.text
    assert "plan session 4" in last.text


def test_a_day_is_the_person_s_own_and_a_mail_of_several_counts_once(
    works_on_sqlite: Works,
) -> None:
    works = works_on_sqlite
    works.of_pair(MomentKind.PREPARATION, now=FRIDAY, check_ins=(PULSE,))
    works.of_pair(MomentKind.INTRODUCTION, now=FRIDAY + timedelta(hours=1))
    assert to(works, "mia") == ["preparation, check_in", "introduction"]
    works.of_pair(MomentKind.SESSION_DUE, now=MONDAY, session=1)
    assert len(to(works, "mia")) == 3


def test_mails_of_the_same_moment_from_several_pairs_keep_to_the_limit(open_works: Works) -> None:
    pairs = ["pair-1", *(f"pair-{number}" for number in range(10, 15))]
    for pair in pairs[1:]:
        open_works.scene.pair(pair, "p-mia", "p-vera")
    moments = [
        open_works.moment(MomentKind.INTRODUCTION, now=MONDAY, pair=pair, roles=(Role.MENTOR,))
        for pair in pairs
    ]
    with ThreadPoolExecutor(len(pairs)) as threads:
        sent = list(threads.map(open_works.pair_messages.send_pair_moment, moments))
    assert sum(one.sent for one in sent) == MOST_A_DAY == len(to(open_works, "mia"))
    assert sum(one.held for one in sent) == len(pairs) - MOST_A_DAY


def test_hr_has_hours_but_no_limit(works_on_sqlite: Works) -> None:
    works = works_on_sqlite
    for number in (1, 2, 3):
        works.of_program(ProgramMomentKind.MATCHES_REMINDER, occasion=str(number), now=MONDAY)
    assert to(works, "cora") == ["matches_reminder"] * 3
    page = works.of_program(ProgramMomentKind.MATCHES_READY, now=SATURDAY)
    assert (page.sent, page.held, page.later) == (0, 1, MONDAY_MORNING)


def test_who_is_away_reads_it_when_they_are_back(open_works: Works) -> None:
    back = TUESDAY_MORNING + timedelta(days=7)
    change(open_works, "mia", away_until=back - timedelta(hours=8))
    sent = open_works.of_pair(MomentKind.CHECK_IN, now=MONDAY, check_ins=(PULSE,))
    assert (sent.sent, sent.held, sent.later) == (1, 1, back)
    assert open_works.held(back).sent == 1
    assert to(open_works, "mia") == ["check_in"]


def test_who_goes_away_meanwhile_is_left_in_peace(works_on_sqlite: Works) -> None:
    works = works_on_sqlite
    works.of_pair(MomentKind.INTRODUCTION, now=SATURDAY)
    change(works, "mia", away_until=TUESDAY_MORNING)
    assert works.held(MONDAY_MORNING) == Sent(sent=1, later=TUESDAY_MORNING)
    assert works.held(TUESDAY_MORNING).sent == 1


# --- What waits for no hour ----------------------------------------------------------------------


def test_a_session_that_is_booked_at_night_is_in_the_calendar_at_once_and_alone(
    open_works: Works,
) -> None:
    open_works.of_pair(MomentKind.CHECK_IN, now=NIGHT - timedelta(hours=2), check_ins=(PULSE,))
    book(open_works, MONDAY)
    sent = open_works.of_pair(MomentKind.SESSION_INVITATION, now=NIGHT, session=1)
    assert sent.sent == 2
    assert to(open_works, "mia") == ["session_invitation"]
    assert open_works.post.mails()[0].attachments == ("invite.ics",)
    assert state_of(open_works, "mia", "check_in") == "held"


def test_what_is_urgent_does_not_count_among_the_mails_of_a_day(works_on_sqlite: Works) -> None:
    works = works_on_sqlite
    book(works, MONDAY + timedelta(days=3))
    for attempt in (1, 2, 3):
        works.of_pair(MomentKind.SESSION_INVITATION, now=MONDAY, session=1, attempt=attempt)
    works.of_pair(MomentKind.CHECK_IN, now=MONDAY, check_ins=(PULSE,))
    assert to(works, "mia") == ["session_invitation"] * 3 + ["check_in"]


def test_who_asks_for_help_waits_for_no_morning(works_on_sqlite: Works) -> None:
    works = works_on_sqlite
    works.of_pair(MomentKind.HELP, now=SATURDAY, roles=(Role.MENTEE,))
    assert to(works, "cora") == ["help_asked"]


def test_a_reminder_that_would_come_too_late_goes_out_at_a_wrong_hour(
    works_on_sqlite: Works,
) -> None:
    works = works_on_sqlite
    book(works, MONDAY_MORNING - timedelta(minutes=30))
    works.of_pair(MomentKind.SESSION_REMINDER, now=SATURDAY, session=1)
    assert to(works, "mia") == ["session_reminder"]


def test_who_is_away_hears_at_once_only_of_what_comes_before_they_are_back(
    works_on_sqlite: Works,
) -> None:
    works = works_on_sqlite
    change(works, "mia", away_until=TUESDAY_MORNING)
    book(works, TUESDAY_MORNING + timedelta(days=1))
    works.of_pair(MomentKind.SESSION_INVITATION, now=MONDAY, session=1)
    assert to(works, "mia") == []
    book(works, MONDAY + timedelta(hours=2))
    works.of_pair(MomentKind.SESSION_INVITATION, now=MONDAY, session=1, attempt=2)
    assert to(works, "mia") == ["session_invitation"]
    works.held(TUESDAY_MORNING)
    assert to(works, "mia") == ["session_invitation"]  # the first one has lost its point


def test_who_wants_no_calendar_invitations_gets_none(works_on_sqlite: Works) -> None:
    works = works_on_sqlite
    change(works, "mia", preferences={"calendar": False})
    book(works, MONDAY)
    works.of_pair(MomentKind.SESSION_INVITATION, now=FRIDAY, session=1)
    mine, other = works.post.mails()
    assert (mine.to, mine.attachments) == (("mia@example.com",), ())
    assert other.attachments == ("invite.ics",)
    raw = works.post.mailbox.raw(mine.id)
    assert raw is not None
    assert not any("calendar" in part.get_content_type() for part in raw.walk())


# --- What has lost its point ---------------------------------------------------------------------


def hold_session_due(works: Works) -> None:
    works.of_pair(MomentKind.SESSION_DUE, now=SATURDAY, session=1)


def someone_books(works: Works) -> None:
    book(works, MONDAY)


def session_is_held(works: Works) -> None:
    with works.scene.database.write() as session:
        session.add(SessionRow(pair_id="pair-1", number=1, held_at=SATURDAY))


def pair_ends(works: Works) -> None:
    works.scene.happened(EventKind.PAIR_CLOSED)


def mia_leaves(works: Works) -> None:
    change(works, "mia", withdrew_at=SATURDAY)


@pytest.mark.parametrize("happens", [someone_books, session_is_held, pair_ends, mia_leaves])
def test_what_has_lost_its_point_meanwhile_is_dropped(
    open_works: Works, happens: Callable[[Works], None]
) -> None:
    hold_session_due(open_works)
    happens(open_works)
    open_works.held(MONDAY_MORNING)
    assert to(open_works, "mia") == []
    assert state_of(open_works, "mia", "session_due") == "dropped"
    assert all(row.letter is None for row in open_works.messages() if row.state == "dropped")


def test_a_date_is_told_though_somebody_proposes_another(open_works: Works) -> None:
    works = open_works
    change(works, "mia", away_until=TUESDAY_MORNING)
    book(works, TUESDAY_MORNING + timedelta(days=2))
    works.of_pair(MomentKind.SESSION_INVITATION, now=MONDAY, session=1)
    assert to(works, "mia") == []
    link = Link(
        purpose=Purpose.BOOK,
        program=PROGRAM,
        person="p-theo",
        pair="pair-1",
        session=1,
        expires=EXPIRES,
    )
    with works.scene.database.write() as session:
        answers.propose_times(session, link, [TUESDAY_MORNING + timedelta(days=3)], None)
    works.held(TUESDAY_MORNING)
    assert to(works, "mia") == ["session_invitation"]


def test_a_survey_that_was_answered_meanwhile_is_not_asked_for(works_on_sqlite: Works) -> None:
    works = works_on_sqlite
    works.of_pair(MomentKind.CHECK_IN, now=SATURDAY, check_ins=(PULSE,))
    with works.scene.database.write() as session:
        session.add(
            AnswerRow(
                id=answer_id(PROGRAM, "pair-1", "p-mia", PULSE.occasion),
                program_id=PROGRAM,
                pair_id="pair-1",
                person_id="p-mia",
                kind="survey",
                occasion=PULSE.occasion,
                version=1,
                content={},
                answered_at=SATURDAY,
            )
        )
    works.held(MONDAY_MORNING)
    assert to(works, "mia") == []
    assert to(works, "theo") == ["check_in"]


def test_a_farewell_outlives_its_pair(works_on_sqlite: Works) -> None:
    works = works_on_sqlite
    pair_ends(works)
    works.of_pair(MomentKind.FAREWELL, now=SATURDAY, ending=PairState.CLOSED)
    works.held(MONDAY_MORNING)
    assert to(works, "mia") == ["farewell_closed"]
    assert to(works, "cora") == ["pair_ended"]


def test_hr_is_not_asked_to_look_after_a_pair_that_is_over(works_on_sqlite: Works) -> None:
    works = works_on_sqlite
    works.of_pair(MomentKind.PREPARATION_OVERDUE, now=SATURDAY)
    pair_ends(works)
    works.held(MONDAY_MORNING)
    assert to(works, "cora") == []


def test_what_hr_should_know_of_a_paused_pair_does_not_wait(works_on_sqlite: Works) -> None:
    works = works_on_sqlite
    works.of_pair(MomentKind.PREPARATION_OVERDUE, now=SATURDAY)
    works.scene.happened(EventKind.PAIR_PAUSED)
    assert works.held(MONDAY_MORNING).sent == 1
    assert to(works, "cora") == ["preparation_overdue"]


def test_what_waits_in_a_paused_pair_waits_for_the_end_of_the_pause(open_works: Works) -> None:
    other = second_pair_of_mia(open_works)
    open_works.of_pair(MomentKind.INTRODUCTION, now=SATURDAY)
    open_works.scene.happened(EventKind.PAIR_PAUSED)
    assert open_works.held(MONDAY_MORNING) == Sent(sent=0)
    open_works.of_pair(MomentKind.INTRODUCTION, now=MONDAY, pair=other)
    assert to(open_works, "mia") == ["introduction"]
    open_works.scene.happened(EventKind.PAIR_RESUMED)
    assert open_works.held(TUESDAY_MORNING).sent == 2
    assert to(open_works, "mia") == ["introduction", "introduction"]


# --- A program's own messages --------------------------------------------------------------------


def invite(works: Works, **fields: object) -> None:
    for who in ("mia", "theo", "nils", "vera"):
        change(works, who, joined=None, answered_at=None)
    given = {"now": SATURDAY, "until": TUESDAY_MORNING + timedelta(days=7), **fields}
    page = works.of_program(ProgramMomentKind.INVITATION, **given)
    assert (page.sent, page.held, page.later) == (0, 4, MONDAY_MORNING)


def send_held(works: Works, now: datetime) -> Sent:
    return works.program_messages.send_held_of_program(ProgramRef(program=PROGRAM, now=now))


def test_invitations_wait_for_monday_and_who_has_joined_gets_none(open_works: Works) -> None:
    invite(open_works)
    change(open_works, "mia", joined=True)
    assert send_held(open_works, MONDAY_MORNING) == Sent(sent=3)
    assert open_works.post.kinds() == [(who, "invitation") for who in ("nils", "theo", "vera")]
    assert state_of(open_works, "mia", "invitation", pair=None) == "dropped"
    assert send_held(open_works, MONDAY_MORNING) == Sent(sent=0)


def test_an_invitation_that_would_come_after_the_closing_date_goes_at_once(
    works_on_sqlite: Works,
) -> None:
    works = works_on_sqlite
    page = works.of_program(
        ProgramMomentKind.INVITATION, now=SATURDAY, until=SATURDAY + timedelta(days=1)
    )
    assert (page.sent, page.held) == (4, 0)


def test_nobody_is_invited_to_a_program_that_was_cancelled(works_on_sqlite: Works) -> None:
    invite(works_on_sqlite)
    works_on_sqlite.scene.happened(EventKind.PROGRAM_CANCELLED, pair=None)
    assert send_held(works_on_sqlite, MONDAY_MORNING) == Sent(sent=0)
    assert works_on_sqlite.post.mails() == []


def test_what_is_held_for_the_program_goes_with_what_the_person_s_pair_holds(
    open_works: Works,
) -> None:
    invite(open_works)
    open_works.of_pair(MomentKind.INTRODUCTION, now=SATURDAY)
    assert send_held(open_works, MONDAY_MORNING).sent == 6
    assert to(open_works, "mia") == ["invitation, introduction"]


# --- When something breaks -----------------------------------------------------------------------


class Crash(Exception):
    """The worker dies."""


def crash_after(monkeypatch: pytest.MonkeyPatch, notes: int) -> None:
    """Lose the note that a mail went, after so many: once."""
    note = ledger.mark_sent
    seen: list[object] = []

    def mark(session: object, keys: list[str], now: datetime) -> None:
        seen.append(keys)
        if len(seen) == notes + 1:
            raise Crash
        note(session, keys, now)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "mark_sent", mark)


@pytest.mark.parametrize("notes", [0, 1])
def test_what_was_held_goes_again_as_the_same_mail_after_a_crash(
    open_works: Works, monkeypatch: pytest.MonkeyPatch, notes: int
) -> None:
    other = second_pair_of_mia(open_works)
    open_works.of_pair(MomentKind.SESSION_DUE, now=SATURDAY, session=1)
    open_works.of_pair(MomentKind.INTRODUCTION, now=SATURDAY, pair=other)
    crash_after(monkeypatch, notes)
    with pytest.raises(Crash):
        open_works.held(MONDAY_MORNING)
    begun = len(open_works.post.mails())
    open_works.held(MONDAY_MORNING)
    mails = open_works.post.mails()
    twice = mails[begun - 1]
    assert [m.text for m in mails if m.message_id == twice.message_id] == [twice.text] * 2
    assert len({m.message_id for m in mails}) == len(mails) - 1 == 2
    rows = [row for row in open_works.messages() if row.recipient != "mentee"]
    assert {(row.state, row.letter) for row in rows} == {("sent", None)}


def test_a_mail_that_took_in_what_was_held_goes_again_as_it_was(
    open_works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_works.of_pair(MomentKind.CHECK_IN, now=SATURDAY, check_ins=(PULSE,))
    crash_after(monkeypatch, 0)
    with pytest.raises(Crash):
        open_works.of_pair(MomentKind.SESSION_DUE, now=MONDAY, session=1)
    sent = open_works.of_pair(MomentKind.SESSION_DUE, now=MONDAY, session=1)
    assert sent == Sent(sent=2)
    first, again, _ = open_works.post.mails()
    assert first.kind == "session_due, check_in"
    assert (first.message_id, first.text) == (again.message_id, again.text)
    assert set(open_works.ledger().values()) == {"sent"}


def test_what_one_activity_is_about_to_hand_over_no_other_takes(
    open_works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = second_pair_of_mia(open_works)
    open_works.of_pair(MomentKind.SESSION_DUE, now=SATURDAY, session=1)
    crash_after(monkeypatch, 1)  # Theo's is noted, Mia's is not
    monkeypatch.setattr(sending, "_run", lambda: "pair-1/5")
    with pytest.raises(Crash):
        open_works.held(MONDAY_MORNING)
    monkeypatch.setattr(sending, "_run", lambda: "pair-3/7")
    open_works.held(MONDAY_MORNING, pair=other)
    assert to(open_works, "mia") == ["session_due"]
    monkeypatch.setattr(sending, "_run", lambda: "pair-1/5")
    open_works.held(MONDAY_MORNING)
    assert to(open_works, "mia") == ["session_due", "session_due"]
    assert len({m.message_id for m in open_works.post.mails("mia@example.com")}) == 1


def test_what_is_held_twice_is_held_once(open_works: Works) -> None:
    first = open_works.of_pair(MomentKind.INTRODUCTION, now=SATURDAY)
    again = open_works.of_pair(MomentKind.INTRODUCTION, now=SATURDAY)
    assert first == again
    open_works.held(MONDAY_MORNING)
    assert len(open_works.post.mails()) == 2
    assert open_works.of_pair(MomentKind.INTRODUCTION, now=SATURDAY) == Sent(sent=2)


def test_a_mail_that_is_put_off_is_sorted_anew(open_works: Works) -> None:
    open_works.post.turns_away["mia@example.com"] = "450 Try later"
    sent = open_works.of_pair(MomentKind.CHECK_IN, now=MONDAY, check_ins=(PULSE,))
    assert sent.later == MONDAY + timedelta(minutes=15)
    open_works.post.turns_away.clear()
    later = MONDAY + timedelta(hours=1)
    open_works.of_pair(MomentKind.SESSION_DUE, now=later, session=1)
    assert to(open_works, "mia") == ["session_due, check_in"]
    rows: list[MessageRow] = [r for r in open_works.messages() if r.person_id == "p-mia"]
    assert {(row.state, row.error) for row in rows} == {("sent", None)}


def test_the_address_is_that_of_the_day_on_which_it_goes(works_on_sqlite: Works) -> None:
    works = works_on_sqlite
    works.of_pair(MomentKind.INTRODUCTION, now=SATURDAY)
    works.change_profile("mia", email="mia.new@example.com")
    works.held(MONDAY_MORNING)
    assert "mia.new" in {reader for reader, _ in works.post.kinds()}
