"""The next program of a scheme is made of what HR left in the store, once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.openings import Openings
from activities.signatures import Opened, OpenProgram, ProgramMomentKind
from domain.acts import Through
from domain.definition import Definition
from domain.journal import EventKind, JournalEvent
from domain.people import Person, Role
from domain.recurrence import Rhythm
from store import acts, journal, programs, schemes
from store.content_folders import SHIPPED
from store.database import Database
from store.personal_data import personal_data
from store.programs import Entrant
from store.tables import PersonRow, SchemeRow
from tests.activities.conftest import Works
from tests.portal.scene import DEFINITION

JANUARY = Rhythm(months=(1,), day=15)
YEAR = datetime.now(UTC).year + 1
OPENS = datetime(YEAR, 1, 1, 9, tzinfo=UTC)
PLAN = DEFINITION.model_copy(
    update={
        "program": DEFINITION.program.model_copy(
            update={"title": f"Looking Up {YEAR - 1}", "starts": date(YEAR - 1, 1, 12)}
        ),
        "group_sessions": (),
    }
)
PEOPLE = ("Mia", Role.MENTOR), ("Theo", Role.MENTEE)


def entrant(name: str, *roles: Role, email: str | None = None) -> Entrant:
    person = Person(
        reference=f"E-{name}",
        name=f"{name} Example",
        email=email or f"{name.lower()}@example.com",
        roles=roles,
    )
    return Entrant(person=person, roles=roles)


def keep(database: Database, definition: Definition = PLAN, *people: Entrant) -> None:
    entrants = people or [entrant(name, role) for name, role in PEOPLE]
    with database.write() as session:
        schemes.keep(session, "looking-up", definition, JANUARY, entrants, OPENS)


def open_program(database: Database, at: datetime = OPENS) -> Opened:
    order = OpenProgram(scheme="looking-up", scheduled=at, now=at)
    return Openings(database, (SHIPPED,)).open_program(order)


def refused(database: Database) -> ApplicationError:
    with pytest.raises(ApplicationError) as failure:
        open_program(database)
    with database.read() as session:
        assert programs.all_ids(session) == []
    return failure.value


def names(database: Database, program: str) -> set[str]:
    with database.read() as session:
        return {p.person.name for p in programs.participants(session, program)}


def test_a_program_is_made_once_with_the_people_of_its_scheme(database: Database) -> None:
    keep(database)
    opened = open_program(database)
    assert opened == open_program(database, OPENS + timedelta(days=3))
    program = f"looking-up-{YEAR}"
    assert opened.program == program
    with database.read() as session:
        assert programs.all_ids(session) == [program]
        definition = programs.get(session, program).definition
        (act,) = acts.read(session, program=program)
    assert (act.who, act.through, act.act) == ("looking-up", Through.SCHEDULE, "start")
    described = definition.program
    assert (described.title, described.scheme) == (f"Looking Up {YEAR}", "looking-up")
    assert definition.program.starts >= date(YEAR, 1, 15)
    assert opened.plan is not None
    assert opened.plan.epoch.date() == definition.program.starts
    assert names(database, program) == {"Mia Example", "Theo Example"}


def test_one_that_has_begun_is_left_alone(database: Database) -> None:
    keep(database)
    program = open_program(database).program
    begun = JournalEvent(id="1", kind=EventKind.PROGRAM_STARTED, at=OPENS)
    with database.write() as session:
        journal.append(session, program, [begun])
    assert open_program(database) == Opened(program=program, plan=None)


def test_the_newest_name_and_address_count_wherever_they_came_from(database: Database) -> None:
    keep(database)
    with database.write() as session:
        moved = entrant("Mia", Role.MENTOR, email="mia.new@example.com")
        programs.know(session, [moved.person])
    program = open_program(database).program
    with database.read() as session:
        (mia,) = (
            p for p in programs.participants(session, program) if p.person.reference == "E-Mia"
        )
    assert mia.person.email == "mia.new@example.com"


def test_what_was_removed_is_not_tried_again(database: Database) -> None:
    keep(database)
    with database.write() as session:
        schemes.remove(session, "looking-up")
    failure = refused(database)
    assert failure.non_retryable
    assert "Nothing is scheduled as “looking-up”" in failure.message


def test_a_definition_of_an_older_version_waits_for_hr(database: Database) -> None:
    keep(database)
    with database.write() as session:
        row = session.get_one(SchemeRow, "looking-up")
        row.definition = {**row.definition, "mood": "of 0.1.0"}
    failure = refused(database)
    assert not failure.non_retryable
    assert "not valid in this version any more" in failure.message
    assert "python starter.py schedule DEFINITION PEOPLE --every" in failure.message
    keep(database)
    assert open_program(database).plan is not None


def test_a_definition_that_content_no_longer_fits_is_named_by_its_fields(
    database: Database,
) -> None:
    check_in = PLAN.check_ins[0].model_copy(update={"survey": "our_own"})
    keep(database, PLAN.model_copy(update={"check_ins": (check_in,)}))
    assert "check_ins.0.survey" in refused(database).message


def test_a_list_without_anybody_to_learn_waits_for_hr_and_names_nobody(database: Database) -> None:
    keep(database, PLAN, entrant("Mia", Role.MENTOR), entrant("Ned"))
    failure = refused(database)
    assert "No mentee is left in it." in failure.message
    assert "Mia" not in failure.message


def test_people_are_exchanged_as_long_as_it_has_not_begun(database: Database) -> None:
    keep(database)
    program = open_program(database).program
    with database.write() as session:
        assert programs.waiting_of(session, "looking-up", OPENS) == [program]
        newer = [entrant("Mia", Role.MENTOR), entrant("Zoe", Role.MENTEE)]
        programs.exchange_people(session, program, newer)
    assert names(database, program) == {"Mia Example", "Zoe Example"}


def test_whom_no_scheme_and_no_program_has_any_more_is_forgotten(database: Database) -> None:
    def known() -> set[str]:
        with database.read() as session:
            return set(session.scalars(select(PersonRow.name)))

    keep(database)
    program = open_program(database).program
    keep(database, PLAN, entrant("Zoe", Role.MENTOR), entrant("Theo", Role.MENTEE))
    assert known() == {"Mia Example", "Theo Example", "Zoe Example"}  # the program has Mia still
    with database.write() as session:
        programs.take_back(session, program)
        schemes.remove(session, "looking-up")
    assert known() == {"Mia Example"}  # as `take_back` leaves who is entered anew at once


def test_somebody_sees_what_is_kept_of_them_for_later(database: Database) -> None:
    keep(database)
    with database.read() as session:
        (mia,) = (e for e in schemes.people(session, "looking-up") if "Mia" in e.person.name)
        known = programs.know(session, [mia.person])["E-Mia"]
        (held,) = personal_data(session, known).for_later
    assert (held.scheme, held.profile["name"]) == ("looking-up", "Mia Example")


def test_the_coordinator_hears_when_it_starts_and_how_old_the_list_is(works: Works) -> None:
    with works.scene.database.write() as session:
        schemes.keep(session, "example-2026", DEFINITION, JANUARY, [], OPENS)
    works.of_program(ProgramMomentKind.PROGRAM_OPENED)
    with works.scene.database.write() as session:
        schemes.remove(session, "example-2026")
    works.of_program(ProgramMomentKind.PROGRAM_OPENED, occasion="2")
    assert works.post.kinds() == [("cora", "program_opened")] * 2
    text, later = (mail.text for mail in works.post.mails())
    assert "The list of people is that of" in text
    assert "python starter.py schedule example-2026 people people.xlsx" in text
    assert "python starter.py cancel example-2026" in later
    assert "people.xlsx" not in later
