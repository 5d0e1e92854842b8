"""Writes what the documents take from the code: `make schema`, `make diagram`, …

A generated part of a document stands between two markers, `<!-- generated: NAME -->` and
`<!-- end -->`. Everything around them is written by hand and left as it is.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from domain.lifecycle import (
    PAIR_TRANSITIONS,
    STAGE_TRANSITIONS,
    PairState,
    PairTransition,
    diagram,
)
from runtime.exit import leave_with
from runtime.settings import PROJECT, Settings
from runtime.watching.metrics import OF_BOTH, OF_PORTAL, OF_WORKER
from store.definition_file import SCHEMA_FILE, definition_schema

DOCS = PROJECT / "docs"

_COMMON_ENDINGS = (PairState.CLOSED, PairState.WITHDRAWN, PairState.CANCELLED)


def program_diagram() -> str:
    """The stages of a program."""
    return _fenced(diagram(STAGE_TRANSITIONS))


def pair_diagram() -> str:
    """A pair's way when nobody pauses it or ends it early; the table has all the rest."""
    return _fenced(diagram(t for t in PAIR_TRANSITIONS if _is_on_the_way(t)))


def pair_table() -> str:
    """Every transition of a pair, those with the same target and reason in one row."""
    sources: dict[tuple[PairState, str], list[str]] = {}
    for transition in PAIR_TRANSITIONS:
        key = (transition.target, transition.reason)
        sources.setdefault(key, []).append(transition.source.value)
    rows = [(", ".join(of), to.value, why) for (to, why), of in sources.items()]
    return _table(("From", "To", "When"), rows)


def settings_table() -> str:
    """Every setting, with its default and what it is for."""
    rows = [
        (f"`{name.upper()}`", _default(field.get_default()), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return _table(("Variable", "Default", "What it is for"), rows)


def metrics_table() -> str:
    """Every metric of ours, with its labels, who has it and what it means."""
    whose = {"worker, portal": OF_BOTH, "worker": OF_WORKER, "portal": OF_PORTAL}
    rows = [
        (f"`{one.name}`", ", ".join(one.labels) or "–", who, one.meaning)
        for who, some in whose.items()
        for one in some
    ]
    return _table(("Metric", "Labels", "Of", "What it says"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "program-diagram": program_diagram,
    "pair-diagram": pair_diagram,
    "pair-table": pair_table,
    "settings-table": settings_table,
    "metrics-table": metrics_table,
}
"""What can stand between markers, by name."""


class Task(StrEnum):
    """What to write, as the Makefile names it."""

    SCHEMA = "schema"
    DIAGRAM = "diagram"
    SETTINGS = "settings"
    METRICS = "metrics"


DOCUMENT_OF = {
    Task.DIAGRAM: DOCS / "lifecycle.md",
    Task.SETTINGS: DOCS / "configuration.md",
    Task.METRICS: DOCS / "watching.md",
}
"""The document whose generated parts a task writes."""

_PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def up_to_date(text: str) -> str:
    """A document with its generated parts as the code has them now.

    Raises KeyError for a marker that names no part.
    """
    return _PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}{part[3]}", text)


def write(task: Task) -> Path:
    """Do a task. Gives the file that was written."""
    if task is Task.SCHEMA:
        schema = json.dumps(definition_schema(), ensure_ascii=False, indent=2)
        SCHEMA_FILE.write_text(f"{schema}\n", "utf-8")
        return SCHEMA_FILE
    document = DOCUMENT_OF[task]
    document.write_text(up_to_date(document.read_text("utf-8")), "utf-8")
    return document


def _is_on_the_way(transition: PairTransition) -> bool:
    ends = (transition.source, transition.target)
    return PairState.PAUSED not in ends and transition.target not in _COMMON_ENDINGS


def _default(value: object) -> str:
    if value is None or value == ():
        return "–"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Path):
        value = value.relative_to(PROJECT)
    if isinstance(value, tuple):
        value = " ".join(str(one) for one in value)
    return f"`{value}`"


def _fenced(text: str) -> str:
    return f"```mermaid\n{text}```\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> int:
    """Do the task that the one argument names."""
    print(f"Wrote {write(Task(sys.argv[1])).relative_to(PROJECT)}.")
    return 0


if __name__ == "__main__":
    leave_with(main)
