"""Success metrics against their targets."""

from __future__ import annotations

from typing import Any

import pytest

from domain.definition import MetricName
from domain.evaluation import evaluate
from domain.journal import EventKind
from domain.metrics import MetricResult, Verdict, Why
from domain.outcomes import Later
from domain.pair_health import PairMembers
from domain.participation import Participant
from domain.people import Role
from domain.projection import ProgramStatus, project
from domain.responses import Instruments, Response
from tests.domain.records import (
    Story,
    before,
    completed,
    definition,
    evaluated,
    final,
    record_of,
    running,
)


def judged(
    metric: MetricName,
    target: str,
    status: ProgramStatus,
    *responses: Response,
    scale: str | None = None,
    role: Role | None = None,
    **more: Any,
) -> MetricResult:
    wanted = {"metric": metric.value, "target": target, "scale": scale, "role": role}
    (result,) = evaluated(definition(wanted), status, *responses, **more).metrics
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
    assert result.interval is not None
    assert result.interval.low < 0.5 < result.interval.high
    assert result.is_of_few


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


def test_a_pair_that_met_again_and_fell_silent_for_good_has_not_recovered() -> None:
    story = Story().meets("a", 1).tell(EventKind.PAIR_STALLED, "a", step=1)
    story.tell(EventKind.SESSION_HELD, "a", session=2).tell(EventKind.PAIR_STALLED, "a", step=1)
    assert judged(MetricName.RECOVERED_PAIRS, ">= 50%", story.over()).value == 0


def test_the_wait_for_a_first_session_is_that_of_the_middle_pair() -> None:
    story = Story().meets("a", 1)  # introduced on day 0, met on day 3
    story.meets("b", 1)
    result = judged(MetricName.DAYS_TO_FIRST_SESSION, "<= 3", story.over())
    assert (result.value, result.n, result.verdict) == (3, 2, Verdict.MET)


def test_where_more_than_half_never_met_there_is_no_wait_to_tell_and_the_target_is_missed() -> None:
    story = Story().meets("a", 1).meets("b", 0).meets("c", 0)
    result = judged(MetricName.DAYS_TO_FIRST_SESSION, "<= 30", story.over())
    assert (result.value, result.n, result.verdict) == (None, 3, Verdict.NOT_MET)


def test_a_pair_in_place_of_one_that_ended_early_is_a_rematch() -> None:
    story = Story().meets("a", 1).tell(EventKind.PAIR_CLOSED, "a", reason="rematch")
    story.meets("b", 4).meets("c", 4)
    members = (
        PairMembers(pair="a", mentor="m1", mentee="e1"),
        PairMembers(pair="b", mentor="m1", mentee="e2"),
        PairMembers(pair="c", mentor="m3", mentee="e3"),
    )
    result = judged(MetricName.REMATCHED_PAIRS, "<= 10%", story.over(), members=members)
    assert result.value == pytest.approx(1 / 3)
    assert result.verdict is Verdict.NOT_MET


def test_interventions_are_times_that_hr_had_to_act_a_pair() -> None:
    story = Story().meets("a", 1).meets("b", 4)
    story.tell(EventKind.TASK_OPENED, "a").tell(EventKind.TASK_OPENED, "a")
    story.tell(EventKind.PAIR_CLOSED, "a", reason="coordinator")
    result = judged(MetricName.INTERVENTIONS, "<= 1", story.over())
    assert (result.value, result.verdict) == (1.5, Verdict.NOT_MET)


@pytest.mark.parametrize("metric", list(MetricName))
def test_an_empty_program_can_tell_nothing(metric: MetricName) -> None:
    scale = "relationship" if metric is MetricName.CHANGE else None
    result = judged(metric, ">= 0", project([]), scale=scale)
    assert (result.value, result.n, result.verdict) == (None, 0, Verdict.CANT_TELL)
    assert result.why is not Why.MEASURED


