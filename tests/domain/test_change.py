"""Change on the same people, before and after."""

from __future__ import annotations

import pytest

from domain.change import ScaleChange
from domain.evaluation import evaluate
from domain.journal import EventKind
from domain.people import Role
from domain.projection import ProgramStatus, project
from domain.responses import Instruments, Response
from domain.surveys import Item, ItemKind, Survey
from tests.domain.records import (
    SURVEYS,
    Story,
    answered,
    before,
    completed,
    definition,
    evaluated,
    final,
    record_of,
)


def changes(
    *responses: Response, status: ProgramStatus | None = None
) -> dict[tuple[str, Role | None, int | None], ScaleChange]:
    found = evaluated(definition(), status or completed(), *responses).changes
    return {(one.scale, one.role, one.days): one for one in found}


def test_only_those_who_answered_both_times_are_compared() -> None:
    both = [r for n in range(6) for r in (before(n, confidence=2), final(n, confidence=3))]
    once = [before(n, confidence=5) for n in range(10, 16)]
    found = changes(*both, *once)["confidence", None, None].change
    assert found is not None
    assert (found.n, found.before, found.after, found.difference) == (6, 2, 3, 1)


def test_somebody_in_two_pairs_counts_once_with_their_mean() -> None:
    both = [r for n in range(5) for r in (before(n, confidence=2), final(n, confidence=3))]
    twice = [
        answered("baseline", "preparation", 9, Role.MENTOR, {"confidence": 1}, pair="a"),
        answered("baseline", "preparation", 9, Role.MENTOR, {"confidence": 2}, pair="b"),
        answered("final", "evaluation", 9, Role.MENTOR, {"confidence": 5}, pair="a"),
    ]
    found = changes(*both, *twice)["confidence", None, None].change
    assert found is not None
    assert found.n == 6
    assert found.before == pytest.approx((5 * 2 + 1.5) / 6)
    assert found.after == pytest.approx((5 * 3 + 5) / 6)


def test_a_subscale_is_compared_with_its_reversed_items_turned_round() -> None:
    both = [
        r
        for n in range(5)
        for r in (before(n, trust=3, held_back=3), final(n, trust=4, held_back=1))
    ]
    found = changes(*both)["relationship", None, None].change
    assert found is not None
    assert (found.before, found.after) == (3, 4.5)


def test_a_score_needs_every_item_of_its_scale() -> None:
    whole = [r for n in range(5) for r in (before(n, trust=3, held_back=3), final(n, trust=4))]
    assert changes(*whole)["relationship", None, None].change is None


def test_a_change_is_not_told_where_a_few_could_be_worked_out_from_it() -> None:
    """Three more answered at the end: the mean of all and that of the six would give theirs."""
    both = [r for n in range(6) for r in (before(n, confidence=2), final(n, confidence=3))]
    more = [final(n, confidence=1) for n in range(10, 13)]
    result = evaluated(definition(), completed(), *both, *more)
    (confidence,) = (c for c in result.changes if c.scale == "confidence" and c.role is None)
    assert confidence.change is not None
    (survey,) = (s for s in result.surveys if s.survey == "final")
    (shown,) = (i for i in survey.items if i.item.id == "confidence")
    assert shown.everyone is not None
    assert (shown.set_aside, shown.everyone.n) == (3, 6)


def test_the_roles_are_compared_each_for_itself() -> None:
    both = [
        r
        for n in range(12)
        for role in [Role.MENTOR if n < 6 else Role.MENTEE]
        for r in (before(n, role, confidence=2), final(n, role, confidence=3 + (n >= 6)))
    ]
    found = changes(*both)
    mentors, mentees = (found["confidence", role, None].change for role in Role)
    assert mentors is not None
    assert mentees is not None
    assert (mentors.difference, mentees.difference) == (1, 2)


def test_a_role_of_few_is_not_compared() -> None:
    both = [
        r
        for n in range(9)
        for role in [Role.MENTOR if n < 6 else Role.MENTEE]
        for r in (before(n, role, confidence=2), final(n, role, confidence=3))
    ]
    found = changes(*both)
    assert found["confidence", None, None].change is not None
    assert all(found["confidence", role, None].change is None for role in Role)


def test_a_scale_whose_items_changed_is_not_compared() -> None:
    after = SURVEYS["final"].model_copy(
        update={
            "items": (
                Item(id="trust", kind=ItemKind.SCALE, text="trust?", subscale="relationship"),
                Item(id="confidence", kind=ItemKind.SCALE, text="confidence?", low=0, high=10),
            )
        }
    )
    both = [r for n in range(6) for r in (before(n, confidence=2), final(n, confidence=3))]
    surveys: dict[str, Survey] = {**SURVEYS, "final": after}
    found = evaluate(record_of(definition(), completed(), *both), Instruments(surveys))
    assert found.changes == ()


# --- Follow-ups ----------------------------------------------------------------------------------


FOLLOW_UP = Survey(
    id="follow_up",
    version=1,
    title="Later",
    intro="",
    minutes=1,
    items=SURVEYS["baseline"].items,
)


def followed_up(
    *, closed: bool, before_it: int = 6, later: int = 6
) -> dict[int | None, ScaleChange]:
    """So many people answer before and at the end, and the first of them after three months."""
    defined = definition(follow_ups=[{"survey": "follow_up", "after": 91}])
    story = Story().tell(EventKind.PROGRAM_COMPLETED)
    if closed:
        story.tell(EventKind.FOLLOW_UP_CLOSED, survey="follow_up", occasion="follow_up:after-91")
    answers = [
        r for n in range(before_it) for r in (before(n, confidence=2), final(n, confidence=4))
    ]
    answers += [
        answered("follow_up", "after-91", n, Role.MENTOR, {"confidence": 3}) for n in range(later)
    ]
    found = evaluate(
        record_of(defined, project(story.events), *answers),
        Instruments({**SURVEYS, "follow_up": FOLLOW_UP}),
    ).changes
    return {c.days: c for c in found if c.scale == "confidence" and c.role is None}


def test_a_follow_up_is_compared_with_before_once_it_is_closed() -> None:
    open_still = followed_up(closed=False)
    assert open_still[None].change is not None
    assert open_still[91].change is None
    later = followed_up(closed=True)[91].change
    assert later is not None
    assert (later.before, later.after) == (2, 3)


def test_what_a_first_report_told_a_later_one_tells_too() -> None:
    assert followed_up(closed=False)[None] == followed_up(closed=True)[None]


def test_where_a_few_do_not_answer_again_some_are_set_aside_until_they_are_enough() -> None:
    """Thirteen of fifteen answer after three months: the mean of all would tell of the two."""
    found = followed_up(closed=True, before_it=15, later=13)[91]
    assert found.change is not None
    assert (found.change.n, found.set_aside) == (10, 3)


def test_where_setting_aside_leaves_too_few_nothing_is_told() -> None:
    found = followed_up(closed=True, before_it=9, later=8)[91]
    assert (found.change, found.set_aside) == (None, 0)
