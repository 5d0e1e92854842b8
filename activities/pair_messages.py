"""What a pair gets to read, moment by moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import invitations
from activities.letters import Draft, Letter
from activities.post import Post
from activities.signatures import PairActivities, PairMoment, PairRef, Record, Sent
from activities.writing import Writer
from domain.definition import Contact
from domain.escalation import LadderAction, LadderStep, Trigger
from domain.lifecycle import PairState
from domain.messages import (
    Calendar,
    PlannedMessage,
    Recipient,
    message_key,
    messages_of,
    occasion_of,
)
from domain.pair import Moment, MomentKind, Step
from domain.people import Role
from store import answers, journal, programs
from store.content import Content
from store.database import Database
from store.ledger import Entry
from store.links import Links, Purpose
from store.programs import PairPeople, Participant
from store.tables import SessionRow

EXIT_SURVEY = "exit"

_ABOUT_A_BOOKING = (
    MomentKind.SESSION_INVITATION,
    MomentKind.SESSION_REMINDER,
    MomentKind.SESSION_FOLLOW_UP,
)
"""Moments that make no sense once the session they are about has no date any more."""

_BEFORE_A_SESSION = ("session_invitation", "session_reminder")
"""Messages that come too late once the session has begun."""

_REMINDERS = (LadderAction.NUDGE_SCHEDULER, LadderAction.NUDGE_BOTH)

_ENDED_EARLY = (PairState.CLOSED, PairState.DECLINED, PairState.WITHDRAWN)


class PairMessages(PairActivities):
    """Sends what a moment of a pair asks for."""

    def __init__(self, database: Database, content: Content, links: Links, post: Post) -> None:
        self._database = database
        self._content = content
        self._links = links
        self._post = post

    @activity.defn
    def send_pair_moment(self, moment: PairMoment) -> Sent:
        """Send a moment's messages to a pair and write its events, once."""
        with self._database.read() as session:
            program = programs.get(session, moment.program)
            pair = _pair(session, moment.program, moment.pair)
            writer = Writer(program, self._content, self._links, moment.now)
            drafts: list[Draft] = []
            pointless: list[Entry] = []
            for due in (moment.moment, *moment.also):
                letters = _PairLetters(session, writer, pair, moment, due, self._post.domain)
                drafts += letters.drafts()
                pointless += letters.pointless()
        return self._post.send(moment.program, drafts, moment.events, moment.now, pointless, pair)

    @activity.defn
    def send_held(self, pair: PairRef) -> Sent:
        """Send what was held for the two of a pair and may go out now, in one message each."""
        with self._database.read() as session:
            people = _pair(session, pair.program, pair.pair)
        return self._post.send_held(pair.program, people, pair.now)

    @activity.defn
    def record(self, record: Record) -> None:
        """Write events that go with no other work, once."""
        with self._database.write() as session:
            journal.append(session, record.program, record.events)


def _pair(session: Session, program: str, identity: str) -> PairPeople:
    pair = programs.pair(session, program, identity)
    if pair is None:
        raise ApplicationError(
            f"Pair {identity} is not in the store. Was the store restored from an older "
            "backup? Tried again until it is there.",
            type="UnknownPair",
        )
    return pair


