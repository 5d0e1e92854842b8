"""Messages that are written out: what they say, to whom, and what they hang on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from activities.invitations import Invitation
from domain.definition import Contact
from domain.model import Value
from domain.posting import asks_hr_to_act, outlives_its_pair, outlives_its_program
from store import answers, approvals, journal, programs
from store.answers import AnswerKind
from store.content import Section
from store.instruments import Asking
from store.ledger import Entry
from store.tables import SessionRow

MANAGER = "manager"
"""What the ledger calls a line manager who is asked about somebody."""


class Letter(Value):
    """A message written out, with whom it is for and what it hangs on."""

    to: Contact
    section: Section
    invitation: Invitation | None = None
    """Left out for who wants none."""
    session: int | None = None
    """The session of the pair that it is about: once that stands otherwise, it has lost its
    point."""
    asks: str | None = None
    """The occasion of the survey that it asks for: once that is answered, it has lost its point."""
    useful_until: datetime | None = None
    """The instant from which it comes too late."""


class Draft(Value):
    """A message that should go out, and its place in the ledger."""

    entry: Entry
    letter: Letter
    asks: Asking | None = None
    """The survey that it asks for, as it stands when it is written."""


class SessionState(Value):
    """How a session of a pair stands."""

    booked_for: datetime | None = None
    sequence: int = 0
    held: bool = False
    proposal: int = 0
    cancelled: int = 0


class KeptLetter(Value):
    """A letter as the ledger keeps it while it waits."""

    letter: Letter
    session: SessionState | None = None
    """How its session stood when it was written."""
    was_answered: bool = False
    """Whether what it asks for had been answered then: it asks again."""
    put_off: int = 0
    """How often a mail server has put it off."""
    put_off_since: datetime | None = None
    mail: str | None = None
    """The Message-ID of the mail that it may have gone in already, before it was put off: nobody
    heard then what became of that. It goes in no other."""
    taken_by: str | None = None
    """The activity that is about to hand it over."""


def keep(session: Session, draft: Draft) -> KeptLetter:
    """A letter, to be kept as things stand now."""
    return KeptLetter(
        letter=draft.letter,
        session=_session_state(session, draft),
        was_answered=_is_answered(session, draft),
    )


def has_lost_its_point(session: Session, draft: Draft, kept: KeptLetter, now: datetime) -> bool:
    """Whether a letter that waited need not go out any more.

    The pair or the program has ended, the session was held or stands otherwise, the survey is
    answered, the person has left, or it would come too late.
    """
    entry, letter = draft.entry, draft.letter
    if letter.useful_until is not None and now >= letter.useful_until:
        return True
    is_over = entry.pair is not None and answers.pair_is_over(session, entry.pair)
    if entry.person is None:
        return is_over and asks_hr_to_act(entry.kind)
    if outlives_its_pair(entry.kind):
        return False
    if entry.recipient == MANAGER:
        closed = answers.enrolment_is_over(session, entry.program)
        return closed or not approvals.waiting_for(session, entry.program, entry.person)
    if is_over or kept.session != _session_state(session, draft):
        return True
    of_program = entry.pair is None and not outlives_its_program(entry.kind)
    if of_program and answers.program_is_over(session, entry.program):
        return True
    person = programs.participant(session, entry.program, entry.person)
    if person is None or person.withdrew:
        return True
    if entry.kind in _ASK_TO_JOIN and person.joined is not None:
        return True
    return _is_answered(session, draft) and not kept.was_answered


_ASK_TO_JOIN = ("invitation", "invitation_reminder")


def waits_for_its_pair(session: Session, pair: str | None, person: str | None, kind: str) -> bool:
    """Whether a message to one of a pair stays where it is because the pair is paused."""
    if pair is None or person is None or outlives_its_pair(kind):
        return False
    return journal.pair_is_paused(session, pair)


def _is_answered(session: Session, draft: Draft) -> bool:
    entry, occasion = draft.entry, draft.letter.asks
    if entry.person is None or occasion is None:
        return False
    found = answers.find(session, entry.program, entry.pair, entry.person, occasion)
    return found is not None and found.kind != AnswerKind.DRAFT


def _session_state(session: Session, draft: Draft) -> SessionState | None:
    if draft.letter.session is None or draft.entry.pair is None:
        return None
    row = session.get(SessionRow, (draft.entry.pair, draft.letter.session))
    if row is None:
        return SessionState()
    return SessionState(
        booked_for=row.booked_for,
        sequence=row.sequence,
        held=row.held_at is not None,
        proposal=0 if draft.entry.kind in _ABOUT_A_DATE else row.proposal,
        cancelled=row.cancelled,
    )


_ABOUT_A_DATE = (
    "session_invitation",
    "session_cancelled",
    "session_reminder",
    "session_follow_up",
)
"""Messages that stay true when somebody proposes other times: until one is picked, the date stays
as it is, and calendars have to follow it."""
