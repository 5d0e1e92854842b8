"""What is kept of the pairs says what the whole journal says, however it was written."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import delete, insert, select, update

from domain.escalation import LadderAction, Trigger
from domain.journal import EventKind as K
from domain.journal import JournalEvent
from domain.lifecycle import PairState, Stage
from domain.pair_story import attention_of
from domain.people import Role
from domain.projection import ProgramFacts, project
from domain.standing import FOLD, Standing
from store import going_back, journal, program_facts, standings
from store.database import Database
from store.tables import JournalRow, PairStandingRow
from tests.portal.scene import STARTED

PROGRAM, OTHER = "one", "two"
PAIRS = tuple(f"m-{number:02}" for number in range(7))
PEOPLE = tuple(f"p-{number}" for number in range(9))


def data_of(kind: K, random: Random) -> dict[str, int | str]:
    """What an event of this kind may say: most of the time what it should."""
    if random.random() < 0.05:
        return {"step": "odd", "session": "odd", "stage": "odd", "until": "odd", "count": "odd"}
    until = (STARTED + timedelta(days=random.randrange(90))).isoformat().lower().replace("t", "T")
    may: dict[str, int | str] = {
        "session": random.randrange(1, 5),
        "sessions": random.randrange(4),
        "needed": random.randrange(3),
        "step": random.randrange(4),
        "trigger": random.choice([*Trigger, "another"]),
        "action": "+".join(random.choices([*LadderAction], k=random.randrange(1, 3))),
        "stage": random.choice([*Stage, "another"]),
        "reason": random.choice(("coordinator", "ladder", "")),
        "until": until,
        "order": random.choice(("pause", "close", "another")),
        "count": random.randrange(30),
        "pairs": random.randrange(3),
        "unmatched": random.randrange(3),
        "proposal": f"x{random.randrange(4)}",
        "selection": random.randrange(2),
        "not_selected": random.randrange(9),
        "survey": "pulse",
        "occasion": f"pulse:{random.randrange(3)}",
    }
    return {name: value for name, value in may.items() if random.random() < 0.7}


LIFE = (
    *(K.PAIR_INTRODUCED, K.PAIR_PREPARING, K.PAIR_MEETING, K.PAIR_STALLED, K.LADDER_CLIMBED),
    *(K.SESSION_BOOKED, K.SESSION_HELD, K.SESSION_MISSED, K.TASK_OPENED, K.TASK_TAKEN),
    *(K.PAIR_RECOVERED, K.HELP_ASKED, K.PAIR_PAUSED, K.PAIR_RESUMED, K.CHECK_IN_FLAGGED),
)
"""Kinds that go on with a pair; among all kinds most would end it before long."""


def events_of(random: Random, count: int = 250) -> list[JournalEvent]:
    """A journal as no program has it: anything may happen, at any time, some of it at once."""
    found = []
    for number in range(count):
        kind = random.choice([*K] if random.random() < 0.3 else LIFE)
        found.append(
            JournalEvent(
                id=f"{PROGRAM}#{number}",
                kind=kind,
                at=STARTED + timedelta(hours=random.randrange(200)),
                pair=random.choice([*PAIRS, None]) if kind not in LIFE else random.choice(PAIRS),
                person=random.choice([*PEOPLE, None]),
                role=random.choice([*Role, None]),
                data=data_of(kind, random),
            )
        )
    return found


def in_parts(events: Sequence[JournalEvent], random: Random) -> Iterator[Sequence[JournalEvent]]:
    """The same in random portions."""
    first = 0
    while first < len(events):
        size = random.choice((1, 1, 1, 2, 5, 40))
        yield events[first : first + size]
        first += size


def write(database: Database, events: Iterable[JournalEvent], program: str = PROGRAM) -> None:
    with database.write() as session:
        journal.append(session, program, events)


def says(database: Database, events: Sequence[JournalEvent], program: str = PROGRAM) -> None:
    """Hold what is kept against the whole journal, in the order in which it was written."""
    status, attention = project(events), attention_of(events)
    with database.read() as session:
        facts = program_facts.facts(session, program)
        every = program_facts.all_pairs(session, program)
        some = program_facts.first_pairs(session, program, 3)
    told = {name: getattr(status, name) for name in ProgramFacts.model_fields}
    assert facts == ProgramFacts(**told)
    assert every.statuses == status.pairs
    assert {one.status.pair: one.attention for one in every.listed} == attention
    first = sorted(every.listed, key=lambda one: one.rank)
    assert some.listed == tuple(first[:3])
    assert list(some.rest.items()) == list(Counter(p.status.state for p in first[3:]).items())
    assert some.waiting == every.waiting == sum(bool(one.asks) for one in attention.values())


def rows_of(database: Database) -> dict[str, int]:
    with database.read() as session:
        rows = session.execute(select(PairStandingRow.pair_id, PairStandingRow.events))
        return {pair: count for pair, count in rows}  # noqa: C416 - typed so


@pytest.mark.parametrize("seed", range(12))
def test_what_is_kept_says_what_the_whole_journal_says(
    sqlite_database: Database, seed: int
) -> None:
    random = Random(seed)
    events = events_of(random)
    written: list[JournalEvent] = []
    for part in in_parts(events, random):
        again = random.sample(written, k=min(len(written), random.choice((0, 0, 2))))
        write(sqlite_database, [*part, *again])
        written += part
        if random.random() < 0.05:
            says(sqlite_database, written)
    says(sqlite_database, events)
    assert standings.catch_up(sqlite_database, PROGRAM) == 0, "no row was left behind"


def test_on_both_databases_and_beside_another_program(database: Database) -> None:
    random = Random(99)
    mine, theirs = events_of(random), events_of(random)
    theirs = [event.model_copy(update={"id": f"{OTHER}{event.id}"}) for event in theirs]
    for part, other in zip(in_parts(mine, random), in_parts(theirs, random), strict=False):
        write(database, part)
        write(database, other, OTHER)
    write(database, mine)
    write(database, theirs, OTHER)
    with database.read() as session:
        mine = [event for _, event in journal.read(session, PROGRAM)]
        theirs = [event for _, event in journal.read(session, OTHER)]
    says(database, mine)
    says(database, theirs, OTHER)


def in_order(random: Random) -> list[JournalEvent]:
    return sorted(events_of(random), key=lambda event: event.at)


def test_what_comes_in_order_is_folded_on_without_reading_the_pair_again(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    events = in_order(Random(3))
    as_it_is = Standing.read

    def counted(self: Standing, some: Iterable[tuple[int, JournalEvent]]) -> None:
        found = list(some)
        read.append(len(found))
        as_it_is(self, found)

    monkeypatch.setattr(Standing, "read", counted)
    for event in events:
        write(sqlite_database, [event])
    assert sum(read) == sum(event.pair is not None for event in events)
    says(sqlite_database, events)


# --- Rows that are not right ---------------------------------------------------------------------


def written_by_an_older_version(database: Database, events: Iterable[JournalEvent]) -> None:
    """One that does not know of the table."""
    with database.write() as session:
        for event in events:
            session.execute(
                insert(JournalRow).values(
                    id=event.id,
                    program_id=PROGRAM,
                    kind=event.kind.value,
                    at=event.at,
                    pair_id=event.pair,
                    person_id=event.person,
                    role=event.role,
                    data=event.data,
                )
            )


@pytest.mark.parametrize("seed", range(3))
def test_what_an_older_version_writes_meanwhile_is_noticed(database: Database, seed: int) -> None:
    random = Random(seed)
    events = events_of(random, 120)
    for part in in_parts(events, random):
        (written_by_an_older_version if random.random() < 0.4 else write)(database, part)
    standings.catch_up(database, PROGRAM)
    says(database, events)
    assert standings.catch_up(database, PROGRAM) == 0


def test_what_was_written_earlier_and_kept_later_is_noticed(database: Database) -> None:
    """An older version's event, kept after a newer one's was folded, with a lower position."""
    events = in_order(Random(5))
    write(database, events)
    pair = next(event.pair for event in reversed(events) if event.pair is not None)
    with database.write() as session:  # as if the first two had not been seen
        session.execute(
            update(PairStandingRow)
            .where(PairStandingRow.pair_id == pair)
            .values(events=PairStandingRow.events - 2)
        )
    assert standings.catch_up(database, PROGRAM) == 1
    says(database, events)


def test_rows_that_were_thrown_away_or_made_otherwise_are_made_anew(database: Database) -> None:
    events = events_of(Random(6))
    write(database, events)
    with database.write() as session:
        session.execute(delete(PairStandingRow).where(PairStandingRow.pair_id.in_(PAIRS[:2])))
        session.execute(
            update(PairStandingRow)
            .where(PairStandingRow.pair_id.in_(PAIRS[2:4]))
            .values(fold=FOLD + 1, kept={"made": "otherwise"})
        )
    later = STARTED + timedelta(days=99)
    more = JournalEvent(id="more", kind=K.SESSION_HELD, at=later, pair=PAIRS[2])
    write(database, [more])
    assert standings.catch_up(database, PROGRAM) == 3
    says(database, [*events, more])


def test_what_another_version_calls_happened_is_counted_and_passed_over(database: Database) -> None:
    events = events_of(Random(7))
    write(database, events)
    with database.write() as session:
        row = {"kind": "from_the_future", "at": STARTED, "pair_id": PAIRS[0], "data": {}}
        session.execute(insert(JournalRow).values(id="future", program_id=PROGRAM, **row))
    assert standings.catch_up(database, PROGRAM) == 1
    says(database, events)
    assert standings.catch_up(database, PROGRAM) == 0


def test_a_row_without_events_goes(database: Database) -> None:
    events = events_of(Random(8))
    write(database, events)
    with database.write() as session:
        session.execute(delete(JournalRow).where(JournalRow.pair_id == PAIRS[0]))
    standings.catch_up(database, PROGRAM)
    assert set(rows_of(database)) == set(PAIRS[1:])
    says(database, [event for event in events if event.pair != PAIRS[0]])


def test_after_going_back_nothing_is_kept_of_what_is_written_again(database: Database) -> None:
    def event(number: int, kind: K) -> JournalEvent:
        return JournalEvent(
            id=f"program/{PROGRAM}/pair/{PAIRS[0]}#{number}",
            kind=kind,
            at=STARTED + timedelta(days=number),
            pair=PAIRS[0],
        )

    first, later = event(1, K.PAIR_INTRODUCED), event(2, K.PAIR_CLOSED)
    write(database, [first, later])
    with database.write() as session:
        going_back.catch_up(session, STARTED + timedelta(days=2))
    instead = later.model_copy(update={"kind": K.PAIR_PREPARING})
    write(database, [instead])
    assert standings.catch_up(database, PROGRAM) == 0
    says(database, [first, instead])


# --- Several at once -----------------------------------------------------------------------------


def test_two_who_write_of_the_same_pairs_at_once_lose_nothing(database: Database) -> None:
    random = Random(10)
    events = events_of(random, 160)
    halves = (events[::2], events[1::2])
    ready = threading.Barrier(2)

    def run(half: Sequence[JournalEvent], seed: int) -> None:
        ready.wait()
        for part in in_parts(half, Random(seed)):
            write(database, part)

    with ThreadPoolExecutor() as both:
        for done in [both.submit(run, half, seed) for seed, half in enumerate(halves)]:
            done.result()
    assert standings.catch_up(database, PROGRAM) == 0, "each waited for the other"
    with database.read() as session:
        written = [event for _, event in journal.read(session, PROGRAM)]
    assert len(written) == len(events)
    says(database, written)


@pytest.mark.parametrize("is_known", [False, True])
def test_who_wrote_first_may_be_kept_last(postgres_database: Database, is_known: bool) -> None:
    """Also of a pair of which nothing was written before, and with an older version between."""
    kinds = (K.PAIR_INTRODUCED, K.HELP_ASKED, K.PAIR_MEETING, K.SESSION_HELD)
    known, *events = (JournalEvent(id=kind, kind=kind, at=STARTED, pair=PAIRS[0]) for kind in kinds)
    if is_known:
        write(postgres_database, [known])
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with postgres_database.write() as session:
            journal.append(session, PROGRAM, [events[0]])
            begun.set()
            go_on.wait(10)

    with ThreadPoolExecutor() as beside:
        done = beside.submit(slow)
        assert begun.wait(10)
        write(postgres_database, [events[1]])
        written_by_an_older_version(postgres_database, [events[2]])
        go_on.set()
        done.result()
    assert standings.catch_up(postgres_database, PROGRAM) == 0
    says(postgres_database, [known] * is_known + events)


# --- What is kept --------------------------------------------------------------------------------


def test_what_is_kept_has_this_form() -> None:
    """Whoever changes it, or what an event means for a pair, raises `domain.standing.FOLD`."""
    standing = Standing("m-1")
    day = timedelta(days=1)
    told: list[tuple[K, dict[str, int | str]]] = [
        (K.PAIR_INTRODUCED, {"sessions": 6, "needed": 0}),
        (K.PAIR_MEETING, {}),
        (K.SESSION_BOOKED, {"session": 1}),
        (K.SESSION_HELD, {"session": 1}),
        (K.PAIR_STALLED, {"step": 1, "trigger": "silence"}),
        (K.PAIR_RECOVERED, {}),
        (K.PAIR_STALLED, {"step": 1, "trigger": "silence"}),
        (K.LADDER_CLIMBED, {"step": 2, "action": "coordinator_task"}),
        (K.TASK_OPENED, {}),
    ]
    events = [
        JournalEvent(id=str(n), kind=kind, at=STARTED + n * day, pair="m-1", data=data)
        for n, (kind, data) in enumerate(told)
    ]
    standing.read(enumerate(events))
    on = [(STARTED + n * day).isoformat() for n in range(len(events))]
    assert FOLD == 1
    assert standing.put_away() == {
        "fold": {
            "active": "meeting",
            "history": [
                ["introduced", on[0]],
                ["meeting", on[1]],
                ["stalled", on[4]],
                ["meeting", on[5]],
                ["stalled", on[6]],
            ],
            "held": [[1, on[3]]],
            "booked": [1],
            "trigger": "silence",
            "task_since": on[8],
            "interventions": 1,
            "last_sign": on[3],
            "step": 2,
            "action": "coordinator_task",
            "stalls": [
                {
                    "since": on[4].replace("+00:00", "Z"),
                    "until": on[5].replace("+00:00", "Z"),
                    "outcome": "came_back",
                    "steps": [],
                }
            ],
            "open_stall": [on[6], "coordinator_task"],
            "planned": 6,
            "needed": 0,
        },
        "attention": {"trigger": "silence", "step": 2, "asks": ["task"]},
    }
    again = Standing.taken_up("m-1", standing.put_away())
    assert again.now() == standing.now()
    assert again.state is PairState.STALLED


def test_an_empty_program_has_nothing_and_needs_nothing(database: Database) -> None:
    assert standings.catch_up(database, PROGRAM) == 0
    with database.read() as session:
        assert program_facts.first_pairs(session, PROGRAM, 3).listed == ()
        facts = program_facts.facts(session, PROGRAM)
    assert facts.stage is Stage.DEFINITION
    assert facts.number_of_pairs == 0
