"""Where somebody stands: their pairs, what is open, asking for help, and leaving."""

from __future__ import annotations

from dataclasses import dataclass

from domain.people import Role
from portal.pages.base import Accepted, Form, Rejected, View, thanks, too_long
from portal.pages.standing import Standing, Step, standings
from portal.pages.steps import steps_of
from portal.visits import Visit
from store import answers
from store.answers import AnswerKind
from store.links import Link, Purpose
from store.tables import SessionRow


@dataclass(frozen=True)
class Card:
    """One pair, as the page shows it."""

    pair: str
    partner: str
    partner_first: str
    role: Role
    state: str
    is_over: bool
    open: tuple[Step, ...]
    again: tuple[Step, ...]
    """Pages worth another look: the guide, the agreement."""
    sessions: tuple[str, ...]
    held: str
    goals: tuple[str, ...]
    calls: int
    """How often this person has asked for help with this pair."""


class OverviewPage:
    """Everything that somebody may want to know or do, without having to search mails."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The pairs, or what comes before there are any."""
        left = visit.participant.withdrew_at is not None
        over = answers.program_is_over(visit.session, visit.program.id)
        cards = [] if left else [_card(standing) for standing in standings(visit)]
        is_open = not (left or over or answers.enrolment_is_over(visit.session, visit.program.id))
        can_join = visit.participant.joined is None and not cards and is_open
        return View(
            "overview.html",
            visit.words("overview.title", name=visit.first_name),
            {
                "cards": cards,
                "left": left,
                "over": over,
                "joined": visit.participant.joined,
                "join_url": visit.url(Purpose.JOIN) if can_join else None,
                "typed": typed or {},
                "words_for": _field_of_words,
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Thanks for asking, or good-bye."""
        if what == "withdraw" and visit.participant.withdrew_at is not None:
            return thanks(visit, "overview.withdraw", name=visit.first_name)
        if what == "help" and any(_calls(standing) for standing in standings(visit)):
            view = thanks(visit, "overview.help", coordinator=visit.definition.coordinator.name)
            return View(view.template, view.title, {**view.values, "back": True})
        return None

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record a call for help, or leave the program."""
        if form.get("action") == "withdraw":
            return self._withdraw(visit, form)
        visit.must_be_open()
        meant = next((s for s in standings(visit) if s.pair.id == form.get("pair")), None)
        if form.get("action") != "help" or meant is None:
            return Rejected({"action": visit.words("problems.choice")})
        return self._ask_help(visit, form, meant)

    @staticmethod
    def _withdraw(visit: Visit, form: Form) -> Accepted | Rejected:
        if visit.participant.withdrew_at is None and form.get("sure") != "yes":
            return Rejected({"sure": visit.words("overview.withdraw.not_sure")})
        answers.withdraw(visit.session, visit.program.id, visit.person.id)
        return Accepted("withdraw")

    @staticmethod
    def _ask_help(visit: Visit, form: Form, standing: Standing) -> Accepted | Rejected:
        field, words = _field_of_words(standing.pair.id), visit.words
        text = form.get(field, "").strip()
        problem = too_long(words, text) if text else words("overview.help.no_words")
        if problem is None and standing.is_over:
            problem = words("ended.pair.text")
        if problem is not None:
            return Rejected({field: problem})
        calls = _calls(standing)
        number = int(form["number"]) if form.get("number") in _numbers(calls) else calls + 1
        link = Link(
            purpose=Purpose.OVERVIEW,
            program=visit.program.id,
            person=visit.person.id,
            pair=standing.pair.id,
            expires=visit.link.expires,
        )
        answers.ask_help(visit.session, link, text, number)
        return Accepted("help")


def _numbers(calls: int) -> set[str]:
    """The numbers that a page, fresh or a little old, may send with a call for help."""
    return {str(number) for number in range(1, calls + 2)}


def _field_of_words(pair: str) -> str:
    return f"words-{pair}"


def _calls(standing: Standing) -> int:
    return sum(answer.kind == AnswerKind.HELP for answer in standing.mine)


def _card(standing: Standing) -> Card:
    words = standing.visit.words
    steps = steps_of(standing)
    return Card(
        pair=standing.pair.id,
        partner=standing.partner.name,
        partner_first=standing.partner_first,
        role=standing.role,
        state=words(f"overview.state.{standing.stand.value}"),
        is_over=standing.is_over,
        open=tuple(step for step in steps if not step.again),
        again=tuple(step for step in steps if step.again),
        sessions=tuple(_session_line(standing.visit, row) for row in standing.sessions),
        held=words("overview.held", held=standing.held, count=standing.count),
        goals=standing.goals,
        calls=_calls(standing),
    )


def _session_line(visit: Visit, row: SessionRow) -> str:
    words = visit.words
    if row.held_at is not None:
        moment = visit.local(row.booked_for) if row.booked_for else visit.local_of(row.held_at)
        return words("overview.session_held", number=row.number, when=words.day(moment))
    if row.booked_for is not None:
        when = words.moment(visit.local(row.booked_for))
        return words("overview.session_booked", number=row.number, when=when)
    return words("overview.session_open", number=row.number)
