"""Any survey, as a page."""

from __future__ import annotations

from collections.abc import Mapping

from domain.check_ins import beyond, look_if_of, thresholds_in, verdict_of
from domain.sections import Threshold
from domain.surveys import Survey, read_answers
from portal.pages.base import Accepted, Form, Rejected, View, labels_of, problem_with, thanks
from portal.visits import Visit
from store import answers
from store.answers import AnswerKind
from store.links import LinkInvalid
from store.tables import AnswerRow

SHORT = 4
"""A survey of so many items is done in one go: no button to put it aside."""


class SurveyPage:
    """Questions, a button to send them, and, for a long one, a button to finish later."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The questions, filled with what was answered before."""
        survey, mine = self._survey(visit), self._mine(visit)
        items = survey.items_for(visit.role)
        before = mine.content if mine is not None and mine.version == survey.version else {}
        return View(
            "survey.html",
            survey.title,
            {
                "survey": survey,
                "items": items,
                "labels": labels_of(items, visit.role),
                "role": visit.role,
                "typed": typed if typed is not None else {k: str(v) for k, v in before.items()},
                "answered": mine is not None and mine.kind == AnswerKind.SURVEY,
                "can_wait": len(items) > SHORT and (mine is None or mine.kind != AnswerKind.SURVEY),
                "threshold": visit.definition.privacy.anonymity_threshold,
                "looks": self._looks(visit, survey),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """Thanks, or: it is kept for later."""
        mine = self._mine(visit)
        if mine is None:
            return None
        key = "survey" if mine.kind == AnswerKind.SURVEY else "survey.later"
        until = visit.words.day(visit.local_of(visit.link.expires))
        return thanks(visit, key, name=visit.first_name, until=until)

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the answers."""
        survey = self._survey(visit)
        given, wrong = read_answers(survey, visit.role, form)
        partial = "later" in form and "send" not in form
        problems = {
            item.id: problem_with(visit.words, item, form.get(item.id, ""))
            for item in survey.items_for(visit.role)
            if item.id in wrong and not (partial and not form.get(item.id, "").strip())
        }
        if problems:
            return Rejected(problems)
        answers.answer_survey(
            visit.session,
            visit.link,
            survey.version,
            given,
            partial=partial,
            verdict=verdict_of(survey, given),
            look=bool(beyond(self._look_if(visit), given)),
        )
        return Accepted()

    @staticmethod
    def _look_if(visit: Visit) -> Mapping[str, Threshold]:
        link = visit.link
        return look_if_of(visit.definition.check_ins, link.survey or "", link.occasion)

    def _looks(self, visit: Visit, survey: Survey) -> list[str]:
        """From which answers on the coordinator is asked to look, as the page says it."""
        words, asked = visit.words, survey.items_for(visit.role)
        return [
            words(
                "survey.look.at_most" if threshold.comparison == "<=" else "survey.look.at_least",
                question=item.text_for(visit.role),
                value=threshold.value,
            )
            for item, threshold in thresholds_in(survey, self._look_if(visit))
            if item in asked
        ]

    @staticmethod
    def _survey(visit: Visit) -> Survey:
        try:
            return visit.content.survey(visit.link.survey or "")
        except KeyError as error:
            raise LinkInvalid("the link names no survey that there is") from error

    @staticmethod
    def _mine(visit: Visit) -> AnswerRow | None:
        link = visit.link
        return answers.find(
            visit.session,
            link.program,
            link.pair,
            link.person,
            link.occasion or link.survey or "",
        )
