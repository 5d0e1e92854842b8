"""What HR reads of two people where what they say they are counted: never what that is.

Light to import, and the one place of these words, so that they are found again when they have to
go.
"""

from __future__ import annotations

from typing import NamedTuple

_ASKED = "both asked to be matched by"
_NOT_MET = "what both said of themselves does not meet the wish to be matched by"


class IdentityWords(NamedTuple):
    """What speaks for two, or against them."""

    speaks_for: str | None
    against: str | None


def identity_in_words(*, apart: bool, met: bool) -> IdentityWords:
    """Of a preference about what people say they are: that they differ in it, or share it."""
    how = "how they differ" if apart else "what they share"
    if met:
        return IdentityWords(f"{_ASKED} {how}", None)
    return IdentityWords(None, f"{_NOT_MET} {how}")


def says_identity(words: str) -> bool:
    """Whether words about two people say that of them."""
    return _ASKED in words or _NOT_MET in words
