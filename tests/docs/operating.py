"""What docs/operating.md tells operators to look for and to type, as it stands there."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta

from markdown_it import MarkdownIt
from markdown_it.token import Token

from runtime.settings import PROJECT

DOCUMENT = PROJECT / "docs" / "operating.md"

PROGRAM, PAIR = "digital-leaders", "m-51d1748e2043"
"""The ids that the document uses."""

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


def views() -> dict[str, str]:
    """The list filters, by what they show."""
    return {view: filter_.strip("`") for view, filter_ in _table_under("List filters")}


def columns() -> list[str]:
    """The columns that are to be added to the list."""
    text = next(t.content for t in _tokens_under("List filters") if "Columns" in t.content)
    [sentence] = [part for part in text.split(". ") if "*Configure Columns*" in part]
    return re.findall(r"`(\w+)`", sentence)


def tab_for(question: str) -> str:
    """The tab in which the answer to a question stands."""
    rows = _table_under("Where to look in the Temporal UI")
    [where] = [row[-1] for row in rows if row[0] == question]
    return str(re.findall(r"tab \*([\w ]+)\*", where)[0])


def commands() -> dict[str, list[str]]:
    """What to type, by workflow and act: the words of each command."""
    found = {}
    for token in (*_tokens_under("HR's acts"), *_tokens_under("Ending by force")):
        if token.type != "fence":
            continue
        for line in token.content.replace("\\\n", "").splitlines():
            words = shlex.split(line)
            found[_act(words)] = words
    return found


def to_come(text: str) -> str:
    """The same with instants that are still to come, whatever day it is."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return _INSTANT.sub(f"{tomorrow:%Y-%m-%dT%H:%M:%SZ}", text)


def _act(words: list[str]) -> str:
    """Such as “program pause”, “pair hold” or “terminate”."""
    if "--workflow-id" not in words:
        return words[2]
    whom = "pair" if "/pair/" in words[words.index("--workflow-id") + 1] else "program"
    name = words[words.index("--name" if "--name" in words else "--type") + 1]
    order = re.search(r'"order": "(\w+)"', words[-1])
    return f"{whom} {order[1] if order else name}"


def _table_under(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its own, as they are written."""
    tokens = iter(_tokens_under(heading))
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(token.content)
        elif token.type == "table_close":
            break
    return rows[1:]


def _tokens_under(heading: str) -> list[Token]:
    tokens = MarkdownIt("commonmark").enable("table").parse(DOCUMENT.read_text("utf-8"))
    begin = next(
        n
        for n, token in enumerate(tokens)
        if token.type == "inline"
        and token.content == heading
        and tokens[n - 1].type[:7] == "heading"
    )
    rest = tokens[begin + 1 :]
    end = next((n for n, token in enumerate(rest) if token.type == "heading_open"), len(rest))
    return rest[:end]
