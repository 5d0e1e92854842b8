"""Take part, or not."""

from __future__ import annotations

from domain.calendar import program_days
from domain.people import Role
from portal.pages.base import Accepted, Form, Rejected, View, thanks
from portal.visits import Ended, Visit
from store import answers, approvals, consents, privacy_words
from store.consents import ConsentKind, Read


class JoinPage:
    """What taking part means, and yes or no."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """What it is about and the two buttons."""
        _must_be_open(visit)
        words, sessions = visit.words, visit.definition.sessions
        roles = [Role(role) for role in visit.participant.eligible_roles]
        return View(
            "join.html",
            words("join.title", program=visit.program.title),
            {
                "joined": visit.participant.joined,
                "roles": [words(f"join.as_{role.value}") for role in roles],
                "goals": [aim.goal for aim in visit.definition.program.goals],
                "effort": words("join.effort", count=sessions.count, minutes=sessions.minutes),
                "closes": closing_day(visit),
                "manager_asked": manager_is_asked(visit),
                "threshold": visit.definition.privacy.anonymity_threshold,
                "privacy": privacy_words.told(words, visit.definition),
                "consent": self._asked(visit).text if self._asks(visit) else None,
                "consents": bool(typed and typed.get("consents")),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Thanks for either answer."""
        if visit.participant.joined is None:
            return None
        said = "yes" if visit.participant.joined else "no"
        if visit.participant.joined and visit.participant.approved is None:
            said = "yes_asked" if manager_is_asked(visit) else said
        return thanks(visit, f"join.{said}", name=visit.first_name)

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record yes or no; and, where the processing rests on it, the consent, as a fact of its
        own."""
        _must_be_open(visit)
        if form.get("joins") not in ("yes", "no"):
            return Rejected({"joins": visit.words("problems.choice")})
        joins = form["joins"] == "yes"
        if joins and self._asks(visit):
            if form.get("consents") != "yes":
                return Rejected({"consents": visit.words("join.consent_missing")})
            consents.give(
                visit.session,
                visit.program.id,
                visit.person.id,
                ConsentKind.PROCESSING,
                self._asked(visit),
            )
        answers.join(visit.session, visit.link, joins=joins)
        return Accepted()

    @staticmethod
    def _asks(visit: Visit) -> bool:
        """Whether a consent is needed beside the answer, and has not been given yet."""
        where = visit.session, visit.program.id, visit.person.id
        asks = privacy_words.asks_for_consent(visit.definition)
        return asks and not consents.stands(*where, ConsentKind.PROCESSING)

    @staticmethod
    def _asked(visit: Visit) -> Read:
        return privacy_words.consent(visit.words, visit.definition)


def _must_be_open(visit: Visit) -> None:
    visit.must_be_open()
    if answers.enrolment_is_over(visit.session, visit.program.id):
        raise Ended("enrolment")


def manager_is_asked(visit: Visit) -> bool:
    """Whether somebody is asked who has to agree that this person takes part."""
    if not visit.definition.enrolment.manager_approval:
        return False
    return approvals.manager_of(visit.session, visit.program.id, visit.person.id) is not None


def closing_day(visit: Visit) -> str | None:
    """The closing date in words; None once it is past, because a pause made it later."""
    days = visit.definition.stages.enrolment
    closes = visit.program.epoch + program_days(days, visit.definition.calendar.day)
    return visit.words.day(visit.local_of(closes)) if closes > visit.now else None
