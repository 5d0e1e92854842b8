"""What has happened to a pair and its program: what decides whether something can still be done.

The queries are put together once: that takes longer than asking them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import Enum, auto
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select
from sqlalchemy.orm import Session

from domain.journal import EventKind
from domain.lifecycle import ENDINGS, SUCCESSES
from store import journal
from store.database import takes_locks
from store.links import Link
from store.tables import JournalRow, PairRow, ParticipantRow, table_of

PAIR_ENDINGS = tuple(EventKind(f"pair_{state.value}") for state in ENDINGS)
"""The events that end a pair."""

PAIR_COMPLETIONS = tuple(EventKind(f"pair_{state.value}") for state in SUCCESSES)
"""Those of them that say that it did what it set out to do."""

ENROLMENT_ENDS = (EventKind.ENROLMENT_CLOSED, EventKind.MATCHES_PROPOSED)
"""The events after which nobody joins any more."""

PROGRAM_ENDINGS = (EventKind.PROGRAM_COMPLETED, EventKind.PROGRAM_CANCELLED)
"""The events that end a program."""


class Until(Enum):
    """How long something can be done."""

    PAIR_ENDS = auto()
    """Or until the person leaves."""
    PROGRAM_ENDS = auto()
    EVER = auto()
    """As long as the link works."""


class Standing(NamedTuple):
    """How a participant stands, in the pair that a link names if it names one."""

    mentor: str | None
    """Who is the mentor of the pair, by id; None if there is no such pair."""
    is_over: bool
    """Whether what was asked for has ended: see `Until`."""
    has_left: bool
    now: datetime
    """The program's present, as `journal.now_of` has it."""


_JOURNAL = table_of(JournalRow)
_PARTICIPANTS, _PAIRS = table_of(ParticipantRow), table_of(PairRow)

_IN_PROGRAM = _JOURNAL.c.program_id == bindparam("program")
_IN_PAIR = _JOURNAL.c.pair_id == bindparam("pair")
_IS_WHO = and_(
    _PARTICIPANTS.c.program_id == bindparam("program"),
    _PARTICIPANTS.c.person_id == bindparam("person"),
)
_IS_PAIR = _PAIRS.c.id == bindparam("pair")


def _one_of(kinds: Collection[EventKind], where: ColumnElement[bool]) -> Select[int]:
    is_one = or_(*(_JOURNAL.c.kind == kind.value for kind in kinds))
    return select(_JOURNAL.c.position).where(where, is_one).limit(1)


_LAST_INSTANT = journal.last_instant(bindparam("program"))
_PAIR_ENDED = _one_of(PAIR_ENDINGS, _IN_PAIR)
_PAIR_INTRODUCED = _one_of([EventKind.PAIR_INTRODUCED], _IN_PAIR)
_PROGRAM_ENDED = _one_of(PROGRAM_ENDINGS, _IN_PROGRAM)
_ENROLMENT_ENDED = _one_of(ENROLMENT_ENDS, _IN_PROGRAM)

_LOCKS = (
    select(_PARTICIPANTS.c.person_id).where(_IS_WHO).with_for_update(key_share=True),
    select(_PAIRS.c.id).where(_IS_PAIR).with_for_update(key_share=True),
)


def _standing(is_over: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            _PARTICIPANTS.c.withdrew_at,
            _PAIRS.c.mentor_id,
            is_over.label("is_over"),
            _LAST_INSTANT.scalar_subquery().label("last"),
        )
        .select_from(_PARTICIPANTS)
        .outerjoin(_PAIRS, _IS_PAIR)
        .where(_IS_WHO)
    )


_STANDING = {
    Until.PAIR_ENDS: _standing(_PAIR_ENDED.exists()),
    Until.PROGRAM_ENDS: _standing(_PROGRAM_ENDED.exists()),
    Until.EVER: _standing(false()),
}


def pair_is_over(session: Session, pair: str) -> bool:
    """Whether the journal says that a pair has ended."""
    return _happened(session, _PAIR_ENDED, pair=pair)


def pair_is_introduced(session: Session, pair: str) -> bool:
    """Whether the two know of each other."""
    return _happened(session, _PAIR_INTRODUCED, pair=pair)


def program_is_over(session: Session, program: str) -> bool:
    """Whether the journal says that a program was completed or cancelled."""
    return _happened(session, _PROGRAM_ENDED, program=program)


def enrolment_is_over(session: Session, program: str) -> bool:
    """Whether the journal says that the closing date is past, or people were matched: who joins now
    has no part in it."""
    return _happened(session, _ENROLMENT_ENDED, program=program)


def lock(session: Session, link: Link, until: Until) -> Standing | None:
    """How somebody stands, who stays so until the transaction ends: they and their pair are locked.

    Sessions and agreements belong to both, so both may click at once. None if they, or the pair
    that the link names, are not in the store.
    """
    about = {"program": link.program, "person": link.person, "pair": link.pair}
    session.flush()
    for one in _LOCKS if takes_locks(session) else ():
        session.execute(one, about)
    found = session.execute(_STANDING[until], about).one_or_none()
    if found is None or (link.pair is not None and found.mentor_id is None):
        return None
    return Standing(
        mentor=found.mentor_id,
        is_over=bool(found.is_over),
        has_left=found.withdrew_at is not None,
        now=journal.present(found.last),
    )


def _happened(session: Session, what: Select[int], **to: str) -> bool:
    session.flush()
    return session.scalar(what, to) is not None
