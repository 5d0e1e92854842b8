"""A line manager agrees that somebody takes part, or not at this time."""

from __future__ import annotations

from portal.pages.base import Accepted, Form, Rejected, View, thanks, too_long
from portal.pages.join import closing_day
from portal.visits import Ended, Visit, first_name
from store import answers, approvals
from store.links import LinkInvalid, Purpose
from store.tables import ParticipantRow, PersonRow


class ApprovalPage:
    """Who asks to take part, what it takes, and the manager's word on it."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """What it is about and the two buttons."""
        person, row = _asked_about(visit)
        _must_be_open(visit, row)
        words, sessions = visit.words, visit.definition.sessions
        name = first_name(person)
        return View(
            "approval.html",
            words("approval.title", person=person.name),
            {
                "name": name,
                "lead": words(
                    "approval.lead",
                    person=person.name,
                    program=visit.program.title,
                    organisation=visit.definition.program.organisation,
                ),
                "agrees": row.approved,
                "roles": [words(f"approval.as_{role}", person=name) for role in row.eligible_roles],
                "effort": words(
                    "approval.takes_sessions", count=sessions.count, minutes=sessions.minutes
                ),
                "closes": closing_day(visit),
                "others": _others(visit, person.id),
                "typed": typed or {},
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Thanks for either answer, and the questions about others that are open."""
        person, row = _asked_about(visit)
        if row.approved_at is None:
            return None
        view = thanks(
            visit, f"approval.{'yes' if row.approved else 'no'}", person=first_name(person)
        )
        return View(view.template, view.title, {**view.values, "others": _others(visit, person.id)})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record yes or not now."""
        _, row = _asked_about(visit)
        _must_be_open(visit, row)
        reason = form.get("reason", "").strip()
        if form.get("agrees") not in ("yes", "no"):
            return Rejected({"agrees": visit.words("problems.choice")})
        if problem := too_long(visit.words, reason):
            return Rejected({"reason": problem})
        agrees = form["agrees"] == "yes"
        approvals.answer(visit.session, visit.link, agrees, None if agrees else reason or None)
        return Accepted()


def _asked_about(visit: Visit) -> tuple[PersonRow, ParticipantRow]:
    """The person that the page is about."""
    identity = visit.link.occasion or ""
    person = visit.session.get(PersonRow, identity)
    row = visit.session.get(ParticipantRow, (visit.program.id, identity))
    if person is None or row is None:
        raise LinkInvalid("the page is about nobody we know")
    return person, row


def _must_be_open(visit: Visit, row: ParticipantRow) -> None:
    """Raise Ended once nobody asks any more: also if the person left, or has another manager."""
    program = visit.program.id
    if (
        answers.program_is_over(visit.session, program)
        or answers.enrolment_is_over(visit.session, program)
        or not row.joined
        or row.withdrew_at is not None
        or approvals.manager_of(visit.session, program, row.person_id) != visit.person.id
    ):
        raise Ended("approval")


def _others(visit: Visit, but: str) -> list[tuple[str, str]]:
    """Who else waits for this manager's word, and where to give it."""
    return [
        (other.person.name, visit.url(Purpose.APPROVAL, occasion=other.id))
        for other in approvals.waiting_for(visit.session, visit.program.id, visit.person.id)
        if other.id != but
    ]
