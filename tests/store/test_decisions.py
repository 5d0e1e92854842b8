"""What the coordinator decides is written down once, with who decided it, and told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from domain.ids import pair_workflow_id
from domain.journal import EventKind, JournalEvent
from domain.pair_orders import Order
from store import decisions, journal, outbox
from store.database import Database
from store.decisions import Decided
from store.links import COORDINATOR, SPONSOR, Link, Purpose
from tests.portal.scene import EXPIRES, PROGRAM, STARTED, Scene, fill

UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)


@pytest.fixture
def scene(database: Database) -> Scene:
    """An example program, on SQLite and on PostgreSQL."""
    return fill(database)


@pytest.fixture
def session(scene: Scene) -> Iterator[Session]:
    with scene.database.write() as open_session:
        yield open_session


def task(person: str = COORDINATOR) -> Link:
    return Link(
        purpose=Purpose.TASK, program=PROGRAM, person=person, pair="pair-1", expires=EXPIRES
    )


def happened(session: Session, kind: EventKind) -> None:
    event = JournalEvent(id=f"w/{kind}", kind=kind, at=STARTED, pair="pair-1")
    journal.append(session, PROGRAM, [event])


def signals(session: Session) -> list[tuple[str, str, dict[str, Any]]]:
    session.flush()
    return [(row.workflow_id, row.signal, row.argument) for row in outbox.pending(session, 10)]


def decided(session: Session) -> list[dict[str, int | str]]:
    session.flush()
    events = journal.read_pair(session, PROGRAM, "pair-1")
    return [event.data for event in events if event.kind is EventKind.TASK_TAKEN]


def test_being_on_it_is_written_down_and_told(session: Session) -> None:
    assert decisions.take_on(session, task(), 5, UNTIL) is Decided.NEW
    assert decided(session) == [{"by": "coordinator", "days": 5, "until": UNTIL.isoformat()}]
    assert signals(session) == [
        (
            pair_workflow_id(PROGRAM, "pair-1"),
            "coordinator_decided",
            {"order": None, "until": None, "snooze_until": UNTIL.isoformat()},
        )
    ]


def test_the_same_again_changes_nothing_and_another_time_does(session: Session) -> None:
    decisions.take_on(session, task(), 5, UNTIL)
    assert decisions.take_on(session, task(), 5, UNTIL) is Decided.BEFORE
    assert decisions.take_on(session, task(), 10, UNTIL + timedelta(days=7)) is Decided.NEW
    assert len(signals(session)) == len(decided(session)) == 2


@pytest.mark.parametrize("order", [Order.CLOSE, Order.REMATCH])
def test_after_the_end_was_decided_nothing_else_is(session: Session, order: Order) -> None:
    assert decisions.order(session, task(SPONSOR), order) is Decided.NEW
    for another in (Order.CLOSE, Order.REMATCH, Order.HOLD, Order.RESUME):
        assert decisions.order(session, task(), another) is Decided.TOO_LATE
    assert decisions.take_on(session, task(), 5, UNTIL) is Decided.TOO_LATE
    assert decided(session) == [{"by": "sponsor", "order": order.value}]
    assert [argument["order"] for _, _, argument in signals(session)] == [order.value]


def test_a_pause_may_have_an_end_and_is_not_given_twice(session: Session) -> None:
    assert decisions.order(session, task(), Order.HOLD, UNTIL) is Decided.NEW
    assert decisions.order(session, task(), Order.HOLD, UNTIL) is Decided.BEFORE
    happened(session, EventKind.PAIR_PAUSED)
    assert decisions.order(session, task(), Order.HOLD) is Decided.BEFORE
    assert [argument["until"] for _, _, argument in signals(session)] == [UNTIL.isoformat()]


def test_only_a_pause_can_be_ended(session: Session) -> None:
    assert decisions.order(session, task(), Order.RESUME) is Decided.POINTLESS
    happened(session, EventKind.PAIR_PAUSED)
    assert decisions.order(session, task(), Order.RESUME) is Decided.NEW
    assert decisions.order(session, task(), Order.RESUME) is Decided.BEFORE


@pytest.mark.parametrize("kind", [EventKind.PAIR_WITHDRAWN, EventKind.PAIR_COMPLETED])
def test_a_pair_that_is_over_takes_no_decision(session: Session, kind: EventKind) -> None:
    happened(session, kind)
    assert decisions.order(session, task(), Order.CLOSE) is Decided.TOO_LATE
    assert decisions.take_on(session, task(), 3, UNTIL) is Decided.TOO_LATE
    assert signals(session) == []


def test_a_program_that_is_over_takes_none_either(session: Session, scene: Scene) -> None:
    event = JournalEvent(id="w/end", kind=EventKind.PROGRAM_CANCELLED, at=STARTED)
    journal.append(session, PROGRAM, [event])
    assert decisions.order(session, task(), Order.HOLD) is Decided.TOO_LATE
