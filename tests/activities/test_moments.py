"""What each moment sends, to whom, and that every link in it opens for its reader."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from temporalio.exceptions import ApplicationError

from activities.signatures import ProgramMomentKind
from domain.deeds import Wish
from domain.escalation import LadderAction, Trigger
from domain.lifecycle import PairState
from domain.matching import match
from domain.pair import EndReason, MomentKind, Step
from domain.people import Role
from domain.plan import GOALS, PlannedCheckIn
from domain.sections import CheckInPoint
from store import answers, programs, proposals
from store.answers import withdraw
from store.links import COORDINATOR, SPONSOR, Link, Purpose
from store.tables import PairRow, ParticipantRow
from tests.activities.conftest import NOW, Works
from tests.portal.scene import DEFINITION, EXPIRES, PROGRAM

PULSE = PlannedCheckIn(survey="pulse", point=CheckInPoint.AFTER_SESSION, session=1)
OFFER = PlannedCheckIn(survey="pair_fit", point=CheckInPoint.OFFER, session=1)
FINAL = PlannedCheckIn(survey="final", point=CheckInPoint.EVALUATION)
REVIEW = PlannedCheckIn(
    survey=GOALS, point=CheckInPoint.SHARE, share=0.5, roles=DEFINITION.learners
)
K = MomentKind
UNTIL = NOW + timedelta(days=7)


def both(template: str) -> list[tuple[str, str]]:
    return [("mia", template), ("theo", template)]


MOMENTS: list[tuple[MomentKind, dict[str, Any], list[tuple[str, str]]]] = [
    (K.INTRODUCTION, {"until": UNTIL}, both("introduction")),
    (K.PREPARATION, {"until": UNTIL}, both("preparation")),
    (
        K.PREPARATION,
        {"until": UNTIL, "check_ins": (PULSE,)},
        both("preparation, check_in"),
    ),
    (
        K.PREPARATION_REMINDER,
        {"roles": (Role.MENTEE,), "open_steps": ((Role.MENTEE, Step.GOALS),)},
        [("theo", "preparation_reminder")],
    ),
    (
        K.PREPARATION_OVERDUE,
        {"roles": (Role.MENTEE,), "open_steps": ((Role.MENTEE, Step.GOALS),)},
        [("cora", "preparation_overdue")],
    ),
    (K.AGREEMENT_CHANGED, {"roles": (Role.MENTEE,)}, [("theo", "agreement_changed")]),
    (K.EXTENDED, {"until": UNTIL}, both("program_extended")),
    (K.SESSION_DUE, {"roles": (Role.MENTOR,), "session": 1}, [("mia", "session_due")]),
    (K.SESSION_INVITATION, {"session": 1}, both("session_invitation")),
    (K.SESSION_REMINDER, {"session": 1}, both("session_reminder")),
    (K.SESSION_FOLLOW_UP, {"session": 1}, both("session_follow_up")),
    (K.CHECK_IN, {"check_ins": (PULSE,)}, both("check_in")),
    (
        K.CHECK_IN_REMINDER,
        {"check_ins": (PULSE,), "roles": (Role.MENTEE,)},
        [("theo", "check_in_reminder")],
    ),
    (K.CHECK_IN, {"check_ins": (REVIEW,)}, [("theo", "goals_review")]),
    (
        K.CHECK_IN_REMINDER,
        {"check_ins": (REVIEW,), "roles": (Role.MENTEE,)},
        [("theo", "check_in_reminder")],
    ),
    (
        K.LADDER_STEP,
        {"step": 1, "action": LadderAction.NUDGE_SCHEDULER, "session": 1, "days_quiet": 7},
        [("mia", "nudge_scheduler")],
    ),
    (
        K.LADDER_STEP,
        {"step": 2, "action": LadderAction.NUDGE_BOTH, "session": 1, "days_quiet": 14},
        both("nudge_both"),
    ),
    (
        K.LADDER_STEP,
        {"step": 1, "action": LadderAction.NUDGE_BOTH, "roles": (Role.MENTEE,), "days_quiet": 7},
        [("theo", "preparation_reminder")],
    ),
    (
        K.LADDER_STEP,
        {"step": 3, "action": LadderAction.TELL_COORDINATOR, "session": 1, "days_quiet": 21},
        [("cora", "pair_stalled")],
    ),
    (
        K.LADDER_STEP,
        {"step": 4, "action": LadderAction.TELL_SPONSOR, "session": 1, "days_quiet": 28},
        [("sam", "pair_stalled_sponsor")],
    ),
    (
        K.LADDER_STEP,
        {
            "step": 1,
            "trigger": Trigger.CANCELLATIONS,
            "action": LadderAction.COORDINATOR_TASK,
            "session": 1,
        },
        [("cora", "coordinator_task")],
    ),
    (
        K.LADDER_STEP,
        {
            "step": 4,
            "trigger": Trigger.SILENCE,
            "action": LadderAction.OFFER_REMATCH,
            "session": 1,
            "check_ins": (OFFER,),
        },
        both("offer_rematch"),
    ),
    (
        K.LADDER_STEP,
        {"step": 1, "trigger": Trigger.NOT_HELD, "action": LadderAction.NUDGE_BOTH, "session": 1},
        both("nudge_report"),
    ),
    (
        K.LADDER_STEP,
        {
            "step": 1,
            "trigger": Trigger.AGREEMENT_UNSIGNED,
            "action": LadderAction.NUDGE_BOTH,
            "roles": (Role.MENTEE,),
        },
        [("theo", "nudge_agreement")],
    ),
    (
        K.LADDER_STEP,
        {
            "step": 1,
            "trigger": Trigger.SURVEY_OVERDUE,
            "action": LadderAction.NUDGE_BOTH,
            "check_ins": (PULSE,),
        },
        both("nudge_survey"),
    ),
    (K.HELP, {"roles": (Role.MENTEE,)}, [("cora", "help_asked")]),
    (K.SAFETY, {"roles": (Role.MENTEE,)}, [("cora", "safety_raised")]),
    (K.FLAGGED, {"roles": (Role.MENTEE,), "check_ins": (PULSE,)}, [("cora", "check_in_flagged")]),
    (K.RECOVERED, {}, [("cora", "pair_recovered")]),
    (K.AWAY, {"roles": (Role.MENTOR,), "until": UNTIL}, [("mia", "partner_away")]),
    (K.RETURN, {}, both("welcome_back")),
    (K.EVALUATION, {"check_ins": (FINAL,), "until": UNTIL}, both("check_in")),
    (K.FAREWELL, {"ending": PairState.COMPLETED}, both("farewell_completed")),
    (
        K.FAREWELL,
        {"ending": PairState.CLOSED, "reason": EndReason.LADDER},
        [*both("farewell_closed"), ("cora", "pair_ended")],
    ),
    (K.FAREWELL, {"ending": PairState.CONTINUED}, both("farewell_continued")),
    (
        K.FAREWELL,
        {"ending": PairState.CLOSED, "reason": EndReason.NO_FIT},
        [*both("farewell_no_fit"), ("cora", "pair_ended")],
    ),
    (
        K.FAREWELL,
        {"ending": PairState.DECLINED, "left_by": Role.MENTEE},
        [*both("farewell_declined"), ("cora", "pair_ended")],
    ),
    (
        K.FAREWELL,
        {"ending": PairState.WITHDRAWN, "left_by": Role.MENTEE},
        [
            ("theo", "farewell_withdrawn"),
            ("mia", "farewell_partner_withdrew"),
            ("cora", "pair_ended"),
        ],
    ),
    (K.FAREWELL, {"ending": PairState.CANCELLED}, both("farewell_cancelled")),
]


def link_for(purpose: Purpose, person: str = "p-mia", **fields: Any) -> Link:
    return Link(
        purpose=purpose, program=PROGRAM, person=person, pair="pair-1", expires=EXPIRES, **fields
    )


def book(works: Works, place: str | None = "Room 5", hours: float = 48) -> None:
    """Mia books session 1."""
    with works.scene.database.write() as session:
        answers.book_session(
            session, link_for(Purpose.BOOK, session=1), NOW + timedelta(hours=hours), place
        )


TRIED_ELSEWHERE = {
    K.SESSION_PROPOSED,
    K.ANSWER_REMINDER,
    K.SESSION_CANCELLED,
    K.CONTINUED_REMINDER,
    K.HELD,
}


def test_every_kind_of_moment_is_tried_here() -> None:
    tried = {kind for kind, *_ in MOMENTS}
    assert tried == set(MomentKind) - TRIED_ELSEWHERE


@pytest.mark.parametrize(("kind", "fields", "expected"), MOMENTS)
def test_a_moment_of_a_pair_reaches_the_right_people_with_links_that_open(
    on_sqlite: Works, kind: MomentKind, fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    book(on_sqlite)
    sent = on_sqlite.of_pair(kind, **fields)
    assert on_sqlite.post.kinds() == expected
    messages = sum(len(kinds.split(", ")) for _, kinds in expected)
    assert (sent.sent, sent.refused) == (messages, 0)
    every_link_opens(on_sqlite)


READERS = {"cora": COORDINATOR, "sam": SPONSOR}
"""Who has no row among the people."""


def every_link_opens(works: Works) -> None:
    """Each link of each mail is for its reader, and the portal opens it."""
    with TestClient(works.scene.app()) as browser:
        for mail in works.post.mails():
            assert "None" not in mail.text
            reader = mail.to[0].removesuffix("@example.com")
            links = [link for link in mail.links if link.startswith("http://testserver")]
            assert links or reader not in ("mia", "theo")
            for link in links:
                assert browser.get(link).status_code == 200, link
                purpose, token = link.removeprefix("http://testserver/").split("/")
                person = works.scene.links.open(token, Purpose(purpose)).person
                assert person == READERS.get(reader, f"p-{reader}")


@pytest.mark.parametrize(
    "kind", [K.SESSION_INVITATION, K.SESSION_REMINDER, K.SESSION_FOLLOW_UP], ids=str
)
def test_a_session_that_was_taken_back_meanwhile_is_not_written_about(
    on_sqlite: Works, kind: MomentKind
) -> None:
    book(on_sqlite)
    with on_sqlite.scene.database.write() as session:
        answers.log_session(session, link_for(Purpose.SESSION, session=1), held=False)
    assert on_sqlite.of_pair(kind, session=1).sent == 0
    assert on_sqlite.post.kinds() == []


def test_nobody_is_asked_whether_a_session_took_place_that_was_logged_meanwhile(
    on_sqlite: Works,
) -> None:
    book(on_sqlite)
    with on_sqlite.scene.database.write() as session:
        answers.log_session(session, link_for(Purpose.SESSION, session=1), held=True)
    assert on_sqlite.of_pair(K.SESSION_FOLLOW_UP, session=1).sent == 0


def test_a_question_that_somebody_answered_before_it_was_known_to_have_gone_is_given_up(
    works: Works,
) -> None:
    book(works)
    works.post.hangs_up_after = 1
    with pytest.raises(ApplicationError):
        works.of_pair(K.SESSION_FOLLOW_UP, session=1)
    with works.scene.database.write() as session:
        answers.log_session(session, link_for(Purpose.SESSION, session=1), held=True)
    works.post.hangs_up_after = None
    works.of_pair(K.SESSION_FOLLOW_UP, session=1)
    assert works.ledger() == {
        "mentor session_follow_up": "sent",
        "mentee session_follow_up": "dropped",
    }


def test_a_session_is_told_in_each_reader_s_own_time_zone(on_sqlite: Works) -> None:
    book(on_sqlite)
    for name, zone in (("mia", "Europe/London"), ("theo", "Europe/Prague")):
        on_sqlite.change_profile(name, timezone=zone)
    on_sqlite.of_pair(K.SESSION_INVITATION, session=1)
    mia, theo = on_sqlite.post.mails()
    assert "(Europe/London)" in mia.text
    assert "(Europe/Prague)" in theo.text


def test_both_calls_for_help_reach_the_coordinator_when_both_ask_at_once(on_sqlite: Works) -> None:
    with on_sqlite.scene.database.write() as session:
        answers.ask_help(session, link_for(Purpose.OVERVIEW), "We never find a date.", 1)
        answers.ask_help(session, link_for(Purpose.OVERVIEW, "p-theo"), "I feel lost.", 1)
    on_sqlite.of_pair(K.HELP, roles=(Role.MENTOR, Role.MENTEE))
    (mail,) = on_sqlite.post.mails()
    assert mail.subject == "Mia Example and Theo Example ask for your help"
    assert "We never find a date." in mail.text
    assert "I feel lost." in mail.text


def test_a_pair_that_the_store_does_not_know_is_told_without_a_word_of_a_person(
    on_sqlite: Works,
) -> None:
    with pytest.raises(Exception, match="Pair pair-9 is not in the store"):
        on_sqlite.of_pair(K.INTRODUCTION, pair="pair-9")


# --- The program ---------------------------------------------------------------------------------


def answered(works: Works, **joined: bool | None) -> None:
    """What people said to the invitation."""
    with works.scene.database.write() as session:
        for name, yes in joined.items():
            session.get_one(ParticipantRow, (PROGRAM, f"p-{name}")).joined = yes


def test_the_invitation_goes_to_everybody_who_may_take_part(works: Works) -> None:
    with works.scene.database.write() as session:
        session.get_one(ParticipantRow, (PROGRAM, "p-vera")).eligible_roles = []
        withdraw(session, PROGRAM, "p-nils")
    page = works.of_program(ProgramMomentKind.INVITATION, until=UNTIL)
    assert works.post.kinds() == [("mia", "invitation"), ("theo", "invitation")]
    assert (page.sent, page.refused, page.next) == (2, 0, None)
    every_link_opens(works)


def test_only_who_has_not_answered_is_reminded(works: Works) -> None:
    answered(works, mia=None, theo=False)
    works.of_program(ProgramMomentKind.INVITATION_REMINDER, until=UNTIL)
    assert works.post.kinds() == [("mia", "invitation_reminder")]


def test_who_joined_and_got_no_partner_is_told(works: Works) -> None:
    with works.scene.database.write() as session:
        pair = programs.pair(session, PROGRAM, "pair-2")
        assert pair is not None
        session.delete(session.get_one(PairRow, "pair-2"))
    answered(works, vera=False)
    works.of_program(ProgramMomentKind.NOT_MATCHED)
    assert works.post.kinds() == [("nils", "not_matched")]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ProgramMomentKind.MATCHES_READY, [("cora", "matches_ready")]),
        (ProgramMomentKind.MATCHES_REMINDER, [("cora", "matches_reminder")]),
        (
            ProgramMomentKind.REPORT_READY,
            [("cora", "report_ready"), ("sam", "report_ready")],
        ),
    ],
)
def test_hr_is_told_what_to_type(
    works: Works, kind: ProgramMomentKind, expected: list[tuple[str, str]]
) -> None:
    with works.scene.database.write() as session:
        people = {p.id: p.person for p in programs.participants(session, PROGRAM)}
        proposals.save_proposal(session, PROGRAM, match(DEFINITION, people), "solver", NOW)
    works.of_program(kind)
    assert works.post.kinds() == expected
    assert f"python starter.py {'report' if len(expected) == 2 else 'matches'} {PROGRAM}" in (
        works.post.mails()[0].text
    )


def test_each_reminder_of_the_matches_is_a_message_of_its_own(works: Works) -> None:
    for occasion in ("1", "2", "2"):
        works.of_program(ProgramMomentKind.MATCHES_REMINDER, occasion=occasion)
    assert len(works.post.mails()) == 2


def test_a_long_list_of_people_is_written_to_page_by_page(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.program_messages.PAGE", 3)
    first = works.of_program(ProgramMomentKind.INVITATION, until=UNTIL)
    assert (first.sent, first.next) == (3, "p-theo")
    second = works.of_program(ProgramMomentKind.INVITATION, until=UNTIL, after="p-theo")
    assert (second.sent, second.next) == (1, None)
    assert sorted(name for name, _ in works.post.kinds()) == ["mia", "nils", "theo", "vera"]


def test_times_that_one_proposes_are_told_to_the_other_and_remembered_once(
    on_sqlite: Works,
) -> None:
    times = [NOW + timedelta(days=days) for days in (3, 4)]
    with on_sqlite.scene.database.write() as session:
        answers.propose_times(session, link_for(Purpose.BOOK, session=1), times, "Room 5")
    asked: dict[str, Any] = {"session": 1, "proposal": 1, "roles": (Role.MENTEE,)}
    on_sqlite.of_pair(K.SESSION_PROPOSED, **asked)
    on_sqlite.of_pair(K.ANSWER_REMINDER, **asked)
    assert on_sqlite.post.kinds() == [("theo", "session_proposed"), ("theo", "nudge_answer")]
    assert "Room 5" in on_sqlite.post.mails()[0].text
    every_link_opens(on_sqlite)


def test_who_goes_on_is_reminded_until_they_have_had_enough(on_sqlite: Works) -> None:
    with on_sqlite.scene.database.write() as session:
        for person in ("p-mia", "p-theo"):
            answers.wish(session, link_for(Purpose.CONTINUE, person), Wish.GO_ON_WITH_MAILS)
    on_sqlite.of_pair(K.FAREWELL, ending=PairState.CONTINUED)
    assert on_sqlite.post.kinds() == both("farewell_continued")
    on_sqlite.of_pair(K.CONTINUED_REMINDER, attempt=1)
    assert on_sqlite.post.kinds()[2:] == both("continued_reminder")
    every_link_opens(on_sqlite)
    with on_sqlite.scene.database.write() as session:
        answers.stop_reminders(session, link_for(Purpose.CONTINUE))
    on_sqlite.of_pair(K.CONTINUED_REMINDER, attempt=2, now=NOW + timedelta(days=60))
    assert on_sqlite.post.kinds()[4:] == [("theo", "continued_reminder")]
