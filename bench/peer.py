"""Matches a people file with the peer, `mentor-match`. Runs in the peer's own environment.

    python bench/peer.py RULES PEOPLE PAIRS      writes the pairs of PEOPLE (CSV) to PAIRS (JSON),
                                                 and how long reading and matching took
    python bench/peer.py RULES PEOPLE --scores   prints what every pair scores, null if forbidden

RULES is `basic` or `program`: what `bench/definitions/basic.yaml` and `civil_service.yaml` ask
for, by the peer's own classes, as its documentation writes them. It asks the last rule of a list
first, so what forbids stands last: that is quickest. One round, as everybody has one place. Whom
the peer calls mentor is here who teaches, though junior: none of its classes cares.
"""

# Imports nothing of the project, whose packages are not in the peer's environment.

import csv
import json
import operator
import sys
import time
from pathlib import Path
from typing import Any

from matching.match import Match  # type: ignore[import-not-found]
from matching.mentee import Mentee  # type: ignore[import-not-found]
from matching.mentor import Mentor  # type: ignore[import-not-found]
from matching.process import process_data  # type: ignore[import-not-found]
from matching.rules.rule import (  # type: ignore[import-not-found]
    Disqualify,
    Equivalent,
    Generic,
    Grade,
)

GRADES = (
    *("AA", "AO", "EO", "HEO", "SEO", "Grade 7", "Grade 6"),
    *("SCS1", "SCS2", "SCS3", "SCS4"),
)
LEAST_GAP, MOST_GAP = 2, 6


class Teacher(Mentor):  # type: ignore[misc]
    """The peer's mentor, with what its own class leaves out."""

    def __init__(self, **row: Any) -> None:
        super().__init__(**row)
        remember(self, row)


class Learner(Mentee):  # type: ignore[misc]
    """The peer's mentee, with what its own class leaves out."""

    def __init__(self, **row: Any) -> None:
        super().__init__(**row)
        remember(self, row)


def remember(person: Any, row: dict[str, Any]) -> None:
    """Keep the columns that rules ask for. Lists become sets once, not at every pair."""
    person.key = row["id"]
    person.manager = row.get("manager", "")
    person.above = row["above"]
    person.location = row.get("location", "")
    person.generation = row.get("generation", "")
    person.goals = row.get("wants to learn", "").split(";")
    for attribute, column in (
        ("skills", "can teach"),
        ("languages", "languages"),
        ("interests", "interests"),
    ):
        setattr(person, attribute, frozenset(row.get(column, "").split(";")))


def rules(name: str) -> list[Any]:
    """One of the two rule sets."""
    # Its gap is the mentor's grade less the mentee's, so it is below zero here.
    nearness = [
        Grade(-gap, operator.eq, {True: len(GRADES) - 1 - gap, False: 0})
        for gap in range(LEAST_GAP, MOST_GAP + 1)
    ]
    forbids = [
        Disqualify(Grade(-MOST_GAP, operator.lt).evaluate),
        Disqualify(Grade(-LEAST_GAP, operator.gt).evaluate),
        Disqualify(lambda match: match.mentor.organisation == match.mentee.organisation),
    ]
    if name == "basic":
        return [Equivalent("profession", {True: 10, False: 0}), *nearness, *forbids]
    return [
        Equivalent("profession", {True: 5, False: 0}),
        Equivalent("location", {True: 0, False: 4}),
        Equivalent("generation", {True: 0, False: 3}),
        Generic({True: 0, False: 3}, lambda m: m.mentor.interests.isdisjoint(m.mentee.interests)),
        Generic({True: 10, False: 0}, lambda m: m.mentee.goals[0] in m.mentor.skills),
        Generic({True: 5, False: 0}, lambda m: m.mentee.goals[1] in m.mentor.skills),
        *nearness,
        Disqualify(lambda m: m.mentor.manager == m.mentee.manager != ""),
        Disqualify(lambda m: m.mentor.key in m.mentee.above or m.mentee.key in m.mentor.above),
        Disqualify(lambda m: m.mentor.languages.isdisjoint(m.mentee.languages)),
        *forbids,
    ]


def read(path: Path) -> tuple[list[Teacher], list[Learner]]:
    """Who teaches and who learns."""
    with path.open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    managers = {row["id"]: row.get("manager", "") for row in rows}
    teachers, learners = [], []
    for row in rows:
        manager = managers[row["id"]]
        known = {
            **row,
            "grade": GRADES.index(row["grade"]),
            "email": row["email address"],
            "above": {manager, managers.get(manager, "")} - {""},
        }
        if row["role"] == "mentor":
            teachers.append(Teacher(**known))
        else:
            learners.append(Learner(**known))
    return teachers, learners


def main(name: str, people: Path, target: str) -> None:
    """Run one of the two commands."""
    began = time.perf_counter()
    teachers, learners = read(people)
    has_read = time.perf_counter()
    if target == "--scores":
        matches = [Match(t, m, rules(name)).calculate_match() for t in teachers for m in learners]
        scores = [(m.mentor.key, m.mentee.key, None if m.disallowed else m.score) for m in matches]
        print(json.dumps(scores))
        return
    process_data(teachers, learners, [rules(name)])
    timings = {"read": has_read - began, "process_data": time.perf_counter() - has_read}
    pairs = [(teacher.key, learner.key) for teacher in teachers for learner in teacher.mentees]
    found = {"pairs": pairs, "timings": timings}
    Path(target).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
