"""A worker that is told to stop under load: no mail is lost, doubled or half sent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
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

in_its_loop = pytest.mark.asyncio(loop_scope="module")

PEOPLE = 220
"""More than one activity writes to."""

PAIRS, LATE_PAIRS = 20, 3
MAILS = PEOPLE + 2 * PAIRS
STOPS = (30, 150)
"""The mails in the middle of which the worker is told to stop."""

A_SECOND = "80"
PATIENCE = 90.0
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

    async def until_a_mail_is_in_the_middle(self) -> None:
        """Wait for the worker to hand over the mail at which the mail server was told to stop."""
        assert await asyncio.to_thread(self.office.somebody_waits.wait, PATIENCE)

    async def stop_the_worker(self) -> tuple[str, float]:
        """SIGTERM. Gives what the supervisor says of its end, and after how many seconds."""
        note = read_note(self.folder)
        assert note is not None
        began, said, logged = time.monotonic(), len(self.said), len(self.logged)
        os.kill(note.parts[WORKER].pid, signal.SIGTERM)
        await self.until(self.logged, "worker drains", logged)
        self.office.goes_on.set()
        end = await self.until(self.said, "ended", said)
        return end, time.monotonic() - began

    def ledger(self) -> dict[str, str]:
        """How far each message got, by its Message-ID."""
        database = Database(self.stack.settings().database)
        with database.read() as session:
            rows = session.execute(select(MessageRow.message_id, MessageRow.state)).all()
        database.close()
        return {row.message_id: row.state for row in rows}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def operator(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Operator]:
    """The stack, with a mail server that looks closely, and a program whose people are invited."""
    folder = tmp_path_factory.mktemp("drain")
    said: list[str] = []
    logged: list[str] = []
    with open_post_office(folder) as office:
        stack = Stack(
            folder / "var",
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
            enter(stack)
            yield Operator(stack, office, folder / "var", said, logged)


def enter(stack: Stack) -> None:
    """Put a program with its people and pairs into the store."""
    database = Database(stack.settings().database)
    now = datetime.now(UTC)
    with database.write() as session:
        entrants = [entrant(number) for number in range(PEOPLE)]
        programs.enter(session, PLAN, entrants, epoch_for(PLAN, now), now)
        session.flush()
        people = list(session.scalars(select(ParticipantRow.person_id)))
        session.add_all(
            PairRow(
                id=f"pair-{number}",
                program_id=PLAN.program.id,
                cohort=0,
                mentor_id=people[2 * number],
                mentee_id=people[2 * number + 1],
                score=1.0,
                reasons=[],
            )
            for number in range(PAIRS + LATE_PAIRS)
        )
    database.close()


def entrant(number: int) -> Entrant:
    roles = ((Role.MENTOR, Role.MENTEE)[number % 2],)
    person = Person(
        reference=str(number),
        name=f"Person {number}",
        email=f"person-{number}@example.com",
        roles=roles,
        department="Example Dept",
    )
    return Entrant(person=person, roles=roles)


async def invite(stack: Stack) -> None:
    """Start the program's workflow, which writes to everybody."""
    await (await stack.client()).start_workflow(
        ProgramWorkflow.run,
        ProgramInput(program=PLAN.program.id, plan=program_plan(datetime.now(UTC))),
        id=program_workflow_id(PLAN.program.id),
        task_queue=stack.settings().task_queue,
    )


async def introduce(stack: Stack, pairs: range) -> None:
    """Start the workflows of some pairs, which write to both."""
    client, program = await stack.client(), PLAN.program.id
    for number in pairs:
        pair = f"pair-{number}"
        await client.start_workflow(
            PairWorkflow.run,
            PairInput(program=program, cohort=1, pair=pair, plan=PAIR_PLAN),
            id=pair_workflow_id(program, pair),
            task_queue=stack.settings().task_queue,
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


@in_its_loop
async def test_sigterm_under_load_loses_doubles_and_breaks_off_nothing(operator: Operator) -> None:
    await invite(operator.stack)
    await introduce(operator.stack, range(PAIRS))
    for number in STOPS:
        operator.office.stop_at(number)
        await operator.until_a_mail_is_in_the_middle()
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


@in_its_loop
async def test_a_worker_that_is_killed_is_seen_to_break_off_its_mail(operator: Operator) -> None:
    """Shows that the test above can fail."""
    assert operator.office.broken_off == 0
    operator.office.stop_at(operator.office.asked + 1)
    await introduce(operator.stack, range(PAIRS, PAIRS + LATE_PAIRS))
    await operator.until_a_mail_is_in_the_middle()
    await operator.stack.kill(WORKER)
    async with asyncio.timeout(PATIENCE):
        while not operator.office.broken_off:
            await asyncio.sleep(0.02)
    operator.office.goes_on.set()
    assert "sending" in operator.ledger().values()
