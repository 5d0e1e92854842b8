"""Metrics against targets, and what the surveys say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from domain.definition import Columns, Definition, MetricName
from domain.escalation import LadderAction
from domain.evaluation import (
    MetricResult,
    Response,
    Verdict,
    Why,
    evaluate,
    pair_health,
    recommendation_score,
    summarise_item,
    summarise_surveys,
    turned_round,
)
from domain.journal import EventKind, JournalEvent
from domain.people import Role
from domain.projection import ProgramStatus, project
from domain.surveys import Item, ItemKind, Option, Survey
from tests.domain.examples import examples

START = datetime(2026, 3, 2, 9, tzinfo=UTC)

FINAL = Survey(
    id="final",
    version=1,
    title="Looking back",
    intro="",
    minutes=3,
    items=(
        Item(id="recommendation", kind=ItemKind.SCALE, text="Recommend?", low=0, high=10),
        Item(id="satisfaction", kind=ItemKind.SCALE, text="Satisfied?"),
        Item(id="trust", kind=ItemKind.SCALE, text="Trust?", subscale="relationship"),
        Item(
            id="held_back",
            kind=ItemKind.SCALE,
            text="Held back?",
            subscale="relationship",
            reversed=True,
        ),
        Item(
            id="worth",
            kind=ItemKind.CHOICE,
            text="Worth it?",
            options=(Option(id="more", text="More"), Option(id="less", text="Less")),
        ),
        Item(id="best", kind=ItemKind.TEXT, text="Best?"),
    ),
)
SURVEYS = {"final": FINAL}


def definition(metric: MetricName, target: str, **changes: Any) -> Definition:
    values: dict[str, Any] = {
        "program": {
            "id": "example",
            "title": "Example",
            "organisation": "Example",
            "starts": date(2026, 3, 2),
            "goals": [{"goal": "g", "priority": "p"}],
        },
        "coordinator": {"name": "C", "email": "c@example.org"},
        "sponsor": {"name": "S", "email": "s@example.org"},
        "people": {"columns": Columns(id="id", name="n", email="e")},
        "sessions": {"count": 4, "minimum": 2},
        "success": [{"metric": metric.value, "target": target}],
    }
    return Definition.model_validate({**values, **changes})


class Story:
    """Events, one a day, as they are told."""

    def __init__(self) -> None:
        self.events: list[JournalEvent] = []

    def tell(self, kind: EventKind, pair: str | None = None, **data: int | str) -> Story:
        number = len(self.events)
        at = START + timedelta(days=number)
        self.events.append(
            JournalEvent(id=str(number), kind=kind, at=at, pair=pair, person="x", data=data)
        )
        return self

    def meets(self, pair: str, sessions: int) -> Story:
        self.tell(EventKind.PAIR_INTRODUCED, pair).tell(EventKind.PAIR_PREPARING, pair)
        self.tell(EventKind.PAIR_MEETING, pair)
        for session in range(1, sessions + 1):
            self.tell(EventKind.SESSION_HELD, pair, session=session)
        return self

    def over(self) -> ProgramStatus:
        return project(self.tell(EventKind.PROGRAM_COMPLETED).events)

    def at_stage(self, stage: str) -> ProgramStatus:
        return project(self.tell(EventKind.STAGE_ENTERED, stage=stage).events)


def response(number: int, role: Role | None = Role.MENTOR, **answers: int | str) -> Response:
    return Response(
        survey="final",
        occasion="evaluation",
        version=1,
        role=role,
        person=f"p{number}",
        pair=None,
        answers=answers,
        answered_at=START,
    )


def judged(
    metric: MetricName, target: str, status: ProgramStatus, *responses: Response
) -> MetricResult:
    (result,) = evaluate(definition(metric, target), status, responses, SURVEYS)
    return result


def test_sessions_held_count_every_started_pair_to_the_end() -> None:
    story = Story().meets("a", 4).meets("b", 1).tell(EventKind.PAIR_CLOSED, "b", reason="ladder")
    story.tell(EventKind.PAIR_INTRODUCED, "c").tell(EventKind.PAIR_DECLINED, "c")
    result = judged(MetricName.SESSIONS_HELD, ">= 60%", story.over())
    assert result.value == pytest.approx(5 / 8)
    assert (result.n, result.verdict) == (8, Verdict.MET)


def test_sessions_beyond_the_plan_do_not_make_up_for_others() -> None:
    story = Story().meets("a", 6).meets("b", 2)
    assert judged(MetricName.SESSIONS_HELD, ">= 80%", story.over()).value == pytest.approx(6 / 8)


def test_pairs_completed_are_those_with_enough_sessions_whatever_became_of_them() -> None:
    story = Story().meets("a", 2).tell(EventKind.PAIR_WITHDRAWN, "a").meets("b", 1)
    result = judged(MetricName.PAIRS_COMPLETED, ">= 50%", story.over())
    assert (result.value, result.n, result.verdict) == (0.5, 2, Verdict.MET)


def test_a_stalled_pair_that_only_answers_a_survey_has_not_met_again() -> None:
    story = Story().meets("a", 1).tell(EventKind.PAIR_STALLED, "a", step=1)
    story.tell(EventKind.SURVEY_ANSWERED, "a", survey="pulse", occasion="pulse:session-1")
    story.meets("b", 1).tell(EventKind.PAIR_STALLED, "b", step=1)
    story.tell(EventKind.SESSION_HELD, "b", session=2).meets("c", 4).meets("d", 4)
    status = story.over()
    stalled = judged(MetricName.STALLED_PAIRS, "<= 25%", status)
    recovered = judged(MetricName.RECOVERED_PAIRS, ">= 50%", status)
    assert (stalled.value, stalled.verdict) == (0.5, Verdict.NOT_MET)
    assert (recovered.value, recovered.n, recovered.verdict) == (0.5, 2, Verdict.MET)


@pytest.mark.parametrize("metric", list(MetricName))
def test_an_empty_program_can_tell_nothing(metric: MetricName) -> None:
    result = judged(metric, ">= 0", project([]))
    assert (result.value, result.n, result.verdict) == (None, 0, Verdict.CANT_TELL)
    assert result.why in (Why.NOTHING_TO_MEASURE, Why.TOO_FEW_ANSWERS)


def test_the_response_rate_is_of_final_surveys_only() -> None:
    story = Story().meets("a", 4)
    story.tell(EventKind.CHECK_IN_SENT, "a", survey="pulse", occasion="pulse:session-1", count=2)
    story.tell(EventKind.CHECK_IN_SENT, "a", survey="final", occasion="final:evaluation", count=2)
    story.tell(EventKind.SURVEY_ANSWERED, "a", survey="final", occasion="final:evaluation")
    result = judged(MetricName.RESPONSE_RATE, ">= 60%", story.over())
    assert (result.value, result.n, result.verdict) == (0.5, 2, Verdict.NOT_MET)


def test_the_recommendation_score_is_promoters_less_detractors() -> None:
    assert recommendation_score([10, 9, 8, 7, 6, 0]) == 0
    assert recommendation_score([9, 10]) == 100
    assert recommendation_score([0, 6]) == -100


def test_too_few_answers_give_no_figure_and_no_verdict() -> None:
    story = Story().meets("a", 4)
    few = [response(n, recommendation=10, satisfaction=5) for n in range(4)]
    status = story.over()
    for metric in (MetricName.RECOMMENDATION, MetricName.SATISFACTION):
        result = judged(metric, ">= 1", status, *few)
        assert (result.value, result.n) == (None, 0)
        assert (result.verdict, result.why) == (Verdict.CANT_TELL, Why.TOO_FEW_ANSWERS)
    enough = judged(MetricName.SATISFACTION, ">= 4.2", status, *few, response(9, satisfaction=2))
    assert (enough.value, enough.n, enough.verdict) == (4.4, 5, Verdict.MET)


def test_a_question_that_no_survey_asks_can_not_be_told() -> None:
    wanted = definition(MetricName.SATISFACTION, ">= 4")
    (result,) = evaluate(wanted, Story().over(), [], {})
    assert result.why is Why.NOT_ASKED


def test_a_share_that_is_exactly_the_target_meets_it() -> None:
    story = Story()
    for pair in "abcdefg":
        story.meets(pair, 2 if pair < "e" else 0)
    assert judged(MetricName.PAIRS_COMPLETED, ">= 57.142857%", story.over()).verdict is Verdict.MET


def test_in_the_middle_only_what_can_not_change_is_judged() -> None:
    story = Story().meets("a", 4).meets("b", 0)
    status = story.at_stage("meetings")
    met = judged(MetricName.SESSIONS_HELD, ">= 50%", status)
    assert met.verdict is Verdict.MET
    early = judged(MetricName.SESSIONS_HELD, ">= 80%", status)
    assert (early.value, early.verdict, early.why) == (0.5, Verdict.CANT_TELL, Why.TOO_EARLY)
    stalls = judged(MetricName.STALLED_PAIRS, "<= 25%", status)
    assert stalls.why is Why.TOO_EARLY
    story.tell(EventKind.PAIR_STALLED, "b", step=1)
    broken = judged(MetricName.STALLED_PAIRS, "<= 25%", project(story.events))
    assert broken.verdict is Verdict.NOT_MET


def test_meetings_are_judged_at_the_evaluation_and_answers_at_the_end() -> None:
    story = Story().meets("a", 4).tell(EventKind.PAIR_EVALUATING, "a")
    answers = [response(n, satisfaction=5) for n in range(5)]
    status = story.at_stage("evaluation")
    assert judged(MetricName.SESSIONS_HELD, ">= 80%", status).verdict is Verdict.MET
    assert judged(MetricName.SATISFACTION, ">= 4", status, *answers).why is Why.TOO_EARLY
    ended = project(story.tell(EventKind.PAIR_COMPLETED, "a").events)
    assert judged(MetricName.SATISFACTION, ">= 4", ended, *answers).verdict is Verdict.MET


def test_a_role_that_is_too_small_hides_the_other() -> None:
    item = FINAL.items[1]
    mentors = [response(n, Role.MENTOR, satisfaction=5) for n in range(4)]
    mentees = [response(10 + n, Role.MENTEE, satisfaction=3) for n in range(8)]
    summary = summarise_item(item, [*mentors, *mentees], 5)
    assert summary.everyone is not None
    assert (summary.everyone.n, summary.by_role) == (12, {})
    more = summarise_item(item, [*mentors, response(9, satisfaction=5), *mentees], 5)
    assert {role: s.mean for role, s in more.by_role.items()} == {Role.MENTOR: 5, Role.MENTEE: 3}


def test_the_distribution_names_every_possible_answer() -> None:
    responses = [response(n, satisfaction=4 + n % 2, worth="more") for n in range(6)]
    scale = summarise_item(FINAL.items[1], responses, 5).everyone
    choice = summarise_item(FINAL.items[4], responses, 5).everyone
    assert scale is not None
    assert choice is not None
    assert [(a.answer, a.count) for a in scale.distribution] == [
        (1, 0),
        (2, 0),
        (3, 0),
        (4, 3),
        (5, 3),
    ]
    assert [(a.answer, a.count) for a in choice.distribution] == [("more", 6), ("less", 0)]
    assert choice.mean is None


def test_answers_that_do_not_fit_the_question_are_left_out() -> None:
    odd = [response(9, satisfaction=9), response(10, satisfaction="5"), response(11)]
    fine = [response(n, satisfaction=2) for n in range(5)]
    summary = summarise_item(FINAL.items[1], [*odd, *fine], 5).everyone
    assert summary is not None
    assert (summary.n, summary.mean) == (5, 2)


def test_a_reversed_item_is_turned_round_in_its_subscale_only() -> None:
    responses = [response(n, trust=5, held_back=2) for n in range(6)]
    status = project([])
    (summary,) = summarise_surveys(status, responses, SURVEYS, 5)
    held_back = next(i for i in summary.items if i.item.id == "held_back")
    assert held_back.everyone is not None
    assert held_back.everyone.mean == 2
    assert turned_round(held_back.item, 2) == 4
    (scale,) = summary.subscales
    assert (scale.subscale, scale.everyone) == ("relationship", 4.5)


def test_a_subscale_with_an_item_that_may_not_be_shown_is_not_shown() -> None:
    responses = [response(n, trust=5) for n in range(6)]
    responses += [response(n, held_back=2) for n in range(4)]
    (summary,) = summarise_surveys(project([]), responses, SURVEYS, 5)
    assert summary.subscales == ()


def test_words_never_reach_a_summary() -> None:
    responses = [response(n, satisfaction=4, best="a secret") for n in range(6)]
    (summary,) = summarise_surveys(project([]), responses, SURVEYS, 5)
    assert "secret" not in summary.model_dump_json()


@seed(11)
@examples(200)
@given(
    st.lists(
        st.tuples(st.sampled_from([Role.MENTOR, Role.MENTEE, None]), st.integers(1, 5)), max_size=20
    ),
    st.integers(3, 7),
)
def test_no_summary_is_about_fewer_people_than_the_threshold(
    given_answers: list[tuple[Role | None, int]], threshold: int
) -> None:
    responses = [response(n, r, satisfaction=v) for n, (r, v) in enumerate(given_answers)]
    summary = summarise_item(FINAL.items[1], responses, threshold)
    for shown in (summary.everyone, *summary.by_role.values()):
        assert shown is None or shown.n >= threshold
    if summary.everyone is not None:
        rest = summary.everyone.n - sum(s.n for s in summary.by_role.values())
        assert rest == 0 or rest >= threshold


def test_the_step_that_brought_a_pair_back_gets_the_credit() -> None:
    story = Story().meets("a", 1).tell(EventKind.PAIR_STALLED, "a", step=1)
    story.tell(EventKind.LADDER_CLIMBED, "a", step=1, action="nudge_scheduler")
    story.tell(EventKind.LADDER_CLIMBED, "a", step=2, action="nudge_both")
    story.tell(EventKind.SESSION_BOOKED, "a", session=2)
    health = pair_health(definition(MetricName.STALLED_PAIRS, "<= 5%"), story.over())
    steps = {step.action: (step.taken, step.came_back) for step in health.steps}
    assert steps[LadderAction.NUDGE_SCHEDULER] == (1, 0)
    assert steps[LadderAction.NUDGE_BOTH] == (1, 1)
    assert steps[LadderAction.TELL_SPONSOR] == (0, 0)
    assert (health.started, health.stalled, health.met_again, health.stalled_now) == (1, 1, 0, 0)
