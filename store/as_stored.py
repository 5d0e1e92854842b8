"""Values that the store holds as JSON, made from its text once, however often they are wanted.

What is kept in memory is found by the text itself, so it is never older than what the store holds.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Cast, ColumnElement, Text, cast
from sqlalchemy.orm import InstrumentedAttribute

from domain.model import Written

W = TypeVar("W", bound=Written)

MOST_KEPT = 128
"""Values kept in memory: definitions of programs that go on, and surveys by version and language.
Beyond it, the one not wanted for longest is let go."""


def text_of(column: ColumnElement[Any] | InstrumentedAttribute[dict[str, Any]]) -> Cast[str]:
    """What a column of JSON holds, as the text that it is."""
    return cast(column, Text)


def as_stored(kind: type[W], text: str) -> W:
    """The value that a text of the store says. Shared: nobody may change what is in it."""
    found: W = _made(kind, text)
    return found


@lru_cache(maxsize=MOST_KEPT)
def _made(kind: type[Written], text: str) -> Any:
    return kind.stored(json.loads(text))
