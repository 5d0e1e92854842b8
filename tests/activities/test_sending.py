"""Each message once: after crashes, refusals, and with a mail server that is away."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities import mail
from activities.mail import Mailer, MailServer
from activities.post import Post
from activities.signatures import ProgramMomentKind, ProgramRef, Sent
from domain.journal import EventKind, JournalEvent
from domain.pair import MomentKind
from runtime.ports import any_free_port
from store import ledger, refusals
from store.database import Database
from store.tables import MessageRow
from tests.activities.conftest import NOW, Works, always_open, make_works
from tests.activities.post_office import open_post_office
from tests.portal.scene import PROGRAM

EVENT = JournalEvent(id="w#1", kind=EventKind.PAIR_INTRODUCED, at=NOW, pair="pair-1")
NAMES = ("Mia", "Theo", "mia@", "theo@", "Cora")


class Crash(Exception):
    """The worker dies."""


def crash_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first note that a message was sent be lost, as when the worker dies there."""
    note = ledger.mark_sent
    crashed: list[str] = []

    def fails_once(session: object, keys: list[str], *arguments: object) -> None:
        if not crashed:
            crashed.extend(keys)
            raise Crash
        note(session, keys, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "mark_sent", fails_once)


def test_a_retry_sends_what_nobody_knows_of_again_under_the_same_message_id(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_once(monkeypatch)
    with pytest.raises(Crash):
        works.of_pair(MomentKind.INTRODUCTION, events=(EVENT,))
    assert works.ledger() == {"mentor introduction": "sending", "mentee introduction": "sending"}
    sent = works.of_pair(MomentKind.INTRODUCTION, events=(EVENT,))
    first, again, other = works.post.mails()
    assert [m.to[0] for m in (first, again, other)] == [
        "mia@example.com",
        "mia@example.com",
        "theo@example.com",
    ]
    assert first.message_id == again.message_id != other.message_id
    assert sent.sent == 2
    assert works.ledger() == {"mentor introduction": "sent", "mentee introduction": "sent"}


def test_a_moment_done_twice_sends_once_and_says_the_same(works: Works) -> None:
    first = works.of_pair(MomentKind.INTRODUCTION, events=(EVENT,))
    again = works.of_pair(MomentKind.INTRODUCTION, events=(EVENT,))
    assert first == again
    assert len(works.post.mails()) == 2
    assert works.scene.events().count("pair_introduced") == 1


def test_a_page_that_is_retried_counts_who_was_written_to_before(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.post.hangs_up_after = 3
    with pytest.raises(ApplicationError):
        works.of_program(ProgramMomentKind.INVITATION, until=NOW)
    works.post.hangs_up_after = None
    page = works.of_program(ProgramMomentKind.INVITATION, until=NOW)
    assert page.sent == 4
    assert len(works.post.mails()) == 4


def test_an_address_that_is_refused_for_good_is_marked_and_the_other_gets_the_mail(
    works: Works,
) -> None:
    works.post.turns_away["mia@example.com"] = "550 No Mia here"
    sent = works.of_pair(MomentKind.INTRODUCTION)
    assert works.post.kinds() == [("theo", "introduction")]
    assert (sent.sent, sent.refused) == (1, 1)
    rows = [row for row in works.scene.rows(MessageRow) if isinstance(row, MessageRow)]
    assert {(row.recipient, row.state, row.error) for row in rows} == {
        ("mentor", "refused", "550"),
        ("mentee", "sent", None),
        ("coordinator", "held", None),
    }
    again = works.of_pair(MomentKind.INTRODUCTION)
    assert (again.sent, again.refused) == (1, 1)
    assert works.post.kinds() == [("theo", "introduction"), ("cora", "address_refused")]


def test_the_coordinator_hears_once_of_an_address_that_is_refused(works: Works) -> None:
    works.post.turns_away["mia@example.com"] = "550 No Mia here"
    sent = works.of_pair(MomentKind.INTRODUCTION)
    assert sent.later == NOW
    assert works.held(NOW).later is None
    assert works.post.kinds()[-1] == ("cora", "address_refused")
    text = works.post.mails()[-1].text
    assert "Mia Example" in text
    assert "mia@example.com" in text
    assert "550" in text
    again = works.of_pair(MomentKind.PREPARATION, until=NOW + timedelta(days=7))
    assert (again.refused, again.later) == (1, None)
    assert works.post.kinds().count(("cora", "address_refused")) == 1


def test_the_coordinator_hears_of_invitations_that_are_refused(works: Works) -> None:
    works.post.turns_away["mia@example.com"] = "550 No Mia here"
    page = works.of_program(ProgramMomentKind.INVITATION, until=NOW + timedelta(days=7))
    assert (page.refused, page.later) == (1, NOW)
    works.program_messages.send_held_of_program(ProgramRef(program=PROGRAM, now=NOW))
    assert works.post.kinds()[-1] == ("cora", "address_refused")


def test_of_the_coordinators_own_address_nobody_is_told_by_mail(works: Works) -> None:
    works.post.turns_away["cora@example.com"] = "550 No Cora here"
    works.of_program(ProgramMomentKind.MATCHES_READY)
    assert works.ledger() == {"coordinator matches_ready": "refused"}
    with works.scene.database.read() as session:
        (found,) = refusals.refusing(session, PROGRAM)
    assert (found.name, found.email, found.code) == ("Cora Example", "cora@example.com", 550)


def test_whom_mail_does_not_reach_is_known_until_it_does_again(works: Works) -> None:
    works.post.turns_away["mia@example.com"] = "550 No Mia here"
    works.of_pair(MomentKind.INTRODUCTION)
    works.of_pair(MomentKind.PREPARATION, until=NOW + timedelta(days=7))
    with works.scene.database.read() as session:
        (found,) = refusals.refusing(session, PROGRAM)
    assert (found.reference, found.code, found.messages) == ("p-mia", 550, 2)
    works.change_profile("mia", email="right@example.com")
    works.of_pair(MomentKind.EXTENDED, until=NOW, now=NOW + timedelta(days=1))
    assert ("right", "program_extended") in works.post.kinds()
    with works.scene.database.read() as session:
        assert refusals.refusing(session, PROGRAM) == []


def test_who_is_put_off_keeps_nobody_else_waiting_and_is_tried_again(works: Works) -> None:
    works.post.turns_away["mia@example.com"] = "451 Mia Example is over quota"
    first = works.of_pair(MomentKind.INTRODUCTION)
    assert (first.sent, first.held) == (1, 1)
    assert first.later == NOW + timedelta(minutes=15)
    assert works.post.kinds() == [("theo", "introduction")]
    assert works.of_pair(MomentKind.INTRODUCTION) == first
    works.post.turns_away.clear()
    assert works.held(NOW + timedelta(minutes=15)) == Sent(sent=1)
    assert works.post.kinds() == [("theo", "introduction"), ("mia", "introduction")]
    assert works.of_pair(MomentKind.INTRODUCTION) == Sent(sent=2)


def test_what_may_have_gone_and_is_put_off_then_goes_in_the_same_mail_again(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_once(monkeypatch)
    with pytest.raises(Crash):
        works.of_pair(MomentKind.INTRODUCTION)
    works.post.turns_away["mia@example.com"] = "451 Try later"
    later = works.of_pair(MomentKind.INTRODUCTION).later
    assert later is not None
    works.post.turns_away.clear()
    until = later + timedelta(days=7)
    works.of_pair(MomentKind.PREPARATION, until=until, now=later)  # with what waits for the two
    first, *_, again, other = works.post.mails("mia@example.com")
    assert (first.kind, again.kind, other.kind) == ("introduction", "introduction", "preparation")
    assert first.message_id == again.message_id != other.message_id


def test_who_is_put_off_for_ever_is_given_up_after_three_days(works: Works) -> None:
    works.post.turns_away["mia@example.com"] = "450 Try later"
    at: datetime | None = NOW
    sent = works.of_pair(MomentKind.INTRODUCTION)
    asked = []
    while sent.later is not None and not sent.refused:
        at = sent.later
        asked.append(at - NOW)
        sent = works.held(at)
    assert asked[:4] == [timedelta(minutes=m) for m in (15, 45, 105, 225)]
    assert timedelta(days=3) <= asked[-1] < timedelta(days=3.5)
    assert len(asked) < 15
    assert sent.refused == 1
    row = next(row for row in works.messages() if row.recipient == "mentor")
    assert (row.state, row.error, row.letter) == ("refused", "450", None)


def test_a_server_that_wants_a_login_costs_nobody_their_mail(works: Works) -> None:
    works.post.turns_away["mia@example.com"] = "530 Authentication required"
    with pytest.raises(ApplicationError) as caught:
        works.of_pair(MomentKind.INTRODUCTION)
    assert caught.value.type == "MailAccountRefused"
    assert works.ledger()["mentor introduction"] == "sending"


def test_a_dead_mail_server_is_said_without_a_word_of_anybody(on_sqlite: Works) -> None:
    nobody = MailServer(host="127.0.0.1", port=any_free_port(), timeout=1)
    scene = on_sqlite.scene
    post = Post(scene.database, Mailer(nobody), scene.content, scene.links, always_open)
    on_sqlite.pair_messages._post = post
    with pytest.raises(ApplicationError) as caught:
        on_sqlite.of_pair(MomentKind.INTRODUCTION, events=(EVENT,))
    assert caught.value.type == "MailUnavailable"
    assert caught.value.__cause__ is None
    assert not any(name in str(caught.value) for name in NAMES)
    assert "pair_introduced" in on_sqlite.scene.events()


def test_a_server_that_hangs_up_midway_is_asked_again_for_the_rest(on_sqlite: Works) -> None:
    on_sqlite.post.hangs_up_after = 1
    with pytest.raises(ApplicationError):
        on_sqlite.of_pair(MomentKind.INTRODUCTION)
    on_sqlite.post.hangs_up_after = None
    assert on_sqlite.of_pair(MomentKind.INTRODUCTION).sent == 2
    assert on_sqlite.post.kinds() == [("mia", "introduction"), ("theo", "introduction")]


def test_a_worker_that_stops_between_two_mails_leaves_the_second_to_the_next_attempt(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = ledger.mark_sent

    def and_is_told_to_stop(*arguments: Any) -> None:
        note(*arguments)
        works.mailer.stop()

    with monkeypatch.context() as told:
        told.setattr(ledger, "mark_sent", and_is_told_to_stop)
        with pytest.raises(ApplicationError) as ended:
            works.of_pair(MomentKind.INTRODUCTION, events=(EVENT,))
    assert ended.value.type == "ToBeContinued"
    assert works.ledger() == {"mentor introduction": "sent", "mentee introduction": "sending"}
    assert works.post.kinds() == [("mia", "introduction")]
    works.pair_messages._post._mailer = Mailer(works.post.server)  # of the next worker
    assert works.of_pair(MomentKind.INTRODUCTION, events=(EVENT,)) == Sent(sent=2)
    assert works.post.kinds() == [("mia", "introduction"), ("theo", "introduction")]
    assert set(works.ledger().values()) == {"sent"}
    assert works.scene.events().count("pair_introduced") == 1
    assert works.post.broken_off == 0


def test_mails_that_go_one_after_the_other_share_a_connection(on_sqlite: Works) -> None:
    on_sqlite.of_pair(MomentKind.INTRODUCTION)
    assert (on_sqlite.post.connections, len(on_sqlite.post.mails())) == (1, 2)


def test_a_connection_that_was_idle_is_opened_anew(
    on_sqlite: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "IDLE_SECONDS", -1.0)
    on_sqlite.of_pair(MomentKind.INTRODUCTION)
    assert (on_sqlite.post.connections, len(on_sqlite.post.mails())) == (2, 2)


@pytest.mark.parametrize(
    "name",
    [
        "Mia\r\nBcc: evil@example.com",
        'Example, "Mia" <evil@example.com>',
        "Žofie Łucja 山田",
        "=?utf-8?q?evil?= \t x",
        "Mia\x0bExample\x00\x1b",
        "A" * 300,
        "a@b.example, evil@example.com",
        "\u2028Mia\u202eelpmaxE",
    ],
)
def test_a_name_can_add_no_header_and_no_recipient(on_sqlite: Works, name: str) -> None:
    on_sqlite.change_profile("mia", name=name)
    on_sqlite.of_pair(MomentKind.INTRODUCTION)
    first, second = on_sqlite.post.mails()
    assert (first.to, second.to) == (("mia@example.com",), ("theo@example.com",))
    raw = on_sqlite.post.mailbox.raw(first.id)
    assert raw is not None
    assert {key.lower() for key in raw} == {
        "from",
        "to",
        "subject",
        "message-id",
        "date",
        "auto-submitted",
        "x-mentoring-message",
        "mime-version",
        "content-type",
    }
    assert [address.addr_spec for address in raw["To"].addresses] == ["mia@example.com"]


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("a..b@example.com", "sent"),
        (".a@example.com", "sent"),
        ("a.@example.com", "sent"),
        ("o'brien+x@example.com", "sent"),
        ("müller@example.com", "sent"),
        ("mia@bücher.example", "sent"),
        ("mia@-.example", "sent"),
        ("mia@" + "ü" * 80 + ".example", "refused"),
        ("mia\r\n@example.com", "refused"),
    ],
)
def test_an_odd_address_never_keeps_the_other_from_their_mail(
    on_sqlite: Works, address: str, state: str
) -> None:
    on_sqlite.change_profile("mia", email=address)
    on_sqlite.of_pair(MomentKind.INTRODUCTION)
    told = {"coordinator address_refused": "held"} if state == "refused" else {}
    both = {"mentor introduction": state, "mentee introduction": "sent"}
    assert on_sqlite.ledger() == both | told
    assert ("theo", "introduction") in on_sqlite.post.kinds()


@pytest.mark.parametrize(
    "name", ["http://evil.example.net Mia", "www.evil.example.net", "evil@example.net Mia"]
)
def test_a_name_is_no_link_in_any_mail_program(on_sqlite: Works, name: str) -> None:
    on_sqlite.change_profile("mia", name=name)
    on_sqlite.of_pair(MomentKind.INTRODUCTION)
    mails = on_sqlite.post.mails()
    assert len(mails) == 2
    for one in mails:
        assert name.split(maxsplit=1)[0] not in one.text + str(one.html) + one.subject
        assert name.split(maxsplit=1)[0] in one.text.replace("\u2060", "")


@pytest.mark.parametrize("name", ["Mia, evil@example.net", "=?utf-8?q?=0ABcc:_evil=40x.net?=", '"'])
def test_a_mail_goes_to_its_address_whatever_the_name_looks_like(
    on_sqlite: Works, name: str
) -> None:
    on_sqlite.change_profile("mia", name=name)
    on_sqlite.of_pair(MomentKind.INTRODUCTION)
    assert {mail.to for mail in on_sqlite.post.mails()} == {
        ("mia@example.com",),
        ("theo@example.com",),
    }


def test_an_international_domain_reaches_a_server_that_knows_only_ascii(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with open_post_office(tmp_path, utf8=False) as office:
        works = make_works(sqlite_database, office)
        works.change_profile("mia", email="mia@bücher.example")
        works.change_profile("theo", email="théo@example.com")
        works.of_pair(MomentKind.INTRODUCTION)
        assert [m.to[0] for m in office.mails()] == ["mia@xn--bcher-kva.example"]
        assert works.ledger()["mentee introduction"] == "refused"


def test_the_ledger_names_a_message_by_program_pair_kind_occasion_and_recipient(
    works: Works,
) -> None:
    works.of_pair(MomentKind.INTRODUCTION)
    rows = [row for row in works.scene.rows(MessageRow) if isinstance(row, MessageRow)]
    assert {row.key for row in rows} == {
        f"{PROGRAM}/pair-1/introduction/introduction/{who}" for who in ("mentor", "mentee")
    }
    assert {row.message_id for row in rows} == {m.message_id for m in works.post.mails()}


def test_what_is_sent_is_marked_as_made_by_a_machine(on_sqlite: Works) -> None:
    on_sqlite.of_pair(MomentKind.INTRODUCTION)
    raw = on_sqlite.post.mailbox.raw(1)
    assert raw is not None
    assert raw["Auto-Submitted"] == "auto-generated"
    assert raw["From"] == "Reverse mentoring <mentoring@example.com>"
