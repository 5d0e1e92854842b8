"""Shows that the harness can fail: variants of the service that lose or double are caught."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient
from temporalio.client import WorkflowHistory
from temporalio.exceptions import ApplicationError

from activities.letters import Draft
from activities.mail import Mailer, MailServer
from activities.pair_messages import PairMessages
from activities.post import Find, Post
from activities.signatures import PairMoment, PairRef
from activities.sorting import Sorting
from activities.writing import Writer
from domain.ids import pair_workflow_id
from domain.journal import EventKind, JournalEvent
from domain.pair import MomentKind
from store import journal, ledger, outbox, programs
from store.database import Database
from store.ledger import Entry
from store.links import Link, Purpose
from store.programs import PairPeople
from tests.activities.conftest import NOW, Works, always_open, make_works
from tests.activities.post_office import PostOffice, open_post_office
from tests.chaos import checks
from tests.chaos.breaking import what_was_lost
from tests.chaos.faults import (
    NO_FAULTS,
    OF_FORMS,
    OF_MAILS,
    OF_THE_STACK,
    Fault,
    Plan,
    Play,
    Tally,
    shared_out,
)
from tests.chaos.journals import Story, differences
from tests.chaos.post import PostRoute
from tests.portal.scene import EXPIRES, PROGRAM, Scene, make_scene

# --- The plan ------------------------------------------------------------------------------------


def test_a_plan_hangs_on_its_seed_and_holds_every_kind_of_fault() -> None:
    counts = shared_out(110, sqlite=True) + shared_out(110, sqlite=False)
    assert set(counts) == set(Fault) == {*OF_THE_STACK, *OF_MAILS, *OF_FORMS}
    assert counts.total() >= 200
    plans = [Plan(seed, counts, Play(forms=650, mails=730)) for seed in (1, 1, 2)]
    one, same, other = [(list(p.of_stack), p.of_mails, p.of_forms) for p in plans]
    assert one == same != other


# --- Mail ----------------------------------------------------------------------------------------


class Killed(BaseException):
    """The worker dies, as by SIGKILL: nothing of it goes on, and no transaction is kept."""


class CommitsAfterSending(Post):
    """The mistake: what is about to go is written down in the transaction that ends after it."""

    def _carry_out(
        self,
        program: str,
        now: datetime,
        find: Find,
        drafts: Sequence[Draft] = (),
        events: Sequence[JournalEvent] = (),
        pointless: Sequence[Entry] = (),
        pair: PairPeople | None = None,
    ) -> list[str]:
        with self._database.write() as session:
            found = programs.get(session, program)
            people = {p.id: p for p in programs.participants(session, program)}
            journal.append(session, program, events)
            sorting = Sorting(session, found, people, self._hours, now, self.domain, "")
            mailings = sorting.sort(drafts, find(session))
            writer = Writer(found, self._content, self._links, now)
            with self._mailer.connect() as outgoing:
                for mailing in mailings:
                    outgoing.send(self._message(mailing, writer, people))
                    ledger.mark_sent(session, mailing.keys, now)
        return []


class NotesBeforeSending(Post):
    """The mistake: mail counts as sent before the mail server was asked."""

    def _hand_over(self, mailings: Sequence[Any], *more: Any) -> None:
        with self._database.write() as session:
            for mailing in mailings:
                ledger.mark_sent(session, mailing.keys, more[-1])
        super()._hand_over(mailings, *more)


@contextmanager
def route_to(office: PostOffice, plan: Plan = NO_FAULTS) -> Iterator[PostRoute]:
    """The way to a mail server on which faults may be, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    route = PostRoute(plan, Tally(lambda _line: None))
    route.leads_to(lambda: office.server.port)
    asyncio.run_coroutine_threadsafe(route.open(), loop).result()
    try:
        yield route
    finally:
        asyncio.run_coroutine_threadsafe(route.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PostOffice]:
    with open_post_office(tmp_path) as office:
        yield office


@pytest.fixture
def works(sqlite_database: Database, office: PostOffice) -> Works:
    return make_works(sqlite_database, office)


def sender(works: Works, route: PostRoute, kind: type[Post] = Post) -> PairMessages:
    """The activities of a worker that sends on this route, by this code."""
    scene = works.scene
    mailer = Mailer(MailServer(host="127.0.0.1", port=route.port, timeout=5))
    post = kind(scene.database, mailer, scene.content, scene.links, always_open)
    return PairMessages(scene.database, scene.content, scene.links, post)


def introduction(works: Works) -> PairMoment:
    return works.moment(MomentKind.INTRODUCTION)


def die_at(works: Works, messages: PairMessages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker be killed after the mail server's yes, and before we noted it."""

    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "mark_sent", dies)
        with pytest.raises(Killed):
            messages.send_pair_moment(introduction(works))


def wrong(works: Works, route: PostRoute) -> list[str]:
    """What the harness has to say about the mail."""
    deliveries = [mail.model_dump() for mail in works.post.mails()]
    with works.scene.database.read() as session:
        return checks.wrong_mails(session, route, deliveries)


