"""A visit: somebody who proved by a link who they are, at one page.

Participants come as a `Visit`. Who runs the program has no row among the people and comes as a
`HrVisit`, to the page of one pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from domain.calendar import ProgramCalendar, calendar_of
from domain.definition import Contact, Definition
from domain.people import Role
from store import answers, journal, programs, visitors
from store.content import Content, Words
from store.links import (
    COORDINATOR,
    SPONSOR,
    Link,
    LinkExpired,
    LinkInvalid,
    LinkOfErased,
    Links,
    Purpose,
)
from store.programs import PairPeople
from store.tables import PairRow, ParticipantRow, PersonRow, ProgramRow, SessionRow
from store.visitors import ProgramInBrief, Rows

_OF_A_PAIR = frozenset(
    {
        Purpose.INTRODUCTION,
        Purpose.GUIDE,
        Purpose.TRAINING,
        Purpose.AGREEMENT,
        Purpose.GOALS,
        Purpose.BOOK,
        Purpose.PICK,
        Purpose.CANCEL,
        Purpose.SESSION,
        Purpose.CONTINUE,
        Purpose.CERTIFICATE,
    }
)
_OF_A_SESSION = frozenset({Purpose.BOOK, Purpose.PICK, Purpose.CANCEL, Purpose.SESSION})
_OF_HR = frozenset({Purpose.TASK})


class Ended(Exception):
    """There is nothing more to do on this page. `what` has ended: `pair`, `program`, `part`,
    `enrolment`, `approval` or `survey`."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True)
class Guest:
    """Who is here, and why. Lives as long as its database session."""

    session: Session
    links: Links
    link: Link
    now: datetime
    content: Content
    program: ProgramInBrief
    definition: Definition

    @property
    def words(self) -> Words:
        """The words of the pages in this guest's language."""
        return self.content.words

    @property
    def calendar(self) -> ProgramCalendar:
        """Program time, in which people read and write dates."""
        return calendar_of(self.definition, self.program.epoch)


@dataclass(frozen=True)
class HrVisit(Guest):
    """The coordinator or the sponsor, at the page of one pair."""

    pair: PairPeople
    host: Contact

    @property
    def is_coordinator(self) -> bool:
        """Whether it is the coordinator, and not the sponsor."""
        return self.link.person == COORDINATOR

    def day_of(self, instant: datetime) -> date:
        """The date at an instant, where the program is at home."""
        zone = ZoneInfo(self.definition.calendar.timezone)
        return self.calendar.to_program(instant).astimezone(zone).date()


@dataclass(frozen=True)
class Visit(Guest):
    """Somebody who takes part: who it is and what they may see."""

    mentor: str | None
    """Who is the mentor in the link's pair, by id; None outside a pair."""

    @cached_property
    def _rows(self) -> Rows:
        return visitors.rows(self.session, self.link)

    @property
    def person(self) -> PersonRow:
        """Who is here."""
        return self._rows.person

    @property
    def participant(self) -> ParticipantRow:
        """The same in this program."""
        return self._rows.participant

    @property
    def pair(self) -> PairRow | None:
        """The pair that the page is about, if it is about one."""
        return self._rows.pair

    @cached_property
    def partner(self) -> PersonRow | None:
        """The other one of the two, as this person reads of them."""
        partner = self._rows.partner
        return self.named(partner) if partner is not None else None

    @property
    def sessions_planned(self) -> int:
        """How many sessions the pair is to have."""
        return self.in_pair.sessions or self.definition.sessions.count

    @property
    def in_pair(self) -> PairRow:
        """The pair, on a page that is about one."""
        if self.pair is None:
            raise LinkInvalid("the page needs a pair")
        return self.pair

    @property
    def with_partner(self) -> PersonRow:
        """The partner, on a page that is about a pair."""
        if self.partner is None:
            raise LinkInvalid("the page needs a pair")
        return self.partner

    @property
    def role(self) -> Role:
        """Which half of the pair this person is; outside a pair, what the link says."""
        if self.mentor is not None:
            return Role.MENTOR if self.mentor == self.link.person else Role.MENTEE
        return self.link.role or Role.MENTEE

    @property
    def first_name(self) -> str:
        """What to call the person."""
        return first_name(self.person)

    @property
    def number(self) -> int:
        """The session that the page is about."""
        if self.link.session is None:
            raise LinkInvalid("the page needs a session")
        return self.link.session

    @property
    def booked(self) -> SessionRow | None:
        """What is known of that session."""
        return self.session.get(SessionRow, (self.in_pair.id, self.number))

    def named(self, person: PersonRow) -> PersonRow:
        """Somebody else as this person reads of them: who was erased has no name any more."""
        return _named(person, self.words)

    def zone_of(self, person: PersonRow) -> ZoneInfo:
        """The time zone somebody lives by."""
        return ZoneInfo(person.timezone or self.definition.calendar.timezone)

    def local(self, program_time: datetime, person: PersonRow | None = None) -> datetime:
        """A program time in the zone of this person, or of another."""
        return program_time.astimezone(self.zone_of(person or self.person))

    def local_of(self, instant: datetime, person: PersonRow | None = None) -> datetime:
        """An instant as somebody's calendar shows it: program time, in their zone."""
        return self.local(self.calendar.to_program(instant), person)

    def url(self, purpose: Purpose, **about: object) -> str:
        """Another page for the same person. It expires when this one does."""
        fields = {"role": self.role if self.mentor else None, "pair": self.link.pair, **about}
        return self.links.url(
            Link.model_validate(
                {
                    "purpose": purpose,
                    "program": self.link.program,
                    "person": self.link.person,
                    "expires": self.link.expires,
                    **fields,
                }
            )
        )

    def must_be_open(self) -> None:
        """Raise Ended if the person has left, or the program or the pair is over."""
        if self.participant.withdrew_at is not None:
            raise Ended("part")
        if answers.program_is_over(self.session, self.program.id):
            raise Ended("program")
        if self.pair is not None and answers.pair_is_over(self.session, self.pair.id):
            raise Ended("pair")


