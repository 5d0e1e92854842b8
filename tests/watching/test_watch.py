"""What is answered on the port for watchers, and that a store which is away holds nobody up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.journal import EventKind, JournalEvent
from domain.problems import BadInput
from portal.relay import Relay
from runtime.settings import load_settings
from runtime.watching import health, reading
from runtime.watching.health import PortalHealth, Report, State
from runtime.watching.metrics import Metrics
from runtime.watching.reading import Reading
from runtime.watching.watch import Watch
from store.database import Database
from store.written import Outcome, Settled, Way
from tests.portal.scene import fill

AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


@dataclass
class Relaying:
    """A relay as its health sees it."""

    is_away: bool = False
    ago: float = 0.5

    def seconds_ago(self) -> float:
        return self.ago


def watch(database: Database, port: int = 1) -> Watch:
    settings = load_settings({"WATCH_PORT": str(port), "VAR_DIR": "/nonexistent"})
    return Watch(settings, database, sends=True)


async def ask(database: Database, path: str, relay: Relaying | None = None) -> httpx.Response:
    app = watch(database).app(PortalHealth(relay or Relaying()))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://watch") as web:
        return await web.get(path)


def values(page: bytes) -> dict[tuple[str, ...], float]:
    """By name, and what the labels say in the order of their names."""
    return {
        (sample.name, *(word for _, word in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


async def test_a_portal_says_what_it_does(sqlite_database: Database) -> None:
    assert (await ask(sqlite_database, "/healthz")).json() == {"status": "alive"}
    ready = await ask(sqlite_database, "/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"status": "idle", "outbox": 0, "relay_seconds_ago": 0.5}
    cut_off = await ask(sqlite_database, "/readyz", Relaying(is_away=True))
    assert (cut_off.status_code, cut_off.json()["status"]) == (200, "cut_off")
    stuck = await ask(sqlite_database, "/readyz", Relaying(ago=health.RELAY_SECONDS + 1))
    assert (stuck.status_code, stuck.json()["status"]) == (503, "stuck")


async def test_with_the_store_away_the_process_is_alive_and_not_ready() -> None:
    database = Database(AWAY)
    assert (await ask(database, "/healthz")).status_code == 200
    answer = await ask(database, "/readyz")
    assert (answer.status_code, answer.json()["why"]) == (503, "the store can't be reached")
    found = values((await ask(database, "/metrics")).content)
    assert found[("mentoring_store_up",)] == 0
    assert found[("mentoring_ready",)] == 0
    assert found[("mentoring_state", "stuck")] == 1
    assert ("mentoring_outbox_signals",) not in found
    database.close()


async def test_metrics_say_how_programs_stand_and_name_nobody(sqlite_database: Database) -> None:
    scene = fill(sqlite_database)
    scene.happened(EventKind.STAGE_ENTERED, pair=None, stage="meetings")
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_MEETING, EventKind.PAIR_STALLED)
    page = (await ask(sqlite_database, "/metrics")).content
    found = values(page)
    assert found[("mentoring_programs", "meetings")] == 1
    assert found[("mentoring_pairs", "example-2026", "stalled")] == 1
    assert found[("mentoring_pairs", "example-2026", "meeting")] == 0
    assert found[("process_start_time_seconds",)] > 0
    for name in ("Mia", "Theo", "p-mia", "pair-1", "example.com"):
        assert name.encode() not in page


def test_what_is_written_is_counted_by_kind(sqlite_database: Database) -> None:
    metrics = Metrics(sends=True)
    before = values(metrics.page([]))
    assert before[("mentoring_messages_total", "invitation", "refused", "mail")] == 0
    sqlite_database.listen(metrics.count)
    scene = fill(sqlite_database)
    scene.happened(EventKind.LADDER_CLIMBED, action="nudge_both+tell_coordinator", step=2)
    metrics.count(
        [
            JournalEvent(id="a", kind=EventKind.SURVEY_ANSWERED, at=datetime.now(UTC)),
            Settled(kind="invitation", way=Way.MAIL, outcome=Outcome.REFUSED),
            Settled(kind="pair_stalled", way=Way.CHAT, outcome=Outcome.SENT),
        ]
    )
    found = values(metrics.page([]))
    assert found[("mentoring_journal_events_total", "program", "ladder_climbed")] == 1
    assert found[("mentoring_journal_events_total", "people", "survey_answered")] == 1
    assert found[("mentoring_ladder_steps_total", "nudge_both")] == 1
    assert found[("mentoring_ladder_steps_total", "tell_coordinator")] == 1
    assert found[("mentoring_ladder_steps_total", "close")] == 0
    assert found[("mentoring_messages_total", "invitation", "refused", "mail")] == 1
    assert found[("mentoring_messages_total", "pair_stalled", "sent", "chat")] == 1


def test_the_real_relay_says_when_it_last_went_through_the_outbox(
    sqlite_database: Database,
) -> None:
    relay = Relay(sqlite_database, None)  # type: ignore[arg-type]
    assert 0 <= relay.seconds_ago() < 10
    assert not relay.is_away


@pytest.fixture
async def threads() -> AsyncIterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


async def test_a_store_that_does_not_answer_is_waited_for_by_one_only(
    threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.02)
    released, asked = threading.Event(), []

    def read() -> str:
        asked.append(1)
        released.wait(10)
        return "found"

    slow = Reading(read, threads, keep=60)
    assert [await slow.get() for _ in range(3)] == [None, None, None]
    released.set()
    async with asyncio.timeout(10):
        while await slow.get() is None:
            pass
    assert await slow.get() == "found"
    assert len(asked) == 1


async def test_what_took_long_to_read_is_kept_for_longer(threads: ThreadPoolExecutor) -> None:
    now = 0.0
    asked = []

    def read() -> int:
        nonlocal now
        asked.append(1)
        now += 3.0
        return len(asked)

    slow = Reading(read, threads, keep=10, clock=lambda: now)
    assert await slow.get() == 1
    now += 29.0
    assert await slow.get() == 1
    now += 2.0
    assert await slow.get() == 2


class Well:
    async def report(self, _signals: int | None) -> Report:
        return Report(state=State.IDLE, ready=True)


async def test_a_port_that_is_taken_is_told_by_its_setting(sqlite_database: Database) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(BadInput) as refused:
            async with watch(sqlite_database, taken).serving(Well()):
                pass
    (problem,) = refused.value.problems
    assert f"WATCH_PORT: 127.0.0.1:{taken} can't be listened on" in str(problem)


async def test_without_a_port_nobody_is_answered_and_nothing_is_counted(
    sqlite_database: Database,
) -> None:
    off = watch(sqlite_database, 0)
    async with off.serving(Well()):
        pass
    assert sqlite_database._listeners == []
