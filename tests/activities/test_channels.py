"""The coordinator's chat rooms: told once, after the mail, without a name or a way in."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from activities.channels import TELLS, Channels
from activities.mail import Mailer
from activities.post import Post
from domain.pair import MomentKind
from domain.people import Role
from runtime.ports import any_free_port
from store import answers, ledger
from store.content import Mail
from store.ledger import Entry
from store.links import Link, Purpose
from store.tables import MessageRow
from tests.activities.conftest import NOW, Works, always_open
from tests.portal.scene import EXPIRES, PROGRAM

UI = "https://temporal.example.com/namespaces/default/workflows"


@dataclass
class Room:
    """A chat room that takes what it is told, or does not."""

    url: str
    heard: list[dict[str, Any]] = field(default_factory=list)
    answers: int = 200


@pytest.fixture
def room() -> Iterator[Room]:
    """A room behind a web address on this machine."""
    made = Room("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if made.answers == 200:
                made.heard.append(json.loads(body))
            self.send_response(made.answers)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"json://user:topsecret@127.0.0.1:{server.server_port}/rooms"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def entry(kind: str, recipient: str = "coordinator", pair: str | None = "pair-1") -> Entry:
    return Entry(
        key=f"{PROGRAM}/{pair}/{kind}/silence:3:1/{recipient}",
        program=PROGRAM,
        pair=pair,
        person=None,
        recipient=recipient,
        kind=kind,
    )


def channels(works: Works, *urls: str, names: bool = False) -> Channels:
    return Channels(works.scene.database, works.scene.content, urls, UI, names=names)


def states(works: Works) -> list[tuple[str, str | None]]:
    rows = [r for r in works.scene.rows(MessageRow) if isinstance(r, MessageRow)]
    return [(row.state, row.error) for row in rows if row.recipient == "channel"]


@pytest.mark.parametrize("kind", sorted(TELLS))
def test_what_asks_for_the_coordinator_is_said_with_ids_and_without_a_way_in(
    on_sqlite: Works, room: Room, kind: str
) -> None:
    channels(on_sqlite, room.url).tell([entry(kind)], NOW)
    (heard,) = room.heard
    said = heard["title"] + heard["message"]
    assert f"{PROGRAM}: a pair needs attention" in said
    assert f"python starter.py pair {PROGRAM} pair-1 show" in said
    assert f"{UI}/program%2F{PROGRAM}%2Fpair%2Fpair-1" in said
    assert "http://testserver" not in said
    assert not any(name in said for name in ("Mia", "Theo", "Cora", "example.com/task"))
    assert states(on_sqlite) == [("sent", None)]


def test_names_are_said_only_where_that_is_set(on_sqlite: Works, room: Room) -> None:
    channels(on_sqlite, room.url, names=True).tell([entry("coordinator_task")], NOW)
    assert "Mia Example and Theo Example (pair-1)" in room.heard[0]["message"]


@pytest.mark.parametrize(
    "untold",
    [
        entry("pair_recovered"),
        entry("pair_stalled_sponsor", "sponsor"),
        entry("nudge_both", "mentor"),
        entry("matches_ready", pair=None),
    ],
)
def test_what_asks_for_nothing_or_is_for_others_is_not_said(
    on_sqlite: Works, room: Room, untold: Entry
) -> None:
    channels(on_sqlite, room.url).tell([untold], NOW)
    assert room.heard == []
    assert states(on_sqlite) == []


def test_the_safety_contacts_mail_is_never_said(on_sqlite: Works, room: Room) -> None:
    channels(on_sqlite, room.url).tell([entry("safety_raised", "safety_contact")], NOW)
    assert room.heard == []


def test_a_retry_says_nothing_twice(works: Works, room: Room) -> None:
    rooms = channels(works, room.url)
    for _ in range(2):
        rooms.tell([entry("coordinator_task")], NOW)
    assert len(room.heard) == 1


def test_a_room_that_takes_nothing_is_noted_and_keeps_no_other_waiting(
    on_sqlite: Works, room: Room, capfd: pytest.CaptureFixture[str]
) -> None:
    nobody = f"json://user:topsecret@127.0.0.1:{any_free_port()}/rooms"
    rooms = channels(on_sqlite, nobody, room.url)
    rooms.tell([entry("coordinator_task")], NOW)
    assert len(room.heard) == 1
    assert states(on_sqlite) == [("refused", "1 of 2")]
    room.answers = 500
    rooms.tell([entry("help_asked")], NOW)
    assert ("refused", "2 of 2") in states(on_sqlite)
    logged = "".join(capfd.readouterr())
    assert "a room was not told" in logged
    assert "topsecret" not in logged


def test_rooms_do_not_count_as_mails(on_sqlite: Works, room: Room) -> None:
    room.answers = 500
    channels(on_sqlite, room.url).tell([entry("coordinator_task")], NOW)
    with on_sqlite.scene.database.read() as session:
        assert ledger.counts(session, PROGRAM) == {}


def test_a_call_for_help_is_said_after_its_mail_and_without_its_words(
    on_sqlite: Works, room: Room
) -> None:
    scene = on_sqlite.scene
    link = Link(
        purpose=Purpose.OVERVIEW, program=PROGRAM, person="p-mia", pair="pair-1", expires=EXPIRES
    )
    with scene.database.write() as session:
        answers.ask_help(session, link, "We never find a date.", 1)
    on_sqlite.pair_messages._post = Post(
        scene.database,
        Mailer(on_sqlite.post.server),
        scene.content,
        scene.links,
        always_open,
        channels(on_sqlite, room.url),
    )
    for _ in range(2):
        on_sqlite.of_pair(MomentKind.HELP, roles=(Role.MENTOR,))
    assert on_sqlite.post.kinds() == [("cora", "help_asked")]
    (heard,) = room.heard
    assert "one of the two asks for help" in heard["message"]
    assert "find a date" not in heard["message"]


def test_a_mail_that_was_refused_is_not_said(on_sqlite: Works, room: Room) -> None:
    scene = on_sqlite.scene
    on_sqlite.post.turns_away["cora@example.com"] = "550 No Cora here"
    on_sqlite.pair_messages._post = Post(
        scene.database,
        Mailer(on_sqlite.post.server),
        scene.content,
        scene.links,
        always_open,
        channels(on_sqlite, room.url),
    )
    on_sqlite.of_pair(MomentKind.HELP, roles=(Role.MENTOR,))
    assert room.heard == []


def test_each_mail_that_is_said_is_one_that_there_is() -> None:
    assert {Mail(kind) for kind in TELLS}
