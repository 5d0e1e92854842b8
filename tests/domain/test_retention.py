"""Until when personal data is kept, and what comes then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.privacy import LawfulBasis
from domain.retention import NOTICE, Step, Term

ENDS = datetime(2028, 1, 10, 9, tzinfo=UTC)
DAY = timedelta(days=1)
NOTICE_DAYS = NOTICE * DAY


def term(**fields: object) -> Term:
    return Term.model_validate({"ends": ENDS, "day_seconds": DAY.total_seconds(), **fields})


def test_hr_is_told_a_week_before_it_is_deleted_when_the_time_is_over() -> None:
    assert term().next_step(None) == (Step.ANNOUNCE, ENDS - NOTICE_DAYS)
    assert term().next_step(ENDS - NOTICE_DAYS) == (Step.DELETE, ENDS)


def test_who_is_told_late_has_the_whole_week() -> None:
    long_after = ENDS + 300 * DAY
    assert term().next_step(long_after) == (Step.DELETE, long_after + NOTICE_DAYS)


def test_nothing_comes_while_it_is_on_hold_or_once_all_is_gone() -> None:
    for announced in (None, ENDS):
        assert term(held=True).next_step(announced) is None
        assert term(deleted=True).next_step(announced) is None


def test_who_lifts_a_hold_after_the_time_has_it_deleted_at_once() -> None:
    lifted = ENDS + 40 * DAY
    for announced in (None, ENDS - NOTICE_DAYS):
        assert term(lifted_at=lifted).next_step(announced) == (Step.DELETE, lifted)


def test_a_hold_that_is_lifted_before_changes_nothing() -> None:
    lifted = ENDS - 40 * DAY
    assert term(lifted_at=lifted).next_step(None) == (Step.ANNOUNCE, ENDS - NOTICE_DAYS)
    just_before = ENDS - DAY  # the week in which to tell was spent on hold
    told = term(lifted_at=just_before).next_step(just_before)
    assert told == (Step.DELETE, just_before + NOTICE_DAYS)


def test_a_program_of_short_days_is_told_in_its_own_days() -> None:
    short = Term(ends=ENDS, day_seconds=60)
    assert short.next_step(None) == (Step.ANNOUNCE, ENDS - timedelta(minutes=NOTICE))


@pytest.mark.parametrize("basis", LawfulBasis)
def test_one_may_object_where_nobody_has_agreed(basis: LawfulBasis) -> None:
    objects = {LawfulBasis.LEGITIMATE_INTERESTS, LawfulBasis.PUBLIC_TASK}
    assert basis.may_object is (basis in objects)
