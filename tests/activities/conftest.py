"""Fixtures of the activities' tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from activities.mail import Mailer
from activities.matching import Matching
from activities.pair_messages import PairMessages
from activities.post import Post
from activities.program_messages import ProgramMessages
from activities.signatures import (
    PageSent,
    PairMoment,
    PairRef,
    ProgramMoment,
    ProgramMomentKind,
    Sent,
)
from activities.sorting import Hours
from domain.pair import Moment, MomentKind
from domain.people import Role
from domain.reach import OpenHours
from store.database import Database
from store.programs import Participant, Program
from store.tables import MessageRow, ParticipantRow
from tests.activities.post_office import PostOffice, open_post_office
from tests.portal.scene import PROGRAM, STARTED, Scene, fill

NOW = STARTED


@dataclass
class Works:
    """The activities over an example program and a real mail server."""

    scene: Scene
    post: PostOffice
    mailer: Mailer
    pair_messages: PairMessages
    program_messages: ProgramMessages
    matching: Matching

    def of_pair(self, kind: MomentKind, *, pair: str = "pair-1", **fields: Any) -> Sent:
        """Carry out a moment of a pair."""
        return self.pair_messages.send_pair_moment(self.moment(kind, pair=pair, **fields))

    def moment(self, kind: MomentKind, *, pair: str = "pair-1", **fields: Any) -> PairMoment:
        outer = {
            name: fields.pop(name)
            for name in ("scheduler", "sessions_held", "open_steps", "events")
            if name in fields
        }
        given = {"scheduler": Role.MENTOR, "sessions_held": 0, **outer}
        now = fields.pop("now", NOW)
        moment = Moment(kind=kind, at=now, **fields)
        return PairMoment(program=PROGRAM, pair=pair, moment=moment, now=now, **given)

    def held(self, now: datetime, *, pair: str = "pair-1") -> Sent:
        """Send what was held for the two of a pair."""
        return self.pair_messages.send_held(PairRef(program=PROGRAM, pair=pair, now=now))

    def of_program(self, kind: ProgramMomentKind, **fields: Any) -> PageSent:
        """Carry out one page of a moment of the program."""
        given = {"now": NOW, "occasion": "1", **fields}
        return self.program_messages.send_program_moment(
            ProgramMoment(program=PROGRAM, kind=kind, **given)
        )

    def change_profile(self, who: str, **fields: Any) -> None:
        """Make somebody another person, as far as the people file goes."""
        with self.scene.database.write() as session:
            row = session.get_one(ParticipantRow, (PROGRAM, f"p-{who}"))
            row.profile = {**row.profile, **fields}

    def messages(self) -> list[MessageRow]:
        """The rows of the ledger."""
        return [row for row in self.scene.rows(MessageRow) if isinstance(row, MessageRow)]

    def ledger(self) -> dict[str, str]:
        """For each message, how far it got: `mia session_due` → `sent`."""
        return {f"{row.recipient} {row.kind}": row.state for row in self.messages()}


@pytest.fixture
def post(tmp_path: Path) -> Iterator[PostOffice]:
    """A mail server of the test's own."""
    with open_post_office(tmp_path) as office:
        yield office


@pytest.fixture
def works(database: Database, post: PostOffice) -> Works:
    """The activities, on SQLite and on PostgreSQL."""
    return make_works(database, post)


@pytest.fixture
def on_sqlite(sqlite_database: Database, post: PostOffice) -> Works:
    """The activities, for what has nothing to do with the store."""
    return make_works(sqlite_database, post)


def always_open(_program: Program, _person: Participant | None, now: datetime) -> OpenHours:
    """Hours that never close, so that a test need not know what day it is."""
    return OpenHours(base=now, minute=60, spans=())


def make_works(database: Database, post: PostOffice, hours: Hours = always_open) -> Works:
    scene = fill(database)
    mailer = Mailer(post.server)
    sender = Post(database, mailer, scene.content, scene.links, hours)
    return Works(
        scene=scene,
        post=post,
        mailer=mailer,
        pair_messages=PairMessages(database, scene.content, scene.links, sender),
        program_messages=ProgramMessages(database, scene.content, scene.links, sender),
        matching=Matching(database),
    )
