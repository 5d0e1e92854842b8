"""The message ledger: what should go to whom, and how far it got. It makes sending idempotent."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from domain.model import Value
from store.database import insert_new
from store.tables import MessageRow
from store.written import Outcome, Settled, Way, note

CHANNEL = "channel"
"""The recipient of what chat rooms are told: no person, and no mail."""


class MessageState(StrEnum):
    """How far a message got."""

    HELD = "held"
    """It waits for a time at which it may go out; what it says is kept till then."""
    SENDING = "sending"
    """Written down before the mail server is asked. After a crash nobody knows whether it took the
    message, so it is handed over again under the same Message-ID."""
    SENT = "sent"
    REFUSED = "refused"
    """No mail server will ever take it."""
    DROPPED = "dropped"
    """It lost its point before it was known to have gone: what it asks for was done meanwhile."""


class Entry(Value):
    """A message that should go out."""

    key: str
    program: str
    pair: str | None
    person: str | None
    recipient: str
    kind: str


def message_id(key: str, domain: str) -> str:
    """The Message-ID of a message: always the same for the same key."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


class Standing(Value):
    """A message in the ledger, and how far it got."""

    entry: Entry
    state: MessageState
    message_id: str
    """Of the mail that it went in, or is to go in."""
    attempts: int
    """How often it was about to be handed over."""
    send_after: datetime | None
    letter: dict[str, Any] | None
    """What it says, where that is kept."""

    def is_due(self, now: datetime) -> bool:
        """Whether its time has come."""
        return self.send_after is None or self.send_after <= now


def known(session: Session, keys: Sequence[str]) -> dict[str, Standing]:
    """Which of these messages are in the ledger, and how far each got; by key."""
    rows = session.scalars(select(MessageRow).where(MessageRow.key.in_(keys)))
    return {row.key: _standing(row) for row in rows}


def due(
    session: Session, program: str, now: datetime, people: Sequence[str], pair: str | None = None
) -> list[Standing]:
    """What was held and may go out now: to these people, and to HR about this pair.

    And what was about to go when something broke.
    """
    whose: ColumnElement[bool] = MessageRow.person_id.in_(people)
    if pair is not None:
        whose |= (MessageRow.pair_id == pair) & MessageRow.person_id.is_(None)
    return _due(session, now, MessageRow.program_id == program, whose)


def due_of_program(session: Session, program: str, now: datetime, most: int) -> list[Standing]:
    """The same of what is about no pair, so many messages at most, the oldest first."""
    return _due(
        session, now, MessageRow.program_id == program, MessageRow.pair_id.is_(None), most=most
    )


def _due(
    session: Session, now: datetime, *conditions: ColumnElement[bool], most: int | None = None
) -> list[Standing]:
    held = (MessageRow.state == MessageState.HELD.value) & (MessageRow.send_after <= now)
    broken = (MessageRow.state == MessageState.SENDING.value) & MessageRow.letter.is_not(None)
    rows = session.scalars(
        select(MessageRow)
        .where(held | broken, *conditions)
        .order_by(MessageRow.queued_at, MessageRow.key)
        .limit(most)
    )
    return [_standing(row) for row in rows]


def lock(session: Session, keys: Sequence[str]) -> list[Standing]:
    """These messages as they stand now, the oldest first.

    Nobody else can take them before this transaction ends.
    """
    rows = session.scalars(
        select(MessageRow)
        .where(MessageRow.key.in_(keys))
        .order_by(MessageRow.key)
        .with_for_update()
    ).all()
    return [_standing(row) for row in sorted(rows, key=lambda row: (row.queued_at, row.key))]


def write_down(
    session: Session, entries: Sequence[Entry], domain: str, now: datetime
) -> dict[str, Standing]:
    """Write messages down that should go out, and give how far each has got; by key."""
    if not entries:
        return {}
    rows = [
        {
            "key": entry.key,
            "program_id": entry.program,
            "pair_id": entry.pair,
            "person_id": entry.person,
            "recipient": entry.recipient,
            "kind": entry.kind,
            "state": MessageState.SENDING.value,
            "message_id": message_id(entry.key, domain),
            "attempts": 0,
            "queued_at": now,
        }
        for entry in entries
    ]
    insert_new(session, MessageRow, rows, "key")
    return known(session, [entry.key for entry in entries])


def claim(session: Session, entry: Entry, now: datetime) -> bool:
    """Write down what a chat room is about to be told. Gives whether nobody did before.

    What is claimed once is never told again, whatever became of it.
    """
    if known(session, [entry.key]):
        return False
    write_down(session, [entry], CHANNEL, now)
    return True


def mark_unheard(session: Session, key: str, rooms: str) -> None:
    """Some chat rooms did not take it: `1 of 2`."""
    _note(session, [key], Outcome.REFUSED)
    _set(session, [key], state=MessageState.REFUSED.value, error=rooms)


def begin(session: Session, keys: Sequence[str], message_id: str, now: datetime) -> None:
    """These messages are about to be handed over, in one mail."""
    _set(
        session,
        keys,
        state=MessageState.SENDING.value,
        message_id=message_id,
        attempts=MessageRow.attempts + 1,
        queued_at=now,
        send_after=None,
    )


def keep(session: Session, key: str, letter: Mapping[str, Any]) -> None:
    """Keep what a message says until it was handed over."""
    _set(session, [key], letter=dict(letter))


def hold(
    session: Session,
    key: str,
    send_after: datetime,
    letter: Mapping[str, Any],
    code: int | None = None,
) -> None:
    """A message waits until then; `code` is that of the mail server which wants it so."""
    _note(session, [key], Outcome.HELD if code is None else Outcome.PUT_OFF)
    _set(
        session,
        [key],
        state=MessageState.HELD.value,
        send_after=send_after,
        letter=dict(letter),
        error=None if code is None else str(code),
    )


