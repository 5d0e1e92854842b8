"""Take part, or not."""

from __future__ import annotations

from domain.people import Role
from portal.pages.base import Accepted, Form, Rejected, View, thanks
from portal.visits import Ended, Visit
from store import answers


class JoinPage:
    """What taking part means, and yes or no."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """What it is about and the two buttons."""
        visit.must_be_open()
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
                "closes": words.day(visit.local_of(visit.link.expires)),
                "threshold": visit.definition.privacy.anonymity_threshold,
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Thanks for either answer."""
        if visit.participant.joined is None:
            return None
        said = "yes" if visit.participant.joined else "no"
        return thanks(visit, f"join.{said}", name=visit.first_name)

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record yes or no."""
        if form.get("joins") not in ("yes", "no"):
            return Rejected({"joins": visit.words("problems.choice")})
        try:
            answers.join(visit.session, visit.link, joins=form["joins"] == "yes")
        except answers.TooLate as error:
            raise Ended("part") from error
        return Accepted()
