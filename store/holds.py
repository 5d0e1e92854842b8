"""Legal holds: as long as one is on, nothing that a program holds is deleted."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ids import retention_workflow_id
from domain.journal import EventKind, JournalEvent
from domain.model import Value
from store import journal, outbox
from store.tables import DeletionRow, HoldRow, ProgramRow

HOLD_SIGNAL = "hold_switched"
"""Tells the retention workflow to look again. It says whether, never why."""

MAX_REFERENCE = 200
"""Characters of what a hold is for."""


class Hold(Value):
    """A hold, on or lifted."""

    id: str
    program: str
    set_at: datetime
    set_by: str
    """Who of HR."""
    reference: str | None
    """What it is for, in HR's words."""
    lifted_at: datetime | None = None
    lifted_by: str | None = None


class OnHold(Exception):
    """A legal hold keeps data from being deleted. Carries the holds that are on."""

    def __init__(self, holds: Collection[Hold]) -> None:
        super().__init__(f"{len(holds)} legal hold(s)")
        self.holds = tuple(holds)


def current(session: Session, program: str) -> Hold | None:
    """The hold that is on, if one is."""
    row = _current(session, program)
    return _hold(row) if row is not None else None


def history(session: Session, program: str) -> list[Hold]:
    """Every hold that a program has or had, the first one first."""
    rows = session.scalars(
        select(HoldRow).where(HoldRow.program_id == program).order_by(HoldRow.set_at, HoldRow.id)
    )
    return [_hold(row) for row in rows]


def put(
    session: Session, program: str, by: str, reference: str | None, at: datetime
) -> Hold | None:
    """Put a program on hold; None where it is on hold already: nothing is changed then."""
    lock(session, program)
    if _current(session, program) is not None:
        return None
    row = HoldRow(
        id=f"h-{secrets.token_hex(6)}",
        program_id=program,
        set_at=at,
        set_by=by,
        reference=reference,
        lifted_at=None,
        lifted_by=None,
    )
    session.add(row)
    _tell(session, program, EventKind.HOLD_SET, row.id, at)
    return _hold(row)


def lift(session: Session, program: str, by: str, at: datetime) -> Hold | None:
    """Lift the hold that is on; None where there is none."""
    lock(session, program)
    row = _current(session, program)
    if row is None:
        return None
    row.lifted_at, row.lifted_by = at, by
    _tell(session, program, EventKind.HOLD_LIFTED, row.id, at)
    return _hold(row)


def lock(session: Session, program: str) -> None:
    """Have nobody else hold, lift or delete in a program before this transaction ends."""
    session.execute(select(ProgramRow.id).where(ProgramRow.id == program).with_for_update())


def must_be_free(session: Session, *programs: str) -> None:
    """Raise `OnHold` where one of these programs, given in the order of their ids, is on hold.

    They stay free until the transaction ends.
    """
    for program in programs:
        lock(session, program)
    if found := [hold for program in programs if (hold := current(session, program))]:
        raise OnHold(found)


def _current(session: Session, program: str) -> HoldRow | None:
    return session.scalar(
        select(HoldRow).where(HoldRow.program_id == program, HoldRow.lifted_at.is_(None))
    )


def _hold(row: HoldRow) -> Hold:
    return Hold(
        id=row.id,
        program=row.program_id,
        set_at=row.set_at,
        set_by=row.set_by,
        reference=row.reference,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
    )


def _tell(session: Session, program: str, kind: EventKind, hold: str, at: datetime) -> None:
    """Write it into the journal, and have the retention workflow look again where one waits."""
    journal.append(session, program, [JournalEvent(id=f"{hold}/{kind}", kind=kind, at=at)])
    if _waits(session, program):
        argument: dict[str, Any] = {"held": kind is EventKind.HOLD_SET}
        outbox.add_signal(session, retention_workflow_id(program), HOLD_SIGNAL, argument)


def _waits(session: Session, program: str) -> bool:
    """Whether a workflow waits for the end of the time for which data is kept."""
    gone = session.get(DeletionRow, program)
    is_open = gone is None or gone.finished_at is None
    return is_open and journal.has(session, program, EventKind.RETENTION_STARTED)
