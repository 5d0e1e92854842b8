"""What who runs the program decides about a pair, each decision recorded in one transaction.

The event in the journal says at once who decided what; the signal tells the pair's workflow, which
carries it out and writes down what came of it. Deciding the same again changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from domain.acts import Through
from domain.deeds import DECISION_SIGNAL
from domain.ids import pair_workflow_id
from domain.journal import EventKind, JournalEvent
from domain.pair_orders import Order
from domain.pair_story import Attention
from store import acts, journal, outbox, pair_story
from store.database import as_of_now
from store.lateness import program_is_over
from store.links import Link
from store.tables import PairRow

FINAL = (Order.CLOSE, Order.REMATCH)
"""Orders that end a pair: nothing can be decided after one."""


TAKE_ON = "take-on"
"""What the record calls it that somebody is on it."""


class Decided(StrEnum):
    """What became of a decision."""

    NEW = "new"
    BEFORE = "before"
    """It was decided before: nothing changed."""
    TOO_LATE = "too_late"
    """The pair is over, or somebody decided to end it."""
    POINTLESS = "pointless"
    """It can't be done as the pair stands: there is no pause to end."""


def take_on(session: Session, link: Link, days: int, until: datetime) -> Decided:
    """Say that one is on it: nothing more goes out about it until then (an instant)."""
    stands = _locked(session, link)
    if stands is None or _is_over(stands):
        return Decided.TOO_LATE
    if stands.taken_until == until:
        return Decided.BEFORE
    data: dict[str, int | str] = {"days": days, "until": until.isoformat()}
    _write(session, link, stands, data, snooze_until=until)
    return Decided.NEW


def order(session: Session, link: Link, what: Order, until: datetime | None = None) -> Decided:
    """Have something done to the pair; `until` is the instant at which a pause ends by itself."""
    stands = _locked(session, link)
    if stands is None or _is_over(stands):
        return Decided.TOO_LATE
    if what is stands.ordered or (what is Order.HOLD and stands.paused):
        return Decided.BEFORE
    if what is Order.RESUME and not stands.paused and stands.ordered is not Order.HOLD:
        return Decided.POINTLESS
    data: dict[str, int | str] = {"order": what.value}
    if until is not None:
        data["until"] = until.isoformat()
    _write(session, link, stands, data, order=what, until=until)
    return Decided.NEW


def _is_over(stands: Attention) -> bool:
    return stands.ending is not None or stands.ordered in FINAL


def _locked(session: Session, link: Link) -> Attention | None:
    """How the link's pair stands, locked: two who run the program may decide at once."""
    if link.pair is None:
        raise ValueError("a decision needs a pair")
    row = as_of_now(session, PairRow, link.pair)
    if row is None or program_is_over(session, link.program):
        return None
    return pair_story.attention(session, link.program, row.id)


def _write(
    session: Session,
    link: Link,
    stands: Attention,
    data: dict[str, int | str],
    *,
    order: Order | None = None,
    until: datetime | None = None,
    snooze_until: datetime | None = None,
) -> None:
    event = JournalEvent(
        id=f"{link.program}/{link.pair}/decision#{stands.decisions + 1}",
        kind=EventKind.TASK_TAKEN,
        at=journal.now_of(session, link.program),
        pair=link.pair,
        data={"by": link.person, **data},
    )
    journal.append(session, link.program, [event])
    acts.add_done(
        session,
        link.person,
        Through.PAGE,
        f"pair {'pause' if order is Order.HOLD else order or TAKE_ON}",
        program=link.program,
        pair=link.pair,
    )
    outbox.add_signal(
        session,
        pair_workflow_id(link.program, str(link.pair)),
        DECISION_SIGNAL,
        {
            "order": order.value if order else None,
            "until": until.isoformat() if until else None,
            "snooze_until": snooze_until.isoformat() if snooze_until else None,
        },
    )
