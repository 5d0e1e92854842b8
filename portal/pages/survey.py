"""Any survey, as a page."""

from __future__ import annotations

from collections.abc import Mapping

from domain.check_ins import beyond, look_if_of, thresholds_in, verdict_of
from domain.sections import Threshold
from domain.surveys import Survey, read_answers
from portal.pages.base import Accepted, Form, Rejected, View, labels_of, problem_with, thanks
from portal.visits import Ended, Visit
from store import answers, instruments
from store.answers import AnswerKind
from store.instruments import Asking
from store.links import LinkInvalid
from store.tables import AnswerRow

SHORT = 4
"""A survey of so many items is done in one go: no button to put it aside."""


class SurveyPage:
    """Questions, a button to send them, and, for a long one, a button to finish later."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The questions, filled with what was answered before."""
        occasion = self._occasion(visit)
        if answers.survey_is_closed(visit.session, visit.program.id, visit.link.pair, occasion):
            raise Ended("survey")
        survey, mine = self._asked(visit).instrument.survey, self._mine(visit)
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
        return thanks(visit, key, name=visit.first_name)

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the answers."""
        asked = self._asked(visit)
        survey = asked.instrument.survey
        given, wrong = read_answers(survey, visit.role, form)
        partial = "later" in form and "send" not in form
        problems = {
            item.id: problem_with(visit.words, item, form.get(item.id, ""))
            for item in survey.items_for(visit.role)
            if item.id in wrong and not (partial and not form.get(item.id, "").strip())
        }
        if problems:
            return Rejected(problems)
        link = visit.link
        instruments.ask(visit.session, link.program, link.pair, link.person, asked, visit.now)
        answers.answer_survey(
            visit.session,
            link,
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
        if link.pair is None:
            return {}  # nobody looks after a pair any more
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

    @classmethod
    def _asked(cls, visit: Visit) -> Asking:
        """What the person was asked, whatever content has by now."""
        link = visit.link
        asked = instruments.to_ask(
            visit.session,
            visit.content,
            link.program,
            link.pair,
            link.person,
            cls._occasion(visit),
            link.survey or "",
        )
        if asked is None:
            raise LinkInvalid("the link names no survey that there is")
        return asked

    @classmethod
    def _mine(cls, visit: Visit) -> AnswerRow | None:
        link = visit.link
        return answers.find(
            visit.session, link.program, link.pair, link.person, cls._occasion(visit)
        )

    @staticmethod
    def _occasion(visit: Visit) -> str:
        return visit.link.occasion or visit.link.survey or ""
