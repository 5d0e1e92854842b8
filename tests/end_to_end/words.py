"""Looks for many words at once in megabytes, in whatever way they may be written."""

from __future__ import annotations

import html
import json
import quopri
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_PART = re.compile(rb"[a-z0-9\x80-\xff]+")


class Words:
    """Words, each as it may be written: plain, escaped, quoted for an address or a mail, as bytes,
    in any case."""

    def __init__(self, words: Iterable[str]) -> None:
        self._forms = [(form, word) for word in words for form in forms_of(word)]

    def found_in(self, text: str | bytes) -> list[str]:
        """Those that stand in it as words of their own: “Ana” is not found in “Analyse”."""
        lower = (text.encode("utf-8", "replace") if isinstance(text, str) else text).lower()
        parts = frozenset(_PART.findall(lower))
        return sorted(
            {
                word
                for form, word in self._forms
                if parts.issuperset(_PART.findall(form)) and _stands_in(form, lower)
            }
        )


def _stands_in(form: bytes, text: bytes) -> bool:
    return (
        re.search(rb"(?<![a-z0-9\x80-\xff])%b(?![a-z0-9\x80-\xff])" % re.escape(form), text)
        is not None
    )


def forms_of(word: str) -> set[bytes]:
    """How a word may be written, in lower case; of bytes only what is ASCII is lowered."""
    ways = {
        word,
        json.dumps(word)[1:-1],
        html.escape(word),
        quote(word),
        quote_plus(word),
        quopri.encodestring(word.encode()).decode("ascii").strip(),
        repr(word.encode())[2:-1],
    }
    return {form for way in ways for form in (way.encode().lower(), way.lower().encode())}
