"""Programs, people, proposals and pairs in the store, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.definition import Definition
from domain.people import Person, Role
from domain.proposal import Proposal, ProposedPair, Totals
from store import programs, proposals
from store.database import Database
from store.programs import Entrant, UnknownProgram
from store.tables import PairRow, ParticipantRow, PersonRow, ProgramRow
from tests.domain.definitions import definition_with

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


def program(slug: str = "example") -> Definition:
    plan = definition_with()
    return plan.model_copy(update={"program": plan.program.model_copy(update={"id": slug})})


def entrant(number: int, **fields: object) -> Entrant:
    role = Role.MENTOR if number % 2 else Role.MENTEE
    person = Person(
        reference=f"{number:05}",
        name=f"Person {number} Example",
        email=f"Person{number}@example.com",
        roles=(role,),
    )
    return Entrant(person=person.model_copy(update=fields), roles=(role,))


def enter(database: Database, *entrants: Entrant, slug: str = "example") -> None:
    with database.write() as session:
        programs.enter(session, program(slug), entrants, NOW, NOW)


def ids(database: Database, slug: str = "example") -> dict[str, str]:
    """Our id of each person, by the organisation's."""
    with database.read() as session:
        return {p.person.reference: p.id for p in programs.participants(session, slug)}


def proposal_of(*pairs: tuple[str, str]) -> Proposal:
    made = tuple(
        ProposedPair(mentor=mentor, mentee=mentee, score=50, reasons=("x",))
        for mentor, mentee in pairs
    )
    totals = Totals(objective="most_people", pairs=len(made), people=2, score=50, lowest=50)
    return Proposal(pairs=made, unmatched=(), totals=totals)


def test_a_program_comes_back_as_it_was_entered(database: Database) -> None:
    enter(database, entrant(1), entrant(2))
    with database.read() as session:
        found = programs.get(session, "example")
        assert found.definition == program()
        assert found.epoch == NOW
        assert programs.exists(session, "example")
        assert not programs.exists(session, "other")
        with pytest.raises(UnknownProgram):
            programs.get(session, "other")
        people = programs.participants(session, "example")
    by_reference = sorted((p.person for p in people), key=lambda person: person.reference)
    assert by_reference == [entrant(1).person, entrant(2).person]
    assert all(p.joined is None and not p.withdrew and not p.takes_part for p in people)


def test_ids_are_random_and_a_person_keeps_theirs_in_the_next_program(database: Database) -> None:
    enter(database, entrant(1), entrant(2))
    first = ids(database)
    enter(database, entrant(2, name="New Name"), entrant(3), slug="second")
    second = ids(database, "second")
    assert second["00002"] == first["00002"]
    assert len({*first.values(), *second.values()}) == 3
    assert not any(reference in key for reference, key in first.items())
    with database.read() as session:
        assert session.get_one(PersonRow, first["00002"]).name == "New Name"
        assert [p.person.name for p in programs.participants(session, "example")].count(
            "New Name"
        ) == 0


def test_a_program_of_several_thousand_people_is_entered(sqlite_database: Database) -> None:
    entrants = [entrant(number) for number in range(2_500)]
    enter(sqlite_database, *entrants)
    enter(sqlite_database, *entrants, slug="second")
    assert len(ids(sqlite_database, "second")) == 2_500
    assert ids(sqlite_database) == ids(sqlite_database, "second")


def test_a_program_that_is_taken_back_can_be_entered_anew(database: Database) -> None:
    enter(database, entrant(1), entrant(2))
    before = ids(database)
    with database.write() as session:
        programs.take_back(session, "example")
        assert session.get(ProgramRow, "example") is None
        programs.enter(session, program(), [entrant(2), entrant(3)], NOW, NOW)
    after = ids(database)
    assert set(after) == {"00002", "00003"}
    assert after["00002"] == before["00002"]


def test_people_are_given_page_by_page_each_once(database: Database) -> None:
    enter(database, *(entrant(number) for number in range(7)))
    seen: list[str] = []
    after = ""
    with database.read() as session:
        while page := programs.page_of_participants(session, "example", after, 3):
            seen += [p.id for p in page]
            after = page[-1].id
    assert seen == sorted(ids(database).values())


@pytest.mark.parametrize("named", ["00001", "person1@example.com", "PERSON1@EXAMPLE.COM"])
def test_a_person_is_found_by_what_hr_calls_them(database: Database, named: str) -> None:
    enter(database, entrant(1), entrant(2))
    with database.read() as session:
        found = programs.participant_by_reference(session, "example", named)
        assert found is not None
        assert found.id == ids(database)["00001"]
        assert programs.participant_by_reference(session, "example", found.id) == found
        assert programs.participant_by_reference(session, "other", named) is None


def test_programs_are_listed_the_newest_first(database: Database) -> None:
    with database.write() as session:
        for number, slug in enumerate(("oldest", "middle", "newest")):
            programs.enter(session, program(slug), [], NOW, NOW + timedelta(days=number))
    with database.read() as session:
        assert programs.all_ids(session) == ["newest", "middle", "oldest"]


def test_an_edited_proposal_gets_the_next_number_and_the_same_one_keeps_its(
    database: Database,
) -> None:
    enter(database)
    with database.write() as session:
        assert proposals.latest_proposal(session, "example") is None
        one = proposals.save_proposal(session, "example", proposal_of(("a", "b")), "solver", NOW)
        same = proposals.save_proposal(session, "example", proposal_of(("a", "b")), "solver", NOW)
        two = proposals.save_proposal(session, "example", proposal_of(("a", "c")), "hr", NOW)
        assert (one.number, same.number, two.number) == (1, 1, 2)
        assert proposals.latest_proposal(session, "example") == two
        assert proposals.proposal(session, one.id) == one
        with pytest.raises(KeyError):
            proposals.proposal(session, "example-3")


def test_pairs_are_formed_once_and_never_with_who_left(database: Database) -> None:
    enter(database, *(entrant(number) for number in range(1, 7)))
    known = ids(database)
    chosen = proposal_of(
        (known["00001"], known["00002"]),
        (known["00003"], known["00004"]),
        (known["00005"], known["00006"]),
    )
    with database.write() as session:
        session.get_one(ParticipantRow, ("example", known["00004"])).withdrew_at = NOW
    for _ in range(2):
        with database.write() as session:
            assert programs.form_pairs(session, "example", chosen) == 1
            assert programs.count_pairs(session, "example") == 2
    with database.read() as session:
        names = set(programs.pair_names(session, "example").values())
        assert names == {
            ("Person 1 Example", "Person 2 Example"),
            ("Person 5 Example", "Person 6 Example"),
        }
        assert programs.paired_people(session, "example") == {
            known[reference] for reference in ("00001", "00002", "00005", "00006")
        }
        identity = programs.pairs_of_cohort(session, "example", 1)[0]
        pair = programs.pair(session, "example", identity)
        assert pair is not None
        assert pair.who(Role.MENTOR) == pair.mentor
        assert pair.reasons == ("x",)
        assert programs.pair(session, "other", identity) is None
        assert session.get(PairRow, "nothing") is None
