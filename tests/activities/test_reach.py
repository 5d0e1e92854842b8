"""When messages may reach the two of a pair, from what the store knows of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.reach import LONGEST, Reach, reach_of
from activities.signatures import PairRef
from domain.people import Role
from domain.reach import PairHours
from store import programs
from store.tables import ParticipantRow, ProgramRow
from tests.activities.conftest import Works
from tests.portal.scene import PROGRAM

FRIDAY = datetime(2027, 3, 26, 9, tzinfo=UTC)
"""Good Friday; in the night to Sunday the clocks go forward."""


def hours(works: Works, now: datetime = FRIDAY, pair: str = "pair-1") -> PairHours:
    return Reach(works.scene.database).pair_hours(PairRef(program=PROGRAM, pair=pair, now=now))


def set_calendar(works: Works, **calendar: object) -> None:
    with works.scene.database.write() as session:
        row = session.get_one(ProgramRow, PROGRAM)
        row.definition = {
            **row.definition,
            "calendar": {**row.definition["calendar"], **calendar},
        }


def test_each_has_the_hours_of_their_own_clock_and_country(works: Works) -> None:
    set_calendar(works, holidays="GB-ENG")
    works.change_profile("theo", timezone="Europe/Prague", country="CZ", working_hours=[600, 960])
    known = hours(works)
    saturday = FRIDAY + timedelta(days=1)
    # In London Easter Monday is a holiday; in Prague Good Friday is one too.
    assert known.mentor.next_open(saturday) == datetime(2027, 3, 30, 7, tzinfo=UTC)
    assert known.of(Role.MENTEE).next_open(saturday) == datetime(2027, 3, 30, 8, tzinfo=UTC)
    assert known.program == known.mentor


def test_who_is_away_is_not_written_to_before_they_are_back(works: Works) -> None:
    back = datetime(2027, 4, 14, 11, tzinfo=UTC)
    with works.scene.database.write() as session:
        session.get_one(ParticipantRow, (PROGRAM, "p-theo")).away_until = back
    known = hours(works)
    assert known.mentee.next_open(FRIDAY) == back
    assert known.mentor.is_open(FRIDAY)


def test_a_pairs_whole_life_is_known_and_no_more_than_fits(works: Works) -> None:
    known = hours(works)
    life = timedelta(days=7 + 14 + 126 + 14)
    assert known.known_until > FRIDAY + life + timedelta(days=50)
    assert len(known.model_dump_json()) < 8_000
    with works.scene.database.write() as session:
        row = session.get_one(ProgramRow, PROGRAM)
        row.definition = {**row.definition, "stages": {"meetings": 1000}}
    assert len(hours(works).mentor.spans) <= 2 * (LONGEST * 5 // 7 + 2)


def test_one_person_can_be_asked_for(works: Works) -> None:
    works.change_profile("theo", timezone="Europe/Prague")
    with works.scene.database.read() as session:
        program = programs.get(session, PROGRAM)
        theo = programs.participant(session, PROGRAM, "p-theo")
    early = datetime(2027, 3, 24, 7, 30, tzinfo=UTC)
    assert reach_of(program, theo, early).is_open(early)
    assert not reach_of(program, None, early).is_open(early)


def test_a_pair_that_nobody_knows_is_told_without_a_name(works: Works) -> None:
    with pytest.raises(ApplicationError) as failed:
        hours(works, pair="pair-9")
    assert failed.value.type == "UnknownPair"
