"""What stands for a field that a payload does not have: the defaults of all that Temporal is told.

What nobody set is not written, so recorded payloads mean what the defaults of today say. Those that
a release had are therefore kept in a file, beside the histories. `make fingerprints` adds new ones.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from activities.signatures import PairActivities, ProgramActivities
from tests.histories.keeping import HISTORIES
from worker import WORKFLOWS

WRITTEN = HISTORIES / "defaults.json"

REQUIRED = "(required)"
"""Stands in the file for fields that every payload has."""

_MARKS = (
    *("__temporal_workflow_run", "__temporal_signal_definition"),
    *("__temporal_query_definition", "__temporal_activity_definition"),
)
"""What the SDK puts on functions that Temporal calls."""


def signatures() -> Iterator[tuple[str, Any]]:
    """Every type that a workflow or an activity takes or gives, with whose it is."""
    for owner in (*WORKFLOWS, PairActivities, ProgramActivities):
        for name, member in inspect.getmembers(owner):
            update = getattr(member, "_defn", None)
            function = update.fn if update is not None else member
            if update is None and not any(hasattr(function, mark) for mark in _MARKS):
                continue
            for hint in get_type_hints(function, include_extras=True).values():
                yield f"{owner.__name__}.{name}", hint


def defaults() -> dict[str, Any]:
    """By model and field, what stands for the field where a payload does not have it."""
    models: set[type[BaseModel]] = set()
    for _, hint in signatures():
        _gather(hint, models)
    return {
        f"{model.__name__}.{name}": REQUIRED
        if field.is_required()
        else to_jsonable_python(field.get_default(call_default_factory=True, validated_data={}))
        for model in sorted(models, key=lambda model: model.__name__)
        for name, field in model.model_fields.items()
    }


def _gather(hint: Any, models: set[type[BaseModel]]) -> None:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        if hint in models:
            return
        models.add(hint)
        for inner in get_type_hints(hint).values():
            _gather(inner, models)
    for inner in get_args(hint):
        _gather(inner, models)


def recorded() -> dict[str, Any]:
    """The same as they were when it was last written."""
    found: dict[str, Any] = json.loads(WRITTEN.read_text())
    return found


def main() -> None:
    """Write down what is new. What is there stays, so that a change can't slip in."""
    before = recorded() if WRITTEN.exists() else {}
    now = defaults()
    kept = {name: before.get(name, value) for name, value in now.items()}
    WRITTEN.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
