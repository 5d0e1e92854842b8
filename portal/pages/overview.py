"""Where somebody stands: their pairs, what is open, asking for help, and leaving."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from domain.journal import EventKind
from domain.people import Role
from portal.pages.base import Accepted, Form, Rejected, View, thanks, too_long
from portal.visits import Visit, first_name
from store import answers
from store.answers import PAIR_ENDINGS, AnswerKind
from store.links import Link, Purpose
from store.tables import AnswerRow, JournalRow, PairRow, PersonRow, SessionRow

_STANDS = (
    EventKind.PAIR_INTRODUCED,
    EventKind.PAIR_PREPARING,
    EventKind.PAIR_MEETING,
    EventKind.PAIR_EVALUATING,
)
"""The events that carry a pair forward, in the order in which they come."""


@dataclass(frozen=True)
class Step:
    """Something that is open for this person, and where to do it."""

    text: str
    url: str


@dataclass(frozen=True)
class Card:
    """One pair, as the page shows it."""

    pair: str
    partner: PersonRow
    partner_first: str
    role: Role
    state: str
    is_over: bool
    open: tuple[Step, ...]
    sessions: tuple[str, ...]
    held: str
    goals: tuple[str, ...]
    more: tuple[Step, ...]
    """Pages worth another look: the guide, the agreement."""
    calls: int
    """How often this person has asked for help with this pair."""


class OverviewPage:
    """Everything that somebody may want to know or do, without having to search mails."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The pairs, or what comes before there are any."""
        left = visit.participant.withdrew_at is not None
        over = answers.program_is_over(visit.session, visit.program.id)
        cards = [] if left else [_card(visit, pair) for pair in _pairs(visit)]
        is_open = not (left or over or answers.enrolment_is_over(visit.session, visit.program.id))
        can_join = visit.participant.joined is None and not cards and is_open
        return View(
            "overview.html",
            visit.words("overview.title", name=visit.first_name),
            {
                "cards": cards,
                "surveys": _open_surveys(visit),
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
        if what == "help" and any(_calls(visit, pair) for pair in _pairs(visit)):
            view = thanks(visit, "overview.help", coordinator=visit.definition.coordinator.name)
            return View(view.template, view.title, {**view.values, "back": True})
        return None

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record a call for help, or leave the program."""
        if form.get("action") == "withdraw":
            return self._withdraw(visit, form)
        visit.must_be_open()
        pair = next((p for p in _pairs(visit) if p.id == form.get("pair")), None)
        if form.get("action") != "help" or pair is None:
            return Rejected({"action": visit.words("problems.choice")})
        return self._ask_help(visit, form, pair)

    @staticmethod
    def _withdraw(visit: Visit, form: Form) -> Accepted | Rejected:
        if visit.participant.withdrew_at is None and form.get("sure") != "yes":
            return Rejected({"sure": visit.words("overview.withdraw.not_sure")})
        answers.withdraw(visit.session, visit.program.id, visit.person.id)
        return Accepted("withdraw")

    @staticmethod
    def _ask_help(visit: Visit, form: Form, pair: PairRow) -> Accepted | Rejected:
        field, words = _field_of_words(pair.id), visit.words
        text = form.get(field, "").strip()
        problem = too_long(words, text) if text else words("overview.help.no_words")
        if problem is None and answers.pair_is_over(visit.session, pair.id):
            problem = words("ended.pair.text")
        if problem is not None:
            return Rejected({field: problem})
        calls = _calls(visit, pair)
        number = int(form["number"]) if form.get("number") in _numbers(calls) else calls + 1
        link = Link(
            purpose=Purpose.OVERVIEW,
            program=visit.program.id,
            person=visit.person.id,
            pair=pair.id,
            expires=visit.link.expires,
        )
        answers.ask_help(visit.session, link, text, number)
        return Accepted("help")


def _numbers(calls: int) -> set[str]:
    """The numbers that a page, fresh or a little old, may send with a call for help."""
    return {str(number) for number in range(1, calls + 2)}


def _field_of_words(pair: str) -> str:
    return f"words-{pair}"


def _pairs(visit: Visit) -> list[PairRow]:
    """The person's pairs, those that go on before those that have ended."""
    pairs = answers.pairs_of(visit.session, visit.program.id, visit.person.id)
    known = [pair for pair in pairs if _stands(visit, pair) is not None]
    return sorted(known, key=lambda pair: answers.pair_is_over(visit.session, pair.id))


def _stands(visit: Visit, pair: PairRow) -> str | None:
    """How far a pair has come; None while the two don't know of each other yet."""
    kinds = {
        EventKind(kind)
        for kind in visit.session.scalars(
            select(JournalRow.kind).where(JournalRow.pair_id == pair.id).distinct()
        )
    }
    for ending in PAIR_ENDINGS:
        if ending in kinds:
            return "over" if EventKind.PAIR_INTRODUCED in kinds else None
    reached = [kind for kind in _STANDS if kind in kinds]
    return reached[-1].value.removeprefix("pair_") if reached else None


def _calls(visit: Visit, pair: PairRow) -> int:
    return (
        visit.session.scalar(
            select(func.count()).where(
                AnswerRow.pair_id == pair.id,
                AnswerRow.person_id == visit.person.id,
                AnswerRow.kind == AnswerKind.HELP.value,
            )
        )
        or 0
    )


def _card(visit: Visit, pair: PairRow) -> Card:
    session, words = visit.session, visit.words
    role = Role.MENTOR if pair.mentor_id == visit.person.id else Role.MENTEE
    partner = session.get_one(PersonRow, pair.mentee_id if role is Role.MENTOR else pair.mentor_id)
    name = first_name(partner)
    stands = _stands(visit, pair) or "introduced"
    mine = {
        answer.kind
        for answer in session.scalars(
            select(AnswerRow).where(
                AnswerRow.pair_id == pair.id, AnswerRow.person_id == visit.person.id
            )
        )
    }
    written = answers.find(
        session, visit.program.id, pair.id, pair.mentee_id, AnswerKind.GOALS.value
    )
    rows = session.scalars(
        select(SessionRow).where(SessionRow.pair_id == pair.id).order_by(SessionRow.number)
    ).all()
    count = pair.sessions or visit.definition.sessions.count
    held = sum(row.held_at is not None for row in rows)

    def step(purpose: Purpose, key: str, **about: object) -> Step:
        number = about.get("session", "")
        return Step(
            words(f"steps.{key}", partner=name, number=number),
            visit.url(purpose, pair=pair.id, role=role, **about),
        )

    to_do: list[Step] = []
    more: list[Step] = []
    if stands == "introduced" and AnswerKind.INTRODUCTION not in mine:
        to_do.append(step(Purpose.INTRODUCTION, "introduction"))
    if stands in ("preparing", "meeting"):
        wanted = [(Purpose.GUIDE, AnswerKind.GUIDE), (Purpose.AGREEMENT, AnswerKind.AGREEMENT)]
        if role is Role.MENTEE:
            wanted.append((Purpose.GOALS, AnswerKind.GOALS))
        for purpose, kind in wanted:
            (more if kind in mine else to_do).append(step(purpose, purpose.value))
    if stands == "meeting" and held < count:
        following = next(
            (r for r in rows if r.held_at is None),
            SessionRow(number=len(rows) + 1, booked_for=None),
        )
        if following.booked_for is None:
            to_do.append(step(Purpose.BOOK, "book", session=following.number))
        else:
            to_do.append(step(Purpose.SESSION, "session", session=following.number))
            more.append(step(Purpose.BOOK, "rebook", session=following.number))
    return Card(
        pair=pair.id,
        partner=partner,
        partner_first=name,
        role=role,
        state=words(f"overview.state.{stands}"),
        is_over=stands == "over",
        open=tuple(to_do),
        sessions=tuple(_session_line(visit, row) for row in rows),
        held=words("overview.held", held=held, count=count),
        goals=tuple(written.content["goals"]) if written is not None else (),
        more=tuple(more),
        calls=_calls(visit, pair),
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


def _open_surveys(visit: Visit) -> list[Step]:
    """The surveys that were sent to this person's pairs and are not answered yet."""
    session = visit.session
    if visit.participant.withdrew_at is not None:
        return []
    found: list[Step] = []
    for pair in _pairs(visit):
        sent = session.scalars(
            select(JournalRow)
            .where(JournalRow.pair_id == pair.id, JournalRow.kind == EventKind.CHECK_IN_SENT.value)
            .order_by(JournalRow.position)
        )
        for event in sent:
            survey = str(event.data.get("survey", ""))
            occasion = str(event.data.get("occasion", survey))
            if survey not in visit.content.survey_ids:
                continue
            mine = answers.find(session, visit.program.id, pair.id, visit.person.id, occasion)
            if mine is None or mine.kind == AnswerKind.DRAFT:
                role = Role.MENTOR if pair.mentor_id == visit.person.id else Role.MENTEE
                url = visit.url(
                    Purpose.SURVEY, pair=pair.id, role=role, survey=survey, occasion=occasion
                )
                found.append(Step(visit.content.survey(survey).title, url))
    return found
