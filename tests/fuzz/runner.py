"""Trying many files on a reader, from a seed, and the saved ones."""

from __future__ import annotations

import hashlib
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.targets import Target
from tests.fuzz.watch import Case, Ended, Failure, attempt

CORPUS = Path(__file__).parent / "corpus"
"""Files that brought a reader down, or are worth a try each time: `corpus/TARGET/what-it-is.csv`.
`what-it-is@en@agreement.md` stands at `en/agreement.md` of a folder of one's own."""


class Report(NamedTuple):
    """What came of fuzzing one target."""

    target: str
    taken: int
    refused: int
    seconds: float
    """Of the processor."""
    megabytes: int
    """The most that the process ever held."""
    failure: str = ""


def saved(target: str) -> Iterator[tuple[str, Case]]:
    """The saved files of a target, each with what it is."""
    for file in sorted((CORPUS / target).glob("*")):
        what, _, place = file.name.partition("@")
        name = f"own/{place.replace('@', '/')}" if place else f"given{file.suffix}"
        if target == "start":
            name = "definition.yaml" if file.suffix == ".yaml" else "people.csv"
        yield what, Case(name, file.read_bytes())


def fuzz(name: str, target: Target, seed: int, cases: int, folder: Path) -> Report:
    """Try the saved files of a target, then so many new ones. The first failure ends it."""
    ended: Counter[Ended] = Counter()
    failed: dict[str, Case] = {}
    began = time.process_time()

    def one(case: Case) -> None:
        try:
            ended[attempt(target.read, case, folder)] += 1
        except Failure:
            failed["last"] = case
            raise

    @hypothesis.seed(seed)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
    )
    @given(target.files)
    def new(case: Case) -> None:
        one(case)

    failure = ""
    try:
        for _, case in saved(name):
            one(case)
        new()
    except Failure as error:
        failure = f"{error}\n  {_kept(name, failed['last'])}"
    return Report(
        target=name,
        taken=ended[Ended.TAKEN],
        refused=ended[Ended.REFUSED],
        seconds=round(time.process_time() - began, 1),
        megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        failure=failure,
    )


def _kept(target: str, case: Case) -> str:
    """Put a file that failed where it can be looked at. Gives words on it."""
    folder = Path("var") / "fuzz" / target
    folder.mkdir(parents=True, exist_ok=True)
    stem = hashlib.sha256(case.data).hexdigest()[:8]
    place = Path(case.name)
    inside = case.name.removeprefix("own/").replace("/", "@")
    kept = folder / (f"{stem}@{inside}" if len(place.parts) > 1 else f"{stem}{place.suffix}")
    kept.write_bytes(case.data)
    home = f"{CORPUS.name}/{target}"
    return f"The file: {kept}. Once mended, keep it in {home}, by a name that says what it is."
