"""A worker that is told to stop under load: no mail is lost, doubled or half sent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio
from sqlalchemy import select
from temporalio.client import Client

from domain.calendar import epoch_for
from domain.ids import pair_workflow_id, program_workflow_id
from domain.people import Person, Role
from runtime.ports import ANY_PORTS
from runtime.running import read_note
from runtime.stack import PORTAL, WORKER, Stack
from store import programs
from store.database import Database
from store.programs import Entrant
from store.tables import MessageRow, PairRow, ParticipantRow
from tests.activities.post_office import PostOffice, open_post_office
from tests.portal.scene import DEFINITION
from tests.workflows.stage import PAIR_PLAN, program_plan
from workflows.messages import PairInput, ProgramInput
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow

PEOPLE = 260
"""More than one activity writes to."""

PAIRS = 20
MAILS = PEOPLE + 2 * PAIRS
STOPS = (30, 120, 230)
"""The mails in the middle of which the worker is told to stop."""

A_SECOND = "80"
PATIENCE = 60.0
LONGEST_STOP = 30.0

CALENDAR = {"timezone": "UTC", "working_days": "Mon-Sun", "mail_hours": "00:00-24:00"}
PLAN = DEFINITION.model_validate({**DEFINITION.model_dump(), "calendar": CALENDAR})


@dataclass
class Operator:
    """Who runs the stack, and what it says to them."""

    stack: Stack
    office: PostOffice
    folder: Path
    said: list[str]
    logged: list[str]

    async def until(self, lines: list[str], text: str, since: int = 0) -> str:
        """Wait for a line with this text. Gives it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in lines[since:]:
                    if text in line:
                        return line
                await asyncio.sleep(0.02)

    async def until_a_mail_is_in_the_middle(self, number: int) -> None:
        """Wait for the worker to hand over the mail with this number, and let it wait there."""
        self.office.stop_at(number)
        await asyncio.to_thread(self.office.somebody_waits.wait, PATIENCE)

    async def stop_the_worker(self) -> tuple[str, float]:
        """SIGTERM. Gives what the supervisor says of its end, and after how many seconds."""
        note = read_note(self.folder)
        assert note is not None
        began, said, logged = time.monotonic(), len(self.said), len(self.logged)
        os.kill(note.parts[WORKER].pid, signal.SIGTERM)
        await self.until(self.logged, "worker drains", logged)
        self.office.goes_on.set()
        end = await self.until(self.said, "The worker ", said)
        return end, time.monotonic() - began

    def ledger(self) -> dict[str, str]:
        """How far each message got, by its Message-ID."""
        database = Database(self.stack.settings().database)
        with database.read() as session:
            rows = session.execute(select(MessageRow.message_id, MessageRow.state)).all()
        database.close()
        return {message: state for message, state in rows}


@pytest_asyncio.fixture(loop_scope="function")
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    """The stack, with a mail server that looks closely."""
    said: list[str] = []
    logged: list[str] = []
    with open_post_office(tmp_path) as office:
        stack = Stack(
            tmp_path / "var",
            ports=ANY_PORTS,
            environment={
                "SMTP_URL": f"smtp://{office.server.host}:{office.server.port}?tls=none",
                "MAIL_RATE": A_SECOND,
            },
            programs={PORTAL: (sys.executable, "-m", "tests.runtime.stand_in_portal")},
            say=said.append,
            echo=logged.append,
        )
        async with stack:
            yield Operator(stack, office, tmp_path / "var", said, logged)


async def begin(stack: Stack) -> None:
    """Start a program whose people are all written to, and some pairs that are introduced."""
    database = Database(stack.settings().database)
    now = datetime.now(UTC)
    roles = (Role.MENTOR, Role.MENTEE)
    entrants = [
        Entrant(
            person=Person(
                reference=str(number),
                name=f"Person {number}",
                email=f"person-{number}@example.com",
                roles=(roles[number % 2],),
                department="Example Dept",
            ),
            roles=(roles[number % 2],),
        )
        for number in range(PEOPLE)
    ]
    program = PLAN.program.id
    with database.write() as session:
        programs.enter(session, PLAN, entrants, epoch_for(PLAN, now), now)
    with database.write() as session:
        ids = session.scalars(select(ParticipantRow.person_id).order_by(ParticipantRow.profile))
        people = list(ids)[: 2 * PAIRS]
        session.add_all(
            PairRow(
                id=f"pair-{number}",
                program_id=program,
                cohort=0,
                mentor_id=people[2 * number],
                mentee_id=people[2 * number + 1],
                score=1.0,
                reasons=[],
            )
            for number in range(PAIRS)
        )
    database.close()
    client, queue = await stack.client(), stack.settings().task_queue
    await client.start_workflow(
        ProgramWorkflow.run,
        ProgramInput(program=program, plan=program_plan(now)),
        id=program_workflow_id(program),
        task_queue=queue,
    )
    for number in range(PAIRS):
        pair = f"pair-{number}"
        await client.start_workflow(
            PairWorkflow.run,
            PairInput(program=program, cohort=1, pair=pair, plan=PAIR_PLAN),
            id=pair_workflow_id(program, pair),
            task_queue=queue,
        )


async def failures(client: Client) -> Counter[str]:
    """What the attempts of activities failed with, as far as histories have it."""
    found: Counter[str] = Counter()
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id)
        async for event in handle.fetch_history_events():
            if event.HasField("activity_task_started_event_attributes"):
                started = event.activity_task_started_event_attributes
                if started.HasField("last_failure"):
                    cause = started.last_failure
                    found[cause.application_failure_info.type or cause.message] += 1
            elif event.HasField("activity_task_timed_out_event_attributes"):
                found["timed out"] += 1
            elif event.HasField("activity_task_failed_event_attributes"):
                found["failed"] += 1
    return found


async def test_sigterm_under_load_loses_doubles_and_breaks_off_nothing(operator: Operator) -> None:
    await begin(operator.stack)
    for number in STOPS:
        await operator.until_a_mail_is_in_the_middle(number)
        end, seconds = await operator.stop_the_worker()
        assert "The worker ended with code 0" in end
        assert seconds < LONGEST_STOP
        await operator.stack.wait_ready(WORKER)
    async with asyncio.timeout(PATIENCE):
        while Counter(operator.ledger().values()) != {"sent": MAILS}:
            await asyncio.sleep(0.1)
    taken = Counter(mail.message_id for mail in operator.office.mails())
    assert taken == Counter(operator.ledger().keys())
    assert operator.office.broken_off == 0
    failed = await failures(await operator.stack.client())
    assert set(failed) == {"ToBeContinued"}


async def test_a_worker_that_is_killed_is_seen_to_break_off_its_mail(operator: Operator) -> None:
    """Shows that the test above can fail."""
    await begin(operator.stack)
    await operator.until_a_mail_is_in_the_middle(STOPS[0])
    await operator.stack.kill(WORKER)
    async with asyncio.timeout(PATIENCE):
        while not operator.office.broken_off:
            await asyncio.sleep(0.02)
    operator.office.goes_on.set()
    assert "sending" in operator.ledger().values()
