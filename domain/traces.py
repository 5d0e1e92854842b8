"""Traces: what in a text or a document names somebody who is to be forgotten."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

MASK = "[…]"
"""Stands where a name stood. The same in every language."""

_LEAST_NAME = 3
"""Letters of the shortest name that is looked for in texts: shorter ones are in any text."""

_LEAST_REFERENCE = 5
"""Characters of the shortest reference that is looked for in texts: “7” is in any text."""

_LEAST_WORDS = 12
"""Characters of the shortest text of theirs that is looked for elsewhere: “Thank you” is
anybody's."""

REFERRING = frozenset({"reference", "manager", "fixed", "before", "after", "who"})
"""Fields of our documents that hold references of people, however short."""


class Named(NamedTuple):
    """What names one person."""

    id: str
    """Opaque; names nobody."""
    reference: str
    name: str
    email: str

    @property
    def first_name(self) -> str:
        """What a partner would call them."""
        return (self.name.split() or [""])[0]


class Traces:
    """What names some people, found in texts and documents and taken out of them.

    Args:
        people: whom it is about.
        others: names of people who stay. A name that is in one of theirs is not looked for: it may
            mean them.
        words: texts that the people wrote and nobody else did.
        first_names: whether the first name alone names them, as it does between the two of a pair.
    """

    def __init__(
        self,
        people: Iterable[Named],
        others: Collection[str] = (),
        words: Iterable[str] = (),
        *,
        first_names: bool = False,
    ) -> None:
        people = list(people)
        self._stands_for = {
            one.reference: stands_for(one.id) for one in people if one.reference != one.id
        }
        names = {one.name for one in people}
        if first_names:
            names |= {one.first_name for one in people}
        names = {name for name in names if len(name) >= _LEAST_NAME}
        self.shared = frozenset(name for name in names if _is_in_any(name, others))
        """Names that can't be told apart from somebody else's."""
        addresses = {one.email for one in people if one.email}
        references = {one for one in self._stands_for if len(one) >= _LEAST_REFERENCE}
        self.names = tuple(sorted((names - self.shared) | addresses | references))
        """What names them, to be found in a text."""
        said = {text.strip() for text in words}
        self.said = tuple(sorted(text for text in said if len(text) >= _LEAST_WORDS))
        """What they wrote, to be found in a text."""
        self._names = _any_of(self.names)

    def are_in(self, text: str) -> bool:
        """Whether a text names one of them, or repeats what one of them wrote."""
        if self._names is not None and self._names.search(text):
            return True
        return any(words in text for words in self.said)

    def are_in_document(self, document: Any) -> bool:
        """The same of a document, and of the references in it."""
        return any(
            (refers and text in self._stands_for) or self.are_in(text)
            for text, refers in _texts(document)
        )

    def refer_in(self, text: str) -> bool:
        """Whether a text has one of their references among its words, however short."""
        return any(word in self._stands_for for word in re.findall(r"[\w.-]+", text))

    def out_of(self, document: Any, *, refers: bool = False) -> Any:
        """A document without what names them.

        A reference becomes what stands for the person from then on, so that two places which meant
        the same person still do. `refers` says that the whole document is made of references.
        """
        match document:
            case str():
                if refers and document in self._stands_for:
                    return self._stands_for[document]
                return self._names.sub(MASK, document) if self._names else document
            case Mapping():
                return {
                    key: self.out_of(one, refers=key in REFERRING) for key, one in document.items()
                }
            case list() | tuple():
                return [self.out_of(one, refers=refers) for one in document]
            case _:
                return document


def stands_for(person: str) -> str:
    """What stands where the reference of somebody stood who was erased."""
    return f"erased-{person}"


def texts_in(document: Any) -> Iterator[str]:
    """Every text in a document, but for the names of its fields."""
    return (text for text, _ in _texts(document))


def _texts(document: Any, *, refers: bool = False) -> Iterator[tuple[str, bool]]:
    """Every text, and whether it stands where references stand."""
    match document:
        case str():
            yield document, refers
        case Mapping():
            for key, one in document.items():
                yield from _texts(one, refers=key in REFERRING)
        case list() | tuple():
            for one in document:
                yield from _texts(one, refers=refers)


def _any_of(names: Collection[str]) -> re.Pattern[str] | None:
    """Finds these as whole words: “Ann Lee” is in neither “Joann Lee” nor “Ann Lee-Smith”."""
    if not names:
        return None
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    alternatives = "|".join(
        rf"(?i:{re.escape(name)})" if "@" in name else re.escape(name) for name in longest_first
    )
    return re.compile(rf"(?<!\w)(?<!\w[-.+@])(?:{alternatives})(?!\w)(?![-@]\w)")


def _is_in_any(name: str, others: Collection[str]) -> bool:
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return any(pattern.search(other) for other in others)
