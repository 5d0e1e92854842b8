"""Keeps the words of errors out of Temporal, whoever raises them and wherever.

A failure is event history, which can't be edited, and an error of a library may quote anything: a
row of the store, an address that a mail server refused, what could not be read. So of every error
only its kind goes out, its place, and what caused it, in the same way. Words stay where we wrote
them for who reads history (`ApplicationError`), or the SDK did.

Activities have words that help their reader besides: see `activities/failures.py`.
"""

from __future__ import annotations

import asyncio

from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import (
    ApplicationError,
    CancelledError,
    FailureError,
    TemporalError,
)

from domain.lifecycle import NotAllowed


class NamesNobody:
    """Marks errors whose words hold ids at most."""


_SAY_NOTHING_OF_PEOPLE = (TemporalError, NotAllowed, NamesNobody)


class CleanFailures(DefaultFailureConverter):
    """Turns an error into a failure without words of its own."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """Write it down. What caused it comes here too."""
        super().to_failure(_without_words(exception), payload_converter, failure)
        if isinstance(exception, ApplicationError) and exception.failure is None:
            failure.application_failure_info.ClearField("details")  # values, of any kind


class EncodedCleanFailures(CleanFailures):
    """The same, with what is left encoded as payloads are."""

    def __init__(self) -> None:
        super().__init__(encode_common_attributes=True)


def _without_words(error: BaseException) -> BaseException:
    if isinstance(error, CancelledError | asyncio.CancelledError):
        of_the_server = isinstance(error, FailureError) and error.failure is not None
        return error if of_the_server else _like(error, CancelledError("Cancelled"))
    if isinstance(error, _SAY_NOTHING_OF_PEOPLE):
        return error
    name = type(error).__name__
    said = f"{name}. What it said is kept out of history; the stack trace has the place."
    return _like(error, ApplicationError(said, type=name))


def _like(error: BaseException, other: FailureError) -> FailureError:
    """Another error in the place of one, with where it was and what led to it."""
    other.__traceback__ = error.__traceback__
    other.__cause__ = error.__cause__
    other.__context__ = error.__context__
    other.__suppress_context__ = error.__suppress_context__
    return other
