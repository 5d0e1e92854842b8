"""Answers a second: the portal, with commit and signal, beside the bare framework."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from tempfile import TemporaryDirectory

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.engine.filled import PROGRAM, fill
from bench.engine.load import Sent, send
from bench.engine.processes import running
from bench.engine.server import Server, open_server
from bench.machine import machine
from bench.runs import Spread
from bench.tables import Check, Ratio, Result, checks_text, table
from domain.ids import pair_workflow_id
from runtime.ports import any_free_port
from runtime.settings import load_settings
from store import instruments
from store.content import Content
from store.database import Database
from store.links import Link, Links, Purpose
from store.tables import OutboxRow, PairRow

LEAST = 0.5
"""Of the bare framework's answers a second."""

KEY = token_urlsafe(32)
AT_ONCE = 8
START_SECONDS = 60.0
SURVEY = "pulse"
OCCASION = "pulse:bench"
FORM = "going_well=4&useful=5&note="


@dataclass(frozen=True, slots=True)
class Turn:
    """Answers to the portal, and then to the bare framework."""

    portal: Sent
    told: float
    """Seconds from the first answer until workflows knew of all."""
    bare: Sent

    @property
    def ratio(self) -> float:
        """The portal's answers a second, of the bare framework's."""
        return self.portal.a_second / self.bare.a_second


async def measure(answers: int, turns: int) -> list[Turn]:
    """Send so many answers to each in turn."""
    async with open_server() as server:
        return [await _turn(server, answers, turn) for turn in range(turns)]


async def _turn(server: Server, answers: int, turn: int) -> Turn:
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        database = Database(url)
        fill(database, answers // 2)
        with database.write() as session:
            pairs = session.execute(select(PairRow.id, PairRow.mentor_id, PairRow.mentee_id)).all()
            _ask(session, [(p.id, who) for p in pairs for who in (p.mentor_id, p.mentee_id)])
        for pair in pairs:  # nobody carries them out: they take signals
            workflow = pair_workflow_id(PROGRAM, pair.id)
            await server.client.start_workflow(
                "Bare", "", id=f"{workflow}", task_queue=f"no-{turn}"
            )
        port = any_free_port()
        links = Links(f"http://127.0.0.1:{port}", [KEY])
        forms = [
            (_path(links, p.id, who), FORM) for p in pairs for who in (p.mentor_id, p.mentee_id)
        ]
        settings = {
            "DATABASE_URL": url,
            "LINK_KEYS": KEY,
            "PORTAL_PORT": str(port),
            "PORTAL_URL": links.base_url,
            "TEMPORAL_ADDRESS": server.address,
            "VAR_DIR": folder,
        }
        async with serving(port, "portal", settings=settings):
            began = time.monotonic()
            portal = await send(port, forms, AT_ONCE)
            while _waiting(database):
                await asyncio.sleep(0.05)
            told = time.monotonic() - began
        database.close()
        port = any_free_port()
        bare_url = f"sqlite:///{folder}/bare.db"
        async with serving(port, "bench.engine.bare_portal", str(port), bare_url):
            bare = await send(port, forms, AT_ONCE)
        for pair in pairs:
            await server.client.get_workflow_handle(pair_workflow_id(PROGRAM, pair.id)).terminate()
    return Turn(portal, told, bare)


def _ask(session: Session, people: Sequence[tuple[str, str]]) -> None:
    """Note that people were asked, as the mail does that brings them the link."""
    content, now = Content(load_settings().content), datetime.now(UTC)
    for pair, person in people:
        asks = instruments.to_ask(session, content, PROGRAM, pair, person, OCCASION, SURVEY)
        if asks is not None:
            instruments.ask(session, PROGRAM, pair, person, asks, now)


def _path(links: Links, pair: str, person: str) -> str:
    link = Link(
        purpose=Purpose.SURVEY,
        program=PROGRAM,
        person=person,
        pair=pair,
        survey=SURVEY,
        occasion=OCCASION,
        expires=datetime.now(UTC) + timedelta(days=1),
    )
    return links.url(link).removeprefix(links.base_url)


def _waiting(database: Database) -> int:
    with database.read() as session:
        query = select(func.count()).where(OutboxRow.delivered_at.is_(None))
        return session.scalar(query) or 0


@asynccontextmanager
async def serving(
    port: int, module: str, *words: str, settings: dict[str, str] | None = None
) -> AsyncIterator[None]:
    """A server's process for the length of the block, ready to answer."""
    async with running((sys.executable, "-m", module, *words), settings):
        await _until_it_listens(port)
        yield


async def _until_it_listens(port: int) -> None:
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > give_up:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def result_of(turns: Sequence[Turn], answers: int, command: str) -> Result:
    """The table, and whether what is claimed holds."""
    rows = []
    for name, sent in (
        ("portal, commit and signal", [turn.portal for turn in turns]),
        ("bare framework, one insert", [turn.bare for turn in turns]),
    ):
        rows.append(
            (
                name,
                str(Spread(tuple(one.a_second for one in sent))),
                *(
                    str(Spread(tuple(one.percentile(share) for one in sent)))
                    for share in (0.5, 0.95, 0.99)
                ),
            )
        )
    head = ("", "answers a second", "p50, ms", "p95, ms", "p99, ms")
    ratio = Spread(tuple(turn.ratio for turn in turns))
    told = Spread(tuple(answers / turn.told for turn in turns))
    refused = sum(turn.portal.refused + turn.bare.refused for turn in turns)
    checks = (
        Check(f"answers a second at least {LEAST} of the bare ({ratio})", ratio.median >= LEAST),
        Check(f"every answer was taken ({refused} were not)", refused == 0),
    )
    text = (
        f"{machine()}. `{command}`, {answers:,} answers by {AT_ONCE} at once, {len(turns)} turns, "
        f"medians (lowest–highest). Workflows were told of {told} answers a second.\n\n"
        f"{table(head, rows)}\n```\n{checks_text(checks)}```\n"
    )
    pace = Ratio("portal: answers a second of the bare", ratio.median, rises=True)
    return Result("portal", text, checks, (pace,))
