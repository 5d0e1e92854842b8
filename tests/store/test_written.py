"""What is written is told once, and only when it is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.journal import EventKind, JournalEvent
from store import journal, ledger
from store.database import Database
from store.ledger import CHANNEL, Entry
from store.written import Outcome, Way, Written
from tests.portal.scene import PROGRAM, STARTED, Scene, fill

LATER = STARTED + timedelta(hours=1)


@pytest.fixture
def scene(database: Database) -> Scene:
    return fill(database)


@pytest.fixture
def told(scene: Scene) -> list[Written]:
    found: list[Written] = []
    scene.database.listen(found.extend)
    return found


def event(number: int) -> JournalEvent:
    return JournalEvent(id=f"w#{number}", kind=EventKind.SESSION_HELD, at=STARTED, pair="pair-1")


def entry(number: int, recipient: str = "mentor") -> Entry:
    return Entry(
        key=f"{PROGRAM}/pair-1/introduction/{number}/{recipient}",
        program=PROGRAM,
        pair="pair-1",
        person="p-mia",
        recipient=recipient,
        kind="introduction",
    )


def settled(told: list[Written]) -> list[tuple[Outcome, Way]]:
    return [(one.outcome, one.way) for one in told if not isinstance(one, JournalEvent)]


def test_an_event_is_told_when_it_is_written_and_not_when_it_is_there_already(
    scene: Scene, told: list[Written]
) -> None:
    with scene.database.write() as session:
        journal.append(session, PROGRAM, [event(1), event(1), event(2)])
        assert told == []
    assert told == [event(1), event(2)]
    with scene.database.write() as session:
        journal.append(session, PROGRAM, [event(2), event(3)])
    assert told == [event(1), event(2), event(3)]


def test_what_is_rolled_back_is_not_told(scene: Scene, told: list[Written]) -> None:
    def write_and_fail() -> None:
        with scene.database.write() as session:
            journal.append(session, PROGRAM, [event(1)])
            raise LookupError

    with pytest.raises(LookupError):
        write_and_fail()
    with scene.database.write() as session:
        journal.append(session, PROGRAM, [event(1)])
        session.rollback()
    assert told == []
    with scene.database.write() as session:
        journal.append(session, PROGRAM, [event(1)])
    assert told == [event(1)]


def test_a_message_is_told_of_each_time_its_state_changes(
    scene: Scene, told: list[Written]
) -> None:
    keys = [entry(1).key, entry(2).key]
    with scene.database.write() as session:
        ledger.write_down(session, [entry(1), entry(2)], "example.com", STARTED)
        ledger.hold(session, keys[0], LATER, {})
    with scene.database.write() as session:
        ledger.hold(session, keys[0], LATER, {})  # it waits still
    assert settled(told) == [(Outcome.HELD, Way.MAIL)]
    told.clear()
    for _ in range(2):  # the second time by a retry
        with scene.database.write() as session:
            ledger.mark_sent(session, keys, STARTED)
    assert settled(told) == [(Outcome.SENT, Way.MAIL)] * 2
    assert {one.kind for one in told} == {"introduction"}


def test_a_message_that_fails_is_told_with_how(scene: Scene, told: list[Written]) -> None:
    with scene.database.write() as session:
        ledger.write_down(
            session, [entry(n) for n in range(4)] + [entry(9, CHANNEL)], "example.com", STARTED
        )
        ledger.hold(session, entry(0).key, LATER, {}, code=451)
        ledger.mark_refused(session, [entry(1).key], 550)
        ledger.drop(session, [entry(2).key])
        ledger.mark_sent(session, [entry(3).key], STARTED)
        ledger.drop(session, [entry(3).key])  # it has gone
        ledger.mark_unheard(session, entry(9, CHANNEL).key, "1 of 1")
    assert settled(told) == [
        (Outcome.PUT_OFF, Way.MAIL),
        (Outcome.REFUSED, Way.MAIL),
        (Outcome.DROPPED, Way.MAIL),
        (Outcome.SENT, Way.MAIL),
        (Outcome.REFUSED, Way.CHAT),
    ]
