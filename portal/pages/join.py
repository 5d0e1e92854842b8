"""Take part, or not."""

from __future__ import annotations

from domain.calendar import program_days
from domain.people import Role
from portal.pages.base import Accepted, Form, Rejected, View, thanks
from portal.visits import Ended, Visit
from store import answers, approvals


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
        """Record yes or no."""
        _must_be_open(visit)
        if form.get("joins") not in ("yes", "no"):
            return Rejected({"joins": visit.words("problems.choice")})
        answers.join(visit.session, visit.link, joins=form["joins"] == "yes")
        return Accepted()


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
