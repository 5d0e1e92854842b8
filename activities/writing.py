"""What messages say about people, dates and links: the values that the mail templates use."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from domain.calendar import program_days
from domain.definition import Contact
from domain.people import Role
from domain.training import Module
from domain.written import no_address
from store import instruments
from store.content import Content
from store.instruments import Asking
from store.links import Link, Links, Purpose
from store.programs import PairPeople, Participant, Program

LINK_DAYS = 90
"""Program days that a link works. Every later message brings fresh ones."""


class Writer:
    """Prepares the values of one program's mail templates."""

    def __init__(self, program: Program, content: Content, links: Links, now: datetime) -> None:
        self.program = program
        self._content = content
        self._links = links
        self._now = now

    def contact(self, contact: Contact) -> dict[str, Any]:
        """A person, as templates greet and name them."""
        return {
            "name": no_address(contact.name),
            "first_name": no_address((contact.name.split() or [""])[0]),
            "email": contact.email,
        }

    def partner(self, partner: Participant, reader: Participant) -> dict[str, Any]:
        """Somebody's partner, as templates name them to that person."""
        if not partner.erased:
            return self.contact(partner.address)
        called = self.content_for(reader).words("erased.partner")
        return {"name": called, "first_name": called, "email": ""}

    def content_for(self, person: Participant | None) -> Content:
        """The content in somebody's language, or the program's for coordinator and sponsor."""
        language = self.program.definition.program.language
        return self._content.in_language(person.person.language if person else language)

    def zone(self, person: Participant | None) -> ZoneInfo:
        """Somebody's time zone, or the program's."""
        return zone_of(self.program, person)

    def about(self, to: Contact, person: Participant | None) -> dict[str, Any]:
        """What every template may use."""
        definition = self.program.definition
        return {
            "me": self.contact(to),
            "program": {
                "id": self.program.id,
                "title": definition.program.title,
                "organisation": definition.program.organisation,
            },
            "coordinator": self.contact(definition.coordinator),
            "overview_url": self.link(Purpose.OVERVIEW, person.id) if person else None,
        }

    def training_of(self, role: Role, person: Participant) -> tuple[Module, ...]:
        """What somebody reads who has this role in a pair."""
        return self.content_for(person).training_of(self.program.definition, role)

    def asks(
        self, session: Session, person: Participant, pair: str | None, occasion: str, survey: str
    ) -> Asking | None:
        """What somebody is asked on an occasion, as they were asked it first if that was before.

        A draft that carries it has it kept with the program. None if there is no such survey.
        """
        content, program = self.content_for(person), self.program.id
        return instruments.to_ask(session, content, program, pair, person.id, occasion, survey)

    @property
    def learners(self) -> tuple[Role, ...]:
        """The roles that learn, and so have goals."""
        return self.program.definition.learners

    def day(self, instant: datetime | None, person: Participant | None) -> str:
        """The program's date at an instant, in words."""
        if instant is None:
            return ""
        local = self.program.calendar.to_program(instant).astimezone(self.zone(person))
        return self.content_for(person).words.day(local.date())

    def moment(self, program_time: datetime, person: Participant | None) -> str:
        """A program time, in words and in somebody's zone."""
        return self.content_for(person).words.moment(program_time.astimezone(self.zone(person)))

    def link(
        self,
        purpose: Purpose,
        person: str,
        pair: PairPeople | None = None,
        role: Role | None = None,
        session: int | None = None,
        survey: str | None = None,
        occasion: str | None = None,
        needed_until: datetime | None = None,
    ) -> str:
        """A link for one person and one purpose. It works till then, where that is later."""
        lasts: timedelta = program_days(LINK_DAYS, self.program.definition.calendar.day)
        expires = self._now + lasts
        return self._links.url(
            Link(
                purpose=purpose,
                program=self.program.id,
                person=person,
                role=role,
                pair=pair.id if pair else None,
                session=session,
                survey=survey,
                occasion=occasion,
                expires=max(expires, needed_until or expires),
            )
        )


def zone_of(program: Program, person: Participant | None) -> ZoneInfo:
    """Somebody's time zone, or the program's."""
    own = person.person.timezone if person else None
    return ZoneInfo(own or program.definition.calendar.timezone)
