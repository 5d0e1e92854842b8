"""Your messages: being away for a while, and whether calendar invitations come."""

from __future__ import annotations

from datetime import date

from domain.absence import Unfit, back_on, unfit
from domain.people import Preferences
from portal.pages.base import Accepted, Form, Rejected, View, thanks
from portal.visits import Ended, Visit
from store import answers
from store.links import Purpose
from store.tables import ParticipantRow


class AwayPage:
    """Two small forms: a date until which no message comes, and what comes with the mails."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """Both as they are now."""
        _must_be_in(visit)
        now, words = visit.local_of(visit.now), visit.words
        until = away_until(visit)
        return View(
            "away.html",
            words("away.title"),
            {
                "until": until,
                "typed": typed or {},
                "labels": {"until": words("away.until")},
                "today": words("away.today", day=words.day(now)),
                "calendar": answers.preferences_of(visit.participant).calendar,
                "overview_url": visit.url(Purpose.OVERVIEW, pair=None, role=None),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """What holds now."""
        until = away_until(visit)
        if what == "away" and until is not None:
            view = thanks(visit, "away.gone", until=until)
        elif what == "back" and until is None:
            view = thanks(visit, "away.back", name=visit.first_name)
        elif what == "calendar":
            comes = answers.preferences_of(visit.participant).calendar
            view = thanks(visit, "away.calendar_on" if comes else "away.calendar_off")
        else:
            return None
        back = {"again": (visit.words("away.again"), "?")}
        return View(view.template, view.title, {**view.values, **back})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record one of the two."""
        _must_be_in(visit)
        action = form.get("action")
        where = visit.session, visit.program.id, visit.person.id
        if action == "away":
            return self._go_away(visit, form)
        if action == "back":
            answers.come_back(*where)
            return Accepted("back")
        if action == "calendar":
            answers.prefer(*where, Preferences(calendar=form.get("calendar") == "yes"))
            return Accepted("calendar")
        return Rejected({"until": visit.words("problems.choice")})

    @staticmethod
    def _go_away(visit: Visit, form: Form) -> Accepted | Rejected:
        words = visit.words
        try:
            day = date.fromisoformat(form.get("until", "").strip())
        except ValueError:
            return Rejected({"until": words("away.no_date")})
        zone = visit.zone_of(visit.person)
        wrong = unfit(visit.calendar, day, zone, visit.now)
        if wrong is not None:
            return Rejected({"until": words("away.far" if wrong is Unfit.FAR else "away.past")})
        until = back_on(visit.calendar, day, zone)
        answers.go_away(visit.session, visit.program.id, visit.person.id, until)
        return Accepted("away")


def away_until(visit: Visit, person: str | None = None) -> str | None:
    """The day on which the person, or another, is back, in words; None while they are here."""
    somebody: ParticipantRow | None = visit.participant
    if person is not None:
        somebody = visit.session.get(ParticipantRow, (visit.program.id, person))
    until = somebody.away_until if somebody is not None else None
    if until is None or until <= visit.now:
        return None
    return visit.words.day(visit.local_of(until).date())


def _must_be_in(visit: Visit) -> None:
    """Raise Ended if no message comes any more: a pair that goes on may outlast the program."""
    if visit.participant.withdrew_at is not None:
        raise Ended("part")
