"""The relay delivers every deed in order, waits out a Temporal that is away, and loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from domain.deeds import Deed, DeedKind
from domain.ids import pair_workflow_id
from domain.journal import EventKind
from domain.pair_orders import Order
from domain.people import Role
from portal import relay as relay_module
from portal.relay import Relay
from store import answers, decisions
from store.database import Database
from store.links import COORDINATOR, Link, Purpose
from store.tables import OutboxRow, PairStandingRow
from tests.portal.scene import EXPIRES, PROGRAM, Scene
from workflows.messages import CoordinatorDecision

FIRST, SECOND = (pair_workflow_id(PROGRAM, pair) for pair in ("pair-1", "pair-2"))


class FakeTemporal:
    """Takes signals like a client does, or fails as it is told to."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, Deed]] = []
        self.fails: dict[str, Exception] = {}
        self.arrived = asyncio.Event()

    def get_workflow_handle(self, workflow: str) -> Any:
        outer = self

        class Handle:
            async def signal(self, name: str, argument: Deed, **_: object) -> None:
                failure = outer.fails.get(workflow) or outer.fails.get("all")
                if failure is not None:
                    raise failure
                outer.told.append((workflow, name, argument))
                outer.arrived.set()

        return Handle()


@pytest.fixture
def temporal() -> FakeTemporal:
    return FakeTemporal()


@pytest.fixture
def relay(scene: Scene, temporal: FakeTemporal) -> Relay:
    return Relay(scene.database, temporal)  # type: ignore[arg-type]


def do(scene: Scene, person: str = "p-mia", pair: str = "pair-1") -> None:
    """Read the one module that there is, then sign."""
    link = Link(
        purpose=Purpose.TRAINING, program=PROGRAM, person=person, pair=pair, expires=EXPIRES
    )
    with scene.database.write() as session:
        answers.read_module(session, link, "basics", 1, dict.fromkeys(Role, ("basics",)))
    with scene.database.write() as session:
        answers.sign_agreement(session, link, 1, "en", "What I read", {})


def outcomes(scene: Scene) -> list[str | None]:
    rows = scene.rows(OutboxRow)
    return [row.outcome for row in rows if isinstance(row, OutboxRow)]


def error(status: RPCStatusCode, message: str = "") -> RPCError:
    return RPCError(message, status, b"")


async def test_deeds_arrive_in_the_order_in_which_they_were_done(
    scene: Scene, relay: Relay, temporal: FakeTemporal
) -> None:
    do(scene)
    do(scene, "p-theo")
    do(scene, "p-nils", "pair-2")
    assert await relay.deliver_once() == (6, False)
    of_first = [deed.kind for workflow, _, deed in temporal.told if workflow == FIRST]
    assert of_first == [DeedKind.TRAINING_DONE, DeedKind.AGREEMENT_SIGNED] * 2
    assert {name for _, name, _ in temporal.told} == {"person_did"}
    assert outcomes(scene) == ["delivered"] * 6
    assert await relay.deliver_once() == (0, False)


@pytest.mark.parametrize(
    "failure",
    [
        error(RPCStatusCode.UNAVAILABLE),
        error(RPCStatusCode.DEADLINE_EXCEEDED),
        RuntimeError("Failed client connect"),
    ],
)
async def test_while_temporal_is_away_nothing_is_lost(
    scene: Scene, relay: Relay, temporal: FakeTemporal, failure: Exception
) -> None:
    do(scene)
    temporal.fails["all"] = failure
    assert await relay.deliver_once() == (0, True)
    assert outcomes(scene) == [None, None]
    temporal.fails.clear()
    assert await relay.deliver_once() == (2, False)
    assert outcomes(scene) == ["delivered"] * 2


async def test_what_was_told_before_temporal_went_away_is_not_told_again(
    scene: Scene, relay: Relay, temporal: FakeTemporal
) -> None:
    do(scene)
    do(scene, "p-nils", "pair-2")
    temporal.fails[SECOND] = error(RPCStatusCode.UNAVAILABLE)
    assert await relay.deliver_once() == (2, True)
    temporal.fails.clear()
    await relay.deliver_once()
    assert [workflow for workflow, _, _ in temporal.told] == [FIRST, FIRST, SECOND, SECOND]


async def test_a_workflow_that_is_over_needs_no_telling(
    scene: Scene, relay: Relay, temporal: FakeTemporal
) -> None:
    do(scene)
    temporal.fails[FIRST] = error(RPCStatusCode.NOT_FOUND, "workflow execution already completed")
    await relay.deliver_once()
    assert outcomes(scene) == ["ended", "ended"]


