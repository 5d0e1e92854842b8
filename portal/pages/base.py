"""What every page has: something to show, something to send, and what happens next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from domain.people import Role
from domain.surveys import MAX_TEXT, Item, ItemKind
from portal.visits import Guest
from store.content import Words

Form = Mapping[str, str]
"""What was typed, by field."""


@dataclass(frozen=True)
class View:
    """What to render."""

    template: str
    title: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Accepted:
    """It was recorded. `what` chooses the words of the page that says so."""

    what: str = "1"


@dataclass(frozen=True)
class Rejected:
    """Nothing was recorded: what is wrong, by field, all of it at once."""

    problems: Mapping[str, str]


@dataclass(frozen=True)
class Download:
    """A file for who is here, made from what is there. Nothing was recorded."""

    name: str
    body: bytes
    media_type: str


Guest_contra = TypeVar("Guest_contra", bound=Guest, contravariant=True)


class Page(Protocol[Guest_contra]):
    """One page. `show` and `done` only read; `submit` is called in a write transaction."""

    def show(self, visit: Guest_contra, typed: Form | None) -> View:
        """The page, with what was typed if it comes back with problems."""

    def done(self, visit: Guest_contra, what: str) -> View | None:
        """The page after sending: what was recorded and what happens next.

        None if nothing of the kind was recorded, whatever the address says.
        """

    def submit(self, visit: Guest_contra, form: Form) -> Accepted | Rejected | Download:
        """Record what was sent, or make the file that was asked for."""


def thanks(visit: Guest, page: str, **values: object) -> View:
    """A page that says thank you, and what comes next. Its words stand under `page`."""
    words = visit.words
    return View(
        "done.html",
        words(f"{page}.done_title", **values),
        {"next": words(f"{page}.done_next", **values), "details": (), "more": None},
    )


def labels_of(items: Iterable[Item], role: Role) -> dict[str, str]:
    """The question of each item, to name it where its problem is told."""
    return {item.id: item.text_for(role) for item in items}


def too_long(words: Words, text: str) -> str | None:
    """What to say about a text that is longer than we keep, or None."""
    if len(text) <= MAX_TEXT:
        return None
    return words("problems.too_long", most=MAX_TEXT, now=len(text))


def problem_with(words: Words, item: Item, raw: str) -> str:
    """What to say about an answer that does not fit, in the person's language."""
    if not raw.strip():
        return words("problems.required")
    if item.kind is ItemKind.TEXT:
        return words("problems.too_long", most=MAX_TEXT, now=len(raw.strip()))
    if item.kind is ItemKind.CHOICE:
        return words("problems.choice")
    return words("problems.scale", low=item.low, high=item.high)
