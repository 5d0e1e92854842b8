"""Mail goes at its pace over all threads, and makes way in time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.pace import LONGEST_TURN, UNPACED, Pace
from runtime.settings import load_settings
from workflows.options import LONGEST

NOW = 1_000.0

SLOWEST = 1 / 60


def test_all_threads_together_keep_the_rate() -> None:
    pace = Pace(10)

    def a_turn(_thread: int) -> list[float]:
        return [pace.reserve(NOW, NOW) for _ in range(25)]

    with ThreadPoolExecutor(8) as threads:
        turns = list(threads.map(a_turn, range(8)))
    seconds = sorted(one for turn in turns for one in turn)
    assert seconds == pytest.approx([number / 10 for number in range(200)])


def test_who_was_idle_may_not_catch_up() -> None:
    pace = Pace(10)
    pace.reserve(NOW, NOW)
    later = NOW + 60
    assert [pace.reserve(later, later) for _ in range(3)] == pytest.approx([0, 0.1, 0.2])


def test_a_mail_that_would_be_too_late_for_its_turn_takes_nobody_s_time() -> None:
    pace = Pace(1)
    began = NOW - LONGEST_TURN
    assert pace.reserve(NOW, began) == 0
    with pytest.raises(ApplicationError) as ended:
        pace.reserve(NOW, began)
    assert ended.value.type == "ToBeContinued"
    assert ended.value.next_retry_delay is not None
    assert ended.value.next_retry_delay.total_seconds() < 1
    assert pace.reserve(NOW, NOW) == 1


def test_at_the_slowest_rate_nobody_waits_until_the_server_takes_them_to_be_lost() -> None:
    pace = Pace(SLOWEST)
    waits = [pace.reserve(NOW, NOW) for _thread in range(6)]
    assert waits == pytest.approx([0, 60, 120, 180, 240, LONGEST_TURN])
    for _thread in range(10):
        with pytest.raises(ApplicationError) as ended:
            pace.reserve(NOW, NOW)
        assert ended.value.next_retry_delay is not None
        assert ended.value.next_retry_delay.total_seconds() == pytest.approx(60)
    assert timedelta(seconds=1.5 * LONGEST_TURN) < LONGEST
    assert load_settings({"MAIL_RATE": str(SLOWEST)}).mail_rate == SLOWEST


def test_a_turn_that_waits_ends_when_the_worker_stops() -> None:
    pace = Pace(SLOWEST)
    pace.wait(time.monotonic())
    found: list[str | None] = []

    def waits() -> None:
        with pytest.raises(ApplicationError) as ended:
            pace.wait(time.monotonic())
        found.append(ended.value.type)

    thread = threading.Thread(target=waits, daemon=True)
    thread.start()
    pace.stop()
    thread.join(10)
    assert found == ["ToBeContinued"]


def test_once_the_worker_stops_no_mail_begins() -> None:
    pace = Pace(UNPACED)
    pace.stop()
    with pytest.raises(ApplicationError, match="the next attempt sends the rest"):
        pace.wait(time.monotonic())
