"""The explanations in a definition template, by the setting that they are about."""

from __future__ import annotations

import re
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node

from domain.as_written import Path
from domain.definition import Definition
from domain.model import Section

_SETTING = re.compile(r"# (\w+):")


class _Place(NamedTuple):
    """Where the name of a setting stands, and its value."""

    line: int
    column: int
    value: Node


class TemplateComments:
    """What a template says about its settings.

    Explanations stand beside a setting or on the lines below it; those of a whole section stand
    above its name. Entries of lists are examples, and what is said of them is left out.
    """

    def __init__(self, text: str) -> None:
        """Read a template with its blanks filled in."""
        self._lines = text.splitlines()
        self._places: dict[Path, _Place] = {}
        self._read(YAML(typ="safe", pure=True).compose(text), ())
        self._names = {name for part in Section.__subclasses__() for name in part.model_fields}

    def _read(self, node: Node, here: Path) -> None:
        for key, value in node.value if isinstance(node, MappingNode) else ():
            where = (*here, str(key.value))
            self._places[where] = _Place(key.start_mark.line, key.start_mark.column, value)
            self._read(value, where)

    @property
    def settings(self) -> frozenset[Path]:
        """Every setting that is made, outside of lists."""
        return frozenset(self._places)

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections in their order, those that are commented out included."""
        found = (re.match(r"(?:# )?(\w+):", line) for line in self._lines)
        names = dict.fromkeys(match[1] for match in found if match)
        return tuple(name for name in names if name in Definition.model_fields)

    def above(self, section: str) -> list[str]:
        """The lines above a section, a blank one first where it stands apart from the one before.

        A section that the template does not know stands apart.
        """
        heads = (f"{section}:", f"# {section}:")
        line = next((n for n, text in enumerate(self._lines) if text.startswith(heads)), None)
        if line is None:
            return [""]
        first = line
        while self._lines[first - 1].startswith("#"):
            first -= 1
        return [*([] if self._lines[first - 1] else [""]), *self._lines[first:line]]

    def beside(self, setting: Path) -> str:
        """The comment on the line of a setting; empty if there is none."""
        place = self._places.get(setting)
        if place is None or place.value.end_mark.line != place.line:
            return ""
        rest = self._lines[place.line][place.value.end_mark.column :].strip()
        return rest if rest.startswith("#") else ""

    def below(self, setting: Path) -> list[str]:
        """The explanations on the lines below a setting, up to one that is commented out."""
        place = self._places.get(setting)
        if place is None:
            return []
        found: list[str] = []
        for line in self._lines[place.line + 1 :]:
            text = line.strip()
            is_setting = (match := _SETTING.match(text)) is not None and match[1] in self._names
            if not text.startswith("# ") or line.index("#") < place.column or is_setting:
                break
            found.append(text)
        return found