def is_on_its_way(session: Session, key: str) -> bool:
    """Whether a message is about to be handed over, and nobody has given it up meanwhile."""
    row = session.get(MessageRow, key, with_for_update=True, populate_existing=True)
    return row is not None and row.state == MessageState.SENDING.value


def mark_sent(session: Session, keys: Sequence[str], now: datetime) -> None:
    """The mail server took the mail that these messages are in."""
    _note(session, keys, Outcome.SENT)
    _set(
        session,
        keys,
        state=MessageState.SENT.value,
        sent_at=now,
        send_after=None,
        error=None,
        letter=None,
    )


def mark_refused(session: Session, keys: Sequence[str], code: int) -> None:
    """The mail server refused that mail for good, with this status code."""
    _note(session, keys, Outcome.REFUSED)
    _set(
        session,
        keys,
        state=MessageState.REFUSED.value,
        send_after=None,
        error=str(code),
        letter=None,
    )


def drop(session: Session, keys: Sequence[str]) -> None:
    """Give up messages that have lost their point, unless it is known what became of them."""
    if not keys:
        return
    open_still = MessageRow.state.in_((MessageState.SENDING.value, MessageState.HELD.value))
    _note(session, keys, Outcome.DROPPED, open_still)
    session.execute(
        update(MessageRow)
        .where(MessageRow.key.in_(keys), open_still)
        .values(state=MessageState.DROPPED.value, send_after=None, letter=None)
    )


def mails_since(
    session: Session, program: str, people: Sequence[str], since: datetime, but: Iterable[str]
) -> Counter[str]:
    """How many mails each of these people got, or is about to get, from an instant on.

    Several messages in one mail count once. Messages of the kinds in `but` do not count.
    """
    went = (MessageState.SENDING.value, MessageState.SENT.value)
    rows = session.execute(
        select(MessageRow.person_id, func.count(MessageRow.message_id.distinct()))
        .where(
            MessageRow.program_id == program,
            MessageRow.person_id.in_(people),
            MessageRow.state.in_(went),
            MessageRow.attempts > 0,
            MessageRow.queued_at >= since,
            MessageRow.kind.not_in(sorted(but)),
        )
        .group_by(MessageRow.person_id)
    )
    return Counter({str(person): count for person, count in rows})


class Held(Value):
    """A message that waits."""

    key: str
    pair: str | None
    person: str | None
    kind: str
    send_after: datetime


def held(
    session: Session, program: str, people: Sequence[str], pair: str | None = None
) -> list[Held]:
    """What waits for these people, and for HR about this pair; what may go first comes first."""
    whose: ColumnElement[bool] = MessageRow.person_id.in_(people)
    if pair is not None:
        whose |= (MessageRow.pair_id == pair) & MessageRow.person_id.is_(None)
    return _held(session, MessageRow.program_id == program, whose)


def held_of_program(session: Session, program: str) -> list[Held]:
    """What waits that is about no pair."""
    return _held(session, MessageRow.program_id == program, MessageRow.pair_id.is_(None))


def _held(session: Session, *conditions: ColumnElement[bool]) -> list[Held]:
    rows = session.scalars(
        select(MessageRow)
        .where(MessageRow.state == MessageState.HELD.value, *conditions)
        .order_by(MessageRow.send_after, MessageRow.key)
    )
    return [
        Held(
            key=row.key,
            pair=row.pair_id,
            person=row.person_id,
            kind=row.kind,
            send_after=row.send_after,
        )
        for row in rows
        if row.send_after is not None
    ]


def states(session: Session, keys: Sequence[str]) -> Counter[MessageState]:
    """How many of these messages got how far."""
    rows = session.scalars(select(MessageRow.state).where(MessageRow.key.in_(keys)))
    return Counter(MessageState(state) for state in rows)


def counts(session: Session, program: str) -> dict[MessageState, int]:
    """How many mails' messages of a program got how far; chat rooms do not count."""
    rows = session.execute(
        select(MessageRow.state, func.count())
        .where(MessageRow.program_id == program, MessageRow.recipient != CHANNEL)
        .group_by(MessageRow.state)
    )
    return {MessageState(state): count for state, count in rows}


_STATE_OF = {
    Outcome.SENT: MessageState.SENT,
    Outcome.REFUSED: MessageState.REFUSED,
    Outcome.HELD: MessageState.HELD,
    Outcome.PUT_OFF: MessageState.HELD,
    Outcome.DROPPED: MessageState.DROPPED,
}


def _note(
    session: Session, keys: Sequence[str], outcome: Outcome, *conditions: ColumnElement[bool]
) -> None:
    """Have it counted which of these messages are about to come to a state they were not in."""
    rows = session.execute(
        select(MessageRow.kind, MessageRow.recipient).where(
            MessageRow.key.in_(keys), MessageRow.state != _STATE_OF[outcome].value, *conditions
        )
    )
    note(
        session,
        (
            Settled(kind=kind, way=Way.CHAT if recipient == CHANNEL else Way.MAIL, outcome=outcome)
            for kind, recipient in rows
        ),
    )


def _set(session: Session, keys: Sequence[str], **values: Any) -> None:
    session.execute(update(MessageRow).where(MessageRow.key.in_(keys)).values(**values))


def _standing(row: MessageRow) -> Standing:
    return Standing(
        entry=Entry(
            key=row.key,
            program=row.program_id,
            pair=row.pair_id,
            person=row.person_id,
            recipient=row.recipient,
            kind=row.kind,
        ),
        state=MessageState(row.state),
        message_id=row.message_id,
        attempts=row.attempts,
        send_after=row.send_after,
        letter=row.letter,
    )
