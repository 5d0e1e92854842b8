"""A whole program on the real stack, server, worker, portal, mail, store: played and looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select
from temporalio.client import Client

from console.show_status import Standing
from demo.people import Crowd
from demo.run import Played, example, play
from domain.ids import pair_workflow_id, program_workflow_id
from domain.lifecycle import SUCCESSES, PairState, Stage
from runtime.ports import ANY_PORTS
from runtime.stack import Stack
from store.database import Database
from store.ledger import MessageState
from store.links import Links, Purpose
from store.tables import AnswerRow, JournalRow, MessageRow, OutboxRow
from tests.chaos import checks
from tests.end_to_end import evidence
from workflows.messages import PairOutcome

OTHER_ENDINGS = {PairState.CLOSED: 1, PairState.DECLINED: 1, PairState.WITHDRAWN: 1}
"""Of the example's twelve pairs one vanishes, one mentee declines and one withdraws. The others,
one that drifts and comes back among them, end well: by completing, or by going on. From those left
behind a thirteenth is made on the way, and ends well if there is time enough for it."""

END_WELL = {9, 10}

END_WELL_DISTURBED = range(7, 11)
"""With days of less than a second, what fails for some seconds is late by weeks: not all pairs find
the time for the sessions that they need."""

AFTER_THE_END = "continued_reminder"
"""What goes to pairs that go on when the program is over: also while somebody looks."""

KEEP_THEIR_POINT = {
    *("invitation", "session_invitation", "session_cancelled"),
    *("farewell_completed", "farewell_continued", "farewell_closed", "farewell_declined"),
    *("farewell_parted", "farewell_withdrawn", "farewell_partner_withdrew"),
    *("matches_ready", "new_pairs_ready", "pair_recovered", "pair_ended", "report_ready"),
}
"""Mails that go out, however late. A reminder or a question may be dropped: what it asks for may
come before its hour does."""


@dataclass
class Scene:
    """A program that was played, and all that it left."""

    played: Played
    stack: Stack
    database: Database
    client: Client
    folder: Path

    @property
    def program(self) -> str:
        return self.played.definition.program.id


async def _only_watch(_standing: Standing, _crowd: Crowd) -> None:
    return None


@asynccontextmanager
async def played_program(
    folder: Path,
    day_seconds: float,
    url: str | None = None,
    *,
    programs: Mapping[str, Sequence[str]] | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Scene]:
    """The example program, played from start to report on a stack of its own."""
    given = {"DATABASE_URL": url} if url else {}
    given |= environment or {}
    async with Stack(folder, ports=ANY_PORTS, environment=given, programs=programs) as stack:
        settings = stack.settings()
        database = Database(settings.database)
        played = await play(settings, database, example(day_seconds), _only_watch)
        yield Scene(played, stack, database, await stack.client(), folder)
        database.close()


def ended_as_it_should(scene: Scene, *, was_disturbed: bool = False) -> None:
    status = scene.played.standing.status
    assert status.stage is Stage.COMPLETED, status.counts
    ends = {state: n for state, n in status.counts.items() if n}
    well = sum(ends.pop(state, 0) for state in SUCCESSES)
    if was_disturbed:
        assert well in END_WELL_DISTURBED
        assert set(ends) == set(OTHER_ENDINGS)
    else:
        assert well in END_WELL
        assert ends == OTHER_ENDINGS
    stalls = Counter(
        str(stall.outcome) for pair in scene.played.standing.pairs.statuses for stall in pair.stalls
    )
    assert stalls["came_back"] >= 1
    assert status.people.stayed_out == 1
    assert status.people.withdrew == 1


def no_answer_is_lost(scene: Scene) -> None:
    """What somebody was thanked for is in the store."""
    settings = scene.stack.settings()
    links = Links(settings.portal_url, settings.signing_keys())
    assert len(scene.played.crowd.thanked) > 200
    opened = []
    for url in scene.played.crowd.thanked:
        _, purpose, token = urlsplit(url).path.split("/")
        opened.append(links.open(token, Purpose(purpose)))
    with scene.database.read() as session:
        assert checks.lost_answers(session, opened) == []
        answered = session.scalar(select(func.count()).select_from(AnswerRow)) or 0
    assert answered > 150


async def every_answer_reached_its_workflow(scene: Scene) -> None:
    await scene.client.get_workflow_handle(program_workflow_id(scene.program)).result()
    with scene.database.read() as session:
        waiting = session.scalars(
            select(OutboxRow.position).where(OutboxRow.delivered_at.is_(None))
        ).all()
    assert list(waiting) == []
    for pair in scene.played.standing.pairs.statuses:
        handle = scene.client.get_workflow_handle(
            pair_workflow_id(scene.program, pair.pair), result_type=PairOutcome
        )
        outcome = await handle.result()
        assert (outcome.state, outcome.sessions_held) == (pair.state, pair.sessions_held)


def what_was_counted_is_what_was_written(scene: Scene) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    for address in scene.stack.addresses().watch.values():
        assert httpx.get(f"{address}/readyz", trust_env=False).status_code == httpx.codes.OK
        page = httpx.get(f"{address}/metrics", trust_env=False).text
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                if sample.name == "mentoring_journal_events_total":
                    counted["event", sample.labels["kind"]] += int(sample.value)
                elif sample.labels.get("outcome") == "sent":
                    counted["sent", sample.labels["kind"]] += int(sample.value)
    with scene.database.read() as session:
        events = session.scalars(select(JournalRow.kind)).all()
        sent = session.scalars(select(MessageRow.kind).where(MessageRow.sent_at.is_not(None))).all()
    written = Counter([("event", kind) for kind in events] + [("sent", kind) for kind in sent])
    # What is told after the end may come between the two.
    differs = {what for what in written | counted if written[what] != counted[what]}
    assert {kind for _, kind in differs} <= {AFTER_THE_END}


def every_message_went_out_once(scene: Scene) -> None:
    """Once, but for a mail whose fate a kill left unknown: that goes again, the same.

    A message that waited for its hour and lost its point goes not at all.
    """
    with scene.database.read() as session:
        rows = session.scalars(select(MessageRow).where(MessageRow.kind != AFTER_THE_END)).all()
    found = Counter(
        mail["message_id"]
        for mail in evidence.deliveries(scene.stack.settings().mailbox_url or "")
        if mail["kind"] != AFTER_THE_END
    )
    states = Counter(row.state for row in rows)
    assert set(states) <= {MessageState.SENT.value, MessageState.DROPPED.value}
    dropped = Counter(row.kind for row in rows if row.state == MessageState.DROPPED.value)
    assert set(dropped).isdisjoint(KEEP_THEIR_POINT), dropped
    assert dropped.total() < len(rows) / 5, dropped
    sent = {row.message_id for row in rows if row.state == MessageState.SENT.value}
    assert sent <= set(found) <= {row.message_id for row in rows}
    tries: Counter[str] = Counter()  # of a mail: a message in it may lose its point before the last
    for row in rows:
        tries[row.message_id] = max(tries[row.message_id], row.attempts)
    doubled = [message for message, count in found.items() if count > 1]
    assert [message for message in doubled if tries[message] < 2] == []
    assert len(doubled) <= 2, "more doubled than two kills of the worker explain"


async def nothing_personal_is_in_temporal_or_in_logs(
    scene: Scene, more: Iterable[str] = ()
) -> None:
    """Searched for every name, address, id and text of people, and `more`."""
    held = await evidence.personal_words_held(
        scene.client, scene.database, scene.folder, scene.program, more
    )
    assert held == {}
    pages = [
        httpx.get(f"{address}{path}", trust_env=False).text
        for address in scene.stack.addresses().watch.values()
        for path in ("/metrics", "/readyz")
    ]
    sought = evidence.but_numbers(evidence.personal_words(scene.database) | set(more))
    assert sought.found_in("\n".join(pages)) == []
