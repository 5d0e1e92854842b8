"""Who gets a certificate, and what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.calendar import calendar_of
from domain.definition import Definition
from domain.journal import EventKind, JournalEvent
from domain.people import Role
from domain.sections import GroupSession
from store import journal
from store.certificates import Certificate, certificate_of
from store.database import Database
from store.tables import ProgramRow, SessionRow
from tests.portal.scene import DEFINITION, PROGRAM, STARTED, Scene, fill

WORKSHOPS = GroupSession.model_validate(
    {
        "id": "supervision",
        "title": "Supervision",
        "whom": "mentor",
        "dates": ["2026-01-05 10:00", "2026-02-05 10:00", "2026-03-05 10:00"],
        "needed": 2,
    }
)


@pytest.fixture
def scene(database: Database) -> Scene:
    """An example program whose first pair held two sessions and completed."""
    made = fill(database)
    with made.database.write() as session:
        for number, held in ((1, True), (2, True), (3, False)):
            at = STARTED + timedelta(days=number)
            row = SessionRow(
                pair_id="pair-1", number=number, booked_for=at, held_at=at if held else None
            )
            session.add(row)
    made.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_COMPLETED)
    return made


def certificate(
    scene: Scene, person: str = "p-mia", definition: Definition = DEFINITION, pair: str = "pair-1"
) -> Certificate | None:
    with scene.database.read() as session:
        epoch = session.get_one(ProgramRow, PROGRAM).epoch
        return certificate_of(session, definition, calendar_of(definition, epoch), pair, person)


def said(scene: Scene, person: str, kind: EventKind, group: str, number: int) -> None:
    """Somebody said whether they came to a date of a group session."""
    event = JournalEvent(
        id=f"{person}/{group}/{number}",
        kind=kind,
        at=datetime.now(UTC),
        person=person,
        data={"group": group, "number": number},
    )
    with scene.database.write() as session:
        journal.append(session, PROGRAM, [event])


def test_it_counts_the_sessions_that_were_held(scene: Scene) -> None:
    earned = certificate(scene)
    assert earned is not None
    assert (earned.role, earned.sessions, earned.minutes) == (Role.MENTOR, 2, 120)
    assert (earned.first, earned.last) == (
        STARTED + timedelta(days=1),
        STARTED + timedelta(days=2),
    )
    theirs = certificate(scene, "p-theo")
    assert theirs is not None
    assert theirs.role is Role.MENTEE


def test_a_pair_that_goes_on_has_none_yet(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, pair="pair-2")
    assert certificate(scene, "p-nils", pair="pair-2") is None


def test_who_has_to_come_to_group_sessions_needs_enough_of_them(scene: Scene) -> None:
    definition = DEFINITION.model_copy(update={"group_sessions": (WORKSHOPS,)})
    assert certificate(scene, "p-theo", definition) is not None
    said(scene, "p-mia", EventKind.ATTENDED, "supervision", 1)
    said(scene, "p-mia", EventKind.MISSED_GROUP_SESSION, "supervision", 2)
    said(scene, "p-mia", EventKind.ATTENDED, "other", 3)
    assert certificate(scene, "p-mia", definition) is None
    said(scene, "p-mia", EventKind.ATTENDED, "supervision", 3)
    assert certificate(scene, "p-mia", definition) is not None
