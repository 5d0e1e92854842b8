"""Languages as people name them in a table: by code, or in English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from store.table_file import folded

ALSO_CALLED = {
    "brazilian portuguese": "pt-BR",
    "castilian": "es",
    "farsi": "fa",
    "flemish": "nl",
    "mandarin": "zh",
}
"""Usual English names that the Unicode CLDR's list does not have."""

ONE_SPOKEN_LANGUAGE = {"nb": "no", "nn": "no"}
"""Two ways to write what is one language when spoken."""

CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
    dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia
    id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo
    lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl
    ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk
    tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905
)
"""ISO 639-1, here so that a file of codes is read without loading the CLDR."""


def language_tag(text: str) -> str | None:
    """The code of a language, like `en` or `pt-BR`; None if there is none of this name."""
    code = re.fullmatch(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?", text)
    if code and code[1].lower() in CODES:
        return code[1].lower() + (f"-{code[2].upper()}" if code[2] else "")
    name = folded(text)
    return ALSO_CALLED.get(name) or (None if code else _by_name().get(name))


def spoken_language(text: str) -> str | None:
    """The code of a language that people talk in: `pt` for `pt-BR`; None if there is none."""
    tag = language_tag(text)
    if tag is None:
        return None
    language = tag.partition("-")[0]
    return ONE_SPOKEN_LANGUAGE.get(language, language)


@cache
def _by_name() -> Mapping[str, str]:
    from babel import Locale  # noqa: PLC0415 - takes long, and files of codes do without

    names = Locale("en").languages
    return {folded(name): code for code, name in names.items() if code in CODES}
