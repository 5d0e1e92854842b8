"""Finding a date for a session: proposing times, picking one, agreeing on one, calling it off."""

from __future__ import annotations

from collections.abc import Mapping

from domain.surveys import MAX_TEXT
from portal.pages.base import Accepted, Form, Rejected, View, thanks
from portal.pages.dates import (
    fields_of,
    lines_of,
    read_moment,
    read_place,
    read_times,
    shown,
    unusual,
    zones,
)
from portal.visits import Visit, first_name
from store import agenda, answers
from store.answers import MOST_TIMES, AlreadyHeld, Outdated
from store.links import Purpose

PROPOSED = "proposed"
"""`Accepted.what` of times that were sent to the partner."""


def held(visit: Visit) -> View | None:
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


def agenda_values(visit: Visit) -> dict[str, object]:
    """What the session could look like, and who leads it."""
    content, definition = visit.content, visit.definition
    lead = agenda.lead_of(definition, visit.number, visit.role)
    goals = agenda.goals_of(visit.session, visit.in_pair)
    return {
        "agenda_title": content.agenda("title", minutes=definition.sessions.minutes),
        "agenda_note": content.agenda("suggestion"),
        "training": {"url": visit.url(Purpose.GUIDE), "text": visit.words("steps.guide_again")},
        "lead": content.agenda(f"lead.{lead}", partner=first_name(visit.with_partner)),
        "agenda": agenda.agenda_lines(
            content, definition, visit.number, visit.sessions_planned, visit.role, goals
        ),
    }


