"""Whom to ask, what managers and HR said, and who may be matched then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.enrolling import NotApproved
from domain.journal import EventKind, JournalEvent
from domain.people import Person, Role
from store import answers, approvals, journal, programs, selections
from store.answers import TooLate
from store.database import Database
from store.links import Link, Purpose
from store.programs import Entrant, Participant
from store.selections import NotOpen
from store.tables import AnswerRow, ParticipantRow
from tests.domain.definitions import definition_with

NOW = datetime.now(UTC).replace(microsecond=0)
PROGRAM = "example"
MANAGERS = {"ann": "max", "bob": "max", "cat": "mia", "dan": None, "eve": "nobody", "fay": "fay"}


@pytest.fixture
def people(database: Database) -> dict[str, str]:
    """Six who may take part, and two managers who may not. Our id of each."""
    names = [*MANAGERS, "max", "mia"]
    entrants = [
        Entrant(
            person=Person(
                reference=name,
                name=name.title(),
                email=f"{name}@example.com",
                roles=(Role.MENTOR,) if name in MANAGERS else (),
                manager=MANAGERS.get(name),
            ),
            roles=(Role.MENTOR,) if name in MANAGERS else (),
        )
        for name in names
    ]
    with database.write() as session:
        programs.enter(session, definition_with(manager="Manager"), entrants, NOW, NOW)
    with database.read() as session:
        return {p.person.reference: p.id for p in programs.participants(session, PROGRAM)}


def join(database: Database, people: dict[str, str], *names: str) -> None:
    with database.write() as session:
        for name in names:
            link = Link(
                purpose=Purpose.JOIN, program=PROGRAM, person=people[name], expires=NOW + _WEEK
            )
            answers.join(session, link, True)


_WEEK = timedelta(days=7)


def answer(
    database: Database,
    people: dict[str, str],
    manager: str,
    about: str,
    agrees: bool = True,
    reason: str | None = None,
) -> bool:
    link = Link(
        purpose=Purpose.APPROVAL,
        program=PROGRAM,
        person=people[manager],
        occasion=people[about],
        expires=NOW + _WEEK,
    )
    with database.write() as session:
        return approvals.answer(session, link, agrees, reason)


def ask(database: Database, occasion: str, after: str = "", limit: int = 100) -> dict[str, str]:
    """Whom each manager is asked about, noted as the activity notes it."""
    with database.write() as session:
        page = approvals.to_ask(session, PROGRAM, occasion, after, limit)
        for asked in page:
            events = approvals.asked_events(PROGRAM, asked, occasion, NOW)
            journal.append(session, PROGRAM, events)
    return _named(page)


def _named(page: object) -> dict[str, str]:
    assert isinstance(page, list)
    return {
        asked.manager.person.reference: " ".join(p.person.reference for p in asked.people)
        for asked in page
    }


def remind(database: Database) -> dict[str, str]:
    with database.read() as session:
        return _named(approvals.to_remind(session, PROGRAM, "", 100))


def happened(database: Database, kind: EventKind, **data: int) -> None:
    with database.write() as session:
        event = JournalEvent(id=kind.value, kind=kind, at=NOW, data=dict(data))
        journal.append(session, PROGRAM, [event])


def person(database: Database, people: dict[str, str], name: str) -> Participant:
    with database.read() as session:
        found = programs.participant(session, PROGRAM, people[name])
    assert found is not None
    return found


def test_only_managers_in_the_file_of_people_who_joined_are_asked_and_once(
    database: Database, people: dict[str, str]
) -> None:
    assert ask(database, "1") == {}
    join(database, people, "ann", "dan", "eve", "fay")
    assert ask(database, "1") == {"max": "ann"}
    join(database, people, "bob", "cat")
    assert ask(database, "2") == {"max": "bob", "mia": "cat"}
    assert ask(database, "3") == {}


def test_an_activity_that_is_tried_again_asks_about_the_same_people(
    database: Database, people: dict[str, str]
) -> None:
    join(database, people, "ann")
    assert ask(database, "1") == {"max": "ann"}
    join(database, people, "bob")
    assert ask(database, "1") == {"max": "ann"}
    assert ask(database, "2") == {"max": "bob"}


def test_managers_come_page_by_page_each_with_all_of_their_people(
    database: Database, people: dict[str, str]
) -> None:
    join(database, people, "ann", "bob", "cat")
    first, second = sorted(("max", "mia"), key=people.__getitem__)
    everybody = {"max": "ann bob", "mia": "cat"}
    assert ask(database, "1", limit=1) == {first: everybody[first]}
    assert ask(database, "1", after=people[first], limit=1) == {second: everybody[second]}
    assert ask(database, "1", after=people[second], limit=1) == {}


def test_who_was_asked_and_has_not_answered_is_reminded(
    database: Database, people: dict[str, str]
) -> None:
    join(database, people, "ann", "bob", "cat")
    ask(database, "1")
    assert remind(database) == {"max": "ann bob", "mia": "cat"}
    answer(database, people, "max", "ann")
    answer(database, people, "mia", "cat", agrees=False)
    assert remind(database) == {"max": "bob"}


def test_nobody_is_asked_about_who_withdrew_or_stays_out(
    database: Database, people: dict[str, str]
) -> None:
    join(database, people, "ann", "bob")
    with database.write() as session:
        answers.withdraw(session, PROGRAM, people["ann"])
        link = Link(
            purpose=Purpose.JOIN, program=PROGRAM, person=people["bob"], expires=NOW + _WEEK
        )
        answers.join(session, link, False)
    assert ask(database, "1") == {}
    with pytest.raises(TooLate):
        answer(database, people, "max", "ann")


def test_an_answer_is_kept_with_its_event_and_its_reason_apart(
    database: Database, people: dict[str, str]
) -> None:
    join(database, people, "ann")
    assert answer(database, people, "max", "ann", agrees=False, reason="Too much to do")
    assert not answer(database, people, "max", "ann", agrees=False, reason="Too much to do")
    assert not person(database, people, "ann").takes_part
    with database.read() as session:
        events = [event for _, event in journal.read(session, PROGRAM)]
        (row,) = session.scalars(select(AnswerRow)).all()
        assert row.content == {"agrees": False, "reason": "Too much to do"}
    assert [e.kind for e in events] == [EventKind.JOINED, EventKind.MANAGER_DECLINED]
    assert events[-1].person == people["ann"]
    assert "Too much" not in str(events)
    assert answer(database, people, "max", "ann")
    assert person(database, people, "ann").takes_part


@pytest.mark.parametrize("who", ["mia", "bob", "ann"])
def test_nobody_but_the_manager_can_answer(
    database: Database, people: dict[str, str], who: str
) -> None:
    join(database, people, "ann")
    with pytest.raises(TooLate):
        answer(database, people, who, "ann")


def test_at_the_closing_date_no_answer_counts_as_no_and_why_stays_known(
    database: Database, people: dict[str, str]
) -> None:
    join(database, people, "ann", "cat", "dan")
    ask(database, "1")
    join(database, people, "bob")
    answer(database, people, "mia", "cat", agrees=False)
    assert person(database, people, "ann").takes_part
    for _ in range(2):  # as an activity may be tried again
        with database.write() as session:
            approvals.close(session, PROGRAM, list(people.values()))
    happened(database, EventKind.ENROLMENT_CLOSED, selection=0)
    with database.read() as session:
        everybody = programs.participants(session, PROGRAM)
        why = {
            p.person.reference: approvals.why_not(session, PROGRAM, p)
            for p in everybody
            if p.approved is False
        }
    assert why == {
        "ann": NotApproved.NO_ANSWER,
        "bob": NotApproved.NOT_ASKED,
        "cat": NotApproved.SAID_NO,
    }
    assert [p.person.reference for p in everybody if p.takes_part] == ["dan"]
    with pytest.raises(TooLate):
        answer(database, people, "max", "ann")
    with database.read() as session:
        assert answers.enrolment_is_over(session, PROGRAM)


def test_a_change_of_manager_goes_to_the_new_one(
    database: Database, people: dict[str, str]
) -> None:
    join(database, people, "ann")
    ask(database, "1")
    with database.write() as session:
        row = session.get_one(ParticipantRow, (PROGRAM, people["ann"]))
        row.profile = {**row.profile, "manager": "mia"}
    assert remind(database) == {"mia": "ann"}
    with pytest.raises(TooLate):
        answer(database, people, "max", "ann")
    assert answer(database, people, "mia", "ann")


def test_the_coordinator_sees_every_answer_and_its_reason(
    database: Database, people: dict[str, str]
) -> None:
    join(database, people, "ann", "cat", "dan")
    ask(database, "1")
    join(database, people, "bob")
    answer(database, people, "mia", "cat", agrees=False, reason="On leave")
    with database.read() as session:
        found = approvals.approvals(session, PROGRAM)
    assert [(a.person.person.name, a.manager, a.asked, a.reason) for a in found] == [
        ("Ann", "Max", True, None),
        ("Bob", "Max", False, None),
        ("Cat", "Mia", True, "On leave"),
    ]
    assert [a.answered_at is not None for a in found] == [False, False, True]


# --- HR's selection ------------------------------------------------------------------------------


def choose(database: Database, people: dict[str, str], **chosen: bool) -> tuple[int, int]:
    with database.write() as session:
        now = selections.choose(session, PROGRAM, {people[k]: v for k, v in chosen.items()})
    return now.selected, now.not_selected


def test_everybody_is_chosen_until_hr_says_no(database: Database, people: dict[str, str]) -> None:
    join(database, people, "ann", "bob", "cat", "dan")
    answer(database, people, "mia", "cat", agrees=False)
    happened(database, EventKind.ENROLMENT_CLOSED, selection=1)
    with database.read() as session:
        assert selections.is_open(session, PROGRAM)
        found = selections.candidates(session, PROGRAM)
    assert [p.person.name for p in found] == ["Ann", "Bob", "Dan"]
    assert choose(database, people, ann=False, bob=True) == (2, 1)
    assert choose(database, people, ann=True, dan=False) == (2, 1)
    for _ in range(2):
        with database.write() as session:
            settled = selections.settle(session, PROGRAM)
            assert (settled.selected, settled.not_selected) == (2, 1)
    with database.read() as session:
        everybody = programs.participants(session, PROGRAM)
    assert {p.person.reference: p.selected for p in everybody if p.has_joined} == {
        "ann": True,
        "bob": True,
        "cat": None,
        "dan": False,
    }
    assert {p.person.reference for p in everybody if p.takes_part} == {"ann", "bob"}


def test_nothing_is_chosen_before_enrolment_is_closed_nor_after_it_was_confirmed(
    database: Database, people: dict[str, str]
) -> None:
    join(database, people, "ann")
    with pytest.raises(NotOpen):
        choose(database, people, ann=False)
    happened(database, EventKind.ENROLMENT_CLOSED, selection=1)
    choose(database, people, ann=False)
    join_again = person(database, people, "ann")
    assert join_again.selected is False
    choose(database, people, ann=True)
    with database.write() as session:
        selections.settle(session, PROGRAM)
    with pytest.raises(NotOpen):
        choose(database, people, ann=False)
    happened(database, EventKind.PEOPLE_SELECTED, selected=1, not_selected=0)
    with database.read() as session:
        assert not selections.is_open(session, PROGRAM)
