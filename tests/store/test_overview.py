"""The numbers that watchers get are those of the projection, read in a quicker way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from domain.deeds import Deed, DeedKind
from domain.journal import EventKind as K
from domain.journal import JournalEvent
from domain.lifecycle import ENDINGS, PairState, Stage
from domain.people import Role
from domain.projection import SIGNS_OF_LIFE, STATE_EVENTS, project
from store import journal, ledger, outbox
from store.database import Database
from store.ledger import Entry
from store.overview import overview
from store.tables import ProgramRow
from tests.portal.scene import STARTED, fill

PAIRS = 25
FORWARD = (K.PAIR_PREPARING, K.PAIR_MEETING, K.PAIR_EVALUATING)
ENDS = [kind for kind, state in STATE_EVENTS.items() if state in ENDINGS]


def life_of(pair: str, random: Random) -> Iterator[tuple[float, K, dict[str, int | str]]]:
    """What happens to a pair, as its workflow and its people would tell it: when, and what."""
    at, forward, stalled, paused, step = 0.0, 0, False, False, 0
    yield at, K.PAIR_INTRODUCED, {}
    for _ in range(random.randrange(25)):
        at += random.random()
        chance = random.random()
        if chance < 0.4:
            yield at, random.choice(sorted(SIGNS_OF_LIFE)), {}
            if stalled:
                yield at + 0.001, K.PAIR_RECOVERED, {"step": step}
                stalled = False
        elif paused:
            yield at, K.PAIR_RESUMED, {}
            paused = False
        elif chance < 0.55 and not stalled and forward < len(FORWARD):
            yield at, FORWARD[forward], {}
            forward += 1
        elif chance < 0.8:
            step = step + 1 if stalled else 1
            if not stalled:
                yield at, K.PAIR_STALLED, {"step": step}
            yield at, K.LADDER_CLIMBED, {"step": step, "action": "nudge_both"}
            stalled = True
        elif chance < 0.9:
            yield at, K.PAIR_PAUSED, {}
            paused, stalled = True, False
        elif chance > 0.97:
            yield at, random.choice(ENDS), {"reason": "coordinator"}
            return


def history(program: str, random: Random) -> list[JournalEvent]:
    """A program's events as they were written: some later than what happened after them."""
    told: list[tuple[float, int, str, K, float, dict[str, int | str]]] = []
    for number in range(PAIRS):
        pair = f"{program}-{number}"
        for at, kind, data in life_of(pair, random):
            late = random.choice((0, 0, 0.8)) if kind is K.PAIR_RECOVERED else 0
            told.append((at + late, len(told), pair, kind, at, data))
    return [
        JournalEvent(
            id=f"{program}#{n}", kind=kind, at=STARTED + timedelta(days=at), pair=pair, data=data
        )
        for _, n, pair, kind, at, data in sorted(told, key=lambda one: one[:2])
    ]


def enter(database: Database, program: str, *events: JournalEvent) -> None:
    with database.write() as session:
        row = ProgramRow(id=program, title=program, definition={}, epoch=STARTED)
        row.created_at = STARTED
        session.add(row)
        session.flush()
        journal.append(session, program, events)


def stage_entered(program: str, stage: Stage) -> JournalEvent:
    data = {"stage": stage.value}
    return JournalEvent(id=f"{program}@{stage}", kind=K.STAGE_ENTERED, at=STARTED, data={**data})


@pytest.mark.parametrize("seed", range(4))
def test_pairs_stand_as_the_projection_has_them(database: Database, seed: int) -> None:
    random = Random(seed)
    events = {name: history(name, random) for name in ("one", "two")}
    for name, some in events.items():
        enter(database, name, stage_entered(name, Stage.MEETINGS), *some)
    with database.read() as session:
        found = overview(session)
    seen = Counter[PairState]()
    for name, some in events.items():
        status = project(some)
        assert found.pairs[name] == status.counts
        steps = [p.ladder_step for p in status.pairs if p.state is PairState.STALLED]
        assert found.on_ladder[name] == Counter(steps)
        seen += Counter(status.counts)
    assert {PairState.STALLED, PairState.PAUSED, PairState.MEETING} <= set(seen)


def test_pairs_of_a_program_that_is_over_do_not_count(database: Database) -> None:
    met = JournalEvent(id="x", kind=K.PAIR_MEETING, at=STARTED, pair="p")
    over = STARTED + timedelta(days=1)
    enter(database, "new")
    enter(
        database,
        "runs",
        stage_entered("runs", Stage.MATCHING),
        stage_entered("runs", Stage.MEETINGS),
    )
    enter(database, "done", met, JournalEvent(id="y", kind=K.PROGRAM_COMPLETED, at=over))
    enter(database, "off", JournalEvent(id="z", kind=K.PROGRAM_CANCELLED, at=over))
    with database.read() as session:
        found = overview(session)
    assert set(found.pairs) == {"new", "runs"}
    assert {stage: number for stage, number in found.programs.items() if number} == {
        Stage.DEFINITION: 1,
        Stage.MEETINGS: 1,
        Stage.COMPLETED: 1,
        Stage.CANCELLED: 1,
    }


def test_what_waits_is_counted(database: Database) -> None:
    scene = fill(database)
    entries = [
        Entry(
            key=f"k{n}",
            program="example-2026",
            pair="pair-1",
            person="p-mia",
            recipient="mentor",
            kind="nudge",
        )
        for n in range(3)
    ]
    deed = Deed(kind=DeedKind.HELP_ASKED, role=Role.MENTOR, at=datetime.now(UTC))
    with scene.database.write() as session:
        ledger.write_down(session, entries, "example.com", STARTED)
        ledger.hold(session, "k0", STARTED, {})
        ledger.hold(session, "k1", STARTED, {})
        ledger.mark_sent(session, ["k2"], STARTED)
        outbox.add(session, "example-2026", "pair-1", deed)
        outbox.add(session, "example-2026", "pair-2", deed)
        session.flush()
        outbox.mark(session, [1], outbox.Outcome.DELIVERED)
    with scene.database.read() as session:
        found = overview(session)
    assert (found.waiting, found.signals) == (2, 1)
    assert timedelta(0) < found.oldest_signal < timedelta(minutes=1)
