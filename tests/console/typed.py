"""Typing commands as HR does, in a test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event
from temporalio.client import WorkflowHandle
from typer.testing import CliRunner

from console.commands import app
from console.recording import RESTORE, recording

_WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)")
_OWN = {"acts", "alembic_version"}

_UNRECORDED: ContextVar[list[str] | None] = ContextVar("unrecorded", default=None)
"""What the command that is typed now did without an act in the record."""


@dataclass
class Typed:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


def type_in(*words: object, answer: str | None = None) -> Typed:
    """Run a command. No exception may come out of it: HR is told in words.

    Whatever it writes to the store or orders of a workflow has to be an act in the record.
    """
    with nothing_unrecorded():
        done = CliRunner().invoke(app, [str(word) for word in words], input=answer)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert "Traceback" not in done.output
    return Typed(code=done.exit_code, out=done.stdout, err=done.stderr)


@contextmanager
def nothing_unrecorded() -> Iterator[None]:
    """Fail if what is done here, and not by a worker meanwhile, has no act in the record."""
    found: list[str] = []
    before = _UNRECORDED.set(found)
    try:
        yield
    finally:
        _UNRECORDED.reset(before)
    assert not found, f"done without an act in the record: {found}"


def _note(what: str) -> None:
    found = _UNRECORDED.get()
    now = recording()
    known = now is not None and (now.position is not None or now.act.act == RESTORE)
    if found is not None and not known:
        found.append(what)


@event.listens_for(Engine, "before_cursor_execute")
def _written(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
    match = _WRITES.match(statement)
    if match and match[1] not in _OWN:
        _note(match[0])


_execute_update = WorkflowHandle.execute_update


async def _ordered(self: WorkflowHandle[Any, Any], update: Any, *more: Any, **named: Any) -> Any:
    _note(f"update {update}")
    return await _execute_update(self, update, *more, **named)


WorkflowHandle.execute_update = _ordered  # type: ignore[method-assign]
