"""The program that the faults are injected into, and its people: made-up ones, drawn from a seed.

Nothing in it depends on when an answer comes: stages end when everybody is done, there are no
ladders, and deadlines lie beyond any outage. So a run with faults and one without have the same
journal, but for the times.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console.intake import read_people
from domain.definition import Definition
from domain.people import Role
from store.definition_file import load_definition
from store.programs import Entrant

PROGRAM = "chaos"

PAIRS = 30
"""The least number of pairs that a run has."""

_DEFINITION = """
version: 1
program:
  id: {program}
  title: "Program with faults"
  organisation: "Example Group"
  mode: one_way
  delivery: remote
  language: en
  starts: 2027-01-11
  goals:
    - goal: "Nothing is lost"
      priority: "Trust"
coordinator:
  name: "Coordinator (example)"
  email: {coordinator}
sponsor:
  name: "Sponsor (example)"
  email: sponsor@example.com
calendar:
  timezone: UTC
  day: {day:g}s
  working_days: Mon-Sun
  mail_hours: 00:00-24:00
stages:
  enrolment: 300 days
  approval: 300 days
  introduction: 300 days
  preparation: 300 days
  meetings: 300 days
  evaluation: 300 days
people:
  columns:
    id: "ID"
    name: "Name"
    email: "Email"
    role: "Role"
    skills: "Skills"
    goals: "Goals"
  separator: ";"
  role_words:
    mentor: [Teaches]
    mentee: [Learns]
matching:
  objective: most_people
  rules: []
  preferences:
    - prefer: goals_meet_skills
      weight: 1
training:
  modules: [{training}]
sessions:
  count: {sessions}
  every: 1 day
  minutes: 30
  minimum: {sessions}
  scheduled_by: mentor
goals:
  most: 2
  review: []
check_ins:
{check_ins}  - survey: final
    when: evaluation
ladder: []
afterwards:
  mails: 0
follow_ups: []
success:
  - metric: sessions_held
    target: ">= 80%"
privacy:
  anonymity_threshold: 5
  keep_days: 400 days
"""

_CHECK_INS = """  - survey: baseline
    when: preparation
  - survey: pulse
    when: after session 1
"""

COORDINATOR = "coordinator@example.com"


@dataclass(frozen=True)
class Simulated:
    """One of the program's people."""

    reference: str
    email: str
    role: Role
    joins: bool = True
    reads: bool = True
    """Whether mail reaches them: it doesn't where the server refuses their address."""


@dataclass(frozen=True)
class Population:
    """The program and everybody in it."""

    seed: int
    definition: Definition
    entrants: Sequence[Entrant]
    people: Sequence[Simulated]
    brief: bool = False
    """Whether the program is a short one: one session, on a date that all pairs agree on by
    themselves, no training, and one survey."""

    @property
    def refused(self) -> frozenset[str]:
        """The addresses that the mail server refuses."""
        return frozenset(person.email for person in self.people if not person.reads)


def populate(
    folder: Path, seed: int, *, day_seconds: float, pairs: int = PAIRS, brief: bool = False
) -> Population:
    """Make the program of a seed, with so many pairs, in files as HR has them."""
    folder.mkdir(parents=True, exist_ok=True)
    people = _people(seed, pairs)
    file = folder / "people.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(("ID", "Name", "Email", "Role", "Skills", "Goals"))
        rows.writerows(_row(seed, person) for person in people)
    written = folder / "definition.yaml"
    written.write_text(
        _DEFINITION.format(
            program=PROGRAM,
            coordinator=COORDINATOR,
            day=day_seconds,
            sessions=1 if brief else 2,
            training="" if brief else "privacy",
            check_ins="" if brief else _CHECK_INS,
        ),
        "utf-8",
    )
    definition = load_definition(written)
    found = read_people(file, definition, folder)
    entrants = [
        Entrant(person=person, roles=roles)
        for person, roles in zip(found.people, found.roles, strict=True)
    ]
    return Population(seed, definition, entrants, people, brief)


def _people(seed: int, pairs: int) -> list[Simulated]:
    """So many who pair up, one of each side who stays out, and one whose address is refused."""
    dice = random.Random(f"{seed}/people")
    people: list[Simulated] = []
    for role in Role:
        odd = dice.sample(range(pairs + 2), 2)
        for number in range(pairs + 2):
            reference = f"{role.value}-{number:03}"
            people.append(
                Simulated(
                    reference=reference,
                    email=f"{reference}@example.com",
                    role=role,
                    joins=number != odd[0],
                    reads=number != odd[1],
                )
            )
    return people


_TOPICS = (
    "AI assistants",
    "Data dashboards",
    "Social media",
    "Short video",
    "Agile ways of working",
)
_FIRST = ("Adelina", "Chiara", "Dmitri", "Eleonor", "Femiola", "Hannelore", "Ivonka", "Júliana")
_LAST = (
    "Beispiel",
    "Example",
    "Exemplo",
    "Ejemplo",
    "Przykład",
    "Sampleton",
    "Esempio",
    "Voorbeeld",
)


def _row(seed: int, person: Simulated) -> tuple[str, ...]:
    dice = random.Random(f"{seed}/{person.reference}")
    name = f"{dice.choice(_FIRST)} {dice.choice(_LAST)}-{person.reference[-3:]}"
    topics = ";".join(dice.sample(_TOPICS, 2))
    teaches = person.role is Role.MENTOR
    return (
        person.reference,
        name,
        person.email,
        "Teaches" if teaches else "Learns",
        topics if teaches else "",
        "" if teaches else topics,
    )
