"""A pair's story in words: dated, named, and without a participant's words but a call for help."""

from __future__ import annotations

import pytest

from domain.escalation import DEFAULT_LADDERS, Ladder, LadderAction, LadderStep, Trigger
from domain.goals import Goal
from domain.journal import EventKind
from domain.pair import EndReason
from domain.pair_orders import Order
from domain.pair_story import _BOTH, _OF_ONE
from domain.people import Role
from domain.plan import PlannedCheckIn
from domain.sections import CheckInPoint, Threshold
from domain.survey_versions import Instrument
from domain.surveys import AnswerValue
from store import answers, instruments, pair_story, programs
from store.database import Database
from store.instruments import Asking
from store.links import Link, Purpose
from tests.portal.scene import EXPIRES, PROGRAM, STARTED, Scene, fill


@pytest.fixture
def scene(database: Database) -> Scene:
    """An example program, on SQLite and on PostgreSQL."""
    return fill(database)


def story(scene: Scene) -> list[pair_story.Told]:
    with scene.database.read() as session:
        pair = programs.pair(session, PROGRAM, "pair-1")
        assert pair is not None
        program = programs.get(session, PROGRAM)
        return pair_story.story(session, program, pair, scene.content)


SECRET = Goal(number=1, text="Secret goal", rating=2)


def link(person: str) -> Link:
    return Link(
        purpose=Purpose.OVERVIEW, program=PROGRAM, person=person, pair="pair-1", expires=EXPIRES
    )


def test_what_happened_is_told_in_dated_sentences(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED)
    scene.happened(EventKind.PAIR_STALLED, step=1, trigger="cancellations")
    scene.happened(EventKind.LADDER_CLIMBED, step=1, action="nudge_both+tell_coordinator")
    told = story(scene)
    assert [line.text for line in told] == [
        "The two were introduced.",
        "2 sessions in a row did not take place on the day that was agreed.",
        "Both got a reminder.",
        "The coordinator was told.",
    ]
    assert str(told[0]).startswith(f"{told[0].day}: The two")
    assert pair_story.last_lines(told, 2) == [str(line) for line in told[2:]]


def test_the_words_of_a_call_for_help_are_told_and_no_others(scene: Scene) -> None:
    with scene.database.write() as session:
        answers.write_goals(session, link("p-theo"), [SECRET])
        answers.ask_help(session, link("p-mia"), "We never find a date.", 1)
        answers.ask_help(session, link("p-theo"), "Neither do I.", 1)
    told = story(scene)
    assert [line.quote for line in told] == [None, "We never find a date.", "Neither do I."]
    assert [line.text for line in told[1:]] == [
        "Mia Example asked for help.",
        "Theo Example asked for help.",
    ]
    assert "Secret goal" not in str(told)


@pytest.mark.parametrize(("shown", "told"), [(True, ["2"]), (False, [])])
def test_an_answer_is_told_only_where_the_survey_shows_single_answers(
    scene: Scene, shown: bool, told: list[str]
) -> None:
    check_in = PlannedCheckIn(survey="pulse", point=CheckInPoint.AFTER_SESSION, session=2)
    survey = scene.content.survey("pulse").model_copy(update={"seen_by_coordinator": shown})
    asking = Asking(occasion=check_in.occasion, instrument=Instrument(survey=survey, language="en"))
    given: dict[str, AnswerValue] = {"going_well": 2, "useful": 5, "note": "Only for the record"}
    asked = link("p-mia").model_copy(update={"survey": "pulse", "occasion": check_in.occasion})
    look_if = {"going_well": Threshold(comparison="<=", value=2)}
    with scene.database.write() as session:
        instruments.ask(session, PROGRAM, "pair-1", "p-mia", asking, STARTED)
        answers.answer_survey(session, asked, 1, given, look=True)
        pair = programs.pair(session, PROGRAM, "pair-1")
        assert pair is not None
        found = pair_story.flagged(
            session, PROGRAM, pair, Role.MENTOR, scene.content, check_in, look_if
        )
    assert [one.answer for one in found] == told
    assert [(one.name, one.question) for one in found] == [
        ("Mia Example", "My pair is going well.") for _ in told
    ]


def test_there_are_words_for_everything_that_can_happen(scene: Scene) -> None:
    kinds = set(_BOTH) | set(_OF_ONE) | {EventKind.PAIR_WITHDRAWN}
    for kind in kinds:
        scene.happened(kind, occasion="pulse:session-2", session=1, step=1)
    for order in (Order.CLOSE, Order.REMATCH, Order.HOLD, Order.RESUME):
        scene.happened(EventKind.TASK_TAKEN, by="sponsor", order=order.value)
    scene.happened(EventKind.TASK_TAKEN, by="coordinator", until="2026-03-13T09:00:00+00:00")
    for_a_while = {"by": "sponsor", "order": "hold", "until": "2026-03-13T09:00:00+00:00"}
    scene.happened(EventKind.TASK_TAKEN, **for_a_while)
    for action in LadderAction:
        scene.happened(EventKind.LADDER_CLIMBED, action=action.value)
    for trigger in Trigger:
        scene.happened(EventKind.PAIR_STALLED, trigger=trigger.value)
    for reason in (*EndReason, "of_a_later_release"):
        scene.happened(EventKind.PAIR_CLOSED, reason=str(reason))
    told = "\n".join(line.text for line in story(scene))
    assert "on it until Friday, 13 March 2026" in told
    assert "The sponsor decided to close the pair." in told
    assert "on a pause until Friday, 13 March 2026" in told
    assert "How is it going?" in told


@pytest.mark.parametrize("action", LadderAction)
def test_each_step_is_announced_by_its_day_or_its_wait(scene: Scene, action: LadderAction) -> None:
    words = scene.content.words
    step = LadderStep.model_validate({"after": "5 working days", "do": action})
    assert pair_story.next_in_words(words, step).endswith("once this has lasted 5 working days.")
    said = pair_story.next_in_words(words, step, "Friday 13 March 2026")
    assert said.startswith("If nothing changes, ")
    assert said.endswith(" on Friday 13 March 2026.")


def test_several_actions_are_one_sentence(scene: Scene) -> None:
    step = DEFAULT_LADDERS[0].steps[1]
    assert pair_story.next_in_words(scene.content.words, step) == (
        "If nothing changes, both get a reminder and the coordinator is told "
        "once this has lasted 14 days."
    )
    assert "no further steps" in pair_story.next_in_words(scene.content.words, None)


def test_a_number_stands_in_the_words_of_a_trigger(scene: Scene) -> None:
    words, three = scene.content.words, DEFAULT_LADDERS[1].model_copy(update={"times": 3})
    said = pair_story.trigger_in_words(words, Trigger.CANCELLATIONS, (three,))
    assert said.startswith("3 sessions in a row")
    gap: tuple[Ladder, ...] = (DEFAULT_LADDERS[2],)
    assert "1.5 ×" in pair_story.trigger_in_words(words, Trigger.GAP, gap)
