"""Telling whether a session took place, and keeping a note about it for oneself."""

from __future__ import annotations

from portal.pages.base import Accepted, Form, Rejected, View, thanks, too_long
from portal.pages.dates import shown
from portal.pages.scheduling import agenda_values, held
from portal.visits import Ended, Visit, first_name
from store import answers
from store.answers import AlreadyHeld
from store.links import Purpose
from store.tables import SessionRow

NOTED = "noted"
"""`Accepted.what` of a note that was kept."""


class SessionPage:
    """It happened, or it didn't: one click. Afterwards, a note for oneself."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The two buttons; or, of a session that took place, the note."""
        if (over := self._held(visit, typed)) is not None:
            return over
        visit.must_be_open()
        words, row = visit.words, visit.booked
        name = first_name(visit.with_partner)
        return View(
            "session.html",
            words("session.title", number=visit.number, partner=name),
            {
                "when": shown(visit, row.booked_for) if row and row.booked_for else None,
                "partner_first": name,
                "cancel": visit.url(Purpose.CANCEL, session=visit.number),
                "move": visit.url(Purpose.BOOK, session=visit.number),
                **agenda_values(visit),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Thanks; and a way to a new date, if there is one to find."""
        if (over := self._held(visit, None, noted=what == NOTED)) is not None:
            return over
        if not self._was_missed(visit, visit.booked):
            return None
        name = first_name(visit.with_partner)
        view = thanks(visit, "session.missed", number=visit.number, partner=name)
        link = visit.url(Purpose.BOOK, session=visit.number)
        return View(view.template, view.title, {**view.values, "book": link})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record it, or the note."""
        if held(visit) is not None:
            return self._note(visit, form) if form.get("action") == "note" else Accepted()
        visit.must_be_open()
        if form.get("held") not in ("yes", "no"):
            return Rejected({"held": visit.words("problems.choice")})
        try:
            answers.log_session(visit.session, visit.link, held=form["held"] == "yes")
        except AlreadyHeld:
            return Accepted()  # the partner said so at the same moment
        return Accepted()

    @staticmethod
    def _note(visit: Visit, form: Form) -> Accepted | Rejected:
        visit.must_be_open()
        text = form.get("note", "").strip()
        if (problem := too_long(visit.words, text)) is not None:
            return Rejected({"note": problem})
        answers.write_note(visit.session, visit.link, text)
        return Accepted(NOTED)

    @staticmethod
    def _held(visit: Visit, typed: Form | None, *, noted: bool = False) -> View | None:
        view = held(visit)
        if view is None:
            return None
        try:
            visit.must_be_open()
        except Ended:
            return view
        note = answers.note_of(
            visit.session, visit.program.id, visit.in_pair.id, visit.person.id, visit.number
        )
        values = {
            **view.values,
            "typed": typed if typed is not None else {"note": note},
            "partner_first": first_name(visit.with_partner),
            "noted": noted and bool(note),
        }
        return View("held.html", view.title, values)

    @staticmethod
    def _was_missed(visit: Visit, row: SessionRow | None) -> bool:
        occasion = answers.session_occasion(visit.number)
        told = [
            answers.find(visit.session, visit.program.id, visit.in_pair.id, person, occasion)
            for person in (visit.person.id, visit.with_partner.id)
        ]
        return row is not None and any(
            answer is not None and answer.content == {"held": False, "booking": row.sequence}
            for answer in told
        )
