"""Matching a large employer: ten hard rules, eight preferences, places on both sides.

Time beside the bare solver's on the finished matrix (`bench.reference`), the two in turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.comparison import SEED, Tell, match_command
from bench.machine import machine
from bench.population import DEFINITIONS, Kind, Size, population, write_people
from bench.runs import OWN_PYTHON, Run, Spread, run, seconds_of
from bench.tables import Check, Result, checks_text, table

MOST_TIMES = 2
"""Load, score and solve against the bare solver, at `SIDE_OF_CLAIMS` people a side."""
MOST_GIGABYTES = 4
SIDE_OF_CLAIMS = 5_000
SHORT, FULL = (500, 1_000, 1_500), (5_000, 10_000)
OURS, SOLVER = "whole command", "solver alone"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one size took."""

    side: int
    pairs: int
    lines: tuple[int, int]
    """Rows and columns of the finished matrix."""
    whole: Spread
    megabytes: float
    steps: dict[str, Spread]
    """Seconds by step, as the command's own result tells them."""
    solver: Spread
    reached: tuple[int, float]
    """People in a pair, and the score of all pairs."""
    bound: tuple[int, float]
    """What no matching can pass."""

    @property
    def times(self) -> Spread:
        """Load, score and solve against the bare solver, turn by turn.

        All of the command counts, Python's start and writing included, but for saying why.
        """
        return Spread(
            tuple(
                (whole - explain) / solver
                for whole, explain, solver in zip(
                    self.whole.values, self.steps["explain"].values, self.solver.values, strict=True
                )
            )
        )


def measure_scale(sides: Sequence[int], runs: int, tell: Tell) -> Result:
    """Match populations of these sizes."""
    found = [_measure(side, runs if side <= SIDE_OF_CLAIMS else 1, tell) for side in sides]
    steps = list(found[0].steps)
    head = ("people", "finished matrix", "pairs", OURS, *steps, SOLVER, "times", "peak memory")
    lines = [
        (
            f"{one.side:,} × {one.side:,}",
            f"{one.lines[0]:,} × {one.lines[1]:,}",
            f"{one.pairs:,}",
            str(one.whole),
            *(f"{one.steps[step].median:.2f}" for step in steps),
            str(one.solver),
            f"{one.times.median:.1f}",
            f"{one.megabytes:,.0f} MB",
        )
        for one in found
    ]
    checks = [check for one in found for check in _checks(one)]
    full = max(sides) > max(SHORT)
    command = "make bench-full" if full else "make bench-matching"
    text = (
        f"{machine()}. `{command}`, {runs} runs each in turn (one over {SIDE_OF_CLAIMS:,} a side), "
        f"medians (lowest–highest), seconds.\n\n{table(head, lines)}\n"
        f"```\n{checks_text(checks)}```\n"
    )
    return Result("matching-scale-full" if full else "matching-scale", text, tuple(checks))


def _checks(one: Measured) -> list[Check]:
    size = f"{one.side:,} × {one.side:,}"
    (people, score), (most_people, most_score) = one.reached, one.bound
    found = [
        Check(
            f"{size}: as many people as can be ({people:,} of {most_people:,})",
            people == most_people,
        ),
        Check(
            f"{size}: a score within 1 in 1,000 of a bound that ignores that nobody meets the same "
            f"person twice ({score:,.2f} of {most_score:,.2f})",
            most_score * 0.999 <= score <= most_score + 0.01,
        ),
    ]
    if one.side != SIDE_OF_CLAIMS:
        return found
    return [
        *found,
        Check(
            f"{size}: load, score and solve take at most {MOST_TIMES} times the solver alone "
            f"({one.times.median:.2f} times)",
            one.times.median <= MOST_TIMES,
        ),
        Check(
            f"{size}: peak memory is under {MOST_GIGABYTES} GiB ({one.megabytes / 1024:.2f} GiB)",
            one.megabytes < MOST_GIGABYTES * 1024,
        ),
    ]


def _measure(side: int, runs: int, tell: Tell) -> Measured:
    tell(f"{side:,} × {side:,}, ten rules")
    with TemporaryDirectory() as name:
        folder = Path(name)
        people, target = folder / "people.csv", folder / "matches.json"
        write_people(people, population(Kind.ORGANISATION, Size(side, side), SEED))
        definition = DEFINITIONS / "organisation.yaml"
        ours: list[Run] = []
        solver: list[float] = []
        steps: dict[str, list[float]] = {}
        for turn in range(runs):
            ours.append(run(match_command(definition, people, target)))
            matches = json.loads(target.read_text(encoding="utf-8"))
            for step, seconds in matches["timings"].items():
                steps.setdefault(step, []).append(seconds)
            alone = json.loads(
                run([OWN_PYTHON, "-m", "bench.reference", definition, people]).output
            )
            solver.append(alone["seconds"])
            tell(
                f"run {turn + 1} of {runs}: {ours[-1].seconds:.2f} s, "
                f"{ours[-1].megabytes:,.0f} MB; solver alone {solver[-1]:.2f} s"
            )
        rows, columns = alone["lines"]
        return Measured(
            side=side,
            pairs=len(matches["pairs"]),
            lines=(rows, columns),
            whole=seconds_of(ours),
            megabytes=max(one.megabytes for one in ours),
            steps={step: Spread(tuple(values)) for step, values in steps.items()},
            solver=Spread(tuple(solver)),
            reached=(matches["objective"]["people"], matches["objective"]["score"]),
            bound=(alone["people"], alone["score"]),
        )
