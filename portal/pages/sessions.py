"""Choosing a date for a session, and telling whether it took place."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from portal.pages.base import Accepted, Form, Rejected, View, thanks
from portal.visits import Visit, first_name
from store import answers
from store.answers import AlreadyHeld
from store.links import Purpose
from store.tables import SessionRow

LATEST = timedelta(days=366)
"""How far ahead a session may be booked: beyond a year, the year is a slip of the finger."""

LONGEST_PLACE = 300
"""Characters of a place. A meeting link may be long."""


def _held(visit: Visit) -> View | None:
    """The page of a session that took place: there is nothing left to do."""
    row = visit.booked
    if row is None or row.held_at is None:
        return None
    is_last = visit.number == visit.sessions_planned
    return thanks(
        visit,
        "session.last_held" if is_last else "session.held",
        number=visit.number,
        partner=first_name(visit.with_partner),
    )


class BookPage:
    """Date, time and place of a session."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The form, filled with the date there is."""
        if (held := _held(visit)) is not None:
            return held
        visit.must_be_open()
        words, row = visit.words, visit.booked
        booked = visit.local(row.booked_for) if row and row.booked_for else None
        start = {"place": (row.place or "") if row else ""}
        if booked is not None:
            start |= {"date": booked.date().isoformat(), "time": booked.strftime("%H:%M")}
        name = first_name(visit.with_partner)
        now = visit.local_of(visit.now)
        theirs = visit.zone_of(visit.with_partner)
        return View(
            "book.html",
            words("book.title", number=visit.number, partner=name),
            {
                "typed": typed if typed is not None else start,
                "booked": words.moment(booked) if booked is not None else None,
                "partner_first": name,
                "minutes": visit.definition.sessions.minutes,
                "zone": words("book.zone", zone=_zone_name(now), now=words.time(now)),
                "partner_zone": words(
                    "book.partner_zone",
                    partner=name,
                    zone=_zone_name(visit.local_of(visit.now, visit.with_partner)),
                )
                if theirs.key != visit.zone_of(visit.person).key
                else None,
                "today": words("book.today", day=words.day(now)),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """The date, shown back."""
        row = visit.booked
        if row is None or row.booked_for is None or row.held_at is not None:
            return None
        words, name = visit.words, first_name(visit.with_partner)
        when = visit.local(row.booked_for)
        details = [words.moment(when)]
        theirs = visit.local(row.booked_for, visit.with_partner)
        if theirs.utcoffset() != when.utcoffset():
            details.append(words("book.for_partner", partner=name, when=words.moment(theirs)))
        if row.place:
            details.append(row.place)
        view = thanks(visit, "book", number=visit.number, partner=name)
        return View(view.template, view.title, {**view.values, "details": details, "change": True})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the date."""
        visit.must_be_open()
        problems: dict[str, str] = {}
        place = " ".join(form.get("place", "").split())
        if len(place) > LONGEST_PLACE:
            problems["place"] = visit.words("problems.too_long", most=LONGEST_PLACE, now=len(place))
        moment = self._moment(visit, form, problems)
        if moment is None or problems:
            return Rejected(problems)
        try:
            answers.book_session(visit.session, visit.link, moment, place or None)
        except AlreadyHeld:
            return Accepted()  # the page then says that the two have met
        return Accepted()

    @staticmethod
    def _moment(visit: Visit, form: Form, problems: dict[str, str]) -> datetime | None:
        """The program time that was meant, or None and why not."""
        words = visit.words
        day = clock = None
        try:
            day = date.fromisoformat(form.get("date", "").strip())
        except ValueError:
            problems["date"] = words("book.no_date")
        try:
            clock = time.fromisoformat(form.get("time", "").strip())
        except ValueError:
            problems["time"] = words("book.no_time")
        if day is None or clock is None:
            return None
        zone = visit.zone_of(visit.person)
        meant = datetime.combine(day, clock.replace(tzinfo=None), zone)
        if meant.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != meant.replace(
            tzinfo=None
        ):
            problems["time"] = words("book.no_such_time")  # the hour that summer time skips
            return None
        now = visit.calendar.to_program(visit.now)
        if meant < now - timedelta(days=1):
            problems["date"] = words("book.past")
        elif meant > now + LATEST:
            problems["date"] = words("book.far")
        return meant.astimezone(UTC)


def _zone_name(moment: datetime) -> str:
    return str(moment.tzinfo).replace("_", " ")


class SessionPage:
    """It happened, or it didn't: one click."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The two buttons."""
        if (held := _held(visit)) is not None:
            return held
        visit.must_be_open()
        words, row = visit.words, visit.booked
        name = first_name(visit.with_partner)
        return View(
            "session.html",
            words("session.title", number=visit.number, partner=name),
            {
                "when": words.moment(visit.local(row.booked_for))
                if row and row.booked_for
                else None,
                "partner_first": name,
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Thanks; and a way to a new date, if there is one to find."""
        if (held := _held(visit)) is not None:
            return held
        if not self._was_missed(visit, visit.booked):
            return None
        name = first_name(visit.with_partner)
        view = thanks(visit, "session.missed", number=visit.number, partner=name)
        link = visit.url(Purpose.BOOK, session=visit.number)
        return View(view.template, view.title, {**view.values, "book": link})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record it."""
        if _held(visit) is not None:
            return Accepted()
        visit.must_be_open()
        if form.get("held") not in ("yes", "no"):
            return Rejected({"held": visit.words("problems.choice")})
        try:
            answers.log_session(visit.session, visit.link, held=form["held"] == "yes")
        except AlreadyHeld:
            return Accepted()  # the partner said so at the same moment
        return Accepted()

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