async def test_a_pair_that_has_not_started_yet_is_told_later_and_holds_nobody_up(
    scene: Scene, relay: Relay, temporal: FakeTemporal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "HOLD_BACK", 0.0)
    do(scene)
    do(scene, "p-nils", "pair-2")
    temporal.fails[FIRST] = error(RPCStatusCode.NOT_FOUND, "workflow not found for ID")
    assert await relay.deliver_once() == (2, False)
    assert outcomes(scene) == [None, None, "delivered", "delivered"]
    temporal.fails.clear()
    await relay.deliver_once()
    assert outcomes(scene) == ["delivered"] * 4


async def test_a_workflow_that_never_comes_is_given_up_in_the_end(
    scene: Scene, temporal: FakeTemporal
) -> None:
    do(scene)
    temporal.fails[FIRST] = error(RPCStatusCode.NOT_FOUND, "workflow not found for ID")
    await Relay(scene.database, temporal, patience=0).deliver_once()  # type: ignore[arg-type]
    assert outcomes(scene) == ["ended", "ended"]


async def test_an_answer_wakes_the_relay_at_once(
    scene: Scene, relay: Relay, temporal: FakeTemporal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "LOOK_EVERY", 60.0)
    looked = asyncio.Event()
    read: Callable[[], Any] = relay._read

    def watched() -> Any:
        rows = read()
        loop.call_soon_threadsafe(looked.set)
        return rows

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(relay, "_read", watched)
    async with relay.running():
        await asyncio.wait_for(looked.wait(), 5)
        await asyncio.to_thread(do, scene)
        relay.wake()
        await asyncio.wait_for(temporal.arrived.wait(), 5)


async def test_a_relay_starts_with_temporal_down(scene: Scene) -> None:
    client = await Client.connect("127.0.0.1:1", lazy=True, data_converter=pydantic_data_converter)
    do(scene)
    assert await Relay(scene.database, client).deliver_once() == (0, True)
    assert outcomes(scene) == [None, None]


async def test_a_decision_arrives_as_the_workflow_reads_it(
    scene: Scene, relay: Relay, temporal: FakeTemporal
) -> None:
    until = datetime(2999, 1, 31, 9, tzinfo=UTC)
    task = Link(
        purpose=Purpose.TASK, program=PROGRAM, person=COORDINATOR, pair="pair-1", expires=EXPIRES
    )
    with scene.database.write() as session:
        decisions.take_on(session, task, 5, until)
        decisions.order(session, task, Order.HOLD, until)
    assert await relay.deliver_once() == (2, False)
    told = [(name, CoordinatorDecision.model_validate(given)) for _, name, given in temporal.told]
    assert told == [
        ("coordinator_decided", CoordinatorDecision(snooze_until=until)),
        ("coordinator_decided", CoordinatorDecision(order=Order.HOLD, until=until)),
    ]


async def test_what_answers_put_off_is_made_up_for_with_the_next_round(
    scene: Scene, temporal: FakeTemporal
) -> None:
    url = scene.database.engine.url.render_as_string(hide_password=False)
    database = Database(url, puts_off=True)
    relay = Relay(database, temporal)  # type: ignore[arg-type]
    scene.database, before = database, scene.database
    scene.happened(EventKind.PAIR_INTRODUCED)
    do(scene)
    assert not scene.rows(PairStandingRow)
    assert await relay.deliver_once() == (2, False)
    assert [row.events for row in scene.rows(PairStandingRow)] == [3]  # type: ignore[attr-defined]
    scene.happened(EventKind.PAIR_PREPARING)  # without anything to tell a workflow
    assert await relay.deliver_once() == (0, False)
    assert [row.events for row in scene.rows(PairStandingRow)] == [4]  # type: ignore[attr-defined]
    scene.database = before
    database.close()


async def test_a_round_that_fails_is_not_the_last(
    scene: Scene, relay: Relay, temporal: FakeTemporal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "GATHER", 0.01)
    failures = iter([ValueError("of an unknown kind")])
    read = relay._read

    def read_or_fail() -> Any:
        for failure in failures:
            raise failure
        return read()

    monkeypatch.setattr(relay, "_read", read_or_fail)
    do(scene)
    async with relay.running():
        async with asyncio.timeout(30):
            await temporal.arrived.wait()
