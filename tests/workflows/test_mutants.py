"""A line that is missing from a workflow is seen: in copies of the workflows that lack one each."""

from __future__ import annotations

import os
import random
import subprocess
import sys

from runtime.settings import PROJECT
from tests.histories.mutants import HARMLESS, SOURCE, mutants_of, mutants_to_try

EVERY = bool(os.environ.get("EVERY_MUTANT"))
"""Set by `make test-deep`: all of them, instead of one of each workflow."""

SEED = int(os.environ.get("SEED") or random.randrange(10**6))

WHAT_TO_DO = (
    "Without these lines every recorded run goes on as before. If such a line can ask something of "
    "the server, a test of the workflows should reach it, and “make histories” keeps that; else "
    "name it in tests/histories/mutants.py, with the reason."
)


def test_a_missing_line_is_seen_and_a_whole_copy_passes() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.histories.mutants", str(SEED)),
            "every" if EVERY else "some",
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    (whole, _), *verdicts = [line.split("\t") for line in done.stdout.splitlines()]
    assert whole == "passes", "the workflows as they are"
    assert [name for _, name in verdicts] == list(map(str, mutants_to_try(SEED, every=EVERY)))
    passed = [name for verdict, name in verdicts if verdict == "passes"]
    assert not passed, f"{passed} (SEED={SEED})\n{WHAT_TO_DO}"


def test_what_need_not_be_seen_is_there() -> None:
    there = {(m.file.stem, m.statement) for file in SOURCE.glob("*.py") for m in mutants_of(file)}
    assert set(HARMLESS) <= there
