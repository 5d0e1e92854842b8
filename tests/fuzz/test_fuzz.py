"""The short form of `make fuzz`: every saved file, and some new ones each time."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz import large
from tests.fuzz.runner import CORPUS, fuzz, saved
from tests.fuzz.targets import targets
from tests.fuzz.watch import Ended, attempt

TARGETS = sorted(targets(Path()))
SOUND = ("people-csv", "people-xlsx", "matches-json", "matches-xlsx", "selection")


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_a_file_holds_it_is_taken_or_refused_in_words(name: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    target = targets(tmp_path)[name]()
    report = fuzz(name, target, seed, target.new, tmp_path / "given")
    assert not report.failure, f"with the seed {seed}: {report.failure}"
    assert report.taken + report.refused >= target.new


@pytest.mark.parametrize("name", SOUND)
def test_what_the_files_are_made_of_is_sound(name: str, tmp_path: Path) -> None:
    target = targets(tmp_path)[name]()
    cases = dict(saved(name))
    sound = next(case for what, case in cases.items() if Path(what).stem == "sound")
    assert attempt(target.read, sound, tmp_path / "given") is Ended.TAKEN


def test_every_saved_file_belongs_to_a_target() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} <= set(TARGETS)


@pytest.mark.parametrize("what", list(large.small_ones()))
def test_a_file_that_asks_for_much_is_refused_soon(what: str, tmp_path: Path) -> None:
    large.read_one(what, tmp_path)
