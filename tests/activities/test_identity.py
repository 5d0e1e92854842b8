"""What people say they are is used with their consent, and gone when the matches are approved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.matching import Matching
from activities.signatures import FormPairs, MatchRequest, ProposalRef, RepairRequest
from domain.definition import Definition
from domain.journal import EventKind, JournalEvent
from domain.people import Person, Role
from domain.recurrence import Rhythm
from store import consents, identity, journal, programs, proposals, schemes
from store.consents import ConsentKind, ConsentSource
from store.database import Database
from store.links import Links
from store.programs import Entrant
from store.tables import ParticipantRow
from tests import shipped
from tests.domain.definitions import definition_with
from tests.erasing import everything_in_words
from tests.portal.scene import Scene

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
SAYS = "Gruffalo"
"""What some say they are. It stands nowhere else."""

SCHEME = "identities"


def definition(**of_identity: object) -> Definition:
    plan = definition_with(
        people={
            "columns": {"id": "ID", "name": "N", "email": "M", "extra": {"gender": "G"}},
            "identity": {"columns": ["gender"], "opt_in": "Use it", **of_identity},
        },
        matching={
            "rules": [],
            "preferences": [
                {"prefer": "same", "column": "gender", "weight": 3},
                {"prefer": "same", "column": "location", "weight": 1},
            ],
        },
    )
    program = plan.program.model_copy(update={"id": "example", "scheme": SCHEME})
    return plan.model_copy(update={"program": program})


def entrant(number: int, says: str | None) -> Entrant:
    role = Role.MENTOR if number % 2 else Role.MENTEE
    person = Person(
        reference=f"{number:05}",
        name=f"Person {number} Example",
        email=f"person{number}@example.com",
        roles=(role,),
        location="Leeds",
        opted_in=says is not None,
        extra={"gender": says} if says else {},
    )
    return Entrant(person=person, roles=(role,))


ENTRANTS = (entrant(1, SAYS), entrant(2, SAYS), entrant(3, "Snark"), entrant(4, None))


class Run:
    """A program up to its pairs."""

    def __init__(self, database: Database, **of_identity: object) -> None:
        self.database = database
        self.matching = Matching(database)
        self.scene = Scene(database, Links("http://x", ["k" * 32]), shipped.CONTENT)
        plan = definition(**of_identity)
        with database.write() as session:
            schemes.keep(session, SCHEME, plan, Rhythm(months=(1,), day=15), ENTRANTS, NOW)
            programs.enter(session, plan, ENTRANTS, NOW, NOW)
            for row in session.query(ParticipantRow):
                row.joined, row.answered_at = True, NOW

    def propose(self) -> ProposalRef:
        return self.matching.propose_matches(MatchRequest(program="example", now=NOW))

    def approve(self, proposed: ProposalRef, first_cohort: int = 1) -> None:
        event = JournalEvent(
            id=f"approved-{proposed.proposal}", kind=EventKind.MATCHES_APPROVED, at=NOW
        )
        self.matching.form_pairs(
            FormPairs(
                program="example",
                proposal=proposed.proposal,
                first_cohort=first_cohort,
                events=(event,),
            )
        )

    def update(self, people: Iterable[Entrant]) -> None:
        with self.database.write() as session:
            programs.update_people(session, "example", [one.person for one in people])

    def ids(self) -> dict[str, str]:
        with self.database.read() as session:
            found = programs.participants(session, "example")
        return {one.person.reference: one.id for one in found}

    @property
    def words(self) -> str:
        return everything_in_words(self.scene)

    def events(self, kind: EventKind) -> list[dict[str, Any]]:
        with self.database.read() as session:
            return [e.data for _, e in journal.read(session, "example") if e.kind is kind]


def for_hr(run: Run, proposed: ProposalRef) -> list[str]:
    with run.database.read() as session:
        found = proposals.proposal(session, proposed.proposal).proposal
    return [words for pair in found.pairs for words in (*pair.for_hr, *pair.against)]


def test_once_the_matches_are_approved_no_table_holds_what_people_said(database: Database) -> None:
    run = Run(database)
    proposed = run.propose()
    assert any("asked to be matched" in words for words in for_hr(run, proposed))
    assert SAYS in run.words
    assert "Snark" in run.words
    run.approve(proposed)
    words = run.words
    assert SAYS not in words
    assert "Snark" not in words
    assert for_hr(run, proposed) == []
    assert "Leeds" in words  # all else is still there
    assert run.events(EventKind.IDENTITY_DELETED) == [{"count": 3}]


def test_forming_the_pairs_once_more_says_nothing_more(sqlite_database: Database) -> None:
    run = Run(sqlite_database)
    proposed = run.propose()
    for _ in range(2):
        run.approve(proposed)
    assert run.events(EventKind.IDENTITY_DELETED) == [{"count": 3}]


def test_a_store_in_which_one_place_was_passed_over_is_found_out(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above sees what is left in what is kept for the next programs of the scheme."""
    run = Run(sqlite_database)
    monkeypatch.setattr(identity, "_forget_for_later", lambda *_: None)
    run.approve(run.propose())
    assert SAYS in run.words


def test_new_partners_are_found_without_it_and_a_newer_file_does_not_bring_it_back(
    sqlite_database: Database,
) -> None:
    run = Run(sqlite_database)
    run.approve(run.propose())
    run.update([*ENTRANTS[:3], entrant(4, SAYS), entrant(6, SAYS)])
    assert SAYS not in run.words
    request = RepairRequest(program="example", now=NOW, changes=0)
    run.matching.propose_new_pairs(request)
    again = run.propose()
    assert not any("asked to be matched" in words for words in for_hr(run, again))
    assert len(for_hr(run, again)) == 0


def test_before_the_approval_a_newer_file_counts(sqlite_database: Database) -> None:
    run = Run(sqlite_database)
    run.update([entrant(1, "Jabberwock"), *ENTRANTS[1:]])
    assert "Jabberwock" in run.words


def test_it_is_kept_where_the_definition_says_so(sqlite_database: Database) -> None:
    run = Run(sqlite_database, keep="until_the_end")
    run.approve(run.propose())
    assert SAYS in run.words
    assert run.events(EventKind.IDENTITY_DELETED) == []


def test_that_somebody_opted_in_is_kept_as_a_fact(sqlite_database: Database) -> None:
    run = Run(sqlite_database)
    run.approve(run.propose())
    run.update([*ENTRANTS[:2], entrant(3, None), entrant(4, SAYS)])  # minds were changed
    ids = run.ids()
    with sqlite_database.read() as session:
        found = {
            reference: [
                (one.kind, one.given, one.source)
                for one in consents.history(session, "example", person)
            ]
            for reference, person in ids.items()
        }
    gave = (ConsentKind.IDENTITY, True, ConsentSource.PEOPLE_FILE)
    took_back = (ConsentKind.IDENTITY, False, ConsentSource.PEOPLE_FILE)
    assert found == {
        "00001": [gave],
        "00002": [gave],
        "00003": [gave, took_back],
        "00004": [gave],
    }


def test_who_takes_it_back_has_it_deleted_at_once_and_nobody_else(
    sqlite_database: Database,
) -> None:
    run = Run(sqlite_database)
    person = run.ids()["00003"]
    with sqlite_database.write() as session:
        assert consents.withdraw(session, "example", person, ConsentKind.IDENTITY)
    assert "Snark" not in run.words
    assert SAYS in run.words
