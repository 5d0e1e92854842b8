"""Asking for help, and saying that one does not feel safe: two pages, for two different readers."""

from __future__ import annotations

from dataclasses import dataclass

from portal.pages.base import Accepted, Form, Rejected, View, thanks, too_long
from portal.pages.standing import Standing, standings
from portal.visits import Visit, first_name
from store import answers
from store.answers import AnswerKind
from store.links import Link, Purpose
from store.tables import PairRow, PersonRow


@dataclass(frozen=True)
class About:
    """A pair that a call can be about."""

    pair: str
    partner: str


class HelpPage:
    """A few words to the coordinator. The partner is not told."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """One field; for who is in no pair, the coordinator's address."""
        about = _about(visit)
        return View(
            "help.html",
            visit.words("help.title"),
            {
                "about": about,
                "number": _calls(visit, AnswerKind.HELP) + 1,
                "elsewhere": _other_pair_url(visit, Purpose.HELP),
                "typed": typed or {},
                "labels": {"words": visit.words("help.words"), "pair": visit.words("help.pair")},
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Who reads it."""
        if not _calls(visit, AnswerKind.HELP):
            return None
        return thanks(visit, "help", coordinator=visit.definition.coordinator.name)

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the call."""
        words, text = visit.words, form.get("words", "").strip()
        problems: dict[str, str] = {}
        pair = _meant(visit, form)
        if pair is None:
            problems["pair"] = words(_why_no_pair(visit))
        if problem := too_long(words, text) if text else words("help.no_words"):
            problems["words"] = problem
        if pair is None or problems:
            return Rejected(problems)
        number = _number(visit, form, AnswerKind.HELP)
        answers.ask_help(visit.session, _link(visit, pair), text, number)
        return Accepted()


class SafetyPage:
    """One button that reaches the named contact and nobody else. Words, only if one likes."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """Who reads it, what happens at once, and where else there is help."""
        contact = visit.definition.safety_contact
        is_coordinator = contact.email == visit.definition.coordinator.email
        return View(
            "safety.html",
            visit.words("safety.title"),
            {
                "about": _about(visit),
                "contact": contact,
                "others": visit.words(
                    "safety.others_are_coordinator" if is_coordinator else "safety.others",
                    contact=contact.name,
                    coordinator=visit.definition.coordinator.name,
                ),
                "number": _calls(visit, AnswerKind.SAFETY) + 1,
                "elsewhere": _other_pair_url(visit, Purpose.SAFETY),
                "typed": typed or {},
                "labels": {
                    "words": visit.words("safety.words"),
                    "pair": visit.words("safety.pair"),
                },
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """What happened at once, and what comes next."""
        if not _calls(visit, AnswerKind.SAFETY):
            return None
        view = thanks(visit, "safety", contact=visit.definition.safety_contact.name)
        more = visit.words("safety.urgent")
        return View(view.template, view.title, {**view.values, "more": more})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record it."""
        text = form.get("words", "").strip()
        problems: dict[str, str] = {}
        pair = _meant(visit, form)
        if pair is None:
            problems["pair"] = visit.words(_why_no_pair(visit))
        if problem := too_long(visit.words, text):
            problems["words"] = problem
        if pair is None or problems:
            return Rejected(problems)
        number = _number(visit, form, AnswerKind.SAFETY)
        answers.raise_safety(visit.session, _link(visit, pair), text, number)
        return Accepted()


def _about(visit: Visit) -> list[About]:
    """The pairs that the person may call about: that of the link, or all that go on."""
    return [
        About(pair.id, first_name(visit.named(visit.session.get_one(PersonRow, partner))))
        for pair in _pairs(visit)
        for partner in [_partner_of(visit, pair)]
    ]


def _pairs(visit: Visit) -> list[PairRow]:
    going_on = _going_on(visit)
    if visit.pair is None:
        return [standing.pair for standing in going_on]
    return [] if _is_closed(visit, visit.pair) else [visit.pair]


def _going_on(visit: Visit) -> list[Standing]:
    return [one for one in standings(visit) if not _is_closed(visit, one.pair)]


def _is_closed(visit: Visit, pair: PairRow) -> bool:
    """Whether nobody is left who could be told through a pair: the address is shown then."""
    return (
        visit.participant.withdrew_at is not None
        or answers.program_is_over(visit.session, visit.program.id)
        or answers.pair_is_over(visit.session, pair.id)
    )


def _partner_of(visit: Visit, pair: PairRow) -> str:
    return pair.mentee_id if pair.mentor_id == visit.person.id else pair.mentor_id


def _meant(visit: Visit, form: Form) -> PairRow | None:
    """The pair that was chosen."""
    return next((pair for pair in _pairs(visit) if pair.id == form.get("pair")), None)


def _why_no_pair(visit: Visit) -> str:
    """What to say to who chose none: it may have ended while they wrote."""
    return "problems.choice" if _pairs(visit) else "help.too_late"


def _other_pair_url(visit: Visit, purpose: Purpose) -> str | None:
    """The same page about any of the person's pairs, if there is another."""
    if visit.pair is None or not any(s.pair.id != visit.pair.id for s in _going_on(visit)):
        return None
    return visit.url(purpose, pair=None, role=None)


def _calls(visit: Visit, kind: AnswerKind) -> int:
    """How often the person has called in this program."""
    return answers.count_of(visit.session, visit.program.id, visit.person.id, kind)


def _number(visit: Visit, form: Form, kind: AnswerKind) -> int:
    """The call's number: that of the page, fresh or a little old, so that sent twice is once."""
    calls = _calls(visit, kind)
    known = {str(number): number for number in range(1, calls + 2)}
    return known.get(form.get("number", ""), calls + 1)


def _link(visit: Visit, pair: PairRow) -> Link:
    return visit.link.model_copy(update={"pair": pair.id, "role": None})
