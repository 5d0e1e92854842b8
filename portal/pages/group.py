"""Group sessions: whether somebody was there, and how they stand with each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.group_sessions import Attendance, occasion_of, read_occasion
from domain.sections import GroupSession
from portal.pages.base import Accepted, Form, Rejected, View, thanks
from portal.visits import Ended, Visit
from store import answers
from store.answers import attendance_occasion
from store.group_sessions import GroupSessionNow, dates_now, group_sessions_now
from store.links import LinkInvalid, Purpose
from store.programs import Program


class GroupPage:
    """They were there, or not: one click."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The two buttons; before the date, when it is."""
        group, number, date = _meant(visit)
        _must_take_part(visit)
        words, when = visit.words, visit.words.moment(visit.local(date))
        is_past = _is_past(visit, date)
        return View(
            "group.html",
            words("group.title" if is_past else "group.title_before", title=group.title),
            {
                "when": words("group.planned" if is_past else "group.planned_before", when=when),
                "is_past": is_past,
                "said": _said(visit, group.id, number),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Thanks, and how they stand now."""
        group, number, _ = _meant(visit)
        came = _said(visit, group.id, number)
        if came is None:
            return None
        view = thanks(visit, "group.yes" if came else "group.no", title=group.title)
        return View(
            view.template, view.title, {**view.values, "details": group_lines(visit, group.id)}
        )

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record it."""
        group, number, date = _meant(visit)
        _must_take_part(visit)
        if form.get("came") not in ("yes", "no") or not _is_past(visit, date):
            return Rejected({"came": visit.words("problems.choice")})
        answers.attend(visit.session, visit.link, group.id, number, form["came"] == "yes")
        return Accepted()


def _meant(visit: Visit) -> tuple[GroupSession, int, datetime]:
    """The group session that the link is about, which of its dates, and when that is."""
    meant = read_occasion(visit.link.occasion or "")
    if meant is None:
        raise LinkInvalid("the page needs a date of a group session")
    name, number = meant
    group = next((one for one in visit.definition.group_sessions if one.id == name), None)
    if group is None or not 1 <= number <= len(group.dates):
        raise LinkInvalid("there is no such date")
    dates = dates_now(visit.session, visit.definition, visit.program.epoch, group)
    return group, number, dates[number - 1]


def _must_take_part(visit: Visit) -> None:
    """Who has left is asked nothing. That the program is over does not matter: it is about a date
    that is past."""
    if visit.participant.withdrew_at is not None:
        raise Ended("part")


def _is_past(visit: Visit, date: datetime) -> bool:
    return visit.calendar.to_program(visit.now) >= date


def _said(visit: Visit, group: str, number: int) -> bool | None:
    """Whether they said that they were there; None while they have not said."""
    occasion = attendance_occasion(group, number)
    found = answers.find(visit.session, visit.program.id, None, visit.person.id, occasion)
    return None if found is None else bool(found.content["came"])


# --- On other pages ------------------------------------------------------------------------------


@dataclass(frozen=True)
class ToTell:
    """A date after which somebody has not said yet whether they were there."""

    text: str
    url: str


def group_lines(visit: Visit, group: str | None = None) -> list[str]:
    """How the person who is here stands with each group session, or one: a sentence each."""
    return [
        _line(visit, one.session, one.attendance[visit.person.id])
        for one in _theirs(visit)
        if group in (None, one.session.id)
    ]


def dates_to_tell(visit: Visit) -> list[ToTell]:
    """The dates that are past, of which they have not said whether they were there."""
    return [
        ToTell(
            text=visit.words(
                "group.tell", title=one.session.title, when=visit.words.day(visit.local(date))
            ),
            url=visit.url(
                Purpose.GROUP,
                pair=None,
                role=None,
                occasion=occasion_of(one.session.id, number),
            ),
        )
        for one in _theirs(visit)
        for number, date in enumerate(one.dates, start=1)
        if number in one.attendance[visit.person.id].untold
    ]


def _theirs(visit: Visit) -> list[GroupSessionNow]:
    program = Program(id=visit.program.id, definition=visit.definition, epoch=visit.program.epoch)
    found = group_sessions_now(visit.session, program, visit.now, [visit.person.id])
    return [one for one in found if visit.person.id in one.attendance]


def _line(visit: Visit, group: GroupSession, attendance: Attendance) -> str:
    words, next_date = visit.words, attendance.next
    parts = [
        words(
            "group.attended_of" if attendance.needed else "group.attended",
            title=group.title,
            attended=attendance.attended,
            needed=attendance.needed,
        )
    ]
    if next_date is not None:
        parts.append(words("group.next", when=words.moment(visit.local(next_date))))
    return words("group.join", first=parts[0], then=parts[1]) if len(parts) > 1 else parts[0]
