"""A backup is taken while a program runs; it goes on from there in an empty folder, to its end."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import select

from console import show_status
from console.app import start_program
from console.matches import approve_matches
from console.show_status import Standing
from console.status import read_standing
from demo.people import Crowd
from domain.definition import Definition
from domain.ids import pair_workflow_id, program_workflow_id
from domain.lifecycle import Stage
from domain.people import Person, Role
from runtime.backup import take_backup
from runtime.ports import ANY_PORTS, Ports
from runtime.restore import restore_backup
from runtime.settings import Settings, load_settings
from runtime.stack import Stack
from store import programs
from store.archive import tables
from store.database import Database
from store.ledger import MessageState
from store.programs import Entrant
from store.tables import MessageRow, OutboxRow
from tests.domain.definitions import definition_with
from tests.end_to_end import evidence
from workflows.messages import PairOutcome

PROGRAM = "goes-on"
DAY = 0.25

PORTAL_AS_BEFORE = ANY_PORTS.model_copy(update={"portal": Ports().portal})
"""Any ports, but for the portal the usual one, which gives way to that of the time before."""

PATIENCE = 60


def short_program() -> Definition:
    """Two sessions, with time enough for them, however long it takes to lose and find a stack."""
    base = definition_with(goals="Goals", skills="Skills").model_dump(mode="json")
    return Definition.model_validate(
        {
            **base,
            "program": {**base["program"], "id": PROGRAM},
            "calendar": {"day": DAY, "working_days": "Mon-Sun", "mail_hours": "00:00-24:00"},
            "stages": {
                "enrolment": 6,
                "approval": 7,
                "introduction": 100,
                "preparation": 100,
                "meetings": 800,  # they are over as soon as all have met
                "evaluation": 100,
            },
            "sessions": {"count": 2, "every": 10, "minimum": 1, "minutes": 60},
            "check_ins": [{"survey": "final", "when": "evaluation"}],
            "training": {"modules": ["boundaries"]},
            "ladder": [],
            "follow_ups": [],
        }
    )


def people() -> list[Entrant]:
    return [
        Entrant(
            person=Person(
                reference=f"{role.value}-{n}",
                name=f"{role.value.title()} {n}",
                email=f"{role.value}-{n}@example.com",
                roles=(role,),
                goals=("Use an AI assistant",) if role is Role.MENTEE else (),
                skills=("Use an AI assistant",) if role is Role.MENTOR else (),
            ),
            roles=(role,),
        )
        for n in range(2)
        for role in (Role.MENTOR, Role.MENTEE)
    ]


@asynccontextmanager
async def crowd_at(settings: Settings, database: Database) -> AsyncIterator[Crowd]:
    """The program's people at their mailboxes, for the length of the block."""
    with database.read() as session:
        calendar = programs.get(session, PROGRAM).calendar
    emails = [entrant.person.email for entrant in people()]
    crowd = Crowd(emails, settings.mailbox_url or "", calendar)
    living = asyncio.create_task(crowd.live())
    yield crowd
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)


async def until(database: Database, reached: Callable[[Standing], bool]) -> Standing:
    """Look, as `status --watch` does, until it stands so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            standing = await asyncio.to_thread(read_standing, database, PROGRAM)
            if reached(standing):
                return standing
            await asyncio.sleep(0.25)


def held(standing: Standing) -> int:
    return sum(pair.sessions_held for pair in standing.pairs.statuses)


def quiet(_what: str, _done: int, _total: int) -> None:
    """Show no progress."""


def rows_of(database: Database) -> dict[str, set[str]]:
    with database.engine.connect() as connection:
        return {
            table.name: {str(tuple(row)) for row in connection.execute(select(table))}
            for table in tables(connection)
        }


ONCE_WRITTEN = ("journal", "answers", "signatures", "pairs", "programs", "people")
"""Tables of rows that are not changed again, at least not in the moments that a backup takes."""


async def test_a_program_goes_on_from_a_backup_to_its_end(tmp_path: Path) -> None:
    file, first, second = tmp_path / "kept.zip", tmp_path / "first", tmp_path / "second"
    async with Stack(first, ports=ANY_PORTS) as stack:
        await _begin_and_keep(stack, file)
    shutil.rmtree(first)
    settings = load_settings({"VAR_DIR": str(second)})
    await asyncio.to_thread(restore_backup, settings, file, quiet, {})
    database = Database(settings.database)
    sending, sent = _mails_of(database)
    async with Stack(second, ports=PORTAL_AS_BEFORE) as stack:
        went_on = await _to_the_end(stack, database)
        mails = evidence.deliveries(stack.settings().mailbox_url or "")
    found = Counter(mail["message_id"] for mail in mails)
    assert sent <= set(found)
    doubled = {message for message, count in found.items() if count > 1}
    assert doubled <= sending, "doubled, though it was known at the backup what became of it"
    assert went_on.messages.get(MessageState.REFUSED, 0) == 0
    database.close()


async def _begin_and_keep(stack: Stack, file: Path) -> None:
    """Start a program, keep it while its pairs meet, and let some more happen."""
    settings = stack.settings()
    database = Database(settings.database)
    await start_program(settings, short_program(), people())
    async with crowd_at(settings, database) as crowd:
        await until(database, lambda now: show_status.waits_for_approval(now.status))
        await approve_matches(settings, PROGRAM, 1)
        await until(database, lambda now: held(now) >= 2)
        before = await asyncio.to_thread(rows_of, database)
        thanked = len(crowd.thanked)
        manifest = await asyncio.to_thread(take_backup, settings, file, quiet, {})
        assert set(manifest.file_names()) == {"temporal.db", "mailbox.db", "link_keys"}
        await until(database, lambda _: len(crowd.thanked) > thanked)
    _is_all_in(file, before)
    database.close()


def _is_all_in(file: Path, before: dict[str, set[str]]) -> None:
    """All that people were thanked for before the backup began is in it."""
    again = load_settings({"VAR_DIR": str(file.parent / "looked-at")})
    restore_backup(again, file, quiet, {})
    database = Database(again.database)
    kept = rows_of(database)
    database.close()
    for table in ONCE_WRITTEN:
        assert before[table] <= kept[table], table


def _mails_of(database: Database) -> tuple[set[str], set[str]]:
    """The mails of which nobody knows whether they went, and those that went."""
    with database.read() as session:
        rows = session.scalars(select(MessageRow)).all()
    on_their_way = {row.message_id for row in rows if row.state == MessageState.SENDING.value}
    sent = {row.message_id for row in rows if row.state == MessageState.SENT.value}
    return on_their_way, sent


async def _to_the_end(stack: Stack, database: Database) -> Standing:
    """The program's people read on, by the links that they have, until it is over."""
    client = await stack.client()
    at_first = held(read_standing(database, PROGRAM))
    async with crowd_at(stack.settings(), database):
        over = await until(database, lambda now: now.status.stage is Stage.COMPLETED)
    assert held(over) > at_first
    await client.get_workflow_handle(program_workflow_id(PROGRAM)).result()
    for pair in over.pairs.statuses:
        handle = client.get_workflow_handle(
            pair_workflow_id(PROGRAM, pair.pair), result_type=PairOutcome
        )
        outcome = await handle.result()
        assert (outcome.state, outcome.sessions_held) == (pair.state, pair.sessions_held)
    with database.read() as session:
        waiting = session.scalars(select(OutboxRow).where(OutboxRow.delivered_at.is_(None))).all()
    assert list(waiting) == []
    return over
