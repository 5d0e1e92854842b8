"""Writing a definition as a file to edit: with what it says, and what a template explains of it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode

from domain.as_written import Path, as_written
from domain.definition import Definition
from store.template_comments import TemplateComments

WIDTH = 100
"""Characters of a line."""
_BESIDE = 36
"""The column in which comments begin that stand beside a setting."""

_PLAIN = re.compile(r"[^\W_](?:(?:[\w ./%@+-]|:(?=\d))*[\w.%])?")
_YES_AND_NO = frozenset({"y", "yes", "n", "no", "on", "off"})
"""Words that some readers of YAML take for true and false."""
_RESOLVER = YAML(typ="safe", pure=True).resolver
_TEXT = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp")


def write_definition(
    definition: Definition, head: str, template: str, notes: Mapping[Path, Sequence[str]]
) -> str:
    """A definition as a YAML file.

    Args:
        definition: what it says. Settings that are as they would be without are written where the
            template makes them or a note is about them.
        head: what the file begins with, line by line after “# ”.
        template: a template with its blanks filled in, whose explanations are taken over.
        notes: what is to be said of settings besides, a paragraph each, below them.
    """
    comments = TemplateComments(template)
    # What is usual need not fit: a check-in after the second of two sessions.
    unfit = {(where[0],) for where, _ in definition.contradictions()}
    also = (comments.settings - unfit).union(*map(_and_around, notes))
    said = as_written(definition, also)
    writer = _Writer(comments, notes)
    lines = [f"# {line}".rstrip() for line in head.splitlines()]
    of_group: list[str] = []  # what stands above the first of some sections, of which some are left
    for name in dict.fromkeys((*comments.sections, *said)):
        above = comments.above(name)
        if above[:1] == [""]:
            of_group, above = above, []
        if name in said:
            lines += [*of_group, *above, *writer.setting((name,), said[name], 0)]
            of_group = []
    return "\n".join(lines) + "\n"


def _and_around(setting: Path) -> set[Path]:
    return {setting[:length] for length in range(1, len(setting) + 1)}


class _Writer:
    """Writes settings, each with what is to be said of it."""

    def __init__(self, comments: TemplateComments, notes: Mapping[Path, Sequence[str]]) -> None:
        self._comments = comments
        self._notes = notes

    def setting(self, where: Path, value: Any, indent: int) -> Iterator[str]:
        """A setting with all that belongs to it."""
        name, inline = f"{' ' * indent}{where[-1]}:", _inline(value)
        fits = inline is not None and len(name) + len(inline) < WIDTH
        on_one_line = inline is not None and (fits or not isinstance(value, list))
        beside = self._comments.beside(where)
        line = f"{name} {inline}" if on_one_line else name
        yield f"{line:<{_BESIDE - 1}} {beside}" if beside and on_one_line else line
        indent += 0 if on_one_line else 2
        yield from (f"{' ' * indent}{line}" for line in self._comments.below(where))
        for paragraph in self._notes.get(where, ()):
            yield from _wrapped(paragraph, indent)
        if not on_one_line:
            yield from self._inside(where, value, indent)

    def _inside(self, where: Path, value: Any, indent: int) -> Iterator[str]:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                yield from self.setting((*where, key), inner, indent)
            return
        for number, entry in enumerate(value):
            if isinstance(entry, Mapping):
                first, *others = self._inside((*where, number), entry, indent + 2)
                yield f"{' ' * indent}- {first.lstrip()}"
                yield from others
            else:
                yield f"{' ' * indent}- {_inline(entry)}"


def _wrapped(paragraph: str, indent: int) -> list[str]:
    before = f"{' ' * indent}# "
    return textwrap.wrap(
        paragraph,
        WIDTH,
        initial_indent=before,
        subsequent_indent=before,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _inline(value: Any) -> str | None:
    """A value on one line; None for what takes several."""
    if isinstance(value, Mapping):
        return None if value else "{}"
    if isinstance(value, list):
        return None if any(map(_is_group, value)) else f"[{', '.join(map(_scalar, value))}]"
    return _scalar(value)


def _is_group(value: Any) -> bool:
    return isinstance(value, list | Mapping)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _text(value) if isinstance(value, str) else str(value)


def _text(text: str) -> str:
    """Text without quotes where YAML takes it for text all the same."""
    is_plain = _PLAIN.fullmatch(text) and text.casefold() not in _YES_AND_NO
    if is_plain and _RESOLVER.resolve(ScalarNode, text, (True, False)) in _TEXT:
        return text
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return '"' + "".join(c if c.isprintable() else rf"\U{ord(c):08X}" for c in escaped) + '"'
