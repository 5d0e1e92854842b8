"""The civil-service sample, in reverse use: who would be a mentee there teaches here."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from bench.population import GRADES, Row

SAMPLE = Path(__file__).resolve().parent / "data" / "civil-service-small"
HIGHEST_THAT_TEACHES, LOWEST_THAT_LEARNS = GRADES.index("Grade 6"), GRADES.index("Grade 7")


def civil_service_sample() -> list[Row]:
    """Its mentees up to Grade 6 as mentors and its mentors from Grade 7 as mentees."""
    return [
        *_side("mentees.csv", "mentor", range(HIGHEST_THAT_TEACHES + 1)),
        *_side("mentors.csv", "mentee", range(LOWEST_THAT_LEARNS, len(GRADES))),
    ]


def _side(file: str, role: str, ranks: range) -> Iterator[Row]:
    with (SAMPLE / file).open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if GRADES.index(row["grade"]) in ranks:
                yield {
                    "id": f"{row['first name']}-{row['last name']}",
                    "first name": row["first name"],
                    "last name": row["last name"],
                    "email address": row["email address"],
                    "role": role,
                    "job title": row["job title"],
                    "grade": row["grade"],
                    "organisation": row["organisation"],
                    "profession": row["profession"],
                }
