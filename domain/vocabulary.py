"""A vocabulary: the words that skills and goals go by, so that “Excel” meets “MS Excel”."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from domain.model import Section

MAX_TERMS = 5_000
MAX_WORD = 200

NEAR = 0.76
"""The `difflib` ratio from which on a word counts as mistyped. Below it, short words of a large
vocabulary are taken for one another: “agil” for “email”."""

_ALIKE = str.maketrans(
    {"&": "and", **dict.fromkeys("\t\n _-\u00a0\u2010\u2011\u2012\u2013\u2014\u2015")}
)


def folded_word(word: str) -> str:
    """A word as it is compared: case, accents, spaces, hyphens and underscores don't matter.

    “E-mail”, “e mail” and “Email” are one word, “&” is “and”.
    """
    folded = word.casefold()
    if not folded.isascii():
        # Some letters fall apart into ones that have a case again (the sign ㎅ into “KB”).
        parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", folded).casefold())
        folded = "".join(part for part in parts if not unicodedata.combining(part))
    return folded.translate(_ALIKE)


def _words_between_commas(value: Any) -> Any:
    return tuple(word.strip() for word in value.split(",")) if isinstance(value, str) else value


class Term(Section):
    """One thing that somebody can teach or want to learn."""

    label: str = Field(min_length=1, max_length=MAX_WORD)
    """What it is called everywhere, whichever of its words a person wrote."""
    group: str | None = None
    """The field that it belongs to."""
    code: str | None = None
    """Its number in the source; people may write that too."""
    synonyms: Annotated[tuple[str, ...], BeforeValidator(_words_between_commas)] = ()
    """Other words, abbreviations and spellings: a list, or a text with commas between them."""

    @field_validator("label", "code")
    @classmethod
    def _says_something(cls, value: str | None) -> str | None:
        if value is not None and not folded_word(value):
            raise ValueError("this is empty.")
        return value

    @field_validator("synonyms")
    @classmethod
    def _say_something(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not folded_word(word) for word in value):
            raise ValueError("one of these is empty.")
        return value

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that means this term: the label, the code and the synonyms."""
        return (self.label, *((self.code,) if self.code else ()), *self.synonyms)


@dataclass(frozen=True)
class Vocabulary:
    """The terms of one or several vocabularies, the ones that go before first.

    Where two of them claim the same word, it has the meaning that it was given first; a term that
    comes again adds its synonyms to the earlier one.
    """

    terms: tuple[Term, ...]

    def find(self, word: str) -> str | None:
        """The label of the term that is called so, or None."""
        return self._labels.get(folded_word(word))

    def suggestion(self, word: str) -> str | None:
        """The word here that `word` was most likely meant to be, or None if none is near."""
        near = difflib.get_close_matches(folded_word(word), self._spellings, n=1, cutoff=NEAR)
        return self._spellings[near[0]] if near else None

    def near(self, label: str, most: int) -> tuple[str, ...]:
        """The labels of other terms of the same group, those that stand closest by first."""
        places = [place for place, term in enumerate(self.terms) if term.label == label]
        if not places or self.terms[places[0]].group is None:
            return ()
        here = places[0]
        others = [
            (abs(place - here), term.label)
            for place, term in enumerate(self.terms)
            if term.group == self.terms[here].group and term.label != label
        ]
        return tuple(dict.fromkeys(other for _, other in sorted(others)))[:most]

    def __len__(self) -> int:
        """How many words are known."""
        return len(self._labels)

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for term in self.terms:
            label = found.get(folded_word(term.label), term.label)
            for word in term.words:
                found.setdefault(folded_word(word), label)
        return found

    @cached_property
    def _spellings(self) -> Mapping[str, str]:
        """Each word as it is written in its vocabulary; codes are left out, they look alike."""
        found: dict[str, str] = {}
        for term in self.terms:
            for word in (term.label, *term.synonyms):
                found.setdefault(folded_word(word), word)
        return found


def words_claimed_twice(terms: Iterable[Term]) -> list[tuple[int, str, str]]:
    """Words that two terms of a vocabulary have, or one term twice.

    For each the position of the later term, the word as written there, and the label of the term
    that had it first.
    """
    first: dict[str, str] = {}
    found: list[tuple[int, str, str]] = []
    for number, term in enumerate(terms):
        for word in term.words:
            if folded_word(word) in first:
                found.append((number, word, first[folded_word(word)]))
            first.setdefault(folded_word(word), term.label)
    return found
