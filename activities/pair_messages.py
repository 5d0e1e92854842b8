"""Sending what a moment of a pair asks for."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from activities.failures import unknown_pair
from activities.letters import Draft
from activities.pair_letters import PairLetters
from activities.post import Post
from activities.reach import hours_of_pair
from activities.signatures import PairActivities, PairMoment, PairRef, Record, Sent
from activities.uninterrupted import uninterrupted
from activities.writing import Writer
from domain.pair import BOTH, Moment, MomentKind, Step
from domain.people import Role
from store import answers, journal, programs, retention
from store.content import Content
from store.database import Database
from store.ledger import Entry
from store.links import Links
from store.programs import PairPeople


class PairMessages(PairActivities):
    """Sends what a moment of a pair asks for."""

    def __init__(self, database: Database, content: Content, links: Links, post: Post) -> None:
        self._database = database
        self._content = content
        self._links = links
        self._post = post

    @uninterrupted
    def send_pair_moment(self, moment: PairMoment) -> Sent:
        """Send a pair what some moments that fall together ask for, and write its events, once.

        A pair that goes on after its program hears no more once personal data is deleted.
        """
        moments = (moment.moment, *moment.also)
        with self._database.read() as session:
            program = programs.get(session, moment.program)
            if retention.is_deleted(session, moment.program):
                return Sent(sent=0)
            pair = _pair(session, moment.program, moment.pair)
            writer = Writer(program, self._content, self._links, moment.now)
            done = _read_before(session, writer, pair, moments)
            drafts: list[Draft] = []
            pointless: list[Entry] = []
            for due in moments:
                letters = PairLetters(session, writer, pair, moment, due, self._post.domain, done)
                drafts += letters.drafts()
                pointless += letters.pointless()
            hours = hours_of_pair(program, pair, moment.now) if moment.wants_hours else None
        sent = self._post.send(moment.program, drafts, moment.events, moment.now, pointless, pair)
        return sent.model_copy(update={"done": done, "hours": hours})

    @uninterrupted
    def send_held(self, pair: PairRef) -> Sent:
        """Send what was held for the two of a pair and may go out now, in one message each."""
        with self._database.read() as session:
            if retention.is_deleted(session, pair.program):
                return Sent(sent=0)
            people = _pair(session, pair.program, pair.pair)
        return self._post.send_held(pair.program, people, pair.now)

    @uninterrupted
    def record(self, record: Record) -> None:
        """Write events that go with no other work, once."""
        with self._database.write() as session:
            journal.append(session, record.program, record.events)


def _pair(session: Session, program: str, identity: str) -> PairPeople:
    pair = programs.pair(session, program, identity)
    if pair is None:
        raise unknown_pair(identity)
    return pair


def _read_before(
    session: Session, writer: Writer, pair: PairPeople, moments: Iterable[Moment]
) -> tuple[tuple[Role, Step], ...]:
    """Who has read the training already, in another pair of theirs, when a pair is to prepare."""
    if not any(moment.kind is MomentKind.PREPARATION for moment in moments):
        return ()
    return tuple(
        (role, Step.GUIDE)
        for role in BOTH
        if answers.training_is_done(
            session,
            writer.program.id,
            pair.who(role).id,
            [module.id for module in writer.training_of(role, pair.who(role))],
        )
    )