class BookPage:
    """One to three times for the partner to choose from; or a date that is agreed already."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The form for times, and, folded away, the one for a date."""
        if (over := held(visit)) is not None:
            return over
        visit.must_be_open()
        words, row, name = visit.words, visit.booked, first_name(visit.with_partner)
        booked = visit.local(row.booked_for) if row and row.booked_for else None
        times = answers.proposed_times(row)
        mine = bool(row and row.proposed_by == visit.role.value)
        start = fields_of(booked) | {"place": (row.place or "") if row else ""}
        return View(
            "book.html",
            words("book.title", number=visit.number, partner=name),
            {
                **_form_values(visit, typed, start),
                "booked": words.moment(booked) if booked is not None else None,
                "waiting": [words.moment(visit.local(time)) for time in times] if mine else [],
                "theirs": bool(times) and not mine,
                "pick": visit.url(Purpose.PICK, session=visit.number),
                "cancel": visit.url(Purpose.CANCEL, session=visit.number),
                "agreed": typed is not None and typed.get("action") != "propose",
                **agenda_values(visit),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """What was proposed or booked, shown back."""
        return _proposed(visit) if what == PROPOSED else _booked(visit, change="?")

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the times, or the date."""
        visit.must_be_open()
        if form.get("action") == "propose":
            return _propose(visit, form)
        problems: dict[str, str] = {}
        place = read_place(visit, form, problems, "place")
        moment = read_moment(visit, form, problems)
        if moment is None or problems:
            return Rejected(problems)
        try:
            answers.book_session(visit.session, visit.link, moment, place)
        except AlreadyHeld:
            return Accepted()  # the page then says that the two have met
        return Accepted()


class PickPage:
    """The times that the partner proposed: one click books the session."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """A button for each time, and, folded away, a form for other times."""
        if (over := held(visit)) is not None:
            return over
        visit.must_be_open()
        words, row, name = visit.words, visit.booked, first_name(visit.with_partner)
        booked = row.booked_for if row is not None else None
        times = answers.proposed_times(row)
        mine = row is not None and row.proposed_by == visit.role.value
        now = visit.calendar.to_program(visit.now)
        stands = "mine" if mine else "open" if times else "booked" if booked else "none"
        return View(
            "pick.html",
            words(f"pick.{stands}.title", number=visit.number, partner=name),
            {
                **_form_values(visit, typed, {}),
                "stands": stands,
                "text": words(
                    f"pick.{stands}.text", partner=name, minutes=visit.definition.sessions.minutes
                ),
                "booked": words.moment(visit.local(booked)) if booked is not None else None,
                "times": [(shown(visit, time), time < now) for time in times],
                "place": row.proposed_place if row is not None and times else None,
                "book": visit.url(Purpose.BOOK, session=visit.number),
                "none_suits": typed is not None and typed.get("action") == "propose",
                **agenda_values(visit),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """The date that was picked, or the times that were proposed instead."""
        if what == PROPOSED:
            return _proposed(visit)
        return _booked(visit, change=visit.url(Purpose.BOOK, session=visit.number))

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the time, or other times."""
        visit.must_be_open()
        if form.get("action") == "propose":
            return _propose(visit, form)
        words, name = visit.words, first_name(visit.with_partner)
        picked, proposal = _whole(form, "pick"), _whole(form, "proposal")
        if picked is None or proposal is None:
            return Rejected({"pick": words("problems.choice")})
        row = visit.booked
        times = answers.proposed_times(row) if row and row.proposal == proposal else ()
        if picked < len(times) and times[picked] < visit.calendar.to_program(visit.now):
            return Rejected({"pick": words("pick.past")})
        try:
            answers.pick_time(visit.session, visit.link, proposal, picked)
        except AlreadyHeld:
            return Accepted()
        except Outdated:
            return Rejected({"pick": words("pick.outdated", partner=name)})
        return Accepted()


class CancelPage:
    """Calling a session off, with a word to the partner if one likes."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The date, a field for a few words, and the button."""
        if (over := held(visit)) is not None:
            return over
        visit.must_be_open()
        words, row, name = visit.words, visit.booked, first_name(visit.with_partner)
        booked = row.booked_for if row is not None else None
        return View(
            "cancel.html",
            words("cancel.title", number=visit.number, partner=name),
            {
                "typed": typed or {},
                "when": shown(visit, booked) if booked is not None else None,
                "booking": row.sequence if row is not None else None,
                "partner_first": name,
                "move": visit.url(Purpose.BOOK, session=visit.number),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """That it is off, and the way to a new date."""
        row = visit.booked
        off = answers.called_off(visit.session, visit.in_pair.id, visit.number)
        if row is None or off is None or row.booked_for or row.held_at:
            return None
        view = thanks(visit, "cancel", number=visit.number, partner=first_name(visit.with_partner))
        link = visit.url(Purpose.BOOK, session=visit.number)
        return View(view.template, view.title, {**view.values, "book": link})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record it."""
        visit.must_be_open()
        words, text = visit.words, form.get("words", "").strip()
        if len(text) > MAX_TEXT:
            return Rejected({"words": words("problems.too_long", most=MAX_TEXT, now=len(text))})
        booking = _whole(form, "booking")
        if booking is None:
            return Rejected({"words": words("cancel.unknown")})
        try:
            answers.cancel_session(visit.session, visit.link, booking, text or None)
        except AlreadyHeld:
            return Accepted()
        except Outdated:
            return Rejected({"words": words("cancel.outdated")})
        return Accepted()


def _form_values(visit: Visit, typed: Form | None, start: Mapping[str, str]) -> dict[str, object]:
    """What the form for one to three times needs, filled with what one has proposed already."""
    row, words = visit.booked, visit.words
    before = dict(start)
    if row is not None and row.proposed_by == visit.role.value:
        for number, time in enumerate(answers.proposed_times(row), 1):
            before |= fields_of(visit.local(time), f"date_{number}", f"time_{number}")
        before["proposed_place"] = row.proposed_place or ""
    elif row is not None and row.place:
        before["proposed_place"] = row.place
    nth = {number: words("propose.nth", number=number) for number in range(1, MOST_TIMES + 1)}
    return {
        "typed": typed if typed is not None else before,
        "labels": {f"{field}_{n}": nth[n] for n in nth for field in ("date", "time")},
        "nth": nth,
        "proposal": row.proposal if row is not None else 0,
        "partner_first": first_name(visit.with_partner),
        "delivery": visit.definition.program.delivery.value,
        "minutes": visit.definition.sessions.minutes,
        **zones(visit),
    }


def _propose(visit: Visit, form: Form) -> Accepted | Rejected:
    problems: dict[str, str] = {}
    times = read_times(visit, form, problems)
    place = read_place(visit, form, problems, "proposed_place")
    if problems:
        return Rejected(problems)
    try:
        answers.propose_times(
            visit.session, visit.link, times, place, seen=_whole(form, "proposal")
        )
    except AlreadyHeld:
        return Accepted()
    except Outdated:
        name = first_name(visit.with_partner)
        return Rejected({"date_1": visit.words("propose.outdated", partner=name)})
    return Accepted(PROPOSED)


def _proposed(visit: Visit) -> View | None:
    """The times that wait for the partner."""
    row = visit.booked
    if row is None or row.proposed_by != visit.role.value:
        return None
    name, times = first_name(visit.with_partner), answers.proposed_times(row)
    view = thanks(visit, "propose", number=visit.number, partner=name)
    values = {
        **view.values,
        "details": lines_of(visit, times, row.proposed_place),
        "hints": unusual(visit, times),
        "change": visit.url(Purpose.BOOK, session=visit.number),
    }
    return View(view.template, view.title, values)


def _booked(visit: Visit, change: str) -> View | None:
    """The date of the session; `change` is where to choose another."""
    row = visit.booked
    if row is None or row.booked_for is None or row.held_at is not None:
        return None
    view = thanks(visit, "book", number=visit.number, partner=first_name(visit.with_partner))
    values = {
        **view.values,
        "details": lines_of(visit, [row.booked_for], row.place),
        "hints": unusual(visit, [row.booked_for]),
        "change": change,
    }
    return View(view.template, view.title, values)


def _whole(form: Form, field: str) -> int | None:
    """A number from a field that a page of ours filled in."""
    text = form.get(field, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
