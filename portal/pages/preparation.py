"""Getting ready: the agreement and the goals. The training has pages of its own."""

from __future__ import annotations

from markupsafe import Markup

from domain.surveys import ItemKind, read_answers
from portal.pages.base import (
    Accepted,
    Form,
    Rejected,
    View,
    labels_of,
    problem_with,
    thanks,
    too_long,
)
from portal.visits import Visit, first_name
from store import answers
from store.answers import AnswerKind
from store.content import Agreement
from store.tables import AnswerRow

MOST_GOALS = 3
"""How many goals a mentee may write down: a few hours are enough for no more."""


def _mine(visit: Visit, kind: AnswerKind) -> AnswerRow | None:
    return answers.find(
        visit.session, visit.program.id, visit.in_pair.id, visit.person.id, kind.value
    )


class AgreementPage:
    """The agreement, the pair's choices in it, and a box to sign."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The text and the choices; the partner's are suggested to who signs second."""
        agreement = visit.content.agreement()
        mine, theirs = _mine(visit, AnswerKind.AGREEMENT), self._of_partner(visit)
        if mine is None:
            visit.must_be_open()
        start = mine or theirs
        items = agreement.choices.items_for(visit.role)
        chosen = start.content["choices"] if start is not None else {}
        return View(
            "agreement.html",
            agreement.title,
            {
                "body": Markup(agreement.html),  # noqa: S704 - our own content file
                "choices": agreement.choices,
                "items": items,
                "labels": labels_of(items, visit.role),
                "role": visit.role,
                "typed": typed if typed is not None else {k: str(v) for k, v in chosen.items()},
                "partner_first": first_name(visit.with_partner),
                "partner_signed": theirs is not None,
                "signed": mine is not None,
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Whether the partner has signed, and where their choices differ."""
        mine, theirs = _mine(visit, AnswerKind.AGREEMENT), self._of_partner(visit)
        if mine is None:
            return None
        name = first_name(visit.with_partner)
        if theirs is None:
            return thanks(visit, "agreement.first", partner=name)
        differ = _differences(visit.content.agreement(), mine, theirs)
        view = thanks(visit, "agreement.both", partner=name)
        if not differ:
            return view
        more = visit.words("agreement.differ", partner=name)
        return View(view.template, view.title, {**view.values, "more": more, "details": differ})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the signature."""
        visit.must_be_open()
        agreement = visit.content.agreement()
        choices, wrong = read_answers(agreement.choices, visit.role, form)
        problems = {
            item.id: problem_with(visit.words, item, form.get(item.id, ""))
            for item in agreement.choices.items_for(visit.role)
            if item.id in wrong
        }
        if form.get("signs") != "yes":
            problems["signs"] = visit.words("agreement.not_signed")
        if problems:
            return Rejected(problems)
        answers.sign_agreement(visit.session, visit.link, agreement.version, choices)
        return Accepted()

    @staticmethod
    def _of_partner(visit: Visit) -> AnswerRow | None:
        return answers.find(
            visit.session,
            visit.program.id,
            visit.in_pair.id,
            visit.with_partner.id,
            AnswerKind.AGREEMENT.value,
        )


def _differences(agreement: Agreement, one: AnswerRow, other: AnswerRow) -> list[str]:
    """The questions on which two signatures chose differently."""
    mine, theirs = one.content["choices"], other.content["choices"]
    return [
        item.text
        for item in agreement.choices.items
        if item.kind is not ItemKind.TEXT and mine.get(item.id) != theirs.get(item.id)
    ]


class GoalsPage:
    """One to three goals, in the mentee's own words."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """Three fields, the first of which is needed."""
        mine = _mine(visit, AnswerKind.GOALS)
        if mine is None:
            visit.must_be_open()
        written = mine.content["goals"] if mine is not None else []
        return View(
            "goals.html",
            visit.words("goals.title"),
            {
                "fields": [f"goal_{number}" for number in range(1, MOST_GOALS + 1)],
                "typed": typed
                if typed is not None
                else {f"goal_{n}": goal for n, goal in enumerate(written, 1)},
                "partner_first": first_name(visit.with_partner),
                "written": mine is not None,
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """The goals, shown back."""
        mine = _mine(visit, AnswerKind.GOALS)
        if mine is None:
            return None
        view = thanks(visit, "goals", partner=first_name(visit.with_partner))
        return View(view.template, view.title, {**view.values, "details": mine.content["goals"]})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the goals."""
        visit.must_be_open()
        typed = {f"goal_{n}": form.get(f"goal_{n}", "").strip() for n in range(1, MOST_GOALS + 1)}
        problems = {
            key: problem
            for key, text in typed.items()
            if (problem := too_long(visit.words, text)) is not None
        }
        if not any(typed.values()):
            problems["goal_1"] = visit.words("goals.none")
        if problems:
            return Rejected(problems)
        answers.write_goals(visit.session, visit.link, [text for text in typed.values() if text])
        return Accepted()
