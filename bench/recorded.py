"""The ratios of an earlier run, kept in the project, and what is worse now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.runs import PROJECT
from bench.tables import Ratio

FILE = PROJECT / "bench" / "recorded.json"

MOST_WORSE = 0.15
"""By how much a ratio may be worse than the recorded one before it is said."""


def read(file: Path = FILE) -> dict[str, float]:
    """The recorded ratios, by name; none if there is no file."""
    if not file.exists():
        return {}
    return {name: float(value) for name, value in json.loads(file.read_text("utf-8")).items()}


def write(ratios: Iterable[Ratio], file: Path = FILE) -> None:
    """Record these ratios, and leave the others as they are."""
    kept = read(file) | {ratio.name: round(ratio.value, 3) for ratio in ratios}
    file.write_text(json.dumps(dict(sorted(kept.items())), indent=2) + "\n", "utf-8")


def regressions(ratios: Iterable[Ratio], recorded: Mapping[str, float]) -> list[str]:
    """What is worse than it was by more than `MOST_WORSE`, a line each."""
    return [
        f"REGRESSION  {ratio.name}: {ratio.value:.3f}, recorded {recorded[ratio.name]:.3f}"
        for ratio in ratios
        if ratio.name in recorded and _is_worse(ratio, recorded[ratio.name])
    ]


def _is_worse(ratio: Ratio, before: float) -> bool:
    if ratio.rises:
        return ratio.value < before * (1 - MOST_WORSE)
    return ratio.value > before * (1 + MOST_WORSE)
