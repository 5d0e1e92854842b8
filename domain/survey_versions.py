"""Versions of a survey: what it asks, apart from the words in which it asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.languages import nearest_to
from domain.model import Value
from domain.surveys import Survey


class Instrument(Value):
    """A survey, and the language that it is written in."""

    survey: Survey
    language: str


class Changed(Value):
    """A survey that was changed after people were asked it, and has the same version still."""

    survey: str
    language: str
    version: int
    programs: tuple[str, ...]
    """The ids of the programs in which people were asked it as it was."""

    def __str__(self) -> str:
        who = f"people in {', '.join(self.programs)} were asked"
        return (
            f"surveys/{self.survey}.yaml ({self.language}) was changed and is still version "
            f"{self.version}, which {who}: they go on with it as it was. Raise its version, so "
            "that who is asked from now on gets the new one."
        )


def in_version(
    version: int, language: str, stored: Mapping[str, Survey], now: Instrument | None
) -> Instrument | None:
    """A version of a survey for somebody who reads a language.

    `stored` is that version as people were asked it, by language, and `now` what content has for
    this reader today. What was asked counts before what stands in content, and the reader's
    language before another. `now` serves where the version was never asked in its language, as
    with a translation that came later; if it asks something else under the same version, it does
    not. None where nobody knows that version.
    """
    for one in dict.fromkeys((*nearest_to(language), *sorted(stored))):
        if one in stored:
            return Instrument.model_construct(survey=stored[one], language=one)  # read, so checked
        if now is not None and now.language == one and _is_version(version, now.survey, stored):
            return now
    return now if now is not None and _is_version(version, now.survey, stored) else None


def _is_version(version: int, survey: Survey, stored: Mapping[str, Survey]) -> bool:
    same = all(questions_of(survey) == questions_of(one) for one in stored.values())
    return survey.version == version and same


_WORDS_OF_AN_ITEM = {
    **dict.fromkeys(("text", "text_mentor", "text_mentee"), True),
    **dict.fromkeys(("low_label", "high_label", "labels"), True),
    "options": {"__all__": {"text"}},
}

_WORDS: Any = {
    **dict.fromkeys(("title", "intro", "source", "licence", "citation"), True),
    "items": {"__all__": _WORDS_OF_AN_ITEM},
    "subscales": {"__all__": {"title"}},
}


def questions_of(survey: Survey) -> dict[str, Any]:
    """A survey without its words: what it has in common with itself in another language."""
    return survey.model_dump(exclude=_WORDS)
