"""What line managers read: one question about each of their people who would like to take part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from activities.letters import MANAGER, Draft, Letter
from activities.signatures import ProgramMoment, ProgramMomentKind
from activities.writing import Writer
from domain.journal import JournalEvent
from domain.messages import message_key
from store import approvals
from store.approvals import Asked
from store.ledger import Entry
from store.links import Purpose

TO_MANAGERS = (
    ProgramMomentKind.APPROVAL_REQUEST,
    ProgramMomentKind.APPROVAL_REQUEST_REMINDER,
)


class PageToManagers(NamedTuple):
    """One page of letters to managers, at most one each, and what is noted with them."""

    drafts: list[Draft]
    events: list[JournalEvent]
    following: str | None
    """Where the next page begins; None after the last."""


def page_to_managers(
    session: Session, writer: Writer, moment: ProgramMoment, limit: int
) -> PageToManagers:
    """The next managers who are to be asked, or reminded: one letter about all of their people."""
    asks = moment.kind is ProgramMomentKind.APPROVAL_REQUEST
    page: Sequence[Asked] = (
        approvals.to_ask(session, moment.program, moment.occasion, moment.after, limit)
        if asks
        else approvals.to_remind(session, moment.program, moment.after, limit)
    )
    events = [
        event
        for asked in page
        if asks
        for event in approvals.asked_events(moment.program, asked, moment.occasion, moment.now)
    ]
    return PageToManagers(
        drafts=[_letter(writer, moment, asked) for asked in page],
        events=events,
        following=page[-1].manager.id if len(page) == limit else None,
    )


def _letter(writer: Writer, moment: ProgramMoment, asked: Asked) -> Draft:
    manager, sessions = asked.manager, writer.program.definition.sessions
    values = writer.about(manager.address, None) | {
        "people": [
            {
                **writer.contact(person.address),
                "roles": [role.value for role in person.eligible_roles],
                "url": writer.link(Purpose.APPROVAL, manager.id, occasion=person.id),
            }
            for person in asked.people
        ],
        "sessions": {"count": sessions.count, "minutes": sessions.minutes},
        "closes": writer.day(moment.until, manager),
    }
    section = writer.content_for(manager).section(moment.kind.value, **values)
    key = message_key(moment.program, None, moment.kind.value, moment.occasion, manager.id)
    return Draft(
        entry=Entry(
            key=key,
            program=moment.program,
            pair=None,
            person=manager.id,
            recipient=MANAGER,
            kind=moment.kind.value,
        ),
        letter=Letter(to=manager.address, section=section, useful_until=moment.until),
    )
