"""What mails and calendars say of a pair's session: its date, its agenda, how it was called off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from activities import invitations
from activities.invitations import Invitation
from activities.writing import Writer
from domain.people import Role
from store import agenda, answers
from store.programs import PairPeople
from store.tables import PairRow, SessionRow


class PairSession:
    """One session of a pair, as it stands now, for the two to read."""

    def __init__(self, session: Session, writer: Writer, pair: PairPeople, number: int) -> None:
        self._session = session
        self._writer = writer
        self._pair = pair
        self._number = number
        self._row = session.get(SessionRow, (pair.id, number))

    @property
    def booked(self) -> SessionRow | None:
        """The session, if it has a date and was not held yet."""
        row = self._row
        return row if row is not None and row.booked_for and row.held_at is None else None

    @property
    def proposal(self) -> int | None:
        """Which proposal of times waits for an answer; None where none does."""
        row = self._row
        return row.proposal if row is not None and row.proposed_by else None

    @classmethod
    def ahead(
        cls, session: Session, writer: Writer, pair: PairPeople, now: datetime
    ) -> PairSession | None:
        """The pair's session with a date after the instant `now`; None where there is none."""
        rows = session.scalars(
            select(SessionRow.number).where(
                SessionRow.pair_id == pair.id,
                SessionRow.held_at.is_(None),
                SessionRow.booked_for > writer.program.calendar.to_program(now),
            )
        )
        number = rows.first()
        return cls(session, writer, pair, number) if number is not None else None

    def taken_out(self, role: Role, stamp: datetime, domain: str) -> Invitation | None:
        """Takes a session that has a date out of a calendar, because the pair has ended."""
        row = self.booked
        if row is None or row.booked_for is None:
            return None
        event = self._event(role, row.booked_for, row.place, row.sequence + 1)
        return invitations.cancel(event, stamp, domain)

    def values(self, role: Role) -> dict[str, Any]:
        """What a template may say under `session` to the one in this role."""
        person, definition = self._pair.who(role), self._writer.program.definition
        row, booked = self._row, self.booked
        content = self._writer.content_for(person)
        goals = agenda.goals_of(self._session, self._session.get_one(PairRow, self._pair.id))
        return {
            "number": self._number,
            "count": self._planned,
            "minutes": definition.sessions.minutes,
            "when": self._moment(booked.booked_for if booked else None, role),
            "place": booked.place if booked else None,
            "moved": answers.was_moved(self._session, self._pair.id, self._number),
            "lead": agenda.lead_of(definition, self._number, role),
            "agenda": agenda.agenda_lines(
                content, definition, self._number, self._planned, role, goals
            ),
            "times": [self._moment(time, role) for time in answers.proposed_times(row)],
            "proposed_place": row.proposed_place if row and row.proposed_by else None,
            "called_off": self._called_off(role),
        }

    def _called_off(self, role: Role) -> dict[str, Any] | None:
        off = answers.called_off(self._session, self._pair.id, self._number)
        if off is None:
            return None
        return {
            "by": "me" if off.by is role else "partner",
            "when": self._moment(off.booked_for, role),
            "words": off.words,
        }

    def invitation(self, role: Role, stamp: datetime, domain: str) -> Invitation | None:
        """Puts the session into a calendar, or moves it there; None while it has no date."""
        row = self.booked
        if row is None or row.booked_for is None:
            return None
        event = self._event(role, row.booked_for, row.place, row.sequence)
        return invitations.invite(event, stamp, domain)

    def cancellation(self, role: Role, stamp: datetime, domain: str) -> Invitation | None:
        """Takes the session out of a calendar; None where nobody called it off."""
        off = answers.called_off(self._session, self._pair.id, self._number)
        if off is None:
            return None
        event = self._event(role, off.booked_for, off.place, off.sequence)
        return invitations.cancel(event, stamp, domain)

    def _event(
        self, role: Role, starts: datetime, place: str | None, sequence: int
    ) -> invitations.Session:
        """A date as the calendar of the one in this role shows it, without any goal's words:
        assistants and colleagues see calendars too."""
        person, definition = self._pair.who(role), self._writer.program.definition
        content, words = self._writer.content_for(person), self._writer.content_for(person).words
        pair = self._pair.calling(words("erased.person"))
        names = {"mentor": pair.mentor.person.name, "mentee": pair.mentee.person.name}
        lines = agenda.agenda_lines(content, definition, self._number, self._planned, role)
        return invitations.Session(
            uid=invitations.uid_of_pair(self._pair.id, self._number),
            starts=starts,
            minutes=definition.sessions.minutes,
            sequence=sequence,
            place=place,
            title=words("mail.invitation.title", number=self._number, count=self._planned, **names),
            description="\n".join(
                (words("mail.invitation.description", title=definition.program.title), "", *lines)
            ),
            organizer=definition.coordinator,
            attendees=tuple(one.address for one in (pair.mentor, pair.mentee) if not one.erased),
            timezone=str(self._writer.zone(person)),
        )

    @property
    def _planned(self) -> int:
        return self._pair.sessions or self._writer.program.definition.sessions.count

    def _moment(self, program_time: datetime | None, role: Role) -> str | None:
        if program_time is None:
            return None
        return self._writer.moment(program_time, self._pair.who(role))
