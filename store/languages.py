"""Languages as people name them in a table: by code, or in English."""

from __future__ import annotations

import re

from domain.languages import NAME_OF
from store.table_file import folded

ALSO_CALLED = {
    "brazilian portuguese": "pt-BR",
    "castilian": "es",
    "farsi": "fa",
    "flemish": "nl",
    "mandarin": "zh",
}
"""Usual English names that `domain.languages` does not have."""

ONE_SPOKEN_LANGUAGE = {"nb": "no", "nn": "no"}
"""Two ways to write what is one language when spoken."""

_BY_NAME = {folded(name): code for code, name in NAME_OF.items()}


def language_tag(text: str) -> str | None:
    """The code of a language, like `en` or `pt-BR`; None if there is none of this name."""
    code = re.fullmatch(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?", text)
    if code and code[1].lower() in NAME_OF:
        return code[1].lower() + (f"-{code[2].upper()}" if code[2] else "")
    name = folded(text)
    return ALSO_CALLED.get(name) or (None if code else _BY_NAME.get(name))


def spoken_language(text: str) -> str | None:
    """The code of a language that people talk in: `pt` for `pt-BR`; None if there is none."""
    tag = language_tag(text)
    if tag is None:
        return None
    language = tag.partition("-")[0]
    return ONE_SPOKEN_LANGUAGE.get(language, language)
