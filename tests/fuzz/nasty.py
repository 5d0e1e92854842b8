"""Words that have hurt readers of files, and changes that damage a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

NAMES = (
    "NULL", "None", "nan", "true", "N/A", "O'Brien", "Zoë “Zed” Ünal", 'Ann "Nan" Lee',
    "Null, Jr.", "דוד בן־גוריון", "محمد علي", "\u202eecila\u202c", "\u2067محمد\u2069",
    "\u200fדוד", "李 小龍", "👩\u200d💻 Ada", "e\u0301ric", "ß", "İ", "ﬁnn", "[red]Red[/red]",
    "[link=x]L", "%s%n", "{name}", "Robert'); DROP TABLE person;--", "<script>alert(1)</script>",
    "a\r\nBcc: x@example.com",
)  # fmt: skip
"""Names that people may have, or say they have."""

STEERING = (
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x07", "\x08\x08", "\x9b31m", "\x00", "a\x00b",
    "\x7f", "\u2028", "\u2029", "\x0b", "\x0c", "\x85", "\ufeff", "\ufffd", "\u202e", "\u2066",
    "\ufffe",
)  # fmt: skip

FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://x","y")',
    "\t=1",
    "＝1",
    "=cmd|'/c'!A0",
)

NUMBERS = (
    "0", "-0", "1e400", "-1e400", "1_000", "0x1F", "0o17", "0b1", "9" * 50, "9" * 5_000,
    "0x" + "f" * 5_000, ".inf", "-.Inf", ".nan", "NaN", "Infinity", "١٢٣", "½", "Ⅷ", "1.0", "1,5",
    "2147483648", "9223372036854775808", "1:30:30",
)  # fmt: skip

DATES = (
    "2027-02-30", "0001-01-01", "9999-12-31", "9999-12-31 23:59", "0001-01-01 00:00", "2199-12-31",
    "2000-01-01", "2027-01-11T10:00:00+14:00", "2027-W01-1", "24h", "0.0001s", "99999 days",
    "00:00-24:00", "24:00-00:00", "25:61", "Mon-Mon", "Sun-Sat",
)  # fmt: skip

PLACES = (
    "../../../etc/passwd", "/etc/passwd", "/dev/zero", "/dev/stdin", ".", "..", "a/b", "x" * 300,
    "Europe/Nowhere", "America", "posixrules", "../zone.tab",
)  # fmt: skip

YAML_SIGNS = (
    "*", "*x", "&a", "&a *a", "!!python/object/apply:os.system [true]", "!!binary x", "!x",
    "!!int x", "<<", "- - -", "? ", "? [a]: b", "|", ">", "%YAML 1.1", "---", "...", "#", "@", "`",
    "\t", ": ", "{}", "[]", "{", "[", "'", '"', "~", "null", "yes", "off", "!!set {a}",
    "!!timestamp 2027-99-99", "!!float x", "!!bool x", "!!null x", '"\\x1b"', '"\\ud800"', '"\\0"',
    "[" * 60, "{a: " * 60, "- " * 60,
)  # fmt: skip

TEMPLATES = (
    "{{ x }}", "{{ 1/0 }}", "{% for a in b %}", "{% include 'x' %}", "{{ ''.__class__ }}", "{{",
    "%}", "{% raw %}", "{{ " + "(" * 3_000, "{{ 9" + "9" * 5_000 + " }}", "{name.x}", "{0}", "{",
    "}",
)  # fmt: skip

LONG = ("x" * 201, "x" * 10_001, "word " * 3_000, ("x" * 70 + "\n") * 50)

WORDS: SearchStrategy[str] = st.one_of(
    *(
        st.sampled_from(some)
        for some in (NAMES, STEERING, FORMULAS, NUMBERS, DATES, PLACES, YAML_SIGNS, TEMPLATES, LONG)
    ),
    st.text(max_size=20),
    st.text(st.characters(codec="ascii"), max_size=8),
    st.just(""),
)
"""A word that may hurt."""

_ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "cp1251", "latin-1",
    "mac_roman", "shift_jis", "cp037", "utf-7",
)  # fmt: skip


@st.composite
def damaged(draw: DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of some files with a few bytes changed, doubled, left out or put in."""
    data = draw(st.sampled_from(list(seeds)))
    for _ in range(draw(st.integers(1, 4))):
        here = draw(st.integers(0, len(data)))
        upto = min(len(data), here + draw(st.integers(0, 40)))
        put = draw(
            st.one_of(
                st.binary(max_size=6),
                WORDS.map(lambda word: word.encode("utf-8", "surrogatepass")),
                st.just(data[here:upto] * 2),
                st.just(b""),
            )
        )
        data = data[:here] + put + data[upto:]
    return data


@st.composite
def lines_changed(draw: DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of some texts with lines left out, doubled, indented or given another value."""
    lines = draw(st.sampled_from(list(seeds))).decode().splitlines()
    for _ in range(draw(st.integers(1, 3))):
        here = draw(st.integers(0, len(lines) - 1))
        line = lines[here]
        key, colon, _ = line.partition(": ")
        word = draw(WORDS)
        lines[here : here + 1] = draw(
            st.sampled_from(
                [
                    [],
                    [line, line],
                    [f"  {line}"],
                    [line.lstrip()],
                    [f"{key}{colon}{word}"],
                    [f"{key}{colon}{json.dumps(word)}"],
                    [line, f"{word}: {word}"],
                    [word],
                ]
            )
        )
        lines = lines or [""]
    text = draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])).join(lines)
    return in_some_encoding(draw, text)


def in_some_encoding(draw: DrawFn, text: str) -> bytes:
    """A text as bytes, mostly in UTF-8."""
    encoding = draw(st.one_of(st.just("utf-8"), st.sampled_from(_ENCODINGS)))
    try:
        return text.encode(encoding, "replace")
    except UnicodeError:
        return text.encode("utf-8", "surrogatepass")


_VALUES: SearchStrategy[Any] = st.recursive(
    st.one_of(
        WORDS,
        st.integers(),
        st.floats(),
        st.booleans(),
        st.none(),
        st.sampled_from([10**400, -(10**30), 0, 1, -1]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def restructured(draw: DrawFn, seeds: Sequence[Any]) -> Any:
    """One of some documents with values of other kinds, keys left out or put in."""
    document = json.loads(json.dumps(draw(st.sampled_from(list(seeds)))))
    for _ in range(draw(st.integers(1, 3))):
        here: Any = document
        # Ever deeper by chance, so that top and leaves are changed alike.
        while isinstance(here, dict | list) and here:
            inside = list(here) if isinstance(here, dict) else range(len(here))
            key = draw(st.sampled_from(list(inside)))
            if isinstance(here[key], dict | list) and here[key] and draw(st.integers(0, 3)):
                here = here[key]
                continue
            _CHANGES[draw(st.integers(0, len(_CHANGES) - 1))](here, key, draw)
            break
    return document


def _replace(here: Any, key: Any, draw: DrawFn) -> None:
    here[key] = draw(_VALUES)


def _remove(here: Any, key: Any, _: DrawFn) -> None:
    del here[key]


def _add(here: Any, key: Any, draw: DrawFn) -> None:
    if isinstance(here, dict):
        here[draw(WORDS)] = draw(_VALUES)
    else:
        here.append(here[key])


_CHANGES: Sequence[Callable[[Any, Any, DrawFn], None]] = (_replace, _replace, _remove, _add)
