"""When its time is over, nothing personal of a program is left in any table, unless on hold."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from domain.ids import retention_workflow_id
from domain.journal import EventKind
from domain.retention import Term
from store import answers, consents, erasing, holds, journal, programs, retention
from store.consents import ConsentKind, Read
from store.database import Database
from store.holds import OnHold
from store.programs import Entrant
from store.retention import NotOver
from store.tables import (
    Base,
    DeletionRow,
    OutboxRow,
    ParticipantRow,
    PersonRow,
    ProgramRow,
    SchemePersonRow,
    SchemeRow,
)
from tests.domain.definitions import definition_with
from tests.erasing import REFERENCE, TELLING, WHO, everything_in_words, hold_everything
from tests.portal.scene import DEFINITION, PEOPLE, PROGRAM, STARTED, Scene, fill

OVER = STARTED + timedelta(days=20)
ENDS = OVER + timedelta(days=DEFINITION.privacy.keep_days)
LATER = ENDS + timedelta(days=1)


@pytest.fixture
def scene(database: Database) -> Scene:
    """A program that is over, with somebody who is named everywhere, on SQLite and PostgreSQL."""
    return over(fill(database))


@pytest.fixture
def quick(sqlite_database: Database) -> Scene:
    """The same on SQLite alone, for what does not depend on which."""
    return over(fill(sqlite_database))


def over(made: Scene) -> Scene:
    hold_everything(made)
    made.happened(EventKind.PROGRAM_COMPLETED, pair=None)
    return made


def no_scheme(made: Scene) -> None:
    """Take out the scheme whose next programs would need these people."""
    with made.database.write() as session:
        session.query(SchemePersonRow).delete()
        session.query(SchemeRow).delete()


def delete_all(made: Scene) -> int:
    """Delete, a transaction at a time. Gives how many there were."""
    rounds = 0
    more = True
    while more:
        rounds += 1
        with made.database.write() as session:
            more = retention.delete_some(session, PROGRAM, LATER)
    return rounds


def left(made: Scene) -> list[str]:
    """What is still in some table that names somebody, or is about one person or pair."""
    words = everything_in_words(made)
    ids = [*PEOPLE, "pair-1", "pair-2"]
    names = [name for name, _, _ in PEOPLE.values()]
    return [found for found in (*TELLING, "falconry", *names, *ids) if f"{found}" in words]


# --- Until when ----------------------------------------------------------------------------------


def test_it_is_kept_for_so_long_after_the_end_as_the_definition_says(quick: Scene) -> None:
    with quick.database.read() as session:
        found = retention.term_of(session, PROGRAM)
        ended = next(
            event.at
            for _, event in journal.read(session, PROGRAM)
            if event.kind is EventKind.PROGRAM_COMPLETED
        )
    days = timedelta(days=DEFINITION.privacy.keep_days)
    assert found == Term(ends=ended + days, day_seconds=DEFINITION.calendar.day)


def test_a_program_that_is_not_over_has_no_end_of_it_yet(sqlite_database: Database) -> None:
    fill(sqlite_database)
    with sqlite_database.read() as session, pytest.raises(NotOver):
        retention.term_of(session, PROGRAM)


# --- Deleting ------------------------------------------------------------------------------------


def test_nothing_personal_is_left_in_any_table(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_scheme(scene)
    assert set(left(scene)) >= {*TELLING, "falconry", *PEOPLE, "pair-1"}
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    rounds = delete_all(scene)
    assert left(scene) == []
    assert rounds > 10  # each a small transaction
    with scene.database.read() as session:
        gone = retention.deletion_of(session, PROGRAM)
        events = [event for _, event in journal.read(session, PROGRAM)]
    assert gone is not None
    assert gone.finished_at == LATER
    assert gone.counts["participants"] == gone.counts["people"] == len(PEOPLE)
    assert gone.counts["pairs"] == 2
    assert [e.kind for e in events if e.pair or e.person] == []
    assert (events[-1].kind, events[-1].data) == (EventKind.PERSONAL_DATA_DELETED, gone.counts)


def test_every_table_that_names_a_program_or_a_person_is_thought_of() -> None:
    """A table that comes to be has to be named: as one that is emptied, or as one that stays."""
    emptied = {part.table.__tablename__ for part in retention._parts(PROGRAM)}
    stays = {
        "programs": "its numbers of people are taken out",
        "people": "goes with the last program or scheme that has them",
        "instruments": "surveys as they were asked, no answers",
        "schemes": "not of one program",
        "scheme_people": "for the next programs of the scheme",
        "holds": "who of HR held, and for what case",
        "deletions": "counts",
        "erasures": "proofs, by opaque id",
        "acts": "what HR did, by opaque id; deleted after three years",
    }
    tables = {table.name for table in Base.metadata.sorted_tables}
    assert emptied | stays.keys() == tables
    assert not emptied & stays.keys()


@pytest.mark.parametrize("left_out", [part.table for part in retention._parts(PROGRAM)])
def test_a_deletion_that_leaves_out_a_table_is_found_out(
    quick: Scene, monkeypatch: pytest.MonkeyPatch, left_out: type[Base]
) -> None:
    no_scheme(quick)
    parts = retention._parts
    monkeypatch.setattr(
        retention,
        "_parts",
        lambda program: tuple(one for one in parts(program) if one.table is not left_out),
    )
    with suppress(IntegrityError):  # what it points to can't be deleted either
        delete_all(quick)
    assert left(quick) != []


def test_once_more_changes_nothing(quick: Scene) -> None:
    delete_all(quick)
    before = quick.everything()
    assert delete_all(quick) == 1
    assert quick.everything() == before


def test_who_is_in_another_program_or_scheme_stays_known(quick: Scene) -> None:
    other = definition_with().model_copy(update={"program": definition_with().program})
    with quick.database.write() as session:
        nils = programs.participant(session, PROGRAM, "p-nils")
        assert nils is not None
        entrant = Entrant(person=nils.person, roles=nils.eligible_roles)
        programs.enter(session, other, [entrant], STARTED, STARTED)
    delete_all(quick)
    with quick.database.read() as session:
        known = {row.id for row in session.scalars(select(PersonRow))}
        assert known == {"p-nils", WHO, "p-vera"}  # by the other program, and by the scheme
        assert session.get(ParticipantRow, (other.program.id, "p-nils")) is not None
        definition = session.get_one(ProgramRow, PROGRAM).definition
        counts = session.get_one(DeletionRow, PROGRAM).counts
    assert REFERENCE not in str(definition)
    assert (counts["participants"], counts["people"]) == (4, 1)


def test_nobody_is_in_it_any_more_and_no_pair_has_a_name(quick: Scene) -> None:
    delete_all(quick)
    with quick.database.read() as session:
        assert programs.participants(session, PROGRAM) == []
        assert programs.pair_names(session, PROGRAM) == {}


# --- A legal hold --------------------------------------------------------------------------------


def hold(made: Scene, reference: str | None = "Case 7/2027", at: datetime = LATER) -> None:
    with made.database.write() as session:
        assert holds.put(session, PROGRAM, "hr-hanna", reference, at) is not None


def delete_held(made: Scene) -> bool:
    """Whether a deletion is refused, with nothing changed."""
    before = made.everything()
    try:
        delete_all(made)
    except OnHold:
        return made.everything() == before
    return False


def test_on_hold_nothing_is_deleted_and_afterwards_everything(scene: Scene) -> None:
    no_scheme(scene)
    hold(scene)
    assert delete_held(scene)
    with scene.database.write() as session:
        assert holds.lift(session, PROGRAM, "hr-otto", LATER) is not None
    delete_all(scene)
    assert left(scene) == []
    with scene.database.read() as session:
        (kept,) = holds.history(session, PROGRAM)
    assert (kept.set_by, kept.reference, kept.lifted_by) == ("hr-hanna", "Case 7/2027", "hr-otto")


def test_a_deletion_that_passes_over_a_hold_is_found_out(
    quick: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(quick)
    monkeypatch.setattr(holds, "must_be_free", lambda _session, _program: None)
    assert not delete_held(quick)


def test_on_hold_nobody_is_erased(quick: Scene) -> None:
    hold(quick)
    before = quick.everything()
    with pytest.raises(OnHold) as refused, quick.database.write() as session:
        erasing.erase(session, WHO)
    assert refused.value.holds[0].reference == "Case 7/2027"
    with pytest.raises(OnHold), quick.database.write() as session:
        erasing.erase_in_program(session, PROGRAM, WHO)
    assert quick.everything() == before


def test_a_hold_that_comes_in_between_keeps_what_is_left(
    quick: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    with quick.database.write() as session:
        assert retention.delete_some(session, PROGRAM, LATER)
    hold(quick)
    assert delete_held(quick)
    with quick.database.read() as session:
        found = retention.deletion_of(session, PROGRAM)
    assert found is not None
    assert found.finished_at is None
    assert sum(found.counts.values()) == 1


def test_a_second_hold_changes_nothing_and_none_can_be_lifted_twice(quick: Scene) -> None:
    with quick.database.write() as session:
        assert holds.lift(session, PROGRAM, "hr", LATER) is None
    hold(quick)
    with quick.database.write() as session:
        assert holds.put(session, PROGRAM, "hr", "another", LATER) is None
        assert holds.lift(session, PROGRAM, "hr", LATER) is not None
        assert holds.lift(session, PROGRAM, "hr", LATER) is None
    hold(quick, None, LATER + timedelta(days=1))
    with quick.database.read() as session:
        assert [one.reference for one in holds.history(session, PROGRAM)] == ["Case 7/2027", None]
        assert retention.term_of(session, PROGRAM).held
        assert retention.term_of(session, PROGRAM).lifted_at == LATER


def signals(made: Scene) -> list[tuple[str, dict[str, Any]]]:
    with made.database.read() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.signal == holds.HOLD_SIGNAL))
        return [(row.workflow_id, row.argument) for row in rows]


def test_the_workflow_hears_that_there_is_a_hold_and_not_why(quick: Scene) -> None:
    hold(quick)
    assert signals(quick) == []  # nobody waits yet: the workflow asks the store when it begins
    quick.happened(EventKind.RETENTION_STARTED, pair=None)
    with quick.database.write() as session:
        holds.lift(session, PROGRAM, "hr", LATER)
    hold(quick)
    waits = retention_workflow_id(PROGRAM)
    assert signals(quick) == [(waits, {"held": False}), (waits, {"held": True})]


# --- A consent that is taken back ----------------------------------------------------------------


def test_who_takes_their_consent_back_is_named_until_they_are_erased(quick: Scene) -> None:
    with quick.database.write() as session:
        assert consents.withdrawn(session, PROGRAM) == []
        assert consents.withdraw(session, PROGRAM, WHO, ConsentKind.PROCESSING)
        assert not consents.withdraw(session, PROGRAM, WHO, ConsentKind.PROCESSING)
        answers.withdraw(session, PROGRAM, WHO)
    with quick.database.read() as session:
        assert consents.withdrawn(session, PROGRAM) == [WHO]
        given = consents.history(session, PROGRAM, WHO)
    assert [one.given for one in given] == [True, False]
    assert given[0].version == Read(text=given[0].text or "", language="en").version
    with quick.database.write() as session:
        erasing.erase(session, WHO)
    with quick.database.read() as session:
        assert consents.withdrawn(session, PROGRAM) == []
