"""The ledger: what is written down before it is sent, and what has yet to be sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from store import ledger
from store.database import Database
from store.ledger import Entry, MessageState
from store.tables import MessageRow
from tests.portal.scene import PROGRAM, STARTED, Scene, fill


@pytest.fixture
def scene(database: Database) -> Scene:
    return fill(database)


def entry(number: int) -> Entry:
    return Entry(
        key=f"{PROGRAM}/pair-1/introduction/{number}/mentor",
        program=PROGRAM,
        pair="pair-1",
        person="p-mia",
        recipient="mentor",
        kind="introduction",
    )


def waiting(scene: Scene, *entries: Entry) -> list[Entry]:
    """What of these has yet to be sent, once it is written down."""
    with scene.database.write() as session:
        found = ledger.write_down(session, entries, "example.com", STARTED)
    return [e for e in entries if found[e.key].state is MessageState.SENDING]


def test_what_was_never_sent_has_yet_to_be_sent_however_often_it_is_asked(scene: Scene) -> None:
    both = [entry(1), entry(2)]
    assert waiting(scene, *both) == both
    assert waiting(scene, *both) == both
    rows = [row for row in scene.rows(MessageRow) if isinstance(row, MessageRow)]
    assert {row.state for row in rows} == {"sending"}


def test_messages_in_one_mail_have_its_message_id_and_count_as_one(scene: Scene) -> None:
    entries = [entry(1), entry(2), entry(3)]
    waiting(scene, *entries)
    with scene.database.write() as session:
        ledger.begin(session, [entry(1).key, entry(2).key], "<a@b>", STARTED)
        ledger.begin(session, [entry(3).key], "<c@d>", STARTED)
        ledger.mark_sent(session, [entry(1).key, entry(2).key], STARTED)
    rows = [row for row in scene.rows(MessageRow) if isinstance(row, MessageRow)]
    assert [row.attempts for row in rows] == [1, 1, 1]
    assert sorted(row.message_id for row in rows) == ["<a@b>", "<a@b>", "<c@d>"]

    def mails(since: datetime, *but: str) -> int:
        with scene.database.read() as session:
            return ledger.mails_since(session, PROGRAM, ["p-mia"], since, but)["p-mia"]

    assert mails(STARTED) == 2
    assert mails(STARTED + timedelta(seconds=1)) == 0
    assert mails(STARTED, "introduction") == 0


def test_what_was_sent_or_refused_is_not_sent_again(scene: Scene) -> None:
    waiting(scene, entry(1), entry(2), entry(3))
    with scene.database.write() as session:
        ledger.mark_sent(session, [entry(1).key], STARTED + timedelta(minutes=1))
        ledger.mark_refused(session, [entry(2).key], 550)
    assert waiting(scene, entry(1), entry(2), entry(3)) == [entry(3)]
    with scene.database.read() as session:
        assert ledger.counts(session, PROGRAM) == {
            MessageState.SENT: 1,
            MessageState.REFUSED: 1,
            MessageState.SENDING: 1,
        }
        states = ledger.states(session, [entry(1).key, entry(2).key])
    assert states == {MessageState.SENT: 1, MessageState.REFUSED: 1}


def test_what_is_held_is_due_at_its_time_and_keeps_its_words_till_it_is_sent(scene: Scene) -> None:
    later = STARTED + timedelta(hours=3)
    waiting(scene, entry(1))
    with scene.database.write() as session:
        ledger.hold(session, entry(1).key, later, {"words": "x"}, 451)

    def due(at: datetime, *people: str) -> list[str]:
        with scene.database.read() as session:
            return [s.entry.key for s in ledger.due(session, PROGRAM, at, people)]

    assert due(STARTED, "p-mia") == []
    assert due(later, "p-theo") == []
    assert due(later, "p-mia") == [entry(1).key]
    with scene.database.read() as session:
        (held,) = ledger.held(session, PROGRAM, ["p-mia"])
        assert (held.send_after, held.pair) == (later, "pair-1")
    with scene.database.write() as session:
        ledger.begin(session, [entry(1).key], "<a@b>", later)
    assert due(later, "p-mia") == [entry(1).key]  # whoever began it may have broken off
    with scene.database.write() as session:
        ledger.mark_sent(session, [entry(1).key], later)
    assert due(later, "p-mia") == []
    (row,) = scene.rows(MessageRow)
    assert isinstance(row, MessageRow)
    assert (row.letter, row.send_after, row.error) == (None, None, None)


def test_what_has_lost_its_point_keeps_no_words(scene: Scene) -> None:
    waiting(scene, entry(1), entry(2))
    with scene.database.write() as session:
        ledger.hold(session, entry(1).key, STARTED, {"words": "x"})
        ledger.mark_sent(session, [entry(2).key], STARTED)
        ledger.drop(session, [entry(1).key, entry(2).key])
    rows = [row for row in scene.rows(MessageRow) if isinstance(row, MessageRow)]
    assert {(row.state, str(row.letter)) for row in rows} == {("dropped", "None"), ("sent", "None")}


def test_nothing_to_send_is_nothing_to_do(scene: Scene) -> None:
    assert waiting(scene) == []
    with scene.database.read() as session:
        assert ledger.counts(session, PROGRAM) == {}


def test_a_message_id_is_the_same_for_the_same_key_and_says_nothing() -> None:
    one = ledger.message_id("program/pair/kind/occasion/mentor", "example.com")
    assert one == ledger.message_id("program/pair/kind/occasion/mentor", "example.com")
    assert one != ledger.message_id("program/pair/kind/occasion/mentee", "example.com")
    assert one.startswith("<")
    assert one.endswith("@example.com>")
    assert "mentor" not in one


def test_when_it_was_sent_is_kept_to_the_moment(scene: Scene) -> None:
    sent_at = datetime(2027, 3, 28, 1, 30, 0, 123456, tzinfo=UTC)
    waiting(scene, entry(1))
    with scene.database.write() as session:
        ledger.mark_sent(session, [entry(1).key], sent_at)
    (row,) = scene.rows(MessageRow)
    assert isinstance(row, MessageRow)
    assert row.sent_at == sent_at
