"""A program of any size whose truth is known: what changed was planted, and what did not.

Confidence rises by `RISE` in the mean, openness by nothing. Everything else happens by chance, from
a seed. It is written into a store like a real one, and read from there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from domain.definition import Definition
from domain.journal import EventKind, JournalEvent
from domain.people import Role
from store import journal
from store.tables import AnswerRow, PairRow, ParticipantRow, PersonRow, ProgramRow
from tests.report import sample

START = datetime(2026, 1, 12, 8, tzinfo=UTC)
PROGRAM = "simulated"
SESSIONS = 6

STEPS, CHANCES = (-1, 0, 1, 2), (0.1, 0.35, 0.35, 0.2)
RISE = float(np.dot(STEPS, CHANCES))
"""By how much confidence rises in the mean of all people there could be: 0.65 points."""
NULL_STEPS, NULL_CHANCES = (-1, 0, 1), (0.3, 0.4, 0.3)
"""Openness goes up as often as down."""


def definition() -> Definition:
    """With a target on what changes and the same one on what does not."""
    return sample.definition(
        program={**sample.definition().program.model_dump(), "id": PROGRAM},
        check_ins=[
            {"survey": "baseline", "when": "preparation"},
            {"survey": "pulse", "when": "after session 2"},
            {"survey": "final", "when": "evaluation"},
        ],
        success=[
            {"metric": "sessions_held", "target": ">= 60%"},
            {"metric": "pairs_completed", "target": ">= 60%"},
            {"metric": "stalled_pairs", "target": "<= 50%"},
            {"metric": "recovered_pairs", "target": ">= 50%"},
            {"metric": "days_to_first_session", "target": "<= 30"},
            {"metric": "recommendation", "target": ">= 10"},
            {"metric": "satisfaction", "target": ">= 3.5"},
            {"metric": "response_rate", "target": ">= 60%"},
            {"metric": "change", "scale": "confidence", "target": ">= 0.3"},
            {"metric": "change", "scale": "openness", "target": ">= 0.3"},
            {"metric": "change", "scale": "confidence", "role": "mentee", "target": ">= 0.3"},
        ],
    )


def write(session: Session, pairs: int, seed: int) -> None:
    """Write a completed program of so many pairs into an empty store."""
    chance = np.random.default_rng(seed)
    session.add(
        ProgramRow(
            id=PROGRAM,
            title="Simulated",
            definition=definition().model_dump(mode="json"),
            epoch=START,
            created_at=START,
        )
    )
    people = [(f"{role.value}-{n:04}", role) for n in range(pairs) for role in Role]
    session.execute(insert(PersonRow), [_person(name) for name, _ in people])
    session.execute(
        insert(ParticipantRow), [_participant(name, role, chance) for name, role in people]
    )
    session.execute(insert(PairRow), [_pair(n) for n in range(pairs)])
    answers: list[dict[str, Any]] = []
    events = [
        _event("joined", EventKind.PROGRAM_STARTED, 0),
        _event("invited", EventKind.PEOPLE_INVITED, 0.1, count=2 * pairs),
    ]
    for number in range(pairs):
        events += _lived(number, chance, answers)
    events.append(_event("over", EventKind.PROGRAM_COMPLETED, 180))
    session.execute(insert(AnswerRow), answers)
    journal.append(session, PROGRAM, events)


def _person(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "reference": name,
        "name": f"Example {name}",
        "email": f"{name}@example.org",
        "language": "en",
        "timezone": None,
    }


def _participant(name: str, role: Role, chance: np.random.Generator) -> dict[str, Any]:
    profile = {
        "reference": name,
        "name": f"Example {name}",
        "email": f"{name}@example.org",
        "roles": [role.value],
        "department": str(chance.choice(["Operations", "Finance", "Legal"], p=[0.5, 0.35, 0.15])),
        "level": "Analyst" if role is Role.MENTOR else "Director",
    }
    return {
        "program_id": PROGRAM,
        "person_id": name,
        "profile": profile,
        "eligible_roles": [role.value],
        "joined": True,
    }


def _pair(number: int) -> dict[str, Any]:
    return {
        "id": f"pair-{number:04}",
        "program_id": PROGRAM,
        "cohort": 0,
        "mentor_id": f"mentor-{number:04}",
        "mentee_id": f"mentee-{number:04}",
        "score": 50.0,
        "reasons": [],
    }


def _event(
    name: str, kind: EventKind, day: float, pair: str | None = None, **data: int | str
) -> JournalEvent:
    at = START + timedelta(days=day)
    return JournalEvent(id=name, kind=kind, at=at, pair=pair, data=data)


def _lived(
    number: int, chance: np.random.Generator, answers: list[dict[str, Any]]
) -> list[JournalEvent]:
    pair = f"pair-{number:04}"
    events: list[JournalEvent] = []

    def happens(kind: EventKind, day: float, **data: int | str) -> None:
        events.append(_event(f"{pair}#{len(events)}", kind, day, pair, **data))

    def answers_survey(survey: str, occasion: str, day: float, role: Role, **given: int) -> None:
        person = f"{role.value}-{number:04}"
        name = f"{PROGRAM}/{pair}/{person}/{survey}:{occasion}"
        answers.append(
            {
                "id": name,
                "program_id": PROGRAM,
                "pair_id": pair,
                "person_id": person,
                "role": role.value,
                "kind": "survey",
                "occasion": f"{survey}:{occasion}",
                "version": 2 if survey == "final" else 1,
                "content": given,
                "answered_at": START + timedelta(days=day),
            }
        )
        said = {"survey": survey, "occasion": f"{survey}:{occasion}"}
        events.append(
            _event(name, EventKind.SURVEY_ANSWERED, day, pair, **said).model_copy(
                update={"person": person, "role": role}
            )
        )

    happens(EventKind.PAIR_INTRODUCED, 14)
    happens(EventKind.PAIR_PREPARING, 16)
    happens(EventKind.PAIR_MEETING, 21)
    before = {role: _before(chance) for role in Role}
    happens(
        EventKind.CHECK_IN_SENT, 16.1, survey="baseline", occasion="baseline:preparation", count=2
    )
    for role in Role:
        if chance.random() < 0.9:
            day = 17 + 3 * chance.random()
            answers_survey("baseline", "preparation", day, role, **before[role])
    day = 21.0
    for session in range(1, int(chance.binomial(SESSIONS, 0.75)) + 1):
        day += 10 + 10 * chance.random()
        if chance.random() < 0.08:
            happens(EventKind.PAIR_STALLED, day, step=1)
            happens(EventKind.LADDER_CLIMBED, day, step=1, action="nudge_scheduler")
            day += 5
        happens(EventKind.SESSION_HELD, day, session=session)
    happens(EventKind.PAIR_EVALUATING, 161)
    happens(EventKind.CHECK_IN_SENT, 161.1, survey="final", occasion="final:evaluation", count=2)
    for role in Role:
        if chance.random() < 0.8:
            after = _after(before[role], chance)
            answers_survey("final", "evaluation", 162 + 10 * chance.random(), role, **after)
    happens(EventKind.PAIR_COMPLETED, 175)
    return events


def _before(chance: np.random.Generator) -> dict[str, int]:
    return {
        "confidence": int(chance.integers(2, 4)),
        "speaks_up": int(chance.integers(2, 5)),
        "far_apart": int(chance.integers(2, 5)),
        "expects": int(chance.integers(1, 6)),
    }


def _after(before: dict[str, int], chance: np.random.Generator) -> dict[str, int]:
    def nowhere() -> int:
        return int(chance.choice(NULL_STEPS, p=NULL_CHANCES))

    return {
        "confidence": before["confidence"] + int(chance.choice(STEPS, p=CHANCES)),
        "speaks_up": before["speaks_up"] + nowhere(),
        "far_apart": before["far_apart"] + nowhere(),
        "recommendation": int(chance.choice([5, 7, 8, 9, 10], p=[0.2, 0.15, 0.15, 0.25, 0.25])),
        "satisfaction": int(chance.integers(3, 6)),
        "learned": int(chance.integers(2, 6)),
        "trust": int(chance.integers(2, 6)),
        "held_back": int(chance.integers(1, 5)),
    }
