"""What people read some months after a program: how things are, and one reminder."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from activities.letters import Draft, Letter
from activities.signatures import ProgramMoment, ProgramMomentKind
from activities.writing import Writer
from domain.messages import Recipient, message_key
from domain.people import Role
from store import answers, ledger, programs
from store.follow_ups import roles_in_begun_pairs
from store.ledger import Entry, MessageState
from store.links import Purpose
from store.programs import Participant

ABOUT_FOLLOW_UPS = (ProgramMomentKind.FOLLOW_UP, ProgramMomentKind.FOLLOW_UP_REMINDER)


class PageOfFollowUp(NamedTuple):
    """One page of letters that ask how things are."""

    drafts: list[Draft]
    following: str | None
    """Where the next page begins; None after the last."""


def page_of_follow_up(
    session: Session, writer: Writer, moment: ProgramMoment, limit: int
) -> PageOfFollowUp:
    """Letters to the next people who were in a pair that had begun, and have not left.

    Who is away for as long as answers are welcome is left in peace. A reminder goes to those whom
    the first letter has reached and who have not answered.
    """
    page = programs.page_of_participants(session, moment.program, moment.after, limit)
    roles = roles_in_begun_pairs(session, moment.program)
    asked = [p for p in page if p.id in roles and not p.withdrew and not _is_away(p, moment)]
    if moment.kind is ProgramMomentKind.FOLLOW_UP_REMINDER:
        asked = _to_remind(session, moment, asked)
    return PageOfFollowUp(
        [_letter(session, writer, moment, person, roles[person.id]) for person in asked],
        page[-1].id if len(page) == limit else None,
    )


def _is_away(person: Participant, moment: ProgramMoment) -> bool:
    until, back = moment.until, person.away_until
    return until is not None and back is not None and back >= until


def _to_remind(
    session: Session, moment: ProgramMoment, people: list[Participant]
) -> list[Participant]:
    first = {p.id: _key(moment, ProgramMomentKind.FOLLOW_UP, p.id) for p in people}
    known = ledger.known(session, list(first.values()))
    reached = {key for key, standing in known.items() if standing.state is MessageState.SENT}
    done = answers.who_answered(session, moment.program, moment.occasion)
    return [p for p in people if first[p.id] in reached and p.id not in done]


def _letter(
    session: Session, writer: Writer, moment: ProgramMoment, person: Participant, role: Role
) -> Draft:
    content = writer.content_for(person)
    asks = writer.asks(session, person, None, moment.occasion, moment.survey or "")
    if asks is None:
        raise LookupError(f"content has no survey “{moment.survey}”")
    survey = asks.instrument.survey
    link = writer.link(
        Purpose.SURVEY,
        person.id,
        role=role,
        survey=survey.id,
        occasion=moment.occasion,
        needed_until=moment.until,
    )
    values = writer.about(person.address, person) | {
        "survey": {"title": survey.title, "minutes": survey.minutes},
        "until": writer.day(moment.until, person),
        "links": {"survey": link},
    }
    return Draft(
        entry=Entry(
            key=_key(moment, moment.kind, person.id),
            program=moment.program,
            pair=None,
            person=person.id,
            recipient=Recipient.PARTICIPANT.value,
            kind=moment.kind.value,
        ),
        letter=Letter(
            to=person.address,
            section=content.section(moment.kind.value, **values),
            asks=moment.occasion,
            useful_until=moment.until,
        ),
        asks=asks,
    )


def _key(moment: ProgramMoment, kind: ProgramMomentKind, person: str) -> str:
    return message_key(moment.program, None, kind.value, moment.occasion, person)
