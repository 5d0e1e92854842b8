"""Anonymity of free words: an order that says nothing, and names that are masked."""

from __future__ import annotations

import hashlib
import random
import re
import unicodedata
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def in_shuffled_order(texts: Iterable[str], seed: str) -> tuple[str, ...]:
    """Free words in an order that says nothing about who wrote when.

    They are put in alphabetical order before they are shuffled, so that who knows `seed` can undo
    the shuffle and still learns nothing. The same texts and seed give the same order.
    """
    written = sorted(text.strip() for text in texts if text.strip())
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    random.Random(number).shuffle(written)  # noqa: S311 - order, not secrecy
    return tuple(written)


class NameMasker:
    """Replaces names of known people, email addresses and long numbers in free words.

    Each part of a name is masked by itself, whatever its case and accents ("jose" for "José"), and
    neighbouring parts together give one mask. Parts that are also `ordinary_words` ("will", "mark")
    or shorter than four letters are masked only where they begin with a capital letter; parts that
    the name itself writes small ("van", "de") only within the whole name. Nicknames, misspellings
    and people who are in no list can't be known: a person should read the texts before they go out.
    """

    def __init__(
        self, names: Iterable[str], *, mask: str = "[name]", ordinary_words: Collection[str] = ()
    ) -> None:
        ordinary = {_folded(word).casefold() for word in ordinary_words}
        unspaced: set[str] = set()
        self._mask = mask
        self._anywhere: set[str] = set()
        self._capitalised: set[str] = set()
        self._sequences: dict[str, set[tuple[str, ...]]] = {}
        for name in map(_folded, names):
            self._add_sequences(name)
            has_capitals = any(map(str.isupper, name))
            for part in _WORD.findall(name):
                if _is_unspaced(part):
                    unspaced.add(re.escape(part))
                elif len(part) < 2 or (has_capitals and part[0].islower()):
                    continue
                elif len(part) < 4 or part.casefold() in ordinary:
                    self._capitalised.add(part.casefold())
                else:
                    self._anywhere.add(part.casefold())
        self._patterns = [_EMAIL, _LONG_NUMBER]
        if unspaced:
            longest_first = sorted(unspaced, key=lambda part: (-len(part), part))
            self._patterns.append(re.compile("|".join(longest_first)))

    def apply(self, text: str) -> str:
        """`text` with what could name somebody replaced by the mask."""
        text = unicodedata.normalize("NFC", text)
        folded = _folded(text)
        spans = [found.span() for pattern in self._patterns for found in pattern.finditer(folded)]
        hidden = [False] * len(text)
        for start, end in (*spans, *self._named(folded)):
            hidden[start:end] = [True] * (end - start)
        return self._replace(text, hidden)

    def _add_sequences(self, name: str) -> None:
        """The whole name, and each part of it that is several words ("O'Brien", "Anne-Marie")."""
        for several in (name, *name.split()):
            words = tuple(word.casefold() for word in _WORD.findall(several))
            if len(words) > 1:
                self._sequences.setdefault(words[0], set()).add(words)

    def _named(self, folded: str) -> Iterator[tuple[int, int]]:
        found = list(_WORD.finditer(folded))
        words = [match[0].casefold() for match in found]
        for place, (match, word) in enumerate(zip(found, words, strict=True)):
            if word in self._anywhere or (word in self._capitalised and match[0][0].isupper()):
                yield match.span()
            for sequence in self._sequences.get(word, ()):
                if tuple(words[place : place + len(sequence)]) == sequence:
                    yield match.start(), found[place + len(sequence) - 1].end()

    def _replace(self, text: str, hidden: Sequence[bool]) -> str:
        out: list[str] = []
        since_mask = ""
        masked = False
        for character, is_hidden in zip(text, hidden, strict=True):
            if not is_hidden:
                since_mask += character
                continue
            if not masked or since_mask.strip(" -"):
                out += [since_mask, self._mask]
            masked, since_mask = True, ""
        return "".join([*out, since_mask])


_WORD = re.compile(r"[^\W\d_]+")
_EMAIL = re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.\w+")
_LONG_NUMBER = re.compile(r"\+?\d[\d\s()./-]{5,}\d")


def _is_unspaced(word: str) -> bool:
    """Whether the word is in a script written without spaces (Chinese, Japanese, Korean)."""
    return any(ord(character) >= 0x2E80 for character in word)


def _folded(text: str) -> str:
    """The text without accents, character for character, so that places in it stay the same."""
    result = []
    for character in unicodedata.normalize("NFC", text):
        base = "".join(
            c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c)
        )
        result.append(base if len(base) == 1 else character)
    return "".join(result)