class _PairLetters:
    """Writes the letters of one moment."""

    def __init__(
        self,
        session: Session,
        writer: Writer,
        pair: PairPeople,
        given: PairMoment,
        moment: Moment,
        domain: str,
    ) -> None:
        self._session = session
        self._writer = writer
        self._pair = pair
        self._given = given
        self._moment = moment
        self._domain = domain

    def drafts(self) -> list[Draft]:
        """All that this moment asks to be sent."""
        if self._is_pointless:
            return []
        planned = messages_of(self._moment, self._given.scheduler)
        return [Draft(entry=self.entry(one), letter=self.write(one)) for one in planned]

    def pointless(self) -> list[Entry]:
        """What this moment asked to be sent and need not be any more."""
        planned = messages_of(self._moment, self._given.scheduler)
        return [self.entry(one) for one in planned] if self._is_pointless else []

    @property
    def _is_pointless(self) -> bool:
        """Whether the session was held or taken back while this was on its way."""
        return self._moment.kind in _ABOUT_A_BOOKING and self._booked_row() is None

    def entry(self, message: PlannedMessage) -> Entry:
        role = message.role
        return Entry(
            key=message_key(
                self._given.program,
                self._pair.id,
                message.template,
                occasion_of(self._moment, message),
                message.to.value,
            ),
            program=self._given.program,
            pair=self._pair.id,
            person=self._pair.who(role).id if role else None,
            recipient=message.to.value,
            kind=message.template,
        )

    def write(self, message: PlannedMessage) -> Letter:
        role = message.role
        if role is None:
            contact = self._contact(message.to)
            values = self._writer.about(contact, None) | self._for_hr()
            content = self._writer.content_for(None)
            return Letter(to=contact, section=content.section(message.template, **values))
        person = self._pair.who(role)
        values = self._writer.about(person.address, person) | self._for_pair(message, role, person)
        content = self._writer.content_for(person)
        return Letter(
            to=person.address,
            section=content.section(message.template, **values),
            invitation=self._invitation(person)
            if message.calendar is Calendar.INVITATION
            else None,
            session=self._moment.session,
            asks=message.check_in.occasion if message.check_in else None,
            useful_until=self._session_begins if message.template in _BEFORE_A_SESSION else None,
        )

    def _contact(self, to: Recipient) -> Contact:
        definition = self._writer.program.definition
        if to is Recipient.SAFETY_CONTACT:
            return definition.safety_contact
        return definition.sponsor if to is Recipient.SPONSOR else definition.coordinator

    @property
    def _session_begins(self) -> datetime | None:
        row = self._booked_row()
        if row is None or row.booked_for is None:
            return None
        return self._writer.program.calendar.to_instant(row.booked_for)

    def _for_pair(self, message: PlannedMessage, role: Role, person: Participant) -> dict[str, Any]:
        content = self._writer.content_for(person)
        partner = self._pair.who(role.other)
        values: dict[str, Any] = {
            "partner": self._writer.contact(partner.address),
            "my_role": role.value,
            "reasons": list(self._pair.reasons),
            "deadline": self._writer.day(self._moment.until, person),
            "open_steps": [content.words(f"mail.steps.{step}") for step in self._open_steps(role)],
            "session": self._session_values(person),
            "reason": self._moment.reason.value if self._moment.reason else None,
            "links": self._page_links(message, role, person),
        }
        if message.check_in is not None:
            survey = content.survey(message.check_in.survey)
            values["survey"] = {"title": survey.title, "minutes": survey.minutes}
        return values

    def _open_steps(self, role: Role) -> list[Step]:
        return [step for owner, step in self._given.open_steps if owner is role]

    def _page_links(
        self, message: PlannedMessage, role: Role, person: Participant
    ) -> dict[str, str | None]:
        def page(purpose: Purpose, **details: Any) -> str:
            return self._writer.link(purpose, person.id, self._pair, role, **details)

        number = self._moment.session
        survey = self._survey_of(message)
        links: dict[str, str | None] = {
            "introduction": page(Purpose.INTRODUCTION),
            "guide": page(Purpose.GUIDE),
            "agreement": page(Purpose.AGREEMENT),
            "goals": page(Purpose.GOALS) if role is Role.MENTEE else None,
            "book": page(Purpose.BOOK, session=number) if number else None,
            "session": page(Purpose.SESSION, session=number) if number else None,
            "survey": None,
        }
        if survey is not None:
            links["survey"] = page(Purpose.SURVEY, survey=survey[0], occasion=survey[1])
        return links

    def _survey_of(self, message: PlannedMessage) -> tuple[str, str] | None:
        """Which survey a message asks for, and on which occasion."""
        if message.check_in is not None:
            return message.check_in.survey, message.check_in.occasion
        if self._moment.ending in _ENDED_EARLY:
            return EXIT_SURVEY, f"{EXIT_SURVEY}:{self._moment.ending}"
        return None

    def _session_values(self, person: Participant) -> dict[str, Any]:
        sessions = self._writer.program.definition.sessions
        values: dict[str, Any] = {
            "number": self._moment.session,
            "count": self._planned,
            "minutes": sessions.minutes,
            "when": None,
            "place": None,
        }
        row = self._booked_row()
        if row is not None and row.booked_for is not None:
            values["when"] = self._writer.moment(row.booked_for, person)
            values["place"] = row.place
        return values

    @property
    def _planned(self) -> int:
        return self._pair.sessions or self._writer.program.definition.sessions.count

    def _booked_row(self) -> SessionRow | None:
        """The session of this moment, if it has a date and was not held yet."""
        if self._moment.session is None:
            return None
        row = self._session.get(SessionRow, (self._pair.id, self._moment.session))
        return row if row is not None and row.booked_for and row.held_at is None else None

    def _invitation(self, person: Participant) -> invitations.Invitation | None:
        row = self._booked_row()
        if row is None or row.booked_for is None:
            return None
        definition = self._writer.program.definition
        words = self._writer.content_for(person).words
        names = {"mentor": self._pair.mentor.person.name, "mentee": self._pair.mentee.person.name}
        numbers = {"number": row.number, "count": self._planned}
        booked = invitations.Session(
            pair=self._pair.id,
            number=row.number,
            starts=row.booked_for,
            minutes=definition.sessions.minutes,
            sequence=row.sequence,
            place=row.place,
            title=words("mail.invitation.title", **names, **numbers),
            description=words("mail.invitation.description", title=definition.program.title),
            organizer=definition.coordinator,
            attendees=(self._pair.mentor.address, self._pair.mentee.address),
            timezone=str(self._writer.zone(person)),
        )
        return invitations.invite(booked, self._given.now, self._domain)

    def _for_hr(self) -> dict[str, Any]:
        words = self._writer.content_for(None).words
        moment = self._moment
        values: dict[str, Any] = {
            "mentor": self._writer.contact(self._pair.mentor.address),
            "mentee": self._writer.contact(self._pair.mentee.address),
            "sessions_held": self._given.sessions_held,
            "days_quiet": moment.days_quiet,
            "were_reminded": self._were_reminded(),
            "open_steps": self._open_steps_of_both(),
            "next_step": self._next_ladder_step(),
            "reason": words(f"mail.reasons.{moment.reason or moment.ending or 'none'}"),
        }
        if moment.kind is MomentKind.HELP:
            askers = [self._pair.who(role) for role in moment.roles]
            values["calls"] = [
                {
                    "name": asker.person.name,
                    "words": answers.latest_help(self._session, self._pair.id, asker.id),
                }
                for asker in askers
            ]
        return values

    def _open_steps_of_both(self) -> list[str]:
        words = self._writer.content_for(None).words
        return [
            f"{self._pair.who(role).person.name}: {words(f'mail.steps.{step}')}"
            for role, step in self._given.open_steps
        ]

    def _were_reminded(self) -> bool:
        return any(action in _REMINDERS for step in self._climbed() for action in step.do)

    def _ladder(self) -> Sequence[LadderStep]:
        """The steps of the ladder that the pair is on."""
        on = self._moment.trigger or Trigger.SILENCE
        ladders = self._writer.program.definition.ladder
        return next((ladder.steps for ladder in ladders if ladder.trigger is on), ())

    def _climbed(self) -> Sequence[LadderStep]:
        return self._ladder()[: self._moment.step or 0]

    def _next_ladder_step(self) -> str:
        words = self._writer.content_for(None).words
        steps, climbed = self._ladder(), self._climbed()
        if len(climbed) >= len(steps):
            return words("mail.ladder.end")
        following = steps[len(climbed)]
        days = math.ceil(following.after.at_least) - (self._moment.days_quiet or 0)
        return words(f"mail.ladder.{following.do[0]}", count=max(days, 1))
