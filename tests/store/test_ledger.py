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
    with scene.database.write() as session:
        return ledger.open_entries(session, entries, "example.com", STARTED)


def test_what_was_never_sent_has_yet_to_be_sent_however_often_it_is_asked(scene: Scene) -> None:
    both = [entry(1), entry(2)]
    assert waiting(scene, *both) == both
    assert waiting(scene, *both) == both
    rows = [row for row in scene.rows(MessageRow) if isinstance(row, MessageRow)]
    assert [row.attempts for row in rows] == [2, 2]
    assert {row.state for row in rows} == {"sending"}


def test_what_was_sent_or_refused_is_not_sent_again(scene: Scene) -> None:
    waiting(scene, entry(1), entry(2), entry(3))
    with scene.database.write() as session:
        ledger.mark_sent(session, entry(1).key, STARTED + timedelta(minutes=1))
        ledger.mark_refused(session, entry(2).key, 550)
    assert waiting(scene, entry(1), entry(2), entry(3)) == [entry(3)]
    with scene.database.read() as session:
        assert ledger.counts(session, PROGRAM) == {
            MessageState.SENT: 1,
            MessageState.REFUSED: 1,
            MessageState.SENDING: 1,
        }
        states = ledger.states(session, [entry(1).key, entry(2).key])
    assert states == {MessageState.SENT: 1, MessageState.REFUSED: 1}


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
        ledger.mark_sent(session, entry(1).key, sent_at)
    (row,) = scene.rows(MessageRow)
    assert isinstance(row, MessageRow)
    assert row.sent_at == sent_at
