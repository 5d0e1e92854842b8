"""All that is held about a person is given to them, and nothing that is somebody else's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import NoResultFound

from domain.deeds import Wish
from domain.journal import EventKind
from domain.people import Role
from store import answers
from store.database import Database
from store.links import Link, Purpose
from store.personal_data import InProgram, personal_data
from store.tables import MessageRow, ParticipantRow, ProgramRow, SessionRow, SignatureRow
from tests.portal.scene import EXPIRES, PROGRAM, STARTED, Scene, fill

SECRET = "What I would never tell my partner"


@pytest.fixture
def scene(database: Database) -> Scene:
    """An example program, on SQLite and on PostgreSQL."""
    made = fill(database)
    made.happened(EventKind.PAIR_INTRODUCED)
    return made


def link(purpose: Purpose, person: str, **about: object) -> Link:
    return Link.model_validate(
        {
            "purpose": purpose,
            "program": PROGRAM,
            "person": person,
            "pair": "pair-1",
            "expires": EXPIRES,
            **about,
        }
    )


def held(scene: Scene, person: str) -> InProgram:
    with scene.database.read() as session:
        (part,) = personal_data(session, person).programs
    return part


def do_everything(scene: Scene, person: str, role: Role, words: str) -> None:
    """Let somebody answer, write, sign and be written to."""
    with scene.database.write() as session:
        answers.ask_help(session, link(Purpose.HELP, person), words, 1)
        answers.raise_safety(session, link(Purpose.SAFETY, person), words, 1)
        answers.wish(session, link(Purpose.CONTINUE, person), Wish.GO_ON)
        survey = link(Purpose.SURVEY, person, survey="pulse", occasion="pulse:2")
        answers.answer_survey(session, survey, 1, {"note": words, "useful": 5})
        session.add(
            SignatureRow(
                id=f"pair-1/{role.value}/1",
                pair_id="pair-1",
                person_id=person,
                role=role.value,
                terms=1,
                version=2,
                language="en",
                choices={"off_limits": words},
                text=f"We agree. {words}",
                signed_at=STARTED,
            )
        )
        session.add(
            MessageRow(
                key=f"{PROGRAM}/pair-1/session_due/1/{role.value}",
                program_id=PROGRAM,
                pair_id="pair-1",
                person_id=person,
                recipient=role.value,
                kind="session_due",
                state="sent",
                message_id="<1@example.com>",
                attempts=1,
                error=None,
                queued_at=STARTED,
                sent_at=STARTED,
                send_after=None,
                letter=None,
            )
        )


def test_everything_that_somebody_wrote_and_signed_is_theirs_to_have(scene: Scene) -> None:
    do_everything(scene, "p-mia", Role.MENTOR, SECRET)
    part = held(scene, "p-mia")
    assert {answer.kind for answer in part.answers} == {"help", "safety", "wish", "survey"}
    assert [signed.text for signed in part.signatures] == [f"We agree. {SECRET}"]
    assert [message.kind for message in part.messages] == ["session_due"]
    assert part.profile["department"] == "Example Dept"
    assert [(pair.role, pair.partner) for pair in part.pairs] == [(Role.MENTOR, "Theo Example")]
    kinds = [event.kind for event in part.events]
    assert kinds == ["pair_introduced", "help_asked", "wished", "survey_answered"]


def test_nothing_of_the_partner_is_in_it(scene: Scene) -> None:
    do_everything(scene, "p-mia", Role.MENTOR, SECRET)
    part = held(scene, "p-theo")
    assert SECRET not in part.model_dump_json()
    assert not part.answers + part.signatures + part.messages
    assert [event.kind for event in part.events] == ["pair_introduced"]


def test_times_that_wait_for_an_answer_belong_to_who_proposed_them(scene: Scene) -> None:
    with scene.database.write() as session:
        session.add(
            SessionRow(
                pair_id="pair-1",
                number=1,
                proposal=1,
                proposed_by="mentor",
                proposed_times=["2026-03-02T14:30:00+00:00"],
                proposed_place=SECRET,
            )
        )
    (mine,) = held(scene, "p-mia").pairs[0].sessions
    assert (len(mine.proposed_times), mine.proposed_place) == (1, SECRET)
    (theirs,) = held(scene, "p-theo").pairs[0].sessions
    assert (theirs.proposed_times, theirs.proposed_place) == ((), None)


def test_a_pairs_events_tell_neither_what_they_say_of_the_other(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_CLOSED, reason="no_fit", session=3)
    (_, closed) = held(scene, "p-mia").events
    assert (closed.kind, closed.data) == ("pair_closed", {"session": 3})


def test_a_pair_that_the_two_do_not_know_of_is_not_told(scene: Scene) -> None:
    assert held(scene, "p-nils").pairs == ()


def test_it_is_over_all_programs_and_one_document(scene: Scene) -> None:
    with scene.database.write() as session:
        program = session.get_one(ProgramRow, PROGRAM)
        part = session.get_one(ParticipantRow, (PROGRAM, "p-mia"))
        session.add(
            ProgramRow(
                id="earlier",
                title="Looking Up 2025",
                definition=program.definition,
                epoch=program.epoch - timedelta(days=365),
                created_at=datetime.now(UTC),
            )
        )
        session.flush()
        session.add(
            ParticipantRow(
                program_id="earlier",
                person_id="p-mia",
                profile=part.profile,
                eligible_roles=["mentor"],
                joined=False,
                answered_at=None,
                withdrew_at=None,
            )
        )
    with scene.database.read() as session:
        data = personal_data(session, "p-mia")
    document = json.loads(data.as_json())
    assert [part["title"] for part in document["programs"]] == [
        "Looking Up 2025",
        "Looking Up 2026",
    ]
    assert document["person"]["name"] == "Mia Example"


def test_who_is_not_known_has_none(scene: Scene) -> None:
    with scene.database.read() as session, pytest.raises(NoResultFound):
        personal_data(session, "p-nobody")
