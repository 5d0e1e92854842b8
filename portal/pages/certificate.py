"""The certificate of who completed: one printable page."""

from __future__ import annotations

import math

from domain.definition import Mode
from portal.pages.base import Accepted, Form, Rejected, View
from portal.visits import Visit
from store.certificates import Certificate, certificate_of
from store.links import Purpose


class CertificatePage:
    """Who took part in what, for how long. Printed by the browser, on any paper."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The certificate, or why there is none (yet)."""
        words = visit.words
        certificate = certificate_for(visit)
        if certificate is None:
            return View(
                "error.html", words("certificate.none_title"), {"text": words("certificate.none")}
            )
        first, last = (
            words.date(visit.local(moment).date())
            for moment in (certificate.first, certificate.last)
        )
        mutual = visit.definition.program.mode is Mode.MUTUAL
        return View(
            "certificate.html",
            words("certificate.title", name=visit.person.name),
            {
                "name": visit.person.name,
                "as_what": words(f"certificate.{'mutual' if mutual else certificate.role.value}"),
                "sessions": words("certificate.sessions", count=certificate.sessions),
                "hours": words(
                    "certificate.hours",
                    count=math.ceil(certificate.minutes / 60),
                    hours=words.number(certificate.minutes / 60),
                ),
                "period": words("certificate.one_day", day=first)
                if first == last
                else words("certificate.period", first=first, last=last),
                "issued": words.date(visit.local(certificate.completed).date()),
                "overview_url": visit.url(Purpose.OVERVIEW, pair=None, role=None),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """There is nothing to send on this page."""
        return None

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Nothing is recorded."""
        return Accepted()


def certificate_for(visit: Visit) -> Certificate | None:
    """What the person who is here has earned in the pair that the page is about."""
    return certificate_of(
        visit.session, visit.definition, visit.calendar, visit.in_pair.id, visit.person.id
    )
