"""Typing commands as HR does, in a test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from console.commands import app


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
    """Run a command. No exception may come out of it: HR is told in words."""
    done = CliRunner().invoke(app, [str(word) for word in words], input=answer)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert "Traceback" not in done.output
    return Typed(code=done.exit_code, out=done.stdout, err=done.stderr)
