"""The bare solver on the finished matrix: what no matching can be quicker than.

    python -m bench.reference DEFINITION PEOPLE

builds the matrix that the choice comes down to, a line for each place of each person, and prints
how long `scipy.optimize.linear_sum_assignment` alone takes for it. A first place counts for
covering a person, as `most_people` wants it. Two people with several places each could be paired
twice by it: it is a yardstick of time, and its people and score are bounds that no matching passes.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from domain.assignment import TOP_WORTH
from domain.background import Background
from domain.eligibility import eligible_roles
from domain.ground import Ground
from store.definition_file import load_definition
from store.people_file import load_people


def finished_matrix(ground: Ground) -> NDArray[np.float64]:
    """The gain of every two places; 0 where a pair is forbidden."""
    allowed = ground.allowed
    rows, first_row = _lines(ground.places[ground.mentors], allowed.sum(axis=1))
    columns, first_column = _lines(ground.places[ground.mentees], allowed.sum(axis=0))
    gain = ground.worth[np.ix_(rows, columns)].astype(np.float64)
    gain += covering(gain.shape) * first_row[:, None].astype(np.float64)
    gain += covering(gain.shape) * first_column[None, :].astype(np.float64)
    gain *= allowed[np.ix_(rows, columns)]
    return gain


def covering(lines: tuple[int, ...]) -> int:
    """What covering a person counts: more than the worth of all pairs together."""
    return TOP_WORTH * min(lines) + 1


def _lines(
    places: NDArray[np.int64], partners: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    lines = np.repeat(np.arange(len(places)), np.minimum(places, partners))
    first = np.ones(len(lines), dtype=bool)
    first[1:] = lines[1:] != lines[:-1]
    return lines, first


def main(definition: Path, people_file: Path) -> None:
    """Print the matrix's size and the solver's seconds as JSON."""
    plan = load_definition(definition)
    everybody = load_people(people_file, plan).people
    taking_part = {person.reference: person for person in everybody if eligible_roles(plan, person)}
    gain = finished_matrix(Ground(plan, taking_part, Background(everybody=everybody)))
    began = time.perf_counter()
    chosen = linear_sum_assignment(gain, maximize=True)
    seconds = time.perf_counter() - began
    people, worth = divmod(int(gain[chosen].sum()), covering(gain.shape))
    found = {
        "lines": gain.shape,
        "seconds": seconds,
        "people": people,
        "score": worth * 100 / TOP_WORTH,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
