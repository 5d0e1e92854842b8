"""What a suggestion for the next run rests on, in words: the same in the report and in a file."""

from __future__ import annotations

from babel.numbers import format_decimal, format_percent

from domain.suggestions import Suggestion
from store.content import Words

_COUNTS = frozenset({"median"})
"""The numbers of suggestions that are no shares."""


def suggestion_in_words(suggestion: Suggestion, words: Words) -> str:
    """What was seen, with its numbers as the language writes them.

    `words` are those of the report (`Content.report`); its sentences stand under `suggestions`.
    """
    numbers = {
        name: format_decimal(number, format="#,##0.#", locale=words.locale)
        if name in _COUNTS
        else format_percent(number, locale=words.locale)
        for name, number in suggestion.numbers.items()
    }
    return words(f"suggestions.{suggestion.seen}", **numbers)
