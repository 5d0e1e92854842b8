"""What workflows and activities are told is ids, numbers, instants and enums, by its types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from activities.signatures import PairMoment
from domain.ids import Id
from domain.model import Value
from tests.histories.defaults import defaults, recorded, signatures

REVIEWED = {
    "JournalEvent.id": "made of a workflow's id and a number, or of ids by store.answers",
}
"""Fields of text that have another type, each with the reason why nobody's words get into it."""

IN_LISTS = {"FollowUp.survey": "the definition holds it to the same letters"}

_PLAIN = (int, float, bool, datetime, date, timedelta, NoneType)


def loose_texts(hint: Any, where: str, seen: set[type] | None = None) -> Iterator[str]:
    """The places in a type where any text at all may stand."""
    seen = set() if seen is None else seen
    if hint == Id or hint in _PLAIN or (isinstance(hint, type) and issubclass(hint, Enum)):
        return
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        if hint not in seen:
            seen.add(hint)
            hints = get_type_hints(hint, include_extras=True)
            for name in hint.model_fields:
                yield from loose_texts(hints[name], f"{hint.__name__}.{name}", seen)
        return
    inner = [one for one in get_args(hint) if one is not Ellipsis]
    origin = get_origin(hint)
    if inner and (origin is None or origin in (tuple, list, dict, Mapping) or str(origin)):
        if hasattr(hint, "__metadata__"):  # annotated otherwise: what counts is the type
            inner = inner[:1]
        for one in inner:
            yield from loose_texts(one, where, seen)
        return
    yield where


def test_no_text_but_ids_gets_into_temporal() -> None:
    found = list(signatures())
    assert len(found) > 60
    loose = {place for name, hint in found for place in loose_texts(hint, name)}
    assert loose == set(REVIEWED) | set(IN_LISTS), (
        "Give a new field of text the type domain.ids.Id. What people are called or write goes to "
        "the store, and its id to Temporal."
    )


class _Leaks(Value):
    moment: PairMoment | None = None
    notes: tuple[str, ...] = ()
    by_name: dict[str, int]
    anything: Any = None


def test_a_field_that_takes_any_text_is_found() -> None:
    """Shows that the test above can fail."""
    found = set(loose_texts(_Leaks, ""))
    assert {"_Leaks.notes", "_Leaks.by_name", "_Leaks.anything"} <= found


@pytest.mark.parametrize(
    "text", ["Mia", "Mia Example", "mia@example.com", "mia example", "żaneta", "it’s me", "a\nb"]
)
def test_what_is_no_id_is_refused_where_it_is_made(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Id).validate_python(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "p-0a1b2c",
        "program/spring-27/pair/m-1#12",
        "pulse:session-2",
        "2026-11-28T08:14:12+00:00",
    ],
)
def test_an_id_and_an_instant_are_taken(text: str) -> None:
    assert TypeAdapter(Id).validate_python(text) == text


def test_what_stands_for_a_field_that_was_not_written_never_changes() -> None:
    now, before = defaults(), recorded()
    changed = {name for name, value in before.items() if name in now and now[name] != value}
    assert not changed, (
        "Payloads that leave these fields out are in histories, and would mean something else. "
        "Keep the default and add a field, or set it where the value is made."
    )
    assert now.keys() == before.keys(), "`make fingerprints` writes down what is new."
