"""What the surveys say, as far as it may be told."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, seed
from hypothesis import strategies as st

from domain.disclosure import Gate, Unit
from domain.journal import EventKind
from domain.people import Role
from domain.projection import ProgramStatus
from domain.responses import Given, Question, Response
from domain.survey_results import ItemSummary, SurveySummary, summarise_item
from tests.domain.examples import examples
from tests.domain.records import (
    FINAL,
    Story,
    completed,
    definition,
    evaluated,
    final,
    pulse,
    running,
)


def summary(
    *responses: Response, survey: str = "final", status: ProgramStatus | None = None
) -> SurveySummary:
    found = evaluated(definition(), status or completed(), *responses).surveys
    return next(one for one in found if one.survey == survey)


def item(name: str, *responses: Response) -> ItemSummary:
    return next(one for one in summary(*responses).items if one.item.id == name)


def test_a_role_that_is_too_small_hides_the_other() -> None:
    mentors = [final(n, Role.MENTOR, satisfaction=5) for n in range(4)]
    mentees = [final(10 + n, Role.MENTEE, satisfaction=3) for n in range(8)]
    few = item("satisfaction", *mentors, *mentees)
    assert few.everyone is not None
    assert (few.everyone.n, few.by_role) == (12, {})
    more = item("satisfaction", *mentors, final(9, satisfaction=5), *mentees)
    assert {role: s.mean for role, s in more.by_role.items()} == {Role.MENTOR: 5, Role.MENTEE: 3}


def test_the_distribution_names_every_possible_answer() -> None:
    responses = [final(n, satisfaction=4 + n % 2, worth="more") for n in range(6)]
    scale, choice = item("satisfaction", *responses).everyone, item("worth", *responses).everyone
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
    odd = [final(9, satisfaction=9), final(10, satisfaction="5"), final(11)]
    fine = [final(n, satisfaction=2) for n in range(5)]
    found = item("satisfaction", *odd, *fine).everyone
    assert found is not None
    assert (found.n, found.mean) == (5, 2)


def test_a_reversed_item_is_turned_round_in_its_subscale_only() -> None:
    responses = [final(n, trust=5, held_back=2) for n in range(6)]
    held_back = item("held_back", *responses)
    assert held_back.everyone is not None
    assert held_back.everyone.mean == 2
    (scale,) = summary(*responses).subscales
    assert (scale.subscale, scale.everyone) == ("relationship", 4.5)


def test_a_subscale_with_an_item_that_may_not_be_shown_is_not_shown() -> None:
    responses = [final(n, trust=5) for n in range(6)]
    responses += [final(n + 10, held_back=2) for n in range(4)]
    assert summary(*responses).subscales == ()


def test_words_are_told_only_where_enough_people_wrote_some() -> None:
    few = [final(n, best=f"Reason {n}") for n in range(4)]
    assert [texts.words for texts in summary(*few).texts] == [None]
    blank = [final(9, best="  ")]
    assert [texts.words for texts in summary(*few, *blank).texts] == [None]
    (enough,) = summary(*few, final(9, best="Reason 9")).texts
    assert enough.words is not None
    assert sorted(enough.words) == [*(f"Reason {n}" for n in range(4)), "Reason 9"]


def test_names_are_masked_in_words() -> None:
    responses = [final(n, best="Anna Bergqvist was kind") for n in range(5)]
    found = evaluated(definition(), completed(), *responses, names=("Anna Bergqvist",)).surveys
    (texts,) = next(one for one in found if one.survey == "final").texts
    assert texts.words == ("[name] was kind",) * 5


# --- While answers are coming --------------------------------------------------------------------


def shown(status: ProgramStatus, *responses: Response) -> int:
    (one,) = summary(*responses, survey="pulse", status=status).items
    return one.everyone.n if one.everyone else 0


def test_while_people_may_answer_only_whole_batches_are_told() -> None:
    answers = [pulse(n, going_well=1 + n % 5) for n in range(12)]
    assert shown(running(), *answers[:9]) == 0
    assert shown(running(), *answers[:10]) == 5
    assert shown(running(), *answers[:12]) == 5
    assert shown(completed(), *answers[:12]) == 12


def test_an_answer_changed_by_a_few_does_not_change_what_was_told() -> None:
    """Else two reports that differ in nothing but that answer would give it away."""
    answers = [pulse(n, going_well=3) for n in range(12)]
    answers[2] = answers[2].model_copy(
        update={
            "answers": {"going_well": 1},
            "first_answers": {"going_well": 3},
            "first_at": answers[2].answered_at,
        }
    )
    (one,) = summary(*answers, survey="pulse").items
    assert one.everyone is not None
    assert one.everyone.mean == 3


def test_answers_changed_by_many_count_as_they_were_sent_last() -> None:
    answers = [
        pulse(n, going_well=5).model_copy(update={"first_answers": {"going_well": 1}})
        for n in range(12)
    ]
    (one,) = summary(*answers, survey="pulse").items
    assert one.everyone is not None
    assert one.everyone.mean == 5


def test_what_is_asked_at_the_end_waits_for_the_end() -> None:
    answers = [final(n, satisfaction=4) for n in range(20)]
    found = summary(*answers, status=running())
    assert (found.waits, found.answered) == (True, 20)
    assert all(one.everyone is None for one in found.items)
    assert not summary(*answers).waits


def test_what_comes_after_the_end_is_not_counted() -> None:
    """Else the report of the next day would give it away."""
    ended = completed()
    assert ended.ended_at is not None
    late = {"answered_at": ended.ended_at + timedelta(days=1)}
    answers = [
        final(n, satisfaction=3).model_copy(update={"answered_at": ended.ended_at})
        for n in range(6)
    ]
    changed = answers[0].model_copy(
        update={
            **late,
            "answers": {"satisfaction": 5},
            "first_answers": {"satisfaction": 3},
            "first_at": ended.ended_at,
        }
    )
    found = summary(changed, *answers[1:], final(9, satisfaction=5).model_copy(update=late))
    satisfaction = next(one for one in found.items if one.item.id == "satisfaction").everyone
    assert satisfaction is not None
    assert (satisfaction.n, satisfaction.mean) == (6, 3)


def test_a_survey_that_was_sent_and_never_answered_is_told_of() -> None:
    story = Story().meets("a", 1)
    story.tell(EventKind.CHECK_IN_SENT, "a", survey="pulse", occasion="pulse:session-2", count=2)
    found = summary(survey="pulse", status=story.over())
    assert (found.sent, found.answered) == (2, 0)


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
    given_by = {Unit(str(n)): Given(role, value) for n, (role, value) in enumerate(given_answers)}
    found = summarise_item(Question(FINAL.items[1], given_by, Gate(threshold)))
    for one in (found.everyone, *found.by_role.values()):
        assert one is None or one.n >= threshold
    if found.everyone is not None:
        rest = found.everyone.n - sum(s.n for s in found.by_role.values())
        assert rest == 0 or rest >= threshold