def test_the_response_rate_is_of_final_surveys_only() -> None:
    story = Story().meets("a", 4)
    story.tell(EventKind.CHECK_IN_SENT, "a", survey="pulse", occasion="pulse:session-1", count=2)
    story.tell(EventKind.CHECK_IN_SENT, "a", survey="final", occasion="final:evaluation", count=2)
    story.tell(EventKind.SURVEY_ANSWERED, "a", survey="final", occasion="final:evaluation")
    result = judged(MetricName.RESPONSE_RATE, ">= 60%", story.over())
    assert (result.value, result.n, result.verdict) == (0.5, 2, Verdict.NOT_MET)


def test_what_is_asked_again_after_the_end_changes_no_metric() -> None:
    story = Story().meets("a", 4)
    for occasion in ("final:evaluation", "final:after-91"):
        story.tell(EventKind.CHECK_IN_SENT, survey="final", occasion=occasion, count=2)
    story.tell(EventKind.SURVEY_ANSWERED, survey="final", occasion="final:evaluation")
    status = story.over()
    assert judged(MetricName.RESPONSE_RATE, ">= 50%", status).n == 2
    answers = [final(n, satisfaction=5) for n in range(5)]
    lower = {"occasion": "after-91", "answers": {"satisfaction": 1}}
    later = [one.model_copy(update=lower) for one in answers]
    result = judged(MetricName.SATISFACTION, ">= 4", status, *answers, *later)
    assert (result.value, result.n) == (5, 5)


def test_too_few_answers_give_no_figure_and_no_verdict() -> None:
    few = [final(n, recommendation=10, satisfaction=5) for n in range(4)]
    for metric in (MetricName.RECOMMENDATION, MetricName.SATISFACTION):
        result = judged(metric, ">= 1", completed(), *few)
        assert (result.value, result.n) == (None, 0)
        assert (result.verdict, result.why) == (Verdict.CANT_TELL, Why.TOO_FEW_ANSWERS)
    enough = judged(MetricName.SATISFACTION, ">= 4.2", completed(), *few, final(9, satisfaction=2))
    assert (enough.value, enough.n, enough.verdict) == (4.4, 5, Verdict.MET)


def test_a_question_that_no_survey_asks_can_not_be_told() -> None:
    wanted = definition({"metric": "satisfaction", "target": ">= 4"})
    (result,) = evaluate(record_of(wanted, completed()), Instruments({})).metrics
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


def test_meetings_are_judged_at_the_evaluation_and_answers_once_it_is_closed() -> None:
    story = Story().meets("a", 4).tell(EventKind.PAIR_EVALUATING, "a")
    answers = [final(n, satisfaction=5) for n in range(5)]
    status = story.at_stage("evaluation")
    assert judged(MetricName.SESSIONS_HELD, ">= 80%", status).verdict is Verdict.MET
    early = judged(MetricName.SATISFACTION, ">= 4", status, *answers)
    assert (early.value, early.why) == (None, Why.TOO_EARLY)
    ended = story.tell(EventKind.PAIR_COMPLETED, "a").over()
    assert judged(MetricName.SATISFACTION, ">= 4", ended, *answers).verdict is Verdict.MET


# --- Change --------------------------------------------------------------------------------------


def changed(count: int, *steps: int) -> list[Response]:
    """People whose confidence rises by these steps in turn."""
    rises = [steps[n % len(steps)] for n in range(count)]
    return [
        response
        for n, rise in enumerate(rises)
        for response in (before(n, confidence=2 + n % 2), final(n, confidence=2 + n % 2 + rise))
    ]


def test_a_change_that_reaches_its_target_and_is_more_than_chance_is_met() -> None:
    result = judged(
        MetricName.CHANGE, ">= 0.5", completed(), *changed(20, 1, 1, 0), scale="confidence"
    )
    assert (result.verdict, result.n) == (Verdict.MET, 20)
    assert result.value == pytest.approx(14 / 20)
    assert result.interval is not None
    assert result.interval.low > 0
    assert result.effect is not None
    assert result.effect > 0.8


