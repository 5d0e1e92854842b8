"""The plan of a program, and of pairs that begin late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.people import Role
from domain.plan import GOALS, PairPlan, PlannedCheckIn, ProgramPlan, RepairPlan, plan_of
from domain.sections import CheckInPoint, GoalsSection
from tests.domain.definitions import definition_with

PAIR = PairPlan(
    day_seconds=86_400,
    introduction=7,
    preparation=14,
    meetings=126,
    evaluation=14,
    sessions=6,
    every=21,
    minutes=60,
    needed=4,
    scheduler=Role.MENTOR,
    check_ins=(
        PlannedCheckIn(survey="pulse", point=CheckInPoint.AFTER_SESSION, session=2),
        PlannedCheckIn(survey="pulse", point=CheckInPoint.AFTER_SESSION, session=4),
        PlannedCheckIn(survey="final", point=CheckInPoint.EVALUATION),
    ),
    ladders=(),
)


def plan(least_sessions: int = 2, day_seconds: float = 86_400) -> ProgramPlan:
    return ProgramPlan(
        epoch=datetime(2027, 1, 11, tzinfo=UTC),
        enrolment=14,
        approval=7,
        pair=PAIR.model_copy(update={"day_seconds": day_seconds}),
        repair=RepairPlan(approve=True, changes=0, gather=2, least_sessions=least_sessions),
    )


def late(days: float, **about: float) -> PairPlan | None:
    chosen = plan(**about)  # type: ignore[arg-type]
    return chosen.plan_of_late_pairs(chosen.days(days))


def test_a_late_pair_ends_when_the_first_ones_do() -> None:
    found = late(40)
    assert found is not None
    assert found.meetings == 86


@pytest.mark.parametrize(("days", "sessions", "needed"), [(0, 6, 4), (40, 5, 4), (84, 3, 2)])
def test_it_has_the_sessions_there_is_time_for_and_needs_the_same_share(
    days: float, sessions: int, needed: int
) -> None:
    found = late(days)
    assert found is not None
    assert (found.sessions, found.needed) == (sessions, needed)
    assert (found.sessions - 1) * found.every <= found.meetings


def test_check_ins_after_sessions_that_it_does_not_have_are_left_out() -> None:
    found = late(84)
    assert found is not None
    assert [check_in.occasion for check_in in found.check_ins] == [
        "pulse:session-2",
        "final:evaluation",
    ]


def test_it_is_too_late_once_there_is_no_time_for_the_least_sessions() -> None:
    assert late(105) is not None
    assert late(106) is None
    assert late(106, least_sessions=1) is not None
    assert late(126, least_sessions=1) is None


def test_more_sessions_than_a_pair_has_are_not_asked_of_a_late_one() -> None:
    assert late(22, least_sessions=60) is None
    assert late(0, least_sessions=60) is not None


def test_short_days_count_as_days() -> None:
    found = late(40, day_seconds=0.4)
    assert found is not None
    assert found.meetings == 86


@pytest.mark.parametrize(
    ("mode", "learners"), [("one_way", (Role.MENTEE,)), ("mutual", (Role.MENTOR, Role.MENTEE))]
)
def test_who_learns_looks_at_their_goals_again_in_the_middle_and_at_the_end(
    mode: str, learners: tuple[Role, ...]
) -> None:
    found = plan_of(definition_with(mode=mode), datetime(2027, 1, 11, tzinfo=UTC)).pair
    reviews = [check_in for check_in in found.check_ins if check_in.survey == GOALS]
    assert [check_in.occasion for check_in in reviews] == ["goals:share-50", "goals:evaluation"]
    assert {check_in.roles for check_in in reviews} == {learners}
    others = [check_in for check_in in found.check_ins if check_in.survey != GOALS]
    assert {check_in.roles for check_in in others} == {(Role.MENTOR, Role.MENTEE)}


def test_a_definition_says_when_goals_are_looked_at_again() -> None:
    definition = definition_with().model_copy(
        update={"goals": GoalsSection.model_validate({"review": ["after session 3"]})}
    )
    found = plan_of(definition, datetime(2027, 1, 11, tzinfo=UTC)).pair
    assert [c.occasion for c in found.check_ins if c.survey == GOALS] == ["goals:session-3"]


def test_a_program_from_before_there_were_repairs_has_none() -> None:
    old = plan().model_copy(update={"repair": None})
    assert old.plan_of_late_pairs(timedelta(0)) is None
