"""Made-up people for benchmarks: the same seed gives the same people, on every machine.

    python -m bench.population organisation --mentors 500 --mentees 400 --out FOLDER

writes `people.csv` and the `definition.yaml` that reads it. Nobody in it is real: names are
numbers, addresses are at example.com.

Two kinds. `civil_service` has the columns, grades and shares of the sample in
`bench/data/civil-service-small` and a few columns more, in words that the peer's program can read
too. `organisation` is what a large employer's HR system might export, with everything that a
definition can ask for: a tree of managers, sites in several time zones, part-time weeks, skills
with levels, ranked goals, places on both sides.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

DEFINITIONS = Path(__file__).resolve().parent / "definitions"
Row = Mapping[str, str]


class Kind(StrEnum):
    """Which people."""

    CIVIL_SERVICE = "civil_service"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Size:
    """How many teach and how many learn."""

    mentors: int
    mentees: int


def population(kind: Kind, size: Size, seed: int) -> list[Row]:
    """The rows of a people file, every row with the same columns."""
    make = {Kind.CIVIL_SERVICE: _civil_service, Kind.ORGANISATION: _organisation}[kind]
    return list(make(size, Random(seed)))  # noqa: S311 - made-up people, no secrets


def write_people(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as a people file (CSV)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def several(random: Random, values: Sequence[str], least: int, most: int) -> list[str]:
    """From `least` to `most` different values, the first ones of the list more often."""
    count = random.randint(least, most)
    weighted = {value: random.random() ** (1 + rank / 8) for rank, value in enumerate(values)}
    return sorted(values, key=lambda value: -weighted[value])[:count]


# --- The civil service ---------------------------------------------------------------------------

GRADES = (
    *("AA", "AO", "EO", "HEO", "SEO", "Grade 7", "Grade 6"),
    *("SCS1", "SCS2", "SCS3", "SCS4"),
)
"""From low to high."""
TEACHING = dict(zip(GRADES[:7], (8, 7, 6, 11, 3, 4, 5), strict=True))
"""Mentors by grade. These and `LEARNING` count the people of the sample who may take each role."""
LEARNING = dict(zip(GRADES[5:], (5, 7, 5, 6, 8, 7), strict=True))
DEPARTMENTS = tuple(
    f"Department of {name}" for name in ("Fun", "Joy", "Love", "Peace", "Truth", "Virtue")
)
PROFESSIONS = ("DDaT", "HR", "Operations", "Policy", "Security")
CITIES = ("London", "Leeds", "Cardiff", "Glasgow", "Belfast", "Bristol")
GENERATIONS = ("Baby boomers", "Generation X", "Millennials", "Generation Z")
SPOKEN = ("English", "Welsh", "French", "German", "Polish")
SECONDED = 0.1
"""Share of people whose line manager sits in another department."""


@dataclass(frozen=True, slots=True)
class _Official:
    role: str
    number: int
    department: str
    grade: str

    @property
    def key(self) -> str:
        return f"{self.role}-{self.number:05}"

    @property
    def rank(self) -> int:
        return GRADES.index(self.grade)


def _civil_service(size: Size, random: Random) -> Iterator[Row]:
    officials = [
        _Official(role, number, random.choice(DEPARTMENTS), *random.choices(*_weighted(shares)))
        for role, count, shares in (
            ("mentor", size.mentors, TEACHING),
            ("mentee", size.mentees, LEARNING),
        )
        for number in range(count)
    ]
    seniors: dict[str, list[_Official]] = {department: [] for department in DEPARTMENTS}
    for official in officials:
        if official.role == "mentee":
            seniors[official.department].append(official)
    for official in officials:
        teaches = official.role == "mentor"
        away = random.random() < SECONDED
        under = seniors[random.choice(DEPARTMENTS) if away else official.department]
        above = [one.key for one in under if official.rank < one.rank <= official.rank + 4]
        yield {
            "id": official.key,
            "first name": official.role.capitalize(),
            "last name": f"{official.number:05}",
            "email address": f"{official.key}@example.com",
            "role": official.role,
            "job title": "Some role",
            "grade": official.grade,
            "organisation": official.department,
            "profession": random.choice(PROFESSIONS),
            "manager": random.choice(above) if above else "",
            "location": random.choice(CITIES),
            "generation": random.choice(GENERATIONS[2:] if teaches else GENERATIONS[:3]),
            "languages": ";".join(several(random, SPOKEN, 1, 3)),
            "can teach": ";".join(several(random, TOPICS, 2, 6)) if teaches else "",
            "wants to learn": "" if teaches else ";".join(several(random, TOPICS, 2, 2)),
            "interests": ";".join(several(random, INTERESTS, 1, 4)),
        }


def _weighted(shares: Mapping[str, int]) -> tuple[list[str], list[int]]:
    return list(shares), list(shares.values())


# --- A large employer ----------------------------------------------------------------------------

TOPICS = (
    *("AI assistants", "Data dashboards", "Social media", "Short video", "Agile ways of working"),
    *("Online collaboration", "Cybersecurity habits", "Generational awareness", "Design tools"),
    *("Cultural awareness", "Remote work", "Task boards", "Spreadsheets", "Podcasts"),
    *("Sustainability", "Inclusive language", "Automation", "Mobile payments", "Coding basics"),
    *("User research", "Gaming", "E-commerce", "Mental health at work", "Online communities"),
)
INTERESTS = (
    *("hiking", "chess", "cooking", "football", "music", "travel", "history", "cycling"),
    *("photography", "reading", "gardening", "films", "running", "theatre", "sailing", "painting"),
)
LEVELS = (
    *("Assistant", "Associate", "Senior associate", "Manager"),
    *("Senior manager", "Director", "Executive"),
)
"""From low to high; up to the third teach, from the fifth learn, managers stand between."""
UNITS = (
    *("Sales", "Operations", "Finance", "People", "Technology", "Legal", "Marketing"),
    *("Procurement", "Research", "Customer care"),
)
SITES = (
    # site, time zone, languages, weight
    ("London", "Europe/London", ("en",), 30),
    ("Paris", "Europe/Paris", ("fr", "en"), 15),
    ("Berlin", "Europe/Berlin", ("de", "en"), 15),
    ("Kraków", "Europe/Warsaw", ("pl", "en"), 12),
    ("New York", "America/New_York", ("en", "es"), 14),
    ("São Paulo", "America/Sao_Paulo", ("pt", "es"), 6),
    ("Singapore", "Asia/Singapore", ("en", "zh"), 8),
)
WEEKS = ("Mon-Fri",) * 7 + ("Mon-Thu", "Tue-Fri", "Mon;Wed;Fri")
DAYS = ("09:00-17:00",) * 5 + ("08:00-16:30", "07:00-15:00", "10:00-18:30", "12:00-20:00")
FORMATS = ("online", "coffee", "walk", "shadowing")
SKILL_LEVELS = ("basic", "good", "very good", "expert")
TRACKS = ("Spring", "Autumn")
STYLES = ("listener", "talker", "doer", "planner")
MOTIVATION = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class _Employee:
    number: int
    level: int
    unit: str
    role: str

    @property
    def key(self) -> str:
        return f"{100_000 + self.number}"


def _organisation(size: Size, random: Random) -> Iterator[Row]:
    staff = [
        _Employee(number, level, unit, role)
        for number, (level, unit, role) in enumerate(_posts(size, random))
    ]
    by_place: dict[tuple[int, str], list[str]] = {}
    for person in staff:
        by_place.setdefault((person.level, person.unit), []).append(person.key)
    return (_row(person, by_place, random) for person in staff)


def _posts(size: Size, random: Random) -> Iterator[tuple[int, str, str]]:
    """Level, unit and role of everybody, from the top down; managers between take no part."""
    for level, count, role in (
        (6, max(size.mentees // 50, 1), "Learns"),
        (5, size.mentees // 5, "Learns"),
        (4, size.mentees - size.mentees // 5 - max(size.mentees // 50, 1), "Learns"),
        (3, size.mentors // 8, ""),
        (2, size.mentors // 4, "Teaches"),
        (1, size.mentors // 3, "Teaches"),
        (0, size.mentors - size.mentors // 4 - size.mentors // 3, "Teaches"),
    ):
        for _ in range(count):
            yield level, random.choice(UNITS), role


def _manager(
    person: _Employee, by_place: Mapping[tuple[int, str], Sequence[str]], random: Random
) -> str:
    """Somebody of the own unit on the next level that has people; else of any unit, above.

    Of the juniors some report to a senior leader directly, as assistants do.
    """
    direct = person.level < 3 and random.random() < 0.1
    least = 5 if direct else max(person.level + 1, 3)
    for level in range(least, len(LEVELS)):
        if above := by_place.get((level, person.unit)):
            return random.choice(above)
    anywhere = itertools.chain.from_iterable(
        by_place.get((level, unit), ()) for level in range(least, len(LEVELS)) for unit in UNITS
    )
    return next(anywhere, "")


def _row(
    person: _Employee, by_place: Mapping[tuple[int, str], Sequence[str]], random: Random
) -> Row:
    teaches, learns = person.role == "Teaches", person.role == "Learns"
    site, zone, languages, _ = random.choices(SITES, [weight for *_, weight in SITES])[0]
    skills = [
        f"{topic} ({random.choice(SKILL_LEVELS)})" if random.random() < 0.8 else topic
        for topic in (several(random, TOPICS, 2, 7) if teaches else ())
    ]
    places = random.choices((1, 2, 3), (70, 20, 10))[0] if teaches else 1
    if learns and random.random() < 0.1:
        places = 2
    return {
        "Employee ID": person.key,
        "Name": f"Example Person {person.number}",
        "Email": f"person.{person.number}@example.com",
        "Role in program": person.role,
        "Grade": LEVELS[person.level],
        "Manager ID": _manager(person, by_place, random),
        "Department": person.unit,
        "Location": site,
        "Time zone": zone,
        "Languages": ";".join(several(random, languages, 1, len(languages))),
        "Working days": random.choice(WEEKS),
        "Working hours": random.choice(DAYS),
        "Skills": ";".join(skills),
        "Learning goals": ";".join(several(random, TOPICS, 1, 4)) if learns else "",
        "Interests": ";".join(several(random, INTERESTS, 0, 4)),
        "Number of pairs": str(places),
        "Consent": "yes",
        "Track": random.choice(TRACKS),
        "Meeting formats": ";".join(several(random, FORMATS, 1, 3)),
        "Work style": random.choice(STYLES),
        "Motivation": random.choices(MOTIVATION, (1, 3, 3))[0],
        "Openness": str(random.randint(1, 5)),
    }


def main() -> None:
    """Write a population and its definition into a folder."""
    parser = argparse.ArgumentParser(description="Write made-up people and a definition for them.")
    parser.add_argument("kind", choices=[kind.value for kind in Kind])
    parser.add_argument("--mentors", type=int, default=500)
    parser.add_argument("--mentees", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="a folder; made if it is not there")
    given = parser.parse_args()
    kind = Kind(given.kind)
    given.out.mkdir(parents=True, exist_ok=True)
    rows = population(kind, Size(given.mentors, given.mentees), given.seed)
    write_people(given.out / "people.csv", rows)
    shutil.copyfile(DEFINITIONS / f"{kind.value}.yaml", given.out / "definition.yaml")
    print(f"Wrote {len(rows)} people and a definition to {given.out}")


if __name__ == "__main__":
    main()