def test_a_change_that_chance_could_make_is_no_success() -> None:
    """Half of the people rise by two and the others fall by one: half a point in the mean."""
    result = judged(
        MetricName.CHANGE, ">= 0.5", completed(), *changed(6, 2, -1), scale="confidence"
    )
    assert result.value == pytest.approx(0.5)
    assert (result.verdict, result.why) == (Verdict.CANT_TELL, Why.UNCERTAIN)


def test_no_effect_is_not_met() -> None:
    result = judged(
        MetricName.CHANGE, ">= 0.5", completed(), *changed(60, 1, -1, 0), scale="confidence"
    )
    assert result.value == pytest.approx(0)
    assert result.verdict is Verdict.NOT_MET


def test_a_fall_can_be_wanted() -> None:
    result = judged(
        MetricName.CHANGE, "<= -0.5", completed(), *changed(20, -1, -1, 0), scale="confidence"
    )
    assert result.verdict is Verdict.MET


def test_a_change_among_one_role_is_measured_on_that_role() -> None:
    mentees = [
        r.model_copy(update={"role": Role.MENTEE, "person": f"e{r.person}"})
        for r in changed(10, 0, -1)
    ]
    result = judged(
        MetricName.CHANGE,
        ">= 0.5",
        completed(),
        *changed(10, 1, 1, 0),
        *mentees,
        scale="confidence",
        role=Role.MENTEE,
    )
    assert result.value == pytest.approx(-0.5)
    assert result.n == 10


def test_a_scale_that_is_asked_only_once_has_no_change() -> None:
    result = judged(MetricName.CHANGE, ">= 0.5", completed(), *changed(10, 1), scale="satisfaction")
    assert result.why is Why.NOT_ASKED


def test_a_change_is_not_told_while_people_may_still_answer() -> None:
    result = judged(MetricName.CHANGE, ">= 0.5", running(), *changed(10, 1), scale="confidence")
    assert (result.value, result.why) == (None, Why.TOO_EARLY)


# --- Later ---------------------------------------------------------------------------------------


def outcome(metric: MetricName, later: dict[str, Later], threshold: int = 3) -> MetricResult:
    story = Story().meets("a", 4).meets("b", 4)
    members = (
        PairMembers(pair="a", mentor="p1", mentee="p2"),
        PairMembers(pair="b", mentor="p3", mentee="p4"),
    )
    people = tuple(
        Participant(
            person=f"p{n}",
            department=None,
            level="low",
            location=None,
            eligible=True,
            joined=n < 5,
        )
        for n in range(1, 9)
    )
    defined = definition(
        {"metric": metric.value, "target": ">= 50%"},
        people={"columns": {"id": "i", "name": "n", "email": "e"}, "levels": ["low", "high"]},
        privacy={"anonymity_threshold": threshold},
    )
    (result,) = evaluated(
        defined, story.over(), members=members, participants=people, later=later
    ).metrics
    return result


LATER = {
    "p1": Later(present=True, level="high"),
    "p2": Later(present=True, level="low"),
    "p3": Later(present=False),
    "p4": Later(present=True, level="high"),
    **{f"p{n}": Later(present=True, level="high") for n in range(5, 9)},
}


def test_who_stayed_and_rose_is_read_from_a_later_people_file() -> None:
    assert outcome(MetricName.STAYED, LATER).value == 3 / 4
    promoted = outcome(MetricName.PROMOTED, LATER)
    assert (promoted.value, promoted.n) == (2 / 3, 3)


def test_without_a_later_file_nobody_can_tell_who_stayed() -> None:
    assert outcome(MetricName.STAYED, {}).why is Why.NO_LATER_FILE


def test_the_outcome_of_a_few_is_not_told() -> None:
    assert outcome(MetricName.STAYED, LATER, threshold=5).why is Why.TOO_FEW_ANSWERS
