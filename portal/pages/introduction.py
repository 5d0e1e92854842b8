"""Meet the partner, or not this time."""

from __future__ import annotations

from portal.pages.base import Accepted, Form, Rejected, View, thanks, too_long
from portal.visits import Visit, first_name
from store import answers
from store.answers import AnswerKind


class IntroductionPage:
    """Who the partner is, why the two were matched, and the person's word on it."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The partner and the two buttons; once answered, what was said."""
        answered = self._answered(visit)
        if answered is not None:
            return answered
        visit.must_be_open()
        partner = visit.with_partner
        profile = _profile_of(visit)
        return View(
            "introduction.html",
            visit.words("introduction.title", partner=partner.name),
            {
                "partner": partner,
                "partner_first": first_name(partner),
                "role": visit.role.value,
                "facts": [profile[key] for key in ("department", "location") if profile.get(key)],
                "reasons": list(visit.in_pair.reasons),
                "typed": typed or {},
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """What happens now that they said it."""
        return self._answered(visit)

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record yes or no."""
        if self._answered(visit) is not None:
            return Accepted()
        visit.must_be_open()
        if form.get("accepts") == "yes":
            answers.accept_introduction(visit.session, visit.link)
            return Accepted()
        if form.get("accepts") == "no":
            reason = form.get("reason", "").strip()
            if problem := too_long(visit.words, reason):
                return Rejected({"reason": problem})
            answers.decline_introduction(visit.session, visit.link, reason or None)
            return Accepted()
        return Rejected({"accepts": visit.words("problems.choice")})

    def _answered(self, visit: Visit) -> View | None:
        said = answers.find(
            visit.session,
            visit.program.id,
            visit.in_pair.id,
            visit.person.id,
            AnswerKind.INTRODUCTION.value,
        )
        if said is None:
            return None
        key = "introduction.yes" if said.content["accepts"] else "introduction.no"
        return thanks(visit, key, partner=first_name(visit.with_partner))


def _profile_of(visit: Visit) -> dict[str, str]:
    """What the people file says of the partner's place in the organisation."""
    row = visit.session.get(type(visit.participant), (visit.program.id, visit.with_partner.id))
    return dict(row.profile) if row is not None else {}
