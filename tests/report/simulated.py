"""A program of any size whose truth is known: what changed was planted, and what did not.

Confidence rises by `RISE` in the mean, openness by nothing. Everything else happens by chance, from
a seed. It is written into a store like a real one, and read from there.
"""

from __future__ import annotations

import numpy as np

from domain.definition import Definition
from domain.journal import EventKind
from domain.people import Role
from store.tables import PairRow, ParticipantRow, PersonRow
from tests.report import sample
from tests.report.sample import BASELINE, FINAL, SESSIONS, Sample, Writer

PROGRAM = "simulated"

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


def make(pairs: int, seed: int) -> Sample:
    """A completed program of so many pairs."""
    sample = Sample(definition())
    writer, chance = Writer(sample, seed), np.random.default_rng(seed)
    for number in range(pairs):
        for role in Role:
            _add_person(sample, f"{role.value}-{number:04}", role, chance)
    writer.event(EventKind.PROGRAM_STARTED, 0)
    writer.event(EventKind.PEOPLE_INVITED, 0.1, {"count": 2 * pairs})
    for number in range(pairs):
        _live(writer, _pair(number), chance)
    writer.event(EventKind.PROGRAM_COMPLETED, 180)
    return sample


def _add_person(sample: Sample, name: str, role: Role, chance: np.random.Generator) -> None:
    known = {
        "reference": name,
        "name": f"Example {name}",
        "email": f"{name}@example.org",
    }
    department = str(chance.choice(["Operations", "Finance", "Legal"], p=[0.5, 0.35, 0.15]))
    level = "Analyst" if role is Role.MENTOR else "Director"
    sample.people.append(PersonRow(id=name, language="en", timezone=None, **known))
    sample.participants.append(
        ParticipantRow(
            program_id=PROGRAM,
            person_id=name,
            profile={**known, "roles": [role.value], "department": department, "level": level},
            eligible_roles=[role.value],
            joined=True,
        )
    )


def _pair(number: int) -> PairRow:
    return PairRow(
        id=f"pair-{number:04}",
        program_id=PROGRAM,
        cohort=0,
        mentor_id=f"mentor-{number:04}",
        mentee_id=f"mentee-{number:04}",
        score=50.0,
        reasons=[],
    )


def _live(writer: Writer, pair: PairRow, chance: np.random.Generator) -> None:
    def happens(kind: EventKind, day: float, **data: int | str) -> None:
        writer.event(kind, day, data, pair=pair.id)

    writer.sample.pairs.append(pair)
    happens(EventKind.PAIR_INTRODUCED, 14)
    happens(EventKind.PAIR_PREPARING, 16)
    happens(EventKind.PAIR_MEETING, 21)
    before = {role: _before(chance) for role in Role}
    happens(EventKind.CHECK_IN_SENT, 16.1, survey="baseline", occasion=BASELINE, count=2)
    for role in Role:
        if chance.random() < 0.9:
            writer.answer(BASELINE, 17 + 3 * chance.random(), pair, role, before[role])
    day = 21.0
    for session in range(1, int(chance.binomial(SESSIONS, 0.75)) + 1):
        day += 10 + 10 * chance.random()
        if chance.random() < 0.08:
            happens(EventKind.PAIR_STALLED, day, step=1)
            happens(EventKind.LADDER_CLIMBED, day, step=1, action="nudge_scheduler")
            day += 5
        happens(EventKind.SESSION_HELD, day, session=session)
    happens(EventKind.PAIR_EVALUATING, 161)
    happens(EventKind.CHECK_IN_SENT, 161.1, survey="final", occasion=FINAL, count=2)
    for role in Role:
        if chance.random() < 0.8:
            after = _after(before[role], chance)
            writer.answer(FINAL, 162 + 10 * chance.random(), pair, role, after, version=2)
    happens(EventKind.PAIR_COMPLETED, 175)


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
