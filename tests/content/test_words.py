"""The words of the pages: each one is used, and each one that is used is there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.shipped import CONTENT

ROOT = Path(__file__).parents[2]
WORDS = CONTENT.words

_USE = re.compile(r"""\b(?:t|words)\(\s*f?"([a-z_0-9.]+)["{]""")
_THANKS = re.compile(r"""thanks\(\s*visit,\s*f?"([a-z_.]+)["{]""")


def sources() -> str:
    files = [*ROOT.glob("portal/**/*.py"), *ROOT.glob("portal/templates/*.html")]
    files += [*ROOT.glob("activities/*.py"), *ROOT.glob("store/*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_every_key_that_a_page_names_in_full_has_words() -> None:
    named = {key for key in _USE.findall(sources()) if not key.endswith((".", "_"))}
    assert named
    assert sorted(key for key in named if key not in WORDS.keys()) == []  # noqa: SIM118


def test_no_words_lie_around_unused() -> None:
    text = sources()
    literals = set(re.findall(r'"([a-z_0-9.]+)"', text))
    stems = set(re.findall(r'"([a-z_0-9.]+[._])["{]', text))
    unused = []
    for key in WORDS.keys():  # noqa: SIM118
        head = key.removesuffix(".done_title").removesuffix(".done_next")
        parts = head.split(".")
        known = head in literals or parts[-1] in literals or any(head.startswith(s) for s in stems)
        if not known and key != "locale":
            unused.append(key)
    assert unused == []
