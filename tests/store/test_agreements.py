"""The agreement of a pair: what each signed is kept, and a change needs both again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.deeds import Deed, DeedKind
from domain.goals import Goal
from domain.journal import EventKind
from domain.people import Role
from domain.surveys import AnswerValue
from store import answers, journal, outbox
from store.agreements import agreement_in_force, agreement_of, signed_by
from store.answers import TermsChanged, TooLate
from store.database import Database
from store.goals import looks_at_goals
from store.links import Link, Purpose
from store.tables import AnswerRow, SignatureRow
from tests.portal.scene import EXPIRES, PROGRAM, Scene, fill

HERE: dict[str, AnswerValue] = {"place": "in_person"}
REMOTE: dict[str, AnswerValue] = {"place": "remote"}


@pytest.fixture
def scene(database: Database) -> Scene:
    """An example program, on SQLite and on PostgreSQL."""
    return fill(database)


@pytest.fixture
def session(scene: Scene) -> Iterator[Session]:
    with scene.database.write() as open_session:
        yield open_session


def link(person: str, purpose: Purpose = Purpose.AGREEMENT, occasion: str | None = None) -> Link:
    return Link(
        purpose=purpose,
        program=PROGRAM,
        person=person,
        pair="pair-1",
        occasion=occasion,
        expires=EXPIRES,
    )


def sign(
    session: Session,
    person: str,
    choices: dict[str, AnswerValue],
    version: int = 2,
    seen: int | None = None,
) -> bool:
    text = f"What {person} read, version {version}"
    done = answers.sign_agreement(session, link(person), version, "en", text, choices, seen=seen)
    session.flush()
    return done


def terms(session: Session) -> list[tuple[str, int]]:
    """Who signed which terms, as the workflow is told of it."""
    deeds = [Deed.model_validate(row.argument) for row in outbox.pending(session, 100)]
    assert {deed.kind for deed in deeds} == {DeedKind.AGREEMENT_SIGNED}
    return [(deed.role.value, deed.terms) for deed in deeds]


def test_who_signs_the_same_signs_the_same_terms(session: Session) -> None:
    assert sign(session, "p-mia", HERE)
    assert not agreement_in_force(session, "pair-1")
    assert sign(session, "p-theo", HERE)
    assert agreement_in_force(session, "pair-1")
    assert terms(session) == [("mentor", 1), ("mentee", 1)]
    assert not agreement_in_force(session, "pair-2")


def test_a_change_needs_both_again_and_each_change_has_a_number_of_its_own(
    session: Session,
) -> None:
    sign(session, "p-mia", HERE)
    sign(session, "p-theo", REMOTE)
    assert not agreement_in_force(session, "pair-1")
    sign(session, "p-mia", REMOTE)
    assert agreement_in_force(session, "pair-1")
    sign(session, "p-mia", HERE)
    assert not agreement_in_force(session, "pair-1")
    sign(session, "p-theo", HERE)
    assert agreement_in_force(session, "pair-1")
    assert terms(session) == [
        ("mentor", 1),
        ("mentee", 2),
        ("mentor", 2),
        ("mentor", 3),
        ("mentee", 3),
    ]


def test_the_same_choices_under_another_text_are_new_terms(session: Session) -> None:
    sign(session, "p-mia", HERE, version=2)
    sign(session, "p-theo", HERE, version=3)
    assert terms(session) == [("mentor", 1), ("mentee", 2)]
    assert not agreement_in_force(session, "pair-1")


def test_signing_the_same_again_writes_nothing_and_tells_nobody(session: Session) -> None:
    assert sign(session, "p-mia", HERE)
    assert not sign(session, "p-mia", HERE)
    assert terms(session) == [("mentor", 1)]
    assert len(list(session.scalars(select(SignatureRow)))) == 1


def test_the_journal_says_which_terms_of_which_text_and_no_word_of_them(session: Session) -> None:
    secret: dict[str, AnswerValue] = {"topics_out": "My last manager"}
    sign(session, "p-mia", secret)
    (event,) = [e for _, e in journal.read(session, PROGRAM)][1:]
    assert event.kind is EventKind.AGREEMENT_SIGNED
    assert event.data == {"terms": 1, "version": 2}
    assert (event.role, event.pair, event.person) == (Role.MENTOR, "pair-1", "p-mia")
    assert "manager" not in str([row.argument for row in outbox.pending(session, 9)])


def test_what_each_signed_is_kept_word_for_word(session: Session) -> None:
    sign(session, "p-mia", HERE, version=2)
    sign(session, "p-mia", REMOTE, version=3)
    first, second = signed_by(session, "pair-1", "p-mia")
    assert (first.text, first.version, first.choices) == ("What p-mia read, version 2", 2, HERE)
    assert (second.text, second.version, second.language) == (
        "What p-mia read, version 3",
        3,
        "en",
    )
    assert first.id == "pair-1/mentor/1"
    assert signed_by(session, "pair-1", "p-theo") == []


def test_nobody_replaces_terms_that_they_have_not_seen(session: Session) -> None:
    sign(session, "p-mia", HERE, seen=0)
    with pytest.raises(TermsChanged):
        sign(session, "p-theo", REMOTE, seen=0)
    assert terms(session) == [("mentor", 1)]
    assert sign(session, "p-theo", HERE, seen=0)
    assert agreement_in_force(session, "pair-1")


def test_two_who_sign_at_once_do_so_one_after_the_other(scene: Scene) -> None:
    def click(number: int) -> None:
        person, choices = (("p-mia", HERE), ("p-theo", REMOTE))[number % 2]
        with scene.database.write() as session:
            sign(session, person, choices)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(click, range(8)))
    with scene.database.read() as session:
        rows = list(session.scalars(select(SignatureRow).order_by(SignatureRow.terms)))
        numbers = [row.terms for row in rows]
        assert numbers == list(range(1, len(rows) + 1))
        assert [row.choices for row in rows] == [
            HERE if row.person_id == "p-mia" else REMOTE for row in rows
        ]
        assert not agreement_in_force(session, "pair-1")


def test_two_who_sign_the_same_at_once_have_an_agreement(scene: Scene) -> None:
    def click(number: int) -> bool:
        with scene.database.write() as session:
            return sign(session, ("p-mia", "p-theo")[number % 2], HERE, seen=0)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(click, range(8))) == 2
    with scene.database.read() as session:
        assert agreement_in_force(session, "pair-1")
        assert agreement_of(session, "pair-1").terms == 1


def test_of_two_who_propose_at_once_the_second_is_told(scene: Scene) -> None:
    def click(number: int) -> bool:
        person, choices = (("p-mia", HERE), ("p-theo", REMOTE))[number]
        try:
            with scene.database.write() as session:
                return sign(session, person, choices, seen=0)
        except TermsChanged:
            return False

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(click, range(2))) == [False, True]
    assert len(scene.rows(SignatureRow)) == 1


def test_nothing_is_signed_once_the_pair_has_ended(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_CLOSED)
    with scene.database.write() as session, pytest.raises(TooLate):
        sign(session, "p-mia", HERE)


# --- What 0.2.0 kept -----------------------------------------------------------------------------


def keep_as_0_2_0_did(
    session: Session, person: str, role: Role, choices: dict[str, AnswerValue]
) -> None:
    session.add(
        AnswerRow(
            id=f"{PROGRAM}/pair-1/{person}/agreement",
            program_id=PROGRAM,
            pair_id="pair-1",
            person_id=person,
            role=role.value,
            kind="agreement",
            occasion="agreement",
            version=1,
            content={"choices": choices},
            answered_at=datetime(2026, 11, 30, tzinfo=UTC),
        )
    )
    session.flush()


def test_what_both_signed_before_still_holds_whatever_each_chose(session: Session) -> None:
    keep_as_0_2_0_did(session, "p-mia", Role.MENTOR, HERE)
    assert not agreement_in_force(session, "pair-1")
    keep_as_0_2_0_did(session, "p-theo", Role.MENTEE, REMOTE)
    assert agreement_in_force(session, "pair-1")


def test_who_signs_the_new_text_has_the_other_sign_it_too(session: Session) -> None:
    keep_as_0_2_0_did(session, "p-mia", Role.MENTOR, HERE)
    sign(session, "p-theo", HERE)
    assert not agreement_in_force(session, "pair-1")
    sign(session, "p-mia", HERE)
    assert agreement_in_force(session, "pair-1")
    assert terms(session) == [("mentee", 2), ("mentor", 2)]


# --- Goals ---------------------------------------------------------------------------------------


def test_a_review_is_a_survey_for_the_journal_and_keeps_the_goals_as_they_were(
    session: Session,
) -> None:
    writes = link("p-theo", Purpose.GOALS)
    reviews = link("p-theo", Purpose.GOALS, "goals:share-50")
    assert answers.write_goals(session, writes, [Goal(number=1, text="Excel", rating=2)])
    assert answers.review_goals(session, reviews, [Goal(number=1, text="Excel", rating=4)])
    assert answers.write_goals(session, writes, [Goal(number=1, text="Pivots", rating=2)])
    session.flush()
    first, second = looks_at_goals(session, "pair-1", "p-theo")
    assert (first.occasion, first.goals[0].text, first.goals[0].rating) == ("goals", "Pivots", 2)
    assert (second.occasion, second.goals[0].text) == ("goals:share-50", "Excel")
    events = [event for _, event in journal.read(session, PROGRAM)][1:]
    assert events[1].kind is EventKind.SURVEY_ANSWERED
    assert events[1].data == {"survey": "goals", "occasion": "goals:share-50"}
    deeds = [Deed.model_validate(row.argument) for row in outbox.pending(session, 9)]
    assert (deeds[1].kind, deeds[1].occasion) == (DeedKind.SURVEY_ANSWERED, "goals:share-50")


def test_a_review_may_be_answered_once_the_pair_has_ended(scene: Scene) -> None:
    with scene.database.write() as session:
        answers.write_goals(session, link("p-theo"), [Goal(number=1, text="Excel", rating=2)])
    scene.happened(EventKind.PAIR_COMPLETED)
    reviews = link("p-theo", Purpose.GOALS, "goals:evaluation")
    with scene.database.write() as session:
        assert answers.review_goals(session, reviews, [Goal(number=1, text="Excel", rating=5)])