def test_a_kill_between_acceptance_and_commit_doubles_a_mail_and_that_is_all(
    works: Works, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with route_to(office) as route:
        messages = sender(works, route)
        die_at(works, messages, monkeypatch)
        what_was_lost(works.scene.database, route)
        (unknown,) = [one for one in wrong(works, route) if "not sent again" in one]
        messages.send_pair_moment(introduction(works))
        assert wrong(works, route) == []
        (doubled,) = checks.doubled_mails(route)
        assert doubled.reason == "worker killed"
        assert doubled.message_id in unknown


def test_a_worker_that_commits_after_it_has_sent_is_caught(
    works: Works, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with route_to(office) as route:
        messages = sender(works, route, CommitsAfterSending)
        die_at(works, messages, monkeypatch)
        what_was_lost(works.scene.database, route)
        messages.send_pair_moment(introduction(works))
        (found,) = wrong(works, route)
        assert found.startswith("doubled without a reason")


def test_a_worker_that_notes_mail_before_it_is_sent_is_caught(
    works: Works, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with route_to(office) as route:
        messages = sender(works, route, NotesBeforeSending)
        monkeypatch.setattr(Post, "_hand_over", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            messages.send_pair_moment(introduction(works))
        monkeypatch.undo()
        messages.send_pair_moment(introduction(works))
        found = wrong(works, route)
        assert len(found) == 2
        assert all(one.startswith("never handed over") for one in found)


@pytest.mark.parametrize("fault", [f for f in OF_MAILS if f is not Fault.REFUSED])
def test_a_mail_that_meets_with_a_fault_goes_in_the_end(
    works: Works, office: PostOffice, fault: Fault
) -> None:
    plan = Plan(1, {fault: 1}, Play(forms=1, mails=1))
    with route_to(office, plan) as route:
        messages = sender(works, route)
        later = None
        for _ in range(3):
            try:
                later = messages.send_pair_moment(introduction(works)).later
            except ApplicationError:  # Temporal tries it again
                continue
        if later is not None:
            messages.send_held(PairRef(program=PROGRAM, pair="pair-1", now=later))
        assert wrong(works, route) == []
        reasons = [one.reason for one in checks.doubled_mails(route)]
        assert reasons == (["reply lost"] if fault is Fault.LOST_AFTER else [])


def test_what_is_stuck_is_said(works: Works, office: PostOffice) -> None:
    entry = Entry(
        key=f"{PROGRAM}/-/invitation/1/p-mia",
        program=PROGRAM,
        pair=None,
        person="p-mia",
        recipient="participant",
        kind="invitation",
    )
    with route_to(office) as route:
        with works.scene.database.write() as session:
            ledger.write_down(session, [entry], "example.com", NOW)
        assert wrong(works, route) == [f"stuck: {entry.key} is sending"]
        with works.scene.database.write() as session:
            ledger.mark_refused(session, [entry.key], 550)
        assert wrong(works, route) == [f"was not refused, and is refused: {entry.key}"]


# --- Answers -------------------------------------------------------------------------------------

ACCEPTS = Link(
    purpose=Purpose.INTRODUCTION,
    program=PROGRAM,
    person="p-mia",
    pair="pair-1",
    expires=EXPIRES,
)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    scene = make_scene(tmp_path)
    scene.happened(EventKind.PAIR_INTRODUCED)
    return scene


def accept(scene: Scene) -> bool:
    """Say yes in the portal. Gives whether it thanked."""
    with TestClient(scene.app()) as web:
        answer = web.post(scene.url(Purpose.INTRODUCTION), data={"accepts": "yes"})
    return answer.is_success and "done=" in str(answer.url)


def lost(scene: Scene) -> list[str]:
    """What the harness has to say about the answer."""
    with scene.database.read() as session:
        return checks.lost_answers(session, [ACCEPTS])


def test_an_answer_that_got_thanks_is_in_the_store(scene: Scene) -> None:
    assert lost(scene) == ["lost: introduction of p-mia"]
    assert accept(scene)
    assert lost(scene) == []


def test_a_portal_that_thanks_before_the_commit_is_caught(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def killed_before_the_commit(database: Database) -> Iterator[Session]:
        with Session(database.engine) as session:
            yield session

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", killed_before_the_commit)
        assert accept(scene)
    assert lost(scene) == ["lost: introduction of p-mia"]


def untold(scene: Scene) -> list[str]:
    """What the harness has to say, where the pair's workflow has heard nothing."""
    history = WorkflowHistory(pair_workflow_id(PROGRAM, "pair-1"), [])
    with scene.database.read() as session:
        return checks.untold_deeds(session, {history.workflow_id: history})


def test_a_portal_that_forgets_to_tell_the_workflow_is_caught(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "add", lambda *_: None)
    assert accept(scene)
    (found,) = untold(scene)
    assert found.startswith("1 answers were never meant to be told")


def test_an_answer_that_does_not_leave_the_outbox_is_caught(scene: Scene) -> None:
    assert accept(scene)
    (found,) = untold(scene)
    assert found.startswith("not delivered: accepted")
    with scene.database.write() as session:
        (row,) = outbox.pending(session, 1)
        outbox.mark(session, [row.position], outbox.Outcome.DELIVERED)
    (found,) = untold(scene)
    assert found.startswith("not in history: accepted")


# --- The journal ---------------------------------------------------------------------------------

MET = ("session_held", "mentor", "mentor-001", "session=1")
TOLD = (("session_due", "", ""), ("session_invited", "", ""))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({}, "only in the run with faults"),
        ({"a + b": Story(TOLD, {})}, "with faults only"),
        ({"a + b": Story(TOLD, {MET: 2})}, "without faults only"),
        ({"a + b": Story(TOLD[::-1], {MET: 1})}, "in another order"),
    ],
)
def test_journals_that_differ_are_told_apart(other: dict[str, Story], words: str) -> None:
    here = {"a + b": Story(TOLD, {MET: 1})}
    assert differences(here, here) == []
    (found,) = differences(here, other)
    assert words in found