def _named(person: PersonRow, words: Words) -> PersonRow:
    """The person; of who was erased a copy that is not in the store, called by a word."""
    if person.erased_at is None:
        return person
    return PersonRow(
        id=person.id,
        reference=person.reference,
        name=words("erased.partner"),
        email="",
        language=person.language,
        timezone=None,
        erased_at=person.erased_at,
    )


def first_name(person: PersonRow) -> str:
    """What to call somebody: the first word of the name."""
    if person.erased_at is not None:
        return person.name
    return person.name.split()[0] if person.name.split() else person.name


def receive(session: Session, links: Links, content: Content, link: Link) -> Visit | HrVisit:
    """Find out who is here, by a link that `Links.open` gave.

    Raises LinkInvalid, LinkExpired, LinkOfErased.
    """
    if link.purpose in _OF_HR:
        return _receive_hr(session, links, content, link)
    if link.purpose in _OF_A_PAIR and link.pair is None:
        raise LinkInvalid("the page needs a pair")
    if link.purpose in _OF_A_SESSION and link.session is None:
        raise LinkInvalid("the page needs a session")
    found = visitors.find(session, link)
    if found is None:
        raise LinkInvalid("the link is about nobody we know, or about somebody else's pair")
    if found.is_erased:
        raise LinkOfErased(link)
    if found.now >= link.expires:
        raise LinkExpired(link)
    return Visit(
        session=session,
        links=links,
        link=link,
        now=found.now,
        content=content.in_language(found.language),
        program=found.program,
        definition=found.definition,
        mentor=found.mentor,
    )


def _receive_hr(session: Session, links: Links, content: Content, link: Link) -> HrVisit:
    """Somebody who runs the program. Raises LinkInvalid, LinkExpired."""
    program = session.get(ProgramRow, link.program)
    if program is None or link.person not in (COORDINATOR, SPONSOR):
        raise LinkInvalid("the link is for nobody who runs a program that we know")
    now = journal.now_of(session, link.program)
    if now >= link.expires:
        raise LinkExpired(link)
    pair = programs.pair(session, link.program, link.pair) if link.pair is not None else None
    if pair is None:
        raise LinkInvalid("the link is about no pair of this program")
    definition = Definition.stored(program.definition)
    content = content.in_language(definition.program.language)
    return HrVisit(
        session=session,
        links=links,
        link=link,
        now=now,
        content=content,
        program=ProgramInBrief(program.id, program.title, program.epoch),
        definition=definition,
        pair=pair.calling(content.words("erased.person")),
        host=definition.coordinator if link.person == COORDINATOR else definition.sponsor,
    )
