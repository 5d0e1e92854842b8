"""What went with completed pairs, and what that suggests for the next run."""

from __future__ import annotations

from datetime import timedelta

from domain.evaluation import Evaluation, evaluate
from domain.journal import EventKind, JournalEvent
from domain.pair_health import PairMembers
from domain.patterns import Factor
from domain.people import Role
from domain.projection import project
from domain.responses import Instruments, Response
from domain.suggestions import Seen, Suggestion
from domain.surveys import Item, ItemKind, Option, Survey
from tests.domain.records import START, SURVEYS, answered, definition, record_of

FIT = Survey(
    id="pair_fit",
    version=1,
    title="Fit?",
    intro="",
    minutes=1,
    items=(
        Item(
            id="fit",
            kind=ItemKind.CHOICE,
            text="Fit?",
            verdict=True,
            options=tuple(Option(id=o, text=o) for o in ("good", "undecided", "not_good")),
        ),
    ),
)


def evaluated_pairs(
    early: int,
    late: int,
    *,
    late_complete: int,
    is_over: bool = True,
    responses: tuple[Response, ...] = (),
    likings: bool = False,
) -> Evaluation:
    """Pairs that met on the first day and completed, and pairs that met after two months."""
    events: list[JournalEvent] = []
    members = []

    def happens(kind: EventKind, day: float, pair: str | None, **data: int | str) -> None:
        at = START + timedelta(days=day)
        events.append(JournalEvent(id=f"{len(events)}", kind=kind, at=at, pair=pair, data=data))

    for number in range(early + late):
        pair, is_early = f"pair{number}", number < early
        for kind in (EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING):
            happens(kind, 0, pair)
        completes = is_early or number < early + late_complete
        for session in range(1, 5 if completes else 2):
            happens(
                EventKind.SESSION_HELD, session + (0 if is_early else 60), pair, session=session
            )
        members.append(
            PairMembers(
                pair=pair,
                mentor=f"m{number}",
                mentee=f"e{number}",
                likings=(1.0 if is_early else 0.0,) if likings else (),
            )
        )
    if is_over:
        happens(EventKind.PROGRAM_COMPLETED, 200, None)
    record = record_of(definition(), project(events), *responses, members=tuple(members))
    return evaluate(record, Instruments({**SURVEYS, "pair_fit": FIT}))


def test_an_early_first_session_is_told_as_what_went_with_completing() -> None:
    (found,) = evaluated_pairs(10, 10, late_complete=2).associations
    assert found.factor is Factor.EARLY_START
    assert (found.had.n, found.had.completed) == (10, 10)
    assert (found.had_not.n, found.had_not.completed) == (10, 2)
    assert found.is_clear


def test_a_difference_that_chance_would_often_make_is_not_clear() -> None:
    (found,) = evaluated_pairs(6, 6, late_complete=5).associations
    assert found.difference > 0
    assert not found.is_clear


def test_a_comparison_with_a_few_pairs_is_left_out() -> None:
    assert evaluated_pairs(10, 4, late_complete=0).associations == ()


def fits(count: int, good: int) -> tuple[Response, ...]:
    return tuple(
        answered(
            "pair_fit",
            "session-1",
            number,
            Role.MENTOR,
            {"fit": "good" if number < good else "undecided"},
            pair=f"pair{number}",
        )
        for number in range(count)
    )


def test_how_the_two_fit_is_compared_where_both_outcomes_may_be_told() -> None:
    told = evaluated_pairs(10, 10, late_complete=0, responses=fits(20, 12)).associations
    (found,) = (one for one in told if one.factor is Factor.GOOD_FIT)
    assert (found.had.n, found.had.completed, found.had_not.n) == (12, 10, 8)


def test_how_the_two_fit_is_not_compared_where_few_pairs_did_not_complete() -> None:
    told = evaluated_pairs(16, 4, late_complete=0, responses=fits(20, 12)).associations
    assert all(one.factor is not Factor.GOOD_FIT for one in told)


def test_nothing_is_compared_while_pairs_may_still_complete() -> None:
    """Which pairs have completed changes from one report to the next, and by few at a time."""
    early = evaluated_pairs(10, 10, late_complete=2, is_over=False, responses=fits(20, 12))
    assert early.associations == ()


# --- Suggestions ---------------------------------------------------------------------------------


def suggestions(evaluation: Evaluation) -> dict[Seen, Suggestion]:
    return {one.seen: one for one in evaluation.suggestions}


def test_where_late_pairs_completed_less_often_a_shorter_preparation_is_suggested() -> None:
    found = suggestions(evaluated_pairs(10, 10, late_complete=0))[Seen.EARLY_START]
    assert (found.field, found.current, found.proposed) == (
        "stages.preparation",
        f"{definition().stages.preparation} days",
        f"{-(-definition().stages.preparation * 2 // 3)} days",
    )


def test_where_pairs_held_few_sessions_fewer_are_suggested() -> None:
    found = suggestions(evaluated_pairs(5, 15, late_complete=0))[Seen.FEWER_SESSIONS]
    assert (found.field, found.current, found.proposed) == ("sessions.count", "4", "2")


def test_a_preference_that_went_with_completing_may_count_more() -> None:
    found = suggestions(evaluated_pairs(10, 10, late_complete=0, likings=True))
    assert found[Seen.PREFERENCE_WENT_WITH].field == "matching.preferences.0.weight"
    assert (
        found[Seen.PREFERENCE_WENT_WITH].current,
        found[Seen.PREFERENCE_WENT_WITH].proposed,
    ) == (
        "5",
        "10",
    )


def test_a_program_of_a_few_pairs_suggests_nothing() -> None:
    assert evaluated_pairs(2, 2, late_complete=0).suggestions == ()


def test_where_all_went_well_nothing_is_suggested() -> None:
    assert evaluated_pairs(20, 0, late_complete=0).suggestions == ()
