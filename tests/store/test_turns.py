"""Writers of one process come one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import TimeoutError as NoTurn

from store import database as module
from store import outbox
from store.database import Database
from store.tables import OutboxRow
from store.turns import Turns

PATIENCE = 20.0


def begun(what: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=what, daemon=True)
    thread.start()
    return thread


def come(turns: Turns, how_many: int, what: Callable[[int], None]) -> list[threading.Thread]:
    """Have so many wait, each behind the one before."""
    threads = []
    for number in range(how_many):

        def take(number: int = number) -> None:
            with turns.turn(PATIENCE):
                what(number)

        threads.append(begun(take))
        while len(turns._waiting) <= number:
            threads[-1].join(0.001)
    return threads


def test_who_came_first_is_first_and_nobody_is_beside_another() -> None:
    turns, order, inside = Turns(), list[int](), threading.Lock()

    def pass_through(number: int) -> None:
        assert inside.acquire(blocking=False)
        order.append(number)
        inside.release()

    with turns.turn(PATIENCE):
        threads = come(turns, 20, pass_through)
    for thread in threads:
        thread.join(PATIENCE)
    assert order == list(range(20))


def test_who_waits_too_long_is_told_and_the_next_one_is_not_kept_waiting() -> None:
    turns, done = Turns(), threading.Event()
    with turns.turn(PATIENCE):
        with pytest.raises(NoTurn), turns.turn(0.01):
            pass
        (waiting,) = come(turns, 1, lambda _: done.set())
    waiting.join(PATIENCE)
    assert done.is_set()


def test_a_turn_that_fails_is_over() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.turn(PATIENCE):
        _ = 1 / 0
    with turns.turn(0):
        pass


def test_a_writer_waits_for_one_of_its_process_and_then_reads_what_that_wrote(
    sqlite_database: Database,
) -> None:
    found: list[str] = []

    def read_in_a_transaction_of_ones_own() -> None:
        with sqlite_database.write() as session:
            found.extend(session.scalars(select(OutboxRow.signal)))

    with sqlite_database.write() as session:
        thread = begun(read_in_a_transaction_of_ones_own)
        while not sqlite_database._writers._waiting:
            thread.join(0.001)
        outbox.add_signal(session, "a-workflow", "told", {})
    thread.join(PATIENCE)
    assert found == ["told"]


def test_a_writer_does_not_wait_for_ever(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.01)
    with sqlite_database.write(), pytest.raises(NoTurn), sqlite_database.write():
        pass
