"""Where somebody stands: their pairs with what is open, their own pages, and leaving."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from domain.people import Role
from portal.pages.away import away_until
from portal.pages.base import Accepted, Form, Rejected, View, thanks
from portal.pages.goals import how_goals_moved
from portal.pages.group import dates_to_tell, group_lines
from portal.pages.join import manager_is_asked
from portal.pages.standing import Standing, Step, standings
from portal.pages.steps import steps_of
from portal.visits import Visit
from store import answers, programs, selections
from store.certificates import certificate_of
from store.goals import Look
from store.links import Purpose
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
    partner_away: str | None
    """Until when the partner is away, in words."""
    open: tuple[Step, ...]
    again: tuple[Step, ...]
    """Pages worth another look: the guide, the agreement."""
    sessions: tuple[str, ...]
    notes: tuple[str, ...]
    """What this person wrote down about sessions, for themselves."""
    held: str
    my_goals: tuple[str, ...]
    """With how they moved, which is for their owner alone."""
    their_goals: tuple[str, ...]
    certificate: str | None
    """Where the certificate is."""


class OverviewPage:
    """Everything that somebody may want to know or do, without having to search mails."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The pairs, or what comes before there are any; then what is about the person."""
        left = visit.participant.withdrew_at is not None
        over = answers.program_is_over(visit.session, visit.program.id)
        cards = [] if left else [_card(standing) for standing in standings(visit)]
        is_open = not (left or over or answers.enrolment_is_over(visit.session, visit.program.id))
        can_join = visit.participant.joined is None and not cards and is_open
        return View(
            "overview.html",
            visit.words("overview.title", name=visit.first_name),
            {
                "cards": [card for card in cards if not card.is_over],
                "ended": [card for card in cards if card.is_over],
                "groups": [] if left else group_lines(visit),
                "group_dates": [] if left else dates_to_tell(visit),
                "left": left,
                "over": over,
                "joined": visit.participant.joined,
                "waits": visit.words(f"overview.{_waits_for(visit)}"),
                "join_url": visit.url(Purpose.JOIN) if can_join else None,
                "away": away_until(visit),
                "away_url": visit.url(Purpose.AWAY),
                "mine": _own_pages(visit, left),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Good-bye."""
        if what == "withdraw" and visit.participant.withdrew_at is not None:
            return thanks(visit, "overview.withdraw", name=visit.first_name)
        return None

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Leave the program."""
        if form.get("action") != "withdraw":
            return Rejected({"sure": visit.words("problems.choice")})
        if visit.participant.withdrew_at is None and form.get("sure") != "yes":
            return Rejected({"sure": visit.words("overview.withdraw.not_sure")})
        answers.withdraw(visit.session, visit.program.id, visit.person.id)
        return Accepted("withdraw")


def _waits_for(visit: Visit) -> str:
    """What somebody waits for who joined and is in no pair: names the words for it."""
    session, program = visit.session, visit.program.id
    me = programs.participant(session, program, visit.person.id)
    if me is not None and selections.who_know_that_they_are_out(session, program, [me]):
        return "left_out"
    if not answers.enrolment_is_over(session, program) and manager_is_asked(visit):
        return "waiting" if visit.participant.approved else "waiting_for_manager"
    return "waiting"


def _own_pages(visit: Visit, left: bool) -> list[Step]:
    """The pages that are about the person rather than a pair."""
    purposes = [Purpose.DATA]
    if not left:
        purposes = [Purpose.AWAY, Purpose.DATA, Purpose.HELP, Purpose.SAFETY]
    return [Step(visit.words(f"overview.mine.{one.value}"), visit.url(one)) for one in purposes]


def _card(standing: Standing) -> Card:
    visit = standing.visit
    words, session = visit.words, visit.session
    steps = steps_of(standing)
    certificate = certificate_of(
        session, visit.definition, visit.calendar, standing.pair.id, visit.person.id
    )
    return Card(
        pair=standing.pair.id,
        partner=standing.partner.name,
        partner_first=standing.partner_first,
        role=standing.role,
        state=words(f"overview.state.{standing.stand.value}"),
        is_over=standing.is_over,
        partner_away=_partner_away(standing),
        open=tuple(step for step in steps if not step.again),
        again=tuple(step for step in steps if step.again),
        sessions=tuple(_session_line(visit, row) for row in standing.sessions),
        notes=tuple(_notes(standing)),
        held=words("overview.held", held=standing.held, count=standing.count),
        my_goals=how_goals_moved(visit, standing.looks_at_goals(standing.role)),
        their_goals=_goals(standing.looks_at_goals(standing.role.other)),
        certificate=standing.url(Purpose.CERTIFICATE) if certificate is not None else None,
    )


def _partner_away(standing: Standing) -> str | None:
    until = away_until(standing.visit, standing.partner.id)
    if until is None or standing.is_over:
        return None
    words = standing.visit.words
    return words("overview.partner_away", partner=standing.partner_first, until=until)


def _notes(standing: Standing) -> Iterator[str]:
    for number, note in answers.notes_in(standing.mine):
        yield standing.visit.words("overview.note", number=number, note=note)


def _goals(looks: tuple[Look, ...]) -> tuple[str, ...]:
    return tuple(goal.text for goal in looks[0].goals) if looks else ()


def _session_line(visit: Visit, row: SessionRow) -> str:
    words = visit.words
    if row.held_at is not None:
        moment = visit.local(row.booked_for) if row.booked_for else visit.local_of(row.held_at)
        return words("overview.session_held", number=row.number, when=words.day(moment))
    if row.booked_for is not None:
        when = words.moment(visit.local(row.booked_for))
        return words("overview.session_booked", number=row.number, when=when)
    return words("overview.session_open", number=row.number)
