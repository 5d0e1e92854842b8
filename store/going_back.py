"""When Temporal comes back older than the store: what it forgot is done again.

Workflows stand where they stood when their backup was taken, and go on from there by themselves.
What the store has from after that is left alone where doing it twice changes nothing (mails that
were sent, answers), and has to make way where it does not.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from domain.ids import WORKFLOW_PREFIX, program_workflow_id
from domain.journal import EventKind
from domain.model import Value
from store import standings
from store.tables import JournalRow, OutboxRow

ORDERS = frozenset(
    {
        EventKind.PROGRAM_STARTED,
        EventKind.PEOPLE_SELECTED,
        EventKind.MATCHES_CHANGED,
        EventKind.MATCHES_APPROVED,
        EventKind.NEW_PAIRS_APPROVED,
        EventKind.PROGRAM_PAUSED,
        EventKind.PROGRAM_RESUMED,
        EventKind.PROGRAM_POSTPONED,
        EventKind.PROGRAM_EXTENDED,
        EventKind.PROGRAM_CANCELLED,
        EventKind.PAIR_PAUSED,
        EventKind.PAIR_RESUMED,
        EventKind.PAIR_EXTENDED,
        EventKind.PAIR_CLOSED,
    }
)
"""What HR may have ordered. Some of it also comes by itself, and will again."""

_AT_ONCE = 500


class Again(Value):
    """What comes again."""

    signals: int
    """Of the outbox, which the portal delivers again."""
    events: int
    """Of the journal, which workflows will write again."""
    orders: tuple[str, ...]
    """What HR may have ordered meanwhile: where, what and when."""


def catch_up(session: Session, since: datetime) -> Again:
    """Have all that workflows were told or wrote since an instant told and written again.

    `since` is the instant as of which Temporal is. No worker and no portal may run. Whatever a
    person did stays; doing a deed twice changes nothing. An event that a workflow wrote is taken
    out: the workflow has forgotten it, and would give its number to what it writes next, which the
    journal would then take for the same.
    """
    signals = session.execute(
        update(OutboxRow)
        .where(OutboxRow.delivered_at >= since)
        .values(delivered_at=None, outcome=None)
        .returning(OutboxRow.position)
    ).all()
    rows = session.scalars(
        select(JournalRow)
        .where(JournalRow.at >= since, JournalRow.id.startswith(f"{WORKFLOW_PREFIX}/"))
        .order_by(JournalRow.position)
    )
    written = [row for row in rows if _is_by_a_workflow(row)]
    standings.forget(session, {(row.program_id, row.pair_id) for row in written if row.pair_id})
    for first in range(0, len(written), _AT_ONCE):
        some = [row.position for row in written[first : first + _AT_ONCE]]
        session.execute(delete(JournalRow).where(JournalRow.position.in_(some)))
    orders = tuple(_in_words(row) for row in written if row.kind in ORDERS)
    return Again(signals=len(signals), events=len(written), orders=orders)


def _is_by_a_workflow(row: JournalRow) -> bool:
    """Whether the id is a workflow's and a number, as `workflows.options.Recorder` makes them."""
    workflow, _, number = row.id.rpartition("#")
    program = program_workflow_id(row.program_id)
    return number.isdigit() and (workflow == program or workflow.startswith(f"{program}/"))


def _in_words(row: JournalRow) -> str:
    where = f"{row.program_id} {row.pair_id}" if row.pair_id else row.program_id
    return f"{where}: {row.kind} at {row.at:%Y-%m-%d %H:%M:%S} UTC"
