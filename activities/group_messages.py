"""What people read about group sessions: invitations, whether they came, and a date called off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from activities import invitations
from activities.invitations import Invitation
from activities.letters import Draft, Letter
from activities.signatures import GroupDate, ProgramMoment, ProgramMomentKind
from activities.writing import Writer
from domain.group_sessions import occasion_of
from domain.messages import Recipient, message_key
from domain.sections import GroupSession
from store import answers, ledger, programs
from store.answers import attendance_occasion
from store.group_sessions import roles_in_living_pairs
from store.ledger import Entry, MessageState, Standing
from store.links import Purpose
from store.programs import Participant

ABOUT_GROUPS = (
    ProgramMomentKind.GROUP_SESSION,
    ProgramMomentKind.GROUP_SESSION_FOLLOW_UP,
    ProgramMomentKind.GROUP_SESSION_CANCELLED,
)

_WENT = (MessageState.SENT, MessageState.SENDING)
_WENT_OR_WAITS = (*_WENT, MessageState.HELD)


class PageOfGroup(NamedTuple):
    """One page of letters about a date of a group session."""

    drafts: list[Draft]
    pointless: list[Entry]
    """Earlier invitations that say what is not true any more, should they still wait."""
    following: str | None
    """Where the next page begins; None after the last."""


def page_of_group(
    session: Session, writer: Writer, moment: ProgramMoment, domain: str, limit: int
) -> PageOfGroup:
    """Letters to the next people whom a date of a group session concerns."""
    date = moment.group
    groups = writer.program.definition.group_sessions
    group = next((one for one in groups if date is not None and one.id == date.group), None)
    if date is None or group is None:
        return PageOfGroup([], [], None)
    page = programs.page_of_participants(session, moment.program, moment.after, limit)
    of_group = _OfGroup(session, writer, moment, group, date, domain)
    drafts, pointless = of_group.letters([person for person in page if not person.withdrew])
    return PageOfGroup(drafts, pointless, page[-1].id if len(page) == limit else None)


class _OfGroup:
    """One date of a group session, to be written about."""

    def __init__(
        self,
        session: Session,
        writer: Writer,
        moment: ProgramMoment,
        group: GroupSession,
        date: GroupDate,
        domain: str,
    ) -> None:
        self._session = session
        self._writer = writer
        self._moment = moment
        self._group = group
        self._date = date
        self._domain = domain

    def letters(self, people: Sequence[Participant]) -> tuple[list[Draft], list[Entry]]:
        """Who of these people gets a letter, and which of their earlier ones are pointless now."""
        known = self._invited(people)
        kind = self._moment.kind
        drafts: list[Draft] = []
        pointless: list[Entry] = []
        comes = (
            roles_in_living_pairs(self._session, self._moment.program)
            if kind is ProgramMomentKind.GROUP_SESSION
            else {}
        )
        for person in people:
            before = known.get(person.id, [])
            if kind is ProgramMomentKind.GROUP_SESSION:
                if comes.get(person.id, frozenset()).isdisjoint(self._group.whom.roles):
                    continue
                current = self._entry(kind, person, self._occasion(self._date.moved))
                earlier = [one for one in before if one.entry.key != current.key]
                pointless += [one.entry for one in earlier]
                moved = any(one.state in _WENT for one in earlier)
                drafts.append(self._invitation(person, current, moved=moved))
            elif kind is ProgramMomentKind.GROUP_SESSION_CANCELLED:
                pointless += [one.entry for one in before]
                if any(one.state in _WENT for one in before):
                    drafts.append(self._cancellation(person))
            elif any(one.state in _WENT_OR_WAITS for one in before) and not self._told(person):
                drafts.append(self._question(person))
        return drafts, pointless

    def _invited(self, people: Sequence[Participant]) -> dict[str, list[Standing]]:
        """The invitations to this date that are in the ledger, before it moved and after."""
        entries = [
            self._entry(ProgramMomentKind.GROUP_SESSION, person, self._occasion(moved))
            for person in people
            for moved in range(self._date.moved + 1)
        ]
        found: dict[str, list[Standing]] = {}
        for standing in ledger.known(self._session, [entry.key for entry in entries]).values():
            found.setdefault(standing.entry.person or "", []).append(standing)
        return found

    def _told(self, person: Participant) -> bool:
        occasion = attendance_occasion(self._date.group, self._date.number)
        program = self._moment.program
        return answers.find(self._session, program, None, person.id, occasion) is not None

    # --- The letters ---------------------------------------------------------------------------

    def _invitation(self, person: Participant, entry: Entry, *, moved: bool) -> Draft:
        section = self._section(person, moved=moved)
        event = self._event(person, self._date.moved)
        letter = Letter(
            to=person.address,
            section=section,
            invitation=invitations.invite(event, self._moment.now, self._domain),
            useful_until=self._date.starts,
        )
        return Draft(entry=entry, letter=letter)

    def _cancellation(self, person: Participant) -> Draft:
        event = self._event(person, self._date.moved + 1)
        invitation: Invitation = invitations.cancel(event, self._moment.now, self._domain)
        return self._draft(person, invitation=invitation, useful_until=self._date.starts)

    def _question(self, person: Participant) -> Draft:
        return self._draft(person, asks=attendance_occasion(self._date.group, self._date.number))

    def _draft(self, person: Participant, **about: Any) -> Draft:
        return Draft(
            entry=self._entry(self._moment.kind, person, self._moment.occasion),
            letter=Letter(to=person.address, section=self._section(person), **about),
        )

    def _section(self, person: Participant, **about: Any) -> Any:
        writer, group, starts = self._writer, self._group, self._starts
        occasion = occasion_of(group.id, self._date.number)
        values = writer.about(person.address, person) | {
            "group": {
                "title": group.title,
                "number": self._date.number,
                "count": len(group.dates),
                "needed": group.needed,
                "minutes": group.minutes,
                "when": writer.moment(starts, person),
                "place": group.place,
                "moved": False,
                "attached": person.preferences.calendar,
                **about,
            },
            "links": {"group": writer.link(Purpose.GROUP, person.id, occasion=occasion)},
        }
        return writer.content_for(person).section(self._moment.kind.value, **values)

    def _event(self, person: Participant, sequence: int) -> invitations.Session:
        """The date as the person's calendar shows it. Nobody sees there who else comes."""
        definition, words = self._writer.program.definition, self._writer.content_for(person).words
        name = f"{self._moment.program}-{self._group.id}-{self._date.number}"
        return invitations.Session(
            uid=name,
            starts=self._starts,
            minutes=self._group.minutes,
            sequence=sequence,
            place=self._group.place,
            title=self._group.title,
            description=words("mail.group_invitation.description", title=definition.program.title),
            organizer=definition.coordinator,
            attendees=(person.address,),
            timezone=str(self._writer.zone(person)),
        )

    @property
    def _starts(self) -> datetime:
        return self._writer.program.calendar.to_program(self._date.starts)

    def _occasion(self, moved: int) -> str:
        """Tells the invitations to one date from each other."""
        name = occasion_of(self._date.group, self._date.number)
        return f"{name}:moved-{moved}" if moved else name

    def _entry(self, kind: ProgramMomentKind, person: Participant, occasion: str) -> Entry:
        return Entry(
            key=message_key(self._moment.program, None, kind.value, occasion, person.id),
            program=self._moment.program,
            pair=None,
            person=person.id,
            recipient=Recipient.PARTICIPANT.value,
            kind=kind.value,
        )
