"""Names and words that would be something else than text: in pages, their headers and files."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from unicodedata import category

from bs4 import BeautifulSoup
from sqlalchemy import update

from domain.written import shown_as_it_reads
from store.links import Purpose
from store.tables import PersonRow, ProgramRow
from tests.attack.ground import Attack, GotThrough, Ground, form_of, ground, some
from tests.portal.scene import DEFINITION

HOSTILE = [
    "{{ 7*7 }}", "{% for a in b %}", "${7*7}", "#{7*7}", "{0.__class__}", "{name}", "%s%n", "{}",
    "<script>alert(1)</script>", "</title><script>x</script>", '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)", "<svg/onload=alert(1)>", "</textarea><script>x</script>",
    "<a href=javascript:alert(1)>x</a>", "[x](javascript:alert(1))", "![x](http://evil.example.net)",
    "<http://evil.example.net>", "http://evil.example.net/a", "&lt;script&gt;", "&#x3c;b&#x3e;",
    "<!--", "]]>", "<style>*{display:none}</style>", "<base href=//evil.example.net>", "a\u202eb",
    "\u2066x\u2069\u202dy", "=cmd|'/C calc'!A0", "@SUM(1+1)", "NULL", "'; DROP TABLE people; --",
    "Robert\"); --", "a" * 200, "\u0645\u0631\u064a\u0645",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "=?utf-8?q?=0D=0ABcc:_evil=40example.net?=", "x\u2028y", "x\u0085y", ".", "\\", "`", "*_~#>",
]  # fmt: skip

PLACES = ("name", "title", "organisation", "text")


def texts(rng: random.Random, times: int) -> Iterator[Attack]:
    """In names, titles and what people write: on every page, in both languages, and in the file."""
    every = [
        (word, place)
        for word in HOSTILE
        for place in PLACES
        if place == "text" or not any(category(sign) == "Cc" for sign in word)
    ]  # no definition and no people file is taken with those in a name
    with ground() as here:
        for word, place in some(rng, every, times):

            def attempt(word: str = word, place: str = place) -> None:
                _attempt(here, word, place, rng)

            yield Attack(f"{word[:40]!r} as {place}", attempt)


def _attempt(here: Ground, word: str, place: str, rng: random.Random) -> None:
    language = rng.choice(["en", "de"])
    _put(here, place, word, language)
    purpose = Purpose.INTRODUCTION
    if place == "text":
        purpose = Purpose.GOALS
        here.ask("POST", here.url(purpose, person="p-theo"), data={"goal_1": word, "rating_1": "2"})
        refused = here.ask("POST", here.url(purpose, person="p-theo"), data={"goal_1": word})
        _stands(refused.text, word)
    for other in [purpose, *some(rng, list(Purpose), 3)]:
        page = here.ask("GET", here.url(other, **_theo(other)))
        if other is purpose and place in ("name", "title", "organisation"):
            _stands(page.text, word)
    file = here.ask("POST", here.url(Purpose.DATA, person="p-theo"), data=form_of(Purpose.DATA))
    if file.headers["content-disposition"] != 'attachment; filename="my-data.json"':
        raise GotThrough(f"a file called {file.headers['content-disposition']}")
    if not file.headers["content-type"].startswith("application/json") or not json.loads(file.text):
        raise GotThrough("a file that is no JSON")


def _theo(purpose: Purpose) -> dict[str, object]:
    own = purpose in (Purpose.TASK, Purpose.APPROVAL)
    return {} if own else {"person": "p-theo"}


def _put(here: Ground, place: str, word: str, language: str) -> None:
    named = {"name": word, "title": "Looking Up", "organisation": "Example Ltd"} | {place: word}
    program = DEFINITION.model_dump(mode="json")
    program["program"] |= {"title": named["title"], "organisation": named["organisation"]}
    with here.scene.database.write() as session:
        session.execute(update(PersonRow).values(language=language, name=named["name"]))
        session.execute(update(ProgramRow).values(title=named["title"], definition=program))


def _stands(page: str, word: str) -> None:
    """See that it is there as text, as it was written."""
    read = BeautifulSoup(page, "html.parser")
    said = read.get_text(" ") + " ".join(str(t.get("value", "")) for t in read.find_all("input"))
    if " ".join(shown_as_it_reads(word).split()) not in " ".join(said.split()):
        raise GotThrough("it does not stand there as it was written")
    if "\u202e" in page or "\u2066" in page:
        raise GotThrough("it turns the page's text over")
