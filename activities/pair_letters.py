"""What a pair gets to read at a moment, and what HR gets to read about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from activities.invitations import Invitation
from activities.letters import Draft, Letter
from activities.pair_sessions import PairSession
from activities.signatures import PairMoment
from activities.writing import Writer
from domain.deeds import Wish
from domain.definition import Contact
from domain.escalation import LadderAction, LadderStep, Trigger
from domain.lifecycle import SUCCESSES, PairState
from domain.messages import (
    Calendar,
    PlannedMessage,
    Recipient,
    message_key,
    messages_of,
    occasion_of,
)
from domain.pair import Moment, MomentKind, Step
from domain.pair_story import pair_commands
from domain.people import Role
from domain.plan import EXIT_SURVEY, GOALS, PlannedCheckIn
from domain.written import no_address
from store import answers, certificates, pair_story
from store.instruments import Asking
from store.ledger import Entry
from store.links import COORDINATOR, SPONSOR, Purpose
from store.programs import PairPeople, Participant

_NEEDS_A_DATE = (
    MomentKind.SESSION_INVITATION,
    MomentKind.SESSION_REMINDER,
    MomentKind.SESSION_FOLLOW_UP,
)
"""Moments that make no sense once the session they are about has no date any more."""

_NEEDS_A_PROPOSAL = (MomentKind.SESSION_PROPOSED, MomentKind.ANSWER_REMINDER)
"""Moments that make no sense once the times were picked, or others were proposed."""

_BEFORE_A_SESSION = ("session_invitation", "session_reminder")
"""Messages that come too late once the session has begun."""

_REMINDERS = (LadderAction.NUDGE_SCHEDULER, LadderAction.NUDGE_BOTH)

_ENDED_EARLY = (PairState.CLOSED, PairState.DECLINED, PairState.WITHDRAWN)


class PairLetters:
    """Writes the letters of one moment."""

    def __init__(
        self,
        session: Session,
        writer: Writer,
        pair: PairPeople,
        given: PairMoment,
        moment: Moment,
        domain: str,
        done: Sequence[tuple[Role, Step]] = (),
    ) -> None:
        self._session = session
        self._writer = writer
        self._pair = pair.calling(writer.content_for(None).words("erased.person"))
        self._given = given
        self._moment = moment
        self._domain = domain
        self._done = done
        self._open = [one for one in given.open_steps if one not in done]
        number = moment.session
        self._meeting = PairSession(session, writer, pair, number) if number is not None else None

    def drafts(self) -> list[Draft]:
        """All that this moment asks to be sent."""
        return [self._draft(one) for one in self._planned if not self._has_no_point(one)]

    def pointless(self) -> list[Entry]:
        """What this moment asked to be sent and need not be any more."""
        return [self._entry(one) for one in self._planned if self._has_no_point(one)]

    @property
    def _planned(self) -> tuple[PlannedMessage, ...]:
        planned = messages_of(self._moment, self._given.scheduler)
        if self._moment.kind is MomentKind.CONTINUED_REMINDER:
            return tuple(one for one in planned if one.role and self._wants_reminders(one.role))
        return planned

    def _wants_reminders(self, role: Role) -> bool:
        """Whether somebody who goes on still wishes to be reminded: they may have stopped it."""
        program, person = self._given.program, self._pair.who(role).id
        wish = answers.wished(self._session, program, self._pair.id, person)
        return wish is Wish.GO_ON_WITH_MAILS

    def _has_no_point(self, message: PlannedMessage) -> bool:
        """Whether it need not be sent. Of a pair of which one was erased there is only the end to
        be told, and what the coordinator is asked."""
        if self._pair.erased and message.role and self._moment.kind is not MomentKind.FAREWELL:
            return True
        return self._is_pointless

    @property
    def _is_pointless(self) -> bool:
        """Whether what it is about was done or taken back while it was on its way."""
        kind, meeting = self._moment.kind, self._meeting
        if meeting is None:
            return False
        if kind in _NEEDS_A_DATE:
            return meeting.booked is None
        if kind in _NEEDS_A_PROPOSAL:
            return meeting.proposal != self._moment.proposal
        return kind is MomentKind.SESSION_CANCELLED and meeting.booked is not None

    def _entry(self, message: PlannedMessage) -> Entry:
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

    def _draft(self, message: PlannedMessage) -> Draft:
        asks = self._asks(message)
        return Draft(entry=self._entry(message), letter=self._write(message, asks), asks=asks)

    def _write(self, message: PlannedMessage, asks: Asking | None) -> Letter:
        role = message.role
        if role is None:
            contact = self._contact(message.to)
            values = self._writer.about(contact, None) | self._for_hr(message.to)
            section = self._writer.content_for(None).section(message.template, **values)
            return Letter(to=contact, section=section)
        person = self._pair.who(role)
        values = self._writer.about(person.address, person)
        values |= self._for_pair(message, role, person, asks)
        content = self._writer.content_for(person)
        return Letter(
            to=person.address,
            section=content.section(message.template, **values),
            invitation=self._calendar(message, role),
            session=self._moment.session,
            asks=message.check_in.occasion if message.check_in else None,
            useful_until=self._session_begins if message.template in _BEFORE_A_SESSION else None,
        )

    def _contact(self, to: Recipient) -> Contact:
        definition = self._writer.program.definition
        if to is Recipient.SAFETY_CONTACT:
            return definition.safety_contact
        return definition.sponsor if to is Recipient.SPONSOR else definition.coordinator

    def _calendar(self, message: PlannedMessage, role: Role) -> Invitation | None:
        now = self._given.now
        if self._moment.kind is MomentKind.FAREWELL:
            ahead = PairSession.ahead(self._session, self._writer, self._pair, now)
            return ahead.taken_out(role, now, self._domain) if ahead is not None else None
        if message.calendar is None or self._meeting is None:
            return None
        if message.calendar is Calendar.INVITATION:
            return self._meeting.invitation(role, now, self._domain)
        return self._meeting.cancellation(role, now, self._domain)

    @property
    def _session_begins(self) -> datetime | None:
        row = self._meeting.booked if self._meeting is not None else None
        if row is None or row.booked_for is None:
            return None
        return self._writer.program.calendar.to_instant(row.booked_for)

    # --- To the two ------------------------------------------------------------------------------

    def _for_pair(
        self, message: PlannedMessage, role: Role, person: Participant, asks: Asking | None
    ) -> dict[str, Any]:
        content, moment = self._writer.content_for(person), self._moment
        values: dict[str, Any] = {
            "partner": self._writer.partner(self._pair.who(role.other), person),
            "my_role": role.value,
            "reasons": list(self._pair.reasons),
            "deadline": self._writer.day(moment.until, person),
            "until": self._writer.day(moment.until, person),
            "open_steps": [
                content.words(f"mail.steps.{step}") for owner, step in self._open if owner is role
            ],
            "session": self._meeting.values(role) if self._meeting is not None else None,
            "reason": moment.reason.value if moment.reason else None,
            "asks_to_go_on": self._asks_to_go_on(message),
            "gets_reminders": self._gets_reminders(role),
            "links": self._page_links(message, role, person),
        }
        check_in = message.check_in
        if check_in is not None and asks is not None:
            survey = asks.instrument.survey
            values["survey"] = {"title": survey.title, "minutes": survey.minutes}
        elif check_in is not None:
            values["survey"] = {"title": content.words(f"mail.{check_in.survey}"), "minutes": 2}
        return values

    def _page_links(
        self, message: PlannedMessage, role: Role, person: Participant
    ) -> dict[str, str | None]:
        def page(purpose: Purpose, **details: Any) -> str:
            return self._writer.link(purpose, person.id, self._pair, role, **details)

        def of_session(purpose: Purpose) -> str | None:
            number = self._moment.session
            return page(purpose, session=number) if number else None

        review = self._review_of(message)
        learns = role in self._writer.learners
        links: dict[str, str | None] = {
            "introduction": page(Purpose.INTRODUCTION),
            "guide": page(Purpose.GUIDE) if (role, Step.GUIDE) not in self._done else None,
            "agreement": page(Purpose.AGREEMENT),
            "goals": page(Purpose.GOALS, occasion=review) if learns else None,
            "book": of_session(Purpose.BOOK),
            "pick": of_session(Purpose.PICK),
            "cancel": of_session(Purpose.CANCEL),
            "session": of_session(Purpose.SESSION),
            "help": page(Purpose.HELP),
            "away": page(Purpose.AWAY),
            "continue": page(Purpose.CONTINUE),
            "certificate": page(Purpose.CERTIFICATE) if self._has_earned(person) else None,
            "survey": None,
        }
        survey = self._survey_of(message)
        if review is not None:
            links["survey"] = links["goals"]
        elif survey is not None:
            links["survey"] = page(Purpose.SURVEY, survey=survey[0], occasion=survey[1])
        return links

    def _asks_to_go_on(self, message: PlannedMessage) -> bool:
        """Whether a message asks, besides its survey, if the two would like to go on meeting."""
        ends = self._moment.kind is MomentKind.EVALUATION
        return ends and message.check_in is not None and message.check_in.survey != GOALS

    def _gets_reminders(self, role: Role) -> bool:
        some = self._writer.program.definition.afterwards.mails > 0
        return some and self._wants_reminders(role)

    def _has_earned(self, person: Participant) -> bool:
        """Whether there is a certificate for this one, now that their pair has completed."""
        if self._moment.ending not in SUCCESSES:
            return False
        definition = self._writer.program.definition
        return certificates.has_earned(self._session, definition, self._pair.id, person.id)

    @staticmethod
    def _review_of(message: PlannedMessage) -> str | None:
        """The occasion of the look at the goals that a message asks for."""
        check_in = message.check_in
        return check_in.occasion if check_in is not None and check_in.survey == GOALS else None

    def _survey_of(self, message: PlannedMessage) -> tuple[str, str] | None:
        """Which survey a message asks for, and on which occasion."""
        if message.check_in is not None:
            return message.check_in.survey, message.check_in.occasion
        if self._moment.ending in _ENDED_EARLY:
            return EXIT_SURVEY, f"{EXIT_SURVEY}:{self._moment.ending}"
        return None

    def _asks(self, message: PlannedMessage) -> Asking | None:
        """The survey that a message asks for, in the version that the person answers."""
        asked = self._survey_of(message)
        if asked is None or message.role is None:
            return None
        person, (survey, occasion) = self._pair.who(message.role), asked
        return self._writer.asks(self._session, person, self._pair.id, occasion, survey)

    # --- To those who run the program ------------------------------------------------------------

    def _for_hr(self, to: Recipient) -> dict[str, Any]:
        content, moment = self._writer.content_for(None), self._moment
        words, definition = content.words, self._writer.program.definition
        told = pair_story.story(self._session, self._writer.program, self._pair, content)
        trigger = moment.trigger or Trigger.SILENCE
        values: dict[str, Any] = {
            "mentor": self._writer.contact(self._pair.mentor.address),
            "mentee": self._writer.contact(self._pair.mentee.address),
            "pair_id": self._pair.id,
            "sessions_held": self._given.sessions_held,
            "days_quiet": moment.days_quiet if trigger is Trigger.SILENCE else None,
            "trigger": pair_story.trigger_in_words(words, trigger, definition.ladder),
            "were_reminded": self._were_reminded(),
            "open_steps": [
                f"{no_address(self._pair.who(role).person.name)}: {words(f'mail.steps.{step}')}"
                for role, step in self._given.open_steps
            ],
            "happened": pair_story.last_lines(told),
            "next_step": self._next_ladder_step(),
            "reason": words(f"mail.reasons.{moment.reason or moment.ending or 'none'}"),
            "commands": pair_commands(self._given.program, self._pair.id),
            "task_url": self._task_url(to),
        }
        if moment.kind is MomentKind.HELP:
            values["calls"] = self._calls(answers.latest_help)
        if moment.kind is MomentKind.SAFETY:
            values["calls"] = self._calls(answers.latest_safety)
        if moment.kind is MomentKind.FLAGGED:
            values |= self._flagged()
        return values

    def _task_url(self, to: Recipient) -> str | None:
        if to is Recipient.SAFETY_CONTACT:
            return None
        moment = self._moment
        stamp = int(moment.at.timestamp() * 1000)
        occasion = f"{moment.trigger or moment.kind}:{moment.step or 0}:{stamp}"
        who = SPONSOR if to is Recipient.SPONSOR else COORDINATOR
        return self._writer.link(Purpose.TASK, who, self._pair, occasion=occasion)

    def _calls(self, latest: Any) -> list[dict[str, str | None]]:
        askers = [self._pair.who(role) for role in self._moment.roles]
        return [
            {
                "name": no_address(one.person.name),
                "words": latest(self._session, self._pair.id, one.id),
            }
            for one in askers
        ]

    def _flagged(self) -> dict[str, Any]:
        content = self._writer.content_for(None)
        (check_in,) = self._moment.check_ins
        survey = content.survey(check_in.survey)
        look_if = self._look_if(check_in)
        answered = [
            answer.model_dump()
            for role in self._moment.roles
            for answer in pair_story.flagged(
                self._session,
                self._given.program,
                self._pair,
                role,
                content,
                check_in,
                look_if,
            )
        ]
        about = {"title": survey.title, "minutes": survey.minutes}
        return {"survey": about, "flagged": answered}

    def _look_if(self, check_in: PlannedCheckIn) -> Any:
        for planned in self._writer.program.definition.check_ins:
            when = planned.when
            same = (planned.survey, when.point, when.session, when.share)
            if same == (check_in.survey, check_in.point, check_in.session, check_in.share):
                return planned.look_if
        return {}

    def _were_reminded(self) -> bool:
        climbed = self._ladder()[: self._moment.step or 0]
        return any(action in _REMINDERS for step in climbed for action in step.do)

    def _ladder(self) -> Sequence[LadderStep]:
        """The steps of the ladder that the pair is on."""
        on = self._moment.trigger or Trigger.SILENCE
        ladders = self._writer.program.definition.ladder
        return next((ladder.steps for ladder in ladders if ladder.trigger is on), ())

    def _next_ladder_step(self) -> str:
        following = self._ladder()[self._moment.step or 0 :]
        words = self._writer.content_for(None).words
        return pair_story.next_in_words(words, following[0] if following else None)
