"""HR's acts: updates with a word on what they do, which Temporal's UI and command line show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from temporalio import workflow

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def act(
    description: str,
) -> Callable[
    [Callable[_Given, Awaitable[_Result]]], workflow.UpdateMethodMultiParam[_Given, _Result]
]:
    """An update with a description: what it does, and its input as an example."""
    # The SDK's types take an async handler only where it is decorated without arguments.
    return workflow.update(description=description)  # type: ignore[return-value]
